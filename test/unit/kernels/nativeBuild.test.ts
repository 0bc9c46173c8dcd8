/** The build cache, on sources of a few lines in a cache of their own. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { findCompiler } from '../../../prover/kernels/native/build/compiler.js';
import { buildLibrary, cachedLibrary, isIntact, type LibraryBuild } from '../../../prover/kernels/native/build/library.js';
import { sourcesIn } from '../../../prover/kernels/native/build/sources.js';
import { NativeKernelsError, type NativeFault } from '../../../src/errors/kernels.js';

const UNIT = (name: string, value: string): string => `#include "value.h"\nextern "C" int ${name}() { return VALUE + ${value}; }\n`;
const fault = (expected: NativeFault, pattern: RegExp) => (error: unknown): boolean => {
  assert.ok(error instanceof NativeKernelsError, String(error));
  assert.equal(error.fault, expected);
  assert.match(error.message, pattern);
  return true;
};
const skip = (await findCompiler()) ? false : 'no C++ compiler here';

describe('build of the native kernels', { skip }, () => {
  let dir: string, src: string;
  const env = { ZKATTR_HOME: process.env.ZKATTR_HOME, PATH: process.env.PATH, CXX: process.env.CXX };
  const set = (name: keyof typeof env, value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  const write = (name: string, text: string): void => writeFileSync(join(src, name), text);
  const tiny = (): LibraryBuild => ({ name: 'tiny', flags: ['-DTINY=1'], sources: sourcesIn(src) });
  const left = (): string[] => readdirSync(join(dir, 'home', 'native')).filter((name) => name !== 'objects').sort();
  const compiled = async (fresh = false): Promise<string[]> => {
    const units: string[] = [];
    await buildLibrary(tiny(), { fresh, progress: (message) => units.push(...(/^tiny: (\S+)/.exec(message)?.slice(1) ?? [])) });
    return units.sort();
  };

  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'zkattr-build-')));
    src = mkdtempSync(join(dir, 'src-'));
    set('ZKATTR_HOME', join(dir, 'home'));
    write('value.h', '#pragma once\n#define VALUE 1\n');
    write('a.cpp', UNIT('a', '1'));
    write('b.cpp', 'extern "C" int b() { return 2; }\n');
  });
  afterEach(() => {
    for (const name of ['ZKATTR_HOME', 'PATH', 'CXX'] as const) set(name, env[name]);
    rmSync(dir, { recursive: true, force: true });
  });

  it('happens once, and compiles again only what changed', async () => {
    assert.equal(await cachedLibrary(tiny()), undefined);
    assert.deepEqual(await compiled(), ['a.cpp', 'b.cpp']);
    assert.deepEqual(await compiled(), []);
    assert.equal((await buildLibrary(tiny())).seconds, 0);
    write('value.h', '#pragma once\n#define VALUE 2\n');
    assert.equal(await cachedLibrary(tiny()), undefined, 'a header counts');
    assert.deepEqual(await compiled(), ['a.cpp']);
    assert.equal(left().length, 2, 'one folder for each state of the sources, nothing else');
  });

  it('may happen several times at once', async () => {
    const all = await Promise.all([1, 2, 3].map(() => buildLibrary(tiny())));
    assert.equal(new Set(all.map(({ path }) => path)).size, 1);
    for (const library of all) assert.ok(await isIntact((await cachedLibrary(tiny())) ?? library));
    assert.equal(left().length, 1);
  });

  it('that fails says where, leaves nothing half-built, and is not repeated until asked', async () => {
    write('a.cpp', '#include "value.h"\nint a() { return nonsense; }\n');
    await assert.rejects(buildLibrary(tiny()), fault('compile', /a\.cpp.*a\.cpp:2:\d+: error:.*nonsense/s));
    assert.equal(left().length, 1);
    assert.match(left()[0], /\.failed$/);
    await assert.rejects(buildLibrary(tiny()), fault('compile', /earlier build failed.*nonsense.*build:native/s));
    await assert.rejects(buildLibrary(tiny(), { fresh: true }), fault('compile', /compiler failed/));
    write('a.cpp', UNIT('a', '1'));
    assert.ok(await isIntact(await buildLibrary(tiny())));
  });

  it('needs a compiler, a library that is built does not', async () => {
    set('PATH', dir);
    set('CXX', undefined);
    assert.equal(await findCompiler(), undefined);
    await assert.rejects(buildLibrary(tiny()), fault('compiler', /no C\+\+ compiler.*install g\+\+/));
    assert.ok(!existsSync(join(dir, 'home', 'native')) || left().length === 0, 'a missing compiler is not remembered');
    set('PATH', env.PATH);
    const { path } = await buildLibrary(tiny());
    set('PATH', dir);
    assert.equal((await buildLibrary(tiny())).path, path);
  });

  it('takes the compiler of CXX, with its arguments, and no other', async () => {
    set('CXX', '/nowhere/c++');
    await assert.rejects(buildLibrary(tiny()), fault('compiler', /\$CXX to be one, got \/nowhere\/c\+\+/));
    set('CXX', undefined);
    const path = (await findCompiler())!.path;
    set('CXX', `env ${path}`);
    const found = await findCompiler();
    assert.deepEqual([found?.command, found?.args], ['env', [path]]);
    assert.deepEqual(await compiled(), ['a.cpp', 'b.cpp']);
  });

  it('notices a damaged library, and replaces it when asked', async () => {
    const library = await buildLibrary(tiny());
    writeFileSync(library.path, 'not a library');
    assert.equal(await isIntact(library), undefined);
    assert.deepEqual(await compiled(true), [], 'objects are still there');
    assert.ok(await isIntact((await cachedLibrary(tiny()))!));
    writeFileSync(join(library.path, '..', 'build.json'), '{');
    await assert.rejects(cachedLibrary(tiny()), fault('load', /build record is damaged/));
    await compiled(true);
    assert.ok(await isIntact((await cachedLibrary(tiny()))!));
  });
});
