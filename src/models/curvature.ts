/**
 * Curvature of the bottleneck gradients phi = u z^T, as a Kronecker product (K-FAC), folded into the adapter of the query side:
 *   C_z = mean z z^T,  C_u = mean u u^T over the training rows,   P = (C + lam I)^-1,  lam = damping * trace(C) / r
 *   A* = P_z A,   B*^T = P_u B^T
 * Source: PROTOCOL section 1; Martens and Grosse 2015.
 */
import { ModelError } from '../errors/models.js';

/** Inverse of a symmetric positive definite n x n matrix (row-major) by Cholesky. @throws ModelError when it is not positive definite */
export function invertSymmetric(matrix: Float64Array, n: number): Float64Array {
  const low = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= low[i * n + k] * low[j * n + k];
      if (i === j) {
        if (!(sum > 0)) throw new ModelError('matrix is not positive definite', { where: `pivot ${i}`, expected: '> 0', got: sum, hint: 'raise the damping' });
        low[i * n + i] = Math.sqrt(sum);
      } else low[i * n + j] = sum / low[j * n + j];
    }
  }
  const out = new Float64Array(n * n), y = new Float64Array(n);
  for (let c = 0; c < n; c++) {
    for (let i = 0; i < n; i++) {
      let sum = i === c ? 1 : 0;
      for (let k = 0; k < i; k++) sum -= low[i * n + k] * y[k];
      y[i] = sum / low[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = y[i];
      for (let k = i + 1; k < n; k++) sum -= low[k * n + i] * out[k * n + c];
      out[i * n + c] = sum / low[i * n + i];
    }
  }
  return out;
}

/** P = (mean v v^T + lam I)^-1 over row vectors of length r. */
export function preconditioner(vectors: readonly Float64Array[], r: number, damping: number): Float64Array {
  const C = new Float64Array(r * r);
  for (const v of vectors) for (let a = 0; a < r; a++) for (let b = 0; b < r; b++) C[a * r + b] += v[a] * v[b] / vectors.length;
  let trace = 0;
  for (let a = 0; a < r; a++) trace += C[a * r + a];
  // Without any signal (all rows fitted, or no rows) curvature is flat: P = I.
  if (!(trace > 0)) return Float64Array.from({ length: r * r }, (_, i) => (i % (r + 1) === 0 ? 1 : 0));
  for (let a = 0; a < r; a++) C[a * r + a] += damping * trace / r;
  return invertSymmetric(C, r);
}

/** (P M): P is r x r, M is r x d. */
export function applyLeft(P: Float64Array, M: Float64Array, r: number, d: number): Float64Array {
  const out = new Float64Array(r * d);
  for (let a = 0; a < r; a++) for (let b = 0; b < r; b++) for (let j = 0; j < d; j++) out[a * d + j] += P[a * r + b] * M[b * d + j];
  return out;
}
