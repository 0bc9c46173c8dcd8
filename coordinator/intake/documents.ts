/** What the intake keeps in Records, and how it is changed: compare and set, so that of two who change one document each sees the other. */
import type { Address, Hex } from 'viem';
import { NetworkError } from '../../src/errors/network.js';
import type { BlockView, JobPhase, Order, ProofJob } from '../../src/protocol/network/index.js';
import type { Direction, Doc, Records } from '../store/types.js';

export interface RecordEntry {
  recordId: Hex;
  adapterId: Hex;
  className: string;
  /** Container of the record. */
  package: Hex;
  receivedAt: number;
}

/** received -> committed -> assigned -> settled; or refused, cancelled, refunded. An assigned block goes back to committed when its job is given up. */
export interface BlockEntry {
  blockId: Hex;
  recordId: Hex;
  adapterId: Hex;
  className: string;
  node: Address;
  package: Hex;
  heightLog: number;
  /** Payment keys; contributors' parts of their fees, decimal. */
  keys: Hex[];
  parts: string[];
  /** Sum of the fees, decimal. */
  fees: string;
  /** Unix seconds of the chain. */
  deadline: number;
  receivedAt: number;
  phase: BlockView['phase'];
  commitment?: { signature: Hex; validUntil: number };
  /** Milliseconds: its age counts from here. */
  committedAt?: number;
  /** Unix seconds of the chain: until then a request of somebody, or a case, keeps it. */
  heldUntil?: number;
  jobId?: Hex;
  requestId?: Hex;
  reason?: string;
}

/** requested: a proof request whose blocks are not all committed. forming: blocks are being taken; after a crash that goes on. Both show as waiting. */
export type JobState = JobPhase | 'requested' | 'forming';

export interface JobEntry {
  jobId: Hex;
  phase: JobState;
  className: string;
  recordId: Hex;
  blockIds: Hex[];
  queries: number;
  /** Sum of the fees of its inferences, decimal. */
  fees: string;
  deadline: number;
  requestId?: Hex;
  createdAt: number;
  updatedAt: number;
  /** What provers are offered; absent for a requested one. */
  proofJob?: ProofJob;
  /** Artifact with the job file, of a job that was proved. */
  proof?: { artifact: Hex; prover: Address };
  /** Its request is over: settled for its fees alone. */
  direct?: boolean;
  /** How often it was given back to be proved. */
  rounds: number;
  /** When the order was signed that last took it from the dead, ms: an order is not taken twice. */
  revivedAt?: number;
  transaction?: { hash: Hex; block?: string };
  reason?: string;
}

/** A signed proof request and its job. */
export interface RequestEntry extends Order {
  requestId: Hex;
  jobId: Hex;
  receivedAt: number;
}

export interface AccountEntry {
  account: Address;
  total: string;
  byKind: Record<string, string>;
  /** The latest, newest last: also what makes adding twice adding once. */
  credits: { jobId: Hex; kind: string; amount: string; at: number }[];
}

/** An artifact that came in and that no document names yet; going: it is being removed, and may not be named any more. */
export interface UploadEntry {
  hash: Hex;
  at: number;
  state: 'unused' | 'going';
}

/** Kept of each account's credits: a job is booked within minutes, so what is older is not booked again. */
const CREDITS_KEPT = 500;
const PAGE = 200, RACES = 50;

/** Documents of one collection; `stateOf` and `orderOf` say under what they are listed. */
export class Shelf<T> {
  constructor(readonly records: Records, readonly collection: string, private readonly stateOf: (value: T) => string, private readonly orderOf: (value: T) => number) {}

  async get(id: string): Promise<T | undefined> { return (await this.records.get<T>(this.collection, id))?.value; }

  /** @returns false when it is there already */
  create(id: string, value: T): Promise<boolean> { return this.records.put(this.collection, id, value, { state: this.stateOf(value), order: this.orderOf(value), expected: 0 }); }

