import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bitLength, features, influence, splitRewards } from '../../../src/attribution/index.js';
import { FileError } from '../../../src/errors/files.js';
import { BundleError, ModelError } from '../../../src/errors/models.js';
import { packageRoot } from '../../../src/files/paths.js';
import { closeTapSession, loadTapSession, runTaps } from '../../../src/inference/index.js';
import { invertSymmetric } from '../../../src/models/curvature.js';
import {
  buildDemoBundle, contributorPlan, loadDigits, parseDigits, readBundle, selectRows, splitRows, tapSpecOf, trainLora, trainMlp, writeBundle, type Dataset, type ModelBundle,
} from '../../../src/models/index.js';
import { createPass, runPass } from '../../../src/models/mlp.js';
import { quantizeAdapter } from '../../../src/models/quantizedAdapter.js';
import { seededRandom } from '../../../src/models/random.js';
import { relationShape, type SizeClass } from '../../../src/statement/sizeClass.js';

const classes = (JSON.parse(await readFile(join(packageRoot(), 'circuits', 'circuits.json'), 'utf8')) as { classes: SizeClass[] }).classes;
const cls = classes.find((c) => c.name === '16x16')!;

describe('digits', () => {
  it('load with their labels, and split deterministically without overlap', async () => {
    const data = await loadDigits();
    assert.equal(data.labels.length, 1797);
    assert.equal(data.labels[1], 1);
    assert.ok(data.inputs.every((v) => v >= 0 && v <= 1));
    const a = splitRows(1797, 400, 3), b = splitRows(1797, 400, 3);
    assert.deepEqual(a, b);
    assert.equal(new Set([...a.train, ...a.heldOut]).size, 1797);
  });

  it('refuse malformed rows, naming the line, and rows that do not exist', () => {
    const row = `${'1,'.repeat(64)}3`;
    assert.equal(parseDigits(`${row}\n${row}\n`).labels.length, 2);
    for (const bad of [row.slice(2), `${row},1`, row.replace('1', '17'), row.replace(/3$/, '10'), row.replace('1', 'x')]) {
      assert.throws(() => parseDigits(`${row}\n${bad}`), (e) => e instanceof ModelError && e.where === 'line 2');
    }
    assert.throws(() => selectRows(parseDigits(row), [1]), ModelError);
  });
});

describe('training', () => {
  const random = seededRandom(5);
  const data: Dataset = { width: 4, classes: 3, inputs: Float32Array.from({ length: 40 }, () => random.normal()), labels: Int32Array.from({ length: 10 }, () => random.below(3)) };
  const options = { steps: 8, learningRate: 0.05, decay: 0, seed: 1 };

  it('backpropagates what finite differences give', () => {
    const mlp = trainMlp(data, 5, options), lora = trainLora(mlp, data, 2, options), pass = createPass(mlp, 2), x = data.inputs.subarray(0, 4);
    const step = 1e-6;
    for (const l of [0, 1] as const) {
      const delta = (l === 0 ? runPass(mlp, lora, x, 1, pass).delta0 : runPass(mlp, lora, x, 1, pass).delta1).slice();
      delta.forEach((want, j) => {
        const at = (shift: number): number => {
          mlp.b[l][j] += shift;
          const loss = runPass(mlp, lora, x, 1, pass).loss;
          mlp.b[l][j] -= shift;
          return loss;
        };
        assert.ok(Math.abs((at(step) - at(-step)) / (2 * step) - want) < 1e-6);
      });
    }
  });

  it('is the same for a weight of zero as for a row left out', () => {
    const mlp = trainMlp(data, 5, options), weights = Float64Array.from({ length: 10 }, (_, i) => (i < 6 ? 1 : 0));
    assert.deepEqual(trainLora(mlp, data, 2, { ...options, weights }), trainLora(mlp, selectRows(data, [0, 1, 2, 3, 4, 5]), 2, options));
  });

  it('refuses no rows, labels out of range and inputs that diverge', () => {
    assert.throws(() => trainMlp({ ...data, labels: new Int32Array(0) }, 5, options), ModelError);
    assert.throws(() => trainMlp({ ...data, labels: data.labels.map(() => 3) }, 5, options), ModelError);
    assert.throws(() => trainMlp({ ...data, inputs: data.inputs.map(() => NaN) }, 5, options), ModelError);
  });

  it('refuses a model that is wider than its size class', () => {
    const mlp = trainMlp(data, 5, options), lora = trainLora(mlp, data, 2, options);
    assert.throws(() => quantizeAdapter(mlp, lora, data, 0.1, { layersLog: 1, rankLog: 1, widthLog: 2 }), ModelError);
    assert.throws(() => quantizeAdapter(mlp, lora, data, 0.1, { layersLog: 0, rankLog: 1, widthLog: 3 }), ModelError);
    assert.throws(() => quantizeAdapter(mlp, lora, data, 0.1, { layersLog: 1, rankLog: 0, widthLog: 3 }), ModelError);
  });

  it('inverts positive definite matrices and refuses others', () => {
    const inverse = invertSymmetric(Float64Array.from([4, 2, 2, 3]), 2);
    [3 / 8, -2 / 8, -2 / 8, 4 / 8].forEach((v, i) => assert.ok(Math.abs(inverse[i] - v) < 1e-12));
    assert.throws(() => invertSymmetric(Float64Array.from([1, 2, 2, 1]), 2), ModelError);
  });
});

