/**
 * Two-layer perceptron with a LoRA adapter on both layers, in float64.
 *   y0 = W0 x + b0 + B0 A0 x,   h = relu(y0),   y1 = W1 h + b1 + B1 A1 h,   loss = cross entropy of softmax(y1)
 * W (out, in) row-major; A (r, in); B (out, r).
 *   delta1 = softmax(y1) - onehot,   delta0 = (W1 + B1 A1)^T delta1 masked by y0 > 0
 * Training is full-batch Adam: the result depends on the rows and the seed, not on an order of batches,
 * so that retrainings on subsets differ by the data alone.
 */
import { ModelError } from '../errors/models.js';
import type { Dataset } from './digits.js';
import { seededRandom } from './random.js';

export interface Mlp {
  width: number;
  hidden: number;
  classes: number;
  W: [Float64Array, Float64Array];
  b: [Float64Array, Float64Array];
}

export interface Lora {
  rank: number;
  A: [Float64Array, Float64Array];
  B: [Float64Array, Float64Array];
}

export interface TrainOptions {
  steps: number;
  learningRate: number;
  /** Coefficient of the L2 penalty, added to the gradient. */
  decay: number;
  seed: number;
  /** Weight of every row (0 leaves it out); default 1. */
  weights?: ArrayLike<number>;
  onProgress?: (step: number, loss: number) => void;
}

/** What one row gives: activations, deltas, probabilities. */
export interface Pass {
  h: Float64Array;
  logits: Float64Array;
  probabilities: Float64Array;
  delta0: Float64Array;
  delta1: Float64Array;
  loss: number;
  z0: Float64Array;
  z1: Float64Array;
}

/** out[i] += sum_j M[i,j] v[j] */
function addProduct(out: Float64Array, M: Float64Array, v: ArrayLike<number>, rows: number, cols: number): void {
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    const at = i * cols;
    for (let j = 0; j < cols; j++) sum += M[at + j] * v[j];
    out[i] += sum;
  }
}
/** out[j] += sum_i M[i,j] v[i] */
function addTransposed(out: Float64Array, M: Float64Array, v: ArrayLike<number>, rows: number, cols: number): void {
  for (let i = 0; i < rows; i++) {
    const f = v[i], at = i * cols;
    if (f !== 0) for (let j = 0; j < cols; j++) out[j] += M[at + j] * f;
  }
}
/** M[i,j] += f a[i] b[j] */
function addOuter(M: Float64Array, a: ArrayLike<number>, b: ArrayLike<number>, rows: number, cols: number, f: number): void {
  for (let i = 0; i < rows; i++) {
    const s = f * a[i], at = i * cols;
    if (s !== 0) for (let j = 0; j < cols; j++) M[at + j] += s * b[j];
  }
}

/** Buffers of one pass, reused from row to row. */
export function createPass(mlp: Mlp, rank: number): Pass {
  return {
    h: new Float64Array(mlp.hidden), logits: new Float64Array(mlp.classes), probabilities: new Float64Array(mlp.classes),
    delta0: new Float64Array(mlp.hidden), delta1: new Float64Array(mlp.classes), loss: 0, z0: new Float64Array(rank), z1: new Float64Array(rank),
  };
}

/**
 * Forward and backward pass of one row, into `pass`.
 * @param label  -1: the model's own prediction (lowest index at a tie)
 * @param base0  W0 x + b0, if known
 */
