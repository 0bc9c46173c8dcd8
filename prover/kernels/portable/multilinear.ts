/**
 * Table kernels over WASM, for one range of the result, on the calling thread. Each writes its result to `out` (a view that
 * may lie in shared memory). Vectors stream through WASM memory in chunks, so it stays small and in cache.
 */
import { LANE_TERMS, LANES_BYTES } from '../../../src/curve/wasmLoops.js';
import type { LanesAxpy, LanesDot, WasmCurve } from '../../../src/curve/wasm.js';
import { frCount, type FrBuffer } from '../../../src/field/buffer.js';
import { FR_BYTES } from '../../../src/field/fr.js';
import type { IntTable, ProductTerm, Table } from '../types.js';

/** Entries of a chunk: 32 KiB a vector; lanes take twice that. */
const CHUNK = 1024;

const slice = (buffer: FrBuffer, from: number, to: number): FrBuffer => buffer.subarray(from * FR_BYTES, to * FR_BYTES);

const lanesDot = (wasm: WasmCurve, kind: IntTable['kind']): LanesDot =>
  kind === 'int8' ? wasm.exports.frm_lanesDotInt8 : kind === 'int16' ? wasm.exports.frm_lanesDotInt16 : wasm.exports.frm_lanesDotUint8;
const lanesAxpy = (wasm: WasmCurve, kind: IntTable['kind']): LanesAxpy =>
  kind === 'int8' ? wasm.exports.frm_lanesAxpyInt8 : kind === 'int16' ? wasm.exports.frm_lanesAxpyInt16 : wasm.exports.frm_lanesAxpyUint8;

/** out[i] = scale prod_k (i_k ? r_k : 1 - r_k): doubling, one product an entry. */
export interface EqTableTask {
  point: readonly bigint[];
  scale: bigint;
  out: FrBuffer;
}
export function eqTable(wasm: WasmCurve, { point, scale, out }: EqTableTask): void {
  wasm.scope(() => {
    const table = wasm.alloc(out.byteLength);
    const first = wasm.putFr(scale);
    wasm.bytes.copyWithin(table, first, first + FR_BYTES);
    point.forEach((r, k) => {
      wasm.scope(() => {
        const high = table + (FR_BYTES << k);
        wasm.exports.frm_vecScale(table, high, wasm.putFr(r), 1 << k);
        wasm.exports.frm_vecSub(table, high, table, 1 << k);
      });
    });
    wasm.read(table, out);
  });
}

/** out[j] = sum_i weights[i] table[i rowLength + j], over the rows that `table` has. */
export interface CombineRowsTask {
  weights: FrBuffer;
  table: Table;
  rowLength: number;
  out: FrBuffer;
}
export function combineRows(wasm: WasmCurve, { weights, table, rowLength, out }: CombineRowsTask): void {
  for (let from = 0; from < rowLength; from += CHUNK) {
    const columns = Math.min(CHUNK, rowLength - from);
    wasm.scope(() => {
      const sum = new WeightedSum(wasm, columns);
      const length = table.kind === 'fr' ? frCount(table.data) : table.data.length;
      const w = wasm.put(weights);
      for (let i = 0, at = from; at < length; i++, at += rowLength) sum.add(w + i * FR_BYTES, table, at, Math.min(columns, length - at));
      sum.finish(slice(out, from, from + columns));
    });
  }
}

/** out = sum_k coefficients[k] tables[k]; shorter tables end in zeros. */
export interface LinearCombinationTask {
  coefficients: readonly bigint[];
  tables: readonly Table[];
  out: FrBuffer;
}
export function linearCombination(wasm: WasmCurve, { coefficients, tables, out }: LinearCombinationTask): void {
  const length = frCount(out);
  for (let from = 0; from < length; from += CHUNK) {
    const n = Math.min(CHUNK, length - from);
    wasm.scope(() => {
      const sum = new WeightedSum(wasm, n);
      tables.forEach((table, k) => {
        const have = (table.kind === 'fr' ? frCount(table.data) : table.data.length) - from;
        if (have > 0) sum.add(wasm.putFr(coefficients[k]), table, from, Math.min(n, have));
      });
      sum.finish(slice(out, from, from + n));
    });
  }
}

/** sum of weight x vector for vectors of field elements and of small integers, `n` entries; call within a scope. */
class WeightedSum {
  private readonly sum: number;
  private readonly input: number;
  private lanes = 0;
  private terms = 0;

