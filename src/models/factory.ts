/** Builds the demonstration's model end to end: base, contributors' rows, adapter, quantisation, ONNX, training activations. */
import { keccak256 } from 'viem';
import { closeTapSession, loadTapSession, runTaps, type TapSpec } from '../inference/session.js';
import type { SizeClass } from '../statement/sizeClass.js';
import { adapterIdOf, bundleFiles, fileTable, type ModelBundle } from './bundle.js';
import { loadDigits, selectRows, splitRows, type Dataset } from './digits.js';
import { accuracy, trainLora, trainMlp } from './mlp.js';
import { writeOnnx } from './onnx.js';
import { contributorPlan, NOVEL_DIGITS, type ContributorPlan } from './plan.js';
import { checkFits, dequantizeAdapter, quantizeAdapter } from './quantizedAdapter.js';

export const HIDDEN = 64;
export const RANK = 8;
/** lam over the mean eigenvalue; 0.01 to 0.1 behave alike (bench/attribution). */
export const DAMPING = 0.01;
/** Rows for the base's training, before the novel digits are taken out, and rows that nobody trains on. */
export const BASE_ROWS = 400;
export const HELD_OUT_ROWS = 400;
/** 100 full-batch Adam steps: the loss is flat by then, and a run takes about a second. */
export const BASE_TRAINING = { steps: 100, learningRate: 0.01, decay: 1e-4 };
export const ADAPTER_TRAINING = { steps: 100, learningRate: 0.02, decay: 1e-3 };

export interface FactoryOptions {
  sizeClass: SizeClass;
  seed?: number;
  name?: string;
  data?: Dataset;
  onProgress?: (stage: string, done: number, total: number) => void;
}

/** Rows of the base (known digits only), the contributors' pool, the held-out rows. */
export function demoSplit(data: Dataset, seed: number): { base: number[]; pool: number[]; heldOut: number[] } {
  const { train, heldOut } = splitRows(data.labels.length, HELD_OUT_ROWS, seed);
  return { base: train.slice(0, BASE_ROWS).filter((r) => !NOVEL_DIGITS.includes(data.labels[r])), pool: train.slice(BASE_ROWS), heldOut };
}

/**
 * Deterministic in (data, sizeClass, seed) on one build of Node and of the runtime.
 * @throws ModelError, NonFiniteError, TapError, InferenceError
 */
export async function buildDemoBundle(options: FactoryOptions): Promise<ModelBundle & { plan: ContributorPlan }> {
  const { sizeClass: cls, seed = 7 } = options, progress = options.onProgress ?? ((): void => undefined);
  const data = options.data ?? await loadDigits();
  const split = demoSplit(data, seed), plan = contributorPlan(data, split.pool, seed + 1, 1 << cls.trainTokensLog);
  const train = selectRows(data, plan.rows, plan.labels), heldOut = selectRows(data, split.heldOut);

  const base = trainMlp(selectRows(data, split.base), HIDDEN, { ...BASE_TRAINING, seed: seed + 2, onProgress: (s) => progress('base', s, BASE_TRAINING.steps) });
  checkFits(base, RANK, cls);
  const lora = trainLora(base, train, RANK, { ...ADAPTER_TRAINING, seed: seed + 3, onProgress: (s) => progress('adapter', s, ADAPTER_TRAINING.steps) });
  const adapter = quantizeAdapter(base, lora, train, DAMPING, cls);
  const served = dequantizeAdapter(adapter, base, RANK, cls);

  const model = writeOnnx(base, adapter, RANK, cls), modelHash = keccak256(model);
  const taps: TapSpec = { inputWidth: base.width, classes: base.classes, layers: [{ x: base.width, delta: base.hidden }, { x: base.hidden, delta: base.classes }] };
  progress('training activations', 0, 1);
  const session = await loadTapSession(model, taps);
  let tables: { X: Int8Array; Delta: Int16Array };
  // Whole blocks: the registry takes 2^tl rows; the rows beyond the last contributor are zero.
  const trainHeight = Math.max(1 << cls.trainBlocksLog, 2 ** Math.ceil(Math.log2(train.labels.length)));
  try {
    tables = await runTaps(session, train.inputs, { scales: adapter.scales, shape: cls }, train.labels, trainHeight);
  } finally {
    await closeTapSession(session);
  }
  progress('training activations', 1, 1);

  const content = {
    model, adapter: adapter.tables,
    train: { inputs: train.inputs, labels: train.labels, X: tables.X, Delta: tables.Delta },
    heldOut: { inputs: heldOut.inputs, labels: heldOut.labels },
  };
  return {
    ...content, plan,
    manifest: {
      format: 'zkattr-bundle', version: 1, name: options.name ?? 'digits', seed,
      sizeClass: { id: cls.id, name: cls.name, layersLog: cls.layersLog, rankLog: cls.rankLog, widthLog: cls.widthLog },
      taps: { inputWidth: taps.inputWidth, classes: taps.classes, layers: taps.layers.map((l) => ({ ...l })) },
      scales: adapter.scales, damping: DAMPING, modelHash, adapterId: adapterIdOf(modelHash, adapter.tables, adapter.scales, cls.id),
      contributors: plan.contributors.map(({ rows, labels: _, ...rest }) => ({ ...rest, rows: rows.length })),
      boundaries: plan.boundaries, trainHeight,
      accuracy: { base: accuracy(base, undefined, heldOut), adapted: accuracy(base, served, heldOut) },
      files: fileTable(bundleFiles(content)),
    },
  };
}
