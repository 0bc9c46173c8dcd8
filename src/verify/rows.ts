import { ProofRejectedError } from '../errors/verify.js';
import { frAdd, frFrom, frMul } from '../field/fr.js';
import { eqPoint } from '../poly/multilinear.js';
import type { Dims, RelationShape } from '../statement/sizeClass.js';
import type { DuplexTranscript } from '../transcript/duplex.js';
import { LABELS } from '../transcript/labels.js';
import type { TailMessages } from './chain.js';
import { requireClaim, verifySumcheck } from './sumcheck.js';

/** y = m + sum_k gamma'^k w_k, k = 1.. */
export const maskedValue = (m: bigint, w: readonly bigint[], gammaPrime: bigint): bigint =>
  frAdd(frFrom(m), w.reduceRight((acc, value) => frMul(frAdd(acc, value), gammaPrime), 0n));

/**
 * rows, degree 2 over the high variables:  sum_k gam^k v_k = sum_x sum_k gam^k eq(q_k,x) F_k(x),  k = 1..
 * @returns r_rows (class maximum, 0 where inactive), gamma' drawn after m and all w, y = m + sum_k gamma'^k w_k
 */
export function verifyRows(
  transcript: DuplexTranscript, shape: RelationShape, dims: Dims, messages: TailMessages, gamma: bigint, points: readonly (readonly bigint[])[],
): { gammaPrime: bigint; y: bigint; point: bigint[] } {
  const { v, w, m } = messages;
  if (w.length !== shape.openedTables) throw new ProofRejectedError('wrong number of openings', { code: 'PROOF_SHAPE', where: LABELS.rows, expected: shape.openedTables, got: w.length });
  const start = v.reduceRight((acc, value) => frMul(frAdd(acc, value), gamma), 0n);
  const active = Array.from({ length: shape.heightMax }, (_, i) => i < dims.H);
  const { claim, point } = verifySumcheck(transcript, LABELS.rows, start, messages.rowsMessage, 2, active);
  let expected = 0n, power = 1n;
  points.forEach((q, k) => {
    power = frMul(power, gamma);
    expected += power * frMul(eqPoint(q, point), w[k]);
  });
  requireClaim(LABELS.rows, claim, frFrom(expected));
  const [gammaPrime] = transcript.absorb(LABELS.openings, [m, ...w], 1);
  return { gammaPrime, y: maskedValue(m, w, gammaPrime), point };
}
