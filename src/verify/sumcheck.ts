import { ProofRejectedError } from '../errors/verify.js';
import { roundValue } from '../poly/multilinear.js';
import type { DuplexTranscript } from '../transcript/duplex.js';

/** message[i]: coefficients (c0, c2, .., c_degree) of the round of variable i. */
export type SumcheckMessages = bigint[][];

/**
 * Verifies the rounds of a sumcheck, top variable first; twin of circuits/lib/sumcheck.circom.
 * @param active  active[i] = variable i exists; an inactive round keeps the claim and has coordinate 0
 * @returns       the claim left at `point`; the caller must compare it with the value of the polynomial there
 */
export function verifySumcheck(
  transcript: DuplexTranscript, label: string, claim: bigint, messages: SumcheckMessages, degree: 2 | 3, active: readonly boolean[],
): { claim: bigint; point: bigint[] } {
  if (messages.length !== active.length || messages.some((message) => message.length !== degree)) {
    throw new ProofRejectedError('sumcheck has the wrong shape', { code: 'PROOF_SHAPE', where: label, expected: `${active.length} rounds of ${degree} coefficients` });
  }
  const point = new Array<bigint>(active.length).fill(0n);
  for (let i = active.length - 1; i >= 0; i--) {
    const [r] = transcript.absorb(`${label} round ${i}`, messages[i], 1);
    if (!active[i]) continue;
    claim = roundValue(messages[i], claim, r);
    point[i] = r;
  }
  return { claim, point };
}

/** @throws ProofRejectedError when the claim left by a stage is not what its values say */
export function requireClaim(stage: string, claim: bigint, expected: bigint): void {
  if (claim !== expected) throw new ProofRejectedError('final claim does not hold', { code: 'SUMCHECK_CLAIM', where: stage, expected, got: claim, hint: 'a message or a value of this stage is false, or prover and verifier absorb different words' });
}
