import { ProofRejectedError } from '../errors/verify.js';
import { frFrom, frMul } from '../field/fr.js';
import { eqPoint } from '../poly/multilinear.js';
import type { RelationShape } from '../statement/sizeClass.js';
import type { DuplexTranscript } from '../transcript/duplex.js';
import { LABELS } from '../transcript/labels.js';
import type { TailMessages } from './chain.js';
import { requireClaim, verifySumcheck } from './sumcheck.js';

/** The first J coordinates, padded with zeros. */
export const lowPoint = (point: readonly bigint[], J: number): bigint[] => Array.from({ length: J }, (_, i) => point[i] ?? 0n);

/**
 * columns, degree 3 over (j,l):
 *   u + mu z + mu^2 g + mu^3 bt = sum eq(lam',l) [Dlt~ B~ + mu X~ A~] + mu^2 eq(pG,.) G~ + mu^3 eq(pB,.) Bt~
 * @returns (kap, lam'') where the six values v are claimed (absorbed); gamma combines them
 */
export function verifyColumns(
  transcript: DuplexTranscript, shape: RelationShape, messages: TailMessages,
  { layerPoint, mu, g, pG, bits }: { layerPoint: bigint[]; mu: bigint; g: bigint; pG: readonly bigint[]; bits?: { value: bigint; point: bigint[] } },
): { gamma: bigint; point: bigint[] } {
  const { J, cls } = shape;
  const { u, z, v } = messages;
  if (v.length !== shape.openedTables) throw new ProofRejectedError('wrong number of values', { code: 'PROOF_SHAPE', where: LABELS.columns, expected: shape.openedTables, got: v.length });
  const mu2 = frMul(mu, mu), mu3 = frMul(mu2, mu);
  const start = frFrom(u + mu * z + mu2 * g + (bits ? mu3 * bits.value : 0n));
  const { claim, point } = verifySumcheck(transcript, LABELS.columns, start, messages.columnsMessage, 3, new Array<boolean>(J).fill(true));
  const [vD, vX, vB, vA, vG, vBt] = v;
  let expected = eqPoint(layerPoint, point.slice(cls.widthLog)) * frFrom(vD * vB + mu * frMul(vX, vA)) + mu2 * frMul(eqPoint(lowPoint(pG, J), point), vG);
  if (bits) expected += mu3 * frMul(eqPoint(lowPoint(bits.point, J), point), vBt);
  requireClaim(LABELS.columns, claim, frFrom(expected));
  const [gamma] = transcript.absorb(LABELS.values, v, 1);
  return { gamma, point };
}
