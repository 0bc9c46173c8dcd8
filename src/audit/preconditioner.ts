/**
 * A* = P_z A and B* = B P_u, P = (C + lam I)^-1 (PROTOCOL section 1), recomputed in float64 from what is registered: the int8 adapter and
 * the quantised training activations. The owner computed them in float64 before quantising, so the replay agrees up to quantisation only;
 * what is exact (range, padding, commitment, id) the other checks compare to the bit.
 * Compared for each layer: direction (cosine) of A* and B*, and the product of their norms, which is the layer's weight in the scores.
 */
import { AuditMismatchError } from '../errors/audit.js';
import type { ModelBundle } from '../models/bundle.js';
import { applyLeft, preconditioner } from '../models/curvature.js';

/**
 * Bounds between rounding and another preconditioner. Demonstration, seeds 1..5 and 7: honest tables have cosine >= 0.996 and norms within
 * 6%; none at all (A* = A) gives cosine 0.54 at most, damping 0.1 instead of 0.01 gives 0.92, damping 0.02 norms 70% off.
 */
export const MIN_COSINE = 0.99;
export const MAX_NORM_ERROR = 0.15;

export interface PreconditionerReport {
  minCosine: number;
  maxNormError: number;
}

const norm = (v: Float64Array): number => Math.sqrt(v.reduce((sum, e) => sum + e * e, 0));
const cosine = (a: Float64Array, b: Float64Array): number => {
  const n = norm(a) * norm(b);
  return n === 0 ? (norm(a) === norm(b) ? 1 : 0) : a.reduce((sum, e, i) => sum + e * b[i], 0) / n;
};

/** Rows in use: a class may hold adapters of lower rank, and the damping is lam = damping trace(C) / rank. */
function rankOf({ manifest: { sizeClass: s }, adapter }: ModelBundle): number {
  const row = 1 << (s.layersLog + s.widthLog);
  for (let r = 1 << s.rankLog; r > 1; r--) {
    if ([adapter.A, adapter.B].some((table) => table.subarray((r - 1) * row, r * row).some((v) => v !== 0))) return r;
  }
  return 1;
}

/** @throws AuditMismatchError naming table and layer */
export function checkPreconditioner(bundle: ModelBundle): PreconditionerReport {
  const { manifest, adapter, train } = bundle, { scales, damping, taps } = manifest;
  const { layersLog, widthLog } = manifest.sizeClass, L = 1 << layersLog, d = 1 << widthLog;
  const r = rankOf(bundle), rows = manifest.boundaries.at(-1) ?? 0;
  const layerOf = (table: Int8Array, scale: number, l: number): Float64Array => Float64Array.from({ length: r * d }, (_, i) => table[(Math.floor(i / d) * L + l) * d + (i % d)] * scale);
  const project = (M: Float64Array, table: Int8Array | Int16Array, scale: number, l: number): Float64Array[] => Array.from({ length: rows }, (_, t) => {
    const out = new Float64Array(r), at = (t * L + l) * d;
    for (let a = 0; a < r; a++) { let sum = 0; for (let j = 0; j < d; j++) sum += M[a * d + j] * table[at + j]; out[a] = sum * scale; }
    return out;
  });
  const report: PreconditionerReport = { minCosine: 1, maxNormError: 0 };
  taps.layers.forEach((_, l) => {
    const A = layerOf(adapter.A, scales.A, l), B = layerOf(adapter.B, scales.B, l);
    const replay = {
      queryA: applyLeft(preconditioner(project(A, train.X, scales.x, l), r, damping), A, r, d),
      queryB: applyLeft(preconditioner(project(B, train.Delta, scales.delta, l), r, damping), B, r, d),
    };
    const stated = { queryA: layerOf(adapter.queryA, scales.queryA, l), queryB: layerOf(adapter.queryB, scales.queryB, l) };
    for (const side of ['queryA', 'queryB'] as const) {
      const c = cosine(replay[side], stated[side]);
      report.minCosine = Math.min(report.minCosine, c);
      if (c < MIN_COSINE) throw new AuditMismatchError(`model/${side}.i8`, `layer ${l}`, `direction differs from P ${side === 'queryA' ? 'A' : 'B'}: cosine ${c.toFixed(4)}, expected at least ${MIN_COSINE}, with damping ${damping} of manifest.json`);
    }
    const expected = norm(replay.queryA) * norm(replay.queryB), got = norm(stated.queryA) * norm(stated.queryB);
    const error = expected === got ? 0 : Math.abs(got / expected - 1);
    report.maxNormError = Math.max(report.maxNormError, error);
    if (!(error <= MAX_NORM_ERROR)) throw new AuditMismatchError('model/manifest.json', `damping, or scales of A* and B*, layer ${l}`, `|A*| |B*| is ${got.toExponential(3)}, the replay gives ${expected.toExponential(3)}`);
  });
  return report;
}
