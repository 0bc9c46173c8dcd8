/**
 * Bottleneck-gradient features, exact.
 *   u[t,l,a] = sum_j B[a,l,j] Delta[t,l,j]        (B transposed, int8; Delta int16)
 *   z[t,l,b] = sum_j A[b,l,j] X[t,l,j]            (int8, int8)
 *   G[c,l,a,b] = sum over the tokens t of segment c of u[t,l,a] z[t,l,b]
 * Source: PROTOCOL section 1; LoGra, Choe et al. 2024.
 */
import { AttributionShapeError, FeatureOverflowError } from '../errors/attribution.js';
import type { RelationShape } from '../statement/sizeClass.js';

/** Bits of |G|: the features relation and the head room of the scores rest on it. */
export const FEATURE_BITS = 80;

/** u is split at 2^16 so that sums of products stay exact in float64. */
const LIMB = 65536;

function checkLength(name: string, got: number, expected: number): void {
  if (got !== expected) {
    throw new AttributionShapeError(`${name} has the wrong length`, {
      where: name, expected, got, hint: 'tables are padded with zeros to the size class: width, layers and rank',
    });
  }
}

/**
 * Repeats the last boundary up to the class's segments: b_1 .. b_S (b_0 = 0 is not listed).
 * @throws AttributionShapeError when too many, not integers, not monotone, or above `tokens`
 */
export function padBoundaries(boundaries: readonly number[], segments: number, tokens: number): number[] {
  if (boundaries.length > segments) {
    throw new AttributionShapeError('too many segments', {
      where: 'boundaries', expected: `at most ${segments}`, got: boundaries.length, hint: 'use a larger size class, or split the batch',
    });
  }
  let last = 0;
  const out = boundaries.map((b, i) => {
    if (!Number.isInteger(b) || b < last || b > tokens) {
      throw new AttributionShapeError('segment boundary is out of order', {
        where: `boundaries[${i}]`, expected: `an integer in ${last}..${tokens}`, got: b, hint: 'segments are contiguous rows in order',
      });
    }
    return (last = b);
  });
  while (out.length < segments) out.push(last);
  return out;
}

/**
 * G[c,l,a,b] = sum_{t in segment c} (sum_j B[a,l,j] Delta[t,l,j]) (sum_j A[b,l,j] X[t,l,j])
 * @param adapterA    int8 (a,l,j), index (a L + l) d + j
 * @param adapterB    int8 (a,l,j), transposed
 * @param x           int8 (t,l,j), index (t L + l) d + j; any number of rows
 * @param delta       int16 (t,l,j)
 * @param boundaries  b_1 .. b_S; fewer than the class's segments: the rest are empty. Rows from b_S on are ignored
 * @returns           index ((c L + l) r + a) r + b, with all of the class's segments
 * @throws AttributionShapeError on a table or boundary that does not fit, FeatureOverflowError when |G| >= 2^80
 */
export function features(
  adapterA: Int8Array, adapterB: Int8Array, x: Int8Array, delta: Int16Array, boundaries: readonly number[], shape: RelationShape,
): bigint[] {
  const { layersLog, widthLog, rankLog } = shape.cls;
  const L = 1 << layersLog, d = 1 << widthLog, r = 1 << rankLog, row = L * d, rr = r * r;
  checkLength('adapter A', adapterA.length, r * row);
  checkLength('adapter B', adapterB.length, r * row);
  if (x.length % row !== 0) checkLength('X', x.length, Math.ceil(x.length / row) * row);
  checkLength('Delta', delta.length, x.length);
  const tokens = x.length / row;
  const bounds = padBoundaries(boundaries, shape.segments, tokens);

  const out = new Array<bigint>(shape.segments * L * rr).fill(0n);
  const u = new Float64Array(r), z = new Float64Array(r);
  const high = new Float64Array(rr), low = new Float64Array(rr);
  // |u| <= d 2^22, |z| <= d 2^14: per token |high| <= d^2 2^20 + d 2^14, |low| < d 2^30; flush before a sum could pass 2^53.
  // Widths above 2^15 would pass it within one token: chunk is 0, and the products are bigints (u and z themselves stay exact up to d = 2^30).
  const chunk = Math.floor(2 ** 52 / Math.max(d * d * 2 ** 20 + d * 2 ** 14, d * 2 ** 30));
  const limit = 1n << BigInt(FEATURE_BITS);

  for (let c = 0; c < shape.segments; c++) {
    const from = c === 0 ? 0 : bounds[c - 1], to = bounds[c];
    for (let l = 0; l < L && from < to; l++) {
      const base = (c * L + l) * rr;
      for (let start = from; start < to; start += Math.max(1, chunk)) {
        high.fill(0);
        low.fill(0);
        const end = Math.min(to, start + Math.max(1, chunk));
        for (let t = start; t < end; t++) {
          const at = (t * L + l) * d;
          for (let a = 0; a < r; a++) {
            const table = (a * L + l) * d;
            let sumU = 0, sumZ = 0;
            for (let j = 0; j < d; j++) {
              sumU += adapterB[table + j] * delta[at + j];
              sumZ += adapterA[table + j] * x[at + j];
            }
            u[a] = sumU;
            z[a] = sumZ;
          }
          for (let a = 0; a < r; a++) {
            if (chunk === 0) {
              for (let b = 0; b < r; b++) out[base + a * r + b] += BigInt(u[a]) * BigInt(z[b]);
              continue;
            }
            const h = Math.floor(u[a] / LIMB), lo = u[a] - h * LIMB;
            for (let b = 0; b < r; b++) {
              high[a * r + b] += h * z[b];
              low[a * r + b] += lo * z[b];
            }
          }
        }
        for (let i = 0; i < rr; i++) out[base + i] += BigInt(high[i]) * BigInt(LIMB) + BigInt(low[i]);
      }
      for (let i = 0; i < rr; i++) {
        const value = out[base + i];
        if (value >= limit || value <= -limit) throw new FeatureOverflowError(c, l, value, FEATURE_BITS);
      }
    }
  }
  return out;
}