describe('demo bundle', () => {
  let folder: string, bundle: ModelBundle, made: Awaited<ReturnType<typeof buildDemoBundle>>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zkattr-bundle-'));
    made = await buildDemoBundle({ sizeClass: cls });
    await writeBundle(folder, made);
    bundle = await readBundle(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('teaches the base the digits that it had never seen', () => {
    const { base, adapted } = bundle.manifest.accuracy;
    assert.ok(base < 0.75 && adapted > 0.88, `base ${base}, adapted ${adapted}`);
  });

  it('has thirteen accounts with one mislabeller, one copy and one person in three accounts', async () => {
    const { contributors, boundaries } = bundle.manifest;
    assert.equal(contributors.length, 13);
    const kinds = (kind: string): number => contributors.filter((c) => c.kind === kind).length;
    assert.deepEqual([kinds('flipped'), kinds('duplicate'), kinds('sybil')], [1, 1, 3]);
    assert.equal(new Set(contributors.filter((c) => c.kind === 'sybil').map((c) => c.identity)).size, 1);
    assert.ok(boundaries.at(-1)! <= 1 << cls.trainTokensLog);
    const data = await loadDigits(), [flipped, copy] = ['flipped', 'duplicate'].map((k) => made.plan.contributors.find((c) => c.kind === k)!);
    assert.ok(flipped.labels.every((y, i) => y !== data.labels[flipped.rows[i]]));
    assert.deepEqual(copy.rows, [...made.plan.contributors[copy.copyOf!].rows].reverse());
    const rows = made.plan.contributors.filter((c) => c.kind !== 'duplicate').flatMap((c) => c.rows);
    assert.equal(new Set(rows).size, rows.length);
    assert.throws(() => contributorPlan(data, made.plan.rows.slice(0, 100), 1), ModelError);
    assert.throws(() => contributorPlan(data, Array.from({ length: 1797 }, (_, i) => i), 1, 512), ModelError);
  });

  it('round-trips through the disk, and is the same when built again', async () => {
    assert.deepEqual(bundle.manifest, made.manifest);
    assert.deepEqual(bundle.train, made.train);
    assert.deepEqual(bundle.adapter, made.adapter);
    assert.deepEqual((await buildDemoBundle({ sizeClass: cls })).manifest, made.manifest);
  });

  it('pays the mislabeller less a row than honest accounts, and copies alike', async () => {
    const payout = relationShape(cls, 'payout'), session = await loadTapSession(bundle.model, tapSpecOf(bundle.manifest));
    const { adapter, train, manifest } = bundle;
    const g = features(adapter.A, adapter.B, train.X, train.Delta, manifest.boundaries, relationShape(cls, 'features'));
    const paid = new Array<bigint>(16).fill(0n), each = Array.from({ length: 16 }, (_, i) => i + 1);
    for (let k = 0; k < 10; k++) {
      const taps = await runTaps(session, bundle.heldOut.inputs.slice(k * 1024, (k + 1) * 1024), { scales: manifest.scales, shape: cls });
      const scores = influence(features(adapter.queryA, adapter.queryB, taps.X, taps.Delta, each, payout), g, payout);
      assert.ok(scores.flat().every((s) => bitLength(s < 0n ? -s : s) < 100), 'head room');
      splitRewards(scores, new Array<bigint>(16).fill(10n ** 18n), payout).payouts.forEach((p, c) => { paid[c] += p; });
    }
    await closeTapSession(session);
    const perRow = (kind: string): number => {
      const list = manifest.contributors.filter((c) => c.kind === kind);
      return list.reduce((s, c) => s + Number(paid[c.index]), 0) / list.reduce((s, c) => s + c.rows, 0);
    };
    assert.ok(perRow('flipped') < perRow('honest') / 2, 'mislabelled rows earn less than half');
    const copy = manifest.contributors.find((c) => c.kind === 'duplicate')!;
    assert.equal(paid[copy.index], paid[copy.copyOf!]);
    assert.equal(paid[13] + paid[14] + paid[15], 0n);
  });

  describe('refuses', () => {
    const damaged = async (change: (dir: string) => Promise<void>, code: string): Promise<void> => {
      const dir = await mkdtemp(join(tmpdir(), 'zkattr-damaged-'));
      try {
        await cp(folder, dir, { recursive: true });
        await change(dir);
        await assert.rejects(readBundle(dir), (e) => (e instanceof BundleError || e instanceof FileError) && e.code === code);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    };
    const edit = (dir: string, change: (m: Record<string, any>) => void): Promise<void> =>
      readFile(join(dir, 'manifest.json'), 'utf8').then((text) => { const m = JSON.parse(text) as Record<string, any>; change(m); return writeFile(join(dir, 'manifest.json'), JSON.stringify(m)); });

    it('a truncated file', async () => { for (const name of ['model.onnx', 'train.Delta.i16', 'A.i8']) await damaged((d) => truncate(join(d, name), 100), 'BUNDLE_TRUNCATED'); });
    it('an altered file', () => damaged(async (d) => {
      const data = await readFile(join(d, 'train.X.i8'));
      data[5] ^= 1;
      await writeFile(join(d, 'train.X.i8'), data);
    }, 'BUNDLE_HASH'));
    it('a missing file', () => damaged((d) => rm(join(d, 'B.i8')), 'FILE_ENOENT'));
    it('a missing or truncated manifest', async () => {
      await damaged((d) => rm(join(d, 'manifest.json')), 'FILE_ENOENT');
      await damaged((d) => truncate(join(d, 'manifest.json'), 200), 'BUNDLE_MANIFEST');
    });
    it('a manifest of another version, or with a bad scale', async () => {
      await damaged((d) => edit(d, (m) => { m.version = 2; }), 'BUNDLE_MANIFEST');
      await damaged((d) => edit(d, (m) => { m.scales.x = 0; }), 'BUNDLE_MANIFEST');
      await damaged((d) => edit(d, (m) => { delete m.files['A.i8']; }), 'BUNDLE_MANIFEST');
    });
    it('boundaries or heights that do not fit the tables', async () => {
      await damaged((d) => edit(d, (m) => { m.boundaries.pop(); }), 'BUNDLE_SHAPE');
      await damaged((d) => edit(d, (m) => { m.trainHeight = 512; }), 'BUNDLE_SHAPE');
      await damaged((d) => edit(d, (m) => { [m.boundaries[0], m.boundaries[1]] = [m.boundaries[1], m.boundaries[0]]; }), 'BUNDLE_SHAPE');
    });
    it('other scales or another adapter id than the tables have', async () => {
      await damaged((d) => edit(d, (m) => { m.scales.A *= 2; }), 'BUNDLE_HASH');
      await damaged((d) => edit(d, (m) => { m.adapterId = `0x${'00'.repeat(32)}`; }), 'BUNDLE_HASH');
    });
  });
});
