/** Options of a call behave alike on every back end. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { createNativeKernels } from '../../../prover/kernels/native/index.js';
import { createPortableKernels } from '../../../prover/kernels/portable/index.js';
import { createReferenceKernels } from '../../../prover/kernels/reference/index.js';
import type { CallOptions, Kernels } from '../../../prover/kernels/types.js';
import { frBufferFrom, type FrBuffer } from '../../../src/field/buffer.js';
import { KernelsClosedError, KernelShapeError } from '../../../src/errors/kernels.js';
import { testableIsas } from '../../support/native.js';
import { pointWalk, Random } from './random.js';

const { skip } = await testableIsas();
const BACKENDS: [string, string | false, () => Promise<Kernels>][] = [
  ['reference', false, async () => createReferenceKernels()],
  ['portable', false, () => createPortableKernels({ threads: 2 })],
  ['native', skip, () => createNativeKernels({ threads: 2 })],
];

/** One call of every method, small. */
const table = frBufferFrom([1n, 2n, 3n, 4n]);
const EVERY: Record<Exclude<keyof Kernels, 'name' | 'close'>, (k: Kernels, options?: CallOptions) => Promise<unknown>> = {
  msm: (k, o) => k.msm(pointWalk(2), frBufferFrom([1n, 2n]), o),
  msmSmall: (k, o) => k.msmSmall(pointWalk(2), { kind: 'bit', data: Uint8Array.of(1, 1) }, o),
  eqTable: (k, o) => k.eqTable([3n, 4n], o),
  combineRows: (k, o) => k.combineRows(frBufferFrom([1n, 2n]), { kind: 'fr', data: table }, 2, o),
  dotRows: (k, o) => k.dotRows({ kind: 'fr', data: table }, frBufferFrom([1n, 2n]), 2, 1, o),
  linearCombination: (k, o) => k.linearCombination([5n], [{ kind: 'fr', data: table }], 4, o),
  outer: (k, o) => k.outer(table, table, o),
  roundPolynomial: (k, o) => k.roundPolynomial([table], [{ sign: 1, factors: [0] }], 2, o),
  foldAll: (k, o) => k.foldAll([table], 3n, o),
  divideByBinomial: (k, o) => k.divideByBinomial(table, 2, 3n, o),
  divideByLinear: (k, o) => k.divideByLinear(table, 3n, o),
  mercuryS: (k, o) => k.mercuryS(table, table, [1n, 2n], [3n], 5n, o),
};

for (const [name, why, create] of BACKENDS) {
  describe(`options of a call, ${name}`, { skip: why }, async () => {
    const kernels = why ? (undefined as never) : await create();
    /** Large enough for threads where there are any. */
    const large: FrBuffer = why ? new Uint8Array() : new Uint8Array(32 << (name === 'reference' ? 8 : 16));
    after(() => kernels.close());

    for (const [method, call] of Object.entries(EVERY)) {
      it(`${method}: an aborted signal rejects with its reason, progress ends at its total, a result is as without`, async () => {
        const reason = new Error('enough');
        await assert.rejects(call(kernels, { signal: AbortSignal.abort(reason) }), (error: unknown) => error === reason);
        const seen: [number, number][] = [];
        const result = await call(kernels, { signal: new AbortController().signal, progress: (done, total) => seen.push([done, total]) });
        assert.deepEqual(result, await call(kernels));
        assert.ok(seen.length >= 1 && seen.every(([done, total], i) => done <= total && (i === 0 || done > seen[i - 1][0])), JSON.stringify(seen));
        assert.equal(seen.at(-1)![0], seen.at(-1)![1]);
      });
    }

    it('an abort during a call rejects with the reason; the next call is not touched by it', async () => {
      const expected = await kernels.foldAll([large], 3n);
      for (const reason of [new Error('enough'), 'a string', undefined]) {
        const controller = new AbortController();
        const running = kernels.foldAll([large, large, large], 3n, { signal: controller.signal });
        controller.abort(reason);
        await assert.rejects(running, (error: unknown) => error === controller.signal.reason);
      }
      assert.deepEqual(await kernels.foldAll([large], 3n, { signal: new AbortController().signal }), expected);
    });

    it('an abort by the progress callback rejects with the reason', async () => {
      const controller = new AbortController();
      await assert.rejects(kernels.outer(table, table, { signal: controller.signal, progress: () => controller.abort(new Error('seen enough')) }), /seen enough/);
    });

    it('a progress callback that throws ends the call with its error', async () => {
      await assert.rejects(kernels.foldAll([large, large], 3n, { progress: () => { throw new RangeError('mine'); } }), RangeError);
      await assert.rejects(kernels.eqTable([1n], { progress: () => { throw new RangeError('mine'); } }), RangeError);
    });

    it('wrong shapes are told before anything else, and progress is not called', async () => {
      let calls = 0;
      await assert.rejects(kernels.foldAll([new Random(1).frBuffer(3)], 3n, { progress: () => calls++ }), KernelShapeError);
      assert.equal(calls, 0);
    });

    it('close waits for what runs, refuses what comes after, and may be called again', async () => {
      const own = await create();
      let done = false;
      const running = own.foldAll([large, large], 3n).then(() => (done = true));
      const closing = own.close();
      await assert.rejects(own.eqTable([1n]), KernelsClosedError);
      await closing;
      assert.ok(done);
      await Promise.all([running, own.close()]);
    });
  });
}
