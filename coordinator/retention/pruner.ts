/**
 * Removes what is over for long: jobs that were settled or cancelled, and blocks that were settled, cancelled, refunded or refused, with
 * everything that only they need: queue record, events, request, package and proof, intents and transactions of the settlement. Packages
 * that were uploaded and never handed in go too.
 *
 * Kept for ever: the assignment log, what accounts were credited, records, provers and evidence of false proofs. That nothing is paid
 * twice does not hang on what is removed: the registry holds what is settled, and the intake asks it about a block that it does not know.
 *
 * Each thing goes from its leaves to its document, which names them: after a crash the next round finds it again, and what is gone
 * already is no error. A package holds the id of its block, so that no other block can name the same bytes; a proof holds that of its job.
 */
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { BlockEntry, Documents, JobEntry, JobEvents, RequestEntry, Shelf, UploadEntry } from '../intake/index.js';
import type { JobQueue } from '../queue/types.js';
import type { Outbox } from '../settlement/index.js';
import type { ArtifactStore } from '../store/types.js';

export interface PrunerOptions {
  documents: Documents;
  events: JobEvents;
  queue: JobQueue;
  artifacts: ArtifactStore;
  outbox: () => Outbox;
  /** Things go when they were over for so long; undefined keeps all. */
  retainMs: number | undefined;
  /** Jobs, blocks and others, each, in one round. */
  batch: number;
  now: () => number;
  /** Whether this coordinator leads still: a round ends where it does not. */
  leads: () => boolean;
  metrics: PrunerMetrics;
  logger: Logger;
}

const JOBS = ['settled', 'cancelled'] as const, BLOCKS = ['settled', 'cancelled', 'refunded', 'refused'] as const;
/** Between a package and the block that names it lies a try or two. */
const UPLOAD_MS = 3_600_000;
const isOver = ({ phase }: BlockEntry): boolean => (BLOCKS as readonly string[]).includes(phase);

export class PrunerMetrics {
  readonly pruned;
  constructor(registry: Registry) {
    this.pruned = new Counter({ name: 'zkattr_pruned_total', help: 'Things that were over for long and were removed', labelNames: ['kind'], registers: [registry] });
    for (const kind of ['job', 'block', 'request', 'upload', 'event', 'intent', 'transaction']) this.pruned.inc({ kind }, 0);
  }
}

interface Place { order: number; id: string }

export class Pruner {
  /** Where the next round goes on, by list, and lists that this pass is through with: what must stay does not keep the rest from going. */
  readonly #places = new Map<string, Place>();
  readonly #through = new Set<string>();
  /** The first of this round: one thing that cannot be removed does not keep the others. */
  #failure?: { error: unknown };
  #ticking?: Promise<boolean>;

  constructor(private readonly options: PrunerOptions) {}