  /** @param edit  undefined: it stays. @returns it as it is now, and whether this call changed it; undefined for an unknown one */
  async change(id: string, edit: (value: T) => Partial<T> | undefined): Promise<{ value: T; changed: boolean } | undefined> {
    for (let race = 0; race < RACES; race++) {
      const doc = await this.records.get<T>(this.collection, id);
      if (!doc) return undefined;
      const edited = edit(doc.value);
      if (!edited) return { value: doc.value, changed: false };
      const value = { ...doc.value, ...edited };
      if (await this.records.put(this.collection, id, value, { state: this.stateOf(value), order: this.orderOf(value), expected: doc.version })) return { value, changed: true };
    }
    throw new NetworkError('lost every race for a document', { code: 'STORE_RACE', where: `${this.collection} ${id}`, hint: 'try again' });
  }

  /** Removes a document, if it is as `when` says when it goes. @returns false when it stays, or is not there */
  async remove(id: string, when: (value: T) => boolean): Promise<boolean> {
    for (let race = 0; race < RACES; race++) {
      const doc = await this.records.get<T>(this.collection, id);
      if (!doc || !when(doc.value)) return false;
      if (await this.records.delete(this.collection, id, doc.version)) return true;
    }
    throw new NetworkError('lost every race for a document', { code: 'STORE_RACE', where: `${this.collection} ${id}`, hint: 'try again' });
  }

  page(state: string, limit: number, after?: { order: number; id: string }, direction?: Direction): Promise<Doc<T>[]> { return this.records.list<T>(this.collection, state, limit, after, direction); }

  /** All of a state, in its order. */
  async all(state: string): Promise<T[]> {
    const found: T[] = [];
    for (let after: { order: number; id: string } | undefined; ;) {
      const page = await this.page(state, PAGE, after);
      found.push(...page.map((doc) => doc.value));
      if (page.length < PAGE) return found;
      after = { order: page[PAGE - 1].order, id: page[PAGE - 1].id };
    }
  }

  counts(): Promise<Record<string, number>> { return this.records.counts(this.collection); }
}

export class Documents {
  readonly records: Shelf<RecordEntry>;
  readonly blocks: Shelf<BlockEntry>;
  readonly jobs: Shelf<JobEntry>;
  readonly requests: Shelf<RequestEntry>;
  readonly accounts: Shelf<AccountEntry>;
  readonly uploads: Shelf<UploadEntry>;

  constructor(store: Records, private readonly now: () => number) {
    this.records = new Shelf(store, 'intake.records', () => 'known', (r) => r.receivedAt);
    this.blocks = new Shelf(store, 'intake.blocks', (b) => b.phase, (b) => b.receivedAt);
    this.jobs = new Shelf(store, 'intake.jobs', (j) => j.phase, (j) => j.createdAt);
    this.requests = new Shelf(store, 'intake.requests', () => 'known', (r) => r.receivedAt);
    this.accounts = new Shelf(store, 'intake.accounts', () => 'known', () => 0);
    this.uploads = new Shelf(store, 'intake.uploads', (u) => u.state, (u) => u.at);
  }

  /** Moves a job when it is in one of these phases. @returns whether this call moved it */
  async moveJob(jobId: Hex, from: readonly JobState[], edit: Partial<JobEntry> & { phase: JobState }): Promise<boolean> {
    return (await this.jobs.change(jobId, (job) => (from.includes(job.phase) ? { ...edit, updatedAt: this.now() } : undefined)))?.changed ?? false;
  }

  /** Books a job's credits to an account, once. */
  async credit(account: Address, jobId: Hex, credits: readonly { kind: string; amount: bigint }[]): Promise<void> {
    const at = this.now(), empty: AccountEntry = { account, total: '0', byKind: {}, credits: [] };
    if (!await this.accounts.get(account)) await this.accounts.create(account, empty);
    await this.accounts.change(account, (known) => {
      if (known.credits.some((credit) => credit.jobId === jobId)) return undefined;
      const byKind = { ...known.byKind };
      for (const { kind, amount } of credits) byKind[kind] = String(BigInt(byKind[kind] ?? '0') + amount);
      return {
        byKind, total: String(credits.reduce((sum, { amount }) => sum + amount, BigInt(known.total))),
        credits: [...known.credits, ...credits.map(({ kind, amount }) => ({ jobId, kind, amount: String(amount), at }))].slice(-CREDITS_KEPT),
      };
    });
  }
}
