/**
 * Quality of attribution on the digits data: LDS over half-data retrainings, mislabel AUC, and what manipulation gains.
 * Writes bench/results/attribution.json; exits with 1 when the protocol's quantised K-FAC falls short:
 *   AUC >= 0.95 x full Gram inverse, LDS >= 0.85 x full Gram inverse, LDS >= 1.15 x and AUC >= 0.03 above every dot product and DataInf
 *   (means over the seeds, per scenario; Gram at the best of its dampings for each figure, ours at the one fixed damping)
 * Run: node dist/bench/attribution/main.js [--seeds 2] [--retrainings 50] [--out file]
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { packageRoot } from '../../src/files/paths.js';
import { loadDigits, selectRows, splitRows, type Dataset } from '../../src/models/digits.js';
import { ADAPTER_TRAINING, BASE_ROWS, BASE_TRAINING, DAMPING, HELD_OUT_ROWS, HIDDEN, RANK } from '../../src/models/factory.js';
import { accuracy, trainLora, trainMlp, type Lora, type Mlp } from '../../src/models/mlp.js';
import { NOVEL_DIGITS } from '../../src/models/plan.js';
import { seededRandom } from '../../src/models/random.js';
import { measureManipulation, type Manipulation } from './manipulation.js';
import { auc, lds } from './metrics.js';
import { collect, dataInf, dotProduct, gramInverse, kfac, quantised, type Taps } from './methods.js';

const TRAIN_ROWS = 600, QUERIES = 150, FLIPPED = 0.2, GRAM_DAMPINGS = [0.01, 0.1, 1, 10];
const { values: args } = parseArgs({ options: { seeds: { type: 'string', default: '2' }, retrainings: { type: 'string', default: '50' }, out: { type: 'string' } } });
const seeds = Number(args.seeds), retrainings = Number(args.retrainings);
if (!Number.isInteger(seeds) || seeds < 1 || !Number.isInteger(retrainings) || retrainings < 3) {
  console.error('attribution bench: --seeds is at least 1, --retrainings at least 3');
  process.exit(2);
}

const started = performance.now();
const seconds = (): number => (performance.now() - started) / 1000;
const progress = (text: string): void => { process.stderr.write(`[${seconds().toFixed(1).padStart(6)} s] ${text}\n`); };

type Scores = Record<string, Float64Array>;
/** Every method on one model. */
function allScores(mlp: Mlp, lora: Lora, data: Dataset, train: Taps, queries: Taps): Scores {
  return {
    'dot product, bottleneck': dotProduct(train, queries, 'bottleneck'),
    'dot product, weights': dotProduct(train, queries, 'weights'),
    'DataInf, bottleneck': dataInf(train, queries, 'bottleneck'),
    'DataInf, weights': dataInf(train, queries, 'weights'),
    'K-FAC float64': kfac(train, queries, DAMPING),
    'ours (int8/int16 K-FAC)': quantised(mlp, lora, data, train, queries, DAMPING),
    ...Object.fromEntries(GRAM_DAMPINGS.map((d) => [`Gram inverse ${d}`, gramInverse(train, queries, d)])),
  };
}
const predictions = (taps: Taps, classes: number): number[] => Array.from({ length: taps.n }, (_, q) => {
  // delta = p - onehot(prediction): the one negative entry (the smallest) is the prediction.
  const d = Array.from(taps.layers[1].delta as Float64Array).slice(q * classes, (q + 1) * classes);
  return d.indexOf(Math.min(...d));
});

interface Outcome { seed: number; accuracy: number; noisyAccuracy: number; lds: Record<string, number>; auc: Record<string, number>; manipulation?: Manipulation[] }

function runSeed(data: Dataset, scenario: string, novel: readonly number[], seed: number): Outcome {
  const { train: pool, heldOut } = splitRows(data.labels.length, HELD_OUT_ROWS, 7 + seed);
  const queryRows = selectRows(data, heldOut.slice(0, QUERIES)), held = selectRows(data, heldOut);
  const baseRows = pool.slice(0, BASE_ROWS).filter((r) => !novel.includes(data.labels[r])), trainRows = pool.slice(BASE_ROWS, BASE_ROWS + TRAIN_ROWS);
  const base = trainMlp(selectRows(data, baseRows), HIDDEN, { ...BASE_TRAINING, seed: 1 + seed });
  const train = selectRows(data, trainRows), options = { ...ADAPTER_TRAINING, seed: 2 + seed };
  const random = seededRandom(50 + seed), indices = trainRows.map((_, i) => i), own = new Int32Array(QUERIES).fill(-1);

  progress(`${scenario}, seed ${seed}: adapter`);
  const lora = trainLora(base, train, RANK, options), queries = collect(base, lora, queryRows, own), answers = predictions(queries, data.classes);
  const subsets: Uint8Array[] = [], losses: Float64Array[] = [];
  for (let k = 0; k < retrainings; k++) {
    const mask = new Uint8Array(TRAIN_ROWS);
    for (const i of random.shuffle(indices).slice(0, TRAIN_ROWS / 2)) mask[i] = 1;
    subsets.push(mask);
    losses.push(collect(base, trainLora(base, train, RANK, { ...options, weights: mask }), queryRows, answers).losses);
    if ((k + 1) % 10 === 0) progress(`${scenario}, seed ${seed}: ${k + 1} of ${retrainings} half-data retrainings`);
  }
  const measured = Object.entries(allScores(base, lora, train, collect(base, lora, train, train.labels), queries)).map(([name, s]) => [name, lds(s, subsets, losses)] as const);

  progress(`${scenario}, seed ${seed}: mislabels`);
  const flipped = new Set(random.shuffle(indices).slice(0, TRAIN_ROWS * FLIPPED));
  const noisy = selectRows(data, trainRows, indices.map((i) => (flipped.has(i) ? (train.labels[i] + 1 + random.below(data.classes - 1)) % data.classes : train.labels[i])));
  const noisyLora = trainLora(base, noisy, RANK, options), positive = indices.map((i) => flipped.has(i));
  const detected = Object.entries(allScores(base, noisyLora, noisy, collect(base, noisyLora, noisy, noisy.labels), collect(base, noisyLora, queryRows, own)))
    .map(([name, s]) => [name, auc(indices.map((i) => { let sum = 0; for (let q = 0; q < QUERIES; q++) sum -= s[q * TRAIN_ROWS + i]; return sum; }), positive)] as const);

  const manipulation = seed === 0 ? measureManipulation(base, train, queryRows, 2, (t) => progress(`${scenario}: ${t}`)) : undefined;
  return {
    seed, accuracy: accuracy(base, lora, held), noisyAccuracy: accuracy(base, noisyLora, held), lds: Object.fromEntries(measured), auc: Object.fromEntries(detected),
    ...(manipulation ? { manipulation } : {}),
  };
}

