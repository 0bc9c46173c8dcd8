/**
 * Payout relation (R2), chain part: scores, bits, influence, then the shared tail; twin of verifyPayoutChain.
 */
import type { RewardSplit } from '../../src/attribution/index.js';
import type { Table } from '../../src/commitment/kzg.js';
import { frBufferFrom, type FrBuffer } from '../../src/field/buffer.js';
import { frAdd, frFrom, frMul, frSub } from '../../src/field/fr.js';
import { eqTable, innerProduct } from '../../src/poly/multilinear.js';
import { BIT_AXIS_LOG, SCORE_BITS, SIGN_BIT } from '../../src/statement/sizeClass.js';
import { checkStatement, statementDigest, type Statement } from '../../src/statement/statement.js';
import { DuplexTranscript } from '../../src/transcript/duplex.js';
import { LABELS } from '../../src/transcript/labels.js';
import { bitVariables } from '../../src/verify/bits.js';
import type { PayoutMessages } from '../../src/verify/chain.js';
import type { Kernels } from '../kernels/types.js';
import { fieldTable, type RelationWitness } from '../witness/witness.js';
import type { StageClock } from './clock.js';
import { proveSumcheck } from './sumcheck.js';
import { proveTail, type TailOutput } from './tail.js';

/** What the payout relation needs beside the committed tables: exact integers of src/attribution. */
export interface PayoutWitness extends RelationWitness {
  /** Phi, (q, l, a, b). */
  phi: readonly bigint[];
  scores: readonly (readonly bigint[])[];
  split: RewardSplit;
  /** Bt, (q, c, k), without padding. */
  bits: Extract<Table, { kind: 'bit' }>;
}

export interface PayoutChain extends Omit<TailOutput, 'messages'> {
  messages: PayoutMessages;
}

export async function provePayoutChain(
  kernels: Kernels, statement: Statement, witness: PayoutWitness, secrets: { salt: bigint; mask: readonly bigint[] }, clock: StageClock,
): Promise<PayoutChain> {
  const { shape, dims } = checkStatement(statement);
  const { queriesLog, contributorsLog, layersLog, rankLog } = shape.cls;
  const { queries: Q, contributors: K } = shape;
  const { lists } = statement;
  const { split, scores } = witness;
  const transcript = new DuplexTranscript();
  const rho = transcript.absorb(LABELS.statement, [
    shape.domain, dims.word, statementDigest(statement), secrets.salt, ...lists.boundaries, ...lists.fees, ...lists.payouts, lists.zeroQueries,
    ...split.totals, ...split.mus, ...split.payoutRemainders,
  ], queriesLog + contributorsLog);
  const rhoQ = rho.slice(0, queriesLog), rhoC = rho.slice(queriesLog);
  const eqQ = eqTable(rhoQ), eqC = eqTable(rhoC);

  const pairs = await clock.time(LABELS.scores, async () => {
    const sigma = innerProduct(eqQ, scores.map((row) => innerProduct(eqC, row.map(frFrom))));
    const [chi] = transcript.absorb(LABELS.sigma, [sigma], 1);
    const chi2 = frMul(chi, chi);
    const flat = scores.flat();
    const magnitude = fieldTable(flat.map((s) => (s < 0n ? -s : s)));
    const sign = fieldTable(flat.map((s) => (s < 0n ? 1n : 0n)));
    // a (P - sg N) with W1 = eq(rho,.), W2 = chi eq(rho_q,q) + chi^2 eq(rho_c,c) mu_q, P = W1 + W2, N = 2 W1 + W2
    const positive: bigint[] = [], negative: bigint[] = [];
    for (let q = 0; q < Q; q++) {
      for (let c = 0; c < K; c++) {
        const w1 = frMul(eqQ[q], eqC[c]);
        const both = frFrom(w1 + chi * eqQ[q] + frMul(chi2, eqC[c]) * split.mus[q]);
        positive.push(both);
        negative.push(frAdd(both, w1));
      }
    }
    const sumcheck = await proveSumcheck(kernels, transcript, LABELS.scores, [magnitude, sign, frBufferFrom(positive), frBufferFrom(negative)],
      [{ sign: 1, factors: [0, 2] }, { sign: -1, factors: [0, 1, 3] }], 3, queriesLog + contributorsLog);
    return { ...sumcheck, sigma };
  });
  const [magnitude, sign] = pairs.values;

  const bits = await clock.time(LABELS.bits, async () => {
    const n = bitVariables(shape);
    const drawn = transcript.absorb(LABELS.magnitude, [magnitude, sign], n + 2);
    const [b1, b2] = drawn.slice(n);
    const omega = await kernels.eqTable(drawn.slice(0, n));
    const axis = await kernels.outer(await kernels.eqTable(pairs.point), bitAxis(b1, b2));
    const linear = await kernels.linearCombination([1n, frSub(0n, 1n)], [{ kind: 'fr', data: axis }, { kind: 'fr', data: omega }], 2 ** n);
    const table = await kernels.linearCombination([1n], [witness.bits], 2 ** n);
    // E Bt Bt + (W - E) Bt
    const sumcheck = await proveSumcheck(kernels, transcript, LABELS.bits, [table, omega, linear], [{ sign: 1, factors: [1, 0, 0] }, { sign: 1, factors: [2, 0] }], 3, n);
    transcript.absorb(LABELS.bit, [sumcheck.values[0]]);
    return { ...sumcheck, bt: sumcheck.values[0] };
  });

  const influence = await clock.time(LABELS.influence, async () => {
    const features = 2 ** (layersLog + 2 * rankLog);
    const g = await kernels.combineRows(frBufferFrom(eqC), witness.g.table, features);
    const phi = await kernels.combineRows(frBufferFrom(eqQ), { kind: 'fr', data: fieldTable(witness.phi) }, features);
    const sumcheck = await proveSumcheck(kernels, transcript, LABELS.influence, [g, phi], [{ sign: 1, factors: [0, 1] }], 2, layersLog + 2 * rankLog);
    transcript.absorb(LABELS.features, sumcheck.values);
    return sumcheck;
  });
  const [g, phi] = influence.values;
  const pG = [...influence.point, ...rhoC];

  const tail = await proveTail(kernels, transcript, {
    witness, shape, dims, boundaries: lists.boundaries, rho: rhoQ, pG, ...secrets, phi, bits: { table: witness.bits, point: bits.point },
  }, clock);
  return {
    ...tail,
    messages: {
      ...tail.messages, totals: split.totals, shifts: split.shifts.map(BigInt), lambdas: split.lambdas, feeRemainders: split.queryRemainders,
      payoutRemainders: split.payoutRemainders, sigma: pairs.sigma, scoresMessage: pairs.messages, magnitude, sign, bitsMessage: bits.messages, bt: bits.bt,
      influenceMessage: influence.messages, g,
    },
  };
}

/** out[k] = b1 2^k [k < B] + b2 [k = 127]. */
function bitAxis(b1: bigint, b2: bigint): FrBuffer {
  const out = Array.from({ length: 1 << BIT_AXIS_LOG }, (_, k) => (k < SCORE_BITS ? frMul(b1, 1n << BigInt(k)) : k === SIGN_BIT ? b2 : 0n));
  return frBufferFrom(out);
}
