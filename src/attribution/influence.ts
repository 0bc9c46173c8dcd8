/**
 * Influence of contributor c on query q:  s[q,c] = sum_{l,a,b} Phi[q,l,a,b] G[c,l,a,b],  |s| < 2^120.
 * Source: PROTOCOL section 1.
 */
import { AttributionShapeError, ScoreOverflowError } from '../errors/attribution.js';
import { BIT_AXIS_LOG, SCORE_BITS, SIGN_BIT, type RelationShape } from '../statement/sizeClass.js';

/**
 * @param phi    query features, index ((q L + l) r + a) r + b, from `features` with (A*, B*)
 * @param g      contributor features, the same with c
 * @param shape  payout shape of the class
 * @returns      s[q][c], all of the class's queries and contributors
 * @throws AttributionShapeError, ScoreOverflowError (names q and c)
 */
export function influence(phi: readonly bigint[], g: readonly bigint[], shape: RelationShape): bigint[][] {
  const { layersLog, rankLog } = shape.cls;
  const stride = 1 << (layersLog + 2 * rankLog);
  const { queries: Q, contributors: K } = shape;
  if (phi.length !== Q * stride || g.length !== K * stride) {
    throw new AttributionShapeError('feature tables do not fit the size class', {
      where: 'influence', expected: `Phi ${Q * stride}, G ${K * stride}`, got: `Phi ${phi.length}, G ${g.length}`,
      hint: 'compute both with `features` for this class (payout shape for Phi, features shape for G)',
    });
  }
  const limit = 1n << BigInt(SCORE_BITS);
  const scores: bigint[][] = [];
  for (let q = 0; q < Q; q++) {
    const row: bigint[] = [];
    // Most tables are sparse in q (unused queries), so zero features are skipped.
    const used: number[] = [];
    for (let i = 0; i < stride; i++) if (phi[q * stride + i] !== 0n) used.push(i);
    for (let c = 0; c < K; c++) {
      let sum = 0n;
      for (const i of used) sum += phi[q * stride + i] * g[c * stride + i];
      if (sum >= limit || sum <= -limit) throw new ScoreOverflowError(q, c, sum, SCORE_BITS);
      row.push(sum);
    }
    scores.push(row);
  }
  return scores;
}

/**
 * Table Bt of the scores' bits, axes (q,c,k): bits k < 120 of |s|, bit 127 is 1 iff s < 0, the rest 0.
 * @returns index ((q K + c) 2^7) + k; not yet padded to 2^nuB
 * @throws AttributionShapeError, ScoreOverflowError
 */
export function scoreBits(scores: readonly (readonly bigint[])[], shape: RelationShape): Uint8Array {
  const { queries: Q, contributors: K } = shape;
  checkScores(scores, shape);
  const out = new Uint8Array(Q * K << BIT_AXIS_LOG);
  scores.forEach((row, q) => row.forEach((s, c) => {
    const base = (q * K + c) << BIT_AXIS_LOG;
    let magnitude = s < 0n ? -s : s;
    for (let k = 0; magnitude !== 0n; k++, magnitude >>= 1n) out[base + k] = Number(magnitude & 1n);
    if (s < 0n) out[base + SIGN_BIT] = 1;
  }));
  return out;
}

/** Scores must be Q x K with |s| < 2^120. @throws AttributionShapeError, ScoreOverflowError */
export function checkScores(scores: readonly (readonly bigint[])[], shape: RelationShape): void {
  const { queries: Q, contributors: K } = shape;
  const limit = 1n << BigInt(SCORE_BITS);
  if (scores.length !== Q || scores.some((row) => row.length !== K)) {
    throw new AttributionShapeError('scores do not fit the size class', {
      where: 'scores', expected: `${Q} x ${K}`, got: `${scores.length} x ${scores.find((row) => row.length !== K)?.length ?? K}`,
      hint: 'pad with zero rows and columns',
    });
  }
  scores.forEach((row, q) => row.forEach((s, c) => {
    if (s >= limit || s <= -limit) throw new ScoreOverflowError(q, c, s, SCORE_BITS);
  }));
}
