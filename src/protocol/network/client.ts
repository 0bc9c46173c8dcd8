/**
 * Client of the coordinator's HTTP API (api.ts). Every call but `cancel` and `revive` may be repeated: PUT and POST name what they
 * carry by its hash or id. Those are tried again when the connection breaks or the coordinator is busy (408, 425, 429, 5xx), with growing pauses.
 */
import { z } from 'zod';
import type { Address, Hex } from 'viem';
import { NetworkError } from '../../errors/network.js';
import { apiErrorSchema, apiJson, blockViewSchema, statsSchema, type BlockView, type Stats, type SubmitBlock, type SubmitRequest } from './api.js';
import { artifactHash } from './container.js';
import { NO_SESSION, sealEnvelope, type MessageSigner } from './envelope.js';
import { jobViewSchema, type JobView } from './job.js';

/** The coordinator's refusal, with its own code, or a connection that failed (COORDINATOR_UNREACHABLE, status 0). */
export class CoordinatorError extends NetworkError {
  /** retry: the same may be asked again later. */
  constructor(message: string, readonly status: number, readonly retry: boolean, options: ConstructorParameters<typeof NetworkError>[1]) { super(message, options); }
}

export interface CoordinatorClientOptions {
  url: string;
  chainId: number;
  /** Signs uploads, cancellations, revivals. */
  signer?: MessageSigner;
  /** Tries of a call that may be repeated, and the pause after the first; it doubles up to 30 s. */
  attempts?: number;
  pauseMs?: number;
  /** Of one try. */
  timeoutMs?: number;
  fetch?: typeof fetch;
}

export interface WaitJobOptions {
  signal?: AbortSignal;
  /** Every state that is seen. */
  onUpdate?: (job: JobView) => void;
  /** Ends the wait; a job that is settled, dead or cancelled without it. */
  until?: (job: JobView) => boolean;
}

interface Call {
  method: 'GET' | 'PUT' | 'POST';
  path: string;
  body?: string | Uint8Array;
  headers?: () => Promise<Record<string, string>>;
  /** One try only. */
  once?: boolean;
}

const MAX_PAUSE_MS = 30_000;
/** An event stream that is silent for so long is opened again: a dead connection looks the same. */
const SILENCE_MS = 60_000;
const busy = (status: number): boolean => [408, 425, 429].includes(status) || status >= 500;
const ended = ({ phase }: JobView): boolean => phase === 'settled' || phase === 'dead' || phase === 'cancelled';

/** Resolves early, without an error, when the signal is aborted. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal?.aborted) return resolve();
  const done = (): void => { clearTimeout(timer); signal?.removeEventListener('abort', done); resolve(); };
  const timer = setTimeout(done, ms);
  signal?.addEventListener('abort', done);
});

/** A pause that doubles with every failure up to `max`, less a random part: many clients do not come back at once. */
export const backOff = (failures: number, first: number, max = MAX_PAUSE_MS): number => Math.min(max, first * 2 ** Math.min(failures, 20)) * (0.5 + Math.random() / 2);

export class CoordinatorClient {
  readonly url: string;
  readonly #options: Required<Omit<CoordinatorClientOptions, 'signer'>> & Pick<CoordinatorClientOptions, 'signer'>;
  #coordinator?: Address;

  constructor(options: CoordinatorClientOptions) {
    this.url = options.url.replace(/\/+$/, '');
    this.#options = { attempts: 4, pauseMs: 250, timeoutMs: 30_000, fetch: globalThis.fetch, ...options };
  }

