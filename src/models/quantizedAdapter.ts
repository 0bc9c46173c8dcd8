/**
 * The adapter as the protocol sees it: int8 tables (a,l,j) padded to the size class, one scale per role for all layers,
 * so that the integer score is a positive multiple of the real one:
 *   s_int = s / (sA sB sA* sB* sx^2 sdelta^2)
 * Before quantising, each layer's pair is balanced: A_l c and B_l / c are the same function for any c > 0, and
 * c = sqrt(max|B_l| / max|A_l|) makes both use the int8 range alike; the same for A*, B*.
 * Source: PROTOCOL sections 1 and 2.
 */
import { ModelError } from '../errors/models.js';
import { quantize, scaleFor } from '../quantize/index.js';
import type { SizeClass } from '../statement/sizeClass.js';
import { applyLeft, preconditioner } from './curvature.js';
import { createPass, runPass, type Lora, type Mlp } from './mlp.js';
import type { Dataset } from './digits.js';

/** float32 scale of each role; fixed at registration. */
export interface Scales {
  A: number;
  B: number;
  /** A*, B*: the preconditioned pair of the query side. */
  queryA: number;
  queryB: number;
  x: number;
  delta: number;
}

/** int8 tables, index (a L + l) d + j; B and B* transposed. */
export interface AdapterTables {
  A: Int8Array;
  B: Int8Array;
  queryA: Int8Array;
  queryB: Int8Array;
}

export interface QuantizedAdapter {
  tables: AdapterTables;
  scales: Scales;
}

export type ClassShape = Pick<SizeClass, 'layersLog' | 'rankLog' | 'widthLog'>;

/** Head room of the activations' scales over the largest training value; beyond it they saturate. */
export const X_HEAD_ROOM = 1.25;
export const DELTA_HEAD_ROOM = 1.5;

const maxAbs = (v: Float64Array): number => v.reduce((m, x) => Math.max(m, Math.abs(x)), 0);

/** Transposes B (out, r) to (r, out). */
function transpose(B: Float64Array, out: number, r: number): Float64Array {
  const t = new Float64Array(r * out);
  for (let i = 0; i < out; i++) for (let a = 0; a < r; a++) t[a * out + i] = B[i * r + a];
  return t;
}

/** (r, d_l) of every layer -> (a,l,j) padded with zeros. */
function stack(layers: readonly Float64Array[], rank: number, shape: ClassShape): Float64Array {
  const L = 1 << shape.layersLog, d = 1 << shape.widthLog;
  const out = new Float64Array((1 << shape.rankLog) * L * d);
  layers.forEach((M, l) => {
    const width = M.length / rank;
    for (let a = 0; a < rank; a++) for (let j = 0; j < width; j++) out[(a * L + l) * d + j] = M[a * width + j];
  });
  return out;
}

function balance(A: Float64Array[], B: Float64Array[]): void {
  A.forEach((_, l) => {
    const a = maxAbs(A[l]), b = maxAbs(B[l]);
    if (a === 0 || b === 0) return;
    const c = Math.sqrt(b / a);
    A[l] = A[l].map((v) => v * c);
    B[l] = B[l].map((v) => v / c);
  });
}

/** @throws ModelError when the model is larger than the class */
export function checkFits(mlp: Mlp, rank: number, shape: ClassShape): void {
  const width = Math.max(mlp.width, mlp.hidden, mlp.classes);
  if (width > 1 << shape.widthLog || rank > 1 << shape.rankLog || 2 > 1 << shape.layersLog) {
    throw new ModelError('the model does not fit the size class', {
      where: 'adapter', expected: `width <= ${1 << shape.widthLog}, rank <= ${1 << shape.rankLog}, layers <= ${1 << shape.layersLog}`,
      got: `width ${width}, rank ${rank}, 2 layers`, hint: 'use a larger class of circuits/circuits.json',
    });
  }
}

/**
 * Quantises a trained adapter and its K-FAC pair; scales of the activations come from the training rows with head room.
 * @param train    rows on which curvature and activation scales are estimated, true labels
 * @param damping  lam over the mean eigenvalue of C (0.01 to 0.1)
 * @throws ModelError, NonFiniteError
 */
