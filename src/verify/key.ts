import type { G1Affine, G2Affine } from '../curve/bn254.js';
import type { VerifierKey } from './proof.js';

/** A verification key as its file and the contracts keep it: G2 in EVM words x.c1, x.c0, y.c1, y.c0. */
export interface KeyWords {
  alpha: G1Affine;
  beta: readonly bigint[];
  gamma: readonly bigint[];
  delta: readonly bigint[];
  IC: readonly G1Affine[];
  tauG2: readonly bigint[];
}

/** EVM words -> affine point. */
export const g2FromWords = ([x1, x0, y1, y0]: readonly bigint[]): G2Affine => ({ x: [x0, x1], y: [y0, y1] });

export const verifierKey = ({ alpha, beta, gamma, delta, IC, tauG2 }: KeyWords): VerifierKey => ({
  alpha, beta: g2FromWords(beta), gamma: g2FromWords(gamma), delta: g2FromWords(delta), ic: [...IC], tauG2: g2FromWords(tauG2),
});
