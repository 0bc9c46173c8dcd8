/** Multi-scalar multiplication on noble's points: clear, for small sizes. */
import { pippenger } from '@noble/curves/abstract/curve.js';
import { bn254 } from '@noble/curves/bn254.js';
import { g1BufferFrom, g1Get, g1IsInfinity, G1_INFINITY } from '../../../src/curve/bn254.js';
import { G1_BYTES, type G1Buffer } from '../../../src/field/buffer.js';
import { assertMsm } from '../shape.js';

const { Point } = bn254.G1;

/** sum_i scalars_i bases_i; scalars canonical. */
export function msm(bases: G1Buffer, scalars: readonly bigint[], where: string): G1Buffer {
  assertMsm(bases, scalars.length, where);
  const points: InstanceType<typeof Point>[] = [];
  const used: bigint[] = [];
  scalars.forEach((k, i) => {
    const base = g1Get(bases.subarray(i * G1_BYTES, (i + 1) * G1_BYTES));
    if (k === 0n || g1IsInfinity(base)) return;
    points.push(Point.fromAffine(base));
    used.push(k);
  });
  const sum = points.length === 0 ? Point.ZERO : pippenger(Point, points, used);
  return g1BufferFrom([sum.is0() ? G1_INFINITY : sum.toAffine()]);
}
