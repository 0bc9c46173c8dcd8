import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createReferenceKernels } from '../../../prover/kernels/reference/index.js';
import type { ProductTerm } from '../../../prover/kernels/types.js';
import { g1BufferFrom, g1BufferToAffine, g1Combine, g1Get, G1_INFINITY } from '../../../src/curve/bn254.js';
import { KernelShapeError, KernelsClosedError } from '../../../src/errors/kernels.js';
import { frBufferFrom, frBufferToBigints, type FrBuffer } from '../../../src/field/buffer.js';
import { FIELD_MODULUS, frAdd, frFrom, frInv, frMul, frPow, frSub } from '../../../src/field/fr.js';
import { awkwardPoints, Random } from './random.js';

const kernels = createReferenceKernels();
const evaluate = (f: readonly bigint[], x: bigint): bigint => f.reduceRight((sum, c) => frAdd(c, frMul(sum, x)), 0n);
const P = (u: readonly bigint[], x: bigint): bigint =>
  u.reduce((product, r, k) => frMul(product, frAdd(frSub(1n, r), frMul(r, frPow(x, 1n << BigInt(k))))), 1n);

describe('reference msm', () => {
  it('equals the sum of single products, with infinity, repetitions and opposites among the bases', async () => {
    const random = new Random(1);
    const bases = awkwardPoints(20);
    const scalars = random.edgy(20);
    assert.deepEqual(g1Get(await kernels.msm(bases, frBufferFrom(scalars))), g1Combine(g1BufferToAffine(bases), scalars));
    const small = Int8Array.from({ length: 20 }, () => random.below(256) - 128);
    assert.deepEqual(g1Get(await kernels.msmSmall(bases, { kind: 'int8', data: small })), g1Combine(g1BufferToAffine(bases), Array.from(small, frFrom)));
  });
  it('is infinity for no scalars and for zeros', async () => {
    const zero = g1BufferFrom([G1_INFINITY]);
    assert.deepEqual(await kernels.msm(awkwardPoints(4), new Uint8Array(0)), zero);
    assert.deepEqual(await kernels.msm(awkwardPoints(4), frBufferFrom([0n, 0n])), zero);
  });
  it('refuses more scalars than bases', async () => {
    await assert.rejects(kernels.msm(awkwardPoints(2), frBufferFrom([1n, 2n, 3n])), KernelShapeError);
  });
});

describe('reference tables', () => {
  const random = new Random(2);
  it('eqTable lists prod_k (i_k ? r_k : 1 - r_k), low variable first', async () => {
    const r = random.frs(3);
    const table = frBufferToBigints(await kernels.eqTable(r));
    for (let i = 0; i < 8; i++) {
      assert.equal(table[i], [0, 1, 2].reduce((product, k) => frMul(product, (i >> k) & 1 ? r[k] : frSub(1n, r[k])), 1n));
    }
    assert.deepEqual(frBufferToBigints(await kernels.eqTable([])), [1n]);
  });
  it('outer of eq tables is the eq table of the joined point', async () => {
    const [low, high] = [random.frs(2), random.frs(3)];
    assert.deepEqual(await kernels.outer(await kernels.eqTable(high), await kernels.eqTable(low)), await kernels.eqTable([...low, ...high]));
  });
  it('combineRows and dotRows are the two sides of one bilinear form', async () => {
    const table = random.table('int16', 24);
    const [w, v] = [random.frBuffer(4), random.frBuffer(6)];
    const dot = (a: FrBuffer, b: FrBuffer): bigint =>
      frBufferToBigints(a).reduce((sum, x, i) => frAdd(sum, frMul(x, frBufferToBigints(b)[i])), 0n);
    assert.equal(dot(await kernels.combineRows(w, table, 6), v), dot(w, await kernels.dotRows(table, v, 6, 1)));
  });
  it('foldAll evaluates the multilinear extension variable by variable', async () => {
    const values = random.frs(8);
    const r = random.frs(3);
    let tables = [frBufferFrom(values)];
    for (const x of [r[2], r[1], r[0]]) tables = await kernels.foldAll(tables, x);
    const eq = frBufferToBigints(await kernels.eqTable(r));
    assert.deepEqual(frBufferToBigints(tables[0]), [values.reduce((sum, f, i) => frAdd(sum, frMul(f, eq[i])), 0n)]);
  });
  it('roundPolynomial equals brute force at every point of a grid, for all term shapes', async () => {
    const values = [random.edgy(16), random.edgy(16), random.edgy(16)];
    const shapes: ProductTerm[][] = [
      [{ sign: 1, factors: [0] }], [{ sign: -1, factors: [0, 1] }], [{ sign: 1, factors: [0, 1, 2] }],
      [{ sign: 1, factors: [0, 0, 1] }, { sign: -1, factors: [0, 1] }, { sign: 1, factors: [2] }], [],
    ];
    for (const terms of shapes) {
      const coefficients = await kernels.roundPolynomial(values.map((v) => frBufferFrom(v)), terms, 3);
      assert.equal(coefficients.length, 4);
      for (const x of [0n, 1n, 2n, 5n, random.fr()]) {
        let expected = 0n;
        for (let i = 0; i < 8; i++) {
          for (const { sign, factors } of terms) {
            const product = factors.reduce((p, k) => frMul(p, frAdd(frMul(frSub(1n, x), values[k][i]), frMul(x, values[k][i + 8]))), 1n);
            expected = sign === 1 ? frAdd(expected, product) : frSub(expected, product);
          }
        }
        assert.equal(evaluate(coefficients, x), expected);
      }
    }
  });
});

