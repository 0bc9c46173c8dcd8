/** What is known of provers by their payout address, beyond a session and a restart: profile, outcomes, who sent a false proof. */
import type { Address, Hex } from 'viem';
import type { ProverProfile } from '../../src/protocol/network/index.js';
import type { Records } from '../store/types.js';
import { Recent } from './limits.js';

export interface ProverRecord {
  address: Address;
  profile: ProverProfile;
  transport: 'libp2p' | 'http';
  firstSeen: number;
  lastSeen: number;
  /** Clock of its latest login: an older one is a replay. */
  helloAt: number;
  completed: number;
  failed: number;
  timedOut: number;
  falseProofs: number;
  /** The latest ones, newest last. */
  timeouts: number[];
  falseProof?: { at: number; jobId: Hex; code: string; envelope: Hex };
}

export type Outcome = 'completed' | 'failed' | 'timedOut' | 'falseProof';
type History = Pick<ProverRecord, 'firstSeen' | 'completed' | 'failed' | 'timedOut' | 'falseProofs' | 'timeouts' | 'falseProof'>;

const COLLECTION = 'provers';
const TIMEOUTS_KEPT = 8;
/** Time-outs older than this are forgiven. */
export const TIMEOUT_MEMORY_MS = 600_000;

/**
 * One object an address, which sessions share. The store hears of a prover with its first offer: a login alone, which any key can make,
 * writes nothing.
 */
export class ProverBook {
  readonly #known: Recent<Address, ProverRecord>;

  constructor(private readonly records: Records, capacity: number) {
    this.#known = new Recent(capacity);
  }

  /** Known from this run, or from the store. */
  async find(address: Address): Promise<ProverRecord | undefined> {
    const known = this.#known.get(address);
    if (known) return known;
    const stored = (await this.records.get<ProverRecord>(COLLECTION, address))?.value;
    // Another login of the same prover may have read it meanwhile.
    const raced = this.#known.get(address);
    if (!raced && stored) this.#known.set(address, stored);
    return raced ?? stored;
  }

  /** Of all that were ever offered a job. */
  async count(): Promise<number> { return (await this.records.counts(COLLECTION)).known ?? 0; }
  list(limit: number, after?: { order: number; id: string }): Promise<ProverRecord[]> {
    return this.records.list<ProverRecord>(COLLECTION, 'known', limit, after).then((docs) => docs.map(({ value }) => this.#known.get(value.address) ?? value));
  }

  /** @returns undefined when a login with the same or a later clock was there before */
  async login(address: Address, profile: ProverProfile, transport: ProverRecord['transport'], sentAt: number, now: number): Promise<ProverRecord | undefined> {
    const old = await this.find(address), seen = { profile, transport, lastSeen: now, helloAt: sentAt };
    if (old) return old.helloAt >= sentAt ? undefined : Object.assign(old, seen);
    const record: ProverRecord = { address, firstSeen: now, completed: 0, failed: 0, timedOut: 0, falseProofs: 0, timeouts: [], ...seen };
    this.#known.set(address, record);
    return record;
  }

  /** Writes a prover that gets its first offer. */
  async offered(record: ProverRecord): Promise<void> {
    if (record.completed + record.failed + record.timedOut + record.falseProofs === 0) await this.#write(record, (old) => old);
  }

  async outcome(address: Address, outcome: Outcome, now: number, falseProof?: ProverRecord['falseProof']): Promise<void> {
    const record = await this.find(address);
    if (!record) return;
    await this.#write(record, (old) => ({
      ...old, completed: old.completed + Number(outcome === 'completed'), failed: old.failed + Number(outcome === 'failed'), timedOut: old.timedOut + Number(outcome === 'timedOut'),
      falseProofs: old.falseProofs + Number(outcome === 'falseProof'), timeouts: outcome === 'timedOut' ? [...old.timeouts, now].slice(-TIMEOUTS_KEPT) : old.timeouts, ...(falseProof && { falseProof }),
    }));
  }

  /** The history is the store's, which other coordinators write too; the rest is this one's. */
  async #write(record: ProverRecord, change: (history: History) => History): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const doc = await this.records.get<ProverRecord>(COLLECTION, record.address), from = doc?.value ?? record;
      const { firstSeen, completed, failed, timedOut, falseProofs, timeouts, falseProof } = from;
      const history = change({ firstSeen, completed, failed, timedOut, falseProofs, timeouts, falseProof }), next = { ...record, ...history };
      if (await this.records.put(COLLECTION, record.address, next, { state: 'known', order: next.firstSeen, expected: doc?.version ?? 0 })) {
        Object.assign(record, history);
        return;
      }
    }
    throw new Error(`record of prover ${record.address} is written by others all the time`);
  }
}
