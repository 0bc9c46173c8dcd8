/** Reading the coordinator: requests that say what went wrong, polling with back-off, and the event stream of a job. */
import { useEffect, useRef, useState } from './vendor/hooks.js';

const POLL_MS = 5000, MAX_MS = 60_000, TIMEOUT_MS = 15_000, SILENCE_MS = 60_000, PAGE = 200;

/** What could not be read: status 0 when no answer came. */
export class ApiFailure extends Error {
  /** @param {string} message @param {{status: number, hint?: string, code?: string, waitMs?: number}} options */
  constructor(message, { status, hint, code, waitMs }) {
    super(message);
    Object.assign(this, { status, hint, code, waitMs });
  }
}

async function refusal(response) {
  let error = {};
  try { error = (await response.json()).error ?? {}; } catch { /* not ours: a proxy answered */ }
  const { status } = response, retry = Number(response.headers.get('retry-after'));
  const hint = error.hint ?? (status === 404 ? undefined : status === 429 ? 'Too many requests from here; this page asks again later by itself.' : 'The log of the coordinator says more.');
  return new ApiFailure(error.message ?? `the coordinator answered ${status}`, { status, hint, code: error.code, waitMs: retry > 0 ? retry * 1000 : undefined });
}

/** @param {string} path @param {AbortSignal} [signal] @returns {Promise<any>} @throws {ApiFailure} */
export async function get(path, signal) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response;
  try {
    response = await fetch(path, { headers: { accept: 'application/json' }, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    if (response.ok) return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure(response ? 'the answer is not JSON' : 'the coordinator does not answer', { status: 0, hint: 'Check that it runs (zkattr coordinator run) and that this address reaches it. This page tries again by itself.' });
  }
  throw await refusal(response);
}

/** Connection as the header shows it; the last poll decides. */
const health = { failures: 0, seen: 0 }, listeners = new Set();
function report(failed) {
  health.failures = failed ? health.failures + 1 : 0;
  if (!failed) health.seen = Date.now();
  for (const listener of listeners) listener({ ...health });
}
export function useHealth() {
  const [state, set] = useState(health);
  useEffect(() => { listeners.add(set); return () => listeners.delete(set); }, []);
  return state;
}

/**
 * The JSON of `path`, asked again every `everyMs`; after failures ever more rarely, and not while the page is hidden.
 * What was read last stays beside an error. A path of null asks nothing; everyMs 0 asks once.
 * @param {string | null} path
 * @param {(path: string, signal: AbortSignal, most?: number) => Promise<any>} read
 * @param {number} [most]  for `read`; when it changes, what was read before stays until the answer
 */
export function usePoll(path, everyMs = POLL_MS, read = get, most = undefined) {
  const [state, set] = useState({ path, data: undefined, error: undefined });
  const again = useRef(() => {});
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let timer, failures = 0, busy = false;
    const ask = async () => {
      if (busy) return;
      busy = true;
      clearTimeout(timer);
      let wait = everyMs;
      try {
        const data = await read(path, stop.signal, most);
        failures = 0;
        // What takes several requests is asked for less often.
        wait *= data.pages ?? 1;
        report(false);
        set({ path, data, error: undefined });
      } catch (error) {
        if (stop.signal.aborted) return;
        // A refusal is an answer: the coordinator is there.
        report(error.status === 0 || error.status >= 500);
        const lasting = error.status >= 400 && error.status < 500 && error.status !== 429;
        failures += 1;
        wait = lasting ? MAX_MS : Math.max(error.waitMs ?? 0, Math.min(MAX_MS, (everyMs || POLL_MS) * 2 ** failures) * (0.75 + Math.random() / 4));
        set((old) => ({ path, data: old.path === path ? old.data : undefined, error }));
      } finally { busy = false; }
      if (wait > 0 && !stop.signal.aborted) timer = setTimeout(() => { if (!document.hidden) ask(); }, wait);
    };
    const wake = () => { if (!document.hidden && (everyMs > 0 || failures > 0)) ask(); };
    again.current = ask;
    document.addEventListener('visibilitychange', wake);
    addEventListener('online', wake);
    ask();
    return () => { stop.abort(); clearTimeout(timer); document.removeEventListener('visibilitychange', wake); removeEventListener('online', wake); };
  }, [path, everyMs, most]);
  const current = state.path === path ? state : { data: undefined, error: undefined };
  return { data: current.data, error: current.error, again: () => again.current(), update: (data) => set({ path, data, error: undefined }) };
}

/** The newest jobs of a list, at least `most` if there are so many; `complete`: these are all. */
async function readJobs(path, signal, most) {
  let jobs = [], pages = 0, page;
  do {
    const after = jobs.at(-1)?.jobId, body = await get(`${path}&limit=${PAGE}${after ? `&after=${after}` : ''}`, signal);
    page = Array.isArray(body) ? body : [];
    jobs = [...jobs, ...page];
    pages += 1;
  } while (page.length === PAGE && jobs.length < most);
  return { jobs, pages, complete: page.length < PAGE };
}
/** @param {string} phase  '' for all of them */
export const useJobs = (phase, everyMs, most = PAGE) => usePoll(`/v1/jobs?order=newest${phase ? `&phase=${phase}` : ''}`, everyMs, readJobs, Math.ceil(most / PAGE) * PAGE);

/**
 * Follows a job by its events (SSE), whatever they are named; opens the stream again after the last event that was seen.
 * @param {string} jobId
 * @param {(job: object | undefined) => void} onEvent  undefined: something changed, ask
 * @param {(open: boolean) => void} onState
 * @returns {() => void} ends it
 */
export function follow(jobId, onEvent, onState) {
  const stop = new AbortController();
  let lastId, failures = 0, timer;
  const open = async () => {
    const silence = new AbortController(), opened = Date.now();
    let quiet = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const headers = { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
      const response = await fetch(`/v1/jobs/${jobId}/events`, { headers, signal: AbortSignal.any([stop.signal, silence.signal]) });
      if (!response.ok || !/^text\/event-stream/.test(response.headers.get('content-type') ?? '')) {
        await response.body?.cancel();
        // No stream here: polling goes on.
        if (response.status < 500 && response.status !== 429) return;
        throw await refusal(response);
      }
      onState(true);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = '', next; !(next = await reader.read()).done;) {
        clearTimeout(quiet);
        quiet = setTimeout(() => silence.abort(), SILENCE_MS);
        // Only a stream that lasts counts as sound: one that ends at once is not asked for again and again.
        if (Date.now() - opened > 10_000) failures = 0;
        text = (text + next.value).replaceAll('\r\n', '\n');
        for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
          const lines = text.slice(0, end).split('\n'), field = (name) => lines.filter((l) => l.startsWith(`${name}:`)).map((l) => l.slice(name.length + 1).replace(/^ /, ''));
          lastId = field('id').at(-1) ?? lastId;
          const data = field('data').join('\n');
          if (data === '') continue;
          let job;
          try { job = JSON.parse(data); } catch { /* a hint: ask */ }
          onEvent(job?.jobId === jobId && Array.isArray(job.timeline) ? job : undefined);
        }
      }
    } catch { /* opened again below */ } finally { clearTimeout(quiet); }
    onState(false);
    if (!stop.signal.aborted) timer = setTimeout(open, Math.min(MAX_MS, 1000 * 2 ** failures++) * (0.5 + Math.random() / 2));
  };
  open();
  return () => { stop.abort(); clearTimeout(timer); };
}