  constructor(
    private readonly wasm: WasmCurve,
    private readonly n: number,
  ) {
    this.sum = wasm.allocZeros(n * FR_BYTES);
    this.input = wasm.alloc(n * FR_BYTES);
    this.lanes = wasm.allocZeros(n * LANES_BYTES);
  }

  /** Adds weight x table[from .. from + count); `weight` is an address. */
  add(weight: number, table: Table, from: number, count: number): void {
    const { wasm } = this;
    if (table.kind === 'fr') {
      wasm.write(this.input, slice(table.data, from, from + count));
      wasm.exports.frm_vecAxpy(this.input, this.sum, weight, count);
      return;
    }
    wasm.write(this.input, table.data.subarray(from, from + count));
    lanesAxpy(wasm, table.kind)(this.input, this.lanes, weight, count);
    if (++this.terms === LANE_TERMS) this.reduceLanes();
  }

  finish(out: FrBuffer): void {
    if (this.terms > 0) this.reduceLanes();
    this.wasm.read(this.sum, out);
  }

  private reduceLanes(): void {
    const { wasm, n } = this;
    wasm.exports.frm_lanesReduce(this.lanes, this.input, n);
    wasm.exports.frm_vecAdd(this.sum, this.input, this.sum, n);
    wasm.bytes.fill(0, this.lanes, this.lanes + n * LANES_BYTES);
    this.terms = 0;
  }
}

/** out[i] = sum_j table[i rowLength + j] weights[((i + firstRow) mod period) rowLength + j] */
export interface DotRowsTask {
  table: Table;
  weights: FrBuffer;
  rowLength: number;
  period: number;
  firstRow: number;
  out: FrBuffer;
}
export function dotRows(wasm: WasmCurve, { table, weights, rowLength, period, firstRow, out }: DotRowsTask): void {
  wasm.scope(() => {
    const { frm_vecDot, frm_lanesReduce, frm_vecAdd } = wasm.exports;
    const w = wasm.put(weights);
    const rows = frCount(out);
    const sums = wasm.allocZeros(rows * FR_BYTES);
    const part = Math.min(rowLength, LANE_TERMS);
    const input = wasm.alloc(part * FR_BYTES);
    const lanes = wasm.alloc(LANES_BYTES);
    const reduced = wasm.alloc(FR_BYTES);
    for (let i = 0; i < rows; i++) {
      const row = w + ((i + firstRow) % period) * rowLength * FR_BYTES;
      for (let j = 0; j < rowLength; j += part) {
        const n = Math.min(part, rowLength - j);
        const from = i * rowLength + j;
        if (table.kind === 'fr') {
          wasm.write(input, slice(table.data, from, from + n));
          frm_vecDot(input, row + j * FR_BYTES, sums + i * FR_BYTES, n);
        } else {
          wasm.write(input, table.data.subarray(from, from + n));
          wasm.bytes.fill(0, lanes, lanes + LANES_BYTES);
          lanesDot(wasm, table.kind)(input, row + j * FR_BYTES, lanes, n);
          frm_lanesReduce(lanes, reduced, 1);
          frm_vecAdd(sums + i * FR_BYTES, reduced, sums + i * FR_BYTES, 1);
        }
      }
    }
    wasm.read(sums, out);
  });
}

/** out[i |low| + j] = high[i] low[j] */
export interface OuterTask {
  high: FrBuffer;
  low: FrBuffer;
  out: FrBuffer;
}
export function outer(wasm: WasmCurve, { high, low, out }: OuterTask): void {
  wasm.scope(() => {
    const n = frCount(low);
    const [h, l, row] = [wasm.put(high), wasm.put(low), wasm.alloc(low.byteLength)];
    for (let i = 0; i < frCount(high); i++) {
      wasm.exports.frm_vecScale(l, row, h + i * FR_BYTES, n);
      wasm.read(row, slice(out, i * n, (i + 1) * n));
    }
  });
}

/** out = lo + r (hi - lo) */
export interface FoldTask {
  lo: FrBuffer;
  hi: FrBuffer;
  r: bigint;
  out: FrBuffer;
}
export function fold(wasm: WasmCurve, { lo, hi, r, out }: FoldTask): void {
  wasm.scope(() => {
    const pR = wasm.putFr(r);
    const [pLo, pHi] = [wasm.alloc(CHUNK * FR_BYTES), wasm.alloc(CHUNK * FR_BYTES)];
    for (let from = 0; from < frCount(out); from += CHUNK) {
      const n = Math.min(CHUNK, frCount(out) - from);
      wasm.write(pLo, slice(lo, from, from + n));
      wasm.write(pHi, slice(hi, from, from + n));
      wasm.exports.frm_vecFold(pLo, pHi, pLo, pR, n);
      wasm.read(pLo, slice(out, from, from + n));
    }
  });
}

