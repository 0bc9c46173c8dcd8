/**
 * The pure verifier of a whole proof: exactly what the contract checks, with the same five-pair pairing product.
 *   e(-A,B) e(alpha,beta) e(vk_x + s L,[1]_2) e(C,delta) e(-s R,[tau]_2) = 1
 */
import {
  assertG1, assertG2, g1Add, g1Combine, g1Mul, g1Neg, G2_GENERATOR, blindingGenerator, pairingProductIsOne, type G1Affine, type G2Affine,
} from '../curve/bn254.js';
import { ProofRejectedError } from '../errors/verify.js';
import { assertCanonical, frMul, frNeg } from '../field/fr.js';
import { keccakScalar } from '../hash/keccak.js';
import { eqTable } from '../poly/multilinear.js';
import { checkStatement, listChallenge, pointWords, statementDigest, statementList, type Commitments, type OpeningClaim, type Statement } from '../statement/statement.js';
import { verifyOpening, type MercuryProof } from './opening.js';
import { resultOf, type VerifyResult } from './result.js';

/** Groth16 key with three public inputs and the opening's [tau]_2, from one setup with gamma_2 = [1]_2. */
export interface VerifierKey {
  alpha: G1Affine;
  beta: G2Affine;
  gamma: G2Affine;
  delta: G2Affine;
  ic: G1Affine[];
  tauG2: G2Affine;
}

export interface Groth16Points { a: G1Affine; b: G2Affine; c: G1Affine }

export interface AttributionProof extends OpeningClaim {
  /** rho' = rho_M + sum_k gamma'^k rho_k, in clear. */
  rho: bigint;
  opening: MercuryProof;
  groth16: Groth16Points;
}

const sameG2 = (a: G2Affine, b: G2Affine): boolean => a.x[0] === b.x[0] && a.x[1] === b.x[1] && a.y[0] === b.y[0] && a.y[1] === b.y[1];

/** C' = C_M + sum_k gamma'^k C_k - rho' H, activations combined over the blocks by eq(., tau_hi). */
export function combinedCommitment(commitments: Commitments, claim: OpeningClaim, rho: bigint): G1Affine {
  const weights = eqTable(claim.tauHigh);
  const g = claim.gammaPrime, g2 = frMul(g, g);
  const points: G1Affine[] = [commitments.mask, blindingGenerator()];
  const scalars: bigint[] = [1n, frNeg(rho)];
  commitments.delta.forEach((point, k) => { points.push(point); scalars.push(frMul(g, weights[k])); });
  commitments.x.forEach((point, k) => { points.push(point); scalars.push(frMul(g2, weights[k])); });
  let power = g2;
  for (const point of [commitments.b, commitments.a, commitments.g, ...(commitments.bits ? [commitments.bits] : [])]) {
    power = frMul(power, g);
    points.push(point);
    scalars.push(power);
  }
  return g1Combine(points, scalars);
}

/** A proof is accepted or the first reason why not is returned. Throws on misuse only. */
export function verifyProof(statement: Statement, proof: AttributionProof, vk: VerifierKey): VerifyResult {
  return resultOf(() => {
    const { dims } = checkStatement(statement);
    if (!sameG2(vk.gamma, G2_GENERATOR)) throw new ProofRejectedError('key does not have gamma_2 = [1]_2', { code: 'KEY_GAMMA', where: 'verification key', hint: 'use a key made by snarkjs or by this project' });
    if (sameG2(vk.delta, G2_GENERATOR)) throw new ProofRejectedError('key has no contribution: anyone can forge under it', { code: 'KEY_UNCONTRIBUTED', where: 'verification key', hint: 'contribute to phase 2' });
    const { commitments } = statement;
    [...commitments.delta, ...commitments.x].forEach((point, i) => assertG1(point, `commitment ${i}`));
    for (const name of ['b', 'a', 'g', 'mask'] as const) assertG1(commitments[name], `commitments.${name}`, { allowInfinity: false });
    if (commitments.bits) assertG1(commitments.bits, 'commitments.bits', { allowInfinity: false });
    assertCanonical(proof.gammaPrime, 'gammaPrime');
    const list = statementList(statement, statementDigest(statement), proof);
    const { gammaList, evaluation } = listChallenge(proof.gammaPrime, list);
    const combined = combinedCommitment(commitments, proof, proof.rho);
    const { left, right, state } = verifyOpening(combined, proof.point.slice(0, dims.nu), proof.y, gammaList, proof.rho, proof.opening);

    const { a, b, c } = proof.groth16;
    assertG1(a, 'groth16.a', { allowInfinity: false });
    assertG1(c, 'groth16.c', { allowInfinity: false });
    assertG2(b, 'groth16.b', { allowInfinity: false });
    const s = keccakScalar([state, ...pointWords(a), b.x[1], b.x[0], b.y[1], b.y[0], ...pointWords(c), proof.gammaPrime, gammaList, evaluation]);
    if (s === 0n) throw new ProofRejectedError('degenerate challenge', { code: 'DEGENERATE_CHALLENGE', where: 'merger' });
    const inputs = g1Combine(vk.ic, [1n, proof.gammaPrime, gammaList, evaluation]);
    const accepted = pairingProductIsOne([
      { g1: g1Neg(a), g2: b }, { g1: vk.alpha, g2: vk.beta }, { g1: g1Add(inputs, g1Mul(left, s)), g2: G2_GENERATOR },
      { g1: c, g2: vk.delta }, { g1: g1Neg(g1Mul(right, s)), g2: vk.tauG2 },
    ]);
    if (!accepted) throw new ProofRejectedError('pairing product is not one', { code: 'PAIRING', where: 'groth16 and opening', hint: 'proof, statement or key do not belong together' });
    return {};
  });
}

