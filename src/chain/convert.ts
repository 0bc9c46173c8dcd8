/** Statements and proofs as src/statement and src/verify hold them -> the contract's structs. */
import { pad, toHex, type Hex } from 'viem';
import { g2Words } from '../commitment/srs.js';
import { ChainError } from '../errors/chain.js';
import type { Statement } from '../statement/statement.js';
import type { AttributionProof } from '../verify/proof.js';
import type { FeaturesStatement, Groth16Proof, OpeningProof, PayoutStatement } from './types.js';

const word = (value: bigint): Hex => pad(toHex(value), { size: 32 });

export function contractFeaturesStatement({ cls, context, tokensLog, commitments: c, lists }: Statement): FeaturesStatement {
  return { classId: cls.id, context: word(context), tokensLog, dlt: c.delta, x: c.x, b: c.b, a: c.a, g: c.g, m: c.mask, boundaries: lists.boundaries };
}

/** @throws ChainError unless the statement is of the payout relation */
export function contractPayoutStatement(statement: Statement): PayoutStatement {
  const { commitments, lists } = statement;
  if (statement.relation !== 'payout' || !commitments.bits) throw new ChainError('statement of another relation', { code: 'RELATION', expected: 'payout', got: statement.relation });
  return { ...contractFeaturesStatement(statement), bt: commitments.bits, fees: lists.fees, payouts: lists.payouts, zeroQueries: lists.zeroQueries };
}

/** `opening` and `proof` of registerFeatures and settle. */
export function contractProof({ y, point, tauHigh, gammaPrime, rho, opening, groth16 }: AttributionProof): { opening: OpeningProof; proof: Groth16Proof } {
  return {
    opening: { y, pStar: point, tauHi: tauHigh, gammaPrime, rho, ...opening },
    proof: { a: groth16.a, b: g2Words(groth16.b), c: groth16.c },
  };
}
