/**
 * Intents and transactions in Records: the only memory of the settlement. All changes are compare-and-set, so a second process on the
 * same store can lose a race, never undo a write.
 */
import type { Address } from 'viem';
import { NetworkError } from '../../src/errors/network.js';
import type { Records } from '../store/types.js';
import type { Intent, IntentState, OutboxTransaction, TransactionState } from './types.js';

const INTENTS = 'settlement.intents', TRANSACTIONS = 'settlement.transactions';
const PAGE = 100, RACES = 50, ATTEMPTS_KEPT = 20;
/** Of those that ended: an endpoint that is late still asks about them. */
const TRANSACTIONS_KEPT = 64;

export type NewIntent = Pick<Intent, 'id' | 'kind' | 'key' | 'jobId' | 'to' | 'calldata' | 'parts'>;

export class Outbox {
  constructor(private readonly records: Records, private readonly chainId: number, private readonly account: Address) {}

  /** Plans an intent. A known one stays as it is, unless it failed: then it is planned again, with what is handed in now. */
  async add(input: NewIntent, now: number): Promise<Intent> {
    for (let race = 0; race < RACES; race++) {
      const known = await this.records.get<Intent>(INTENTS, input.id);
      if (known && known.value.state !== 'failed') return known.value;
      const intent: Intent = { ...input, value: '0', state: 'planned', createdAt: now, notBefore: 0, hashes: known?.value.hashes ?? [], attempts: known?.value.attempts ?? [] };
      if (await this.records.put(INTENTS, input.id, intent, { state: 'planned', order: now, expected: known?.version ?? 0 })) return intent;
    }
    throw raced(input.id);
  }

  async intent(id: string): Promise<Intent | undefined> {
    return (await this.records.get<Intent>(INTENTS, id))?.value;
  }

  /** @param edit  what it becomes; undefined: it stays. @returns it as it is now; undefined for an unknown one */
  async change(id: string, edit: (intent: Intent) => Partial<Intent> | undefined): Promise<Intent | undefined> {
    for (let race = 0; race < RACES; race++) {
      const doc = await this.records.get<Intent>(INTENTS, id), edited = doc && edit(doc.value);
      if (!doc || !edited) return doc?.value;
      const next: Intent = { ...doc.value, ...edited };
      if (await this.records.put(INTENTS, id, { ...next, attempts: next.attempts.slice(-ATTEMPTS_KEPT) }, { state: next.state, order: doc.order, expected: doc.version })) return next;
    }
    throw raced(id);
  }

  /** Forgets an intent that ended. @returns false when it is under way, or not there */
  async remove(id: string): Promise<boolean> {
    const doc = await this.records.get<Intent>(INTENTS, id);
    return doc !== undefined && (doc.value.state === 'final' || doc.value.state === 'failed') && this.records.delete(INTENTS, id, doc.version);
  }

  /** Forgets transactions that ended and were all signed before a time, lowest nonce first; the latest of them stay. @returns how many */
  async removeTransactions(before: number, limit: number): Promise<number> {
    let removed = 0;
    for (const state of ['final', 'lost'] as const) {
      const kept = (await this.records.list<OutboxTransaction>(TRANSACTIONS, state, TRANSACTIONS_KEPT, undefined, 'falling')).at(-1);
      for (const doc of await this.records.list<OutboxTransaction>(TRANSACTIONS, state, limit)) {
        if (!kept || doc.order >= kept.order || doc.value.variants.some(({ signedAt }) => signedAt >= before)) break;
        if (await this.records.delete(TRANSACTIONS, doc.id, doc.version)) removed++;
      }
    }
    return removed;
  }

  /** All intents of these states, oldest first. */
  async intents(...states: IntentState[]): Promise<Intent[]> {
    return (await Promise.all(states.map((state) => this.#all<Intent>(INTENTS, state)))).flat();
  }
  counts(): Promise<Record<string, number>> {
    return this.records.counts(INTENTS);
  }

  /** Takes a nonce: before anything of it is sent. @returns false when it is taken */
  reserve(transaction: OutboxTransaction): Promise<boolean> {
    return this.records.put(TRANSACTIONS, this.#id(transaction.nonce), transaction, { state: transaction.state, order: transaction.nonce, expected: 0 });
  }

  async transaction(nonce: number): Promise<OutboxTransaction | undefined> {
    return (await this.records.get<OutboxTransaction>(TRANSACTIONS, this.#id(nonce)))?.value;
  }

  async changeTransaction(nonce: number, edit: (transaction: OutboxTransaction) => Partial<OutboxTransaction>): Promise<OutboxTransaction> {
    for (let race = 0; race < RACES; race++) {
      const doc = await this.records.get<OutboxTransaction>(TRANSACTIONS, this.#id(nonce));
      if (!doc) break;
      const next: OutboxTransaction = { ...doc.value, ...edit(doc.value) };
      if (await this.records.put(TRANSACTIONS, doc.id, next, { state: next.state, order: nonce, expected: doc.version })) return next;
    }
    throw raced(`transaction ${nonce}`);
  }

  /** This account's transactions of these states, by nonce. */
  async transactions(...states: TransactionState[]): Promise<OutboxTransaction[]> {
    const found = (await Promise.all(states.map((state) => this.#all<OutboxTransaction>(TRANSACTIONS, state)))).flat();
    return found.filter(({ from }) => from === this.account).sort((a, b) => a.nonce - b.nonce);
  }

  readonly #id = (nonce: number): string => `${this.chainId}:${this.account}:${String(nonce).padStart(12, '0')}`;

  async #all<T>(collection: string, state: string): Promise<T[]> {
    const found: T[] = [];
    for (let after: { order: number; id: string } | undefined; ;) {
      const page = await this.records.list<T>(collection, state, PAGE, after);
      found.push(...page.map((doc) => doc.value));
      if (page.length < PAGE) return found;
      after = { order: page[PAGE - 1].order, id: page[PAGE - 1].id };
    }
  }
}

const raced = (where: string): NetworkError => new NetworkError('lost every race for a document', { code: 'OUTBOX_RACE', where, hint: 'another process settles with the same store: one coordinator leads' });