export function runPass(mlp: Mlp, lora: Lora | undefined, x: ArrayLike<number>, label: number, pass: Pass, base0?: Float64Array): Pass {
  const { width, hidden, classes } = mlp;
  const { h, logits, probabilities: p, delta0, delta1, z0, z1 } = pass;
  if (base0) h.set(base0);
  else {
    h.set(mlp.b[0]);
    addProduct(h, mlp.W[0], x, hidden, width);
  }
  if (lora) {
    z0.fill(0);
    addProduct(z0, lora.A[0], x, lora.rank, width);
    addProduct(h, lora.B[0], z0, hidden, lora.rank);
  }
  for (let i = 0; i < hidden; i++) h[i] = Math.max(h[i], 0);
  logits.set(mlp.b[1]);
  addProduct(logits, mlp.W[1], h, classes, hidden);
  if (lora) {
    z1.fill(0);
    addProduct(z1, lora.A[1], h, lora.rank, hidden);
    addProduct(logits, lora.B[1], z1, classes, lora.rank);
  }
  let top = 0;
  for (let i = 1; i < classes; i++) if (logits[i] > logits[top]) top = i;
  const target = label < 0 ? top : label, max = logits[top];
  let sum = 0;
  for (let i = 0; i < classes; i++) sum += (p[i] = Math.exp(logits[i] - max));
  for (let i = 0; i < classes; i++) delta1[i] = p[i] /= sum;
  delta1[target] -= 1;
  pass.loss = Math.log(sum) + max - logits[target];
  delta0.fill(0);
  addTransposed(delta0, mlp.W[1], delta1, classes, hidden);
  if (lora) {
    const u = new Float64Array(lora.rank);
    addTransposed(u, lora.B[1], delta1, classes, lora.rank);
    addTransposed(delta0, lora.A[1], u, lora.rank, hidden);
  }
  for (let i = 0; i < hidden; i++) if (h[i] === 0) delta0[i] = 0;
  return pass;
}

/** One Adam step on every tensor; gradients include the penalty. */
function adam(tensors: Float64Array[], learningRate: number): (gradients: Float64Array[]) => void {
  const m = tensors.map((t) => new Float64Array(t.length)), v = tensors.map((t) => new Float64Array(t.length));
  let step = 0;
  return (gradients) => {
    step++;
    const c1 = 1 - 0.9 ** step, c2 = 1 - 0.999 ** step;
    tensors.forEach((t, k) => {
      const g = gradients[k], mk = m[k], vk = v[k];
      for (let i = 0; i < t.length; i++) {
        mk[i] = 0.9 * mk[i] + 0.1 * g[i];
        vk[i] = 0.999 * vk[i] + 0.001 * g[i] * g[i];
        t[i] -= learningRate * (mk[i] / c1) / (Math.sqrt(vk[i] / c2) + 1e-8);
      }
    });
  };
}

function checkTraining(data: Dataset, options: TrainOptions): number {
  const n = data.labels.length;
  let total = 0;
  for (let i = 0; i < n; i++) total += options.weights ? options.weights[i] : 1;
  if (n === 0 || !(total > 0)) throw new ModelError('there are no training rows', { where: 'training', expected: 'at least one row of positive weight', got: n });
  for (let i = 0; i < n; i++) {
    if (data.labels[i] < 0 || data.labels[i] >= data.classes) {
      throw new ModelError('label is out of range', { where: `labels[${i}]`, expected: `0..${data.classes - 1}`, got: data.labels[i] });
    }
  }
  return total;
}

