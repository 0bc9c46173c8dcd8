import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Diagnosis } from '../../../src/cli/doctor/handler.js';
import { describe as describeDiagnosis } from '../../../src/cli/doctor/handler.js';
import { runProcess, testableIsas, type ScriptResult } from '../../support/native.js';

const { skip } = await testableIsas();
const cli = new URL('../../../src/cli/main.js', import.meta.url).pathname;
const dir = mkdtempSync(join(tmpdir(), 'zkattr-doctor-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const unset = { ZKATTR_KERNELS: undefined, ZKATTR_ISA: undefined, CXX: undefined };
const noCompiler = { ...unset, PATH: dir, ZKATTR_HOME: join(dir, 'empty') };
const doctor = (env: Record<string, string | undefined>, ...args: string[]): Promise<ScriptResult> => runProcess([cli, 'doctor', ...args], env);
const parsed = ({ stdout }: ScriptResult): Diagnosis => JSON.parse(stdout) as Diagnosis;

describe('zkattr doctor', () => {
  it('says which kernels run without a compiler, why, and how fast they are', async () => {
    const result = await doctor(noCompiler, '--json');
    assert.equal(result.code, 0, result.stderr);
    const { kernels, cores, node } = parsed(result);
    assert.equal(node, process.version);
    assert.ok(cores >= 1);
    assert.equal(kernels.compiler, undefined);
    assert.equal(kernels.runs, 'portable');
    assert.match(kernels.why, /native kernels cannot run: .*no C\+\+ compiler/);
    assert.equal(kernels.library.state, 'unavailable');
    assert.ok(kernels.productsPerSecond! > 1e4);
    const { ok, checks } = parsed(result), level = (name: string): string | undefined => checks.find((check) => check.name === name)?.level;
    assert.equal(ok, true, 'slow, and it works');
    assert.deepEqual(['node', 'cpu', 'compiler', 'native library', 'kernels', 'disk', 'gpu'].map(level), ['ok', 'ok', 'warn', 'warn', 'warn', 'ok', 'ok']);
    for (const check of checks) assert.ok(check.level === 'ok' || check.hint !== undefined, `${check.name}: ${check.text}`);
    assert.match(describeDiagnosis(parsed(result)), /^warn +kernels +portable: .*\n +proofs take about 15 times as long.*install g\+\+/m);
  });

  it('fails when the kernels that were asked for cannot run, or do not exist', async () => {
    for (const [env, pattern] of [
      [{ ZKATTR_KERNELS: 'native' }, /NONE: .*no C\+\+ compiler/], [{ ZKATTR_KERNELS: 'quantum' }, /NONE: .*unknown kernel backend/],
    ] as const) {
      const { code, stdout } = await doctor({ ...noCompiler, ...env });
      assert.equal(code, 1);
      assert.match(stdout, pattern);
    }
  });

  it('names the choice that was made by the environment', async () => {
    const result = await doctor({ ...noCompiler, ZKATTR_KERNELS: 'reference' }, '--json');
    assert.equal(result.code, 0);
    assert.deepEqual([parsed(result).kernels.runs, parsed(result).kernels.why], ['reference', 'ZKATTR_KERNELS=reference']);
  });

  it('shows library, self-test and speed of native kernels', { skip }, async () => {
    const result = await doctor(unset, '--json');
    assert.equal(result.code, 0, result.stderr);
    const { kernels } = parsed(result);
    assert.equal(kernels.runs, 'native');
    assert.ok(kernels.compiler?.path);
    assert.equal(kernels.library.selfTest, 'passed');
    assert.equal(kernels.isa.chosen, kernels.isa.usable[0]);
    assert.ok(kernels.productsPerSecond! > 1e5);
    assert.match(describeDiagnosis(parsed(result)), /^ok +kernels +native: the best that runs here$/m);
  });

  it('builds nothing when told so, and refuses an instruction set that is not there', { skip }, async () => {
    // The question to the CPU is a library as well: in an empty cache it is built, the kernels are not.
    const { kernels } = parsed(await doctor({ ...unset, ZKATTR_HOME: join(dir, 'fresh') }, '--json', '--no-build'));
    assert.deepEqual([kernels.library.state, kernels.runs, kernels.productsPerSecond], ['not built', 'native', undefined]);
    const { code, stdout } = await doctor({ ...unset, ZKATTR_ISA: 'sve9' });
    assert.equal(code, 1);
    assert.match(stdout, /NONE: ZKATTR_ISA: instruction set cannot be used here: expected one of .*, got sve9/);
  });
});
