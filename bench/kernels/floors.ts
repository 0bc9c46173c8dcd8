/**
 * What a kernel must at least do, by formula: field products, and bytes that pass between memory and core when every input is
 * read once and every output written once.
 *   floor = max(products / product rate, bytes / byte rate),   distance = time / floor
 * Products are the best count that we know for the function, not the count of these kernels. Additions, carries, sorting and
 * everything the caches do is left out, so a distance of 1 is out of reach; below 1 is possible only where a kernel defers
 * reductions (sums of products), since the product rate is that of reduced products.
 */
import type { Isa } from '../../prover/kernels/native/build/isa.js';
import { byteRate, type Rates } from './rates.js';

export interface Work {
  /** Field by field. Products in F_q^2 are counted in those of F_q. */
  products: number;
  /** Field by int8, int16 or bit. */
  smallProducts?: number;
  read: number;
  written: number;
}

/** wasm: the portable TypeScript kernels. */
export type IsaLabel = Isa | 'wasm';

/**
 * Field by small integer, in field products. Words of 64 bits: 4 word products against 36 (16 and 20 of the reduction).
 * IFMA: 8 products of 32-bit limbs against 105 multiply-adds, eight lanes each.
 */
const SMALL: Record<IsaLabel, number> = { ifma: 8 / 105, adx: 4 / 36, portable: 4 / 36, wasm: 4 / 36 };

export interface Floor {
  products: number;
  bytes: number;
  productSeconds: number;
  byteSeconds: number;
  seconds: number;
}

export function floorOf(work: Work, isa: IsaLabel, rates: Rates): Floor {
  const products = work.products + (work.smallProducts ?? 0) * SMALL[isa], bytes = work.read + work.written;
  const productSeconds = products / rates.products, byteSeconds = bytes / byteRate(rates, bytes);
  return { products, bytes, productSeconds, byteSeconds, seconds: Math.max(productSeconds, byteSeconds) };
}

/** Products of one addition of affine points that share their inversion (3 for the inversion, 2 and a square), and of one of a bucket sum. */
interface AdditionCost { batched: number; sum: number }
export const G1_COST: AdditionCost = { batched: 6, sum: 16 };
/** F_q^2: a product is 3 (Karatsuba), a square 2; batched 5 and 1, sums 12 and 4. */
export const G2_COST: AdditionCost = { batched: 5 * 3 + 2, sum: 12 * 3 + 4 * 2 };

const SCALAR_BITS = 254;

/**
 * Pippenger: a bit length in windows of c bits with signed digits, n additions a window, two sums over 2^(c-1) buckets.
 * The best c; for full scalars also with the endomorphism, which halves the bits and doubles the points (one product each, G1).
 */
export function msmProducts(n: number, bits: number, cost: AdditionCost): number {
  const windows = (points: number, length: number): number => {
    let best = Infinity;
    for (let c = 1; c <= 24; c++) best = Math.min(best, Math.ceil(length / c) * (cost.batched * points + 2 * cost.sum * 2 ** (c - 1)));
    return best;
  };
  const plain = windows(n, bits);
  return bits === SCALAR_BITS && cost === G1_COST ? Math.min(plain, n + windows(2 * n, bits / 2)) : plain;
}
export const fullMsmProducts = (n: number, cost: AdditionCost): number => msmProducts(n, SCALAR_BITS, cost);
/** Bits: half of the points are added. */
export const bitMsmProducts = (n: number): number => (G1_COST.batched * n) / 2;

/** n multiples of one base from a table of 2^(w-1) multiples a window: an addition a window and point, and the table. */
export function fixedBaseProducts(n: number, cost: AdditionCost): number {
  let best = Infinity;
  for (let w = 2; w <= 22; w++) best = Math.min(best, Math.ceil(SCALAR_BITS / w) * cost.batched * (n + 2 ** (w - 1)));
  return best;
}

/**
 * Butterflies: n / 2 log n, less those by one (n - 1; a coset's shift, put into the twiddles, leaves none);
 * the inverse's 1 / n, put into the last layer, costs n / 2 more.
 */
export function nttProducts(n: number, { inverse, coset }: { inverse: boolean; coset: boolean }): number {
  return (n / 2) * Math.log2(n) - (coset ? 0 : n - 1) + (inverse ? n / 2 : 0);
}

/** One pair of table entries of a round: a b at three points; a b c as (a b) at three points, then c at four. */
export const ROUND_PRODUCTS = { 2: 3, 3: 7 } as const;
