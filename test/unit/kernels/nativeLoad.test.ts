/** Which kernels run where native ones cannot, and what is said about it. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadNative } from '../../../prover/kernels/native/load.js';
import type { NativeLibrary } from '../../../prover/kernels/native/library.js';
import { selfTest } from '../../../prover/kernels/native/selfTest.js';
import { UnsupportedIsaError } from '../../../src/errors/kernels.js';
import { cacheRoot } from '../../../src/files/paths.js';
import { runScript, testableIsas, type ScriptResult } from '../../support/native.js';

const { isas, skip } = await testableIsas();
const url = new URL('../../../prover/kernels/index.js', import.meta.url).href;
const dir = mkdtempSync(join(tmpdir(), 'zkattr-load-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** Selects twice; prints names and codes. */
const SELECT = `const { selectKernels } = await import('${url}');
  for (const _ of [1, 2]) await selectKernels().then(async (k) => { console.log(k.name); await k.close(); }, (e) => console.log(e.code, e.fault ?? '', e.message));`;
const unset = { ZKATTR_KERNELS: undefined, ZKATTR_ISA: undefined, CXX: undefined };
const noCompiler = { ...unset, PATH: dir, ZKATTR_HOME: join(dir, 'empty') };
const notices = ({ stderr }: ScriptResult): string[] => stderr.split('\n').filter((line) => line.includes('portable kernels run'));

/** A cache with what is built here: objects by link, libraries by copy. */
function copyOfCache(name: string): string {
  const from = join(cacheRoot(), 'native'), to = join(dir, name, 'native');
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from)) {
    if (entry === 'objects') symlinkSync(join(from, entry), join(to, entry));
    else if (!entry.startsWith('.')) cpSync(join(from, entry), join(to, entry), { recursive: true });
  }
  return join(dir, name);
}

describe('selectKernels without native kernels', () => {
  it('takes the portable ones and says so once: reason, what to install, how to silence', async () => {
    const result = await runScript(SELECT, noCompiler);
    assert.equal(result.stdout, 'portable\nportable\n');
    assert.equal(notices(result).length, 1, result.stderr);
    assert.match(notices(result)[0], /no C\+\+ compiler.*install g\+\+.*ZKATTR_KERNELS=portable/);
  });

  it('is silent when portable or reference was asked for', async () => {
    for (const name of ['portable', 'reference']) {
      const result = await runScript(SELECT, { ...noCompiler, ZKATTR_KERNELS: name });
      assert.deepEqual([result.stdout, result.stderr], [`${name}\n${name}\n`, '']);
    }
  });

  it('refuses when native was asked for', async () => {
    const result = await runScript(SELECT, { ...noCompiler, ZKATTR_KERNELS: 'native' });
    assert.match(result.stdout, /^(NATIVE_KERNELS compiler .*no C\+\+ compiler.*\n){2}$/);
    assert.equal(notices(result).length, 0);
  });
});

describe('selectKernels with native kernels', { skip }, () => {
  it('takes them, of the best instruction set, without a word once they are built', async () => {
    const { isa } = await loadNative();
    assert.equal(isa, process.env.ZKATTR_ISA || isas[0]);
    const result = await runScript(SELECT, unset);
    assert.deepEqual([result.stdout, result.stderr], ['native\nnative\n', '']);
  });

  it('refuses an instruction set that does not exist or that this CPU lacks', async () => {
    const result = await runScript(SELECT, { ...unset, ZKATTR_ISA: 'sve9' });
    assert.match(result.stdout, /^(UNSUPPORTED_ISA {2}ZKATTR_ISA: .*expected one of .*portable, got sve9.*\n){2}$/);
    await assert.rejects(loadNative({ isa: 'sve9' as 'adx' }), UnsupportedIsaError);
  });

  it('takes a damaged library for a reason to fall back, and never loads it', async () => {
    const { built } = await loadNative();
    for (const name of [built.path.split('/').at(-2)!, 'cpu-']) {
      const home = copyOfCache(`damaged-${name}`);
      const folder = readdirSync(join(home, 'native')).find((entry) => entry.startsWith(name))!;
      const path = join(home, 'native', folder, 'zkattr.node');
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
      const result = await runScript(SELECT, { ...unset, ZKATTR_HOME: home });
      assert.equal(result.stdout, 'portable\nportable\n');
      assert.equal(notices(result).length, 1);
      assert.match(notices(result)[0], /not the one that was built.*build:native/);
      const forced = await runScript(SELECT, { ...unset, ZKATTR_HOME: home, ZKATTR_KERNELS: 'native' });
      assert.match(forced.stdout, /^(NATIVE_KERNELS load .*\n){2}$/);
    }
  });

  it('shares one build among callers at once', async () => {
    const all = await Promise.all([1, 2, 3].map(() => loadNative()));
    assert.equal(new Set(all.map(({ library }) => library)).size, 1);
  });

  it('trusts no library that computes wrongly', async () => {
    const { library } = await loadNative();
    assert.equal(await selfTest(library), undefined);
    const kernels = ['fieldBinary', 'fieldBatchInverse', 'msmG1', 'msmG2', 'msmSmallG1', 'ntt', 'eqTable', 'dotRows'] as const;
    for (const name of kernels) {
      // The result of one kernel has one bit wrong.
      const spoilt = new Proxy(library, {
        get: (target, key: keyof NativeLibrary) => (key !== name ? target[key] : (...args: unknown[]) => {
          (target[name] as (...args: unknown[]) => unknown)(...args);
          const out = args.filter((arg) => arg instanceof Uint8Array).at(-1) as Uint8Array;
          out[3] ^= 16;
        }),
      });
      assert.match((await selfTest(spoilt)) ?? '', /gave a wrong result/, name);
    }
    const broken = new Proxy(library, { get: (target, key: keyof NativeLibrary) => (key === 'ntt' ? () => { throw new Error('broken'); } : target[key]) });
    assert.equal(await selfTest(broken), 'broken');
  });
});
