/** The native library beyond `Kernels` equals big integers and noble's curve, on every instruction set of this CPU. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NativeArithmetic } from '../../prover/kernels/native/arithmetic.js';
import { BASE_MODULUS, g1BufferFrom, g1Combine, g1Get, g1Mul, G1_GENERATOR, G1_INFINITY, g2BufferFrom, g2Get, g2Mul, G2_GENERATOR, G2_INFINITY } from '../../src/curve/bn254.js';
import { bigintToBytes, bytesToBigint, frBufferFrom, frBufferToBigints } from '../../src/field/buffer.js';
import { FIELD_MODULUS, frAdd, frFrom, frInv, frMul, frPow } from '../../src/field/fr.js';
import { testableIsas } from '../support/native.js';
import { pointWalk, Random } from '../unit/kernels/random.js';

const { isas, skip } = await testableIsas();
const MODULI = { Fr: FIELD_MODULUS, Fq: BASE_MODULUS } as const;

const words = (values: readonly bigint[]): Uint8Array => {
  const bytes = new Uint8Array(32 * values.length);
  values.forEach((x, i) => bigintToBytes(x, bytes, 32 * i));
  return bytes;
};
const mod = (x: bigint, p: bigint): bigint => ((x % p) + p) % p;
/** Elements of a field with its edges, and their Montgomery forms. */
const elements = (random: Random, p: bigint, n: number): bigint[] =>
  Array.from({ length: n }, () => [0n, 1n, p - 1n, p >> 1n, (1n << 253n) % p][random.below(8)] ?? (random.fr() * random.fr()) % p);
const montgomery = (values: readonly bigint[], p: bigint): Uint8Array => words(values.map((x) => (x << 256n) % p));

it('native arithmetic is tested', { skip }, () => assert.ok(isas.length > 0));