export function quantizeAdapter(mlp: Mlp, lora: Lora, train: Dataset, damping: number, shape: ClassShape): QuantizedAdapter {
  checkFits(mlp, lora.rank, shape);
  const r = lora.rank, widths = [mlp.width, mlp.hidden], outs = [mlp.hidden, mlp.classes];
  const A = lora.A.map((M) => M.slice()), B = lora.B.map((M, l) => transpose(M, outs[l], r));
  balance(A, B);

  const z: Float64Array[][] = [[], []], u: Float64Array[][] = [[], []];
  let maxX = 0, maxDelta = 0;
  const pass = createPass(mlp, r);
  const project = (M: Float64Array, v: ArrayLike<number>, d: number): Float64Array =>
    Float64Array.from({ length: r }, (_, a) => { let sum = 0; for (let j = 0; j < d; j++) sum += M[a * d + j] * v[j]; return sum; });
  for (let n = 0; n < train.labels.length; n++) {
    const x = train.inputs.subarray(n * mlp.width, (n + 1) * mlp.width);
    runPass(mlp, lora, x, train.labels[n], pass);
    [x, pass.h].forEach((v, l) => { z[l].push(project(A[l], v, widths[l])); for (const e of v) maxX = Math.max(maxX, Math.abs(e)); });
    [pass.delta0, pass.delta1].forEach((v, l) => { u[l].push(project(B[l], v, outs[l])); for (const e of v) maxDelta = Math.max(maxDelta, Math.abs(e)); });
  }
  const queryA = A.map((M, l) => applyLeft(preconditioner(z[l], r, damping), M, r, widths[l]));
  const queryB = B.map((M, l) => applyLeft(preconditioner(u[l], r, damping), M, r, outs[l]));
  balance(queryA, queryB);

  const stacked = { A: stack(A, r, shape), B: stack(B, r, shape), queryA: stack(queryA, r, shape), queryB: stack(queryB, r, shape) };
  const scales: Scales = {
    A: scaleFor(stacked.A, 8, 'A'), B: scaleFor(stacked.B, 8, 'B'), queryA: scaleFor(stacked.queryA, 8, 'A*'), queryB: scaleFor(stacked.queryB, 8, 'B*'),
    x: scaleFor([maxX], 8, 'x', X_HEAD_ROOM), delta: scaleFor([maxDelta], 16, 'delta', DELTA_HEAD_ROOM),
  };
  const tables: AdapterTables = {
    A: quantize(stacked.A, scales.A, 8, 'A'), B: quantize(stacked.B, scales.B, 8, 'B'),
    queryA: quantize(stacked.queryA, scales.queryA, 8, 'A*'), queryB: quantize(stacked.queryB, scales.queryB, 8, 'B*'),
  };
  return { tables, scales };
}

/** The served adapter in float: int8 tables times their scales. */
export function dequantizeAdapter(adapter: QuantizedAdapter, mlp: Mlp, rank: number, shape: ClassShape): Lora {
  const L = 1 << shape.layersLog, d = 1 << shape.widthLog;
  const widths = [mlp.width, mlp.hidden], outs = [mlp.hidden, mlp.classes];
  const layer = (table: Int8Array, scale: number, l: number, width: number): Float64Array =>
    Float64Array.from({ length: rank * width }, (_, i) => table[(Math.floor(i / width) * L + l) * d + (i % width)] * scale);
  const untranspose = (M: Float64Array, out: number): Float64Array => {
    const t = new Float64Array(out * rank);
    for (let a = 0; a < rank; a++) for (let i = 0; i < out; i++) t[i * rank + a] = M[a * out + i];
    return t;
  };
  const { A, B } = adapter.tables, s = adapter.scales;
  return {
    rank,
    A: [layer(A, s.A, 0, widths[0]), layer(A, s.A, 1, widths[1])],
    B: [untranspose(layer(B, s.B, 0, outs[0]), outs[0]), untranspose(layer(B, s.B, 1, outs[1]), outs[1])],
  };
}
