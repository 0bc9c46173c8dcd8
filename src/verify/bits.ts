import { frFrom, frMul } from '../field/fr.js';
import { bitWeights, eqPoint } from '../poly/multilinear.js';
import { BIT_AXIS_LOG, type RelationShape } from '../statement/sizeClass.js';
import type { DuplexTranscript } from '../transcript/duplex.js';
import { LABELS } from '../transcript/labels.js';
import type { PayoutMessages } from './chain.js';
import { requireClaim, verifySumcheck } from './sumcheck.js';

/** Variables of the bit table before padding: (k, c, q). */
export const bitVariables = ({ cls }: RelationShape): number => BIT_AXIS_LOG + cls.contributorsLog + cls.queriesLog;

/**
 * bits, degree 3 over (k,c,q):
 *   b1 a~(y) + b2 sg~(y) = sum eq(om,.) (Bt^2 - Bt) + eq(y,(c,q)) (b1 2^k [k < B] + b2 [k = 127]) Bt
 * @returns pB, where Bt is claimed (absorbed here)
 */
export function verifyBits(transcript: DuplexTranscript, shape: RelationShape, messages: PayoutMessages, pair: readonly bigint[]): bigint[] {
  const n = bitVariables(shape);
  const drawn = transcript.absorb(LABELS.magnitude, [messages.magnitude, messages.sign], n + 2);
  const omega = drawn.slice(0, n), [b1, b2] = drawn.slice(n);
  const { claim, point } = verifySumcheck(transcript, LABELS.bits, frFrom(b1 * messages.magnitude + b2 * messages.sign), messages.bitsMessage, 3, new Array<boolean>(n).fill(true));
  const { power, sign } = bitWeights(point.slice(0, BIT_AXIS_LOG));
  const axis = frMul(eqPoint(pair, point.slice(BIT_AXIS_LOG)), frFrom(b1 * power + b2 * sign));
  const { bt } = messages;
  requireClaim(LABELS.bits, claim, frFrom(eqPoint(omega, point) * (bt * bt - bt) + axis * bt));
  transcript.absorb(LABELS.bit, [bt]);
  return point;
}
