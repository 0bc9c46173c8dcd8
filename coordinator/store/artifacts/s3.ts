/**
 * Artifacts in a bucket of S3 or what speaks its language (MinIO, R2, Ceph): GET, PUT, HEAD and DELETE of <endpoint>/<bucket>/<prefix><hash>,
 * path style, signed with Signature Version 4. A PUT of S3 is complete or absent by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hex } from 'viem';
import { NetworkError } from '../../../src/errors/network.js';
import type { ArtifactStore } from '../types.js';
import { checkArtifact, checkName, DEFAULT_MAX_BYTES, isDamaged, tooLarge } from './check.js';
import { amzDate, authorization, sha256, type Credentials } from './sigv4.js';

/** Of network errors, 429 and 5xx; waits double from 200 ms. Other answers are final. */
const TRIES = 4;
const FIRST_WAIT_MS = 200;

export interface S3Config extends Credentials {
  /** E.g. https://s3.eu-central-1.amazonaws.com */
  endpoint: string;
  bucket: string;
  region: string;
  /** Before every name; ends with / for a folder. */
  prefix?: string;
  maxBytes?: number;
  /** For one try. */
  timeoutMs?: number;
  /** Milliseconds since 1970; a bucket refuses dates that are off by more than minutes. */
  now?: () => number;
}

export class S3Artifacts implements ArtifactStore {
  readonly #maxBytes: number;

  constructor(private readonly config: S3Config) {
    this.#maxBytes = config.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  async put(hash: Hex, data: Uint8Array): Promise<void> {
    checkArtifact(hash, data, this.#maxBytes);
    if (await this.has(hash)) return;
    const response = await this.#request('PUT', hash, data);
    if (!response.ok) throw await this.#refused('PUT', hash, response, data.length);
    await response.arrayBuffer(); // frees the connection
  }

  async get(hash: Hex): Promise<Uint8Array | undefined> {
    const response = await this.#request('GET', hash);
    if (response.status === 404) {
      await response.arrayBuffer();
      return undefined;
    }
    if (!response.ok) throw await this.#refused('GET', hash, response);
    const announced = Number(response.headers.get('content-length') ?? 0);
    if (announced > this.#maxBytes) {
      await response.body?.cancel();
      throw tooLarge(hash, announced, this.#maxBytes);
    }
    const data = new Uint8Array(await response.arrayBuffer());
    if (isDamaged(hash, data)) throw new NetworkError('artifact in the bucket does not have its hash', { code: 'ARTIFACT_HASH', where: this.#url(hash).href, expected: hash, got: `${data.length} bytes`, hint: 'it was altered there: delete it and submit it again' });
    return data;
  }

  async has(hash: Hex): Promise<boolean> {
    const response = await this.#request('HEAD', hash);
    if (response.status === 404) return false;
    if (!response.ok) throw await this.#refused('HEAD', hash, response);
    return true;
  }

  async delete(hash: Hex): Promise<void> {
    checkName(hash);
    const response = await this.#request('DELETE', hash);
    if (!response.ok && response.status !== 404) throw await this.#refused('DELETE', hash, response);
    await response.arrayBuffer();
  }

  #url(hash: Hex): URL {
    const { endpoint, bucket, prefix = '' } = this.config;
    return new URL(`${endpoint.replace(/\/$/, '')}/${[bucket, ...`${prefix}${hash}`.split('/')].map(encodeURIComponent).join('/')}`);
  }

  async #request(method: 'GET' | 'PUT' | 'HEAD' | 'DELETE', hash: Hex, body?: Uint8Array): Promise<Response> {
    const url = this.#url(hash), payloadHash = sha256(body ?? '');
    for (let attempt = 1; ; attempt++) {
      const last = attempt === TRIES;
      try {
        const response = await fetch(url, { method, headers: this.#headers(method, url, payloadHash), body, signal: AbortSignal.timeout(this.config.timeoutMs ?? 120_000) });
        if (last || (response.status !== 429 && response.status < 500) || response.status === 507) return response;
        await response.arrayBuffer();
      } catch (cause) {
        if (last) throw new NetworkError('bucket does not answer', { code: 'ARTIFACT_STORE', where: `${method} ${url.href}`, got: (cause as Error).message, hint: 'check endpoint and network', cause });
      }
      await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1));
    }
  }

  /** Signed anew for each try: a signature holds for minutes only. */
  #headers(method: string, url: URL, payloadHash: string): Record<string, string> {
    const { region, sessionToken } = this.config, date = amzDate((this.config.now ?? Date.now)());
    const headers: Record<string, string> = { 'x-amz-content-sha256': payloadHash, ...(sessionToken && { 'x-amz-security-token': sessionToken }) };
    return { ...headers, 'x-amz-date': date, authorization: authorization({ method, url, headers, payloadHash, credentials: this.config, region, service: 's3', date }) };
  }

  async #refused(method: string, hash: Hex, response: Response, bytes?: number): Promise<NetworkError> {
    const code = /<Code>(\w+)<\/Code>/.exec(await response.text().catch(() => ''))?.[1], full = response.status === 507 || code === 'QuotaExceeded' || code === 'XMinioStorageFull';
    return new NetworkError(full ? 'no space in the bucket' : 'bucket refused', {
      code: full ? 'ARTIFACT_SPACE' : 'ARTIFACT_STORE', where: `${method} ${this.#url(hash).href}`, ...(full && { expected: `${bytes} bytes free` }), got: `${response.status}${code ? ` ${code}` : ''}`,
      hint: full ? 'raise its quota' : response.status === 403 ? 'check keys, region, bucket policy and the clock of this machine' : 'check bucket and endpoint',
    });
  }
}
