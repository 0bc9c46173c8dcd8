/**
 * Jobs from their blocks to their settlement. What only one coordinator may do is in `tick`, for the one that leads; what scheduler and
 * settler report may come at any coordinator, more than once, and late. Every step reads where things stand, moves one document by
 * compare and set, and can be done again: after a crash `reconcile` and the next ticks go on from what is there.
 *
 *   block    received -> committed -> assigned -> settled
 *   job      (requested ->) forming -> waiting -> proved -> settling -> settled;  back to waiting when it has to be proved again
 */
import type { Hex } from 'viem';
import type { Logger } from 'pino';
import { blockId as blockIdOf, CREDIT_KINDS, jobId as jobIdOf } from '../../src/chain/index.js';
import { AttributionError } from '../../src/errors/base.js';
import { jobSchema, type JobFile } from '../../src/protocol/artifacts.js';
import { artifactHash, encodeBlockPackage, decodeBlockPackage, laneOf, requestOf, type ProofJob } from '../../src/protocol/network/index.js';
import { batchBlock, batchFees } from '../../src/protocol/statements.js';
import type { JobQueue } from '../queue/types.js';
import type { ProvedEvent } from '../scheduler/index.js';
import type { Failure, Intent, Settler } from '../settlement/index.js';
import type { ArtifactStore } from '../store/types.js';
import { formJobs, type JobPlan } from './batcher.js';
import type { ChainClock, ChainView } from './chainView.js';
import type { ClassTable } from './classes.js';
import type { BlockEntry, Documents, JobEntry, RequestEntry } from './documents.js';
import type { JobEvents } from './events.js';
import { commitmentOf } from './intake.js';
import type { IntakeMetrics } from './metrics.js';
import type { Packages } from './packages.js';

export interface JobsOptions {
  documents: Documents;
  events: JobEvents;
  packages: Packages;
  artifacts: ArtifactStore;
  chain: ChainView;
  classes: ClassTable;
  queue: JobQueue;
  settler: () => Settler;
  /** lookMs: between two looks at the chain for one job that waits. */
  rules: { maxAgeMs: number; urgentSeconds: number; lookMs: number; feeTarget?: bigint; memoryBytes: Readonly<Record<string, number>> };
  now: () => number;
  /** Whether this coordinator leads still: a round ends where it does not. */
  leads: () => boolean;
  logger: Logger;
  metrics: IntakeMetrics;
  /** A job waits for a prover. */
  announce: () => void;
  kick: () => void;
}

/** A requested job whose request was never stored: its submission ended between two writes. */
const ORPHAN_MS = 60_000, SWEEP_MS = 5000, CHALLENGED_SECONDS = 60, MOST_ROUNDS = 5;
/** What the network as a whole was paid is booked as an account. */
export const NETWORK_ACCOUNT = '0x0000000000000000000000000000000000000000';

export class Jobs {
  /** Blocks whose commitment the settler has, of this process. */
  readonly #committing = new Set<Hex>();
  /** When the chain was asked about jobs that wait. */
  readonly #lookedAt = new Map<Hex, number>();
  #sweptAt = 0;
  #ticking?: Promise<void>;
  #again = false;

  constructor(private readonly options: JobsOptions) {}

