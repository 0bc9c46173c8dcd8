/**
 * Queue of proof jobs. Provers never see it: the scheduler leases for them. Two adapters pass one conformance suite: `embedded`
 * (a file database, one coordinator process) and `bullmq` (Redis, several).
 *
 * A job is waiting -> leased -> done | dead | cancelled; a failed or expired lease makes it waiting again, or dead after maxAttempts.
 * Every lease of a job has a token greater than all before it; what comes under an older token changes nothing.
 */
import type { Address, Hex } from 'viem';
import type { Attempt } from '../../src/protocol/network/job.js';

export interface EnqueueInput {
  /** Content hash: the job id of the contracts. The same id is one job. */
  id: Hex;
  /** laneOf: relation, class and key that a prover must have. */
  lane: string;
  /** Higher first; among equals the earlier deadline, then the earlier arrival. */
  priority: number;
  /** Milliseconds since 1970. */
  deadline: number;
  /** Least memory that a prover must have free; grows when one runs out. */
  memoryBytes: number;
  /** JSON with references: packages are elsewhere. Of a known job it stays as it was first. */
  payload: string;
}

export type QueueState = 'waiting' | 'leased' | 'done' | 'dead' | 'cancelled';

export interface QueueJob extends EnqueueInput {
  state: QueueState;
  enqueuedAt: number;
  /** Not leased before; back-off of a failed job. */
  notBefore: number;
  attempts: Attempt[];
  /** Of the latest lease; 0 before the first. */
  token: number;
  lease?: { prover: Address; expiresAt: number };
  /** Reference to what the prover made, of a job that is done; why, of one that is dead or cancelled. */
  result?: string;
}

/** What a prover can take now. */
export interface LeaseRequest {
  prover: Address;
  lanes: readonly string[];
  memoryBytes: number;
  leaseMs: number;
}

export interface Failure {
  outcome: 'failed' | 'timedOut' | 'released' | 'outOfMemory' | 'falseProof' | 'stopped';
  code: string;
  message: string;
  /** released and stopped ones do not count towards maxAttempts. After outOfMemory the job needs this much memory. */
  memoryBytes?: number;
}

export interface QueueOptions {
  /** Failed attempts after which a job is dead. */
  maxAttempts: number;
  /** Wait before attempt n + 1: backoffMs * 2^(n-1), at most maxBackoffMs. */
  backoffMs: number;
  maxBackoffMs: number;
  /** Milliseconds since 1970. */
  now: () => number;
}

export type LeaseCheck = 'ok' | 'stale' | 'cancelled';

export interface JobQueue {
  /** Idempotent by id: a known job is returned as it stands, whatever its state. */
  enqueue(input: EnqueueInput): Promise<{ created: boolean; job: QueueJob }>;
  get(id: Hex): Promise<QueueJob | undefined>;
  /**
   * The first waiting job that fits, under a new token. A job is not given to the prover of its latest failed or timed-out attempt
   * while another prover that can take it (its lane, its memory) leased or asked in the last minute; alone, it gets it again.
   */
  lease(request: LeaseRequest): Promise<QueueJob | undefined>;
  /**
   * Extends the lease. One that ran out but that nobody else took is taken up again, and its attempt goes on: it no longer counts as
   * timed out (a coordinator was down). Not when the job is dead by it.
   */
  heartbeat(id: Hex, token: number, leaseMs: number): Promise<LeaseCheck>;
  /** Ends a job as done; `result` is a reference. Again with the same token: ok, and the first result stays. After the lease: as heartbeat. */
  complete(id: Hex, token: number, result: string): Promise<LeaseCheck>;
  /** Ends the attempt; the job waits again, or is dead. Again, or after the lease ran out: stale. */
  fail(id: Hex, token: number, failure: Failure): Promise<LeaseCheck>;
  /** A waiting or leased job is never leased again. @returns false when it is done, dead or unknown */
  cancel(id: Hex, reason: string): Promise<boolean>;
  /** Ends leases that ran out, as timed out. @returns the jobs, after it */
  expire(): Promise<QueueJob[]>;
  /** Oldest first; after one that was removed, from the start. */
  list(state: QueueState, limit: number, after?: Hex): Promise<QueueJob[]>;
  counts(): Promise<Record<QueueState, number>>;
  /** A dead job waits again, with its history. @returns false when it is not dead */
  revive(id: Hex): Promise<boolean>;
  /**
   * Gives a job another payload: it waits, or waits again, with its history. A lease that runs is ended as stopped; what was proved for
   * the old payload, or comes for it late, counts for nothing. @returns false when it is cancelled or unknown
   */
  replace(id: Hex, payload: string): Promise<boolean>;
  /** Forgets a job that is over: done, dead or cancelled. Its id may be enqueued anew, with tokens from 1. @returns false when it waits, is leased or unknown */
  remove(id: Hex): Promise<boolean>;
  /** Waiting jobs by lane, those that back off too: what is announced. */
  waitingLanes(): Promise<Record<string, number>>;
  close(): Promise<void>;
}
