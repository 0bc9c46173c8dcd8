/**
 * The chain of section 3: what a circuit proves, message by message. `PayoutMessages` and `FeaturesMessages` are the private
 * inputs of the circuits, under the same names.
 */
import { ProofRejectedError } from '../errors/verify.js';
import { statementDigest, checkStatement, type OpeningClaim, type Statement } from '../statement/statement.js';
import { LABELS } from '../transcript/labels.js';
import { DuplexTranscript } from '../transcript/duplex.js';
import { verifyBits } from './bits.js';
import { verifyColumns } from './columns.js';
import { verifyInfluence } from './influence.js';
import { resultOf, type VerifyResult } from './result.js';
import { verifyRows } from './rows.js';
import { verifyScores } from './scores.js';
import { verifySplit, type SplitMessages } from './split.js';
import type { SumcheckMessages } from './sumcheck.js';
import { verifyTokens } from './tokens.js';

/** What both relations send from the tokens stage on. v and w in the order Dlt, X, B, A, G(, Bt). */
export interface TailMessages {
  salt: bigint;
  phi: bigint;
  tokensMessage: SumcheckMessages;
  u: bigint;
  z: bigint;
  columnsMessage: SumcheckMessages;
  v: bigint[];
  rowsMessage: SumcheckMessages;
  m: bigint;
  w: bigint[];
}
export type FeaturesMessages = TailMessages;

export interface PayoutMessages extends TailMessages, SplitMessages {
  sigma: bigint;
  scoresMessage: SumcheckMessages;
  magnitude: bigint;
  sign: bigint;
  bitsMessage: SumcheckMessages;
  bt: bigint;
  influenceMessage: SumcheckMessages;
  g: bigint;
}

/** Everything from phi on: tokens, columns, rows. */
function verifyTail(
  transcript: DuplexTranscript, statement: Statement, messages: TailMessages, rho: readonly bigint[], pG: readonly bigint[], g: bigint,
  bits?: { value: bigint; point: bigint[] },
): OpeningClaim {
  const { shape, dims } = checkStatement(statement);
  const { rankLog, layersLog } = shape.cls;
  const beta = pG.slice(0, rankLog), alpha = pG.slice(rankLog, 2 * rankLog), lam = pG.slice(2 * rankLog, 2 * rankLog + layersLog);
  const tokens = verifyTokens(transcript, shape, dims, messages, { lam, rho, boundaries: statement.lists.boundaries });
  const columns = verifyColumns(transcript, shape, messages, { ...tokens, g, pG, bits });
  const tauLow = tokens.tau.slice(0, dims.tokensLog - shape.blocksLog);
  const tauHigh = tokens.tau.slice(dims.tokensLog - shape.blocksLog, dims.tokensLog);
  const points = [tauLow, tauLow, alpha, beta, pG.slice(shape.J), ...(bits ? [bits.point.slice(shape.J)] : [])];
  const rows = verifyRows(transcript, shape, dims, messages, columns.gamma, points);
  return { gammaPrime: rows.gammaPrime, y: rows.y, point: [...columns.point, ...rows.point], tauHigh };
}

/** Features relation (R1). @returns the opening claim on the masked combination of the committed tables */
export function verifyFeaturesChain(statement: Statement, messages: FeaturesMessages): VerifyResult<{ claim: OpeningClaim }> {
  return resultOf(() => {
    const { shape, dims } = checkStatement(statement);
    const { contributorsLog, layersLog, rankLog } = shape.cls;
    const transcript = new DuplexTranscript();
    const pG = transcript.absorb(LABELS.statement,
      [shape.domain, dims.word, statementDigest(statement), messages.salt, ...statement.lists.boundaries], contributorsLog + layersLog + 2 * rankLog);
    transcript.absorb(LABELS.phi, [messages.phi]);
    return { claim: verifyTail(transcript, statement, messages, pG.slice(2 * rankLog + layersLog), pG, messages.phi) };
  });
}

/** Payout relation (R2). @returns the opening claim on the masked combination of the committed tables */
export function verifyPayoutChain(statement: Statement, messages: PayoutMessages): VerifyResult<{ claim: OpeningClaim }> {
  return resultOf(() => {
    const { shape, dims } = checkStatement(statement);
    const { queriesLog, contributorsLog } = shape.cls;
    const { lists } = statement;
    const { mus, values, zeroQueries } = verifySplit(shape, lists, messages);
    if (zeroQueries !== lists.zeroQueries) throw new ProofRejectedError('zero queries', { code: 'ZERO_QUERIES', where: 'split', expected: zeroQueries, got: lists.zeroQueries });
    const transcript = new DuplexTranscript();
    const rho = transcript.absorb(LABELS.statement, [
      shape.domain, dims.word, statementDigest(statement), messages.salt, ...lists.boundaries, ...lists.fees, ...lists.payouts, lists.zeroQueries,
      ...messages.totals, ...mus, ...messages.payoutRemainders,
    ], queriesLog + contributorsLog);
    const rhoQ = rho.slice(0, queriesLog), rhoC = rho.slice(queriesLog);
    const [chi] = transcript.absorb(LABELS.sigma, [messages.sigma], 1);
    const pair = verifyScores(transcript, messages, { rhoQ, rhoC, chi, mus, values });
    const pB = verifyBits(transcript, shape, messages, pair);
    const point = verifyInfluence(transcript, shape, messages);
    const pG = [...point, ...rhoC];
    return { claim: verifyTail(transcript, statement, messages, rhoQ, pG, messages.g, { value: messages.bt, point: pB }) };
  });
}
