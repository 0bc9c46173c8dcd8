/** The coordinator towards provers: one entry for both transports. Opens messages, keeps them within bounds, and hands them to sessions and leases. */
import type { Address, Hex } from 'viem';
import type { Registry } from 'prom-client';
import type { Logger } from 'pino';
import { NetworkError } from '../../src/errors/network.js';
import {
  openEnvelope, PROTOCOL_VERSION, proverMessages, REFUSED, type Envelope, type ProverMessage, type ProverMessageKind, type ProverReply, type ProverView, type Refusal,
} from '../../src/protocol/network/index.js';
import type { JobQueue } from '../queue/types.js';
import type { ArtifactStore, ChainedLog, Records } from '../store/types.js';
import { AssignmentLog } from './assignmentLog.js';
import { Leases } from './leases.js';
import { Gate, TokenBucket } from './limits.js';
import { heartbeatEvery } from './matching.js';
import { schedulerMetrics, type SchedulerMetrics } from './metrics.js';
import { ProverBook, type ProverRecord } from './provers.js';
import { Sessions, type Session } from './sessions.js';
import { Timeline, type TimelineEntry } from './timeline.js';
import { LIMITS, refuse, type AcceptedKey, type Channel, type SchedulerEvents, type SchedulerIdentity, type SchedulerLimits } from './types.js';
import { ThreadVerifier, type ResultVerifier } from './verifier.js';

export interface ProverServiceOptions {
  queue: JobQueue;
  records: Records;
  log: ChainedLog;
  artifacts: ArtifactStore;
  /** Account of the coordinator: receiver of messages, signer of offers. */
  identity: SchedulerIdentity;
  /** Keys whose proofs are taken, of the payout relation. */
  keys: readonly AcceptedKey[];
  registry: Registry;
  logger: Logger;
  events?: SchedulerEvents;
  limits?: Partial<SchedulerLimits>;
  now?: () => number;
  /** Why a prover may not log in, if it may not: a list of known ones, a stake. */
  admit?: (prover: Address) => Promise<string | undefined>;
  /** Default: threads that check proofs for real. */
  verifier?: ResultVerifier;
}

/** Faults of the coordinator's stores that a prover is told by name. */
const PASSING = new Set(['ARTIFACT_SPACE', 'STORE_SPACE', 'STORE_UNREACHABLE', 'STORE_CLOSED']);

type Opened<K extends ProverMessageKind> = { ok: true; session: Session; body: ProverMessage<K>; envelope: Envelope };

export class ProverService {
  readonly limits: SchedulerLimits;
  readonly #sessions: Sessions;
  readonly #leases: Leases;
  readonly #timeline: Timeline;
  readonly #metrics: SchedulerMetrics;
  readonly #book: ProverBook;
  readonly #verifier: ResultVerifier;
  readonly #gate: Gate;
  readonly #hellos: TokenBucket;
  readonly #now: () => number;
  #timer?: NodeJS.Timeout;
  #ticking?: Promise<void>;

