/** Multilinear tables: equality tables, row combinations and one sumcheck round, each as its defining equation. */
import { frBufferFrom, frBufferToBigints, frCount, type FrBuffer } from '../../../src/field/buffer.js';
import { frAdd, frMul, frSub } from '../../../src/field/fr.js';
import { assertCombineRows, assertDotRows, assertFr, assertHalvable, assertLinearCombination, assertRound, tableLength } from '../shape.js';
import type { ProductTerm, Table } from '../types.js';
import { toBigints } from './tables.js';

/** out[i] = prod_k (i_k ? r_k : 1 - r_k) */
export function eqTable(point: readonly bigint[]): FrBuffer {
  let table = [1n];
  for (const r of point) table = [...table.map((x) => frMul(x, frSub(1n, r))), ...table.map((x) => frMul(x, r))];
  return frBufferFrom(table);
}

/** out[j] = sum_i weights[i] table[i rowLength + j] */
export function combineRows(weights: FrBuffer, table: Table, rowLength: number): FrBuffer {
  assertCombineRows(weights, table, rowLength);
  const w = frBufferToBigints(weights);
  const out = new Array<bigint>(rowLength).fill(0n);
  toBigints(table).forEach((x, k) => {
    const j = k % rowLength;
    out[j] = frAdd(out[j], frMul(w[(k - j) / rowLength], x));
  });
  return frBufferFrom(out);
}

/** out[i] = sum_j table[i rowLength + j] weights[(i mod period) rowLength + j] */
export function dotRows(table: Table, weights: FrBuffer, rowLength: number, period: number): FrBuffer {
  assertDotRows(table, weights, rowLength, period);
  const w = frBufferToBigints(weights);
  const out = new Array<bigint>(tableLength(table) / rowLength).fill(0n);
  toBigints(table).forEach((x, k) => {
    const j = k % rowLength;
    const i = (k - j) / rowLength;
    out[i] = frAdd(out[i], frMul(x, w[(i % period) * rowLength + j]));
  });
  return frBufferFrom(out);
}

/** out = sum_k coefficients[k] tables[k] */
export function linearCombination(coefficients: readonly bigint[], tables: readonly Table[], length: number): FrBuffer {
  assertLinearCombination(coefficients, tables, length);
  const out = new Array<bigint>(length).fill(0n);
  tables.forEach((table, k) => toBigints(table).forEach((x, i) => (out[i] = frAdd(out[i], frMul(coefficients[k], x)))));
  return frBufferFrom(out);
}

/** out[i |low| + j] = high[i] low[j] */
export function outer(high: FrBuffer, low: FrBuffer): FrBuffer {
  assertFr(high, 'outer.high');
  assertFr(low, 'outer.low');
  const l = frBufferToBigints(low);
  return frBufferFrom(frBufferToBigints(high).flatMap((x) => l.map((y) => frMul(x, y))));
}

/** g(X) = sum_x sum_terms sign prod_factors (lo[x] + X (hi[x] - lo[x])), multiplied out coefficient by coefficient. */
export function roundPolynomial(tables: readonly FrBuffer[], terms: readonly ProductTerm[], degree: 2 | 3): bigint[] {
  assertRound(tables, terms, degree);
  const values = tables.map(frBufferToBigints);
  const half = tables.length === 0 ? 0 : frCount(tables[0]) / 2;
  const sum = new Array<bigint>(degree + 1).fill(0n);
  for (let x = 0; x < half; x++) {
    for (const { sign, factors } of terms) {
      let product = [1n];
      for (const k of factors) {
        const lo = values[k][x];
        const slope = frSub(values[k][x + half], lo);
        const next = new Array<bigint>(product.length + 1).fill(0n);
        product.forEach((c, i) => {
          next[i] = frAdd(next[i], frMul(c, lo));
          next[i + 1] = frAdd(next[i + 1], frMul(c, slope));
        });
        product = next;
      }
      product.forEach((c, i) => (sum[i] = sign === 1 ? frAdd(sum[i], c) : frSub(sum[i], c)));
    }
  }
  return sum;
}

/** out[i] = lo[i] + r (hi[i] - lo[i]) for each table */
export function foldAll(tables: readonly FrBuffer[], r: bigint): FrBuffer[] {
  assertHalvable(tables, 'foldAll.tables');
  return tables.map((table) => {
    const values = frBufferToBigints(table);
    const half = values.length / 2;
    return frBufferFrom(values.slice(0, half).map((lo, i) => frAdd(lo, frMul(r, frSub(values[half + i], lo)))));
  });
}
