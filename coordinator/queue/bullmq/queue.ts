import type { Hex } from 'viem';
import type { Attempt } from '../../../src/protocol/network/job.js';
import type { RedisConnection } from '../../store/redis/connection.js';
import { counts, REPLACED } from '../lifecycle.js';
import type { EnqueueInput, Failure, JobQueue, LeaseCheck, LeaseRequest, QueueJob, QueueOptions, QueueState } from '../types.js';
import { queueScripts } from './scripts.js';

/** Jobs of one script: bounds how long Redis does nothing else. */
const EXPIRE_BATCH = 200;
const STATES: readonly QueueState[] = ['waiting', 'leased', 'done', 'dead', 'cancelled'];

/** BullMQ's queue of a lane; its names have no colon. */
export const queueName = (lane: string): string => encodeURIComponent(lane);
/** Prefix to give to BullMQ's own Queue or QueueEvents. */
export const bullPrefix = (prefix: string): string => `${prefix}bull`;

/**
 * Queue on BullMQ and Redis, for several coordinator processes. Every method is one script and one round trip (scripts.ts); here is
 * only what they are given and what comes back. Without `now` the time is that of Redis, one for all processes.
 */
export class BullQueue implements JobQueue {
  constructor(private readonly redis: RedisConnection, private readonly options: Omit<QueueOptions, 'now'> & { now?: () => number }) {
    redis.define(queueScripts());
  }

  async enqueue({ id, lane, priority, deadline, memoryBytes, payload }: EnqueueInput): Promise<{ created: boolean; job: QueueJob }> {
    const reply = await this.#run('enqueue', id, lane, queueName(lane), priority, deadline, memoryBytes, payload, ordered(2 ** 52 - priority) + ordered(deadline)) as [0, string[]] | [1, string];
    if (reply[0] === 0) return { created: false, job: jobOf(reply[1]) };
    const now = Number(reply[1]);
    return { created: true, job: { id, lane, priority, deadline, memoryBytes, payload, state: 'waiting', enqueuedAt: now, notBefore: now, attempts: [], token: 0 } };
  }

  async get(id: Hex): Promise<QueueJob | undefined> {
    return optional(await this.#run('get', id));
  }

  async lease({ prover, lanes, memoryBytes, leaseMs }: LeaseRequest): Promise<QueueJob | undefined> {
    return optional(await this.#run('lease', prover, memoryBytes, leaseMs, ...lanes.map(queueName)));
  }

  heartbeat(id: Hex, token: number, leaseMs: number): Promise<LeaseCheck> {
    return this.#run('heartbeat', id, token, leaseMs) as Promise<LeaseCheck>;
  }

  complete(id: Hex, token: number, result: string): Promise<LeaseCheck> {
    return this.#run('complete', id, token, result, JSON.stringify(result)) as Promise<LeaseCheck>;
  }

  fail(id: Hex, token: number, { outcome, code, message, memoryBytes }: Failure): Promise<LeaseCheck> {
    return this.#run('fail', id, token, outcome, rest(code, message), `${code}: ${message}`, counts(outcome) ? 1 : 0, memoryBytes ?? '', ...this.#limits()) as Promise<LeaseCheck>;
  }

  async cancel(id: Hex, reason: string): Promise<boolean> {
    return await this.#run('cancel', id, reason, rest('CANCELLED', reason)) === 1;
  }

  async expire(): Promise<QueueJob[]> {
    const jobs: QueueJob[] = [];
    for (;;) {
      const batch = await this.#run('expire', ...this.#limits(), EXPIRE_BATCH) as string[][];
      jobs.push(...batch.map(jobOf));
      if (batch.length < EXPIRE_BATCH) return jobs;
    }
  }

  async list(state: QueueState, limit: number, after?: Hex): Promise<QueueJob[]> {
    return (await this.#run('list', state, limit, after ?? '') as string[][]).map(jobOf);
  }

  async counts(): Promise<Record<QueueState, number>> {
    const sizes = await this.redis.call((client) => Promise.all(STATES.map((state) => client.zcard(`${this.redis.prefix}state:${state}`))));
    return Object.fromEntries(STATES.map((state, i) => [state, sizes[i]])) as Record<QueueState, number>;
  }

  async revive(id: Hex): Promise<boolean> {
    return await this.#run('revive', id) === 1;
  }

  async replace(id: Hex, payload: string): Promise<boolean> {
    return await this.#run('replace', id, payload, rest(REPLACED.code, REPLACED.message)) === 1;
  }

  async remove(id: Hex): Promise<boolean> {
    return await this.#run('remove', id) === 1;
  }

  async waitingLanes(): Promise<Record<string, number>> {
    const lanes = await this.redis.call((client) => client.hgetall(`${this.redis.prefix}lanes`));
    return Object.fromEntries(Object.entries(lanes).map(([lane, n]) => [lane, Number(n)] as const).filter(([, n]) => n > 0));
  }

  /** Nothing of its own: the connection is closed by whoever opened it. */
  async close(): Promise<void> {}

  #run(script: string, ...args: (string | number)[]): Promise<unknown> {
    return this.redis.run(script, this.options.now?.() ?? '', ...args);
  }

  #limits(): number[] {
    return [this.options.maxAttempts, this.options.backoffMs, this.options.maxBackoffMs];
  }
}

/** Sixteen digits, so that text sorts as the number. */
const ordered = (n: number): string => Math.min(Math.max(Math.round(n), 0), Number.MAX_SAFE_INTEGER).toString().padStart(16, '0');

/** Cut to what an Attempt may hold. */
const rest = (code: string, message: string): string => `,"code":${JSON.stringify(code.slice(0, 80))},"message":${JSON.stringify(message.slice(0, 2000))}`;

const optional = (flat: unknown): QueueJob | undefined => (flat ? jobOf(flat as string[]) : undefined);

function jobOf(flat: readonly string[]): QueueJob {
  const f: Record<string, string> = {};
  for (let i = 0; i < flat.length; i += 2) f[flat[i]] = flat[i + 1];
  return {
    id: f.id as Hex, lane: f.lane, priority: Number(f.priority), deadline: Number(f.deadline), memoryBytes: Number(f.memory), payload: f.payload, state: f.state as QueueState,
    enqueuedAt: Number(f.enqueuedAt), notBefore: Number(f.notBefore), attempts: JSON.parse(`[${[f.past, f.last].filter(Boolean).join(',')}]`) as Attempt[], token: Number(f.token),
    ...(f.state === 'leased' && { lease: { prover: f.prover as Hex, expiresAt: Number(f.expiresAt) } }), ...(f.result !== undefined && { result: f.result }),
  };
}
