import { frMul } from '../field/fr.js';
import type { RelationShape } from '../statement/sizeClass.js';
import type { DuplexTranscript } from '../transcript/duplex.js';
import { LABELS } from '../transcript/labels.js';
import type { PayoutMessages } from './chain.js';
import { requireClaim, verifySumcheck } from './sumcheck.js';

/**
 * influence, degree 2 over (b,a,l):  sigma = sum G~(rho_c, l,a,b) Phi~(rho_q, l,a,b)
 * @returns (beta, alpha, lam); g and phi are claimed there and absorbed
 */
export function verifyInfluence(transcript: DuplexTranscript, { cls }: RelationShape, messages: PayoutMessages): bigint[] {
  const { claim, point } = verifySumcheck(transcript, LABELS.influence, messages.sigma, messages.influenceMessage, 2, new Array<boolean>(cls.layersLog + 2 * cls.rankLog).fill(true));
  requireClaim(LABELS.influence, claim, frMul(messages.g, messages.phi));
  transcript.absorb(LABELS.features, [messages.g, messages.phi]);
  return point;
}
