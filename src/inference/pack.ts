/**
 * Float taps -> the integer tables that are committed: X int8 and Delta int16, index (t L + l) d + j, zero padded.
 * Values beyond the registered range saturate, so that a replay gives the same integers for any input.
 */
import { TapError } from '../errors/inference.js';
import { quantize } from '../quantize/index.js';

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

function place<T extends Int8Array | Int16Array>(out: T, q: T, rows: number, width: number, l: number, L: number, d: number): void {
  for (let t = 0; t < rows; t++) out.set(q.subarray(t * width, (t + 1) * width), (t * L + l) * d);
}

/**
 * @param height  rows of the tables, at least `rows`; the rest are zero
 * @throws TapError on a wrong width, NonFiniteError naming tensor and index
 */
export function packActivations(
  layers: readonly LayerTaps[], rows: number, scales: { x: number; delta: number }, shape: { layersLog: number; widthLog: number }, height = rows,
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
    place(X, quantize(layer.x, scales.x, 8, `x_${l}`), rows, layer.xWidth, l, L, d);
    place(Delta, quantize(layer.delta, scales.delta, 16, `delta_${l}`), rows, layer.deltaWidth, l, L, d);
  });
  return { rows: height, X, Delta };
}
