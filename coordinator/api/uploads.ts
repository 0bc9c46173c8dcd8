/**
 * Artifacts that come in: only from accounts with something at stake, in bounded memory, and kept only under their own hash.
 *   Authorization: zkattr <base64url JSON of an envelope `upload` { hash, bytes }>
 * The envelope says how much may come before any of it is read. Replaying one uploads the same bytes again: nothing changes.
 */
import { isAddressEqual, type Address, type Hex } from 'viem';
import { NetworkError } from '../../src/errors/network.js';
import { NO_SESSION, openEnvelope, uploadSchema } from '../../src/protocol/network/index.js';
import type { ChainView, Documents } from '../intake/index.js';
import type { ArtifactStore } from '../store/types.js';

export interface UploadOptions {
  artifacts: ArtifactStore;
  /** Notes what came in, until a document names it. */
  documents: Pick<Documents, 'uploads'>;
  chain: ChainView;
  coordinator: Address;
  artifactBytes: number;
  receivingBytes: number;
  bytesPerHour: number;
  uploaders: readonly Address[];
  clockSkewMs: number;
  now: () => number;
}

const HOUR_MS = 3_600_000, HEADER_MAX = 8192;

export class Uploads {
  #receiving = 0;
  readonly #used = new Map<Address, { since: number; bytes: number }>();

  constructor(private readonly options: UploadOptions) {}

  /** Bytes that are in memory or announced. */
  get receiving(): number { return this.#receiving; }

  /** @throws NetworkError UPLOAD_AUTH, ENVELOPE_*, UPLOADER, ARTIFACT_SIZE, ARTIFACT_HASH, UPLOAD_QUOTA, BUSY */
  async take(hash: Hex, authorization: string | undefined, body: AsyncIterable<Uint8Array>): Promise<number> {
    const { artifacts, documents, receivingBytes, now } = this.options, { from, bytes } = await this.#authorised(hash, authorization);
    if (await artifacts.has(hash)) return 0;
    if (this.#receiving + bytes > receivingBytes) throw new NetworkError('too many uploads at this moment', { code: 'BUSY', where: 'upload', hint: 'try again in some seconds' });
    this.#charge(from, bytes);
    this.#receiving += bytes;
    try {
      const data = await receive(hash, bytes, body);
      await documents.uploads.create(hash, { hash, at: now(), state: 'unused' });
      await artifacts.put(hash, data);
    } finally {
      this.#receiving -= bytes;
    }
    return bytes;
  }

  async #authorised(hash: Hex, authorization: string | undefined): Promise<{ from: Address; bytes: number }> {
    const { chain, coordinator, artifactBytes, clockSkewMs, now } = this.options, [scheme, token] = (authorization ?? '').split(' ');
    if (scheme !== 'zkattr' || !token || token.length > HEADER_MAX) throw new NetworkError('upload is not signed', { code: 'UPLOAD_AUTH', where: 'Authorization', expected: 'zkattr <base64url of an envelope>', hint: 'the client library does it: CoordinatorClient.putArtifact' });
    let envelope: unknown;
    try {
      envelope = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    } catch {
      throw new NetworkError('envelope is not JSON', { code: 'ENVELOPE_FORMAT', where: 'Authorization' });
    }
    const opened = await openEnvelope(envelope, { schema: uploadSchema, chainId: chain.economy.deployment.chainId, to: coordinator, now: now(), clockSkewMs });
    if (!opened.ok) throw new NetworkError(opened.message, { code: opened.code, where: 'Authorization' });
    const { from, body: { hash: named, bytes } } = opened;
    if (opened.envelope.kind !== 'upload' || opened.envelope.session !== NO_SESSION || named !== hash) throw new NetworkError('envelope is of something else', { code: 'ENVELOPE_BODY', where: 'Authorization', expected: `upload ${hash}`, got: `${opened.envelope.kind} ${named}` });
    if (bytes < 1 || bytes > artifactBytes) throw new NetworkError('artifact is too large', { code: 'ARTIFACT_SIZE', where: hash, expected: `1 to ${artifactBytes} bytes`, got: bytes, hint: 'the operator raises limits.artifactBytes for larger classes' });
    if (!await this.#admitted(from)) throw new NetworkError('account may not upload', { code: 'UPLOADER', where: from, hint: 'only active nodes and owners with an adapter stake' });
    return { from, bytes };
  }

  async #admitted(from: Address): Promise<boolean> {
    const { uploaders, chain, coordinator } = this.options;
    return isAddressEqual(from, coordinator) || uploaders.some((a) => isAddressEqual(a, from)) || await chain.isActiveNode(from) || chain.hasAdapterStake(from);
  }

  #charge(from: Address, bytes: number): void {
    const { bytesPerHour, now } = this.options, known = this.#used.get(from), used = known && now() - known.since < HOUR_MS ? known : { since: now(), bytes: 0 };
    if (used.bytes + bytes > bytesPerHour) throw new NetworkError('account uploaded as much as it may', { code: 'UPLOAD_QUOTA', where: from, expected: `at most ${bytesPerHour} bytes an hour`, hint: 'try again later' });
    used.bytes += bytes;
    if (this.#used.size > 10_000) for (const [address, { since }] of this.#used) if (now() - since >= HOUR_MS) this.#used.delete(address);
    this.#used.set(from, used);
  }
}

/** Stops at the first byte too many. The store holds what came against its hash. */
async function receive(hash: Hex, bytes: number, body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const data = new Uint8Array(bytes);
  let at = 0;
  for await (const chunk of body) {
    if (at + chunk.length > bytes) throw new NetworkError('more came than was announced', { code: 'ARTIFACT_SIZE', where: hash, expected: bytes, got: `${at + chunk.length} or more` });
    data.set(chunk, at);
    at += chunk.length;
  }
  if (at !== bytes) throw new NetworkError('less came than was announced', { code: 'ARTIFACT_SIZE', where: hash, expected: bytes, got: at });
  return data;
}
