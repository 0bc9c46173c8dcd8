import { keccak256 } from 'viem';
import { FIELD_MODULUS } from '../field/fr.js';

/** keccak256 of 32-byte big-endian words, unreduced. */
export function keccakWords(words: readonly bigint[]): bigint {
  const bytes = new Uint8Array(32 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    for (let k = 3; k >= 0; k--, word >>= 64n) view.setBigUint64(32 * i + 8 * k, word & 0xffffffffffffffffn);
  });
  return BigInt(keccak256(bytes));
}

/** keccakWords mod p: a challenge. */
export const keccakScalar = (words: readonly bigint[]): bigint => keccakWords(words) % FIELD_MODULUS;