describe('reference divisions', () => {
  const random = new Random(3);
  const x = random.fr();
  it('divideByBinomial satisfies f = (X^blo - alpha) q + g, deg g < blo', async () => {
    for (const [blo, bhi] of [[1, 1], [1, 8], [4, 1], [4, 4], [8, 3]]) {
      const f = random.edgy(blo * bhi);
      const alpha = random.fr();
      const { quotient, remainder } = await kernels.divideByBinomial(frBufferFrom(f), blo, alpha);
      const [q, g] = [frBufferToBigints(quotient), frBufferToBigints(remainder)];
      assert.equal(g.length, blo);
      assert.equal(q.length, f.length);
      assert.ok(q.slice(blo * (bhi - 1)).every((c) => c === 0n));
      assert.equal(evaluate(f, x), frAdd(frMul(frSub(frPow(x, BigInt(blo)), alpha), evaluate(q, x)), evaluate(g, x)));
    }
  });
  it('divideByLinear satisfies f(X) - f(z) = (X - z) q', async () => {
    for (const n of [1, 2, 7, 16]) {
      const f = random.edgy(n);
      const z = random.fr();
      const { quotient, value } = await kernels.divideByLinear(frBufferFrom(f), z);
      assert.equal(value, evaluate(f, z));
      assert.equal(frSub(evaluate(f, x), value), frMul(frSub(x, z), evaluate(frBufferToBigints(quotient), x)));
    }
  });
  it('mercuryS satisfies the symmetric identity, the constant being twice the two inner products', async () => {
    for (const [low, high] of [[3, 3], [3, 2], [1, 1], [1, 0], [0, 0]]) {
      const [g, h] = [random.edgy(2 ** low), random.edgy(2 ** high)];
      const [uLow, uHigh] = [random.frs(low), random.frs(high)];
      const gamma = random.fr();
      const S = frBufferToBigints(await kernels.mercuryS(frBufferFrom(g), frBufferFrom(h), uLow, uHigh, gamma));
      assert.equal(S.length, 2 ** low);
      assert.equal(S[S.length - 1], 0n);
      const inner = async (f: bigint[], u: bigint[]): Promise<bigint> => {
        const eq = frBufferToBigints(await kernels.eqTable(u));
        return f.reduce((sum, c, i) => frAdd(sum, frMul(c, eq[i])), 0n);
      };
      const constant = frMul(2n, frAdd(await inner(g, uLow), frMul(gamma, await inner(h, uHigh))));
      const y = frInv(x);
      const symmetric = (f: bigint[], u: bigint[]): bigint => frAdd(frMul(evaluate(f, x), P(u, y)), frMul(evaluate(f, y), P(u, x)));
      assert.equal(
        frAdd(symmetric(g, uLow), frMul(gamma, symmetric(h, uHigh))),
        frAdd(constant, frAdd(frMul(x, evaluate(S, x)), frMul(y, evaluate(S, y)))),
      );
    }
  });
});

describe('reference life cycle', () => {
  it('refuses calls after close', async () => {
    const closed = createReferenceKernels();
    await closed.close();
    await assert.rejects(closed.eqTable([FIELD_MODULUS - 1n]), KernelsClosedError);
  });
});
