/** What the intake asks the chain, remembered for moments: many submissions ask the same. Times of the chain are those of its latest block. */
import type { Address, Hex } from 'viem';
import type { BlockState, Economy, MarketRules, PaymentState, ProofRequest, RecordState, RequestState } from '../../src/chain/index.js';

export interface ChainClock {
  /** Timestamp of the latest block, and its number. */
  seconds: number;
  block: number;
  /** Milliseconds of this machine at which a second of the chain comes. */
  toMs: (seconds: number) => number;
}

const HEAD_MS = 500, SPLIT_MS = 1000, NODE_MS = 15_000, SELECTOR_MS = 15_000, ORDER_MS = 2000;

export class ChainView {
  readonly #kept = new Map<string, { until: number; value: Promise<unknown> }>();

  constructor(readonly economy: Economy, private readonly now: () => number) {}

  clock(): Promise<ChainClock> {
    return this.#keep('head', HEAD_MS, async () => {
      const { timestamp, number } = await this.economy.client.publicClient.getBlock(), seconds = Number(timestamp), at = this.now();
      return { seconds, block: Number(number), toMs: (second: number) => at + (second - seconds) * 1000 };
    });
  }

  currentSplitId(): Promise<number> { return this.#keep('split', SPLIT_MS, () => this.economy.parameters.currentSplitId()); }
  /** Contributors' part, basis points: of a split for good. */
  contributorsBps(splitId: number): Promise<number> { return this.#keep(`split ${splitId}`, Infinity, async () => (await this.economy.parameters.split(splitId)).contributors); }
  isActiveNode(node: Address): Promise<boolean> { return this.#keep(`node ${node}`, NODE_MS, () => this.economy.inferences.isActiveNode(node)); }
  operatorOf(node: Address): Promise<Address> { return this.#keep(`operator ${node}`, NODE_MS, () => this.economy.inferences.nodeOperator(node)); }
  hasAdapterStake(account: Address): Promise<boolean> { return this.#keep(`adapter ${account}`, NODE_MS, async () => (await this.economy.stakes.state('adapter', account)).active > 0n); }
  /** Live verifier of the payout relation, and its key. */
  liveVerifier(classId: number): Promise<{ selector: Hex; vkHash: Hex }> {
    return this.#keep(`selector ${classId}`, SELECTOR_MS, async () => {
      const selector = await this.economy.gateway.liveSelector('payout', classId);
      return { selector, vkHash: (await this.economy.gateway.entry(selector)).vkHash };
    });
  }
  forgetVerifiers(): void { for (const key of this.#kept.keys()) if (key.startsWith('selector ')) this.#kept.delete(key); }

  marketRules(): Promise<MarketRules> { return this.#keep('market rules', NODE_MS, () => this.economy.parameters.market()); }
  /** Where an order stands: cancelled, before it came on chain; otherwise as the market says. Some seconds old. */
  order(requestId: Hex, { requester, nonce }: Pick<ProofRequest, 'requester' | 'nonce'>): Promise<RequestState['status'] | 'cancelled'> {
    return this.#keep(`order ${requestId}`, ORDER_MS, async () => {
      const { status } = await this.economy.market.request(requestId);
      return status === 'none' && await this.economy.market.nonceCancelled(requester, nonce) ? 'cancelled' : status;
    });
  }

  record(recordId: Hex): Promise<RecordState> { return this.economy.models.record(recordId); }
  block(blockId: Hex): Promise<BlockState> { return this.economy.inferences.block(blockId); }
  payments(keys: readonly Hex[]): Promise<PaymentState[]> { return Promise.all(keys.map((key) => this.economy.inferences.payment(key))); }

  /** The block that a payment is in, whatever id it got. */
  async blockOfPayment(node: Address, key: Hex): Promise<{ blockId: Hex; splitId: number } | undefined> {
    const events = await this.economy.events('inferences', 'BlockCommitted', { args: { node } }), own = events.find(({ args }) => args.data.inferences[0].key === key);
    return own && { blockId: own.args.blockId, splitId: own.args.data.splitId };
  }

  #keep<T>(key: string, ms: number, ask: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known && known.until > this.now()) return known.value as Promise<T>;
    if (this.#kept.size > 10_000) for (const [name, { until }] of this.#kept) if (until <= this.now()) this.#kept.delete(name);
    const value = ask();
    this.#kept.set(key, { until: this.now() + ms, value });
    value.catch(() => { if (this.#kept.get(key)?.value === value) this.#kept.delete(key); });
    return value;
  }
}
