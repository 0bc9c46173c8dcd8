/**
 * The agent's loop: asks for jobs while there is room, proves each in a worker process, tells its stage, delivers the proof until it is
 * accepted or refused. What it holds is in the journal before it works on it, what it made before it sends it.
 */
import type { Hex } from 'viem';
import { AttributionError } from '../../src/errors/base.js';
import type { Envelope } from '../../src/protocol/network/envelope.js';
import { REFUSED, type Offer, type ProverMessage, type ProverReply, type Refusal } from '../../src/protocol/network/prover.js';
import type { SizeClass } from '../../src/statement/sizeClass.js';
import type { SetupKeys } from '../setup/index.js';
import { backOff, sleep } from './backOff.js';
import { workerKeys, type Measurement } from './benchmark.js';
import type { Journal } from './journal.js';
import { namesKey } from './keys.js';
import type { AgentLogger } from './logs.js';
import type { WorkerResult } from './messages.js';
import type { RunningJob } from './options.js';
import type { Orders } from './orders.js';
import type { PackageCache } from './packages.js';
import { WorkerError, type WorkerPool } from './pool.js';
import { LoginRefusedError, type ProverSession } from './session.js';
import { TransportError } from './transport/types.js';

export interface AgentClass extends Measurement {
  cls: SizeClass;
  keys: SetupKeys;
}

export interface AgentParts {
  session: ProverSession;
  pool: WorkerPool;
  journal: Journal;
  packages: PackageCache;
  /** Locks signed requests of jobs; without it they are paid by their fees alone. */
  orders?: Orders;
  classes: readonly AgentClass[];
  chainId: number;
  /** Prover that the proofs pay. */
  prover: `0x${string}`;
  parallel: number;
  memoryBytes: number;
  logger: AgentLogger;
  firstPauseMs: number;
  longestPauseMs: number;
}

/** Why a job ends before its proof. lost: it is another's, nothing is to be said. */
type GivenUp = 'stopped' | 'shutdown' | 'unwanted' | 'lost';
type ReleaseReason = ProverMessage<'release'>['reason'];

interface Held {
  offer: Offer;
  envelope?: Envelope;
  own: AgentClass;
  startedAt: number;
  stage: string;
  log: AgentLogger;
  /** Ends the work. */
  stop: AbortController;
  givenUp?: GivenUp;
  accepted?: boolean;
  /** Made, not delivered. */
  result?: ProverMessage<'result'>;
}

/** Tries to hand a job back; after that its lease runs out by itself. */
const RELEASE_ATTEMPTS = 4;
/** Requests for a package that the coordinator says it has not. */
const UNKNOWN_ATTEMPTS = 3;
/** Longest wait without asking, and shortest after an answer that brought nothing. */
const IDLE_MS = 60_000, QUIET_MS = 1000;
/** A job that is further than this is finished, whatever else is offered. */
const SWITCH_BELOW = 0.25;

export class Agent {
  readonly #held = new Map<Hex, Held>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #adopt = false;
  #failed?: unknown;

  constructor(private readonly parts: AgentParts) {
    parts.session.onLogin(() => { this.#adopt = true; this.wake(); });
  }

  running(): RunningJob[] {
    return [...this.#held.values()].map((held) => ({
      jobId: held.offer.job.jobId, token: held.offer.token, className: held.offer.job.className, stage: held.stage, progress: progressOf(held), seconds: (Date.now() - held.startedAt) / 1000,
    }));
  }

