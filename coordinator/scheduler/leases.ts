/**
 * Leases: from a waiting job to an offer, through reports, to a proof that was checked, a job that was handed back, or a lease that ran
 * out. The queue keeps the truth (token, holder, attempts); here is what a coordinator can forget, because the next message of the
 * prover says it again.
 */
import type { Address, Hex } from 'viem';
import { stringToBytes } from 'viem';
import { artifactJson } from '../../src/protocol/artifacts.js';
import {
  artifactHash, envelopeHash, proofJobSchema, REFUSED, sealEnvelope, type Envelope, type Offer, type ProofJob, type ProverMessage, type ProverReply, type Refusal,
} from '../../src/protocol/network/index.js';
import type { Failure, JobQueue, QueueJob } from '../queue/types.js';
import type { ArtifactStore } from '../store/types.js';
import type { AssignmentLog, LogKind } from './assignmentLog.js';
import { Gate, Recent } from './limits.js';
import { banned, comesFirst, heartbeatEvery, isBetter, leaseLength, skipReason } from './matching.js';
import type { SchedulerMetrics } from './metrics.js';
import type { Outcome, ProverBook } from './provers.js';
import type { Session, Sessions } from './sessions.js';
import type { Timeline } from './timeline.js';
import { holderOf, refuse, type SchedulerEvents, type SchedulerIdentity, type SchedulerLimits } from './types.js';
import type { ResultVerifier } from './verifier.js';

export interface LeaseParts {
  queue: JobQueue;
  artifacts: ArtifactStore;
  identity: SchedulerIdentity;
  sessions: Sessions;
  book: ProverBook;
  log: AssignmentLog;
  timeline: Timeline;
  metrics: SchedulerMetrics;
  verifier: ResultVerifier;
  events: SchedulerEvents;
  limits: SchedulerLimits;
  now: () => number;
  /** Faults of the coordinator itself. */
  fault: (where: string, error: unknown) => void;
}

/** A lease as this process knows it. */
interface Held {
  jobId: Hex;
  prover: Address;
  token: number;
  leaseMs: number;
  seconds: number;
  packages: ReadonlySet<Hex>;
  progress: number;
  /** The first report is logged when it comes, the latest one with the end of the lease. */
  reports: number;
  last?: Envelope;
  lastSeen: number;
}

/** Jobs that are looked at for an answer to "why do I get nothing", and how old that list may be. */
const PEEKED = 200, PEEK_MS = 200, EXPLAINED = 16;
const OFFERS_AT_ONCE = 16;
/** What this process remembers of a lease is forgotten after so long without a message. */
const FORGET_MS = 600_000;
/** A result keeps its lease while it is checked. */
const VERIFY_MS = 120_000;

export class Leases {
  readonly #held = new Map<Hex, Held>();
  readonly #checking = new Map<string, Promise<ProverReply<'result'>>>();
  readonly #checks: Gate;
  readonly #declined: Recent<string, number>;
  readonly #packages = new Map<Hex, WeakRef<Uint8Array>>();
  #peek?: { at: number; jobs: Promise<QueueJob[]> };

  constructor(private readonly parts: LeaseParts) {
    this.#checks = new Gate(parts.limits.verifications);
    this.#declined = new Recent(parts.limits.sessions);
  }

