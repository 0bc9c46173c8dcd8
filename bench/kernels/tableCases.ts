/** The kernels of sumchecks and opening. The peer is this project's own WebAssembly backend: no library has them. */
import { frBufferFrom, type FrBuffer } from '../../src/field/buffer.js';
import type { Kernels, ProductTerm } from '../../prover/kernels/types.js';
import type { KernelCase, Result } from './case.js';
import { ROUND_PRODUCTS, type Work } from './floors.js';
import { randomBytes, randomElements, randomScalars } from './inputs.js';

type Apply = (kernels: Kernels) => Promise<Result>;
/** Both sides run the same method of the same interface. */
const both = (name: string, of: string, work: (n: number) => Work, apply: (log: number) => Apply, memory = false): KernelCase => ({
  name, of, work, memory, peer: 'portable',
  async prepare(log) {
    const run = apply(log);
    return { ours: ({ kernels }) => ({ run: () => run(kernels) }), peer: async ({ portable }) => ({ run: () => run(portable) }) };
  },
});

const table = (n: number, seed: string): FrBuffer => randomElements(n, seed);
const [r] = randomScalars(1, 'challenge');
/** Rows of a matrix of n entries: as many as columns, or half. */
const rowsOf = (log: number): number => 2 ** (log >> 1);

function round(degree: 2 | 3): KernelCase {
  const terms: ProductTerm[] = [{ sign: 1, factors: degree === 2 ? [0, 1] : [0, 1, 2] }];
  return both(`roundPolynomial ${degree}`, `entries of each of ${degree} tables`,
    (n) => ({ products: (ROUND_PRODUCTS[degree] * n) / 2, read: 32 * degree * n, written: 0 }),
    (log) => {
      const tables = terms[0].factors.map((k) => table(2 ** log, `round ${k}`));
      return async (kernels) => [frBufferFrom(await kernels.roundPolynomial(tables, terms, degree))];
    });
}

export const TABLE_CASES: readonly KernelCase[] = [
  both('fold', 'entries of the table', (n) => ({ products: n / 2, read: 32 * n, written: 16 * n }), (log) => {
    const values = table(2 ** log, 'fold');
    return (kernels) => kernels.foldAll([values], r);
  }, true),
  round(2),
  round(3),
  both('combineRows int8', 'entries of the table', (n) => ({ products: 0, smallProducts: n, read: n + 32 * Math.sqrt(n), written: 32 * Math.sqrt(n) }), (log) => {
    const weights = table(rowsOf(log), 'weights'), data = new Int8Array(randomBytes(2 ** log, 'rows').buffer);
    return async (kernels) => [await kernels.combineRows(weights, { kind: 'int8', data }, 2 ** log / rowsOf(log))];
  }),
  both('dotRows int8', 'entries of the table', (n) => ({ products: 0, smallProducts: n, read: n + 32 * Math.sqrt(n), written: 32 * Math.sqrt(n) }), (log) => {
    const length = 2 ** log / rowsOf(log), weights = table(length, 'weights'), data = new Int8Array(randomBytes(2 ** log, 'rows').buffer);
    return async (kernels) => [await kernels.dotRows({ kind: 'int8', data }, weights, length, 1)];
  }),
  both('eqTable', 'entries of the table', (n) => ({ products: n - 1, read: 0, written: 32 * n }), (log) => {
    const point = randomScalars(log, 'point');
    return async (kernels) => [await kernels.eqTable(point)];
  }),
  both('divideByBinomial', 'coefficients', (n) => ({ products: n - Math.sqrt(n), read: 32 * n, written: 32 * (n + Math.sqrt(n)) }), (log) => {
    const f = table(2 ** log, 'binomial');
    return async (kernels) => {
      const { quotient, remainder } = await kernels.divideByBinomial(f, rowsOf(log), r);
      return [quotient, remainder];
    };
  }),
  both('divideByLinear', 'coefficients', (n) => ({ products: n, read: 32 * n, written: 32 * n }), (log) => {
    const f = table(2 ** log, 'linear');
    return async (kernels) => {
      const { quotient, value } = await kernels.divideByLinear(f, r);
      return [quotient, frBufferFrom([value])];
    };
  }),
  {
    // An opening of 2^log coefficients divides S for sides of their square root.
    ...both('mercuryS', 'coefficients opened, b = sqrt n', (n) => {
      const b = Math.sqrt(n);
      return { products: 2 * b * Math.log2(b) + b, read: 64 * b, written: 32 * b };
    }, (log) => {
      const side = log >> 1, g = table(2 ** side, 'mercury g'), h = table(2 ** side, 'mercury h');
      const [uLow, uHigh] = [randomScalars(side, 'u low'), randomScalars(side, 'u high')];
      return async (kernels) => [await kernels.mercuryS(g, h, uLow, uHigh, r)];
    }),
  },
];
