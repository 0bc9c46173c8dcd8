/**
 * Inputs of the benches, cheap to make again: seeded scalars, and distinct points with known discrete logarithms
 * (powers of the development tau), so that any sum of multiples can be checked with one multiplication.
 */
import { createCipheriv, createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DEVELOPMENT_TAU } from '../../src/commitment/srs.js';
import { g1BufferFrom, G1_GENERATOR, g1Mul, g2BufferFrom, G2_GENERATOR, g2Mul } from '../../src/curve/bn254.js';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { cacheRoot } from '../../src/files/paths.js';
import { FIELD_MODULUS, frFrom, frMul } from '../../src/field/fr.js';
import { G1_BYTES, G2_BYTES, type FrBuffer, type G1Buffer, type G2Buffer } from '../../src/field/buffer.js';
import { bn254Curve, bn254Instance } from '../../prover/setup/bn254Wasm.js';
import { openFixedBase } from '../../prover/setup/fixedBase.js';
import { geometric } from '../../prover/setup/qap.js';

/** AES-CTR: a gigabyte a second, the same bytes for the same seed. */
export function randomBytes(length: number, seed: string): Uint8Array {
  const key = createHash('sha256').update(seed).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)), out = new Uint8Array(length), zeros = Buffer.alloc(1 << 20);
  for (let from = 0; from < length; from += zeros.length) out.set(cipher.update(zeros.subarray(0, Math.min(zeros.length, length - from))), from);
  return out;
}

/** n integers below 2^253 < r: valid both as canonical and as Montgomery elements; as the latter their values spread over the field. */
export function randomElements(n: number, seed: string): FrBuffer {
  const out = randomBytes(32 * n, seed);
  for (let i = 31; i < out.length; i += 32) out[i] &= 0x1f;
  return out;
}

export const randomScalars = (count: number, seed: string): bigint[] => {
  const at = integerReader(randomElements(count, seed));
  return Array.from({ length: count }, (_, i) => at(i));
};

const GROUPS = { G1: G1_BYTES, G2: G2_BYTES } as const;

/** tau^i G for i < 2^log, from the cache or made now (seconds; minutes without native kernels). A wrong point would show as a wrong MSM. */
export async function points(group: keyof typeof GROUPS, log: number): Promise<G1Buffer | G2Buffer> {
  const bytes = GROUPS[group] * 2 ** log;
  const pathOf = (power: number): string => join(cacheRoot(), 'bench', `powers-${group}-${power}.bin`);
  // A longer list begins with a shorter one.
  const cached = [log, ...Array.from({ length: 28 - log }, (_, i) => log + 1 + i)].map(pathOf).find((path) => existsSync(path));
  const path = cached ?? pathOf(log);
  if (!cached) {
    const pool = await openFixedBase(), w = await bn254Instance((await bn254Curve()).tm.code);
    try {
      const data = await pool.multiply(group, geometric(w, 1n, DEVELOPMENT_TAU, 2 ** log));
      await writeFileAtomic(path, data);
    } finally {
      await pool.close();
    }
  }
  const file = await open(path), out = new Uint8Array(bytes);
  try {
    await file.read(out, 0, bytes, 0);
  } finally {
    await file.close();
  }
  return out;
}

/** Reads element i of a buffer as the integer it holds. */
export function integerReader(buffer: Uint8Array): (i: number) => bigint {
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const word = (at: number): bigint => view.getBigUint64(at, true);
  return (i) => word(32 * i) | (word(32 * i + 8) << 64n) | (word(32 * i + 16) << 128n) | (word(32 * i + 24) << 192n);
}

/** sum_i s_i tau^i */
export function atTau(count: number, scalar: (i: number) => bigint): bigint {
  let sum = 0n;
  for (let i = count - 1; i >= 0; i--) sum = (sum * DEVELOPMENT_TAU + scalar(i)) % FIELD_MODULUS;
  return sum;
}

/** What an MSM over `points` must give: scale sum_i s_i tau^i G, as a buffer. */
export function expectedMsm(group: keyof typeof GROUPS, count: number, scalar: (i: number) => bigint, scale = 1n): Uint8Array {
  const k = frMul(frFrom(atTau(count, scalar)), scale);
  return group === 'G1' ? g1BufferFrom([g1Mul(G1_GENERATOR, k)]) : g2BufferFrom([g2Mul(G2_GENERATOR, k)]);
}
