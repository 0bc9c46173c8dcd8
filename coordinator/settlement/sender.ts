/**
 * Transactions of one account, one after the other. For each nonce:
 *   sign -> store (takes the nonce) -> intents: sent -> broadcast
 * so whatever is ever broadcast is on disk before, under its hash. After a crash the stored bytes are broadcast again; another
 * transaction for the same effect is made only when the chain shows that none of the nonce's variants did it. What a node says when it
 * is handed a transaction is a hint: receipts and the account's nonce decide.
 */
import { BaseError, TransactionNotFoundError, TransactionReceiptNotFoundError, keccak256, type Address, type Hex, type LocalAccount, type TransactionReceipt } from 'viem';
import type { ChainClient } from '../../src/chain/index.js';
import { ChainError } from '../../src/errors/chain.js';
import { NetworkError } from '../../src/errors/network.js';
import type { SettlementMetrics } from './metrics.js';
import type { Outbox } from './outbox.js';
import type { Effects } from './effects.js';
import type { Intent, OnStep, OutboxTransaction, Variant } from './types.js';

export interface SendRules {
  /** Blocks from a transaction's own to the head, both counted, that make it final. */
  confirmations: number;
  /** Without inclusion for so long, the next in line is replaced. */
  bumpAfterMs: number;
  /** Added to both fees by a replacement, basis points; nodes want at least 1000 to 1250. */
  bumpBps: number;
  /** No fee above it: then it waits. */
  maxFeePerGasWei: bigint;
  /** Open transactions at a time. */
  maxOpen: number;
}
export const SEND_RULES: SendRules = { confirmations: 12, bumpAfterMs: 45_000, bumpBps: 1250, maxFeePerGasWei: 500n * 10n ** 9n, maxOpen: 8 };
export const LEAST_BUMP_BPS = 1250;

export interface SenderContext {
  client: ChainClient;
  outbox: Outbox;
  effects: Effects;
  rules: SendRules;
  step: OnStep;
  now: () => number;
  metrics?: SettlementMetrics;
  /** Whether this process may send now: asked before a nonce is taken and before every broadcast. */
  fence: () => Promise<boolean>;
  /** What does not stop the settlement, but somebody should see: no funds, a fee at its cap. */
  trouble: (code: string, message: string) => void;
}

export interface Carried {
  intents: readonly Intent[];
  to: Address;
  data: Hex;
  gas: bigint;
}

interface Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

const CANCEL_GAS = 21_000n;

export class Sender {
  readonly #account: LocalAccount;

  /** @throws ChainError LOCAL_ACCOUNT: a key that the node holds cannot sign without sending */
  constructor(private readonly context: SenderContext) {
    const { account } = context.client;
    if (account?.type !== 'local') throw new ChainError('settlement needs a local account', { code: 'LOCAL_ACCOUNT', where: 'client', expected: 'a local account', got: account?.type ?? 'none', hint: 'pass privateKeyToAccount(...) to connectFailover' });
    if (context.rules.bumpBps < LEAST_BUMP_BPS) throw new ChainError('replacement fee too low', { code: 'BUMP', where: 'bumpBps', expected: `at least ${LEAST_BUMP_BPS}`, got: context.rules.bumpBps });
    this.#account = account;
  }

