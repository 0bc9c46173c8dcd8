import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { InferenceError, TapError } from '../../../src/errors/inference.js';
import { NonFiniteError } from '../../../src/errors/models.js';
import { closeTapSession, loadTapSession, packActivations, queryExponent, runTaps, splitBlocks, stackBlocks, type TapSession } from '../../../src/inference/index.js';
import { createPass, runPass } from '../../../src/models/mlp.js';
import { tinyModel, tinyShape, tinySpec } from './tiny.js';

describe('taps', () => {
  const model = tinyModel(), format = { scales: model.adapter.scales, shape: tinyShape };
  let session: TapSession;
  before(async () => { session = await loadTapSession(model.onnx(), tinySpec); });
  after(() => closeTapSession(session));

  it('equal a float64 forward and backward pass, for stated labels and for own predictions', async () => {
    const n = model.train.labels.length, pass = createPass(model.mlp, 2);
    for (const labels of [model.train.labels, new Int32Array(n).fill(-1)]) {
      const got = await runTaps(session, model.train.inputs, format, labels);
      for (let i = 0; i < n; i++) {
        const x = model.train.inputs.subarray(i * 6, i * 6 + 6);
        runPass(model.mlp, model.served, x, labels[i], pass);
        pass.logits.forEach((v, k) => assert.ok(Math.abs(v - got.logits[i * 3 + k]) < 1e-4));
        const check = (table: Int8Array | Int16Array, scale: number, l: number, want: ArrayLike<number>, limit: number, lift = 1): void => {
          for (let j = 0; j < 8; j++) {
            const value = j < want.length ? Math.max(-limit, Math.min(limit, want[j] * lift / scale)) : 0;
            assert.ok(Math.abs(table[(i * 2 + l) * 8 + j] - value) <= 0.51 + 1e-3 * Math.abs(value), `row ${i}, layer ${l}, column ${j}`);
          }
        };
        check(got.X, format.scales.x, 0, x, 127);
        check(got.X, format.scales.x, 1, pass.h, 127);
        const lift = labels[i] < 0 ? 2 ** queryExponent(Math.max(...[...pass.delta0, ...pass.delta1].map(Math.abs)), format.scales.delta) : 1;
        check(got.Delta, format.scales.delta, 0, pass.delta0, 32767, lift);
        check(got.Delta, format.scales.delta, 1, pass.delta1, 32767, lift);
      }
    }
  });

  it('are the same integers for any batch size, and zero beyond the rows', async () => {
    const whole = await runTaps(session, model.train.inputs, format, model.train.labels, 32);
    assert.equal(whole.X.length, 32 * 16);
    assert.ok(whole.X.subarray(24 * 16).every((v) => v === 0) && whole.Delta.subarray(24 * 16).every((v) => v === 0));
    for (let i = 0; i < 24; i++) {
      const one = await runTaps(session, model.train.inputs.slice(i * 6, i * 6 + 6), format, [model.train.labels[i]]);
      assert.deepEqual(one.X, whole.X.slice(i * 16, i * 16 + 16));
      assert.deepEqual(one.Delta, whole.Delta.slice(i * 16, i * 16 + 16));
    }
  });

  it('saturate instead of wrapping when an input is far beyond the registered range', async () => {
    const got = await runTaps(session, new Float32Array(6).fill(1e6), format);
    assert.ok(got.X.subarray(0, 6).every((v) => v === 127));
  });

  it('keep the direction of a confident query, which a common scale would round to nothing', () => {
    const delta = [3e-5, -1e-5, 0, 0, 0, 0, 0, 0], layer = { x: new Float64Array(6), xWidth: 6, delta, deltaWidth: 8 }, scales = { x: 1, delta: 2 ** -13 };
    assert.ok(packActivations([layer], 1, scales, tinyShape).Delta.every((v) => v === 0));
    const lifted = packActivations([layer], 1, scales, tinyShape, 1, () => true).Delta;
    assert.ok(lifted[0] > 8000 && Math.abs(lifted[0] / lifted[1] + 3) < 0.01);
    assert.equal(queryExponent(0, 1), 0);
    assert.equal(queryExponent(32767, 1), 0);
    assert.equal(queryExponent(16384, 1), 0);
    assert.equal(queryExponent(16383, 1), 1);
    assert.equal(queryExponent(1e-30, 1), 16);
  });

  it('refuse NaN and infinite inputs by index, and activations that overflow by tap', async () => {
    const bad = new Float32Array(12);
    bad[7] = NaN;
    await assert.rejects(runTaps(session, bad, format), (e) => e instanceof NonFiniteError && e.tensor === 'input' && e.index === 7);
    bad[7] = Infinity;
    await assert.rejects(runTaps(session, bad, format), NonFiniteError);
    await assert.rejects(runTaps(session, new Float32Array(6).fill(3e38), format), (e) => e instanceof NonFiniteError && e.tensor !== 'input');
  });

  it('refuse inputs that are not whole rows, and labels out of range', async () => {
    await assert.rejects(runTaps(session, new Float32Array(7), format), InferenceError);
    await assert.rejects(runTaps(session, new Float32Array(0), format), InferenceError);
    await assert.rejects(runTaps(session, new Float32Array(6), format, [3]), InferenceError);
    await assert.rejects(runTaps(session, new Float32Array(6), format, [-2]), InferenceError);
    await assert.rejects(runTaps(session, new Float32Array(6), format, [0, 0]), InferenceError);
    await assert.rejects(runTaps(session, new Float32Array(12), format, undefined, 1), TapError);
  });

  it('are required on load: each missing output is named', async () => {
    for (const name of ['logits', 'x_0', 'delta_0', 'x_1', 'delta_1']) {
      await assert.rejects(loadTapSession(model.onnx([name]), tinySpec), (e) => e instanceof TapError && e.where === name && e.code === 'TAP_CONTRACT');
    }
  });

  it('must have the stated widths', async () => {
    await assert.rejects(loadTapSession(model.onnx(), { ...tinySpec, classes: 4 }), TapError);
    await assert.rejects(loadTapSession(model.onnx(), { ...tinySpec, inputWidth: 7 }), TapError);
    await assert.rejects(loadTapSession(model.onnx(), { ...tinySpec, layers: [{ x: 6, delta: 5 }, tinySpec.layers[1]] }), (e) => e instanceof TapError && e.where === 'delta_0');
    await assert.rejects(loadTapSession(model.onnx(), { ...tinySpec, layers: [...tinySpec.layers, { x: 8, delta: 8 }] }), (e) => e instanceof TapError && e.where === 'x_2');
  });

  it('cannot come from truncated or foreign bytes', async () => {
    const bytes = model.onnx();
    await assert.rejects(loadTapSession(bytes.slice(0, bytes.length >> 1), tinySpec), InferenceError);
    await assert.rejects(loadTapSession(new Uint8Array([1, 2, 3]), tinySpec), InferenceError);
  });

  it('pack with typed errors for wrong sizes, and cut into blocks that stack back', async () => {
    const layer = { x: new Float32Array(12), xWidth: 6, delta: new Float32Array(16), deltaWidth: 8 }, scales = { x: 1, delta: 1 };
    assert.throws(() => packActivations([{ ...layer, x: new Float32Array(11) }], 2, scales, tinyShape), TapError);
    assert.throws(() => packActivations([{ ...layer, delta: new Float32Array(32), deltaWidth: 16 }], 2, scales, tinyShape), TapError);
    assert.throws(() => packActivations([layer, layer, layer], 2, scales, tinyShape), TapError);
    layer.delta[9] = NaN;
    assert.throws(() => packActivations([layer], 2, scales, tinyShape), (e) => e instanceof NonFiniteError && e.tensor === 'delta_0' && e.index === 9);

    const tables = await runTaps(session, model.train.inputs, format, model.train.labels);
    const blocks = splitBlocks(tables, 16);
    assert.deepEqual(blocks.map((b) => b.X.length), [256, 256]);
    const stacked = stackBlocks(blocks);
    assert.deepEqual(stacked.Delta.subarray(0, tables.Delta.length), tables.Delta);
    assert.ok(stacked.X.subarray(tables.X.length).every((v) => v === 0));
    assert.throws(() => splitBlocks(tables, 0), TapError);
  });
});
