/**
 * Multilinear polynomials on canonical bigints, for verifiers (prover tables are kernel buffers).
 * Index convention, stated once: in a table of length 2^n, bit k of the index is variable X_k; points list X_0 first.
 */
import { FIELD_MODULUS as P, frAdd, frFrom, frMul, frSub } from '../field/fr.js';
import { BIT_AXIS_LOG, SCORE_BITS } from '../statement/sizeClass.js';

/** eq(a, b) = prod_k (a_k b_k + (1 - a_k)(1 - b_k)); the shorter point is padded with zeros. */
export function eqPoint(a: readonly bigint[], b: readonly bigint[]): bigint {
  let product = 1n;
  for (let k = 0; k < Math.max(a.length, b.length); k++) {
    const [x, y] = [a[k] ?? 0n, b[k] ?? 0n];
    product = frMul(product, frFrom(1n - x - y + 2n * x * y));
  }
  return product;
}

/** out[i] = eq(point, i), 2^n entries. */
export function eqTable(point: readonly bigint[]): bigint[] {
  let table = [1n];
  for (const r of point) {
    const high = table.map((e) => frMul(e, r));
    table = [...table.map((e, i) => frSub(e, high[i])), ...high];
  }
  return table;
}

/** sum_i a_i b_i mod p. */
export const innerProduct = (a: readonly bigint[], b: readonly bigint[]): bigint => a.reduce((sum, x, i) => sum + x * b[i], 0n) % P;

/** f~(point) of a table of 2^n values. */
export const evaluateMultilinear = (table: readonly bigint[], point: readonly bigint[]): bigint => innerProduct(eqTable(point), table.map(frFrom));

/** MLE in tau of [t < b], 0 <= b <= 2^n. a_0 = 0, a_(k+1) = eq1(tau_k, b_k) a_k + b_k (1 - tau_k), tau_n := 0 */
export function lessThan(tau: readonly bigint[], b: bigint): bigint {
  let a = 0n;
  for (let k = 0; k <= tau.length; k++) {
    const t = tau[k] ?? 0n;
    a = (b >> BigInt(k)) & 1n ? frFrom(t * a + 1n - t) : frMul(frSub(1n, t), a);
  }
  return a;
}

/** seg(rho, tau) = sum_s eq(rho, s) [lt(tau, b_(s+1)) - lt(tau, b_s)], b_0 = 0. */
export function segmentWeight(rho: readonly bigint[], tau: readonly bigint[], boundaries: readonly bigint[]): bigint {
  const below = boundaries.map((b) => lessThan(tau, b));
  return innerProduct(eqTable(rho), below.map((value, s) => frSub(value, s === 0 ? 0n : below[s - 1])));
}

/** MLEs of k -> 2^k [k < 120] and k -> [k = 127] at a point of the bit axis (7 variables). */
export function bitWeights(point: readonly bigint[]): { power: bigint; sign: bigint } {
  if (point.length !== BIT_AXIS_LOG) throw new RangeError(`the bit axis has ${BIT_AXIS_LOG} variables, got ${point.length}`);
  const factor = point.map((r, i) => frFrom(1n - r + r * (1n << (1n << BigInt(i)))));
  const low = factor.slice(0, 3).reduce(frMul, 1n);
  const high = factor.slice(3).reduce(frMul, 1n);
  const top = point.slice(3).reduce(frMul, 1n);
  return { power: frMul(low, frSub(high, frMul(1n << BigInt(SCORE_BITS), top))), sign: frMul(top, point.slice(0, 3).reduce(frMul, 1n)) };
}

/** c0 + c1 r + .. of a round polynomial sent as (c0, c2, .., c_degree), with c1 = claim - 2 c0 - c2 - ... */
export function roundValue(message: readonly bigint[], claim: bigint, r: bigint): bigint {
  const linear = message.reduce(frSub, frSub(claim, message[0]));
  let value = 0n;
  for (let k = message.length - 1; k >= 1; k--) value = frAdd(frMul(value, r), message[k]);
  return frAdd(frMul(frAdd(frMul(value, r), linear), r), message[0]);
}
