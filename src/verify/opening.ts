/**
 * Mercury over KZG (Eagen and Gabizon, eprint 2025/385), section 4: F~(p) = y for a committed F of 2^nu coefficients.
 * Verifier's half: challenges, check 1, and the pair (L, R) of which check 2 asks e(L,[1]_2) e(-R,[tau]_2) = 1.
 * Twin of verifier-contracts/src/libraries/Mercury.sol.
 */
import { assertG1, g1Combine, G1_GENERATOR, type G1Affine } from '../curve/bn254.js';
import { ProofRejectedError } from '../errors/verify.js';
import { assertCanonical, FIELD_MODULUS as P, frAdd, frFrom, frInv, frMul, frNeg, frPow, frSub } from '../field/fr.js';
import { keccakWords } from '../hash/keccak.js';
import { pointWords } from '../statement/statement.js';

export interface MercuryEvaluations { gz: bigint; gi: bigint; hz: bigint; hi: bigint; ha: bigint; sz: bigint; si: bigint }

export interface MercuryProof extends MercuryEvaluations {
  ch: G1Affine;
  cq: G1Affine;
  cg: G1Affine;
  cs: G1Affine;
  cd: G1Affine;
  /** 1 / z, a hint. */
  zi: bigint;
  wz: G1Affine;
  wi: G1Affine;
  wa: G1Affine;
}

/** Keccak transcript of the opening: the state is hashed with each message; a challenge is the state mod p. */
export class OpeningTranscript {
  state: bigint;
  constructor(gammaList: bigint, rho: bigint, nu: number) {
    this.state = keccakWords([gammaList, rho, BigInt(nu)]);
  }
  points(...points: G1Affine[]): bigint {
    return this.words(...points.flatMap(pointWords));
  }
  words(...words: bigint[]): bigint {
    this.state = keccakWords([this.state, ...words]);
    return this.state % P;
  }
}

/** P_u(X) = prod_k (1 - u_k + u_k X^(2^k)) */
export function binomialProduct(u: readonly bigint[], x: bigint): bigint {
  let product = 1n;
  for (const r of u) {
    product = frMul(product, frFrom(1n - r + r * x));
    x = frMul(x, x);
  }
  return product;
}

/** @throws ProofRejectedError for z = 0, z^2 = 1, alpha = z, alpha z = 1: the identities lose their meaning there */
export function requireRegular(alpha: bigint, z: bigint): void {
  if (z === 0n || frMul(z, z) === 1n || alpha === z || frMul(alpha, z) === 1n) {
    throw new ProofRejectedError('degenerate challenge', { code: 'DEGENERATE_CHALLENGE', where: 'opening', got: z, hint: 'prove again with fresh randomness' });
  }
}

/**
 * @param commitment  C' = com(F; 0), the blinding already taken out
 * @param point       p*, nu coordinates
 * @returns           L, R and the unreduced transcript state after the quotients
 * @throws ProofRejectedError, InvalidScalarError, InvalidPointError
 */
export function verifyOpening(
  commitment: G1Affine, point: readonly bigint[], y: bigint, gammaList: bigint, rho: bigint, proof: MercuryProof,
): { left: G1Affine; right: G1Affine; state: bigint } {
  const nu = point.length, half = Math.ceil(nu / 2);
  const blo = 1n << BigInt(half);
  const { gz, gi, hz, hi, ha, sz, si, zi } = proof;
  Object.entries({ gz, gi, hz, hi, ha, sz, si, zi, y, rho }).forEach(([name, value]) => assertCanonical(value, `opening.${name}`));
  for (const name of ['ch', 'cq', 'cg', 'cs', 'cd', 'wz', 'wi', 'wa'] as const) assertG1(proof[name], `opening.${name}`, { allowInfinity: false });
  const transcript = new OpeningTranscript(gammaList, rho, nu);
  const alpha = transcript.points(proof.ch);
  const gamma = transcript.points(proof.cq, proof.cg);
  const z = transcript.points(proof.cs, proof.cd);
  const beta = transcript.words(gz, gi, hz, hi, ha, sz, si);
  const v = transcript.points(proof.wz, proof.wi, proof.wa);
  requireRegular(alpha, z);
  if (frMul(z, zi) !== 1n) throw new ProofRejectedError('hint is not the inverse of z', { code: 'INVERSE_HINT', where: 'opening.zi', expected: frInv(z), got: zi });

  const low = point.slice(0, half), high = point.slice(half);
  const leftSide = frFrom(gz * binomialProduct(low, zi) + gi * binomialProduct(low, z) + gamma * frFrom(hz * binomialProduct(high, zi) + hi * binomialProduct(high, z)));
  const rightSide = frFrom(2n * (ha + gamma * y) + z * sz + si * zi);
  if (leftSide !== rightSide) throw new ProofRejectedError('opening identity does not hold', { code: 'OPENING_IDENTITY', where: 'opening', expected: rightSide, got: leftSide });

  const beta2 = frMul(beta, beta), beta3 = frMul(beta2, beta), beta4 = frMul(beta3, beta), v2 = frMul(v, v);
  const constant = frFrom(gz * (1n + beta) + beta2 * hz + beta3 * sz + frMul(beta4, frMul(frPow(z, blo - 1n), gi)) + v * (gi + beta * hi + beta2 * si) + v2 * ha);
  const left = g1Combine(
    [commitment, proof.cq, proof.cg, proof.ch, proof.cs, proof.cd, proof.wz, proof.wi, proof.wa, G1_GENERATOR],
    [1n, frSub(alpha, frPow(z, blo)), frAdd(beta, v), frFrom(beta2 + v * beta + v2), frFrom(beta3 + v * beta2), beta4, z, frMul(v, zi), frMul(v2, alpha), frNeg(constant)],
  );
  const right = g1Combine([proof.wz, proof.wi, proof.wa], [1n, v, v2]);
  return { left, right, state: transcript.state };
}

