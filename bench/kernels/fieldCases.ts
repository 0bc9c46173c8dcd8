/** Field arithmetic on arrays and transforms. */
import { frPow } from '../../src/field/fr.js';
import { frBufferFrom } from '../../src/field/buffer.js';
import { rootOfUnity } from '../../prover/setup/qap.js';
import type { KernelCase, Run } from './case.js';
import { nttProducts } from './floors.js';
import { randomElements } from './inputs.js';
import type { Peers } from './peer.js';

const product: KernelCase = {
  name: 'field product', of: 'products', peer: 'wasm', peerSingle: true, maxLog: 20,
  work: (n) => ({ products: n, read: 64 * n, written: 32 * n }),
  async prepare(log) {
    const n = 2 ** log, a = randomElements(n, 'product a'), b = randomElements(n, 'product b');
    return {
      // The same output every time: at one product an element, fresh memory from the system would cost more than the products.
      ours({ direct }): Run | undefined {
        const out = new Uint8Array(32 * n);
        return direct && { run: async () => { await direct.library.fieldBinary(direct.pool, 'Fr', 'mul', a, b, out); return [out]; } };
      },
      async peer({ wasm }) {
        const pa = wasm.put(a), pb = wasm.put(b), out = wasm.alloc(32 * n), { frm_mul: mul } = wasm.call;
        const run = async (): Promise<void> => {
          for (let at = 0; at < 32 * n; at += 32) mul(pa + at, pb + at, out + at);
        };
        return { run, result: async () => { await run(); return [wasm.get(out, 32 * n)]; } };
      },
    };
  },
};

const inversion: KernelCase = {
  name: 'batch inversion', of: 'elements', peer: 'ff', memory: true,
  work: (n) => ({ products: 3 * n, read: 32 * n, written: 32 * n }),
  async prepare(log) {
    const a = randomElements(2 ** log, 'inversion');
    return {
      ours: ({ arithmetic }) => arithmetic && { run: async () => [await arithmetic.fieldBatchInverse('Fr', a)] },
      peer: async ({ curve }) => ({ run: async () => [await curve.Fr.batchInverse(a)] }),
    };
  },
};

/** The odd coset: snarkjs evaluates there. */
const cosetShift = (log: number): bigint => rootOfUnity(log + 1);

function transform(inverse: boolean, coset: boolean): KernelCase {
  return {
    name: `NTT ${coset ? 'coset ' : ''}${inverse ? 'inverse' : 'forward'}`, of: 'values', peer: 'ff', memory: !inverse && !coset,
    work: (n) => ({ products: nttProducts(n, { inverse, coset }), read: 32 * n, written: 32 * n }),
    async prepare(log) {
      const n = 2 ** log, values = randomElements(n, 'ntt');
      const shift = coset ? frBufferFrom([cosetShift(log)]) : undefined;
      const unshift = frBufferFrom([frPow(cosetShift(log), 2n ** BigInt(log + 1) - 1n)]);
      return {
        ours({ arithmetic }): Run | undefined {
          if (!arithmetic) return undefined;
          // In place: values change from run to run, their number and the time do not.
          const work = values.slice();
          return {
            run: () => arithmetic.ntt(work, { inverse, shift }),
            result: async () => [await arithmetic.ntt(values.slice(), { inverse, shift })],
          };
        },
        async peer({ curve: { Fr } }: Peers): Promise<Run> {
          const run = inverse
            ? async () => { const out = await Fr.ifft(values); return [shift ? await Fr.batchApplyKey(out, Fr.one, unshift) : out]; }
            : async () => [await Fr.fft(shift ? await Fr.batchApplyKey(values, Fr.one, shift) : values)];
          return { run };
        },
      };
    },
  };
}

export const FIELD_CASES: readonly KernelCase[] = [product, inversion, transform(false, false), transform(true, false), transform(false, true), transform(true, true)];
