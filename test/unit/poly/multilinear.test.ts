import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FIELD_MODULUS as P, frAdd, frFrom, frMul, frSub } from '../../../src/field/fr.js';
import { bitWeights, eqPoint, eqTable, evaluateMultilinear, innerProduct, lessThan, roundValue, segmentWeight } from '../../../src/poly/multilinear.js';
import { Random } from '../../support/scenario.js';

const bits = (x: number, n: number): bigint[] => Array.from({ length: n }, (_, i) => BigInt((x >> i) & 1));
const points = (random: Random, n: number): bigint[] => Array.from({ length: n }, random.scalar);

describe('multilinear polynomials', () => {
  const random = new Random(1);

  it('read bit k of the index as variable k: a table is its own extension', () => {
    const table = points(random, 16);
    for (let i = 0; i < 16; i++) assert.equal(evaluateMultilinear(table, bits(i, 4)), table[i]);
  });
  it('are linear in each variable', () => {
    const table = points(random, 8), [a, b, c, s] = points(random, 4);
    const at = (x: bigint): bigint => evaluateMultilinear(table, [a, x, c]);
    assert.equal(at(frFrom(b + s * (1n - b))), frAdd(at(b), frMul(s, frSub(at(1n), at(b)))));
  });
  it('embed negative integers as p - |x|', () => assert.equal(evaluateMultilinear([-1n, 5n], [0n]), P - 1n));
  it('have eq as table and as point, the shorter point padded with zeros', () => {
    const r = points(random, 4), table = eqTable(r);
    for (let i = 0; i < 16; i++) assert.equal(table[i], eqPoint(r, bits(i, 4)));
    assert.equal(innerProduct(table, new Array<bigint>(16).fill(1n)), 1n);
    assert.equal(eqPoint(r, r.slice(0, 2)), eqPoint(r, [...r.slice(0, 2), 0n, 0n]));
    assert.deepEqual(eqTable([]), [1n]);
  });
  it('compare: lessThan is the extension of [t < b] for every b up to 2^n', () => {
    const tau = points(random, 3);
    for (let b = 0; b <= 8; b++) {
      const table = Array.from({ length: 8 }, (_, t) => (t < b ? 1n : 0n));
      assert.equal(lessThan(tau, BigInt(b)), evaluateMultilinear(table, tau));
    }
  });
  it('weigh segments: segmentWeight is the extension of eq(rho, segment of t)', () => {
    const tau = points(random, 3), rho = points(random, 2), ends = [2n, 2n, 5n, 7n];
    const segment = (t: number): number => ends.findIndex((b) => BigInt(t) < b);
    const table = Array.from({ length: 8 }, (_, t) => (segment(t) < 0 ? 0n : eqTable(rho)[segment(t)]));
    assert.equal(segmentWeight(rho, tau, ends), evaluateMultilinear(table, tau));
  });
  it('weigh bits: power and sign are extensions of 2^k below 120 and of position 127', () => {
    const r = points(random, 7);
    const power = Array.from({ length: 128 }, (_, k) => (k < 120 ? 1n << BigInt(k) : 0n)), sign = Array.from({ length: 128 }, (_, k) => (k === 127 ? 1n : 0n));
    assert.deepEqual(bitWeights(r), { power: evaluateMultilinear(power, r), sign: evaluateMultilinear(sign, r) });
    assert.throws(() => bitWeights(r.slice(1)), RangeError);
  });
  it('send round polynomials without their linear coefficient: g(0) + g(1) is the claim', () => {
    for (const degree of [2, 3]) {
      const message = points(random, degree), claim = random.scalar();
      assert.equal(frAdd(roundValue(message, claim, 0n), roundValue(message, claim, 1n)), claim);
      assert.equal(roundValue(message, claim, 0n), message[0]);
    }
  });
});
