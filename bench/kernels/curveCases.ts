/** Sums of multiples, in G1 and G2, with full and small scalars; multiples of one base. */
import { FIELD_MODULUS, frInv, MONTGOMERY_R } from '../../src/field/fr.js';
import { G1_BYTES, G2_BYTES } from '../../src/field/buffer.js';
import { g1BufferFrom, G1_GENERATOR, g1Mul, g2BufferFrom, G2_GENERATOR, g2Mul } from '../../src/curve/bn254.js';
import type { IntTable } from '../../prover/kernels/types.js';
import type { KernelCase } from './case.js';
import { bitMsmProducts, fixedBaseProducts, fullMsmProducts, G1_COST, G2_COST, msmProducts } from './floors.js';
import { expectedMsm, integerReader, points, randomBytes, randomElements } from './inputs.js';

const R_INVERSE = frInv(MONTGOMERY_R);

function fullMsm(group: 'G1' | 'G2'): KernelCase {
  const [bytes, cost] = group === 'G1' ? [G1_BYTES, G1_COST] : [G2_BYTES, G2_COST];
  return {
    name: `MSM ${group}`, of: 'points, full scalars', peer: 'ff', memory: true,
    work: (n) => ({ products: fullMsmProducts(n, cost), read: (bytes + 32) * n, written: bytes }),
    async prepare(log) {
      const n = 2 ** log, bases = await points(group, log), scalars = randomElements(n, `msm ${group}`);
      return {
        ours: ({ kernels, arithmetic }) => group === 'G1'
          ? { run: async () => [await kernels.msm(bases, scalars)] }
          : arithmetic && { run: async () => [await arithmetic.msmG2(bases, scalars)] },
        async peer({ curve }) {
          // It takes canonical scalars: converted before the clock starts, in its favour.
          const canonical = await curve.Fr.batchFromMontgomery(scalars);
          return { run: async () => [curve[group].toAffine(await curve[group].multiExpAffine(bases, canonical))] };
        },
        expected: async () => [expectedMsm(group, n, integerReader(scalars), R_INVERSE)],
      };
    },
  };
}

const SMALL = {
  int8: { bits: 8, bytes: 1, bias: 128, make: (n: number): IntTable => ({ kind: 'int8', data: new Int8Array(randomBytes(n, 'int8').buffer) }) },
  int16: { bits: 16, bytes: 2, bias: 32768, make: (n: number): IntTable => ({ kind: 'int16', data: new Int16Array(randomBytes(2 * n, 'int16').buffer) }) },
  bit: { bits: 1, bytes: 1, bias: 0, make: (n: number): IntTable => ({ kind: 'bit', data: randomBytes(n, 'bit').map((x) => x & 1) }) },
} as const;

/**
 * ffjavascript takes unsigned scalars of any number of bytes. Signed ones are given a bias,
 *   sum s_i P_i = sum (s_i + bias) P_i - bias sum P_i,   the last term computed before the clock starts.
 */
function smallMsm(kind: keyof typeof SMALL): KernelCase {
  const { bits, bytes, bias, make } = SMALL[kind];
  return {
    name: `MSM G1 ${kind}`, of: `points, ${kind} scalars`, peer: 'ff', memory: kind === 'int8',
    work: (n) => ({ products: kind === 'bit' ? bitMsmProducts(n) : msmProducts(n, bits, G1_COST), read: (G1_BYTES + bytes) * n, written: G1_BYTES }),
    async prepare(log) {
      const n = 2 ** log, bases = await points('G1', log), scalars = make(n);
      return {
        ours: ({ kernels }) => ({ run: async () => [await kernels.msmSmall(bases, scalars)] }),
        async peer({ curve: { G1 } }) {
          const unsigned = bytes === 1 ? Uint8Array.from(scalars.data, (x) => x + bias) : new Uint8Array(Uint16Array.from(scalars.data, (x) => x + bias).buffer);
          const ones = new Uint8Array(n).fill(1);
          const correction = bias === 0 ? undefined : G1.timesScalar(await G1.multiExpAffine(bases, ones), BigInt(bias));
          return {
            run: async () => {
              const sum = await G1.multiExpAffine(bases, unsigned);
              return [G1.toAffine(correction ? G1.sub(sum, correction) : sum)];
            },
          };
        },
        expected: async () => [expectedMsm('G1', n, (i) => BigInt(scalars.data[i]))],
      };
    },
  };
}

function fixedBase(group: 'G1' | 'G2'): KernelCase {
  const [bytes, cost] = group === 'G1' ? [G1_BYTES, G1_COST] : [G2_BYTES, G2_COST];
  const multiple = (k: bigint): Uint8Array => (group === 'G1' ? g1BufferFrom([g1Mul(G1_GENERATOR, k)]) : g2BufferFrom([g2Mul(G2_GENERATOR, k)]));
  return {
    name: `fixed base ${group}`, of: 'multiples', peer: 'fixedBase', memory: group === 'G1',
    work: (n) => ({ products: fixedBaseProducts(n, cost), read: 32 * n, written: bytes * n }),
    async prepare(log) {
      const n = 2 ** log, base = multiple(1n), scalars = randomElements(n, `fixed base ${group}`);
      const sampled = (out: Uint8Array): Uint8Array[] => SAMPLE(n).map((i) => out.slice(bytes * i, bytes * (i + 1)));
      return {
        ours({ arithmetic }) {
          if (!arithmetic) return undefined;
          const run = (): Promise<Uint8Array> => (group === 'G1' ? arithmetic.fixedBaseG1(base, scalars) : arithmetic.fixedBaseG2(base, scalars));
          return { run, result: async () => sampled(await run()) };
        },
        peer: async ({ fixedBase: pool }) => ({ run: () => pool.multiply(group, scalars), result: async () => sampled(await pool.multiply(group, scalars)) }),
        expected: async () => SAMPLE(n).map((i) => multiple(integerReader(scalars)(i) % FIELD_MODULUS)),
      };
    },
  };
}
/** Multiples that are compared: some at both ends, some between. */
const SAMPLE = (n: number): number[] => [0, 1, 7, n >> 2, n >> 1, n - 8, n - 1];

export const CURVE_CASES: readonly KernelCase[] = [fullMsm('G1'), smallMsm('int16'), smallMsm('int8'), smallMsm('bit'), fullMsm('G2'), fixedBase('G1'), fixedBase('G2')];
