import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ModelError } from '../errors/models.js';
import { readFileChecked } from '../files/atomic.js';
import { packageRoot } from '../files/paths.js';
import { seededRandom } from './random.js';

export const DIGIT_PIXELS = 64;
export const DIGIT_CLASSES = 10;

/** Labelled rows: inputs (n, width) row-major, labels in [0, classes). */
export interface Dataset {
  width: number;
  classes: number;
  inputs: Float32Array;
  labels: Int32Array;
}

/** Parses the digits file: 64 integers 0..16 and the label, one row a line; pixels become v / 16. @throws ModelError naming the line */
export function parseDigits(text: string): Dataset {
  const lines = text.split('\n').filter((line) => line !== '');
  const inputs = new Float32Array(lines.length * DIGIT_PIXELS), labels = new Int32Array(lines.length);
  lines.forEach((line, n) => {
    const values = line.split(',').map(Number);
    const pixels = values.slice(0, DIGIT_PIXELS), label = values[DIGIT_PIXELS];
    if (values.length !== DIGIT_PIXELS + 1 || pixels.some((v) => !Number.isInteger(v) || v < 0 || v > 16) || !Number.isInteger(label) || label < 0 || label >= DIGIT_CLASSES) {
      throw new ModelError('digits row is malformed', { where: `line ${n + 1}`, expected: '64 integers 0..16 and a label 0..9', got: line.slice(0, 40), hint: 'restore data/digits.csv.gz' });
    }
    pixels.forEach((v, j) => { inputs[n * DIGIT_PIXELS + j] = v / 16; });
    labels[n] = label;
  });
  return { width: DIGIT_PIXELS, classes: DIGIT_CLASSES, inputs, labels };
}

/** Loads data/digits.csv.gz (source and licence: data/README.md). @throws FileError, ModelError */
export async function loadDigits(path = join(packageRoot(), 'data', 'digits.csv.gz')): Promise<Dataset> {
  const packed = await readFileChecked(path);
  let text: string;
  try {
    text = gunzipSync(packed).toString('utf8');
  } catch (cause) {
    throw new ModelError('digits file cannot be unpacked', { where: path, hint: 'it is truncated or not gzip: restore data/digits.csv.gz', cause });
  }
  return parseDigits(text);
}

/** Rows of a dataset, by index, repeats allowed. @throws ModelError on an index out of range */
export function selectRows(data: Dataset, rows: readonly number[], labels?: readonly number[]): Dataset {
  const inputs = new Float32Array(rows.length * data.width), picked = new Int32Array(rows.length);
  rows.forEach((row, n) => {
    if (!Number.isInteger(row) || row < 0 || row >= data.labels.length) {
      throw new ModelError('row does not exist', { where: `rows[${n}]`, expected: `0..${data.labels.length - 1}`, got: row });
    }
    inputs.set(data.inputs.subarray(row * data.width, (row + 1) * data.width), n * data.width);
    picked[n] = labels ? labels[n] : data.labels[row];
  });
  return { width: data.width, classes: data.classes, inputs, labels: picked };
}

/** Deterministic split of all rows: shuffled by seed, the last `heldOut` are held out. */
export function splitRows(count: number, heldOut: number, seed: number): { train: number[]; heldOut: number[] } {
  const order = seededRandom(seed).shuffle(Array.from({ length: count }, (_, i) => i));
  return { train: order.slice(0, count - heldOut), heldOut: order.slice(count - heldOut) };
}
