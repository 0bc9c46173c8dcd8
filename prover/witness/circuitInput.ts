import { checkStatement, statementDigest, type Statement } from '../../src/statement/statement.js';
import type { FeaturesMessages, PayoutMessages } from '../../src/verify/chain.js';
import type { CircuitInput } from '../backends/groth16.js';

/** Input signals of the circuit, by the names in circuits/attribution: public challenges, statement words, chain messages. */
export function circuitInput(statement: Statement, messages: FeaturesMessages | PayoutMessages, publics: { gammaPrime: bigint; gammaList: bigint; listEvaluation: bigint }): CircuitInput {
  const { shape, dims } = checkStatement(statement);
  const { boundaries, fees, payouts } = statement.lists;
  return {
    ...publics,
    digest: statementDigest(statement), dims: dims.word,
    tokenActive: Array.from({ length: shape.tokensLogMax }, (_, i) => (i < dims.tokensLog ? 1n : 0n)),
    boundaries, ...(statement.relation === 'payout' ? { fees, payouts } : {}),
    ...messages,
  };
}
