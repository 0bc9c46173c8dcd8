/** Why a job waits or was skipped, by whom: what the attempts of the queue do not say. In memory, bounded in jobs and entries. */
import type { Address, Hex } from 'viem';
import type { JobView } from '../../src/protocol/network/index.js';
import type { QueueJob } from '../queue/types.js';
import { Recent } from './limits.js';

export type TimelineEntry = JobView['timeline'][number];
interface Notes { entries: TimelineEntry[]; said: Map<string, TimelineEntry> }

export class Timeline {
  readonly #jobs: Recent<Hex, Notes>;

  constructor(jobs: number, private readonly entries: number) {
    this.#jobs = new Recent(jobs);
  }

  /** The same reason of the same prover is kept once, at its latest time. */
  skipped(jobId: Hex, prover: Address, reason: string, at: number): void {
    this.#note(jobId, { at, event: 'skipped', detail: `${prover}: ${reason}` }, `${prover} ${reason.split(':')[0]}`);
  }

  note(jobId: Hex, event: string, detail: string, at: number): void { this.#note(jobId, { at, event, detail }); }

  /** Notes and the attempts of the queue, oldest first. */
  of(job: QueueJob): TimelineEntry[] {
    const attempts = job.attempts.flatMap(({ token, prover, leasedAt, endedAt, outcome, code, message }): TimelineEntry[] => [
      { at: leasedAt, event: 'leased', detail: `${prover}, token ${token}` },
      ...(endedAt === undefined ? [] : [{ at: endedAt, event: outcome, detail: `${prover}, token ${token}${code ? `: ${code}${message ? `: ${message}` : ''}` : ''}`.slice(0, 2000) }]),
    ]);
    return [{ at: job.enqueuedAt, event: 'enqueued', detail: `lane ${job.lane}` }, ...attempts, ...(this.#jobs.get(job.id)?.entries ?? [])].sort((a, b) => a.at - b.at);
  }

  #note(jobId: Hex, entry: TimelineEntry, key?: string): void {
    const notes = this.#jobs.get(jobId) ?? { entries: [], said: new Map<string, TimelineEntry>() };
    const known = key === undefined ? undefined : notes.said.get(key);
    if (known) Object.assign(known, entry);
    else {
      notes.entries.push({ ...entry, detail: entry.detail.slice(0, 2000) });
      if (key !== undefined) notes.said.set(key, notes.entries[notes.entries.length - 1]);
      if (notes.entries.length > this.entries) {
        const dropped = notes.entries.shift();
        for (const [name, said] of notes.said) if (said === dropped) notes.said.delete(name);
      }
    }
    this.#jobs.set(jobId, notes);
  }
}
