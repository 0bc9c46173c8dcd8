/**
 * Hiding KZG commitments in coefficient form: com(f; rho) = [sum_i f_i tau^i]_1 + rho H.
 *   f    table as coefficients, index = exponent; at most 2^power entries of the string
 *   H    hashed to the curve: nobody knows its discrete logarithm
 * Binding: under the string's tau unknown. Hiding: perfectly, for rho uniform in the scalar field.
 */
import { randomBytes } from 'node:crypto';
import { blindingGenerator, g1Combine, g1Get, type G1Affine } from '../curve/bn254.js';
import { msmSmall, type SmallIntegers } from '../curve/msmSmall.js';
import { getWasmCurve } from '../curve/wasm.js';
import { CommitmentError } from '../errors/commitment.js';
import { bytesToBigint, frBufferFrom, frCount, G1_BYTES, type FrBuffer, type G1Buffer } from '../field/buffer.js';
import { FIELD_MODULUS, FR_BYTES, frFrom } from '../field/fr.js';
import type { Srs } from './srs.js';

export type IntTable = { kind: 'int8'; data: Int8Array } | { kind: 'int16'; data: Int16Array } | { kind: 'bit'; data: Uint8Array };
export type Table = IntTable | { kind: 'fr'; data: FrBuffer };

/** The multi-scalar multiplications that a commitment takes; every prover kernel back end has them. */
export interface CommitmentKernels {
  msm(bases: G1Buffer, scalars: FrBuffer): Promise<G1Buffer>;
  msmSmall(bases: G1Buffer, scalars: IntTable): Promise<G1Buffer>;
}

/** A table with its commitment: what its owner keeps. */
export interface Committed<T extends Table = Table> {
  table: T;
  rho: bigint;
  commitment: G1Affine;
}

export const tableLength = (table: Table): number => (table.kind === 'fr' ? frCount(table.data) : table.data.length);

/** Uniform in the scalar field, from the operating system (512 bits reduced: bias below 2^-250). */
export const randomScalar = (): bigint => bytesToBigint(randomBytes(64), 0, 64) % FIELD_MODULUS;

/** @param rho  blinding factor; 0 for public data */
export async function commit<T extends Table>(kernels: CommitmentKernels, srs: Srs, table: T, rho: bigint): Promise<Committed<T>> {
  const length = tableLength(table);
  if (length > 2 ** srs.power) {
    throw new CommitmentError('table is longer than the reference string', { code: 'SRS_TOO_SHORT', where: 'commit', expected: `at most 2^${srs.power} entries`, got: length, hint: 'set up a larger class' });
  }
  const sum = g1Get(table.kind === 'fr' ? await kernels.msm(srs.g1, table.data) : await kernels.msmSmall(srs.g1, table));
  return { table, rho, commitment: g1Combine([sum, blindingGenerator()], [1n, rho]) };
}

/** Commits small integers on the calling thread, without any prover: what an inference node needs. */
export async function commitIntegers(srs: Srs, values: SmallIntegers, rho: bigint): Promise<G1Affine> {
  const wasm = await getWasmCurve();
  const kind = values instanceof Int8Array ? 'int8' : values instanceof Int16Array ? 'int16' : 'bit';
  const kernels: CommitmentKernels = {
    msm: () => Promise.reject(new TypeError('integers only')),
    msmSmall: (bases, table) => Promise.resolve(msmSmall(wasm, bases, table.data)),
  };
  return (await commit(kernels, srs, { kind, data: values } as IntTable, rho)).commitment;
}

const JACOBIAN_BYTES = 96;

/** The same for integers of any size and sign: G of a registration. */
export async function commitField(srs: Srs, values: readonly bigint[], rho: bigint): Promise<G1Affine> {
  const wasm = await getWasmCurve();
  const kernels: CommitmentKernels = {
    msmSmall: () => Promise.reject(new TypeError('field elements only')),
    msm: (bases, scalars) => Promise.resolve(wasm.scope(() => {
      const n = frCount(scalars), out = wasm.alloc(JACOBIAN_BYTES), points = wasm.put(bases.subarray(0, n * G1_BYTES)), canonical = wasm.put(scalars);
      wasm.exports.frm_batchFromMontgomery(canonical, n, canonical);
      // multiexp takes memory by itself: at most 2^17 buckets of 96 bytes.
      wasm.reserve(1 << 24);
      wasm.exports.g1m_multiexpAffine(points, canonical, FR_BYTES, n, out);
      wasm.exports.g1m_toAffine(out, out);
      const affine = new Uint8Array(G1_BYTES);
      wasm.read(out, affine);
      return affine;
    })),
  };
  return (await commit(kernels, srs, { kind: 'fr', data: frBufferFrom(values.map(frFrom)) }, rho)).commitment;
}