  get address(): Address { return this.#account.address; }

  async room(): Promise<number> {
    return this.context.rules.maxOpen - (await this.context.outbox.transactions('open')).length;
  }

  /** Signs, stores, sends. What goes wrong after the storing is put right by `reconcile`. */
  async send({ intents, to, data, gas }: Carried): Promise<OutboxTransaction> {
    const { outbox, step, metrics } = this.context;
    await this.requireLead();
    const nonce = await this.#nextNonce(), ids = intents.map(({ id }) => id);
    const variant = await this.#sign({ nonce, to, data, gas }, await this.#marketFees());
    await step('transaction.signed', String(nonce));
    const transaction: OutboxTransaction = { from: this.address, nonce, to, value: '0', data, gas: String(gas), intents: ids, state: 'open', variants: [variant] };
    if (!await outbox.reserve(transaction)) throw new ChainError('nonce was taken meanwhile', { code: 'NONCE_TAKEN', where: String(nonce), hint: 'another process settles with this account: one coordinator leads' });
    await step('transaction.stored', String(nonce));
    const mine = await this.#adopt(transaction);
    await step('intents.sent', String(nonce));
    if (!mine) return transaction; // another process sent them: reconcile frees the nonce
    metrics?.sent(intents[0].kind);
    await this.#broadcast(transaction, variant);
    return transaction;
  }

  /** @throws NetworkError NOT_LEADER */
  async requireLead(): Promise<void> {
    if (!await this.context.fence()) throw new NetworkError('another coordinator leads', { code: 'NOT_LEADER', where: 'settlement', hint: 'it goes on with what is stored' });
  }

  /** Holds every open and included transaction against the chain: adopts, broadcasts again, replaces, cancels, confirms. */
  async reconcile(): Promise<void> {
    const { outbox, client: { publicClient }, rules } = this.context;
    const [latest, head] = await Promise.all([publicClient.getTransactionCount({ address: this.address }), publicClient.getBlockNumber({ cacheTime: 0 })]);
    const live = await this.#heal(latest, await outbox.transactions('open', 'mined'));
    if (live.length === 0) return;
    const deep = head + 1n - BigInt(rules.confirmations), settled = live.some((t) => t.nonce < latest && t.state === 'open') && deep >= 0n
      ? await publicClient.getTransactionCount({ address: this.address, blockNumber: deep }) : 0;
    for (const transaction of live) await this.#reconcile(transaction, { latest, settled, head });
  }

  async #reconcile(stored: OutboxTransaction, chain: { latest: number; settled: number; head: bigint }): Promise<void> {
    const { outbox, step, metrics } = this.context;
    let transaction = stored;
    const receipt = await this.#receipt(transaction);
    if (receipt) return this.#included(transaction, receipt, chain.head);
    if (transaction.state === 'mined') {
      transaction = await outbox.changeTransaction(transaction.nonce, () => ({ state: 'open', mined: undefined }));
      metrics?.reorganised();
      await step('transaction.reopened', String(transaction.nonce));
    }
    await this.#adopt(transaction);
    await this.#demote(transaction);
    if (transaction.nonce < chain.latest) {
      // Used up by a transaction that is not ours, or the endpoint indexes late: believed once it is as deep as what is final.
      if (transaction.nonce >= chain.settled) return;
      await outbox.changeTransaction(transaction.nonce, () => ({ state: 'lost' }));
      await this.#release(transaction, 'NONCE_LOST', 'another transaction of the account used the nonce');
      metrics?.lost();
      await step('transaction.lost', String(transaction.nonce));
      return;
    }
    await this.#push(transaction, transaction.nonce === chain.latest);
  }

  /** An open transaction that waits: into the pool again if it fell out; the first in line also gets a higher fee after a time. */
  async #push(transaction: OutboxTransaction, first: boolean): Promise<void> {
    const { rules, now } = this.context, last = transaction.variants[transaction.variants.length - 1];
    const obsolete = transaction.intents.length > 0 && await this.#obsolete(transaction);
    if (obsolete && !last.cancel) return this.#replace(transaction, true);
    const overdue = now() - last.signedAt > rules.bumpAfterMs;
    if (first && (overdue || transaction.underpriced) && await this.#affordable(last)) return this.#replace(transaction, last.cancel === true);
    if (!await this.#known(last.hash)) await this.#broadcast(transaction, last);
  }

  /** All that it carries came true by other transactions, or failed for good. */
  async #obsolete({ nonce, intents }: OutboxTransaction): Promise<boolean> {
    const carried = await Promise.all(intents.map((id) => this.context.outbox.intent(id)));
    return carried.every((intent) => intent === undefined || intent.nonce !== nonce || intent.state !== 'sent');
  }

