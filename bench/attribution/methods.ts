/**
 * Influence of training rows on queries, by five methods. Every method returns scores[q * n + i], higher is more helpful.
 *   dot        g_q . g_i
 *   DataInf    per layer, closed form (Kwon et al. 2024): sum_i (v - (g_i.v) / (lam + |g_i|^2) g_i) / (n lam), lam = 0.1 mean |g_i|^2 / dim
 *   Gram       phi_q (Phi^T Phi / n + lam I)^-1 phi_i in float64, phi the bottleneck gradients of all layers together
 *   K-FAC      the protocol's preconditioner in float64
 *   quantised  the protocol itself: int8 and int16 tables, exact integers; deltas of queries lifted by a power of two as at inference
 */
import { features, influence } from '../../src/attribution/index.js';
import { packActivations, type LayerTaps } from '../../src/inference/pack.js';
import { applyLeft, preconditioner } from '../../src/models/curvature.js';
import type { Dataset } from '../../src/models/digits.js';
import { createPass, runPass, type Lora, type Mlp } from '../../src/models/mlp.js';
import { quantizeAdapter } from '../../src/models/quantizedAdapter.js';
import { relationShape, type SizeClass } from '../../src/statement/sizeClass.js';

/** What the methods need of each row. */
export interface Taps {
  n: number;
  layers: LayerTaps[];
  /** Per layer, per row: z = A x, u = B^T delta. */
  z: Float64Array[][];
  u: Float64Array[][];
  losses: Float64Array;
}

/** Runs all rows; label -1 means the model's own prediction. */
export function collect(mlp: Mlp, lora: Lora, data: Dataset, labels: ArrayLike<number>): Taps {
  const n = data.labels.length, pass = createPass(mlp, lora.rank), r = lora.rank;
  const widths = [mlp.width, mlp.hidden], outs = [mlp.hidden, mlp.classes];
  const layers = widths.map((w, l) => ({ x: new Float64Array(n * w), xWidth: w, delta: new Float64Array(n * outs[l]), deltaWidth: outs[l] }));
  const z: Float64Array[][] = [[], []], u: Float64Array[][] = [[], []], losses = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const x = data.inputs.subarray(i * mlp.width, (i + 1) * mlp.width);
    runPass(mlp, lora, x, labels[i], pass);
    losses[i] = pass.loss;
    layers[0].x.set(x, i * widths[0]);
    layers[1].x.set(pass.h, i * widths[1]);
    [pass.delta0, pass.delta1].forEach((v, l) => {
      layers[l].delta.set(v, i * outs[l]);
      u[l].push(Float64Array.from({ length: r }, (_, a) => v.reduce((sum, e, o) => sum + e * lora.B[l][o * r + a], 0)));
    });
    z[0].push(pass.z0.slice());
    z[1].push(pass.z1.slice());
  }
  return { n, layers, z, u, losses };
}

/** Bottleneck gradients of one layer, per row: u z^T. */
const phiOf = (taps: Taps, l: number): Float64Array[] => taps.z[l].map((z, i) => {
  const u = taps.u[l][i], r = z.length;
  return Float64Array.from({ length: r * r }, (_, k) => u[Math.floor(k / r)] * z[k % r]);
});
/** Gradients of the adapter's own weights of one layer, per row: (u x^T, delta z^T). */
const weightGradients = (taps: Taps, l: number): Float64Array[] => taps.z[l].map((z, i) => {
  const { x, xWidth, delta, deltaWidth } = taps.layers[l], u = taps.u[l][i], r = z.length;
  const out = new Float64Array(r * xWidth + deltaWidth * r);
  for (let a = 0; a < r; a++) for (let j = 0; j < xWidth; j++) out[a * xWidth + j] = u[a] * x[i * xWidth + j];
  for (let o = 0; o < deltaWidth; o++) for (let a = 0; a < r; a++) out[r * xWidth + o * r + a] = delta[i * deltaWidth + o] * z[a];
  return out;
});

const inner = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};
function addProducts(out: Float64Array, queries: Float64Array[], rows: Float64Array[]): void {
  queries.forEach((q, k) => rows.forEach((g, i) => { out[k * rows.length + i] += inner(q, g); }));
}

