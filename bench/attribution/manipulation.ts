/**
 * What a contributor gains in reward share by manipulation: exact pipeline, equal fees, twenty contributors of equal size.
 *   share_c = P_c / sum P;   gain = share after / share before, averaged over the contributors tried
 */
import { features, influence, splitRewards } from '../../src/attribution/index.js';
import { packActivations } from '../../src/inference/pack.js';
import { selectRows, type Dataset } from '../../src/models/digits.js';
import { ADAPTER_TRAINING, DAMPING, RANK } from '../../src/models/factory.js';
import { dequantizeAdapter, quantizeAdapter } from '../../src/models/quantizedAdapter.js';
import { trainLora, type Mlp } from '../../src/models/mlp.js';
import { quantizedMax } from '../../src/quantize/index.js';
import { relationShape, type SizeClass } from '../../src/statement/sizeClass.js';
import { collect } from './methods.js';

export interface Manipulation {
  name: string;
  /** Mean share before and after, of the contributors tried; the manipulator's accounts together. */
  before: number;
  after: number;
  gain: number;
  note: string;
}

const CONTRIBUTORS = 20;
const TRIED = [0, 3, 7, 12, 18];

const cls: SizeClass = {
  id: 0, name: 'bench', queriesLog: 8, contributorsLog: 5, layersLog: 1, rankLog: 3, widthLog: 6, tokensLog: 8, blocksLog: 0, trainTokensLog: 10, trainBlocksLog: 0,
};

/** Payout share of every account; `inflate` multiplies one account's committed tables, saturating. */
function shares(
  base: Mlp, train: Dataset, boundaries: number[], queries: Dataset, seed: number, retrain: Dataset, inflate?: { account: number; factor: number },
): number[] {
  // Rows that are scored may differ from the rows that were trained on (an account split changes nothing in training).
  const lora = trainLora(base, retrain, RANK, { ...ADAPTER_TRAINING, seed });
  const adapter = quantizeAdapter(base, lora, retrain, DAMPING, cls), served = dequantizeAdapter(adapter, base, RANK, cls);
  const payout = relationShape(cls, 'payout'), { tables, scales } = adapter;
  const taps = collect(base, served, train, train.labels), asked = collect(base, served, queries, new Int32Array(queries.labels.length).fill(-1));
  const rows = packActivations(taps.layers, taps.n, scales, cls), query = packActivations(asked.layers, asked.n, scales, cls, asked.n, () => true);
  if (inflate) {
    const width = 1 << (cls.layersLog + cls.widthLog), clamp = (v: number, max: number): number => Math.max(-max, Math.min(max, v * inflate.factor));
    for (let i = (boundaries[inflate.account - 1] ?? 0) * width; i < boundaries[inflate.account] * width; i++) {
      rows.X[i] = clamp(rows.X[i], quantizedMax(8));
      rows.Delta[i] = clamp(rows.Delta[i], quantizedMax(16));
    }
  }
  const g = features(tables.A, tables.B, rows.X, rows.Delta, boundaries, relationShape(cls, 'features'));
  const phi = features(tables.queryA, tables.queryB, query.X, query.Delta, Array.from({ length: asked.n }, (_, i) => i + 1), payout);
  const { payouts } = splitRewards(influence(phi, g, payout), new Array<bigint>(asked.n).fill(10n ** 12n), payout);
  const total = Number(payouts.reduce((s, p) => s + p, 0n));
  return payouts.map((p) => Number(p) / total);
}

export function measureManipulation(base: Mlp, train: Dataset, queries: Dataset, seed: number, progress: (text: string) => void): Manipulation[] {
  const per = Math.floor(train.labels.length / CONTRIBUTORS), n = per * CONTRIBUTORS;
  const all = Array.from({ length: n }, (_, i) => i), honestRows = selectRows(train, all);
  const bounds = Array.from({ length: CONTRIBUTORS }, (_, c) => (c + 1) * per);
  const honest = shares(base, honestRows, bounds, queries, seed, honestRows);
  const mean = (values: number[]): number => values.reduce((s, v) => s + v, 0) / values.length;
  const before = mean(TRIED.map((c) => honest[c]));
  const measure = (name: string, note: string, share: (c: number) => number): Manipulation => {
    progress(name);
    const after = mean(TRIED.map(share));
    return { name, before, after, gain: after / before, note };
  };
  const mine = (c: number): number[] => all.slice(c * per, (c + 1) * per);
  const inserted = (c: number): { rows: Dataset; bounds: number[] } => ({
    rows: selectRows(train, [...all.slice(0, (c + 1) * per), ...mine(c), ...all.slice((c + 1) * per)]), bounds: bounds.map((b, k) => (k >= c ? b + per : b)),
  });
  return [
    measure('own rows twice in one account', 'adapter retrained with the copies', (c) => {
      const { rows, bounds: wider } = inserted(c);
      return shares(base, rows, wider, queries, seed, rows)[c];
    }),
    measure('own rows copied to a second account', 'adapter retrained with the copies; both accounts', (c) => {
      const { rows } = inserted(c), split = bounds.flatMap((b, k) => (k < c ? [b] : k === c ? [b, b + per] : [b + per]));
      const s = shares(base, rows, split, queries, seed, rows);
      return s[c] + s[c + 1];
    }),
    measure('one person posing as five accounts', 'same rows, split five ways; registrar\'s duty in version 1', (c) => {
      const cuts = Array.from({ length: 5 }, (_, k) => c * per + Math.round((k + 1) * per / 5));
      const s = shares(base, honestRows, bounds.flatMap((b, k) => (k === c ? cuts : [b])), queries, seed, honestRows);
      return s.slice(c, c + 5).reduce((a, v) => a + v, 0);
    }),
    measure('committed activations times 4', 'false commitment: an audit by replay finds it', (c) => shares(base, honestRows, bounds, queries, seed, honestRows, { account: c, factor: 4 })[c]),
    measure('own input rows times 2', 'true activations of brighter rows, adapter retrained', (c) => {
      const rows = { ...honestRows, inputs: honestRows.inputs.map((v, i) => (i >= c * per * 64 && i < (c + 1) * per * 64 ? v * 2 : v)) };
      return shares(base, rows, bounds, queries, seed, rows)[c];
    }),
  ];
}
