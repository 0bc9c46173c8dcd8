/**
 * sum_i k_i P_i for small integers k_i (bits, int8, int16), on the calling thread.
 * Additions only: int8 takes one bucket pass (one addition a point), bits one tree, int16 one or two passes of signed digits.
 */
import { InvalidPointError } from '../errors/field.js';
import { G1_BYTES, type G1Buffer } from '../field/buffer.js';
import { addBuckets, bucketScratch, JACOBIAN_BYTES, windowCost } from './buckets.js';
import type { WasmCurve } from './wasm.js';

export type SmallIntegers = Int8Array | Int16Array | Uint8Array;

/** Points that are handled at once: bounds WASM memory to some 40 MiB whatever the size of the call. */
export const MSM_CHUNK = 1 << 18;

/** Signed digits of 8 bits, lowest first: |digit| <= 128. Two of them hold every int16. */
const DIGIT_BITS = 8;
const DIGIT_HALF = 1 << (DIGIT_BITS - 1);

/** One bucket to a value, or two passes of 8-bit digits when their buckets are the cheaper (int16, below some 2^17 points). */
function passes(values: SmallIntegers): { windows: 1 | 2; buckets: number } {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return 2 * windowCost(values.length, DIGIT_HALF) < windowCost(values.length, most) ? { windows: 2, buckets: DIGIT_HALF } : { windows: 1, buckets: most };
}

/**
 * @param bases  affine, Montgomery; at least as many as values
 * @returns one affine point
 * @throws InvalidPointError when there are fewer bases than values
 */
export function msmSmall(wasm: WasmCurve, bases: G1Buffer, values: SmallIntegers): G1Buffer {
  if (bases.byteLength < values.length * G1_BYTES) {
    throw new InvalidPointError('too few bases', { where: 'msmSmall', expected: values.length, got: bases.byteLength / G1_BYTES, hint: 'load a larger SRS' });
  }
  return wasm.scope(() => {
    const total = wasm.alloc(JACOBIAN_BYTES);
    wasm.exports.g1m_zero(total);
    for (let from = 0; from < values.length; from += MSM_CHUNK) {
      const part = values.subarray(from, from + MSM_CHUNK);
      wasm.scope(() => addSmallChunk(wasm, bases.subarray(from * G1_BYTES, (from + part.length) * G1_BYTES), part, total));
    }
    const affine = new Uint8Array(G1_BYTES);
    wasm.exports.g1m_toAffine(total, total);
    wasm.read(total, affine);
    return affine;
  });
}

function addSmallChunk(wasm: WasmCurve, bases: G1Buffer, values: SmallIntegers, total: number): void {
  const n = values.length;
  const { windows, buckets } = passes(values);
  if (buckets === 0) return;
  const points = wasm.put(bases);
  const scratch = bucketScratch(wasm, n);
  if (windows === 1) {
    addBuckets(wasm, scratch, points, values, n, buckets, total);
    return;
  }
  // value = high 2^8 + low, low in [-128, 127], hence high in [-128, 128]
  const sum = wasm.alloc(JACOBIAN_BYTES);
  wasm.exports.g1m_zero(sum);
  const digits = new Int16Array(n);
  for (let i = 0; i < n; i++) digits[i] = (values[i] + DIGIT_HALF) >> DIGIT_BITS;
  addBuckets(wasm, scratch, points, digits, n, buckets, sum);
  for (let k = 0; k < DIGIT_BITS; k++) wasm.exports.g1m_double(sum, sum);
  for (let i = 0; i < n; i++) digits[i] = ((values[i] + DIGIT_HALF) & (2 * DIGIT_HALF - 1)) - DIGIT_HALF;
  addBuckets(wasm, scratch, points, digits, n, buckets, sum);
  wasm.exports.g1m_add(total, sum, total);
}
