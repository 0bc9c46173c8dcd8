/** Native witness generators give the WebAssembly calculator's bytes and its errors, and their failures end in its answer. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { witnessCalculator, type WitnessMode } from '../../prover/backends/calculator.js';
import { selectKernels } from '../../prover/kernels/index.js';
import { compileCircuit, compileSource, type CompiledCircuit } from '../../prover/setup/circuit.js';
import { RELATIONS } from '../../prover/setup/keys.js';
import { buildGenerator, type NativeGenerator } from '../../prover/witness/native/build.js';
import { sourceOf } from '../../prover/witness/native/source.js';
import type { NativeWitnessError, SetupError} from '../../src/errors/setup.js';
import { WitnessError } from '../../src/errors/setup.js';
import { cacheRoot } from '../../src/files/paths.js';
import { classInputs } from '../support/classInput.js';
import { Random } from '../support/scenario.js';
import { loadClass } from '../support/system.js';
import { calculators, difference, EDGES, noCompiler, OPERATORS, randomCircuit, SHIFTS, type Calculators } from '../support/witness.js';

const skip = await noCompiler();
const gadget = (source: string): Promise<CompiledCircuit> => compileSource(source, [], join(cacheRoot(), 'circuits', 'gadgets'));

describe('native witness generator', { skip }, () => {
  let circuit: CompiledCircuit, operators: Calculators;
  before(async () => {
    circuit = await gadget(OPERATORS);
    operators = await calculators(circuit.wasm);
  });

  it('computes every operator as WebAssembly does, on all pairs of edge values', async () => {
    let i = 0;
    for (const a of EDGES) for (const b of EDGES) {
      const input = { a, b, k: SHIFTS[i++ % SHIFTS.length] };
      assert.equal(await difference(operators, input), undefined, `a = ${a}, b = ${b}, k = ${input.k}`);
    }
  });

  it('shifts every edge value by every amount', async () => {
    for (const a of EDGES) for (const k of SHIFTS) assert.equal(await difference(operators, { a, b: 3n, k }), undefined, `a = ${a}, k = ${k}`);
  });

  it('computes random expressions on random and edge values', async () => {
    for (const seed of [11, 12, 13]) {
      const random = new Random(seed);
      const both = await calculators((await gadget(randomCircuit(random, 40))).wasm);
      const value = (): bigint => (random.int(0, 1) === 0 ? random.scalar() : EDGES[random.int(0, EDGES.length - 1)]);
      assert.ok((await both.program({ x: [3n, 5n, 7n] })).ok);
      for (let i = 0; i < 40; i++) {
        const x = [value(), value(), value()];
        assert.equal(await difference(both, { x }), undefined, `seed ${seed}, x = ${x.join(', ')}`);
      }
    }
  });

  it('computes the witness of class 4x4, byte for byte, and refuses what its circuit refuses', async () => {
    const cls = await loadClass('4x4'), kernels = await selectKernels('portable');
    try {
      for (const seed of [1, 2]) {
        const inputs = await classInputs(kernels, cls, seed);
        for (const relation of RELATIONS) {
          const both = await calculators((await compileCircuit(cls, relation)).wasm), input = inputs[relation];
          assert.ok((await both.program(input)).ok);
          assert.equal(await difference(both, input), undefined, relation);
          for (const name of Object.keys(input)) {
            const changed = { ...input, [name]: JSON.parse(JSON.stringify(input[name], (_, v: unknown) => (typeof v === 'bigint' ? `${v + 1n}` : v))) as string };
            assert.equal(await difference(both, changed), undefined, `${relation}, ${name} changed`);
          }
        }
      }
    } finally {
      await kernels.close();
    }
  });

  describe('behind witnessCalculator', () => {
    const fault = async (mode: WitnessMode, input: Record<string, unknown>): Promise<WitnessError> => {
      const calculator = await witnessCalculator(circuit.wasm, { mode });
      assert.equal(calculator.kind, mode);
      const error: unknown = await calculator.calculate(input as never).then(() => assert.fail('no error'), (e: unknown) => e);
      assert.ok(error instanceof WitnessError, String(error));
      return error;
    };
    const good = { a: 3n, b: 4n, k: 2n };

    for (const [what, input, expected] of [
      ['a failing assert', { ...good, a: 99n }, /Operators line \d+: assertion failed/],
      ['an unsatisfied constraint', { ...good, k: 98n }, /Operators line \d+: assertion failed/],
      ['a missing input signal', { a: 1n, b: 2n }, /input signals are missing/],
      ['an unknown input signal', { ...good, extra: 1n }, /input signal extra: no such input signal/],
      ['an input signal of a wrong length', { ...good, k: [1n, 2n] }, /input signal k.*expected 1, got 2/],
    ] as const) {
      it(`gives the same error for ${what}`, async () => {
        const [native, wasm] = [await fault('native', input), await fault('wasm', input)];
        assert.match(native.message, expected);
        assert.deepEqual([native.message, native.code, native.where, native.trace], [wasm.message, wasm.code, wasm.where, wasm.trace]);
      });
    }

    it('gives a typed error for a division by zero', async () => {
      const source = 'pragma circom 2.2.0;\ntemplate T() { signal input a; signal output b; b <-- 5 \\ a; signal c <== a * a; }\ncomponent main = T();\n';
      const { wasm } = await gadget(source);
      for (const mode of ['native', 'wasm'] as const) await assert.rejects((await witnessCalculator(wasm, { mode })).calculate({ a: 0n }), WitnessError);
    });

    it('runs several at once', async () => {
      const calculator = await witnessCalculator(circuit.wasm, { mode: 'native' }), wasm = await witnessCalculator(circuit.wasm, { mode: 'wasm' });
      const inputs = Array.from({ length: 8 }, (_, i) => ({ ...good, a: BigInt(i) }));
      const results = await Promise.all(inputs.map((input) => calculator.calculate(input)));
      for (const [i, result] of results.entries()) assert.deepEqual(result, await wasm.calculate(inputs[i]));
    });

    it('refuses an unknown mode', async () => {
      await assert.rejects(witnessCalculator(circuit.wasm, { mode: 'fast' as WitnessMode }), (error: SetupError) => error.code === 'WITNESS_MODE');
    });
  });
});

describe('witnessCalculator when the program is not to be had', { skip }, () => {
  const home = process.env.ZKATTR_HOME, cxx = process.env.CXX;
  let dir: string, circuit: CompiledCircuit;
  const input = { a: 6n }, source = 'pragma circom 2.2.0;\ntemplate T() { signal input a; signal output b; b <== a * a; }\ncomponent main = T();\n';
  before(async () => {
    process.env.ZKATTR_HOME = dir = await mkdtemp(join(tmpdir(), 'zkattr-witness-'));
    circuit = await compileSource(source, [], join(dir, 'circuits'));
  });
  after(async () => {
    restore('ZKATTR_HOME', home);
    await rm(dir, { recursive: true, force: true });
  });
  const restore = (name: string, value?: string): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  const expected = async (): Promise<Uint8Array> => (await witnessCalculator(circuit.wasm, { mode: 'wasm' })).calculate(input);
  const build = async (): Promise<NativeGenerator> => buildGenerator(sourceOf(await readFile(circuit.wasm)));
  /** Puts a script in the program's place, with a record to match. */
  const replace = async (script: string): Promise<void> => {
    const { dir, program, dat } = await build();
    await writeFile(program, `#!/bin/sh\n${script}\n`);
    await chmod(program, 0o755);
    const hash = async (path: string): Promise<string> => createHash('sha256').update(await readFile(path)).digest('hex');
    await writeFile(join(dir, 'build.json'), JSON.stringify({ sha256: await hash(program), dat: await hash(dat), compiler: 'none', seconds: 0 }));
  };
  const auto = async (): Promise<{ kinds: string[]; said: string[]; wtns: Uint8Array }> => {
    const said: string[] = [], calculator = await witnessCalculator(circuit.wasm, { mode: 'auto', progress: (text) => said.push(text) });
    const before = calculator.kind, wtns = await calculator.calculate(input);
    return { kinds: [before, calculator.kind], said, wtns };
  };

  it('takes WebAssembly where no program was built', async () => {
    const { kinds, wtns } = await auto();
    assert.deepEqual(kinds, ['wasm', 'wasm']);
    assert.deepEqual(wtns, await expected());
  });

  it('says that a program cannot be built without a compiler', async () => {
    process.env.CXX = '/nonexistent/c++';
    try {
      await assert.rejects(witnessCalculator(circuit.wasm, { mode: 'native' }), (error: NativeWitnessError) => error.fault === 'compiler' && /no C\+\+ compiler/.test(error.message));
    } finally {
      restore('CXX', cxx);
    }
  });

  it('compares the first witness of a new program with WebAssembly, once', async () => {
    await build();
    const { kinds, wtns } = await auto();
    assert.deepEqual(kinds, ['native', 'native']);
    assert.deepEqual(wtns, await expected());
    await readFile(join((await build()).dir, 'verified'));
  });

  for (const [what, script] of [['crashes', 'kill -SEGV $$'], ['exits with an unknown code', 'exit 77'], ['writes half a value', 'echo 1'], ['claims that inputs do not fit', 'exit 4']] as const) {
    it(`gives WebAssembly's witness when the program ${what}, and leaves it alone from then on`, async () => {
      await replace(script);
      const { kinds, said, wtns } = await auto();
      assert.deepEqual(kinds, ['native', 'wasm']);
      assert.match(said.join('\n'), /disagrees with WebAssembly/);
      assert.deepEqual(wtns, await expected());
      await assert.rejects((await witnessCalculator(circuit.wasm, { mode: 'native' })).calculate(input), (error: NativeWitnessError) => error.fault === 'differs');
    });
  }

  it('does not run a program that is not the one that was built', async () => {
    await writeFile((await build()).program, 'damaged');
    const { kinds, wtns } = await auto();
    assert.deepEqual(kinds, ['wasm', 'wasm']);
    assert.deepEqual(wtns, await expected());
    await assert.rejects(witnessCalculator(circuit.wasm, { mode: 'native' }), (error: NativeWitnessError) => error.fault === 'damaged');
  });

  it('remembers that a circuit\'s C++ does not compile', async () => {
    const other = await compileSource(source.replace('a * a', 'a * a + 1'), [], join(dir, 'circuits'));
    const { cpp } = sourceOf(await readFile(other.wasm));
    await writeFile(cpp, 'not C++');
    for (const message of [/does not compile/, /an earlier compilation failed/]) {
      await assert.rejects(witnessCalculator(other.wasm, { mode: 'native' }), (error: NativeWitnessError) => error.fault === 'compile' && message.test(error.message));
    }
    assert.equal((await witnessCalculator(other.wasm, { mode: 'auto', progress: () => undefined })).kind, 'wasm');
  });

  it('takes WebAssembly for a circuit that was compiled elsewhere', async () => {
    await rm(join(dir, 'witness'), { recursive: true });
    assert.deepEqual((await auto()).kinds, ['wasm', 'wasm']);
    await assert.rejects(witnessCalculator(circuit.wasm, { mode: 'native' }), (error: NativeWitnessError) => error.fault === 'source' && /C\+\+ form of this circuit is not here/.test(error.message));
  });
});
