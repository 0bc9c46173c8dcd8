import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { g1BufferFrom, g1Combine, g1Get, g1Mul, G1_GENERATOR, G1_INFINITY } from '../../../src/curve/bn254.js';
import { msmSmall } from '../../../src/curve/msmSmall.js';
import { getWasmCurve } from '../../../src/curve/wasm.js';
import { InvalidPointError } from '../../../src/errors/field.js';
import { FIELD_MODULUS, frFrom, frMul } from '../../../src/field/fr.js';

const wasm = await getWasmCurve();
const points = Array.from({ length: 12 }, (_, i) => (i === 5 ? G1_INFINITY : g1Mul(G1_GENERATOR, BigInt(i * i + 1))));
const bases = g1BufferFrom(points);

describe('WasmCurve', () => {
  it('shares the Montgomery encoding with the buffers', () => {
    wasm.scope(() => {
      const [a, b, out] = [wasm.putFr(FIELD_MODULUS - 2n), wasm.putFr(12345n), wasm.alloc(32)];
      wasm.exports.frm_mul(a, b, out);
      assert.equal(wasm.getFr(out), frMul(FIELD_MODULUS - 2n, 12345n));
    });
  });
  it('gives memory back after a scope, also when it throws, and does not grow call after call', () => {
    const address = (): number => wasm.scope(() => wasm.alloc(8));
    const before = address();
    assert.throws(() => wasm.scope(() => {
      wasm.alloc(1 << 16);
      throw new Error('stop');
    }));
    assert.equal(address(), before);
    const values = Int8Array.from({ length: 12 }, (_, i) => 20 * i - 100);
    msmSmall(wasm, bases, values);
    const held = wasm.heldBytes;
    for (let i = 0; i < 300; i++) msmSmall(wasm, bases, values);
    assert.equal(wasm.heldBytes, held);
    assert.equal(address(), before);
  });
  it('one instance serves the thread', async () => assert.equal(await getWasmCurve(), wasm));
});

describe('msmSmall', () => {
  it('equals the sum of products for bits, int8 and int16 at their extremes', () => {
    const cases = [
      Uint8Array.from({ length: 12 }, (_, i) => i & 1), Uint8Array.from({ length: 12 }, (_, i) => 255 - i),
      Int8Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? -128 : 127 - i)),
      Int16Array.from({ length: 12 }, (_, i) => [-32768, 32767, -129, 128, -128, 127, 0, 1, -1, 256, -256, 32640][i]),
    ];
    for (const values of cases) assert.deepEqual(g1Get(msmSmall(wasm, bases, values)), g1Combine(points, Array.from(values, frFrom)));
  });
  it('is infinity for nothing and for zeros', () => {
    assert.deepEqual(g1Get(msmSmall(wasm, bases, new Int8Array(0))), G1_INFINITY);
    assert.deepEqual(g1Get(msmSmall(wasm, bases, new Int8Array(12))), G1_INFINITY);
  });
  it('refuses more values than bases', () => assert.throws(() => msmSmall(wasm, bases, new Int8Array(13)), InvalidPointError));
});
