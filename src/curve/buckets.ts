/**
 * The heart of both multi-scalar multiplications: sum_i digit_i P_i for small signed digits.
 *   B_v = sum of +-P_i with |digit_i| = v, as trees of affine additions with a shared inversion;
 *   result = sum_v v B_v, by running sums from the highest bucket down.
 * Points in trees are exact for every input: infinity, repeated and opposite points included.
 * Source: Pippenger's bucket method; Montgomery's trick for the inversions.
 */
import { G1_BYTES } from '../field/buffer.js';
import type { WasmCurve } from './wasm.js';

export const JACOBIAN_BYTES = 96;

/**
 * Additions under one inversion. An inversion costs as much as some hundred products; 1024 make it about 1% of the six
 * products an addition, and d, prefix and results (128 KiB) stay in the L2 cache.
 */
const BATCH = 1024;

/** Memory for sums over up to `n` points, taken once and used for every window. */
export interface BucketScratch {
  n: number;
  arena: number;
  pairs: number;
  d: number;
  prefix: number;
  list: Uint32Array;
}

/** Call within a `scope`. */
export function bucketScratch(wasm: WasmCurve, n: number): BucketScratch {
  return {
    n,
    // n/2 + n/4 + .. results of the trees
    arena: wasm.alloc(n * G1_BYTES),
    pairs: wasm.alloc(BATCH * 8),
    d: wasm.alloc(BATCH * 32),
    prefix: wasm.alloc((BATCH + 1) * 32),
    list: new Uint32Array(n),
  };
}

/**
 * out += sum_i digits[i] bases[i], i < n <= scratch.n
 * @param bases   address of n affine points
 * @param digits  |digits[i]| <= buckets
 * @param out     address of a Jacobian point
 */
export function addBuckets(wasm: WasmCurve, scratch: BucketScratch, bases: number, digits: ArrayLike<number>, n: number, buckets: number, out: number): void {
  const { list, arena, pairs, d, prefix } = scratch;
  const { g1m_addPairs, g1m_add, g1m_addMixed, g1m_subMixed, g1m_zero } = wasm.exports;

  // Counting sort of the points' addresses by bucket; bit 0 is the sign.
  const start = new Uint32Array(buckets + 2);
  for (let i = 0; i < n; i++) {
    const digit = digits[i];
    if (digit !== 0) start[Math.abs(digit) + 1]++;
  }
  for (let v = 1; v < start.length; v++) start[v] += start[v - 1];
  const length = new Uint32Array(buckets + 1);
  for (let i = 0; i < n; i++) {
    const digit = digits[i];
    if (digit === 0) continue;
    const v = Math.abs(digit);
    list[start[v] + length[v]++] = bases + i * G1_BYTES + (digit < 0 ? 1 : 0);
  }

  return wasm.scope(() => {
    const running = wasm.alloc(JACOBIAN_BYTES);
    const sum = wasm.alloc(JACOBIAN_BYTES);
    const words = wasm.words; // no alloc below
    const pairWords = pairs >>> 2;
    let free = arena;

    // One level of all trees at a time: halves every bucket's list until each holds one point.
    for (let more = true; more; ) {
      more = false;
      let count = 0;
      for (let v = 1; v <= buckets; v++) {
        const len = length[v];
        if (len < 2) continue;
        const s = start[v];
        const half = len >>> 1;
        for (let k = 0; k < half; k++) {
          words[pairWords + 2 * count] = list[s + 2 * k];
          words[pairWords + 2 * count + 1] = list[s + 2 * k + 1];
          list[s + k] = free + count * G1_BYTES;
          if (++count === BATCH) {
            g1m_addPairs(pairs, free, d, prefix, count);
            free += count * G1_BYTES;
            count = 0;
          }
        }
        if (len & 1) list[s + half] = list[s + len - 1];
        length[v] = half + (len & 1);
        if (length[v] > 1) more = true;
      }
      if (count > 0) {
        g1m_addPairs(pairs, free, d, prefix, count);
        free += count * G1_BYTES;
      }
    }

    g1m_zero(running);
    g1m_zero(sum);
    for (let v = buckets; v >= 1; v--) {
      if (length[v] === 1) {
        const address = list[start[v]];
        if (address & 1) g1m_subMixed(running, address - 1, running);
        else g1m_addMixed(running, address, running);
      }
      g1m_add(sum, running, sum);
    }
    g1m_add(out, sum, out);
  });
}

/**
 * Cost of one window over n points in field products: six for each tree addition, and a mixed and a full addition
 * (11 + 16) for each bucket.
 */
export const windowCost = (n: number, buckets: number): number => 6 * n + 27 * buckets;
