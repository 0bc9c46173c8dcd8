import assert from 'node:assert/strict';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readFile } from 'node:fs/promises';
import { calculateWitness, compileGenerator } from '../../../prover/backends/witness.js';
import { compileSource, mainSource, type CompiledCircuit } from '../../../prover/setup/circuit.js';
import { CircuitError, WitnessError } from '../../../src/errors/setup.js';
import { compileToy, temporaryFolder, toyInput } from './toy.js';

describe('circuit compilation', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let toy: CompiledCircuit;
  before(async () => {
    folder = await temporaryFolder();
    toy = await compileToy(1, folder.dir);
  });
  after(() => folder.remove());

  it('writes constraint system, witness generator and symbols, and leaves nothing else behind', async () => {
    for (const path of [toy.r1cs, toy.wasm, toy.sym]) assert.ok((await stat(path)).size > 0);
    assert.deepEqual(await readdir(folder.dir), [toy.key]);
  });

  it('takes an unchanged circuit from the cache and compiles a changed one anew', async () => {
    const again = await compileToy(1, folder.dir);
    assert.equal(again.seconds, 0);
    assert.equal(again.key, toy.key);
    assert.notEqual((await compileToy(2, folder.dir)).key, toy.key);
  });

  it('depends on included sources too', async () => {
    const include = join(folder.dir, 'include');
    await mkdir(include);
    const source = 'pragma circom 2.2.0;\ninclude "part.circom";\ncomponent main = Part();\n';
    await writeFile(join(include, 'part.circom'), 'template Part() { signal input a; signal output b; b <== a * a; }');
    const one = await compileSource(source, [include], folder.dir);
    await writeFile(join(include, 'part.circom'), 'template Part() { signal input a; signal output b; b <== a * a + 1; }');
    assert.notEqual((await compileSource(source, [include], folder.dir)).key, one.key);
  });

  it('lets two compilations of one circuit run at once', async () => {
    const dir = join(folder.dir, 'twice');
    const [a, b] = await Promise.all([compileToy(1, dir), compileToy(1, dir)]);
    assert.equal(a.r1cs, b.r1cs);
    assert.deepEqual(await readdir(dir), [a.key]);
  });

  it('reports circom\'s message for a wrong circuit', async () => {
    await assert.rejects(compileSource('pragma circom 2.2.0;\ntemplate T() { signal input a; b <== a; }\ncomponent main = T();\n', [], folder.dir), (error: CircuitError) => {
      assert.ok(error instanceof CircuitError);
      assert.match(error.message, /b/);
      assert.match(error.message, /circuit\.circom/);
      return true;
    });
  });

  it('names the relation\'s template and its parameters in the main source', () => {
    const cls = { id: 9, name: 't', queriesLog: 1, contributorsLog: 2, layersLog: 3, rankLog: 4, widthLog: 5, tokensLog: 6, blocksLog: 7, trainTokensLog: 8, trainBlocksLog: 9 };
    assert.match(mainSource(cls, 'payout'), /= Payout\(\d+, 1, 2, 3, 4, 5, 6, 7\);/);
    assert.match(mainSource(cls, 'features'), /= Features\(\d+, 2, 3, 4, 5, 8, 9\);/);
  });

  describe('witness generator', () => {
    const witness = async (change: Record<string, unknown>): Promise<Uint8Array> =>
      calculateWitness(await compileGenerator(await readFile(toy.wasm)), { ...toyInput(1), ...change } as never, toy.wasm);

    it('accepts inputs that satisfy the circuit', async () => {
      const wtns = await witness({});
      assert.equal(Buffer.from(wtns.subarray(0, 4)).toString(), 'wtns');
    });
    it('names template and line when an assertion fails', async () => {
      await assert.rejects(witness({ listEvaluation: 36n }), (error: WitnessError) => {
        assert.ok(error instanceof WitnessError);
        assert.match(error.where ?? '', /^Toy line \d+$/);
        return true;
      });
    });
    it('refuses a missing, an unknown and a too long input signal by name', async () => {
      await assert.rejects(witness({ extra: 1n }), /input signal extra/);
      await assert.rejects(witness({ path: [1n, 2n] }), /input signal path.*expected 1, got 2/);
      await assert.rejects(calculateWitness(await compileGenerator(await readFile(toy.wasm)), { secret: 7n }, toy.wasm), /input signals are missing/);
    });
  });
});
