/**
 * Floors: what section 7 of docs/PROTOCOL.md says a payout proof must at least do, over rates measured in the same run.
 * A floor counts products and bytes only; memory traffic of intermediate tables, transcript and threads come on top.
 */
import { frBufferFrom, G1_BYTES } from '../../src/field/buffer.js';
import type { Srs } from '../../src/commitment/srs.js';
import { randomScalar } from '../../src/commitment/kzg.js';
import { dimsOf, relationShape, type SizeClass } from '../../src/statement/sizeClass.js';
import type { Kernels } from '../../prover/kernels/types.js';
import { timed } from '../report.js';

/** Field multiplications of a payout proof by stage (field by field, or field by int8/int16/bit in `smallProducts`). */
export interface Work {
  products: Record<string, number>;
  smallProducts: Record<string, number>;
  /** MSMs with full scalars: their sizes, and all points together. */
  msmSizes: number[];
  msmPoints: number;
  /** Bytes of the committed tables that the prover reads. */
  tableBytes: number;
}

/** Section 7: SC1 L r^2 (K + Q); SC2 2 L T r; SC3 2 N int8-by-field; SC4 and opening 7 N/R; SC0, SCb 5 128 Q K; MSMs 2 N/R + 6 sqrt(N/R). */
export function payoutWork(cls: SizeClass, tokensLog: number): Work {
  const shape = relationShape(cls, 'payout');
  const { nu } = dimsOf(shape, tokensLog);
  const L = 2 ** cls.layersLog, r = 2 ** cls.rankLog, T = 2 ** tokensLog, d = 2 ** cls.widthLog;
  const Q = shape.queries, K = shape.contributors, opened = 2 ** nu, activations = T * L * d;
  const side = 2 ** Math.ceil(nu / 2), sizes = [opened, opened, side, side, side, side, side, side];
  return {
    products: { 'scores and bits': 5 * 128 * Q * K, influence: L * r * r * (K + Q), tokens: 2 * L * T * r, 'rows and opening': 7 * opened },
    smallProducts: { columns: 2 * activations },
    msmPoints: sizes.reduce((a, b) => a + b, 0),
    msmSizes: sizes,
    tableBytes: 3 * activations + 2 * L * r * d + 32 * K * L * r * r + 128 * Q * K,
  };
}

/** Measured on this machine with the kernels that prove: products a second, points a second, bytes a second. */
export interface Rates {
  products: number;
  smallProducts: number;
  msmPoints: number;
  bytes: number;
}

export async function measureRates(kernels: Kernels, srs: Srs, logSize: number, repetitions: number): Promise<Rates> {
  const n = 2 ** logSize, scalars = Array.from({ length: 64 }, randomScalar);
  const table = frBufferFrom(Array.from({ length: n }, (_, i) => scalars[i % 64] + BigInt(i)));
  const bytes = Int8Array.from({ length: 8 * n }, (_, i) => i * 89);
  // The fastest run: a floor that includes other processes would be none.
  const best = async (work: () => Promise<unknown>): Promise<number> => {
    await work();
    const times: number[] = [];
    for (let i = 0; i < repetitions; i++) times.push((await timed(work)).seconds);
    return Math.min(...times);
  };
  const copy = new Uint8Array(1 << 26);
  return {
    products: n / await best(() => kernels.linearCombination([scalars[0]], [{ kind: 'fr', data: table }], n)),
    smallProducts: 8 * n / await best(() => kernels.linearCombination([scalars[0]], [{ kind: 'int8', data: bytes }], 8 * n)),
    msmPoints: n / await best(() => kernels.msm(srs.g1.subarray(0, G1_BYTES * n), table)),
    bytes: copy.length / await best(() => Promise.resolve(copy.slice())),
  };
}

/** The faster of two measurements, rate by rate. */
export const fastest = (a: Rates, b: Rates): Rates => ({
  products: Math.max(a.products, b.products), smallProducts: Math.max(a.smallProducts, b.smallProducts), msmPoints: Math.max(a.msmPoints, b.msmPoints), bytes: Math.max(a.bytes, b.bytes),
});

/** Products of one MSM of n full scalars: the best window of Pippenger's method, 6 products an addition (batch affine), 16 in the bucket sums. */
const msmProducts = (n: number): number => {
  let best = Infinity;
  for (let c = 2; c <= 22; c++) best = Math.min(best, Math.ceil(254 / c) * (6 * n + 2 * 16 * 2 ** (c - 1)));
  return best;
};

const total = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);

export interface Floor {
  products: number;
  msm: number;
  bytes: number;
  chainAndOpening: number;
  productsOnly: number;
}

/**
 * Seconds that the counted work takes at these rates. `chainAndOpening` takes MSMs at the measured rate of these kernels: what
 * remains above it is the stages' own overhead. `productsOnly` counts MSMs as bare field products too: what better kernels could reach.
 */
export function floorSeconds(work: Work, rates: Rates): Floor {
  const products = total(work.products) / rates.products + total(work.smallProducts) / rates.smallProducts;
  const msm = work.msmPoints / rates.msmPoints, bytes = work.tableBytes / rates.bytes;
  return { products, msm, bytes, chainAndOpening: products + msm + bytes, productsOnly: products + bytes + work.msmSizes.reduce((sum, n) => sum + msmProducts(n), 0) / rates.products };
}
