import type { Address, Hex } from 'viem';
import type { Attempt } from '../../../src/protocol/network/job.js';
import type { Database } from '../../store/embedded/database.js';
import { AROUND_MS, backoff, counts, ended, REPLACED, resumed, TIMED_OUT } from '../lifecycle.js';
import type { EnqueueInput, Failure, JobQueue, LeaseCheck, LeaseRequest, QueueJob, QueueOptions, QueueState } from '../types.js';
import { isBefore, jobOf, prepareQueue, type JobRow } from './rows.js';

/**
 * Queue in the file database of one coordinator process. Every method is one transaction; the state machine is in JavaScript between
 * its read and its write, which nothing can come between: the process is alone on the file, and a transaction never awaits.
 * Who asked lately is in memory: after a restart a job may go to its last prover again, which costs an attempt at most.
 */
export class EmbeddedQueue implements JobQueue {
  readonly #sql;
  readonly #asked = new Map<Address, { at: number; lanes: ReadonlySet<string>; memoryBytes: number }>();

  constructor(private readonly database: Database, private readonly options: QueueOptions) {
    this.#sql = prepareQueue(database);
  }

  enqueue({ id, lane, priority, deadline, memoryBytes, payload }: EnqueueInput): Promise<{ created: boolean; job: QueueJob }> {
    return this.database.write(() => {
      const now = this.options.now();
      const created = this.#sql.insert.run(id, lane, priority, deadline, memoryBytes, payload, now, now).changes === 1;
      return { created, job: jobOf(this.#row(id)!) };
    });
  }

  get(id: Hex): Promise<QueueJob | undefined> {
    return this.database.read(() => {
      const row = this.#row(id);
      return row && jobOf(row);
    });
  }

  lease({ prover, lanes, memoryBytes, leaseMs }: LeaseRequest): Promise<QueueJob | undefined> {
    const asked = this.options.now();
    this.#asked.set(prover, { at: asked, lanes: new Set(lanes), memoryBytes });
    return this.database.write(() => {
      const now = this.options.now();
      const heads = lanes.map((lane) => this.#sql.next.get(lane, now, memoryBytes, prover, this.#memoryAround(lane, prover, now)) as JobRow | undefined);
      const row = heads.reduce((best, head) => (head && (!best || isBefore(head, best)) ? head : best), undefined);
      if (!row) return undefined;
      const token = row.token + 1, expiresAt = now + leaseMs;
      const attempts: Attempt[] = [...(JSON.parse(row.attempts) as Attempt[]), { token, prover, leasedAt: now, outcome: 'running' }];
      this.#sql.lease.run(token, prover, expiresAt, JSON.stringify(attempts), row.seq);
      return jobOf({ ...row, state: 'leased', token, prover, expires_at: expiresAt, attempts: JSON.stringify(attempts) });
    });
  }

  heartbeat(id: Hex, token: number, leaseMs: number): Promise<LeaseCheck> {
    return this.database.write(() => this.#fenced(id, token, (row) => {
      this.#adopt(row);
      this.#sql.extend.run(this.options.now() + leaseMs, row.seq);
    }));
  }

  complete(id: Hex, token: number, result: string): Promise<LeaseCheck> {
    return this.database.write(() => {
      const row = this.#row(id);
      if (row?.state === 'done' && row.token === token) return 'ok';
      return this.#fenced(id, token, (held) => {
        this.#sql.end.run('done', result, JSON.stringify(ended(resumed(JSON.parse(held.attempts) as Attempt[]), 'completed', this.options.now())), held.seq);
      });
    });
  }

  fail(id: Hex, token: number, failure: Failure): Promise<LeaseCheck> {
    return this.database.write(() => {
      const row = this.#row(id);
      if (row?.state === 'waiting') return 'stale'; // ran out: the attempt has ended
      return this.#fenced(id, token, (held) => this.#endAttempt(held, failure));
    });
  }

  cancel(id: Hex, reason: string): Promise<boolean> {
    return this.database.write(() => {
      const row = this.#row(id);
      if (row?.state !== 'waiting' && row?.state !== 'leased') return false;
      const attempts = JSON.parse(row.attempts) as Attempt[];
      this.#sql.end.run('cancelled', reason, JSON.stringify(row.state === 'leased' ? ended(attempts, 'stopped', this.options.now(), { code: 'CANCELLED', message: reason }) : attempts), row.seq);
      return true;
    });
  }

  expire(): Promise<QueueJob[]> {
    return this.database.write(() => (this.#sql.expired.all(this.options.now()) as JobRow[]).map((row) => {
      this.#endAttempt(row, TIMED_OUT);
      return jobOf(this.#row(row.id)!);
    }));
  }

  list(state: QueueState, limit: number, after?: Hex): Promise<QueueJob[]> {
    return this.database.read(() => (this.#sql.list.all(state, (after && this.#row(after)?.seq) ?? 0, limit) as JobRow[]).map(jobOf));
  }

  counts(): Promise<Record<QueueState, number>> {
    return this.database.read(() => ({
      waiting: 0, leased: 0, done: 0, dead: 0, cancelled: 0, ...Object.fromEntries((this.#sql.counts.all() as { state: string; n: number }[]).map(({ state, n }) => [state, n])),
    }));
  }

  revive(id: Hex): Promise<boolean> {
    return this.database.write(() => this.#sql.revive.run(this.options.now(), id).changes === 1);
  }

  replace(id: Hex, payload: string): Promise<boolean> {
    return this.database.write(() => {
      const row = this.#row(id), now = this.options.now();
      if (!row || row.state === 'cancelled') return false;
      const attempts = JSON.parse(row.attempts) as Attempt[], last = attempts.at(-1), waits = row.state === 'waiting';
      // One that only ran out could be taken up again: it is of the old payload.
      const open = row.state === 'leased' || (waits && last?.outcome === 'timedOut');
      this.#sql.replace.run(payload, JSON.stringify(open ? ended(attempts, 'stopped', last?.endedAt ?? now, REPLACED) : attempts), waits ? row.failures : 0, waits ? row.not_before : now, waits ? row.avoid : null, row.seq);
      return true;
    });
  }

  remove(id: Hex): Promise<boolean> {
    return this.database.write(() => this.#sql.remove.run(id).changes === 1);
  }

  waitingLanes(): Promise<Record<string, number>> {
    return this.database.read(() => Object.fromEntries((this.#sql.lanes.all() as { lane: string; n: number }[]).map(({ lane, n }) => [lane, n])));
  }

  /** Nothing of its own: the database is closed by whoever opened it. */
  async close(): Promise<void> {}

  #row(id: Hex): JobRow | undefined {
    return this.#sql.get.get(id) as JobRow | undefined;
  }

  /** Runs `act` when `token` is the latest and its lease runs, or ran out without another one taking the job. */
  #fenced(id: Hex, token: number, act: (row: JobRow) => void): LeaseCheck {
    const row = this.#row(id);
    if (row?.state === 'cancelled') return 'cancelled';
    if (!row || row.token !== token || (row.state !== 'leased' && !ranOut(row))) return 'stale';
    act(row);
    return 'ok';
  }

  #adopt(row: JobRow): void {
    if (row.state === 'leased') return;
    const attempts = resumed(JSON.parse(row.attempts) as Attempt[]);
    this.#sql.adopt.run(attempts[attempts.length - 1].prover, JSON.stringify(attempts), row.seq);
  }

  #endAttempt(row: JobRow, failure: Failure): void {
    const now = this.options.now(), counted = counts(failure.outcome), failures = row.failures + (counted ? 1 : 0);
    const dead = counted && failures >= this.options.maxAttempts, memory = failure.outcome === 'outOfMemory' ? Math.max(row.memory, failure.memoryBytes ?? 0) : row.memory;
    this.#sql.fail.run(
      dead ? 'dead' : 'waiting', dead ? `${failure.code}: ${failure.message}` : null, JSON.stringify(ended(JSON.parse(row.attempts) as Attempt[], failure.outcome, now, failure)),
      failures, counted && !dead ? now + backoff(failures, this.options) : now, memory, counted ? row.prover : row.avoid, row.seq,
    );
  }

  /** Largest memory among other provers that asked for this lane lately; -1 when there is none. */
  #memoryAround(lane: string, prover: Address, now: number): number {
    let memory = -1;
    for (const [other, asked] of this.#asked) {
      if (now - asked.at > AROUND_MS) this.#asked.delete(other);
      else if (other !== prover && asked.lanes.has(lane)) memory = Math.max(memory, asked.memoryBytes);
    }
    return memory;
  }
}

/** The latest attempt ended by the clock alone, and nobody took the job since. */
const ranOut = ({ state, attempts }: JobRow): boolean => state === 'waiting' && (JSON.parse(attempts) as Attempt[]).at(-1)?.outcome === 'timedOut';