  /** Jobs that a prover is known to work on. */
  running(prover: Address): Hex[] { return [...this.#held.values()].filter((held) => held.prover === prover).map((held) => held.jobId); }

  async lease(session: Session, { free, memoryBytes, running }: ProverMessage<'lease'>): Promise<ProverReply<'lease'>> {
    const { sessions, limits, now } = this.parts;
    session.free = free;
    session.memoryBytes = memoryBytes;
    for (const { jobId, token } of running) await this.#adopt(session, jobId, token);
    const ban = banned(session.record, now(), limits);
    if (ban) return { ok: true, offers: [], waitMs: Math.min(ban.until - now(), 300_000), why: ban.reason.slice(0, 500) };

    const offers: Envelope[] = [], without = new Set<string>();
    let memory = memoryBytes;
    while (offers.length < Math.min(free, OFFERS_AT_ONCE)) {
      const job = await this.#take(session, memory, without);
      if (!job) break;
      offers.push(await this.#offer(session, job.queued, job.proof));
      session.free--;
      memory -= Math.max(job.queued.memoryBytes, session.lanes.get(job.queued.lane)!.peakBytes);
    }
    session.memoryBytes = memory;
    if (offers.length > 0) return { ok: true, offers, waitMs: 0, why: `${offers.length} offered` };
    // Many provers ask less often, so that asking alone does not fill the machine.
    const waitMs = Math.min(limits.maxPollMs, Math.max(limits.minPollMs, sessions.size * 10));
    return { ok: true, offers, waitMs, why: free === 0 ? 'nothing was asked for' : await this.#explain(session, memory) };
  }

  async heartbeat(session: Session, { jobId, token, progress }: ProverMessage<'heartbeat'>, envelope: Envelope): Promise<ProverReply<'heartbeat'>> {
    const { queue, limits, now, timeline } = this.parts;
    const job = await queue.get(jobId), lost = lostReason(job, session.prover, token);
    if (!job || lost !== undefined) return this.#stop(jobId, lost ?? 'unknown job', session, envelope);
    if (job.state === 'done') return this.#stop(jobId, 'its proof was taken', session, envelope);
    const held = this.#hold(session, job), attempt = job.attempts[job.attempts.length - 1];
    const limit = limits.overrun * held.seconds * 1000 + 60_000;
    if (job.state === 'leased' && now() - attempt.leasedAt > limit) {
      await this.#end(job, token, session.prover, { outcome: 'timedOut', code: 'OVERRUN', message: `not done after ${Math.round(limit / 1000)} s, measured for one proof were ${held.seconds} s` }, 'stop', envelope);
      return { ok: true, order: 'stop', reason: 'it takes too long: the job goes to others' };
    }
    const check = await queue.heartbeat(jobId, token, held.leaseMs);
    if (check !== 'ok') return this.#stop(jobId, check === 'cancelled' ? 'cancelled' : 'the lease ended', session, envelope);
    held.progress = progress;
    held.last = envelope;
    if (held.reports++ === 0) await this.parts.log.append('accept', { jobId, prover: session.prover, detail: `token ${token}` }, envelope);
    if (job.state === 'waiting') timeline.note(jobId, 'adopted', `${session.prover}, token ${token}: it went on while its lease had run out`, now());
    const better = await this.#better(session, job, held);
    return { ok: true, order: 'continue', ...(better && { better }) };
  }

  async result(session: Session, body: ProverMessage<'result'>, envelope: Envelope): Promise<ProverReply<'result'>> {
    const key = `${body.jobId}:${body.token}:${session.prover}`, running = this.#checking.get(key);
    if (running) return running;
    const check = this.#result(session, body, envelope).finally(() => this.#checking.delete(key));
    this.#checking.set(key, check);
    return check;
  }

  async #result(session: Session, { jobId, token, seconds, job: text }: ProverMessage<'result'>, envelope: Envelope): Promise<ProverReply<'result'>> {
    const { queue, artifacts, limits, verifier, metrics, now, log, events } = this.parts, { prover } = session;
    const job = await queue.get(jobId), lost = lostReason(job, prover, token);
    if (!job || lost !== undefined) {
      if (job) await log.append('result', { jobId, prover, detail: `token ${token}: refused, ${lost}` }, envelope);
      return refuse(REFUSED.lease, lost ?? 'unknown job', { hint: 'drop the proof: it cannot be paid under this lease' });
    }
    if (job.state === 'done') return { ok: true };
    const proof = proofOf(job);
    if (!proof) return refuse('INTERNAL', 'the job cannot be read here', { retry: true });
    const started = now();
    const verdict = await this.#checks.run(1, async () => {
      // Also takes up a lease that ran out while nobody else had the job; nobody gets it during the check.
      const check = await queue.heartbeat(jobId, token, Math.max(VERIFY_MS, limits.minLeaseMs));
      return check === 'ok' ? verifier.verify(text, proof, prover) : check;
    });
    if (verdict === undefined) return refuse('BUSY', 'too many results wait to be checked', { retry: true, hint: 'send it again in some seconds; the lease goes on' });
    if (typeof verdict === 'string') return refuse(REFUSED.lease, verdict === 'cancelled' ? 'the job was cancelled' : 'the lease ended', { hint: 'drop the proof' });
    metrics.verifySeconds.observe((now() - started) / 1000);
    if (!verdict.ok) return this.#rejected(job, proof, session, token, verdict, envelope);

    const data = stringToBytes(artifactJson(verdict.file)), artifact = artifactHash(data);
    await artifacts.put(artifact, data);
    const done = await queue.complete(jobId, token, artifact);
    if (done !== 'ok') return refuse(REFUSED.lease, done === 'cancelled' ? 'the job was cancelled' : 'the lease ended', { hint: 'drop the proof' });
    await this.#logEnd('result', jobId, prover, `token ${token}: proof accepted, artifact ${artifact}`, envelope);
    await this.#count(job, prover, 'completed', 'completed');
    await events.proved?.({ job: proof, prover, token, artifact, file: verdict.file, seconds });
    events.changed?.(jobId);
    return { ok: true };
  }

  async #rejected(job: QueueJob, proof: ProofJob, { prover }: Session, token: number, verdict: { fault: string; code: string; message: string }, envelope: Envelope): Promise<Refusal> {
    const { artifacts, events, now } = this.parts, { fault, code, message } = verdict, jobId = job.id;
    if (fault !== 'FALSE_PROOF') {
      await this.#end(job, token, prover, { outcome: 'failed', code, message }, 'result', envelope);
      return refuse(code, message, { hint: 'the result is not of this job: prover and coordinator differ in version, or the file was altered' });
    }
    const evidence = stringToBytes(JSON.stringify(envelope)), artifact = artifactHash(evidence), hash = envelopeHash(envelope);
    await artifacts.put(artifact, evidence);
    await this.#end(job, token, prover, { outcome: 'falseProof', code, message }, 'falseProof', envelope, `evidence ${artifact}`, { at: now(), jobId, code, envelope: hash });
    await events.falseProof?.({ jobId: proof.jobId, prover, token, code, message, envelope: hash, artifact });
    return refuse('FALSE_PROOF', `the proof does not hold for the job's statement: ${code}: ${message}`, { hint: 'this prover is not served for a while: check its keys, its kernels (zkattr doctor) and its memory' });
  }

