/** What happened to each job, numbered from 1 and stored: a stream that broke goes on after the last number that was seen, at any coordinator. */
import { EventEmitter } from 'node:events';
import type { Hex } from 'viem';
import type { Doc, Records } from '../store/types.js';

export interface JobEvent {
  sequence: number;
  at: number;
  event: string;
  detail: string;
}

const COLLECTION = 'intake.events', PAGE = 200, REMEMBERED = 4096;
/** An event more would say nothing new: a job that fails again and again. */
const MOST = 2000;

export class JobEvents {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  readonly #last = new Map<Hex, JobEvent | undefined>();
  readonly #turns = new Map<Hex, Promise<void>>();

  constructor(private readonly records: Records, private readonly now: () => number) {}

  /** Events of one job are appended one after the other. The same one twice in a row is one. */
  append(jobId: Hex, event: string, detail = ''): Promise<void> {
    const turn = (this.#turns.get(jobId) ?? Promise.resolve()).then(() => this.#append(jobId, event.slice(0, 80), detail.slice(0, 2000)));
    const settled = turn.catch(() => undefined).then(() => { if (this.#turns.get(jobId) === settled) this.#turns.delete(jobId); });
    this.#turns.set(jobId, settled);
    return turn;
  }

  async #append(jobId: Hex, event: string, detail: string): Promise<void> {
    for (let last = this.#last.has(jobId) ? this.#last.get(jobId) : await this.#latest(jobId); ; last = await this.#latest(jobId)) {
      if ((last?.event === event && last.detail === detail) || (last?.sequence ?? 0) >= MOST) return;
      const next: JobEvent = { sequence: (last?.sequence ?? 0) + 1, at: this.now(), event, detail };
      if (!await this.records.put(COLLECTION, this.#id(jobId, next.sequence), next, { state: jobId, order: next.sequence, expected: 0 })) continue; // another coordinator's
      if (this.#last.size >= REMEMBERED) this.#last.delete(this.#last.keys().next().value!);
      this.#last.set(jobId, next);
      this.#emitter.emit(jobId);
      return;
    }
  }

  /** Those after a sequence number, oldest first. */
  async since(jobId: Hex, sequence: number, limit = PAGE): Promise<JobEvent[]> {
    const page: Doc<JobEvent>[] = await this.records.list<JobEvent>(COLLECTION, jobId, limit, sequence > 0 ? { order: sequence, id: this.#id(jobId, sequence) } : undefined);
    return page.map((doc) => doc.value);
  }

  /** Forgets those of a job, oldest first: what is left after a crash goes with the next call. @returns how many */
  async remove(jobId: Hex): Promise<number> {
    let removed = 0;
    for (let page = await this.since(jobId, 0); page.length > 0; page = await this.since(jobId, 0)) {
      const gone = await Promise.all(page.map(({ sequence }) => this.records.delete(COLLECTION, this.#id(jobId, sequence), 1)));
      if (!gone.some(Boolean)) break; // another process is at it
      removed += gone.filter(Boolean).length;
    }
    this.#last.delete(jobId);
    return removed;
  }

  /** Tells that a job has new events, of this process. @returns ends it */
  watch(jobId: Hex, listener: () => void): () => void {
    this.#emitter.on(jobId, listener);
    return () => { this.#emitter.off(jobId, listener); };
  }

  async #latest(jobId: Hex): Promise<JobEvent | undefined> {
    return (await this.records.list<JobEvent>(COLLECTION, jobId, 1, undefined, 'falling'))[0]?.value;
  }

  readonly #id = (jobId: Hex, sequence: number): string => `${jobId}:${String(sequence).padStart(8, '0')}`;
}
