/** The reference kernels: every method as its equation, on bigints. What the other backends must equal byte for byte. */
import { frBufferToBigints } from '../../../src/field/buffer.js';
import { KernelsClosedError } from '../../../src/errors/kernels.js';
import type { Kernels } from '../types.js';
import { divideByBinomial, divideByLinear, mercuryS } from './division.js';
import { msm } from './msm.js';
import { combineRows, dotRows, eqTable, foldAll, linearCombination, outer, roundPolynomial } from './multilinear.js';
import { toBigints } from './tables.js';

/** Single-threaded and slow: tests, small sizes, machines without WebAssembly. */
export function createReferenceKernels(): Kernels {
  let closed = false;
  const open = <Args extends unknown[], Result>(name: string, run: (...args: Args) => Result) =>
    async (...args: Args): Promise<Result> => {
      if (closed) throw new KernelsClosedError(`reference.${name}`);
      return run(...args);
    };
  return {
    name: 'reference',
    msm: open('msm', (bases, scalars) => msm(bases, frBufferToBigints(scalars), 'msm')),
    msmSmall: open('msmSmall', (bases, scalars) => msm(bases, toBigints(scalars), 'msmSmall')),
    eqTable: open('eqTable', eqTable),
    combineRows: open('combineRows', combineRows),
    dotRows: open('dotRows', dotRows),
    linearCombination: open('linearCombination', linearCombination),
    outer: open('outer', outer),
    roundPolynomial: open('roundPolynomial', roundPolynomial),
    foldAll: open('foldAll', foldAll),
    divideByBinomial: open('divideByBinomial', divideByBinomial),
    divideByLinear: open('divideByLinear', divideByLinear),
    mercuryS: open('mercuryS', mercuryS),
    close: async () => {
      closed = true;
    },
  };
}
