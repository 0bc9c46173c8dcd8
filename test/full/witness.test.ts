/** Witnesses of the larger classes, native and by WebAssembly. Minutes; run by npm run test:full. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cacheRoot } from '../../src/files/paths.js';
import { selectKernels, type Kernels } from '../../prover/kernels/index.js';
import { compileCircuit, compileSource } from '../../prover/setup/circuit.js';
import { RELATIONS } from '../../prover/setup/keys.js';
import { pinnedClasses } from '../../prover/setup/manifest.js';
import { classInputs } from '../support/classInput.js';
import { Random } from '../support/scenario.js';
import { calculators, difference, EDGES, noCompiler, randomCircuit } from '../support/witness.js';

const skip = await noCompiler();

describe('native witnesses of the larger classes', { skip }, () => {
  let kernels: Kernels;
  before(async () => { kernels = await selectKernels(); });
  after(() => kernels?.close());

  for (const name of ['16x16', '64x64']) {
    it(`equal WebAssembly's in class ${name}; one changed input is refused by both`, async () => {
      const cls = (await pinnedClasses()).find((c) => c.name === name)!;
      for (const seed of [3, 4]) {
        const inputs = await classInputs(kernels, cls, seed);
        for (const relation of RELATIONS) {
          const both = await calculators((await compileCircuit(cls, relation)).wasm), input = inputs[relation];
          const run = await both.program(input);
          assert.ok(run.ok);
          assert.equal(await difference(both, input), undefined, relation);
          const changed = { ...input, listEvaluation: BigInt(input.listEvaluation as bigint) + 1n };
          assert.ok(!(await both.program(changed)).ok);
          assert.equal(await difference(both, changed), undefined, relation);
        }
      }
    });
  }

  it('equal WebAssembly\'s on many random circuits', async () => {
    for (let seed = 100; seed < 112; seed++) {
      const random = new Random(seed);
      const { wasm } = await compileSource(randomCircuit(random, 60), [], join(cacheRoot(), 'circuits', 'gadgets'));
      const both = await calculators(wasm);
      const value = (): bigint => (random.int(0, 1) === 0 ? random.scalar() : EDGES[random.int(0, EDGES.length - 1)]);
      for (let i = 0; i < 100; i++) {
        const x = [value(), value(), value()];
        assert.equal(await difference(both, { x }), undefined, `seed ${seed}, x = ${x.join(', ')}`);
      }
    }
  });
});