  async release(session: Session, { jobId, token, reason, code, message }: ProverMessage<'release'>, envelope: Envelope): Promise<ProverReply<'release'>> {
    const job = await this.parts.queue.get(jobId);
    // Not its own any more: what it wants is so already.
    if (!job || lostReason(job, session.prover, token) !== undefined || job.state !== 'leased') return { ok: true };
    const peak = session.lanes.get(job.lane)?.peakBytes ?? job.memoryBytes;
    const outcome = ({ shutdown: 'released', unwanted: 'released', stopped: 'stopped', error: 'failed', outOfMemory: 'outOfMemory' } as const)[reason];
    await this.#end(job, token, session.prover, { outcome, code: code || reason, message, ...(outcome === 'outOfMemory' && { memoryBytes: Math.ceil(Math.max(job.memoryBytes, peak) * 1.5) }) }, 'release', envelope);
    this.#declined.set(`${session.prover}:${jobId}`, this.parts.now());
    return { ok: true };
  }

  /** Bytes of a package, for who has a lease on a job that names it. */
  async artifact(session: Session, { hash }: ProverMessage<'artifact'>): Promise<{ ok: true; data: Uint8Array } | Refusal> {
    const unknown = refuse('ARTIFACT_UNKNOWN', 'no job that this prover has a lease on names such a package', { hint: 'ask while the lease lasts; after a restart of the coordinator, report the job first' });
    for (const held of this.#held.values()) {
      if (held.prover !== session.prover || !held.packages.has(hash)) continue;
      const job = await this.parts.queue.get(held.jobId);
      if (job?.state !== 'leased' || lostReason(job, session.prover, held.token) !== undefined) continue;
      const data = await this.#package(hash);
      return data ? { ok: true, data } : unknown;
    }
    return unknown;
  }

