/**
 * Reward split, canonical: one set of scores and fees has exactly one payout list.
 *   w_qc = max(s_qc, 0),  D_q = sum_c w_qc,  DB = 120 + log2 K
 *   e_q = DB - bitlen(D_q),  D'_q = D_q 2^(e_q) in [2^(DB-1), 2^DB)
 *   f_q 2^160 = lambda_q D'_q + rem_q,  0 <= rem_q < D'_q;   mu_q = lambda_q 2^(e_q)
 *   sum_q w_qc mu_q = P_c 2^160 + rem_c,  0 <= rem_c < 2^160
 * D_q = 0: e_q = lambda_q = mu_q = rem_q = 0 and bit q of Z is set; the fee returns to its payer.
 * Never pays more than the fees of the other queries: sum_c w_qc mu_q = D'_q lambda_q <= f_q 2^160.
 * Source: PROTOCOL section 1.
 */
import { AttributionRangeError, AttributionShapeError } from '../errors/attribution.js';
import { FEE_BITS, SPLIT_SHIFT, type RelationShape } from '../statement/sizeClass.js';
import { checkScores } from './influence.js';

export interface RewardSplit {
  /** D_q. */
  totals: bigint[];
  /** e_q. */
  shifts: number[];
  /** lambda_q, below 2^(241 - DB). */
  lambdas: bigint[];
  /** mu_q = lambda_q 2^(e_q). */
  mus: bigint[];
  /** rem_q of the division by D'_q. */
  queryRemainders: bigint[];
  /** P_c, base units. */
  payouts: bigint[];
  /** rem_c, below 2^160. */
  payoutRemainders: bigint[];
  /** Z = sum_q [D_q = 0] 2^q, unused queries of the class included. */
  zeroQueries: bigint;
}

/** Bits of a non-negative integer; 0 for 0. */
export const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);

/**
 * @param scores  s[q][c], Q x K of the class
 * @param fees    f_q < 2^80, base units; fewer than Q: the rest are 0
 * @throws AttributionShapeError, AttributionRangeError, ScoreOverflowError
 */
export function splitRewards(scores: readonly (readonly bigint[])[], fees: readonly bigint[], shape: RelationShape): RewardSplit {
  const { queries: Q, contributors: K, totalBits: DB } = shape;
  checkScores(scores, shape);
  if (fees.length > Q) {
    throw new AttributionShapeError('too many fees', { where: 'fees', expected: `at most ${Q}`, got: fees.length, hint: 'split the job' });
  }
  fees.forEach((fee, q) => {
    if (fee < 0n || fee >> BigInt(FEE_BITS) !== 0n) {
      throw new AttributionRangeError('fee is out of range', { where: `fees[${q}]`, expected: `0 <= fee < 2^${FEE_BITS}`, got: fee.toString() });
    }
  });

  const shift = BigInt(SPLIT_SHIFT);
  const split: RewardSplit = {
    totals: [], shifts: [], lambdas: [], mus: [], queryRemainders: [], payouts: [], payoutRemainders: [], zeroQueries: 0n,
  };
  const sums = new Array<bigint>(K).fill(0n);
  for (let q = 0; q < Q; q++) {
    const total = scores[q].reduce((sum, s) => (s > 0n ? sum + s : sum), 0n);
    let e = 0, lambda = 0n, mu = 0n, rem = 0n;
    if (total === 0n) {
      split.zeroQueries |= 1n << BigInt(q);
    } else {
      e = DB - bitLength(total);
      const scaled = total << BigInt(e), numerator = (fees[q] ?? 0n) << shift;
      lambda = numerator / scaled;
      rem = numerator - lambda * scaled;
      mu = lambda << BigInt(e);
      scores[q].forEach((s, c) => { if (s > 0n) sums[c] += s * mu; });
    }
    split.totals.push(total);
    split.shifts.push(e);
    split.lambdas.push(lambda);
    split.mus.push(mu);
    split.queryRemainders.push(rem);
  }
  for (const sum of sums) {
    split.payouts.push(sum >> shift);
    split.payoutRemainders.push(sum & ((1n << shift) - 1n));
  }
  return split;
}
