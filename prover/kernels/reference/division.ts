/** Univariate divisions of the opening, by Horner's rule, and Mercury's S. */
import { frBufferFrom, frBufferToBigints, frCount, type FrBuffer } from '../../../src/field/buffer.js';
import { frAdd, frMul, frSub } from '../../../src/field/fr.js';
import { assertBinomial, assertFr, assertMercuryS } from '../shape.js';

/** f(X) = (X^blo - alpha) q(X) + g(X): block by block from the top, q_(k-1) = f_k + alpha q_k. */
export function divideByBinomial(f: FrBuffer, blo: number, alpha: bigint): { quotient: FrBuffer; remainder: FrBuffer } {
  assertBinomial(f, blo);
  const values = frBufferToBigints(f);
  const quotient = new Array<bigint>(values.length).fill(0n);
  for (let i = values.length - 1; i >= blo; i--) quotient[i - blo] = frAdd(values[i], frMul(alpha, quotient[i]));
  const remainder = values.slice(0, blo).map((x, i) => frAdd(x, frMul(alpha, quotient[i])));
  return { quotient: frBufferFrom(quotient), remainder: frBufferFrom(remainder) };
}

/** (f(X) - f(z)) / (X - z) and f(z). */
export function divideByLinear(f: FrBuffer, z: bigint): { quotient: FrBuffer; value: bigint } {
  assertFr(f, 'divideByLinear');
  if (frCount(f) === 0) return { quotient: frBufferFrom([]), value: 0n };
  const { quotient, remainder } = divideByBinomial(f, 1, z);
  return { quotient, value: frBufferToBigints(remainder)[0] };
}

/**
 * Coefficients of a(X) prod_k (1 - u_k + u_k X^(-2^k)), X^j at index j + b - 1 for |j| < b.
 * Ascending order reads entry j + 2^k before it is rewritten.
 */
function timesInverseP(a: readonly bigint[], u: readonly bigint[], b: number): bigint[] {
  const laurent = [...new Array<bigint>(b - 1).fill(0n), ...a, ...new Array<bigint>(b - a.length).fill(0n)];
  u.forEach((r, k) => {
    for (let j = 0; j + 2 ** k < laurent.length; j++) laurent[j] = frAdd(frMul(frSub(1n, r), laurent[j]), frMul(r, laurent[j + 2 ** k]));
    for (let j = Math.max(0, laurent.length - 2 ** k); j < laurent.length; j++) laurent[j] = frMul(frSub(1n, r), laurent[j]);
  });
  return laurent;
}

/**
 * S_(i-1) = A_i + A_(-i) + gamma (B_i + B_(-i)), A = g(X) Plo(1/X), B = h(X) Phi(1/X): g(1/X) Plo(X) is A with X and 1/X
 * exchanged, so both powers of X carry the same coefficient.
 */
export function mercuryS(g: FrBuffer, h: FrBuffer, uLow: readonly bigint[], uHigh: readonly bigint[], gamma: bigint): FrBuffer {
  assertMercuryS(g, h, uLow.length, uHigh.length);
  const b = frCount(g);
  const A = timesInverseP(frBufferToBigints(g), uLow, b);
  const B = timesInverseP(frBufferToBigints(h), uHigh, b);
  const S = new Array<bigint>(b).fill(0n);
  for (let i = 1; i < b; i++) {
    S[i - 1] = frAdd(frAdd(A[b - 1 + i], A[b - 1 - i]), frMul(gamma, frAdd(B[b - 1 + i], B[b - 1 - i])));
  }
  return frBufferFrom(S);
}
