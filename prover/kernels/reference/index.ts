/** The reference kernels: every method as its equation, on bigints. What the other backends must equal byte for byte. */
import { frBufferToBigints } from '../../../src/field/buffer.js';
import { kernelsOf } from '../calls.js';
import type { Kernels } from '../types.js';
import { divideByBinomial, divideByLinear, mercuryS } from './division.js';
import { msm } from './msm.js';
import { combineRows, dotRows, eqTable, foldAll, linearCombination, outer, roundPolynomial } from './multilinear.js';
import { toBigints } from './tables.js';

/** Single-threaded and slow: tests, small sizes, machines without WebAssembly. Runs in the caller's turn of the event loop. */
export const createReferenceKernels = (): Kernels => kernelsOf('reference', {
  msm: (_, bases, scalars) => msm(bases, frBufferToBigints(scalars), 'msm'),
  msmSmall: (_, bases, scalars) => msm(bases, toBigints(scalars), 'msmSmall'),
  eqTable: (_, point) => eqTable(point),
  combineRows: (_, weights, table, rowLength) => combineRows(weights, table, rowLength),
  dotRows: (_, table, weights, rowLength, period) => dotRows(table, weights, rowLength, period),
  linearCombination: (_, coefficients, tables, length) => linearCombination(coefficients, tables, length),
  outer: (_, high, low) => outer(high, low),
  roundPolynomial: (_, tables, terms, degree) => roundPolynomial(tables, terms, degree),
  foldAll: (_, tables, r) => foldAll(tables, r),
  divideByBinomial: (_, f, blo, alpha) => divideByBinomial(f, blo, alpha),
  divideByLinear: (_, f, z) => divideByLinear(f, z),
  mercuryS: (_, g, h, uLow, uHigh, gamma) => mercuryS(g, h, uLow, uHigh, gamma),
});