  /** Uploads bytes under their hash. @returns the hash */
  async putArtifact(data: Uint8Array, signal?: AbortSignal): Promise<Hex> {
    const hash = artifactHash(data);
    await this.#call({
      method: 'PUT', path: `/v1/artifacts/${hash}`, body: data,
      headers: async () => ({ 'content-type': 'application/octet-stream', authorization: `zkattr ${Buffer.from(JSON.stringify(await this.#seal('upload', { hash, bytes: data.length }))).toString('base64url')}` }),
    }, z.unknown(), signal);
    return hash;
  }

  async submitRecord(record: { recordId: Hex; package: Hex }, signal?: AbortSignal): Promise<void> { await this.#call({ method: 'POST', path: '/v1/records', body: apiJson(record) }, z.unknown(), signal); }
  submitBlock(block: SubmitBlock, signal?: AbortSignal): Promise<BlockView> { return this.#call({ method: 'POST', path: '/v1/blocks', body: apiJson(block) }, blockViewSchema, signal); }
  submitRequest(request: SubmitRequest, signal?: AbortSignal): Promise<JobView> { return this.#call({ method: 'POST', path: '/v1/requests', body: apiJson(request) }, jobViewSchema, signal); }
  block(blockId: Hex, signal?: AbortSignal): Promise<BlockView> { return this.#call({ method: 'GET', path: `/v1/blocks/${blockId}` }, blockViewSchema, signal); }
  job(jobId: Hex, signal?: AbortSignal): Promise<JobView> { return this.#call({ method: 'GET', path: `/v1/jobs/${jobId}` }, jobViewSchema, signal); }
  stats(signal?: AbortSignal): Promise<Stats> { return this.#call({ method: 'GET', path: '/v1/stats' }, statsSchema, signal); }

  /** Takes a block of the signer back, while no job has it. Sent once: whether a lost answer meant yes is seen in the block's phase. */
  async cancel(blockId: Hex, signal?: AbortSignal): Promise<void> {
    const body = JSON.stringify(await this.#seal('cancel', { blockId }));
    await this.#call({ method: 'POST', path: `/v1/blocks/${blockId}/cancel`, body, once: true }, z.unknown(), signal);
  }

  /** Jobs that are dead, oldest first. */
  deadLetters(limit = 200, signal?: AbortSignal): Promise<JobView[]> { return this.#call({ method: 'GET', path: `/v1/dead-letters?limit=${limit}` }, z.array(jobViewSchema), signal); }

  /** A dead job goes on. The signer is the coordinator's account or one of its operators. Sent once: whether a lost answer meant yes is seen in the job's phase. */
  async revive(jobId: Hex, signal?: AbortSignal): Promise<JobView> {
    const body = JSON.stringify(await this.#seal('revive', { jobId }));
    return this.#call({ method: 'POST', path: `/v1/jobs/${jobId}/revive`, body, once: true }, jobViewSchema, signal);
  }

  /**
   * Follows a job by its events until it ends; a broken stream goes on after the last event that was seen.
   * @throws CoordinatorError refused (no such job), or ABORTED by the signal
   */
  async waitJob(jobId: Hex, { signal, onUpdate, until = ended }: WaitJobOptions = {}): Promise<JobView> {
    const { pauseMs } = this.#options;
    let lastId: string | undefined, failures = 0;
    for (;;) {
      if (signal?.aborted) throw new CoordinatorError('wait was ended', 0, true, { code: 'ABORTED', where: `job ${jobId}` });
      try {
        // The state itself first: events say that something changed, and may have been missed.
        const job = await this.job(jobId, signal);
        onUpdate?.(job);
        if (until(job)) return job;
        for await (const event of this.#events(jobId, lastId, signal)) {
          failures = 0;
          lastId = event.id ?? lastId;
          const seen = await this.#jobOf(jobId, event.data, signal);
          onUpdate?.(seen);
          if (until(seen)) return seen;
        }
      } catch (error) {
        if (error instanceof CoordinatorError && !error.retry) throw error;
      }
      await pause(backOff(failures++, pauseMs), signal);
    }
  }

  async #jobOf(jobId: Hex, data: string, signal?: AbortSignal): Promise<JobView> {
    let json: unknown;
    try { json = JSON.parse(data); } catch { /* the event is a hint: ask */ }
    const parsed = jobViewSchema.safeParse(json);
    return parsed.success && parsed.data.jobId === jobId ? parsed.data : this.job(jobId, signal);
  }

  async *#events(jobId: Hex, lastId: string | undefined, signal?: AbortSignal): AsyncGenerator<{ id?: string; data: string }> {
    const silence = new AbortController(), path = `/v1/jobs/${jobId}/events`;
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const response = await this.#options.fetch(`${this.url}${path}`, {
        headers: { accept: 'text/event-stream', ...(lastId === undefined ? {} : { 'last-event-id': lastId }) }, signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
      });
      if (!response.ok || !response.body) throw await this.#refusal(response, path);
      if (!/^text\/event-stream/.test(response.headers.get('content-type') ?? '')) {
        await response.body.cancel();
        return; // no stream here: the caller polls
      }
      const decoder = new TextDecoder();
      let text = '';
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        text += decoder.decode(chunk, { stream: true });
        if (text.length > 4 << 20) throw new CoordinatorError('event is too long', 0, true, { code: 'EVENT_SIZE', where: path });
        const parts = text.split(/\r?\n\r?\n/);
        text = parts.pop()!;
        for (const part of parts) {
          const event = parseEvent(part);
          if (event) yield event;
        }
      }
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  /** An envelope to this coordinator; its address is asked once. */
  async #seal(kind: string, body: unknown): Promise<unknown> {
    const { signer, chainId } = this.#options;
    if (!signer) throw new NetworkError('client has no account', { code: 'READ_ONLY_CLIENT', where: kind, hint: 'pass a signer' });
    if (!this.#coordinator) {
      const stats = await this.stats();
      if (stats.chainId !== chainId) throw new NetworkError('coordinator of another chain', { code: 'COORDINATOR_CHAIN', where: this.url, expected: chainId, got: stats.chainId, hint: 'use the coordinator of this deployment' });
      this.#coordinator = stats.coordinator;
    }
    return sealEnvelope(signer, { kind, chainId, to: this.#coordinator, session: NO_SESSION, sequence: 0, sentAt: Date.now(), body });
  }

  async #call<S extends z.ZodType>(call: Call, schema: S, signal?: AbortSignal): Promise<z.output<S>> {
    const { attempts, pauseMs } = this.#options;
    for (let failures = 0; ; failures++) {
      try {
        return await this.#try(call, schema, signal);
      } catch (error) {
        if (call.once || !(error instanceof CoordinatorError) || !error.retry || failures + 1 >= attempts || signal?.aborted) throw error;
      }
      await pause(backOff(failures, pauseMs), signal);
    }
  }

  async #try<S extends z.ZodType>({ method, path, body, headers }: Call, schema: S, signal?: AbortSignal): Promise<z.output<S>> {
    const limit = AbortSignal.timeout(this.#options.timeoutMs), sent = { 'content-type': 'application/json', ...await headers?.() };
    let response: Response, text: string;
    try {
      response = await this.#options.fetch(`${this.url}${path}`, {
        method, body: body as RequestInit['body'], headers: body === undefined ? {} : sent, signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      if (!response.ok) throw await this.#refusal(response, path);
      text = await response.text();
    } catch (cause) {
      if (cause instanceof CoordinatorError) throw cause;
      throw new CoordinatorError('coordinator does not answer', 0, true, { code: 'COORDINATOR_UNREACHABLE', where: `${this.url}${path}`, got: (cause as Error).message, hint: 'is it running, is the URL right?', cause });
    }
    let json: unknown;
    try { json = text === '' ? undefined : JSON.parse(text); } catch { json = undefined; }
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new CoordinatorError('answer does not match its format', response.status, false, { code: 'COORDINATOR_ANSWER', where: `${path}: ${issue.path.join('.') || 'answer'}`, got: issue.message, hint: 'client and coordinator are of different versions' });
  }

  async #refusal(response: Response, path: string): Promise<CoordinatorError> {
    const text = await response.text().catch(() => ''), { status } = response;
    let json: unknown;
    try { json = JSON.parse(text); } catch { /* a proxy's page, say */ }
    const parsed = apiErrorSchema.safeParse(json);
    if (!parsed.success) return new CoordinatorError('coordinator refused without a reason', status, busy(status), { code: `HTTP_${status}`, where: path, got: text.slice(0, 200) });
    const { code, message, hint, where } = parsed.data.error;
    return new CoordinatorError(message, status, busy(status), { code, where: where ?? path, hint });
  }
}

/** One block of an event stream; undefined for a comment. */
function parseEvent(block: string): { id?: string; data: string } | undefined {
  const data: string[] = [];
  let id: string | undefined;
  for (const line of block.split(/\r?\n/)) {
    const at = line.indexOf(':'), name = at < 0 ? line : line.slice(0, at), value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'id' && !value.includes('\0')) id = value;
  }
  return data.length > 0 ? { id, data: data.join('\n') } : undefined;
}