  /** One round of the leader. A round that is asked for during one comes after it. */
  tick(): Promise<void> {
    if (this.#ticking) {
      this.#again = true;
      return this.#ticking;
    }
    return (this.#ticking = (async () => {
      do {
        this.#again = false;
        await this.#tick();
      } while (this.#again);
    })().finally(() => { this.#ticking = undefined; }));
  }

  /** What a process that ended left half done; before the first tick of a leader. */
  async reconcile(): Promise<void> {
    const { documents } = this.options;
    this.#committing.clear();
    for (const job of await documents.jobs.all('forming')) await this.#form(job);
    for (const block of await documents.blocks.all('assigned')) {
      const job = block.jobId ? await documents.jobs.get(block.jobId) : undefined;
      if (!job || job.phase === 'cancelled') await this.#releaseBlock(block.blockId, block.jobId);
    }
    await this.#sweep();
  }

  async #tick(): Promise<void> {
    await this.#each('commit', [undefined], () => this.#commit());
    await this.#each('request', await this.options.documents.jobs.all('requested'), (job) => this.#promote(job));
    await this.#each('batch', [undefined], () => this.#batch());
    await this.#each('settle', await this.options.documents.jobs.all('proved'), (job) => this.#settle(job));
    if (this.options.now() - this.#sweptAt >= SWEEP_MS) await this.#each('sweep', [undefined], () => this.#sweep());
  }

  /** One that fails does not stop the others; it comes again with the next round. */
  async #each<T>(what: string, list: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    for (const item of list) {
      if (!this.options.leads()) return;
      try {
        await work(item);
      } catch (error) {
        this.options.metrics.trouble.inc({ step: what });
        this.options.logger.error({ err: error, step: what, jobId: (item as { jobId?: Hex } | undefined)?.jobId, code: (error as { code?: string }).code }, 'step failed; tried again');
      }
    }
  }

  // ---- blocks ----

  async #commit(): Promise<void> {
    const { documents, packages, settler } = this.options;
    for (const block of await documents.blocks.all('received')) {
      if (this.#committing.has(block.blockId) || !block.commitment) continue;
      const batch = await packages.batch(block.package, block.className), { signature, validUntil } = block.commitment;
      const [intent] = await settler().enqueueCommit([{ blockId: block.blockId, commitment: commitmentOf(batch.signed.receipt, validUntil), signature }]);
      this.#committing.add(block.blockId);
      if (intent.state === 'final') await this.#committed(block.blockId); // reported before the block was handed in again
    }
  }

