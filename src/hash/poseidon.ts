/**
 * Poseidon over the scalar field of BN254, as circomlib's PoseidonEx: width t = inputs + 1 (2 to 17), x^5, 8 full rounds,
 * partial rounds by width, the sparse-matrix form of the partial rounds.
 *   permutation(inputs, state) -> t words; word 0 is the capacity lane
 * Canonical bigints. Constants are circomlibjs' own (its package exports no path to them, so the file is read by location).
 * Source: Grassi et al., Poseidon, USENIX Security 2021; sparse form as in neptune. Equal to circomlib's circuit (test/parity).
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { FIELD_MODULUS as P } from '../field/fr.js';

const PARTIAL_ROUNDS = [56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68];
const FULL_ROUNDS = 8;
export const POSEIDON_RATE = 16;

interface WidthConstants { C: bigint[]; S: bigint[]; M: bigint[][]; P: bigint[][] }
type Raw = { C: string[][]; S: string[][]; M: string[][][]; P: string[][][] };

let raw: Raw | undefined;
const widths = new Map<number, WidthConstants>();

function constants(t: number): WidthConstants {
  let found = widths.get(t);
  if (!found) {
    if (!raw) {
      const entry = createRequire(import.meta.url).resolve('circomlibjs');
      raw = JSON.parse(readFileSync(join(dirname(entry), '..', 'src', 'poseidon_constants_opt.json'), 'utf8')) as Raw;
    }
    const k = t - 2;
    found = {
      C: raw.C[k].map(BigInt), S: raw.S[k].map(BigInt),
      M: raw.M[k].map((row) => row.map(BigInt)), P: raw.P[k].map((row) => row.map(BigInt)),
    };
    widths.set(t, found);
  }
  return found;
}

const pow5 = (a: bigint): bigint => {
  const square = (a * a) % P;
  return (((square * square) % P) * a) % P;
};

/** out[i] = sum_j matrix[j][i] state[j]; reduced once per output. */
const mix = (matrix: readonly (readonly bigint[])[], state: readonly bigint[]): bigint[] =>
  state.map((_, i) => state.reduce((sum, a, j) => sum + matrix[j][i] * a, 0n) % P);

/**
 * @param inputs  1 to 16 canonical words
 * @param state   capacity lane
 * @returns       t = inputs + 1 words
 */
export function poseidonPermutation(inputs: readonly bigint[], state: bigint): bigint[] {
  const t = inputs.length + 1;
  if (t < 2 || t > POSEIDON_RATE + 1) throw new RangeError(`Poseidon takes 1 to ${POSEIDON_RATE} inputs, got ${inputs.length}`);
  const { C, S, M, P: sparse } = constants(t);
  const partial = PARTIAL_ROUNDS[t - 2];
  const half = FULL_ROUNDS / 2;
  let lanes = [state, ...inputs].map((a, i) => (a + C[i]) % P);
  for (let r = 0; r < half; r++) {
    lanes = lanes.map((a, i) => pow5(a) + C[(r + 1) * t + i]);
    lanes = mix(r === half - 1 ? sparse : M, lanes);
  }
  for (let r = 0; r < partial; r++) {
    const first = (pow5(lanes[0]) + C[(half + 1) * t + r]) % P;
    lanes[0] = first;
    const base = (2 * t - 1) * r;
    let sum = 0n;
    for (let j = 0; j < t; j++) sum += S[base + j] * lanes[j];
    for (let j = 1; j < t; j++) lanes[j] = (lanes[j] + first * S[base + t + j - 1]) % P;
    lanes[0] = sum % P;
  }
  for (let r = 0; r < half; r++) {
    lanes = lanes.map(pow5);
    if (r < half - 1) lanes = lanes.map((a, i) => a + C[(half + 1) * t + partial + r * t + i]);
    lanes = mix(M, lanes);
  }
  return lanes;
}