  async #replace(transaction: OutboxTransaction, cancel: boolean): Promise<void> {
    const { outbox, rules, step, metrics, trouble } = this.context, { nonce } = transaction, last = transaction.variants[transaction.variants.length - 1];
    await this.requireLead();
    const market = await this.#marketFees(), fees: Fees = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
    for (const name of ['maxFeePerGas', 'maxPriorityFeePerGas'] as const) {
      const raised = this.#raised(BigInt(last[name]));
      fees[name] = raised > market[name] ? raised : market[name];
    }
    if (fees.maxFeePerGas > rules.maxFeePerGasWei) fees.maxFeePerGas = rules.maxFeePerGasWei;
    if (fees.maxPriorityFeePerGas > fees.maxFeePerGas) fees.maxPriorityFeePerGas = fees.maxFeePerGas;
    if (!cancel || last.cancel) trouble('STUCK', `transaction ${nonce} waits: its fee is raised to ${fees.maxFeePerGas} wei`);
    const content = cancel ? { nonce, to: this.address, data: '0x' as Hex, gas: CANCEL_GAS } : { nonce, to: transaction.to, data: transaction.data, gas: BigInt(transaction.gas) };
    const variant: Variant = { ...await this.#sign(content, fees), ...(cancel && { cancel: true }) };
    await step('variant.signed', String(nonce));
    const stored = await outbox.changeTransaction(nonce, (t) => ({ variants: [...t.variants, variant], underpriced: false }));
    await step('variant.stored', String(nonce));
    for (const id of stored.intents) await outbox.change(id, (i) => (i.nonce === nonce && !i.hashes.includes(variant.hash) ? { hashes: [...i.hashes, variant.hash] } : undefined));
    if (cancel && !last.cancel) metrics?.cancelled();
    else metrics?.bumped();
    await this.#broadcast(stored, variant);
    await step('variant.broadcast', String(nonce));
  }

  readonly #raised = (fee: bigint): bigint => (fee * BigInt(10_000 + this.context.rules.bumpBps) + 9999n) / 10_000n + 1n;

  async #affordable({ maxFeePerGas }: Variant): Promise<boolean> {
    const { rules, trouble } = this.context;
    if (this.#raised(BigInt(maxFeePerGas)) <= rules.maxFeePerGasWei) return true;
    trouble('FEE_CAP', `a transaction waits at ${maxFeePerGas} wei; ${rules.maxFeePerGasWei} is the most that it may pay`);
    return false;
  }

