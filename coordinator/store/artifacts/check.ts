import { isHash, keccak256, type Hex } from 'viem';
import { NetworkError } from '../../../src/errors/network.js';

export const DEFAULT_MAX_BYTES = 2 ** 30;

export const isDamaged = (hash: Hex, data: Uint8Array): boolean => keccak256(data) !== hash;

/** A name becomes a path: nothing but lower-case hex may pass. @throws NetworkError ARTIFACT_HASH */
export function checkName(hash: Hex): void {
  if (!isHash(hash) || hash !== hash.toLowerCase()) throw new NetworkError('artifact has no hash for a name', { code: 'ARTIFACT_HASH', where: String(hash).slice(0, 80), expected: '32 bytes of lower-case hex' });
}

/** What is put must be what its name says, and not too much. @throws NetworkError ARTIFACT_SIZE, ARTIFACT_HASH */
export function checkArtifact(hash: Hex, data: Uint8Array, maxBytes: number): void {
  checkName(hash);
  if (data.length > maxBytes) throw tooLarge(hash, data.length, maxBytes);
  if (isDamaged(hash, data)) throw new NetworkError('artifact does not have the hash of its name', { code: 'ARTIFACT_HASH', where: hash, expected: hash, got: keccak256(data), hint: 'it was altered on its way: send it again' });
}

export const tooLarge = (hash: Hex, bytes: number, maxBytes: number): NetworkError =>
  new NetworkError('artifact is too large', { code: 'ARTIFACT_SIZE', where: hash, expected: `at most ${maxBytes} bytes`, got: bytes, hint: 'raise the limit of the store, or use a smaller class' });
