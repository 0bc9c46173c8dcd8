import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NonFiniteError, QuantizeError } from '../../../src/errors/models.js';
import { dequantize, quantize, roundHalfEven, scaleFor, scaleHash } from '../../../src/quantize/index.js';

describe('quantize', () => {
  it('rounds ties to even, and is exact next to a tie', () => {
    assert.deepEqual([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5].map((v) => roundHalfEven(v) + 0), [-2, -2, 0, 0, 2, 2]);
    assert.equal(roundHalfEven(0.49999999999999994), 0);
    assert.equal(roundHalfEven(-0.5000000000000001), -1);
  });

  it('maps the largest value to the end of the range and zero to zero', () => {
    for (const bits of [8, 16] as const) {
      const values = [-3, 0, 1.5, 3], scale = scaleFor(values, bits, 'v'), max = 2 ** (bits - 1) - 1;
      const q = bits === 8 ? quantize(values, scale, 8, 'v') : quantize(values, scale, 16, 'v');
      assert.deepEqual([q[0], q[1], q[3]], [-max, 0, max]);
      dequantize(q, scale).forEach((v, i) => assert.ok(Math.abs(v - values[i]) <= scale * 0.51));
    }
  });

  it('saturates beyond the range, symmetrically', () => {
    assert.deepEqual([...quantize([-1e9, 1e9, -128], 1, 8, 'v')], [-127, 127, -127]);
    assert.deepEqual([...quantize([-1e9, 1e9], 1, 16, 'v')], [-32767, 32767]);
  });

  it('leaves head room, and gives an all-zero tensor a valid scale', () => {
    assert.equal(Math.max(...quantize([1], scaleFor([1], 8, 'v', 2), 8, 'v')), 64);
    assert.deepEqual([...quantize([0, 0], scaleFor([0, 0], 8, 'v'), 8, 'v')], [0, 0]);
    assert.deepEqual([...quantize([], scaleFor([], 8, 'v'), 8, 'v')], []);
  });

  it('names tensor and index of NaN and of infinities', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const matches = (e: unknown): boolean => e instanceof NonFiniteError && e.tensor === 'x_1' && e.index === 2 && /x_1\[2\]/.test(e.message);
      assert.throws(() => quantize([0, 1, bad], 1, 8, 'x_1'), matches);
      assert.throws(() => scaleFor([0, 1, bad], 16, 'x_1'), matches);
    }
  });

  it('refuses scales that are not positive, normal float32', () => {
    for (const bad of [0, -1, NaN, Infinity, 0.1, 2 ** -140, 1e300]) assert.throws(() => quantize([1], bad, 8, 'v'), QuantizeError);
    assert.throws(() => scaleFor([1], 8, 'v', 0.5), QuantizeError);
    assert.throws(() => scaleFor([1e300], 8, 'v'), QuantizeError);
  });

  it('hashes scale and width', () => {
    const hashes = [scaleHash(0.5, 8), scaleHash(0.5, 16), scaleHash(0.25, 8)];
    assert.equal(new Set(hashes).size, 3);
    assert.equal(hashes[0], scaleHash(0.5, 8));
  });
});