  /** Ends leases that ran out, and forgets what nobody speaks of. */
  async expire(): Promise<number> {
    const { queue, timeline, now, events } = this.parts, jobs = await queue.expire();
    if (jobs.length > 0) this.#peek = undefined;
    for (const job of jobs) {
      const attempt = job.attempts[job.attempts.length - 1];
      await this.#logEnd('expired', job.id, attempt.prover, `token ${attempt.token}: ${attempt.code ?? 'LEASE_EXPIRED'}`);
      await this.#count(job, attempt.prover, 'timedOut', 'timedOut');
      if (job.state === 'dead') timeline.note(job.id, 'dead', job.result ?? 'too many attempts failed', now());
      events.changed?.(job.id);
    }
    for (const [jobId, held] of this.#held) if (now() - held.lastSeen > FORGET_MS) this.#held.delete(jobId);
    for (const [hash, data] of this.#packages) if (!data.deref()) this.#packages.delete(hash);
    return jobs.length;
  }

  /** Takes the first job that this prover may have. Lanes whose first job is not for it now are left out. */
  async #take(session: Session, memory: number, without: Set<string>): Promise<{ queued: QueueJob; proof: ProofJob } | undefined> {
    const { queue, limits, now, timeline, fault } = this.parts;
    const waiting = await this.#waiting();
    for (const [lane, { peakBytes }] of session.lanes) {
      if (peakBytes > memory) without.add(lane);
      const first = waiting.filter((job) => job.lane === lane && job.notBefore <= now() && job.memoryBytes <= memory).sort(comesFirst)[0];
      const reason = first && this.#skip(session, first, memory);
      if (reason) {
        without.add(lane);
        timeline.skipped(first.id, session.prover, reason, now());
      }
    }
    for (;;) {
      const lanes = [...session.lanes.keys()].filter((lane) => !without.has(lane));
      if (lanes.length === 0) return undefined;
      const length = (lane: string): number => leaseLength(session.lanes.get(lane)!.seconds, limits), leaseMs = Math.max(...lanes.map(length));
      const job = await queue.lease({ prover: session.prover, lanes, memoryBytes: memory, leaseMs });
      if (!job) return undefined;
      this.#forgetWaiting(job.id);
      const proof = proofOf(job);
      if (!proof) {
        fault(`job ${job.id}`, new Error('payload is not a proof job'));
        await queue.cancel(job.id, 'payload is not a proof job');
        continue;
      }
      const reason = this.#skip(session, job, memory, true);
      if (reason) {
        await queue.fail(job.id, job.token, { outcome: 'released', code: 'SKIPPED', message: reason });
        timeline.skipped(job.id, session.prover, reason, now());
        without.add(job.lane);
        continue;
      }
      if (length(job.lane) !== leaseMs) await queue.heartbeat(job.id, job.token, length(job.lane));
      return { queued: job, proof };
    }
  }

  /** @param leased  it has this prover's new lease: what the queue alone decides is decided */
  #skip(session: Session, job: QueueJob, memory: number, leased = false): string | undefined {
    const { limits, now, sessions } = this.parts, declined = this.#declined.get(`${session.prover}:${job.id}`);
    if (declined !== undefined && now() - declined < limits.declinedMs && this.#others(session, job)) return 'handed back by this prover';
    const rivals = function* (): Generator<Session> { for (const other of sessions.all()) if (sessions.online(other)) yield other; };
    // The attempt that was just opened is not the last prover's.
    return skipReason(session, leased ? { ...job, attempts: job.attempts.slice(0, -1) } : job, memory, rivals, now(), limits, job.priority > 0 && proofOf(job)?.order !== undefined);
  }

  #others(session: Session, job: QueueJob): boolean {
    for (const other of this.parts.sessions.all()) if (other.prover !== session.prover && other.lanes.has(job.lane) && this.parts.sessions.online(other)) return true;
    return false;
  }