/**
 * Coefficients of the round polynomial over a range of x: out[k] for k <= degree.
 * Each term is summed at as many points as it needs, apart for 1, 2 and 3 factors:
 *   1: lo, slope.   2: g(0), g(1), leading.   3: g(0), g(1), g(-1), leading.
 */
export interface RoundTask {
  lo: readonly FrBuffer[];
  hi: readonly FrBuffer[];
  terms: readonly ProductTerm[];
  out: FrBuffer;
}
/** Entries of a chunk here: four vectors a table are live at once. */
const ROUND_CHUNK = 256;
const POINTS = ['zero', 'one', 'minusOne', 'leading'] as const;

export function roundPolynomial(wasm: WasmCurve, { lo, hi, terms, out }: RoundTask): void {
  wasm.scope(() => {
    const { frm_vecSub, frm_vecSum, frm_vecDot, frm_vecDot3 } = wasm.exports;
    const half = lo.length === 0 ? 0 : frCount(lo[0]);
    const vector = (): number => wasm.alloc(ROUND_CHUNK * FR_BYTES);
    const values = lo.map(() => ({ zero: vector(), one: vector(), minusOne: vector(), leading: vector() }));
    const cubic = new Set(terms.filter((term) => term.factors.length === 3).flatMap((term) => term.factors));
    // sums[f][sign][point]: of the terms with f factors and that sign
    const sums = [1, 2, 3].map(() => [wasm.allocZeros(POINTS.length * FR_BYTES), wasm.allocZeros(POINTS.length * FR_BYTES)]);

    for (let from = 0; from < half; from += ROUND_CHUNK) {
      const n = Math.min(ROUND_CHUNK, half - from);
      values.forEach((at, k) => {
        wasm.write(at.zero, slice(lo[k], from, from + n));
        wasm.write(at.one, slice(hi[k], from, from + n));
        frm_vecSub(at.one, at.zero, at.leading, n);
        if (cubic.has(k)) frm_vecSub(at.zero, at.leading, at.minusOne, n);
      });
      for (const { sign, factors } of terms) {
        const target = sums[factors.length - 1][sign === 1 ? 0 : 1];
        const [a, b, c] = factors.map((k) => values[k]);
        POINTS.forEach((point, s) => {
          const sum = target + s * FR_BYTES;
          if (factors.length === 3) frm_vecDot3(a[point], b[point], c[point], sum, n);
          else if (point === 'minusOne') return;
          else if (factors.length === 2) frm_vecDot(a[point], b[point], sum, n);
          else if (point !== 'one') frm_vecSum(a[point], sum, n);
        });
      }
    }
    interpolate(wasm, sums, out);
  });
}

/** Interpolates each group, adds them with their signs and writes out.byteLength / 32 coefficients. */
function interpolate(wasm: WasmCurve, sums: readonly (readonly number[])[], out: FrBuffer): void {
  const { frm_add, frm_sub, frm_mul } = wasm.exports;
  const coefficients = wasm.allocZeros(4 * FR_BYTES);
  const at = (k: number): number => coefficients + k * FR_BYTES;
  const [t, u] = [wasm.alloc(FR_BYTES), wasm.alloc(FR_BYTES)];
  const oneHalf = wasm.putFr(10944121435919637611123202872628637544274182200208017171849102093287904247809n);
  sums.forEach(([plus, minus], f) => {
    const [zero, one, minusOne, leading] = POINTS.map((_, s) => {
      frm_sub(plus + s * FR_BYTES, minus + s * FR_BYTES, plus + s * FR_BYTES);
      return plus + s * FR_BYTES;
    });
    frm_add(at(0), zero, at(0));
    frm_add(at(f + 1), leading, at(f + 1));
    if (f === 1) {
      // c1 = g(1) - g(0) - c2
      frm_sub(one, zero, t);
      frm_sub(t, leading, t);
      frm_add(at(1), t, at(1));
    } else if (f === 2) {
      // c2 = (g(1) + g(-1)) / 2 - g(0);  c1 = (g(1) - g(-1)) / 2 - c3
      frm_add(one, minusOne, t);
      frm_mul(t, oneHalf, t);
      frm_sub(t, zero, t);
      frm_add(at(2), t, at(2));
      frm_sub(one, minusOne, u);
      frm_mul(u, oneHalf, u);
      frm_sub(u, leading, u);
      frm_add(at(1), u, at(1));
    }
  });
  wasm.read(coefficients, out);
}
