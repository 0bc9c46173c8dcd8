/**
 * What happens to a job when an attempt ends: pure, the same for every adapter. (bullmq/scripts.ts says the same in Lua, because there
 * it must be atomic with the queue; the conformance suite holds both to one behaviour.)
 */
import type { Attempt } from '../../src/protocol/network/job.js';
import type { Failure, QueueOptions } from './types.js';

/** A prover that asked within this time is around: a job that another one failed goes to it. */
export const AROUND_MS = 60_000;

export const QUEUE_DEFAULTS: QueueOptions = { maxAttempts: 5, backoffMs: 2000, maxBackoffMs: 300_000, now: Date.now };

/** released and stopped say nothing about job or prover. */
export const counts = (outcome: Failure['outcome']): boolean => outcome !== 'released' && outcome !== 'stopped';

/** backoffMs * 2^(failures - 1), at most maxBackoffMs. */
export const backoff = (failures: number, { backoffMs, maxBackoffMs }: QueueOptions): number => Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(failures - 1, 40));

export const TIMED_OUT: Failure = { outcome: 'timedOut', code: 'LEASE_EXPIRED', message: 'no heartbeat before the lease ran out' };

export const REPLACED = { code: 'REPLACED', message: 'the job has other fees or another verifier now' };

/** Ends the latest attempt; code and message are cut to what an Attempt may hold. */
export function ended(attempts: readonly Attempt[], outcome: Attempt['outcome'], endedAt: number, failure?: Pick<Failure, 'code' | 'message'>): Attempt[] {
  const last = attempts[attempts.length - 1];
  return [...attempts.slice(0, -1), { ...last, outcome, endedAt, ...(failure && { code: failure.code.slice(0, 80), message: failure.message.slice(0, 2000) }) }];
}

/** The latest attempt runs again, under the same token. */
export function resumed(attempts: readonly Attempt[]): Attempt[] {
  const { token, prover, leasedAt } = attempts[attempts.length - 1];
  return [...attempts.slice(0, -1), { token, prover, leasedAt, outcome: 'running' }];
}