function fit(mlp: Mlp, lora: Lora | undefined, data: Dataset, options: TrainOptions, rank: number): void {
  const total = checkTraining(data, options), n = data.labels.length, { width, hidden, classes } = mlp;
  const tensors = lora ? [...lora.A, ...lora.B] : [...mlp.W, ...mlp.b];
  const gradients = tensors.map((t) => new Float64Array(t.length));
  const update = adam(tensors, options.learningRate);
  const pass = createPass(mlp, rank), u0 = new Float64Array(rank), u1 = new Float64Array(rank);
  // The frozen part of layer 0 does not change while the adapter is trained.
  const frozen = lora ? Array.from({ length: n }, (_, i) => {
    const y = Float64Array.from(mlp.b[0]);
    addProduct(y, mlp.W[0], data.inputs.subarray(i * width, (i + 1) * width), hidden, width);
    return y;
  }) : undefined;
  for (let step = 0; step < options.steps; step++) {
    tensors.forEach((t, k) => { for (let i = 0; i < t.length; i++) gradients[k][i] = options.decay * t[i]; });
    let loss = 0;
    for (let i = 0; i < n; i++) {
      const weight = (options.weights ? options.weights[i] : 1) / total;
      if (weight === 0) continue;
      const x = data.inputs.subarray(i * width, (i + 1) * width);
      runPass(mlp, lora, x, data.labels[i], pass, frozen?.[i]);
      loss += pass.loss * weight;
      if (lora) {
        u0.fill(0);
        u1.fill(0);
        addTransposed(u0, lora.B[0], pass.delta0, hidden, rank);
        addTransposed(u1, lora.B[1], pass.delta1, classes, rank);
        addOuter(gradients[0], u0, x, rank, width, weight);
        addOuter(gradients[1], u1, pass.h, rank, hidden, weight);
        addOuter(gradients[2], pass.delta0, pass.z0, hidden, rank, weight);
        addOuter(gradients[3], pass.delta1, pass.z1, classes, rank, weight);
      } else {
        addOuter(gradients[0], pass.delta0, x, hidden, width, weight);
        addOuter(gradients[1], pass.delta1, pass.h, classes, hidden, weight);
        for (let j = 0; j < hidden; j++) gradients[2][j] += weight * pass.delta0[j];
        for (let j = 0; j < classes; j++) gradients[3][j] += weight * pass.delta1[j];
      }
    }
    update(gradients);
    if (!Number.isFinite(loss)) {
      throw new ModelError('training diverged', { where: `step ${step}`, expected: 'a finite loss', got: String(loss), hint: 'lower the learning rate, check the inputs for NaN' });
    }
    options.onProgress?.(step + 1, loss);
  }
}

/** Trains all weights from a seeded He initialisation. @throws ModelError */
export function trainMlp(data: Dataset, hidden: number, options: TrainOptions): Mlp {
  const random = seededRandom(options.seed), { width, classes } = data;
  const draw = (n: number, deviation: number): Float64Array => Float64Array.from({ length: n }, () => random.normal() * deviation);
  const mlp: Mlp = {
    width, hidden, classes,
    W: [draw(hidden * width, Math.sqrt(2 / width)), draw(classes * hidden, Math.sqrt(2 / hidden))],
    b: [new Float64Array(hidden), new Float64Array(classes)],
  };
  fit(mlp, undefined, data, options, 0);
  return mlp;
}

/** Trains an adapter on a frozen base; A starts random, B at zero. @throws ModelError */
export function trainLora(mlp: Mlp, data: Dataset, rank: number, options: TrainOptions): Lora {
  const random = seededRandom(options.seed);
  const draw = (n: number, deviation: number): Float64Array => Float64Array.from({ length: n }, () => random.normal() * deviation);
  const lora: Lora = {
    rank,
    A: [draw(rank * mlp.width, 1 / Math.sqrt(mlp.width)), draw(rank * mlp.hidden, 1 / Math.sqrt(mlp.hidden))],
    B: [new Float64Array(mlp.hidden * rank), new Float64Array(mlp.classes * rank)],
  };
  fit(mlp, lora, data, options, rank);
  return lora;
}

/** Share of rows whose prediction is the label. */
export function accuracy(mlp: Mlp, lora: Lora | undefined, data: Dataset): number {
  const pass = createPass(mlp, lora?.rank ?? 0);
  let right = 0;
  for (let i = 0; i < data.labels.length; i++) {
    runPass(mlp, lora, data.inputs.subarray(i * data.width, (i + 1) * data.width), -1, pass);
    let top = 0;
    for (let k = 1; k < mlp.classes; k++) if (pass.logits[k] > pass.logits[top]) top = k;
    if (top === data.labels[i]) right++;
  }
  return right / data.labels.length;
}
