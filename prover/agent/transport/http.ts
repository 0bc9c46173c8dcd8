/** Prover messages over HTTP: POST /v1/prover/{kind}. For networks that let nothing else out. */
import type { Address } from 'viem';
import { statsSchema } from '../../../src/protocol/network/api.js';
import { ARTIFACT_MAX } from '../../../src/protocol/network/framing.js';
import type { Envelope } from '../../../src/protocol/network/envelope.js';
import { MESSAGE_MAX, refusalSchema, type ProverMessageKind, type ProverReply, type Refusal } from '../../../src/protocol/network/prover.js';
import { parseReply, TIMES, transportError, TransportError, type ProverTransport, type RequestKind, type TransportTimes } from './types.js';

const JSON_TYPE = 'application/json';

export class HttpTransport implements ProverTransport {
  readonly name = 'http' as const;
  readonly #base: string;
  readonly #closed = new AbortController();

  constructor(url: string, private readonly times: TransportTimes = TIMES) { this.#base = url.replace(/\/+$/, ''); }

  async request<K extends RequestKind>(kind: K, envelope: Envelope): Promise<ProverReply<K>> {
    const { response, data } = await this.#post(kind, envelope, MESSAGE_MAX);
    const text = new TextDecoder().decode(data);
    // A proxy's error page has a status and no reply of ours.
    if (!response.ok && !isRefusal(text)) throw this.#status(kind, response);
    return parseReply(kind, text);
  }

  async fetchArtifact(envelope: Envelope, started?: () => void): Promise<Uint8Array | Refusal | undefined> {
    const { response, data } = await this.#post('artifact', envelope, ARTIFACT_MAX, started);
    if (response.headers.get('content-type')?.startsWith(JSON_TYPE)) {
      const reply = parseReply('artifact', new TextDecoder().decode(data));
      return reply.ok || response.status === 404 ? undefined : reply;
    }
    if (response.status === 404) return undefined;
    if (!response.ok) throw this.#status('artifact', response);
    return data.length === 0 ? undefined : data;
  }

  onAnnounce(): () => void { return () => undefined; }

  /** Who the coordinator says it is, and its chain. @throws TransportError */
  async identity(): Promise<{ coordinator: Address; chainId: number }> {
    const { response, data } = await this.#fetch('v1/stats', {}, MESSAGE_MAX);
    if (!response.ok) throw this.#status('v1/stats', response);
    let json: unknown;
    try { json = JSON.parse(new TextDecoder().decode(data)); } catch { json = undefined; }
    const parsed = statsSchema.pick({ coordinator: true, chainId: true }).safeParse(typeof json === 'object' && json !== null ? { coordinator: (json as { coordinator?: unknown }).coordinator, chainId: (json as { chainId?: unknown }).chainId } : {});
    if (!parsed.success) throw new TransportError('answer does not match its format', { code: 'REPLY_FORMAT', where: 'v1/stats', got: parsed.error.issues[0].message, hint: 'is this the address of a coordinator?' });
    return parsed.data;
  }

  close(): Promise<void> {
    this.#closed.abort();
    return Promise.resolve();
  }

  #post(kind: ProverMessageKind, envelope: Envelope, max: number, started?: () => void): Promise<{ response: Response; data: Uint8Array }> {
    return this.#fetch(`v1/prover/${kind}`, { method: 'POST', headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(envelope) }, max, started);
  }

  async #fetch(path: string, init: RequestInit, max: number, started?: () => void): Promise<{ response: Response; data: Uint8Array }> {
    const slow = new AbortController();
    let timer = setTimeout(() => slow.abort(), this.times.timeoutMs);
    try {
      const response = await fetch(`${this.#base}/${path}`, { ...init, redirect: 'error', signal: AbortSignal.any([slow.signal, this.#closed.signal]) });
      started?.();
      const parts: Uint8Array[] = [];
      let have = 0;
      for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        clearTimeout(timer);
        timer = setTimeout(() => slow.abort(), this.times.idleMs);
        have += part.length;
        if (have > max) throw new TransportError('answer is too long', { code: 'REPLY_SIZE', where: path, expected: `at most ${max} bytes` });
        parts.push(part);
      }
      return { response, data: new Uint8Array(Buffer.concat(parts)) };
    } catch (cause) {
      throw transportError(`${this.#base}/${path}`, slow.signal.aborted ? new Error('timeout') : cause);
    } finally {
      clearTimeout(timer);
    }
  }

  #status(kind: string, { status, statusText }: Response): TransportError {
    return new TransportError('the coordinator answered with an error', { code: 'HTTP_STATUS', where: `${this.#base}, ${kind}`, got: `${status} ${statusText}`, hint: status === 404 ? 'is this the address of a coordinator?' : 'it is tried again' });
  }
}

function isRefusal(text: string): boolean {
  try {
    return refusalSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
