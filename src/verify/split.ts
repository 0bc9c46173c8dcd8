import { ProofRejectedError } from '../errors/verify.js';
import { PAYOUT_BITS, SPLIT_SHIFT, type RelationShape } from '../statement/sizeClass.js';
import type { PublicLists } from '../statement/statement.js';

/** The exact integers of the reward split (src/attribution/split.ts). */
export interface SplitMessages {
  totals: bigint[];
  shifts: bigint[];
  lambdas: bigint[];
  feeRemainders: bigint[];
  payoutRemainders: bigint[];
}

/**
 * Canonical share rates and payout values; twin of circuits/lib/split.circom, on integers.
 *   D' = D 2^e in [2^(DB-1), 2^DB);  f 2^160 = lambda D' + rem, 0 <= rem < D';  mu = lambda 2^e;  V_c = P_c 2^160 + rem_c
 */
export function verifySplit(shape: RelationShape, lists: PublicLists, messages: SplitMessages): { mus: bigint[]; values: bigint[]; zeroQueries: bigint } {
  const DB = shape.totalBits;
  const inBits = (value: bigint, bits: number, where: string): void => {
    if (value < 0n || value >> BigInt(bits) !== 0n) throw new ProofRejectedError('value is out of range', { code: 'SPLIT_RANGE', where, expected: `${bits} bits`, got: value });
  };
  const equal = (holds: boolean, where: string): void => {
    if (!holds) throw new ProofRejectedError('reward split is not canonical', { code: 'SPLIT', where });
  };
  const lengths = { totals: shape.queries, shifts: shape.queries, lambdas: shape.queries, feeRemainders: shape.queries, payoutRemainders: shape.contributors };
  for (const [name, expected] of Object.entries(lengths) as [keyof SplitMessages, number][]) {
    if (messages[name].length !== expected) throw new ProofRejectedError('list of the split has the wrong length', { code: 'PROOF_SHAPE', where: `split ${name}`, expected, got: messages[name].length });
  }
  let zeroQueries = 0n;
  const mus = messages.totals.map((total, q) => {
    const where = `query ${q}`;
    const [shift, lambda, remainder] = [messages.shifts[q], messages.lambdas[q], messages.feeRemainders[q]];
    inBits(total, DB, `${where} total`);
    inBits(shift, 7, `${where} shift`);
    inBits(lambda, 241 - DB, `${where} lambda`);
    inBits(remainder, DB, `${where} remainder`);
    if (total === 0n) {
      zeroQueries |= 1n << BigInt(q);
      equal(shift === 0n && lambda === 0n && remainder === 0n, where);
      return 0n;
    }
    const normalised = total << shift;
    inBits(normalised - (1n << BigInt(DB - 1)), DB - 1, `${where} normalised total`);
    inBits(normalised - 1n - remainder, DB, `${where} remainder below the divisor`);
    equal(lists.fees[q] << BigInt(SPLIT_SHIFT) === lambda * normalised + remainder, where);
    return lambda << shift;
  });
  const values = lists.payouts.map((payout, c) => {
    inBits(payout, PAYOUT_BITS, `payout ${c}`);
    inBits(messages.payoutRemainders[c], SPLIT_SHIFT, `payout remainder ${c}`);
    return (payout << BigInt(SPLIT_SHIFT)) + messages.payoutRemainders[c];
  });
  return { mus, values, zeroQueries };
}
