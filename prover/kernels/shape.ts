/** Shape checks that every backend makes in the same words, so that a wrong call fails alike on all of them. */
import { KernelShapeError } from '../../src/errors/kernels.js';
import { frCount, G1_BYTES, type FrBuffer, type G1Buffer } from '../../src/field/buffer.js';
import { FR_BYTES } from '../../src/field/fr.js';
import type { ProductTerm, Table } from './types.js';

/** Number of entries of a table of any kind. */
export const tableLength = (table: Table): number => (table.kind === 'fr' ? frCount(table.data) : table.data.length);

const fail = (where: string, message: string, expected: unknown, got: unknown): never => {
  throw new KernelShapeError(message, { where, expected, got, hint: 'see prover/kernels/types.ts for the shapes' });
};

function assertWhole(buffer: Uint8Array, unit: number, where: string): void {
  if (buffer.byteLength % unit !== 0) fail(where, 'buffer is not a whole number of entries', `a multiple of ${unit} bytes`, buffer.byteLength);
}

export function assertMsm(bases: G1Buffer, scalars: number, where: string): void {
  assertWhole(bases, G1_BYTES, where);
  if (bases.byteLength < scalars * G1_BYTES) fail(where, 'too few bases', `at least ${scalars}`, bases.byteLength / G1_BYTES);
}

export function assertFr(buffer: FrBuffer, where: string): void {
  assertWhole(buffer, FR_BYTES, where);
}

export function assertCombineRows(weights: FrBuffer, table: Table, rowLength: number): void {
  assertFr(weights, 'combineRows.weights');
  if (table.kind === 'fr') assertFr(table.data, 'combineRows.table');
  const most = frCount(weights) * rowLength;
  if (tableLength(table) > most) fail('combineRows', 'table has more rows than there are weights', `at most ${most} entries`, tableLength(table));
}

export function assertDotRows(table: Table, weights: FrBuffer, rowLength: number, period: number): void {
  assertFr(weights, 'dotRows.weights');
  if (table.kind === 'fr') assertFr(table.data, 'dotRows.table');
  if (rowLength < 1 || tableLength(table) % rowLength !== 0) fail('dotRows', 'table is not a whole number of rows', `a multiple of ${rowLength}`, tableLength(table));
  if (period < 1 || frCount(weights) !== period * rowLength) fail('dotRows', 'weights have the wrong length', `${period} x ${rowLength}`, frCount(weights));
}

export function assertLinearCombination(coefficients: readonly bigint[], tables: readonly Table[], length: number): void {
  if (coefficients.length !== tables.length) fail('linearCombination', 'one coefficient for each table', tables.length, coefficients.length);
  tables.forEach((table, k) => {
    if (table.kind === 'fr') assertFr(table.data, `linearCombination.tables[${k}]`);
    if (tableLength(table) > length) fail(`linearCombination.tables[${k}]`, 'table is longer than the result', `at most ${length}`, tableLength(table));
  });
}

/** Equal lengths, a power of two >= 2. */
export function assertHalvable(tables: readonly FrBuffer[], where: string): void {
  tables.forEach((table, k) => {
    const n = frCount(table);
    if (n < 2 || (n & (n - 1)) !== 0) fail(`${where}[${k}]`, 'table cannot be halved', 'a power of two >= 2', n);
    if (table.byteLength !== tables[0].byteLength) fail(`${where}[${k}]`, 'tables differ in length', frCount(tables[0]), n);
  });
}

export function assertRound(tables: readonly FrBuffer[], terms: readonly ProductTerm[], degree: number): void {
  assertHalvable(tables, 'roundPolynomial.tables');
  terms.forEach(({ factors }, t) => {
    const where = `roundPolynomial.terms[${t}]`;
    if (factors.length < 1 || factors.length > degree) fail(where, 'number of factors', `1 to ${degree}`, factors.length);
    for (const k of factors) if (!(k in tables)) fail(where, 'no such table', `0 to ${tables.length - 1}`, k);
  });
}

export function assertBinomial(f: FrBuffer, blo: number): void {
  assertFr(f, 'divideByBinomial');
  if (!Number.isInteger(blo) || blo < 1 || frCount(f) === 0 || frCount(f) % blo !== 0) {
    fail('divideByBinomial', 'f is not a whole number of blocks', `a positive multiple of ${blo}`, frCount(f));
  }
}

export function assertMercuryS(g: FrBuffer, h: FrBuffer, low: number, high: number): void {
  assertFr(g, 'mercuryS.g');
  assertFr(h, 'mercuryS.h');
  if (frCount(h) > frCount(g)) fail('mercuryS', 'h is longer than g', `at most ${frCount(g)}`, frCount(h));
  if (2 ** Math.max(low, high) > frCount(g)) fail('mercuryS', 'P has more coefficients than g', `at most ${frCount(g)}`, 2 ** Math.max(low, high));
}
