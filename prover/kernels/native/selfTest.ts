/**
 * A short test of a library before it is trusted: known products, inverses, multiples of the generators, a transform and sums over tables.
 * It catches a miscompiled library and a CPU that is not what it says; parity with the reference is the test suite's work.
 */
import { g1BufferFrom, g1Neg, g2BufferFrom, BASE_MODULUS, G1_GENERATOR, G2_GENERATOR } from '../../../src/curve/bn254.js';
import { bigintToBytes, frBufferFrom } from '../../../src/field/buffer.js';
import { FIELD_MODULUS, frAdd, frInv, frMul, frSub } from '../../../src/field/fr.js';
import type { FieldName, NativeLibrary, NativePool } from './library.js';

/** 2 (1, 2), from EIP-196's vectors. */
const DOUBLE = g1BufferFrom([{
  x: 0x030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3n, y: 0x15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4n,
}]);
/** More than two vectors of eight lanes, and a rest. */
const N = 19;
/** No thread is started for it. */
const inline = { inline: true } as const;

/** What is wrong, or undefined. Runs at once on the calling thread, a few milliseconds. */
export async function selfTest(library: NativeLibrary): Promise<string | undefined> {
  const pool = new library.Pool(1);
  try {
    for (const [name, test] of TESTS) {
      if (!(await test(library, pool))) return `${name} gave a wrong result`;
    }
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    pool.close();
  }
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Numbers all over the range, with 0, 1 and p - 1. */
function numbers(modulus: bigint): bigint[] {
  const list = [0n, 1n, modulus - 1n];
  for (let x = 0x9e3779b97f4a7c15f39cc0605cedc8341082276bf3a27251f86c6a11d0c18e95n; list.length < N; x = (x * x + 5n) % modulus) list.push(x % modulus);
  return list;
}

function buffer(values: readonly bigint[], modulus: bigint): Uint8Array {
  const bytes = new Uint8Array(32 * values.length);
  values.forEach((x, i) => bigintToBytes(((x << 256n) % modulus), bytes, 32 * i));
  return bytes;
}

const field = (name: FieldName, modulus: bigint) => async (library: NativeLibrary, pool: NativePool): Promise<boolean> => {
  const values = numbers(modulus), a = buffer(values, modulus), b = buffer([...values].reverse(), modulus), out = new Uint8Array(a.length);
  await library.fieldBinary(pool, name, 'mul', a, b, out, inline);
  const products = equal(out, buffer(values.map((x, i) => x * values[N - 1 - i] % modulus), modulus));
  await library.fieldBatchInverse(pool, name, a, out, inline);
  const zero = out.subarray(0, 32).every((byte) => byte === 0);
  await library.fieldBinary(pool, name, 'mul', a, out, out, inline);
  return products && zero && equal(out, buffer(values.map((x) => (x === 0n ? 0n : 1n)), modulus));
};

const TESTS: readonly [string, (library: NativeLibrary, pool: NativePool) => Promise<boolean>][] = [
  ['field Fr', field('Fr', FIELD_MODULUS)],
  ['field Fq', field('Fq', BASE_MODULUS)],
  ['msm', async (library, pool) => {
    // Large scalars on G and -G in turn that add up to 2.
    const scalars = numbers(FIELD_MODULUS), out = new Uint8Array(64);
    const bases = g1BufferFrom(scalars.map((_, i) => (i % 2 === 0 ? G1_GENERATOR : g1Neg(G1_GENERATOR))));
    const sum = scalars.slice(0, N - 1).reduce((acc, x, i) => (i % 2 === 0 ? frAdd(acc, x) : frSub(acc, x)), 0n);
    scalars[N - 1] = frSub(2n, sum); // N is odd: the last base is G
    await library.msmG1(pool, bases, frBufferFrom(scalars), 'montgomery', out, inline);
    return equal(out, DOUBLE);
  }],
  ['msm of small integers', async (library, pool) => {
    const out = new Uint8Array(64), bases = g1BufferFrom(new Array<typeof G1_GENERATOR>(4).fill(G1_GENERATOR));
    await library.msmSmallG1(pool, bases, { kind: 'int16', data: Int16Array.of(-32768, 32767, 300, -297) }, out, inline);
    return equal(out, DOUBLE);
  }],
  ['msm in G2', async (library, pool) => {
    const half = numbers(FIELD_MODULUS)[7], out = new Uint8Array(128), point = g2BufferFrom([G2_GENERATOR]), bases = g2BufferFrom([G2_GENERATOR, G2_GENERATOR]);
    await library.msmG2(pool, bases, frBufferFrom([half, frSub(1n, half)]), 'montgomery', out, inline);
    return equal(out, point);
  }],
  ['transform', async (library, pool) => {
    const [a, b] = numbers(FIELD_MODULUS).slice(5), values = frBufferFrom([a, b]), shift = frBufferFrom([7n]);
    await library.ntt(pool, values, false, undefined, inline);
    const forward = equal(values, frBufferFrom([frAdd(a, b), frSub(a, b)]));
    await library.ntt(pool, values, true, shift, inline);
    return forward && equal(frBufferFrom([a, frMul(b, frInv(7n))]), values);
  }],
  ['tables', async (library, pool) => {
    // sum_i eq(i, r) = 1, and sum_i -i eq(i, r) = -sum_k 2^k r_k.
    const r = numbers(FIELD_MODULUS).slice(4, 9), n = 2 ** r.length, eq = new Uint8Array(32 * n), one = new Uint8Array(32), index = new Uint8Array(32);
    await library.eqTable(pool, frBufferFrom(r), eq, inline);
    await library.dotRows(pool, { kind: 'bit', data: new Uint8Array(n).fill(1) }, eq, n, 1, one, inline);
    await library.dotRows(pool, { kind: 'int16', data: Int16Array.from({ length: n }, (_, i) => -i) }, eq, n, 1, index, inline);
    const expected = r.reduce((sum, x, k) => frSub(sum, frMul(x, 2n ** BigInt(k))), 0n);
    return equal(one, frBufferFrom([1n])) && equal(index, frBufferFrom([expected]));
  }],
];