  /** One round of the leader: a batch of every list. @returns whether there is more to look at; otherwise the next round begins anew @throws what could not be removed, after the rest of the round */
  tick(): Promise<boolean> {
    return (this.#ticking ??= this.#tick().finally(() => { this.#ticking = undefined; }));
  }

  async #tick(): Promise<boolean> {
    const { documents, retainMs, batch, now, leads, outbox, metrics, logger } = this.options;
    if (retainMs === undefined) return false;
    const cutoff = now() - retainMs;
    let jobs = 0, more = false;
    const sweep = async <T>(shelf: Shelf<T>, state: string, since: (value: T) => number, remove: (value: T) => Promise<boolean>, before = cutoff): Promise<number> => {
      const { removed, through } = await this.#sweep(shelf, state, before, since, remove);
      more ||= !through;
      return removed;
    };
    for (const phase of JOBS) jobs += await sweep(documents.jobs, phase, (job) => job.createdAt, (job) => this.#job(job, cutoff));
    for (const phase of BLOCKS) await sweep(documents.blocks, phase, (block) => block.receivedAt, (block) => this.#alone(block, cutoff));
    await sweep(documents.requests, 'known', (request) => request.receivedAt, (request) => this.#forgotten(request, cutoff));
    for (const state of ['unused', 'going'] as const) await sweep(documents.uploads, state, (upload) => upload.at, (upload) => this.#upload(upload), Math.min(cutoff, now() - UPLOAD_MS));
    if (leads()) metrics.pruned.inc({ kind: 'transaction' }, await outbox().removeTransactions(cutoff, batch));
    if (jobs > 0) logger.info({ jobs }, 'jobs that were over for long were removed');
    if (!more) this.#through.clear();
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
    return more && leads();
  }

  /** A batch of one list, oldest first. through: it came to the end of what is old enough. */
  async #sweep<T>(shelf: Shelf<T>, state: string, cutoff: number, since: (value: T) => number, remove: (value: T) => Promise<boolean>): Promise<{ removed: number; through: boolean }> {
    const { batch, leads } = this.options, key = `${shelf.collection} ${state}`;
    let removed = 0;
    if (this.#through.has(key)) return { removed, through: true };
    const page = await shelf.page(state, batch, this.#places.get(key)), last = page.at(-1);
    for (const { value } of page) {
      if (!leads()) return { removed, through: false };
      if (since(value) >= cutoff) break;
      try {
        if (await remove(value)) removed++;
      } catch (error) {
        this.#failure ??= { error };
      }
    }
    const through = page.length < batch || since(last!.value) >= cutoff;
    if (through) this.#places.delete(key);
    else this.#places.set(key, { order: last!.order, id: last!.id });
    if (through) this.#through.add(key);
    return { removed, through };
  }

  async #job(job: JobEntry, cutoff: number): Promise<boolean> {
    const { documents, events, queue, artifacts, metrics } = this.options, { jobId, phase, requestId, proof } = job;
    if (job.updatedAt >= cutoff) return false;
    const intents = [`settle:${jobId}`, ...(requestId === undefined ? [] : [`deliver:${requestId}`])];
    // Blocks of a job that was given up may be in another one now: they are its.
    const own = (await Promise.all(job.blockIds.map((id) => documents.blocks.get(id)))).filter((block) => block?.jobId === jobId) as BlockEntry[];
    if (!own.every(isOver) || !await this.#ended([...intents, ...own.map(({ blockId }) => `commit:${blockId}`)])) return false;
    for (const block of own) await this.#block(block);
    if (requestId !== undefined && await documents.requests.remove(requestId, (request) => request.jobId === jobId)) metrics.pruned.inc({ kind: 'request' });
    if (proof) await artifacts.delete(proof.artifact);
    await queue.cancel(jobId, 'over');
    await queue.remove(jobId);
    metrics.pruned.inc({ kind: 'event' }, await events.remove(jobId));
    await this.#intents(intents);
    return this.#counted('job', documents.jobs.remove(jobId, (now) => now.phase === phase && now.updatedAt === job.updatedAt));
  }

  /** A block whose job is not here, or that was in none: over since its payments could go back at the latest. */
  async #alone(block: BlockEntry, cutoff: number): Promise<boolean> {
    const { documents } = this.options;
    if (Math.max(block.committedAt ?? 0, block.deadline * 1000) >= cutoff || (block.jobId !== undefined && await documents.jobs.get(block.jobId)) || !await this.#ended([`commit:${block.blockId}`])) return false;
    return this.#block(block);
  }

  async #block({ blockId, package: name }: BlockEntry): Promise<boolean> {
    const { documents, artifacts } = this.options;
    // A refused one may be handed in again at this moment, which would need its package: it is closed first.
    const closed = await documents.blocks.change(blockId, (block) => (block.phase === 'refused' && block.package === name ? { phase: 'cancelled' } : undefined));
    if (!closed || !isOver(closed.value) || closed.value.phase === 'refused') return false;
    await artifacts.delete(name);
    await this.#intents([`commit:${blockId}`]);
    return this.#counted('block', documents.blocks.remove(blockId, isOver));
  }

  /** A request whose job names another one now, or is gone. */
  async #forgotten({ requestId, jobId, request }: RequestEntry, cutoff: number): Promise<boolean> {
    const { documents } = this.options;
    if (Number(request.deadline) * 1000 >= cutoff || (await documents.jobs.get(jobId))?.requestId === requestId || !await this.#ended([`deliver:${requestId}`])) return false;
    await this.#intents([`deliver:${requestId}`]);
    return this.#counted('request', documents.requests.remove(requestId, () => true));
  }

  /** A package that nobody handed in. Whoever does so at this moment is told to send it again. */
  async #upload({ hash }: UploadEntry): Promise<boolean> {
    const { documents, artifacts } = this.options, going = await documents.uploads.change(hash, ({ state }) => (state === 'unused' ? { state: 'going' } : undefined));
    if (going?.value.state !== 'going') return false;
    await artifacts.delete(hash);
    return this.#counted('upload', documents.uploads.remove(hash, ({ state }) => state === 'going'));
  }

  /** Nothing of the settlement is under way. */
  async #ended(ids: readonly string[]): Promise<boolean> {
    const states = await Promise.all(ids.map(async (id) => (await this.options.outbox().intent(id))?.state));
    return states.every((state) => state === undefined || state === 'final' || state === 'failed');
  }

  async #intents(ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#counted('intent', this.options.outbox().remove(id));
  }

  async #counted(kind: string, removal: Promise<boolean>): Promise<boolean> {
    const removed = await removal;
    if (removed) this.options.metrics.pruned.inc({ kind });
    return removed;
  }
}
