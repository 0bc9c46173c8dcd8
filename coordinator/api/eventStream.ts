/** Server-sent events of one job: each stored event under its number; the latest of those that come together carries the job as it is now. */
import type { ServerResponse } from 'node:http';
import type { Hex } from 'viem';
import { apiJson } from '../../src/protocol/network/index.js';
import type { JobEvents, JobViews } from '../intake/index.js';

/** Events of other coordinators are seen by looking; a comment keeps the connection from being taken for dead. */
const POLL_MS = 1000, COMMENT_MS = 15_000, PAGE = 100;

export interface StreamParts {
  events: JobEvents;
  views: JobViews;
  /** Aborted at shutdown. */
  signal: AbortSignal;
}

/** Writes until the client goes, the job is removed, or the signal comes. A slow reader is waited for: nothing piles up. @param after  number of the last event that was seen */
export async function streamEvents(response: ServerResponse, jobId: Hex, after: number, { events, views, signal }: StreamParts): Promise<void> {
  let wake = (): void => undefined, closed = signal.aborted, commented = Date.now();
  const end = (): void => { closed = true; wake(); };
  response.on('close', end).on('error', end);
  signal.addEventListener('abort', end);
  const unwatch = events.watch(jobId, () => wake());
  const write = (text: string): Promise<void> => new Promise((resolve) => {
    if (response.write(text)) return resolve();
    const go = (): void => { response.off('drain', go).off('close', go); signal.removeEventListener('abort', go); resolve(); };
    response.on('drain', go).on('close', go);
    signal.addEventListener('abort', go);
  });
  try {
    await write('retry: 1000\n\n');
    for (let last = after; !closed;) {
      const wait = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        wake = () => { clearTimeout(timer); resolve(); };
      });
      const page = await events.since(jobId, last, PAGE), newest = page.at(-1);
      if (newest) {
        const view = await views.get(jobId);
        if (!view || closed) return;
        // As it is now, in one line. Events without data move the reader's place, and say nothing.
        const places = page.slice(0, -1).map(({ sequence }) => `id: ${sequence}\n\n`).join('');
        await write(`${places}id: ${newest.sequence}\ndata: ${JSON.stringify(JSON.parse(apiJson(view)))}\n\n`);
        last = newest.sequence;
        continue;
      }
      if (Date.now() - commented > COMMENT_MS) {
        await write(': still there\n\n');
        commented = Date.now();
      }
      if (!closed) await wait;
    }
  } finally {
    unwatch();
    signal.removeEventListener('abort', end);
    // Who does not read would hold up the shutdown.
    if (signal.aborted && response.writableNeedDrain) response.destroy();
    else response.end();
  }
}