export type Space = 'bottleneck' | 'weights';
const gradients = (taps: Taps, l: number, space: Space): Float64Array[] => (space === 'bottleneck' ? phiOf(taps, l) : weightGradients(taps, l));

export function dotProduct(train: Taps, queries: Taps, space: Space): Float64Array {
  const out = new Float64Array(queries.n * train.n);
  for (let l = 0; l < 2; l++) addProducts(out, gradients(queries, l, space), gradients(train, l, space));
  return out;
}

export function dataInf(train: Taps, queries: Taps, space: Space): Float64Array {
  const out = new Float64Array(queries.n * train.n);
  for (let l = 0; l < 2; l++) {
    const rows = gradients(train, l, space), n = rows.length;
    const norms = rows.map((g) => inner(g, g));
    const lam = 0.1 * norms.reduce((s, v) => s + v, 0) / (n * rows[0].length);
    const preconditioned = gradients(queries, l, space).map((v) => {
      const result = new Float64Array(v.length);
      rows.forEach((g, i) => {
        const f = inner(g, v) / (lam + norms[i]);
        for (let k = 0; k < v.length; k++) result[k] += (v[k] - f * g[k]) / (n * lam);
      });
      return result;
    });
    addProducts(out, preconditioned, rows);
  }
  return out;
}

/** Full inverse over both layers' bottleneck gradients. */
export function gramInverse(train: Taps, queries: Taps, damping: number): Float64Array {
  const join = (taps: Taps): Float64Array[] => {
    const a = phiOf(taps, 0), b = phiOf(taps, 1);
    return a.map((v, i) => Float64Array.from([...v, ...b[i]]));
  };
  const rows = join(train), m = rows[0].length;
  const P = preconditioner(rows, m, damping);
  const out = new Float64Array(queries.n * train.n);
  addProducts(out, join(queries).map((v) => applyLeft(P, v, m, 1)), rows);
  return out;
}

/** K-FAC in float64, not quantised. */
export function kfac(train: Taps, queries: Taps, damping: number): Float64Array {
  const out = new Float64Array(queries.n * train.n);
  for (let l = 0; l < 2; l++) {
    const r = train.z[l][0].length, Pz = preconditioner(train.z[l], r, damping), Pu = preconditioner(train.u[l], r, damping);
    const z = queries.z[l].map((v) => applyLeft(Pz, v, r, 1)), u = queries.u[l].map((v) => applyLeft(Pu, v, r, 1));
    for (let q = 0; q < queries.n; q++) for (let i = 0; i < train.n; i++) out[q * train.n + i] += inner(z[q], train.z[l][i]) * inner(u[q], train.u[l][i]);
  }
  return out;
}

/** The protocol: every row is a contributor of its own; integer tables, exact scores (then read as float64 for ranking). */
export function quantised(mlp: Mlp, lora: Lora, data: Dataset, train: Taps, queries: Taps, damping: number): Float64Array {
  const log = (v: number): number => Math.ceil(Math.log2(v));
  const cls: SizeClass = {
    id: 0, name: 'bench', queriesLog: log(queries.n), contributorsLog: log(train.n), layersLog: 1, rankLog: log(lora.rank), widthLog: log(Math.max(mlp.width, mlp.hidden)),
    tokensLog: log(queries.n), blocksLog: 0, trainTokensLog: log(train.n), trainBlocksLog: 0,
  };
  const payout = relationShape(cls, 'payout'), { tables, scales } = quantizeAdapter(mlp, lora, data, damping, cls);
  const each = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
  const rows = packActivations(train.layers, train.n, scales, cls), asked = packActivations(queries.layers, queries.n, scales, cls, queries.n, () => true);
  const g = features(tables.A, tables.B, rows.X, rows.Delta, each(train.n), relationShape(cls, 'features'));
  const phi = features(tables.queryA, tables.queryB, asked.X, asked.Delta, each(queries.n), payout);
  const s = influence(phi, g, payout), out = new Float64Array(queries.n * train.n);
  for (let q = 0; q < queries.n; q++) for (let i = 0; i < train.n; i++) out[q * train.n + i] = Number(s[q][i]);
  return out;
}

