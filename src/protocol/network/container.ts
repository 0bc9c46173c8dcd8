/**
 * Container: one artifact with a JSON header and named byte sections, for what is sent from node to node.
 *   "zkattr\x00\x01"  8 bytes
 *   header length     uint32, little-endian
 *   header            UTF-8 JSON { kind, ...fields, sections: [[name, bytes], ...] }
 *   sections          one after the other, in the header's order
 * Its name is keccak256 of all bytes. Packages hold blinding factors, so the name cannot be guessed: who knows it was told.
 */
import { bytesToHex, keccak256, type Hex } from 'viem';
import { NetworkError } from '../../errors/network.js';
import { artifactJson } from '../artifacts.js';

const MAGIC = Uint8Array.of(0x7a, 0x6b, 0x61, 0x74, 0x74, 0x72, 0, 1);
const HEADER_MAX = 8 << 20;

export interface Container {
  header: Record<string, unknown>;
  sections: Record<string, Uint8Array>;
}

export const artifactHash = (data: Uint8Array): Hex => keccak256(data);

export function encodeContainer({ header, sections }: Container): Uint8Array {
  const names = Object.keys(sections);
  const text = new TextEncoder().encode(artifactJson({ ...header, sections: names.map((name) => [name, sections[name].length]) }));
  const out = new Uint8Array(MAGIC.length + 4 + text.length + names.reduce((n, name) => n + sections[name].length, 0));
  out.set(MAGIC);
  new DataView(out.buffer).setUint32(MAGIC.length, text.length, true);
  out.set(text, MAGIC.length + 4);
  let at = MAGIC.length + 4 + text.length;
  for (const name of names) {
    out.set(sections[name], at);
    at += sections[name].length;
  }
  return out;
}

/** @throws NetworkError CONTAINER: magic, header, or lengths that do not add up to exactly the bytes given */
export function decodeContainer(data: Uint8Array): Container {
  const fail = (expected: string, got: unknown): never => { throw new NetworkError('not a container', { code: 'CONTAINER', where: 'artifact', expected, got, hint: 'it was cut or altered on the way: fetch it again' }); };
  const start = MAGIC.length + 4;
  if (data.length < start || MAGIC.some((b, i) => data[i] !== b)) fail('magic zkattr 1', bytesToHex(data.slice(0, MAGIC.length)));
  const length = new DataView(data.buffer, data.byteOffset).getUint32(MAGIC.length, true);
  if (length > HEADER_MAX || start + length > data.length) fail(`a header of at most ${Math.min(HEADER_MAX, data.length - start)} bytes`, length);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data.subarray(start, start + length)));
  } catch {
    fail('a JSON header', `${length} bytes`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) fail('a JSON object', typeof parsed);
  const { sections: list, ...header } = parsed as Record<string, unknown>;
  if (!Array.isArray(list)) fail('a list of sections', typeof list);
  const sections: Record<string, Uint8Array> = {};
  let at = start + length;
  for (const entry of list as unknown[]) {
    const [name, size] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof name !== 'string' || Object.hasOwn(sections, name) || !Number.isSafeInteger(size) || (size as number) < 0 || at + (size as number) > data.length) fail('sections within the artifact, each once', entry);
    // A copy, also of a Buffer, whose own slice is none: typed arrays need their own alignment.
    Object.defineProperty(sections, name as string, { value: Uint8Array.prototype.slice.call(data, at, at + (size as number)), enumerable: true });
    at += size as number;
  }
  if (at !== data.length) fail(`${at} bytes`, data.length);
  return { header, sections };
}