  async #offer(session: Session, job: QueueJob, proof: ProofJob): Promise<Envelope> {
    const { identity, limits, now, log, metrics, book, events } = this.parts, { seconds, className } = session.lanes.get(job.lane)!;
    const leaseMs = leaseLength(seconds, limits);
    const body: Offer = { job: proof, token: job.token, attempt: job.attempts.length, leaseMs, heartbeatMs: heartbeatEvery(leaseMs) };
    const envelope = await sealEnvelope(identity.signer, { kind: 'offer', chainId: identity.chainId, to: session.prover, session: session.id, sequence: ++session.offers, sentAt: now(), body });
    this.#hold(session, job);
    await Promise.all([log.append('offer', { jobId: job.id, prover: session.prover, detail: `token ${job.token}, lease ${leaseMs} ms` }, envelope), book.offered(session.record)]);
    metrics.leases.inc({ class: className });
    metrics.waitSeconds.observe(Math.max(0, now() - job.enqueuedAt) / 1000);
    events.changed?.(job.id);
    return envelope;
  }

  /** A job that cannot wait until this one is done, when this one can. */
  async #better(session: Session, current: QueueJob, held: Held): Promise<Envelope | undefined> {
    if (held.progress >= 0.5 || session.free > 0) return undefined;
    const now = this.parts.now();
    const urgent = (await this.#waiting()).find((job) => {
      const lane = session.lanes.get(job.lane);
      return lane && job.notBefore <= now && isBetter(job, current, { candidate: lane.seconds, current: held.seconds }, held.progress, now) && this.#skip(session, job, session.profile.memoryBytes) === undefined;
    });
    if (!urgent) return undefined;
    const without = new Set([...session.lanes.keys()].filter((lane) => lane !== urgent.lane));
    const job = await this.#take(session, session.profile.memoryBytes, without);
    if (!job) return undefined;
    if (job.queued.priority <= current.priority) {
      await this.parts.queue.fail(job.queued.id, job.queued.token, { outcome: 'released', code: 'SKIPPED', message: 'not more urgent than what runs' });
      return undefined;
    }
    return this.#offer(session, job.queued, job.proof);
  }

  /** A prover names a job that it works on: its lease goes on, if it is still its own. */
  async #adopt(session: Session, jobId: Hex, token: number): Promise<void> {
    const { queue } = this.parts, known = this.#held.get(jobId);
    if (known && known.token === token && known.prover === session.prover) {
      known.lastSeen = this.parts.now();
      return;
    }
    const job = await queue.get(jobId);
    if (!job || lostReason(job, session.prover, token) !== undefined || job.state === 'done') return;
    const held = this.#hold(session, job);
    if ((await queue.heartbeat(jobId, token, held.leaseMs)) !== 'ok') {
      this.#held.delete(jobId);
      return;
    }
    // Its first report was logged by the process that offered it.
    held.reports = 1;
    this.parts.timeline.note(jobId, 'adopted', `${session.prover}, token ${token}`, this.parts.now());
  }

  #hold(session: Session, job: QueueJob): Held {
    const { limits, now } = this.parts, known = this.#held.get(job.id);
    if (known?.token === job.token) {
      known.lastSeen = now();
      return known;
    }
    const seconds = session.lanes.get(job.lane)?.seconds ?? 60, proof = proofOf(job);
    const held: Held = {
      jobId: job.id, prover: session.prover, token: job.token, leaseMs: leaseLength(seconds, limits), seconds, packages: new Set(proof ? [proof.record, ...proof.blocks.map((block) => block.package)] : []),
      progress: 0, reports: 0, lastSeen: now(),
    };
    this.#held.set(job.id, held);
    return held;
  }

  async #stop(jobId: Hex, reason: string, { prover }: Session, envelope: Envelope): Promise<ProverReply<'heartbeat'>> {
    const held = this.#held.get(jobId);
    if (held?.prover === prover) {
      this.#held.delete(jobId);
      await this.parts.log.append('stop', { jobId, prover, detail: `token ${held.token}: ${reason}` }, envelope);
    }
    return { ok: true, order: 'stop', reason: reason.slice(0, 500) };
  }

  /** Ends an attempt that brought no proof: in the queue, the log, and what is known of the prover. */
  async #end(job: QueueJob, token: number, prover: Address, failure: Failure, kind: LogKind, envelope: Envelope, more = '', falseProof?: Parameters<ProverBook['outcome']>[3]): Promise<void> {
    const { queue, timeline, now, events } = this.parts;
    await queue.fail(job.id, token, failure);
    this.#peek = undefined;
    await this.#logEnd(kind, job.id, prover, `token ${token}: ${failure.outcome}, ${failure.code}: ${failure.message}${more && `, ${more}`}`.slice(0, 2000), envelope);
    const outcome = ({ failed: 'failed', timedOut: 'timedOut', falseProof: 'falseProof', outOfMemory: 'failed', released: undefined, stopped: undefined } as const)[failure.outcome];
    await this.#count(job, prover, failure.outcome, outcome, falseProof);
    const after = await queue.get(job.id);
    if (after?.state === 'dead') timeline.note(job.id, 'dead', after.result ?? failure.message, now());
    events.changed?.(job.id);
  }

  async #count(job: QueueJob, prover: Address, label: string, outcome?: Outcome, falseProof?: Parameters<ProverBook['outcome']>[3]): Promise<void> {
    const { metrics, book, now } = this.parts, leasedAt = job.attempts.at(-1)?.leasedAt;
    metrics.outcomes.inc({ outcome: label });
    if (leasedAt !== undefined) metrics.attemptSeconds.observe({ outcome: label }, Math.max(0, now() - leasedAt) / 1000);
    if (outcome) await book.outcome(prover, outcome, now(), falseProof);
  }

  /** The latest report, if there was one after the first, and what ended the lease. */
  async #logEnd(kind: LogKind, jobId: Hex, prover: Address, detail: string, envelope?: Envelope): Promise<void> {
    const held = this.#held.get(jobId);
    this.#held.delete(jobId);
    if (held?.prover === prover && held.reports > 1 && held.last) await this.parts.log.append('heartbeat', { jobId, prover, detail: `token ${held.token}: the last of ${held.reports}` }, held.last);
    await this.parts.log.append(kind, { jobId, prover, detail }, envelope);
  }

  /** Why there is nothing for this prover: also told to the jobs it was not given. */
  async #explain(session: Session, memory: number): Promise<string> {
    const { timeline, now } = this.parts;
    let why: string | undefined;
    for (const job of (await this.#waiting()).slice(0, EXPLAINED)) {
      const last = job.attempts.at(-1);
      const reason = this.#skip(session, job, memory) ?? (last?.prover === session.prover && last.outcome !== 'released' ? 'last attempt was this prover\'s: another one comes first' : undefined);
      if (reason === undefined) continue;
      timeline.skipped(job.id, session.prover, reason, now());
      why ??= `job ${job.id}: ${reason}`;
    }
    return (why ?? 'no job waits').slice(0, 500);
  }

  /** The oldest waiting jobs in the order in which the queue gives them; some hundred milliseconds old. */
  async #waiting(): Promise<QueueJob[]> {
    const { queue, now } = this.parts;
    if (!this.#peek || Math.abs(now() - this.#peek.at) > PEEK_MS) this.#peek = { at: now(), jobs: queue.list('waiting', PEEKED).then((jobs) => jobs.sort(comesFirst)) };
    return this.#peek.jobs;
  }
  #forgetWaiting(id: Hex): void {
    if (this.#peek) this.#peek.jobs = this.#peek.jobs.then((jobs) => jobs.filter((job) => job.id !== id));
  }

  /** Provers of one record read the same bytes: while one of them does, they are in memory once. */
  async #package(hash: Hex): Promise<Uint8Array | undefined> {
    const shared = this.#packages.get(hash)?.deref();
    if (shared) return shared;
    const data = await this.parts.artifacts.get(hash);
    if (data) this.#packages.set(hash, new WeakRef(data));
    return data;
  }
}

/** Why a job is not this prover's under this token, or undefined when it is (running, ran out without another holder, or done). */
function lostReason(job: QueueJob | undefined, prover: Address, token: number): string | undefined {
  if (!job) return 'unknown job';
  if (job.state === 'cancelled') return `the job was cancelled: ${job.result ?? ''}`;
  const holder = holderOf(job);
  if (job.token !== token || holder !== prover) return `token ${token} is not the job's latest: ${job.token}${holder ? `, of ${holder === prover ? 'this prover' : 'another prover'}` : ''}`;
  if (job.state === 'dead') return `the job ended: ${job.result ?? ''}`;
  return undefined;
}

function proofOf({ payload }: QueueJob): ProofJob | undefined {
  try {
    return proofJobSchema.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}