  async #committed(blockId: Hex): Promise<void> {
    const { documents, now, logger, kick } = this.options;
    this.#committing.delete(blockId);
    const moved = await documents.blocks.change(blockId, (b) => (b.phase === 'received' || b.phase === 'refused' ? { phase: 'committed', committedAt: now(), reason: undefined } : undefined));
    if (moved?.changed) logger.info({ blockId, paymentKeys: moved.value.keys }, 'block committed');
    kick();
  }

  async #commitFailed({ key, code: given, message }: { key: Hex; code: string; message: string }): Promise<void> {
    const { documents, logger } = this.options;
    this.#committing.delete(key);
    const block = await documents.blocks.get(key);
    if (block?.phase !== 'received') return;
    // Committed under another split, by its node or between our simulation and the inclusion: it is there, under another id.
    const found = given === 'BLOCK_ID' || given === 'COMMITMENT_USED' || given === 'REVERT_NotFunded' ? await this.#adopt(block) : undefined;
    const code = given === 'BLOCK_ID' || found ? 'BLOCK_SPLIT' : given, reason = `${code}: ${found ? `it was committed as ${found}` : message}`;
    await documents.blocks.change(key, (b) => (b.phase === 'received' ? { phase: 'refused', reason: reason.slice(0, 1000) } : undefined));
    logger.warn({ blockId: key, paymentKeys: block.keys, code, committedAs: found }, 'block refused');
  }

  /** Takes the block in under the id that it has on chain: the same tables and signatures, another split. */
  async #adopt(block: BlockEntry): Promise<Hex | undefined> {
    const { chain, documents, artifacts, packages, now } = this.options, { deployment } = chain.economy, found = await chain.blockOfPayment(block.node, block.keys[0]);
    if (!found || found.blockId === block.blockId) return undefined;
    const data = await artifacts.get(block.package);
    if (!data) return undefined;
    const pkg = decodeBlockPackage(data, block.className), split = { id: found.splitId, contributors: await chain.contributorsBps(found.splitId) }, batch = { ...pkg.batch, split };
    const id = blockIdOf({ chainId: deployment.chainId, address: deployment.inferences }, block.recordId, batchBlock(batch));
    if (id !== found.blockId) return undefined; // other content, or another record
    const renamed = encodeBlockPackage({ ...pkg, batch: { ...batch, blockId: id }, secrets: { ...pkg.secrets, blockId: id } }), name = artifactHash(renamed);
    await artifacts.put(name, renamed);
    await documents.blocks.create(id, { ...block, blockId: id, package: name, parts: batchFees(await packages.batch(name, block.className)).map(String), phase: 'committed', committedAt: now(), commitment: undefined, requestId: undefined });
    return id;
  }

  // ---- from blocks to a job ----

  async #batch(): Promise<void> {
    const { documents, chain, classes, rules, now } = this.options, blocks = (await documents.blocks.all('committed')).filter((b) => b.requestId === undefined);
    if (blocks.length === 0) return;
    const clock = await chain.clock();
    const plans = formJobs(blocks.map((b) => ({
      blockId: b.blockId, recordId: b.recordId, className: b.className, heightLog: b.heightLog, queries: b.keys.length, fees: BigInt(b.fees), since: b.committedAt ?? b.receivedAt, deadline: clock.toMs(b.deadline),
      ...(b.heldUntil !== undefined && { heldUntil: clock.toMs(b.heldUntil) }),
    })), { ofClass: (name) => classes.get(name), maxAgeMs: rules.maxAgeMs, urgentMs: rules.urgentSeconds * 1000, feeTarget: rules.feeTarget }, now());
    await this.#each('form', plans, (plan) => this.#open(plan, clock));
  }

  async #promote(job: JobEntry): Promise<void> {
    const { documents, chain, now, events } = this.options, request = await documents.requests.get(job.requestId!);
    const blocks = await Promise.all(job.blockIds.map((id) => documents.blocks.get(id))), clock = await chain.clock();
    const lost = blocks.some((b) => !b || b.requestId !== job.requestId || (b.phase !== 'received' && b.phase !== 'committed'));
    const standing = request && await chain.order(request.requestId, requestOf(request)), ended = standing === 'cancelled' || standing === 'paid' || standing === 'refunded';
    const over = request ? ended || BigInt(request.request.deadline) < BigInt(clock.seconds) : now() - job.createdAt > ORPHAN_MS;
    if (over || (request && lost)) {
      const reason = ended ? `the request is ${standing}` : over ? 'the request ended before its blocks were committed' : 'a block of the request was refused or settled in another way';
      if (await documents.moveJob(job.jobId, ['requested'], { phase: 'cancelled', reason })) await events.append(job.jobId, 'cancelled', reason);
      for (const blockId of job.blockIds) await documents.blocks.change(blockId, (b) => (b.requestId === job.requestId && b.jobId === undefined ? { requestId: undefined } : undefined));
    } else if (request && blocks.every((b) => b!.phase === 'committed')) {
      await this.#open({ recordId: job.recordId, className: job.className, heightLog: blocks[0]!.heightLog, blockIds: job.blockIds, reason: 'full' }, clock, job.requestId);
    }
  }

  /** Makes the job of a plan, when its blocks stand on chain as they are thought to; otherwise notes what was found. */
  async #open(plan: JobPlan, clock: ChainClock, requestId?: Hex): Promise<void> {
    const { documents, now, logger, metrics } = this.options, jobId = jobIdOf(plan.recordId, plan.blockIds), known = await documents.jobs.get(jobId);
    const blocks = (await Promise.all(plan.blockIds.map((id) => documents.blocks.get(id)))).filter((b) => b !== undefined);
    const fees = await this.#standing(blocks, clock, requestId);
    if (!fees) return;
    const proofJob = await this.#proofJob(jobId, blocks, fees, requestId);
    if (!proofJob) return;
    const entry: JobEntry = {
      jobId, phase: 'forming', className: plan.className, recordId: plan.recordId, blockIds: plan.blockIds, queries: proofJob.queries, fees: String(blocks.reduce((sum, b) => sum + BigInt(b.fees), 0n)),
      // Named also where there is none: a request for these blocks that came to nothing may have left its own.
      deadline: proofJob.deadline, requestId, createdAt: known?.createdAt ?? now(), updatedAt: now(), proofJob, rounds: 0,
    };
    if (!known) {
      if (!await documents.jobs.create(jobId, entry)) return;
    } else if (!(await documents.jobs.change(jobId, (j) => (j.phase === 'requested' || (j.phase === 'cancelled' && !j.proofJob) ? { ...entry, reason: undefined } : undefined)))!.changed) {
      // The same blocks made a job before, which was given up: they wait for others.
      for (const { blockId } of blocks) await documents.blocks.change(blockId, (b) => (b.phase === 'committed' ? { heldUntil: clock.seconds + CHALLENGED_SECONDS } : undefined));
      return;
    }
    metrics.formed.inc({ reason: plan.reason });
    logger.info({ jobId, blocks: plan.blockIds.length, paymentKeys: proofJob.paymentKeys, reason: plan.reason }, 'job formed');
    await this.#form(entry);
  }

  /** Takes the blocks of a job that is stored, and gives it to the queue. */
  async #form({ jobId, blockIds, proofJob, className, requestId, rounds }: JobEntry): Promise<void> {
    const { documents, queue, chain, rules, events, announce } = this.options;
    for (const blockId of blockIds) {
      const taken = await documents.blocks.change(blockId, (b) => (b.phase === 'committed' && b.jobId === undefined ? { phase: 'assigned', jobId } : undefined));
      if (taken?.value.jobId !== jobId) return this.#giveUp(jobId, `block ${blockId} is ${taken?.value.phase ?? 'unknown'}`, ['forming']);
    }
    const clock = await chain.clock(), { vkHash, deadline } = proofJob!;
    const input = { id: jobId, lane: laneOf('payout', className, vkHash), priority: requestId === undefined ? 0 : 1, deadline: Math.round(clock.toMs(deadline)), memoryBytes: rules.memoryBytes[className] ?? 0, payload: JSON.stringify(proofJob) };
    await queue.enqueue(input);
    if (await documents.moveJob(jobId, ['forming'], { phase: 'waiting' })) await events.append(jobId, 'formed', `${blockIds.length} blocks, round ${rounds + 1}`);
    announce();
  }

  /**
   * Contributors' parts of each block's fees, 0 where the payment went back; undefined when a block is not what its document says,
   * which is then put right.
   */
  async #standing(blocks: readonly BlockEntry[], { seconds }: ChainClock, requestId?: Hex): Promise<string[][] | undefined> {
    const { chain, documents } = this.options, fees: string[][] = [];
    let good = true;
    for (const { blockId, keys, parts } of blocks) {
      const { status, reservedUntil } = await chain.block(blockId), payments = await chain.payments(keys);
      const correct = async (edit: Partial<BlockEntry>): Promise<void> => { good = false; await documents.blocks.change(blockId, (b) => (b.phase === 'committed' ? edit : undefined)); };
      if (status === 'settled') await correct({ phase: 'settled', reason: 'settled in another way' });
      else if (status === 'rejected' || payments.every((p) => p.status === 'refunded')) await correct({ phase: 'refunded', reason: status === 'rejected' ? 'the court rejected the block' : 'all payments went back' });
      else if (status !== 'committed') await correct({ heldUntil: seconds + CHALLENGED_SECONDS });
      else if (reservedUntil >= seconds && requestId === undefined) await correct({ heldUntil: reservedUntil + 1 });
      fees.push(parts.map((part, q) => (payments[q].status === 'refunded' ? '0' : part)));
    }
    return good ? fees : undefined;
  }

  async #proofJob(jobId: Hex, blocks: readonly BlockEntry[], fees: readonly string[][], requestId?: Hex): Promise<ProofJob | undefined> {
    const { documents, chain, classes, logger, metrics } = this.options, { deployment } = chain.economy, [{ className, recordId }] = blocks;
    const limits = classes.require(className), { selector, vkHash } = await chain.liveVerifier(limits.id), record = await documents.records.get(recordId);
    const request = requestId === undefined ? undefined : await documents.requests.get(requestId);
    if (!limits.vkHashes.has(vkHash) || !record) {
      metrics.trouble.inc({ step: 'key' });
      logger.error({ jobId, className, vkHash }, 'the live verifier has a key that is not loaded here: its jobs wait');
      return undefined;
    }
    return {
      format: 'zkattr-proof-job', jobId, relation: 'payout', className, vkHash, selector, chainId: deployment.chainId, verifier: deployment.verifier, settlement: deployment.settlement, recordId, record: record.package,
      blocks: blocks.map((b, i) => ({ blockId: b.blockId, package: b.package, fees: fees[i] })), queries: blocks.reduce((n, b) => n + b.keys.length, 0), paymentKeys: blocks.flatMap((b) => b.keys), deadline: Math.min(...blocks.map((b) => b.deadline)),
      ...(request && { requestId: request.requestId, order: { request: request.request, signature: request.signature } }),
    };
  }

  // ---- proofs ----

  /** From the scheduler: leased, ended an attempt, or waits again. */
  async changed(jobId: Hex): Promise<void> {
    const { queue, events, documents, announce } = this.options, job = await queue.get(jobId), last = job?.attempts.at(-1);
    if (!job) return;
    if (job.state === 'leased') await events.append(jobId, 'leased', `${last!.prover}, token ${last!.token}`);
    else if (last && last.outcome !== 'completed') await events.append(jobId, last.outcome, `${last.prover}, token ${last.token}${last.code ? `: ${last.code}` : ''}`);
    if (job.state === 'waiting') announce();
    if (job.state === 'dead' && await documents.moveJob(jobId, ['waiting'], { phase: 'dead', reason: job.result })) await events.append(jobId, 'dead', job.result);
  }

  proved({ job: { jobId }, prover, artifact }: Pick<ProvedEvent, 'prover' | 'artifact'> & { job: Pick<ProofJob, 'jobId'> }): Promise<void> { return this.#proved(jobId, { prover, artifact }); }

  async #proved(jobId: Hex, proof: NonNullable<JobEntry['proof']>): Promise<void> {
    const { documents, events, kick, logger, metrics } = this.options;
    if (!await documents.moveJob(jobId, ['waiting', 'forming'], { phase: 'proved', proof })) return;
    metrics.proved.inc();
    logger.info({ jobId, prover: proof.prover, paymentKeys: (await documents.jobs.get(jobId))?.proofJob?.paymentKeys }, 'job proved');
    await events.append(jobId, 'proved', proof.prover);
    kick();
  }

  async #settle(job: JobEntry): Promise<void> {
    const { documents, events, logger } = this.options, { jobId } = job;
    let intent: Intent;
    try {
      intent = await this.#enqueue(job);
    } catch (error) {
      if (!(error instanceof AttributionError) || !/^(JOB_ID|CHAIN_ID_MISMATCH|ARTIFACT_UNKNOWN|ARTIFACT_HASH)$/.test(error.code)) throw error;
      logger.error({ err: error, jobId }, 'proved job cannot be settled');
      await this.#dead(jobId, `${error.code}: ${error.shortMessage}`, ['proved']);
      return;
    }
    if (await documents.moveJob(jobId, ['proved'], { phase: 'settling' })) await events.append(jobId, 'settling', intent.id);
    if (intent.state === 'final') await this.final(intent);
  }

  async #enqueue({ proof, proofJob, requestId, direct }: JobEntry): Promise<Intent> {
    const { artifacts, packages, documents, settler } = this.options, data = await artifacts.get(proof!.artifact);
    if (!data) throw new AttributionError('proof is not in the store', { code: 'ARTIFACT_UNKNOWN', where: proof!.artifact });
    const file: JobFile = jobSchema.parse(JSON.parse(new TextDecoder().decode(data))), registration = await packages.registration(proofJob!.record), batches = [];
    for (const block of proofJob!.blocks) batches.push(await packages.batch(block.package, proofJob!.className));
    const request = requestId !== undefined && !direct ? await documents.requests.get(requestId) : undefined;
    return request && await this.#deliverable(request) ? settler().enqueueDeliver(file, registration, batches, requestOf(request)) : settler().enqueueSettle(file, registration, batches);
  }

  /** Open, or locked: then it is delivered by the prover of the lock, or by anybody once the lock is over. */
  async #deliverable({ requestId, request: { deadline } }: RequestEntry): Promise<boolean> {
    const { chain } = this.options, { status } = await chain.economy.market.request(requestId), { seconds } = await chain.clock();
    return (status === 'open' || status === 'locked') && BigInt(deadline) >= BigInt(seconds);
  }

  /**
   * From the settler: an intent waits. A settlement for the fees alone that finds its blocks reserved came before the order's lock: the
   * proof is delivered to the order. Whichever of both intents is first, the other one finds the job settled.
   */
  async waiting({ kind, jobId, reason }: Intent): Promise<void> {
    if (kind !== 'settle' || jobId === undefined || reason?.code !== 'REVERT_BlockReserved') return;
    const entry = await this.options.documents.jobs.get(jobId);
    if (entry?.phase === 'settling' && entry.requestId !== undefined && !entry.direct) await this.#enqueue(entry);
  }

  // ---- ends ----

  /** From the settler: the effect is there to stay. */
  async final({ kind, key, jobId: job, included }: Intent): Promise<void> {
    if (kind === 'commit') return this.#committed(key);
    if (kind === 'anchor' || job === undefined) return;
    const { documents, chain, events, logger, metrics } = this.options, entry = await documents.jobs.get(job);
    if (!entry || entry.phase === 'settled') return;
    const { credits } = await chain.economy.court.evidence(job), byAccount = new Map<string, { kind: string; amount: bigint }[]>();
    for (const credit of credits) byAccount.set(credit.account, [...byAccount.get(credit.account) ?? [], { kind: CREDIT_KINDS[credit.kind], amount: credit.amount }]);
    for (const [account, list] of byAccount) await documents.credit(account as Hex, job, list);
    await documents.credit(NETWORK_ACCOUNT, job, [{ kind: 'fees', amount: BigInt(entry.fees) }, { kind: 'inferences', amount: BigInt(entry.queries) }, { kind: 'jobs', amount: 1n }]);
    for (const blockId of entry.blockIds) await documents.blocks.change(blockId, (b) => (b.phase === 'settled' ? undefined : { phase: 'settled', jobId: job, reason: undefined }));
    const transaction = included && { hash: included.hash, block: String(included.blockNumber) };
    if ((await documents.jobs.change(job, (j) => (j.phase === 'settled' ? undefined : { phase: 'settled', updatedAt: this.options.now(), transaction, reason: undefined })))!.changed) {
      metrics.settled.inc();
      logger.info({ jobId: job, transaction: included?.hash, paymentKeys: entry.proofJob?.paymentKeys }, 'job settled');
      await events.append(job, 'settled', included?.hash);
    }
    // Settled by somebody else while it was being proved: nobody works on it any more.
    await this.options.queue.cancel(job, 'settled');
  }

  /** From the settler: the intent ended without its effect. */
  async failed({ intent: { kind, key, jobId: job }, code, message }: Failure): Promise<void> {
    if (kind === 'commit') return this.#commitFailed({ key, code, message });
    if (kind === 'anchor' || job === undefined) return;
    const { documents, logger, events, kick } = this.options, entry = await documents.jobs.get(job);
    if (!entry || (entry.phase !== 'settling' && entry.phase !== 'proved')) return;
    logger.warn({ jobId: job, code, message, paymentKeys: entry.proofJob?.paymentKeys }, 'job was not settled');
    await events.append(job, 'refused', `${code}: ${message}`);
    // Opened on a branch of the chain that is gone counts as over.
    if (code === 'REQUEST_OVER' || (kind === 'deliver' && code === 'REVERT_WrongRequestStatus')) {
      if (await documents.moveJob(job, ['settling', 'proved'], { phase: 'proved', direct: true })) kick();
      return;
    }
    if ((code === 'REPROVE' || code === 'PROOF_REJECTED') && await this.#reprove(entry, code)) return;
    await this.#permanent(entry, `${code}: ${message}`);
  }

  /** Gives the job back to provers, with the fees and the verifier of now. @returns false when that would change nothing */
  async #reprove(entry: JobEntry, code: string): Promise<boolean> {
    const { documents, chain, queue, events, announce } = this.options, { jobId, rounds, requestId } = entry;
    if (rounds >= MOST_ROUNDS) return false;
    chain.forgetVerifiers();
    const blocks = await Promise.all(entry.blockIds.map((id) => documents.blocks.get(id)));
    const states = await Promise.all(blocks.map((b) => chain.block(b!.blockId)));
    if (states.some(({ status }) => status === 'rejected' || status === 'settled' || status === 'none')) return false;
    const fees: string[][] = [];
    for (const b of blocks) {
      const payments = await chain.payments(b!.keys);
      fees.push(b!.parts.map((part, q) => (payments[q].status === 'refunded' ? '0' : part)));
    }
    const proofJob = await this.#proofJob(jobId, blocks.map((b) => b!), fees, entry.direct ? undefined : requestId);
    if (!proofJob) return false;
    if (!await queue.replace(jobId, JSON.stringify(proofJob))) return false;
    await documents.moveJob(jobId, ['settling', 'proved'], { phase: 'waiting', proofJob, proof: undefined, rounds: rounds + 1 });
    await events.append(jobId, 'reprove', `${code}, round ${rounds + 2}`);
    announce();
    return true;
  }

  /** A block's fault: the job is given up and the others go on. Nobody's that can be told: the job is dead, for a person to look at. */
  async #permanent(entry: JobEntry, reason: string): Promise<void> {
    const { chain } = this.options, states = await Promise.all(entry.blockIds.map((id) => chain.block(id)));
    if (states.every(({ status }) => status === 'committed' || status === 'challenged')) return this.#dead(entry.jobId, reason, ['settling', 'proved']);
    await this.#giveUp(entry.jobId, reason, ['settling', 'proved', 'waiting']);
  }

  async #dead(jobId: Hex, reason: string, from: JobEntry['phase'][]): Promise<void> {
    if (await this.options.documents.moveJob(jobId, from, { phase: 'dead', reason })) await this.options.events.append(jobId, 'dead', reason);
  }

  async #giveUp(jobId: Hex, reason: string, from: JobEntry['phase'][]): Promise<void> {
    const { documents, queue, events, kick } = this.options;
    if (!await documents.moveJob(jobId, from, { phase: 'cancelled', reason })) return;
    await queue.cancel(jobId, reason);
    for (const blockId of (await documents.jobs.get(jobId))!.blockIds) await this.#releaseBlock(blockId, jobId);
    await events.append(jobId, 'cancelled', reason);
    kick();
  }

  /** To where the chain says it stands. */
  async #releaseBlock(blockId: Hex, jobId: Hex | undefined): Promise<void> {
    const { chain, documents } = this.options, { status } = await chain.block(blockId);
    const edit: Partial<BlockEntry> = status === 'settled' ? { phase: 'settled', reason: 'settled by another job' } : status === 'rejected' ? { phase: 'refunded', reason: 'the court rejected the block' } : { phase: 'committed' };
    await documents.blocks.change(blockId, (b) => (b.phase === 'assigned' && b.jobId === jobId ? { ...edit, jobId: undefined, requestId: undefined } : undefined));
  }

  /**
   * A dead job goes on: its proof is settled again, or it is proved again.
   * @param signedAt  of the order, ms  @returns false when it is not dead
   */
  async revive(jobId: Hex, signedAt = this.options.now(), by = ''): Promise<boolean> {
    const { documents, queue, events, announce, kick } = this.options, entry = await documents.jobs.get(jobId);
    if (entry?.phase !== 'dead') return false;
    const anew = { reason: undefined, rounds: 0, revivedAt: Math.max(signedAt, entry.revivedAt ?? 0) };
    if (entry.proof && !/^PROOF_REJECTED/.test(entry.reason ?? '')) {
      if (!await documents.moveJob(jobId, ['dead'], { ...anew, phase: 'proved' })) return false;
    } else {
      // One that the queue lost is given to it again by the next sweep.
      if (!await queue.revive(jobId) && !await queue.replace(jobId, JSON.stringify(entry.proofJob)) && await queue.get(jobId)) return false;
      if (!await documents.moveJob(jobId, ['dead'], { ...anew, phase: 'waiting', proof: undefined })) return false;
      announce();
    }
    await events.append(jobId, 'revived', by);
    kick();
    return true;
  }

  /** Reports that were lost between two writes: of the queue about jobs that wait here. */
  async #sweep(): Promise<void> {
    const { documents, queue, now } = this.options;
    this.#sweptAt = now();
    const waiting = await documents.jobs.all('waiting'), ids = new Set(waiting.map((job) => job.jobId));
    for (const id of this.#lookedAt.keys()) if (!ids.has(id)) this.#lookedAt.delete(id);
    for (const job of waiting) {
      const queued = await queue.get(job.jobId);
      if (!queued) await this.#requeue(job);
      else if (queued.state === 'done' && queued.result !== undefined) await this.#proved(job.jobId, { artifact: queued.result as Hex, prover: queued.attempts.at(-1)!.prover });
      else if (queued.state === 'dead') await this.changed(job.jobId);
      else await this.#overtaken(job);
    }
    for (const job of await documents.jobs.all('forming')) await this.#form(job);
  }

  /** A job that somebody else settled while it waits here, or whose block is another's or the court's by now: nobody proves it for nothing. */
  async #overtaken({ jobId, blockIds, requestId, updatedAt }: JobEntry): Promise<void> {
    const { documents, chain, settler, now, logger, rules } = this.options, request = requestId === undefined ? undefined : await documents.requests.get(requestId);
    const paid = request !== undefined && await chain.order(request.requestId, requestOf(request)) === 'paid';
    if (!paid && now() - (this.#lookedAt.get(jobId) ?? updatedAt) < rules.lookMs) return;
    this.#lookedAt.set(jobId, now());
    if (await settler().follow(jobId)) return logger.info({ jobId }, 'job was settled by somebody else');
    const states = await Promise.all(blockIds.map((id) => chain.block(id))), over = states.findIndex(({ status }) => status === 'settled' || status === 'rejected');
    if (over >= 0) await this.#giveUp(jobId, `block ${blockIds[over]} is ${states[over].status} on chain`, ['waiting']);
  }

  /** The queue lost it: another Redis, a backup that was brought back. */
  async #requeue(job: JobEntry): Promise<void> {
    if (await this.options.documents.moveJob(job.jobId, ['waiting'], { phase: 'forming' })) await this.#form(job);
  }
}
