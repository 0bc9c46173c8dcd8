import { frMul } from '../field/fr.js';
import { eqPoint, segmentWeight } from '../poly/multilinear.js';
import type { Dims, RelationShape } from '../statement/sizeClass.js';
import type { DuplexTranscript } from '../transcript/duplex.js';
import { LABELS } from '../transcript/labels.js';
import type { TailMessages } from './chain.js';
import { requireClaim, verifySumcheck } from './sumcheck.js';

/**
 * tokens, degree 3 over (l,t):  phi = sum eq(lam,l) seg(rho,t) U~(t,l,alpha) Z~(t,l,beta)
 * @returns lam' and tau (class maximum, 0 where inactive); u and z are claimed there and absorbed; mu combines them
 */
export function verifyTokens(
  transcript: DuplexTranscript, shape: RelationShape, dims: Dims, messages: TailMessages,
  { lam, rho, boundaries }: { lam: bigint[]; rho: readonly bigint[]; boundaries: readonly bigint[] },
): { layerPoint: bigint[]; tau: bigint[]; mu: bigint } {
  const L = shape.cls.layersLog;
  const active = Array.from({ length: L + shape.tokensLogMax }, (_, i) => i < L + dims.tokensLog);
  const { claim, point } = verifySumcheck(transcript, LABELS.tokens, messages.phi, messages.tokensMessage, 3, active);
  const layerPoint = point.slice(0, L), tau = point.slice(L);
  const weight = frMul(eqPoint(lam, layerPoint), segmentWeight(rho, tau, boundaries));
  requireClaim(LABELS.tokens, claim, frMul(weight, frMul(messages.u, messages.z)));
  const [mu] = transcript.absorb(LABELS.activations, [messages.u, messages.z], 1);
  return { layerPoint, tau, mu };
}
