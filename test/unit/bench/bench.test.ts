import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEVELOPMENT_TAU } from '../../../src/commitment/srs.js';
import { g1Combine, g1Equals, g1Get, G1_GENERATOR, g1Mul } from '../../../src/curve/bn254.js';
import { FIELD_MODULUS, frPow } from '../../../src/field/fr.js';
import { fixedBaseProducts, fullMsmProducts, G1_COST, G2_COST, msmProducts, nttProducts } from '../../../bench/kernels/floors.js';
import { atTau, expectedMsm, integerReader, points, randomElements, randomScalars } from '../../../bench/kernels/inputs.js';
import { alternate } from '../../../bench/measure.js';
import { duration, markdownTable, significant } from '../../../bench/tables/markdown.js';

describe('inputs of the benches', () => {
  it('are the same for the same seed, and below both moduli', () => {
    assert.deepEqual(randomElements(8, 'a'), randomElements(8, 'a'));
    assert.notDeepEqual(randomElements(8, 'a'), randomElements(8, 'b'));
    assert.ok(randomScalars(64, 'a').every((x) => x < FIELD_MODULUS));
  });

  it('have points that are the powers of tau, so that the answer of an MSM is known', async () => {
    const n = 8, bases = await points('G1', 3), at = integerReader(randomElements(n, 'scalars'));
    const affine = Array.from({ length: n }, (_, i) => g1Get(bases, i));
    affine.forEach((point, i) => assert.ok(g1Equals(point, g1Mul(G1_GENERATOR, frPow(DEVELOPMENT_TAU, BigInt(i))))));
    const sum = g1Combine(affine, Array.from({ length: n }, (_, i) => at(i)));
    assert.ok(g1Equals(sum, g1Get(expectedMsm('G1', n, at))));
  });

  it('evaluate negative scalars at tau as the field does', () => {
    assert.equal((atTau(3, (i) => BigInt(-i)) + DEVELOPMENT_TAU + 2n * DEVELOPMENT_TAU ** 2n) % FIELD_MODULUS, 0n);
  });
});

describe('floors', () => {
  it('count the one twiddle of a transform of four values that is not one', () => {
    const plain = { inverse: false, coset: false };
    assert.equal(nttProducts(2, plain), 0);
    assert.equal(nttProducts(4, plain), 1);
  });

  it('fall with the bits of the scalars and rise with the field of the points', () => {
    const n = 2 ** 16;
    assert.ok(msmProducts(n, 8, G1_COST) < msmProducts(n, 16, G1_COST));
    assert.ok(msmProducts(n, 16, G1_COST) < fullMsmProducts(n, G1_COST));
    assert.ok(fullMsmProducts(n, G1_COST) < fullMsmProducts(n, G2_COST));
    assert.ok(fixedBaseProducts(n, G1_COST) < fixedBaseProducts(n, G2_COST));
  });

  it('take one addition a point for int8, beside the bucket sums', () => {
    const n = 2 ** 20;
    assert.equal(msmProducts(n, 8, G1_COST), 6 * n + 2 * 16 * 2 ** 7);
  });
});

describe('alternate', () => {
  it('takes turns, forwards and backwards, and stops each contender at its own number', async () => {
    const order: string[] = [];
    const run = (name: string) => async (): Promise<void> => { order.push(name); };
    const timings = await alternate([{ name: 'a', run: run('a') }, { name: 'b', run: run('b'), repetitions: 2 }], { repetitions: 3, sampleSeconds: 0 });
    assert.equal(order.slice(-5).join(''), 'abbaa');
    assert.deepEqual([timings.a.repetitions, timings.b.repetitions], [3, 2]);
  });
});

describe('tables of the benches', () => {
  it('print three digits, units and dashes', () => {
    assert.deepEqual([significant(1234.5), significant(12.34), significant(0.012345), significant(undefined)], ['1,235', '12.3', '0.0123', undefined]);
    assert.deepEqual([duration(1.5), duration(0.0015), duration(1.5e-6)], ['1.50 s', '1.50 ms', '1.50 us']);
    assert.equal(markdownTable('t', ['a', 'b'], [['x', undefined]]), '**t**\n\n| a | b |\n| --- | ---: |\n| x | - |');
  });
});
