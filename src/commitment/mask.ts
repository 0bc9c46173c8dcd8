/**
 * The mask M: 64 random coefficients at index lo + b_lo hi, lo < 8, hi < 8, b_lo = 2^ceil(nu/2); zero elsewhere.
 * Everything the opening reveals spans 12 linear functionals of F'; the 64 coefficients reach rank 12 (test/soundness).
 * Single use: a fresh mask, rho_M and salt for every proof.
 */
import { frMul, frSub } from '../field/fr.js';
import { innerProduct, eqTable } from '../poly/multilinear.js';

export const MASK_SIDE = 8;

/** b_lo of Mercury: 2^ceil(nu / 2). */
export const lowLength = (nu: number): number => 1 << Math.ceil(nu / 2);

/** Indices of the mask's coefficients, in order (lo fastest). */
export const maskIndices = (nu: number): number[] => Array.from({ length: MASK_SIDE * MASK_SIDE }, (_, i) => (i % MASK_SIDE) + lowLength(nu) * Math.floor(i / MASK_SIDE));

/** M~(point) from its 64 values. */
export function evaluateMask(values: readonly bigint[], nu: number, point: readonly bigint[]): bigint {
  const half = Math.ceil(nu / 2);
  const low = point.slice(0, half), high = point.slice(half, nu);
  const rest = [...low.slice(3), ...high.slice(3)].reduce((product, r) => frMul(product, frSub(1n, r)), 1n);
  const eqLow = eqTable(low.slice(0, 3)), eqHigh = eqTable(high.slice(0, 3));
  return frMul(rest, innerProduct(eqHigh, eqHigh.map((_, hi) => innerProduct(eqLow, values.slice(MASK_SIDE * hi, MASK_SIDE * (hi + 1))))));
}