  constructor(private readonly options: ProverServiceOptions) {
    const { queue, records, log, artifacts, identity, keys, registry, logger, events = {} } = options;
    const limits = { ...LIMITS, ...options.limits }, now = options.now ?? Date.now;
    this.limits = limits;
    this.#now = now;
    this.#book = new ProverBook(records, limits.sessions);
    this.#sessions = new Sessions(keys, this.#book, limits, now);
    this.#timeline = new Timeline(limits.timelineJobs, limits.timelineEntries);
    this.#metrics = schedulerMetrics(registry, queue, () => this.#sessions.onlineProvers());
    this.#verifier = options.verifier ?? new ThreadVerifier(keys, artifacts, limits.verifierThreads);
    this.#gate = new Gate(limits.concurrency);
    this.#hellos = new TokenBucket(limits.helloBurst, limits.hellosPerSecond, now());
    this.#leases = new Leases({
      queue, artifacts, identity, sessions: this.#sessions, book: this.#book, log: new AssignmentLog(log, now), timeline: this.#timeline, metrics: this.#metrics, verifier: this.#verifier,
      events, limits, now, fault: (where, error) => logger.error({ err: error, where }, 'fault of the coordinator'),
    });
  }

  /** Ends leases that run out, from now on; provers that were cut off by a restart have the time of one lease to report. */
  start(everyMs = 1000): void {
    const from = this.#now() + this.limits.minLeaseMs;
    this.#timer ??= setInterval(() => {
      if (this.#now() >= from) this.#ticking ??= this.expire().then(() => undefined, (error: unknown) => this.options.logger.error({ err: error }, 'leases could not be ended')).finally(() => { this.#ticking = undefined; });
    }, everyMs);
  }

  /** One round of what `start` does again and again. @returns leases that ran out */
  expire(): Promise<number> { return this.#leases.expire(); }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#ticking;
    await this.#verifier.close();
  }

  /** Answers one message. Never throws: what is wrong with it, or here, is a refusal. @param kind  the message's kind, where the transport names it */
  async handle(kind: string | undefined, envelope: unknown, channel: Channel): Promise<ProverReply<Exclude<ProverMessageKind, 'artifact'>>> {
    const claimed = kind ?? claimedKind(envelope);
    return this.#measured(claimed, async () => {
      switch (claimed) {
        case 'hello': return this.#hello(envelope, channel);
        case 'lease': return this.#with('lease', envelope, channel, ({ session, body }) => this.#leases.lease(session, body));
        case 'heartbeat': return this.#with('heartbeat', envelope, channel, (m) => this.#leases.heartbeat(m.session, m.body, m.envelope));
        case 'result': return this.#with('result', envelope, channel, (m) => this.#leases.result(m.session, m.body, m.envelope));
        case 'release': return this.#with('release', envelope, channel, (m) => this.#leases.release(m.session, m.body, m.envelope));
        default: return refuse('KIND', `no message of kind ${JSON.stringify(claimed)?.slice(0, 60)}`, { hint: `one of ${Object.keys(proverMessages).join(', ')}` });
      }
    });
  }

  /** Bytes of a package of a job that the prover has a lease on. The array is shared: do not change it. */
  artifact(envelope: unknown, channel: Channel): Promise<{ ok: true; data: Uint8Array } | Refusal> {
    return this.#measured('artifact', () => this.#with('artifact', envelope, channel, ({ session, body }) => this.#leases.artifact(session, body)));
  }

  /** Why a job waits, was skipped, failed: newest last. */
  async timeline(jobId: Hex): Promise<TimelineEntry[]> {
    const job = await this.options.queue.get(jobId);
    return job ? this.#timeline.of(job) : [];
  }

  /** Provers that are connected or were, in this run, and how they did. */
  provers(): ProverView[] {
    const latest = new Map<Address, Session>();
    for (const session of this.#sessions.all()) if ((latest.get(session.prover)?.lastSeen ?? -1) <= session.lastSeen) latest.set(session.prover, session);
    return [...latest.values()].map((session) => this.#view(session.record, this.#sessions.online(session), this.#leases.running(session.prover)));
  }
  /** Provers that were ever offered a job, by when they came. */
  async knownProvers(limit: number): Promise<ProverView[]> {
    return (await this.#book.list(limit)).map((record) => {
      const session = this.#sessions.of(record.address);
      return this.#view(record, session !== undefined && this.#sessions.online(session), this.#leases.running(record.address));
    });
  }
  async proverCounts(): Promise<{ online: number; known: number }> { return { online: this.#sessions.onlineProvers(), known: Math.max(await this.#book.count(), this.#sessions.onlineProvers()) }; }

  #view({ address, profile, transport, lastSeen, completed, failed, timedOut, falseProofs }: ProverRecord, online: boolean, running: Hex[]): ProverView {
    const { version, backend, cpu, cores, memoryBytes, parallel, classes } = profile;
    return {
      address, online, lastSeen, version, backend, cpu, cores, memoryBytes, parallel, transport, running, completed, failed, timedOut, falseProofs,
      classes: classes.map(({ className, relation, seconds, peakBytes }) => ({ className, relation, seconds, peakBytes })),
    };
  }

  async #hello(value: unknown, channel: Channel): Promise<ProverReply<'hello'>> {
    if (!this.#hellos.take(this.#now())) return refuse('RATE', 'too many logins at this moment', { retry: true, hint: 'try again in some seconds' });
    const opened = await this.#openEnvelope('hello', value);
    if (!opened.ok) {
      // Of another version the profile may look different: what is wrong is the version, not a field.
      const protocol = opened.code === 'ENVELOPE_BODY' ? claimedProtocol(value) : PROTOCOL_VERSION;
      return protocol === PROTOCOL_VERSION ? opened : refuse(REFUSED.protocol, `prover speaks prover protocol ${protocol}, this coordinator ${PROTOCOL_VERSION}`, { hint: protocol < PROTOCOL_VERSION ? 'the prover is too old: update it' : 'the coordinator is older than the prover: use the version it runs' });
    }
    const { from, body, envelope } = opened, reason = await this.options.admit?.(from);
    if (reason !== undefined) return refuse('NOT_ADMITTED', `${from}: ${reason}`);
    const session = await this.#sessions.login(from, body, envelope, channel);
    if ('ok' in session) return session;
    this.options.logger.info({ prover: from, transport: channel.transport, version: body.version, classes: [...session.lanes.values()].map((lane) => lane.className) }, 'prover logged in');
    return { ok: true, session: session.id, coordinator: this.options.identity.signer.address, heartbeatMs: heartbeatEvery(this.limits.minLeaseMs) };
  }

  /** Session and rate come before the signature, which costs most. */
  async #with<K extends ProverMessageKind, R>(kind: K, value: unknown, channel: Channel, act: (message: Opened<K>) => Promise<R>): Promise<R | Refusal> {
    const id = (value as { session?: unknown } | null)?.session, session = typeof id === 'string' ? this.#sessions.get(id as Hex) : undefined;
    if (!session) return refuse(REFUSED.session, 'no such session', { retry: true, hint: 'log in with hello: the coordinator was restarted, or the session was dropped' });
    if (!session.bucket.take(this.#now())) return refuse('RATE', `more than ${this.limits.perSecond} messages a second`, { retry: true, hint: 'wait a second' });
    const opened = await this.#openEnvelope(kind, value);
    if (!opened.ok) return opened;
    const refused = this.#sessions.take(session, opened.from, opened.envelope, channel);
    return refused ?? act({ ok: true, session, body: opened.body as ProverMessage<K>, envelope: opened.envelope });
  }

  async #openEnvelope<K extends ProverMessageKind>(kind: K, value: unknown): Promise<{ ok: true; from: Address; body: ProverMessage<K>; envelope: Envelope } | Refusal> {
    if (claimedKind(value) !== kind) return refuse('ENVELOPE_FORMAT', `kind: sent as ${kind}, signed as another`);
    const { identity } = this.options;
    const opened = await openEnvelope(value, { schema: proverMessages[kind], chainId: identity.chainId, to: identity.signer.address, now: this.#now(), clockSkewMs: this.limits.clockSkewMs });
    if (opened.ok) return opened as { ok: true; from: Address; body: ProverMessage<K>; envelope: Envelope };
    return refuse(opened.code, opened.message, opened.code === 'ENVELOPE_CLOCK' ? { retry: true, hint: 'set the clock of this machine (NTP)' } : {});
  }

  async #measured<R extends { ok: true }>(kind: string | undefined, work: () => Promise<R | Refusal>): Promise<R | Refusal> {
    const label = kind !== undefined && Object.hasOwn(proverMessages, kind) ? kind : 'other', end = this.#metrics.messageSeconds.startTimer({ kind: label });
    let reply: R | Refusal;
    try {
      reply = await this.#gate.run(1, work) ?? refuse('BUSY', 'too many messages at once', { retry: true, hint: 'try again in a second' });
    } catch (error) {
      this.options.logger.error({ err: error, kind: label }, 'message could not be answered');
      reply = error instanceof NetworkError && PASSING.has(error.code) ? refuse(error.code, error.shortMessage, { retry: true, hint: 'it passes: try again' })
        : refuse('INTERNAL', 'the coordinator could not answer', { retry: true, hint: 'it has logged why: try again' });
    }
    end();
    this.#metrics.messages.inc({ kind: label, code: reply.ok ? 'ok' : reply.code });
    return reply;
  }
}

function claimedKind(value: unknown): string | undefined {
  const kind = typeof value === 'object' && value !== null ? (value as { kind?: unknown }).kind : undefined;
  return typeof kind === 'string' ? kind : undefined;
}

function claimedProtocol(value: unknown): number {
  try {
    const { protocol } = JSON.parse((value as { body: string }).body) as { protocol?: unknown };
    return typeof protocol === 'number' ? protocol : PROTOCOL_VERSION;
  } catch {
    return PROTOCOL_VERSION;
  }
}