  /** In a block: its intents are included or planned again; final when the block is deep and still the chain's. */
  async #included(stored: OutboxTransaction, receipt: TransactionReceipt, head: bigint): Promise<void> {
    const { outbox, effects, step, rules, metrics, client: { publicClient } } = this.context, { nonce } = stored;
    const mined = {
      hash: receipt.transactionHash, blockNumber: Number(receipt.blockNumber), blockHash: receipt.blockHash, success: receipt.status === 'success', gasUsed: String(receipt.gasUsed),
      gasPrice: String(receipt.effectiveGasPrice),
    };
    let transaction = stored;
    if (stored.state !== 'mined' || stored.mined?.blockHash !== mined.blockHash) {
      transaction = await outbox.changeTransaction(nonce, () => ({ state: 'mined', mined }));
      await step('transaction.mined', String(nonce));
    }
    await this.#adopt(transaction);
    const failures = effects.failures(receipt);
    for (const id of transaction.intents) {
      await outbox.change(id, (intent) => {
        if (intent.nonce !== nonce || (intent.state !== 'sent' && intent.state !== 'mined')) return undefined;
        const found = effects.in(receipt, intent);
        if (found) return intent.state === 'mined' && intent.included?.blockHash === found.blockHash ? undefined : { state: 'mined', included: found };
        if (intent.state === 'mined') return undefined; // by another transaction: confirm.ts watches it
        const selector = failures.get(intent.key);
        return this.#again(intent, selector ? `MEMBER_${selector}` : receipt.status === 'success' ? 'CANCELLED' : 'REVERTED', `transaction ${receipt.transactionHash} did not do it`);
      });
    }
    await step('intents.mined', String(nonce));
    if (head - receipt.blockNumber + 1n < BigInt(rules.confirmations)) return;
    if ((await publicClient.getBlock({ blockNumber: receipt.blockNumber })).hash !== receipt.blockHash) return; // the next look finds where it went
    await outbox.changeTransaction(nonce, () => ({ state: 'final' }));
    metrics?.spent(receipt.gasUsed * receipt.effectiveGasPrice);
    await step('transaction.final', String(nonce));
  }

  /** Makes planned intents those of a stored transaction: the second half of `send`, after a crash too. @returns whether any is its own */
  async #adopt({ nonce, intents, variants }: OutboxTransaction): Promise<boolean> {
    const hashes = variants.map(({ hash }) => hash), now = this.context.now();
    let own = intents.length === 0;
    for (const id of intents) {
      // A planned one that knows these hashes was given back by this very transaction.
      const intent = await this.context.outbox.change(id, (i) => (i.state === 'planned' && !hashes.some((hash) => i.hashes.includes(hash))
        ? { state: 'sent', nonce, hashes: [...i.hashes, ...hashes], firstSentAt: i.firstSentAt ?? now, reason: undefined } : undefined));
      own ||= intent?.nonce === nonce && intent.state === 'sent';
    }
    return own;
  }

  /** A reorganisation took the transaction out of its block: what it did is not done. */
  async #demote({ nonce, intents, variants }: OutboxTransaction): Promise<void> {
    for (const id of intents) {
      await this.context.outbox.change(id, (i) => (i.nonce === nonce && i.included && (i.state === 'mined' || i.state === 'final') && variants.some(({ hash }) => hash === i.included!.hash)
        ? { state: 'sent', included: undefined } : undefined));
    }
  }

  readonly #again = (intent: Intent, code: string, message: string): Partial<Intent> =>
    ({ state: 'planned', nonce: undefined, included: undefined, notBefore: 0, attempts: [...intent.attempts, { at: this.context.now(), code, message }] });

  async #release({ nonce, intents }: OutboxTransaction, code: string, message: string): Promise<void> {
    for (const id of intents) await this.context.outbox.change(id, (i) => (i.nonce === nonce && i.state === 'sent' ? this.#again(i, code, message) : undefined));
  }

  /**
   * Nonces that the chain waits for. One whose transaction was final but is in no block of the chain any more is open again; one
   * that nobody has (another tool of the account dropped it) gets an empty transaction, or all after it would wait for ever.
   */
  async #heal(latest: number, live: readonly OutboxTransaction[]): Promise<OutboxTransaction[]> {
    const { outbox, client: { publicClient }, step, metrics } = this.context;
    const healed = new Map(live.map((t) => [t.nonce, t])), highest = live.length > 0 ? live[live.length - 1].nonce : -1;
    let pending: number | undefined;
    for (let nonce = latest; ; nonce++) {
      if (healed.has(nonce)) continue;
      const known = await outbox.transaction(nonce);
      if (known) {
        if (known.state === 'final' && known.mined && await this.#isCanonical(known.mined)) continue; // this endpoint is late
        healed.set(nonce, await outbox.changeTransaction(nonce, () => ({ state: 'open', mined: undefined })));
        metrics?.reorganised();
        await step('transaction.reopened', String(nonce));
      } else if (nonce < highest) {
        pending ??= await publicClient.getTransactionCount({ address: this.address, blockTag: 'pending' });
        if (nonce < pending) continue; // the pool has one
        await this.requireLead();
        const variant: Variant = { ...await this.#sign({ nonce, to: this.address, data: '0x', gas: CANCEL_GAS }, await this.#marketFees()), cancel: true };
        const filler: OutboxTransaction = { from: this.address, nonce, to: this.address, value: '0', data: '0x', gas: String(CANCEL_GAS), intents: [], state: 'open', variants: [variant] };
        if (await outbox.reserve(filler)) {
          metrics?.cancelled();
          healed.set(nonce, filler);
        }
      } else break;
    }
    return [...healed.values()].sort((a, b) => a.nonce - b.nonce);
  }

  async #isCanonical({ blockNumber, blockHash }: { blockNumber: number; blockHash: Hex }): Promise<boolean> {
    const { client: { publicClient } } = this.context;
    if (await publicClient.getBlockNumber({ cacheTime: 0 }) < BigInt(blockNumber)) return false;
    return (await publicClient.getBlock({ blockNumber: BigInt(blockNumber) })).hash === blockHash;
  }

  async #nextNonce(): Promise<number> {
    const { outbox, client: { publicClient } } = this.context;
    const [pending, live] = await Promise.all([publicClient.getTransactionCount({ address: this.address, blockTag: 'pending' }), outbox.transactions('open', 'mined')]);
    let nonce = Math.max(pending, live.length > 0 ? live[live.length - 1].nonce + 1 : 0);
    while (await outbox.transaction(nonce)) nonce++;
    return nonce;
  }

  async #marketFees(): Promise<Fees> {
    const { client: { publicClient }, rules } = this.context, { maxFeePerGas, maxPriorityFeePerGas } = await publicClient.estimateFeesPerGas();
    const cap = (fee: bigint): bigint => (fee < rules.maxFeePerGasWei ? fee : rules.maxFeePerGasWei);
    return { maxFeePerGas: cap(maxFeePerGas), maxPriorityFeePerGas: cap(maxPriorityFeePerGas < maxFeePerGas ? maxPriorityFeePerGas : maxFeePerGas) };
  }

  async #sign({ nonce, to, data, gas }: { nonce: number; to: Address; data: Hex; gas: bigint }, fees: Fees): Promise<Variant> {
    const raw = await this.#account.signTransaction({ type: 'eip1559', chainId: this.context.client.chainId, nonce, to, data, value: 0n, gas, ...fees });
    return { hash: keccak256(raw), raw, maxFeePerGas: String(fees.maxFeePerGas), maxPriorityFeePerGas: String(fees.maxPriorityFeePerGas), signedAt: this.context.now() };
  }

  async #broadcast({ nonce }: OutboxTransaction, { hash, raw }: Variant): Promise<void> {
    const { outbox, client: { publicClient }, step, now, trouble } = this.context;
    let answer: BroadcastAnswer = 'taken', message = '';
    if (!await this.context.fence()) return; // it is stored: who leads now sends it
    try {
      await publicClient.sendRawTransaction({ serializedTransaction: raw });
    } catch (error) {
      message = error instanceof BaseError ? error.details || error.shortMessage : String(error);
      answer = broadcastAnswer(error instanceof Error ? error.message : message);
    }
    await step('transaction.broadcast', String(nonce));
    if (answer === 'taken') await outbox.changeTransaction(nonce, (t) => ({ trouble: undefined, variants: t.variants.map((v) => (v.hash === hash ? { ...v, sentAt: v.sentAt ?? now() } : v)) }));
    else {
      await outbox.changeTransaction(nonce, () => ({ trouble: `${answer}: ${message}`.slice(0, 500), ...(answer === 'underpriced' && { underpriced: true }) }));
      if (answer !== 'stale') trouble(`BROADCAST_${answer.toUpperCase()}`, `transaction ${nonce}: ${message}`);
    }
    await step('transaction.noted', String(nonce));
  }

  async #known(hash: Hex): Promise<boolean> {
    try {
      await this.context.client.publicClient.getTransaction({ hash });
      return true;
    } catch (error) {
      if (error instanceof TransactionNotFoundError) return false;
      throw error;
    }
  }

  /** Of any variant: one nonce has one receipt. */
  async #receipt({ variants, mined }: OutboxTransaction): Promise<TransactionReceipt | undefined> {
    const hashes = variants.map(({ hash }) => hash).sort((a, b) => Number(b === mined?.hash) - Number(a === mined?.hash));
    for (const hash of hashes) {
      try {
        return await this.context.client.publicClient.getTransactionReceipt({ hash });
      } catch (error) {
        if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
      }
    }
    return undefined;
  }
}

export type BroadcastAnswer = 'taken' | 'stale' | 'underpriced' | 'funds' | 'unknown';

/** What a node's refusal of a transaction says. Nothing is concluded from it but what is asked next: the chain decides. */
export function broadcastAnswer(message: string): BroadcastAnswer {
  if (/already known|already imported|known transaction|already in (the )?(mem)?pool|already exists/i.test(message)) return 'taken';
  if (/nonce too low|nonce is too low|lower than the current nonce|old nonce|nonce has already been used/i.test(message)) return 'stale';
  if (/underpriced|fee too low|gas price too low|less than block base fee|below base fee/i.test(message)) return 'underpriced';
  if (/insufficient funds|exceeds the balance|insufficient balance/i.test(message)) return 'funds';
  return 'unknown';
}
