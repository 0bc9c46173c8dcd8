/** Which prover gets which job. Pure: the queue decides the order of jobs, this who may have one, and why not. */
import type { QueueJob } from '../queue/types.js';
import { TIMEOUT_MEMORY_MS, type ProverRecord } from './provers.js';
import type { Session } from './sessions.js';
import type { SchedulerLimits } from './types.js';

/** A proof is expected after this many times the measured seconds: machines are shared, packages must be fetched. */
export const SLACK = 1.25;

export const expectedMs = (seconds: number): number => Math.ceil(seconds * 1000 * SLACK);

/** 1.5 times the seconds of one proof within bounds: long enough for a report to be late, short enough to go on soon after a crash. */
export const leaseLength = (seconds: number, { minLeaseMs, maxLeaseMs }: Pick<SchedulerLimits, 'minLeaseMs' | 'maxLeaseMs'>): number =>
  Math.round(Math.min(maxLeaseMs, Math.max(minLeaseMs, seconds * 1500)));
export const heartbeatEvery = (leaseMs: number): number => Math.max(1, Math.floor(leaseMs / 4));

/** Until when a prover is not served, and why: it sent a false proof. */
export function banned(record: ProverRecord | undefined, now: number, { falseProofBanMs }: Pick<SchedulerLimits, 'falseProofBanMs'>): { until: number; reason: string } | undefined {
  const last = record?.falseProof;
  if (!record || !last || last.at + falseProofBanMs <= now) return undefined;
  return {
    until: last.at + falseProofBanMs,
    reason: `not served until ${new Date(last.at + falseProofBanMs).toISOString()}: false proof of job ${last.jobId} (${last.code}), message ${last.envelope}, ${record.falseProofs} in all`,
  };
}

/** Until when a prover that timed out lately stands behind others. */
export function pausedUntil(record: ProverRecord | undefined, now: number, { timeoutPauseMs }: Pick<SchedulerLimits, 'timeoutPauseMs'>): number {
  const recent = (record?.timeouts ?? []).filter((at) => now - at < TIMEOUT_MEMORY_MS);
  return recent.length === 0 ? 0 : recent[recent.length - 1] + Math.min(TIMEOUT_MEMORY_MS, timeoutPauseMs * 2 ** (recent.length - 1));
}

/** A prover that could take a job now: what others are compared with. */
export type Rival = Pick<Session, 'prover' | 'record' | 'lanes' | 'free' | 'memoryBytes'> & { locksOrders?: boolean; lastSeen?: number };

/** Memory that a job needs from this prover: its own measure, or what the job is known to need. */
export const memoryFor = (job: Pick<QueueJob, 'memoryBytes'>, peakBytes: number): number => Math.max(job.memoryBytes, peakBytes);

/**
 * Why this prover does not get this job now, or undefined when it may. Near its deadline a job is kept for a rival that is idle and
 * would be in time; where nobody would be, anybody may try. One that carries an order is kept for an idle rival that can lock it.
 * @param order  the job carries a signed request
 */
export function skipReason(
  session: Pick<Session, 'prover' | 'record' | 'lanes'> & { locksOrders?: boolean }, job: QueueJob, memoryBytes: number, rivals: () => Iterable<Rival>, now: number, limits: SchedulerLimits, order = false,
): string | undefined {
  const { record } = session, lane = session.lanes.get(job.lane);
  if (!lane) return `no such class: ${job.lane.split('/').slice(0, 2).join(' ')} under its key`;
  const need = memoryFor(job, lane.peakBytes);
  if (need > memoryBytes) return `too little memory: ${memoryBytes} bytes free of ${need}`;
  const ban = banned(record, now, limits);
  if (ban) return ban.reason;
  if (job.notBefore > now) return `waits after a failed attempt: until ${new Date(job.notBefore).toISOString()}`;
  const finish = now + expectedMs(lane.seconds), slow = finish > job.deadline, paused = pausedUntil(record, now, limits) > now, unpaid = order && !session.locksOrders;
  if (!slow && !paused && !unpaid) return undefined;
  for (const rival of rivals()) {
    const other = rival.lanes.get(job.lane);
    if (!other || rival.prover === session.prover || rival.free < 1 || rival.memoryBytes < memoryFor(job, other.peakBytes)) continue;
    if (banned(rival.record, now, limits) || pausedUntil(rival.record, now, limits) > now || job.attempts.at(-1)?.prover === rival.prover) continue;
    if (slow && now + expectedMs(other.seconds) <= job.deadline) return `too slow for its deadline: ready in ${Math.round((finish - now) / 1000)} s, due in ${Math.round((job.deadline - now) / 1000)} s, ${rival.prover} is idle and faster`;
    // One that has not asked for two rounds is gone: orders are not kept for it, nor what waits behind them.
    const around = now - (rival.lastSeen ?? now) <= 2 * limits.maxPollMs;
    if (unpaid && rival.locksOrders && around && now + expectedMs(other.seconds) <= job.deadline) return `it carries an order: ${rival.prover} is idle and can lock it`;
    if (paused && !slow) return `timed out lately: ${rival.prover} comes first until ${new Date(pausedUntil(record, now, limits)).toISOString()}`;
  }
  return undefined;
}

/** The queue's own order. */
export const comesFirst = (a: QueueJob, b: QueueJob): number => b.priority - a.priority || a.deadline - b.deadline || a.enqueuedAt - b.enqueuedAt;

/** A waiting job that is worth leaving the current one for: more urgent, would be late after it, and the current one can wait. */
export function isBetter(candidate: QueueJob, current: QueueJob, seconds: { candidate: number; current: number }, progress: number, now: number): boolean {
  if (candidate.priority <= current.priority || progress >= 0.5) return false;
  const rest = expectedMs(seconds.current * (1 - progress)), own = expectedMs(seconds.candidate);
  return now + own <= candidate.deadline && now + rest + own > candidate.deadline && now + own + expectedMs(seconds.current) <= current.deadline;
}
