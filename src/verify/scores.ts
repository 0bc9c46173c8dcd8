import { frAdd, frFrom, frMul, frSub } from '../field/fr.js';
import { eqPoint, eqTable, innerProduct } from '../poly/multilinear.js';
import type { DuplexTranscript } from '../transcript/duplex.js';
import { LABELS } from '../transcript/labels.js';
import type { PayoutMessages } from './chain.js';
import { requireClaim, verifySumcheck } from './sumcheck.js';

/**
 * scores, degree 3 over (c,q):
 *   sigma + chi D~(rho_q) + chi^2 V~(rho_c) = sum a [ eq(rho,.) (1 - 2 sg) + (chi eq(rho_q,q) + chi^2 eq(rho_c,c) mu_q) (1 - sg) ]
 * @returns the point (c low, q high) where magnitude and sign are claimed; both are absorbed by the bits stage
 */
export function verifyScores(
  transcript: DuplexTranscript, messages: PayoutMessages,
  { rhoQ, rhoC, chi, mus, values }: { rhoQ: bigint[]; rhoC: bigint[]; chi: bigint; mus: bigint[]; values: bigint[] },
): bigint[] {
  const chi2 = frMul(chi, chi);
  const opening = frFrom(messages.sigma + chi * innerProduct(eqTable(rhoQ), messages.totals) + chi2 * innerProduct(eqTable(rhoC), values));
  const { claim, point } = verifySumcheck(transcript, LABELS.scores, opening, messages.scoresMessage, 3, new Array<boolean>(rhoQ.length + rhoC.length).fill(true));
  const atC = eqPoint(rhoC, point.slice(0, rhoC.length)), atQ = eqPoint(rhoQ, point.slice(rhoC.length));
  const muAt = innerProduct(eqTable(point.slice(rhoC.length)), mus);
  const signed = frMul(atQ, atC);
  const positive = frFrom(chi * atQ + frMul(chi2, atC) * muAt);
  const weight = frSub(frAdd(signed, positive), frMul(messages.sign, frFrom(2n * signed + positive)));
  requireClaim(LABELS.scores, claim, frMul(messages.magnitude, weight));
  return point;
}