for (const isa of isas) {
  for (const threads of [1, 2]) {
    describe(`native arithmetic (${isa}), ${threads} thread(s)`, () => {
      let native: NativeArithmetic;
      before(async () => {
        native = await NativeArithmetic.open({ isa, threads });
      });
      after(() => native.close());

      for (const field of ['Fr', 'Fq'] as const) {
        const p = MODULI[field];
        it(`${field}: products, sums, differences, negatives, squares, forms, inverses`, async () => {
          const random = new Random(31);
          for (const n of [0, 1, 7, 8, 9, 16, 31, 600, 2500]) {
            const a = elements(random, p, n), b = elements(random, p, n);
            const [am, bm] = [montgomery(a, p), montgomery(b, p)];
            const map = (f: (x: bigint, i: number) => bigint): Uint8Array => montgomery(a.map((x, i) => mod(f(x, i), p)), p);
            assert.deepEqual(await native.fieldBinary(field, 'mul', am, bm), map((x, i) => x * b[i]), `mul ${n}`);
            assert.deepEqual(await native.fieldBinary(field, 'add', am, bm), map((x, i) => x + b[i]), `add ${n}`);
            assert.deepEqual(await native.fieldBinary(field, 'sub', am, bm), map((x, i) => x - b[i]), `sub ${n}`);
            assert.deepEqual(await native.fieldUnary(field, 'neg', am), map((x) => -x), `neg ${n}`);
            assert.deepEqual(await native.fieldUnary(field, 'square', am), map((x) => x * x), `square ${n}`);
            assert.deepEqual(await native.fieldUnary(field, 'toMontgomery', words(a)), am, `toMontgomery ${n}`);
            assert.deepEqual(await native.fieldUnary(field, 'fromMontgomery', am), words(a), `fromMontgomery ${n}`);
            const inverses = await native.fieldBatchInverse(field, am);
            assert.deepEqual(await native.fieldBinary(field, 'mul', am, inverses), montgomery(a.map((x) => (x === 0n ? 0n : 1n)), p), `inverse ${n}`);
            a.forEach((x, i) => x !== 0n || assert.equal(bytesToBigint(inverses, 32 * i), 0n));
          }
        });
      }

      it('transforms are sums over powers of the root, forward, inverse and on cosets', async () => {
        const random = new Random(32);
        for (const log of [0, 1, 2, 3, 5, 7]) {
          const n = 2 ** log, root = frPow(5n, (FIELD_MODULUS - 1n) / BigInt(n)), a = random.edgy(n), shift = random.fr();
          for (const g of [1n, shift]) {
            const coset = g === 1n ? {} : { shift: frBufferFrom([g]) };
            const forward = Array.from({ length: n }, (_, j) => a.reduce((sum, x, i) => frAdd(sum, frMul(x, frMul(frPow(g, BigInt(i)), frPow(root, BigInt(i * j))))), 0n));
            const values = frBufferFrom(a);
            assert.equal(await native.ntt(values, coset), values, 'in place');
            assert.deepEqual(frBufferToBigints(values), forward, `forward ${n}`);
            assert.deepEqual(frBufferToBigints(await native.ntt(values, { inverse: true, ...coset })), a, `inverse ${n}`);
          }
        }
        for (const log of [10, 13, 15]) {
          const a = random.frBuffer(2 ** log), values = a.slice();
          await native.ntt(values);
          const x = frPow(5n, (FIELD_MODULUS - 1n) / BigInt(2 ** log)), horner = frBufferToBigints(a).reduceRight((sum, c) => frAdd(frMul(sum, x), c), 0n);
          assert.equal(frBufferToBigints(values.subarray(32, 64))[0], horner, `second value of ${2 ** log}`);
          await native.ntt(values, { inverse: true });
          assert.deepEqual(values, a);
        }
      });

      it('multi-scalar multiplication in G1, both forms of scalars', async () => {
        const random = new Random(33);
        for (const n of [1, 2, 9, 40]) {
          const bases = pointWalk(n), scalars = random.edgy(n);
          const expected = n === 0 ? G1_INFINITY : g1Combine(Array.from({ length: n }, (_, i) => g1Get(bases, i)), scalars);
          assert.deepEqual(g1Get(await native.msmG1(bases, frBufferFrom(scalars))), expected);
          assert.deepEqual(g1Get(await native.msmG1(bases, words(scalars), 'canonical')), expected);
        }
      });

      it('multi-scalar multiplication in G2, with infinity and cancelling points', async () => {
        const random = new Random(34);
        for (const n of [0, 1, 2, 9, 40, 150]) {
          // Bases k_i G: the sum is (sum k_i s_i) G.
          const ks = Array.from({ length: n }, (_, i) => BigInt([1, 2, 0, 5, -5, 3][i % 6])), scalars = random.edgy(n);
          const points = new Map([...new Set(ks)].map((k) => [k, k === 0n ? G2_INFINITY : g2Mul(G2_GENERATOR, frFrom(k))]));
          const sum = ks.reduce((acc, k, i) => frAdd(acc, frMul(frFrom(k), scalars[i])), 0n);
          const expected = sum === 0n ? G2_INFINITY : g2Mul(G2_GENERATOR, sum);
          const bases = g2BufferFrom(ks.map((k) => points.get(k)!));
          assert.deepEqual(g2Get(await native.msmG2(bases, frBufferFrom(scalars))), expected, `${n}`);
          assert.deepEqual(g2Get(await native.msmG2(bases, words(scalars), 'canonical')), expected, `${n}`);
        }
      });

      it('multiples of one base in both groups', async () => {
        const random = new Random(35);
        const scalars = [0n, 1n, 2n, FIELD_MODULUS - 1n, 1n << 253n, ...random.frs(6)];
        const half = frInv(2n), base = g1Mul(G1_GENERATOR, half), base2 = g2Mul(G2_GENERATOR, half);
        assert.deepEqual(await native.fixedBaseG1(g1BufferFrom([base]), words(scalars)), g1BufferFrom(scalars.map((s) => (s === 0n ? G1_INFINITY : g1Mul(base, s)))));
        assert.deepEqual(await native.fixedBaseG2(g2BufferFrom([base2]), words(scalars)), g2BufferFrom(scalars.map((s) => (s === 0n ? G2_INFINITY : g2Mul(base2, s)))));
        for (const n of [0, 300]) {
          const many = random.frs(n), out = await native.fixedBaseG1(g1BufferFrom([G1_GENERATOR]), words(many));
          assert.equal(out.length, 64 * n);
          if (n > 0) assert.deepEqual(g1Get(out, n - 1), g1Mul(G1_GENERATOR, many[n - 1]));
        }
      });
    });
  }
}
