/** Whether what an intent wants is true on chain already, and which transaction made it so: asked before each send, and of each receipt. */
import { isAddressEqual, parseEventLogs, type Hex, type TransactionReceipt } from 'viem';
import { CONTRACTS, type Economy } from '../../src/chain/index.js';
import { ChainError } from '../../src/errors/chain.js';
import type { Inclusion, Intent } from './types.js';

/** The event that is the effect of each kind, and its argument that is the intent's key. */
const EVENTS = {
  commit: ['inferences', 'BlockCommitted', 'blockId'], settle: ['settlement', 'JobSettled', 'jobId'], deliver: ['market', 'RequestPaid', 'requestId'],
} as const;

interface FoundLog {
  transactionHash: Hex;
  blockNumber: bigint;
  blockHash: Hex;
}
const inclusion = ({ transactionHash, blockNumber, blockHash }: FoundLog): Inclusion => ({ hash: transactionHash, blockNumber: Number(blockNumber), blockHash });

type Wanted = Pick<Intent, 'kind' | 'key' | 'jobId'>;

/** A look that came between two writes of a node: nothing is concluded from it. */
export const isLate = (error: unknown): boolean => error instanceof ChainError && error.code === 'EVENT_MISSING';

export class Effects {
  constructor(private readonly economy: Economy) {}

  /** A delivery's job that was settled in another way counts as done: it is settled once. @throws ChainError; EVENT_MISSING: isLate */
  async find({ kind, key, jobId }: Wanted): Promise<Inclusion | undefined> {
    const { economy } = this;
    if (kind === 'commit') return (await economy.inferences.block(key)).status === 'none' ? undefined : this.#event(await economy.events('inferences', 'BlockCommitted', { args: { blockId: key } }), key);
    if (kind === 'deliver' && (await economy.market.request(key)).status === 'paid') return this.#event(await economy.events('market', 'RequestPaid', { args: { requestId: key } }), key);
    const job = kind === 'settle' ? key : jobId;
    if (kind === 'anchor' || job === undefined || (await economy.rewards.job(job)).state === 'none') return undefined;
    return this.#event(await economy.events('settlement', 'JobSettled', { args: { jobId: job } }), job);
  }

  /** The effect in a receipt of a transaction of ours. */
  in(receipt: TransactionReceipt, intent: Wanted): Inclusion | undefined {
    if (receipt.status !== 'success') return undefined;
    const at: Inclusion = { hash: receipt.transactionHash, blockNumber: Number(receipt.blockNumber), blockHash: receipt.blockHash };
    if (intent.kind === 'anchor') return at;
    const [contract, eventName, argument] = EVENTS[intent.kind];
    const logs = receipt.logs.filter(({ address }) => isAddressEqual(address, this.economy.deployment[contract]));
    return parseEventLogs({ abi: CONTRACTS[contract].abi, eventName: eventName as never, logs }).some(({ args }) => (args as unknown as Record<string, unknown>)[argument] === intent.key) ? at : undefined;
  }

  /** Why members of deliverMany were passed over, by request: the error's selector. */
  failures(receipt: TransactionReceipt): Map<Hex, Hex> {
    const logs = receipt.logs.filter(({ address }) => isAddressEqual(address, this.economy.deployment.market));
    return new Map(parseEventLogs({ abi: CONTRACTS.market.abi, eventName: 'DeliveryFailed', logs }).map(({ args }) => [args.requestId, args.code]));
  }

  /** State and events are read one after the other: an endpoint whose index is late is asked again, rather than believed. */
  #event(found: readonly FoundLog[], key: Hex): Inclusion {
    const last = found.at(-1);
    if (!last) throw new ChainError('state without its event', { code: 'EVENT_MISSING', where: key, hint: 'the node indexes late, or a reorganisation is under way: asked again' });
    return inclusion(last);
  }
}
