/**
 * Float taps -> the integer tables that are committed: X int8 and Delta int16, index (t L + l) d + j, zero padded.
 * Values beyond the registered range saturate, so that a replay gives the same integers for any input.
 *
 * Rows of queries carry their delta times 2^k, k = queryExponent of the row. Scores of a query are linear in its delta and the split
 * of its fee divides by their sum, so a positive factor changes no payout; without it the delta of a confident query (1e-5) rounds to
 * nothing (bench/attribution: LDS 0.40 instead of 0.50). Training rows keep the common scale: there the size of delta counts.
 */
import { TapError } from '../errors/inference.js';
import { quantize, quantizedMax } from '../quantize/index.js';

/** One adapted layer's taps, row-major (rows, width). */
export interface LayerTaps {
  x: ArrayLike<number>;
  xWidth: number;
  delta: ArrayLike<number>;
  deltaWidth: number;
}

export interface ActivationTables {
  rows: number;
  /** int8 (t,l,j). */
  X: Int8Array;
  /** int16 (t,l,j). */
  Delta: Int16Array;
}

/** Largest shift of a query's delta. Below 2^-16 of the range float32 cancellation in softmax - onehot dominates. */
export const QUERY_EXPONENT_MAX = 16;

/** Largest k in 0..16 with max |delta| 2^k <= 32767 scale; 0 for an all-zero row. */
export function queryExponent(largest: number, scale: number): number {
  if (!(largest > 0)) return 0;
  let k = 0;
  while (k < QUERY_EXPONENT_MAX && largest * 2 ** (k + 1) <= quantizedMax(16) * scale) k++;
  return k;
}

/** Deltas of all layers with the rows of queries multiplied by their 2^k. */
function liftQueries(layers: readonly LayerTaps[], rows: number, scale: number, isQuery: (row: number) => boolean): Float64Array[] {
  const lifted = layers.map((layer) => Float64Array.from(layer.delta));
  for (let t = 0; t < rows; t++) {
    if (!isQuery(t)) continue;
    let largest = 0;
    layers.forEach((layer, l) => { for (let j = 0; j < layer.deltaWidth; j++) largest = Math.max(largest, Math.abs(lifted[l][t * layer.deltaWidth + j])); });
    const factor = 2 ** queryExponent(largest, scale);
    layers.forEach((layer, l) => { for (let j = 0; j < layer.deltaWidth; j++) lifted[l][t * layer.deltaWidth + j] *= factor; });
  }
  return lifted;
}

function place<T extends Int8Array | Int16Array>(out: T, q: T, rows: number, width: number, l: number, L: number, d: number): void {
  for (let t = 0; t < rows; t++) out.set(q.subarray(t * width, (t + 1) * width), (t * L + l) * d);
}

/**
 * @param height   rows of the tables, at least `rows`; the rest are zero
 * @param isQuery  rows that are queries of one token each (see above); default none
 * @throws TapError on a wrong width, NonFiniteError naming tensor and index
 */
export function packActivations(
  layers: readonly LayerTaps[], rows: number, scales: { x: number; delta: number }, shape: { layersLog: number; widthLog: number }, height = rows,
  isQuery: (row: number) => boolean = () => false,
): ActivationTables {
  const L = 1 << shape.layersLog, d = 1 << shape.widthLog;
  if (layers.length > L) throw new TapError('more layers than the size class has', { where: 'taps', expected: `at most ${L}`, got: layers.length });
  if (height < rows) throw new TapError('more rows than the block holds', { where: 'taps', expected: `at most ${height}`, got: rows, hint: 'split the batch' });
  const X = new Int8Array(height * L * d), Delta = new Int16Array(height * L * d);
  layers.forEach((layer, l) => {
    for (const [name, values, width] of [[`x_${l}`, layer.x, layer.xWidth], [`delta_${l}`, layer.delta, layer.deltaWidth]] as const) {
      if (width > d) throw new TapError('tap is wider than the size class', { where: name, expected: `at most ${d}`, got: width, hint: 'use a larger class' });
      if (values.length !== rows * width) throw new TapError('tap has the wrong size', { where: name, expected: rows * width, got: values.length });
    }
  });
  const deltas = liftQueries(layers, rows, scales.delta, isQuery);
  layers.forEach((layer, l) => {
    place(X, quantize(layer.x, scales.x, 8, `x_${l}`), rows, layer.xWidth, l, L, d);
    place(Delta, quantize(deltas[l], scales.delta, 16, `delta_${l}`), rows, layer.deltaWidth, l, L, d);
  });
  return { rows: height, X, Delta };
}
