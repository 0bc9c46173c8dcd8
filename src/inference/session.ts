/** onnxruntime-node session with taps: one thread, no graph rewriting, so that a replay on the same build gives the same floats. */
import { createRequire } from 'node:module';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { keccak256, type Hex } from 'viem';
import { InferenceError, TapError } from '../errors/inference.js';
import { checkFinite } from '../quantize/index.js';
import { packActivations, type ActivationTables, type LayerTaps } from './pack.js';

/** Widths that the tap contract fixes (README.md). */
export interface TapSpec {
  inputWidth: number;
  classes: number;
  layers: readonly { x: number; delta: number }[];
}

export interface TapSession {
  session: InferenceSession;
  spec: TapSpec;
  /** keccak256 of the model's bytes. */
  modelHash: Hex;
}

/** What registration fixed: scales of the activations, shape of the tables. */
export interface TapFormat {
  scales: { x: number; delta: number };
  shape: { layersLog: number; widthLog: number };
}

export interface TapResult extends ActivationTables {
  /** float32 (N, classes). */
  logits: Float32Array;
  /** Lowest index at a tie. */
  predictions: Int32Array;
}

/** Name and version of the runtime; goes into receipts, since floats are stable within one build only. */
export const runtimeVersion = (): string =>
  `onnxruntime-node ${(createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version} ${process.platform} ${process.arch}`;

const tapsOf = (spec: TapSpec): [string, number][] =>
  [['logits', spec.classes], ...spec.layers.flatMap((w, l): [string, number][] => [[`x_${l}`, w.x], [`delta_${l}`, w.delta]])];

function checkSignature(session: InferenceSession, spec: TapSpec): void {
  const find = (list: readonly InferenceSession.ValueMetadata[], name: string, kind: string, type: string, dims: (number | undefined)[]): void => {
    const found = list.find((m) => m.name === name);
    if (!found) {
      throw new TapError(`${kind} is missing`, { where: name, expected: `${type} of rank ${dims.length}`, got: list.map((m) => m.name).join(', '), hint: 'export the model with the taps of src/inference/README.md' });
    }
    if (!found.isTensor || found.type !== type) throw new TapError(`${kind} has the wrong type`, { where: name, expected: type, got: found.isTensor ? found.type : 'not a tensor' });
    if (found.shape.length !== dims.length) throw new TapError(`${kind} has the wrong rank`, { where: name, expected: dims.length, got: found.shape.length });
    dims.forEach((want, i) => {
      const got = found.shape[i];
      if (want !== undefined && typeof got === 'number' && got !== want) throw new TapError(`${kind} has the wrong width`, { where: name, expected: want, got });
    });
  };
  find(session.inputMetadata, 'input', 'input', 'float32', [undefined, spec.inputWidth]);
  find(session.inputMetadata, 'label', 'input', 'int64', [undefined]);
  for (const [name, width] of tapsOf(spec)) find(session.outputMetadata, name, 'tap', 'float32', [undefined, width]);
}

/**
 * Loads a model and checks the tap contract, on its signature and on one zero row.
 * @throws InferenceError when the runtime refuses the bytes, TapError when a tap is missing, of wrong type, rank or width
 */
export async function loadTapSession(model: Uint8Array, spec: TapSpec): Promise<TapSession> {
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(model, {
      executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'disabled', logSeverityLevel: 3,
    });
  } catch (cause) {
    throw new InferenceError('the runtime cannot load the model', { where: 'model.onnx', got: (cause as Error).message.slice(0, 200), hint: 'the file is truncated, or needs operators of a newer opset', cause });
  }
  const loaded = { session, spec, modelHash: keccak256(model) };
  try {
    checkSignature(session, spec);
    await runFloat(loaded, new Float32Array(spec.inputWidth));
  } catch (error) {
    await session.release();
    throw error;
  }
  return loaded;
}

async function runFloat(loaded: TapSession, inputs: Float32Array, labels?: ArrayLike<number>): Promise<{ rows: number; logits: Float32Array; layers: LayerTaps[] }> {
  const { session, spec } = loaded, rows = inputs.length / spec.inputWidth;
  if (!Number.isInteger(rows) || rows < 1) {
    throw new InferenceError('input has the wrong size', { where: 'input', expected: `a positive multiple of ${spec.inputWidth}`, got: inputs.length });
  }
  if (labels && labels.length !== rows) throw new InferenceError('one label a row is needed', { where: 'label', expected: rows, got: labels.length });
  checkFinite(inputs, 'input');
  const target = new BigInt64Array(rows);
  for (let i = 0; i < rows; i++) {
    const label = labels ? labels[i] : -1;
    if (!Number.isInteger(label) || label < -1 || label >= spec.classes) {
      throw new InferenceError('label is out of range', { where: `label[${i}]`, expected: `-1 (own prediction) or 0..${spec.classes - 1}`, got: label });
    }
    target[i] = BigInt(label);
  }
  let outputs: InferenceSession.ReturnType;
  try {
    outputs = await session.run({ input: new Tensor('float32', inputs, [rows, spec.inputWidth]), label: new Tensor('int64', target, [rows]) });
  } catch (cause) {
    throw new InferenceError('the runtime failed', { where: 'run', got: (cause as Error).message.slice(0, 200), cause });
  }
  const take = (name: string, width: number): Float32Array => {
    const tensor = outputs[name];
    if (!tensor) throw new TapError('tap is missing', { where: name, got: Object.keys(outputs).join(', ') });
    if (tensor.dims.length !== 2) throw new TapError('tap has the wrong rank', { where: name, expected: 2, got: tensor.dims.length });
    if (tensor.dims[0] !== rows || tensor.dims[1] !== width) throw new TapError('tap has the wrong width', { where: name, expected: `${rows} x ${width}`, got: tensor.dims.join(' x ') });
    const data = Float32Array.from(tensor.data as Float32Array);
    checkFinite(data, name);
    return data;
  };
  const logits = take('logits', spec.classes);
  const layers = spec.layers.map((w, l) => ({ x: take(`x_${l}`, w.x), xWidth: w.x, delta: take(`delta_${l}`, w.delta), deltaWidth: w.delta }));
  return { rows, logits, layers };
}

/**
 * Runs a batch and quantises its taps. A row without a label is a query: its delta is lifted by a power of two (pack.ts).
 * @param inputs  float32 (N, inputWidth)
 * @param labels  one a row; -1 or absent: the model's own prediction
 * @param height  rows of the returned tables, at least N; the rest are zero (a block of that height)
 * @throws InferenceError, TapError, NonFiniteError (names tensor and index)
 */
export async function runTaps(loaded: TapSession, inputs: Float32Array, format: TapFormat, labels?: ArrayLike<number>, height?: number): Promise<TapResult> {
  const { rows, logits, layers } = await runFloat(loaded, inputs, labels);
  const classes = loaded.spec.classes;
  const predictions = Int32Array.from({ length: rows }, (_, n) => {
    let top = 0;
    for (let k = 1; k < classes; k++) if (logits[n * classes + k] > logits[n * classes + top]) top = k;
    return top;
  });
  return { logits, predictions, ...packActivations(layers, rows, format.scales, format.shape, height, (row) => !labels || labels[row] < 0) };
}

/** Frees the runtime's memory. */
export const closeTapSession = (loaded: TapSession): Promise<void> => loaded.session.release();