const data = await loadDigits(), results: { scenario: string; outcomes: Outcome[]; mean: { lds: Record<string, number>; auc: Record<string, number> } }[] = [], failures: string[] = [];
for (const [scenario, novel] of [['base knows all digits', []], [`base lacks ${NOVEL_DIGITS.join(', ')}`, NOVEL_DIGITS]] as const) {
  const outcomes = Array.from({ length: seeds }, (_, seed) => runSeed(data, scenario, novel, seed));
  const mean = (key: 'lds' | 'auc'): Record<string, number> =>
    Object.fromEntries(Object.keys(outcomes[0][key]).map((name) => [name, outcomes.reduce((s, o) => s + o[key][name], 0) / outcomes.length]));
  const means = { lds: mean('lds'), auc: mean('auc') };
  results.push({ scenario, outcomes, mean: means });

  const ours = 'ours (int8/int16 K-FAC)', best = (table: Record<string, number>, prefix: RegExp): number => Math.max(...Object.entries(table).filter(([k]) => prefix.test(k)).map(([, v]) => v));
  const demand = (what: string, got: number, floor: number): void => { if (!(got >= floor)) failures.push(`${scenario}: ${what}: expected at least ${floor.toFixed(3)}, got ${got.toFixed(3)}`); };
  demand('AUC against the Gram inverse', means.auc[ours], 0.95 * best(means.auc, /^Gram/));
  demand('LDS against the Gram inverse', means.lds[ours], 0.85 * best(means.lds, /^Gram/));
  demand('LDS against dot product and DataInf', means.lds[ours], 1.15 * best(means.lds, /^(dot|DataInf)/));
  demand('AUC against dot product and DataInf', means.auc[ours], 0.03 + best(means.auc, /^(dot|DataInf)/));

  console.log(`\n${scenario}: held-out accuracy ${outcomes.map((o) => o.accuracy.toFixed(3)).join(' / ')}, with 20% flips ${outcomes.map((o) => o.noisyAccuracy.toFixed(3)).join(' / ')}`);
  console.log(`${'method'.padEnd(26)}${'LDS by seed'.padEnd(8 * seeds + 4)}mean    x Gram   ${'AUC by seed'.padEnd(8 * seeds + 4)}mean    x Gram`);
  for (const name of Object.keys(means.lds)) {
    const cell = (key: 'lds' | 'auc'): string => outcomes.map((o) => o[key][name].toFixed(3)).join(' / ').padEnd(8 * seeds + 4) +
      means[key][name].toFixed(3).padEnd(8) + (means[key][name] / best(means[key], /^Gram/)).toFixed(2).padEnd(9);
    console.log(name.padEnd(26) + cell('lds') + cell('auc'));
  }
  console.log(`${'manipulation'.padEnd(40)}share before   after    gain`);
  for (const m of outcomes[0].manipulation ?? []) console.log(`${m.name.padEnd(40)}${(100 * m.before).toFixed(2).padStart(11)}%${(100 * m.after).toFixed(2).padStart(8)}%${m.gain.toFixed(2).padStart(7)}x  ${m.note}`);
}

let commit = 'unknown';
try {
  commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: packageRoot(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
} catch { /* not a git checkout: the result says so */ }
const out = args.out ?? join(packageRoot(), 'bench', 'results', 'attribution.json');
await writeFileAtomic(out, `${JSON.stringify({
  bench: 'attribution', date: new Date().toISOString(), commit, machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version, platform: `${process.platform} ${process.arch}` },
  seconds: Math.round(seconds()), options: { seeds, retrainings, trainRows: TRAIN_ROWS, queries: QUERIES, flipped: FLIPPED, damping: DAMPING, gramDampings: GRAM_DAMPINGS }, results, failures,
}, null, 2)}\n`);
console.log(`\n${seconds().toFixed(1)} s, written to ${out}`);
for (const failure of failures) console.error(`FAIL ${failure}`);
if (failures.length) process.exitCode = 1;
