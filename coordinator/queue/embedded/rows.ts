/** Rows of the table jobs, and every statement on it. */
import type { Address, Hex } from 'viem';
import type { Attempt } from '../../../src/protocol/network/job.js';
import type { Database } from '../../store/embedded/database.js';
import type { QueueJob, QueueState } from '../types.js';

export interface JobRow {
  seq: number;
  id: Hex;
  lane: string;
  priority: number;
  deadline: number;
  memory: number;
  payload: string;
  state: QueueState;
  enqueued_at: number;
  not_before: number;
  /** JSON of Attempt[]. */
  attempts: string;
  /** Attempts that count, since the first or since it was revived. */
  failures: number;
  token: number;
  prover: Address | null;
  expires_at: number | null;
  /** Prover of the latest failed or timed-out attempt. */
  avoid: Address | null;
  result: string | null;
}

export const jobOf = (row: JobRow): QueueJob => ({
  id: row.id, lane: row.lane, priority: row.priority, deadline: row.deadline, memoryBytes: row.memory, payload: row.payload, state: row.state,
  enqueuedAt: row.enqueued_at, notBefore: row.not_before, attempts: JSON.parse(row.attempts) as Attempt[], token: row.token,
  ...(row.state === 'leased' && { lease: { prover: row.prover!, expiresAt: row.expires_at! } }), ...(row.result !== null && { result: row.result }),
});

/** Higher priority, earlier deadline, earlier arrival. */
export const isBefore = (a: JobRow, b: JobRow): boolean => (b.priority - a.priority || a.deadline - b.deadline || a.seq - b.seq) < 0;

export const prepareQueue = (database: Database) => ({
  get: database.prepare('SELECT * FROM jobs WHERE id = ?'),
  insert: database.prepare(`INSERT INTO jobs (id, lane, priority, deadline, memory, payload, state, enqueued_at, not_before, attempts, failures, token)
    VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?, '[]', 0, 0) ON CONFLICT (id) DO NOTHING`),
  /** Lane, now, memory, prover, memory of the largest other prover around (-1: none). */
  next: database.prepare(`SELECT * FROM jobs WHERE state = 'waiting' AND lane = ? AND not_before <= ? AND memory <= ? AND (avoid IS NOT ? OR memory > ?)
    ORDER BY priority DESC, deadline, seq LIMIT 1`),
  lease: database.prepare("UPDATE jobs SET state = 'leased', token = ?, prover = ?, expires_at = ?, attempts = ? WHERE seq = ?"),
  extend: database.prepare('UPDATE jobs SET expires_at = ? WHERE seq = ?'),
  /** A lease that ran out goes on: its failure no longer counts. */
  adopt: database.prepare("UPDATE jobs SET state = 'leased', prover = ?, attempts = ?, failures = max(0, failures - 1), avoid = NULL WHERE seq = ?"),
  end: database.prepare('UPDATE jobs SET state = ?, result = ?, attempts = ?, expires_at = NULL WHERE seq = ?'),
  fail: database.prepare('UPDATE jobs SET state = ?, result = ?, attempts = ?, failures = ?, not_before = ?, memory = ?, avoid = ?, expires_at = NULL WHERE seq = ?'),
  expired: database.prepare("SELECT * FROM jobs WHERE state = 'leased' AND expires_at <= ? ORDER BY expires_at"),
  list: database.prepare('SELECT * FROM jobs WHERE state = ? AND seq > ? ORDER BY seq LIMIT ?'),
  counts: database.prepare('SELECT state, count(*) AS n FROM jobs GROUP BY state'),
  revive: database.prepare("UPDATE jobs SET state = 'waiting', failures = 0, not_before = ?, result = NULL WHERE id = ? AND state = 'dead'"),
  replace: database.prepare("UPDATE jobs SET state = 'waiting', payload = ?, attempts = ?, failures = ?, not_before = ?, avoid = ?, result = NULL, expires_at = NULL WHERE seq = ?"),
  remove: database.prepare("DELETE FROM jobs WHERE id = ? AND state IN ('done', 'dead', 'cancelled')"),
  lanes: database.prepare("SELECT lane, count(*) AS n FROM jobs WHERE state = 'waiting' GROUP BY lane"),
});