  /** Asks at once. */
  wake(): void { this.#wake.abort(); }

  /** Goes on with what an earlier agent held, then works until it is stopped. @throws LoginRefusedError */
  async run(): Promise<void> {
    await this.#resume();
    await this.#loop();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    if (this.#failed !== undefined) throw this.#failed;
  }

  /** No more jobs. Those it has are handed back, or with `drain` finished; `run` ends then. Undelivered proofs stay in the journal. */
  stop(drain: boolean): void {
    this.#stopping.abort();
    this.wake();
    if (!drain) for (const held of this.#held.values()) this.#giveUp(held, 'shutdown');
  }

  async #loop(): Promise<void> {
    const { session, logger, firstPauseMs, longestPauseMs } = this.parts;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController();
      const free = this.#free(), adopt = this.#adopt;
      if (free === 0 && !adopt) {
        await sleep(IDLE_MS, this.#wake.signal);
        continue;
      }
      let waitMs: number;
      try {
        const reply = await session.request('lease', { free, memoryBytes: this.#freeMemory(), running: this.#unfinished() });
        failures = 0;
        this.#adopt = false;
        waitMs = reply.ok ? await this.#take(reply) : this.#refusedLease(reply);
      } catch (error) {
        if (error instanceof LoginRefusedError) return this.#fail(error);
        waitMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures++, 20)) * (1 + Math.random() / 4);
        logger.warn({ err: error, waitMs: Math.round(waitMs) }, 'no answer to a lease');
        // An announcement or a new connection is no reason to hurry a coordinator that cannot answer.
        await sleep(waitMs, this.#stopping.signal);
        continue;
      }
      if (waitMs > 0) await sleep(waitMs, this.#wake.signal);
    }
  }

  #refusedLease({ code, message, hint, retry }: Refusal): number {
    this.parts.logger[retry ? 'info' : 'warn']({ code, hint }, `no lease: ${message}`);
    return retry ? this.parts.longestPauseMs / 4 : this.parts.longestPauseMs;
  }

  /** @returns how long to wait, milliseconds */
  async #take({ offers, waitMs, why }: Exclude<ProverReply<'lease'>, Refusal>): Promise<number> {
    let taken = 0;
    for (const envelope of offers) if (await this.#accept(envelope)) taken++;
    if (taken > 0) return 0;
    this.parts.logger.debug({ waitMs }, why || 'no job');
    return offers.length > 0 ? Math.max(QUIET_MS, waitMs) : Math.min(IDLE_MS, Math.max(20, waitMs));
  }

  /** Jobs that take more: by number and by memory. */
  #free(): number {
    const { parallel, classes } = this.parts, least = Math.min(...classes.map(({ peakBytes }) => peakBytes)), byMemory = Math.floor(this.#freeMemory() / Math.max(1, least));
    return Math.max(0, Math.min(parallel - this.#held.size, byMemory));
  }

  #freeMemory(): number { return Math.max(0, this.parts.memoryBytes - [...this.#held.values()].reduce((sum, { own }) => sum + own.peakBytes, 0)); }

  #unfinished(): { jobId: Hex; token: number }[] { return [...this.#held.values()].map(({ offer: { job, token } }) => ({ jobId: job.jobId, token })); }

  /** Whether the offer is this coordinator's, and one that this prover can do; then it works on it. */
  async #accept(envelope: Envelope, now?: number): Promise<boolean> {
    const { session, journal, logger } = this.parts, opened = await session.openOffer(envelope, now);
    if (!opened.ok) {
      logger.error({ code: opened.code }, `offer refused: ${opened.message}`);
      return false;
    }
    const { offer } = opened, { job, token } = offer, log = logger.child({ job: job.jobId }), held = this.#held.get(job.jobId);
    if (held) {
      // The same job under a new lease: what is done of it counts.
      if (token > held.offer.token) {
        held.offer = offer;
        if (held.result) await journal.finished(held.result = { ...held.result, token });
        else await journal.begin(job.jobId, envelope);
      }
      return false;
    }
    const own = this.#classFor(offer);
    if (typeof own === 'string') {
      log.error({ className: job.className }, `offer refused: ${own}`);
      this.#spawn(() => this.#release(job.jobId, token, 'unwanted', 'NOT_MINE', own));
      return false;
    }
    if (this.#stopping.signal.aborted) {
      this.#spawn(() => this.#release(job.jobId, token, 'shutdown', 'SHUTDOWN', 'the prover stops'));
      return false;
    }
    try {
      await journal.begin(job.jobId, envelope);
    } catch (error) {
      log.warn({ err: error }, 'handed back: it cannot be noted on disk');
      this.#spawn(() => this.#release(job.jobId, token, 'unwanted', error instanceof AttributionError ? error.code : 'JOURNAL', (error as Error).message));
      return false;
    }
    this.#start({ offer, envelope, own, startedAt: Date.now(), stage: 'fetch', log, stop: new AbortController() });
    return true;
  }

  /** Own keys for an offer, or why there are none. */
  #classFor({ job }: Offer): AgentClass | string {
    const { chainId, classes } = this.parts, own = classes.find(({ cls }) => cls.name === job.className);
    if (job.chainId !== chainId) return `it is of chain ${job.chainId}, this prover works for ${chainId}`;
    if (!own) return `no keys of class ${job.className}`;
    const { vkHash } = own.keys.payout.vk;
    if (job.vkHash !== vkHash) return `another verification key: own ${vkHash}, asked for ${job.vkHash}`;
    if (!namesKey(job.selector, own.cls.id, vkHash)) return `selector ${job.selector} names no verifier with the own key`;
    return own;
  }

  async #resume(): Promise<void> {
    const { journal, session, logger } = this.parts, unsent = await journal.unsent(), before = await journal.heldBefore();
    for (const envelope of before) {
      // It was checked when it came; its clock is of then.
      const opened = await session.openOffer(envelope, envelope.sentAt);
      if (!opened.ok) continue;
      const { offer } = opened, { jobId } = offer.job, own = this.#classFor(offer), result = unsent.find((r) => r.jobId === jobId);
      if (typeof own === 'string' || this.#held.has(jobId)) continue;
      const log = logger.child({ job: jobId });
      log.info({ token: offer.token }, result ? 'resume: a proof that was not delivered' : 'resume: a job that was not finished');
      await journal.begin(jobId, envelope);
      this.#start({ offer: result ? { ...offer, token: result.token } : offer, envelope, own, startedAt: Date.now(), stage: result ? 'deliver' : 'resume', log, stop: new AbortController(), result }, true);
    }
    // Without its offer nobody knows the result's job any more.
    for (const { jobId } of unsent) if (!this.#held.has(jobId)) await journal.end(jobId);
    await this.parts.orders?.retain(new Set(this.#held.keys()));
  }

  #start(held: Held, resumed = false): void {
    this.#held.set(held.offer.job.jobId, held);
    this.#spawn(() => this.#work(held, resumed));
  }

  #spawn(work: () => Promise<void>): void {
    const task: Promise<void> = work().catch((error: unknown) => this.#fail(error)).finally(() => {
      this.#tasks.delete(task);
      this.wake();
    });
    this.#tasks.add(task);
  }

  async #work(held: Held, resumed: boolean): Promise<void> {
    const { journal, orders } = this.parts, { log, own } = held, { job } = held.offer, over = new AbortController();
    log.info({ class: job.className, queries: job.queries, token: held.offer.token, paymentKeys: job.paymentKeys }, 'job taken');
    let keep = false;
    // Before any work: somebody else may have it by now.
    if (resumed && !held.result) await this.#beat(held);
    const beats = this.#heartbeats(held, over.signal);
    try {
      if (!held.result) {
        const { seconds, peakBytes, job: text, delivery } = await this.#prove(held);
        // Before the proof counts as made: a lock must never lack its delivery.
        if (delivery) await orders?.keep(job, delivery);
        held.result = { jobId: job.jobId, token: held.offer.token, seconds, peakBytes, job: text! };
        // On a full disk it is handed in all the same; only a crash before that loses it.
        await journal.finished(held.result).catch((error: unknown) => log.warn({ err: error }, 'the proof is not on disk'));
        log.info({ seconds, peakBytes, expected: own.seconds }, 'proved');
      }
      if (orders && job.order) {
        held.stage = 'lock';
        await orders.lock(job.jobId, held.stop.signal);
      }
      held.stage = 'deliver';
      await this.#deliver(held);
    } catch (error) {
      // What is made is not given back: it is delivered by the next start.
      if (error instanceof LoginRefusedError) {
        keep = true;
        this.#fail(error);
      } else if (held.result && held.givenUp !== 'lost' && held.givenUp !== 'stopped') keep = true;
      else await this.#handBack(held, error);
    } finally {
      over.abort();
      await beats;
      this.#held.delete(job.jobId);
      if (!keep) {
        // What stays there by mistake is asked for, and found over, by the next start.
        await journal.end(job.jobId).catch((error: unknown) => log.warn({ err: error }, 'the job stays in the journal'));
        await orders?.handedIn(job.jobId, held.accepted === true);
      }
    }
  }

  async #prove(held: Held): Promise<WorkerResult> {
    const { packages, session, pool, prover } = this.parts, { job } = held.offer, { signal } = held.stop, hashes = [job.record, ...job.blocks.map((block) => block.package)], got: Hex[] = [];
    try {
      const paths: string[] = [];
      for (const hash of hashes) {
        signal.throwIfAborted();
        paths.push(await this.#retrying(() => backOff(() => packages.hold(hash, (h) => session.artifact(h)), {
          // A coordinator that was restarted gives packages only for jobs that it was told of again.
          firstMs: 0, longestMs: 0, attempts: UNKNOWN_ATTEMPTS, signal, retry: (error) => error instanceof AttributionError && error.code === 'PACKAGE_UNKNOWN', beforeRetry: () => this.#beat(held),
        }), signal));
        got.push(hash);
      }
      const [record, ...blocks] = paths;
      return await pool.run({ kind: 'prove', keys: workerKeys(held.own.keys), job, record, blocks, prover }, { signal, onStage: (stage) => this.#stage(held, stage) });
    } finally {
      got.forEach((hash) => packages.release(hash));
    }
  }

  #stage(held: Held, stage: string): void {
    held.stage = stage.slice(0, 80);
    held.log.info({ stage, seconds: (Date.now() - held.startedAt) / 1000 }, 'prove');
  }

  /** Until the proof is accepted, or refused for good. */
  async #deliver(held: Held): Promise<void> {
    const reply = await this.#retrying(async () => {
      const answer = await this.parts.session.request('result', held.result!);
      if (!answer.ok && answer.retry) throw new TransportError('the proof is not taken yet', { code: answer.code, where: 'result', got: answer.message });
      return answer;
    }, held.stop.signal);
    held.accepted = reply.ok;
    if (reply.ok) held.log.info({ seconds: (Date.now() - held.startedAt) / 1000 }, 'accepted');
    else held.log.warn({ code: reply.code, hint: reply.hint }, `proof refused: ${reply.message}`);
  }

  /** Says why a job ends without a proof. */
  async #handBack(held: Held, error: unknown): Promise<void> {
    const { job, token } = held.offer, { log } = held;
    if (held.givenUp === 'lost') return;
    const fault = error instanceof WorkerError ? error.fault : undefined, reason: ReleaseReason = held.givenUp ?? (fault === 'outOfMemory' ? 'outOfMemory' : 'error');
    const code = held.givenUp ? held.givenUp.toUpperCase() : error instanceof AttributionError ? error.code : 'ERROR', message = held.givenUp ? `given up at stage ${held.stage}` : (error as Error).message ?? String(error);
    if (held.givenUp) log.info({ reason, stage: held.stage }, 'given back');
    else log.error({ err: error, reason }, 'failed');
    await this.#release(job.jobId, token, reason, code, message);
  }

  async #release(jobId: Hex, token: number, reason: ReleaseReason, code: string, message: string): Promise<void> {
    const { session, logger, firstPauseMs, longestPauseMs } = this.parts;
    try {
      const reply = await backOff(() => session.request('release', { jobId, token, reason, code: code.slice(0, 80), message: message.slice(0, 2000) }), { firstMs: firstPauseMs, longestMs: longestPauseMs, attempts: RELEASE_ATTEMPTS, retry: (error) => error instanceof TransportError });
      if (!reply.ok) logger.debug({ job: jobId, code: reply.code }, `release: ${reply.message}`);
    } catch (error) {
      logger.warn({ job: jobId, err: error }, 'the job could not be handed back: its lease runs out');
    }
  }

  async #heartbeats(held: Held, over: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(held.offer.heartbeatMs, over);
      if (over.aborted || held.givenUp) return;
      await this.#beat(held);
    }
  }

  /** One heartbeat. Without an answer the work goes on: a coordinator that comes back takes the lease up again. */
  async #beat(held: Held): Promise<void> {
    const { job, token } = held.offer, { log } = held;
    let reply: ProverReply<'heartbeat'>;
    try {
      reply = await this.parts.session.request('heartbeat', { jobId: job.jobId, token, stage: held.stage, progress: progressOf(held) });
    } catch (error) {
      if (error instanceof LoginRefusedError) this.#fail(error);
      else log.warn({ err: error }, 'no answer to a heartbeat');
      return;
    }
    // An answer to an older token says nothing of the lease that there is now.
    if (token !== held.offer.token) return;
    if (!reply.ok) {
      if (reply.retry && reply.code !== REFUSED.lease) return;
      log.warn({ code: reply.code }, `the job is lost: ${reply.message}`);
      return this.#giveUp(held, 'lost');
    }
    if (reply.order === 'stop') {
      log.info({ reason: reply.reason }, 'stop order');
      return this.#giveUp(held, 'stopped');
    }
    if (reply.better) await this.#better(held, reply.better);
  }

  /** A job that pays better: instead of one that has hardly begun, else handed back at once. */
  async #better(held: Held, envelope: Envelope): Promise<void> {
    const opened = await this.parts.session.openOffer(envelope);
    if (!opened.ok) return this.parts.logger.error({ code: opened.code }, `offer refused: ${opened.message}`);
    const { job, token } = opened.offer;
    if (held.result || progressOf(held) >= SWITCH_BELOW) return this.#release(job.jobId, token, 'unwanted', 'BUSY', `job ${held.offer.job.jobId} is further than ${SWITCH_BELOW}`);
    if (await this.#accept(envelope)) this.#giveUp(held, 'unwanted');
  }

  #giveUp(held: Held, why: GivenUp): void {
    held.givenUp ??= why;
    held.stop.abort();
  }

  #retrying<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { firstPauseMs, longestPauseMs, logger } = this.parts;
    return backOff(work, { firstMs: firstPauseMs, longestMs: longestPauseMs, signal, retry: (error) => error instanceof TransportError, onFailure: (error, waitMs) => logger.warn({ err: error, waitMs: Math.round(waitMs) }, 'tried again') });
  }

  /** The end, with its reason: jobs stay in the journal. */
  #fail(error: unknown): void {
    this.#failed ??= error;
    this.stop(false);
  }
}

/** By the benchmark's time: stages differ too much to count them. */
const progressOf = ({ startedAt, own, result }: Held): number => (result ? 1 : Math.min(0.99, (Date.now() - startedAt) / 1000 / own.seconds));
