/**
 * Compiles a circuit's C++ and this folder's runtime into a program: <source>/<runtime>-<compiler>/
 *   generator    the program
 *   build.json   its hash and that of the .dat file, the compiler, the seconds it took
 *   verified     empty; there once a witness was found equal to the WebAssembly calculator's (calculator.ts)
 * A folder is complete or absent. A compilation that failed leaves <runtime>-<compiler>.failed and is not tried again.
 * Found again, a program by any compiler will do; with $CXX set, that compiler's.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AttributionError } from '../../../src/errors/base.js';
import { NativeWitnessError } from '../../../src/errors/setup.js';
import { fileError, writeFileAtomic } from '../../../src/files/atomic.js';
import { packageRoot } from '../../../src/files/paths.js';
import { compile, findCompiler } from '../../kernels/native/build/compiler.js';
import { rewrite, REWRITE_VERSION } from './rewrite.js';
import type { NativeSource } from './source.js';

export interface NativeGenerator {
  dir: string;
  program: string;
  dat: string;
  /** What compiling it took, now or when it was built. */
  seconds: number;
}

/** Raised when build.json changes. */
const RECORD_VERSION = 2;

interface BuildRecord {
  sha256: string;
  dat: string;
  compiler: string;
  seconds: number;
}

export interface BuildOptions {
  progress?: (message: string) => void;
}

const COMMON = ['-std=c++17', '-fno-strict-aliasing', '-pthread'];
/** -O2 takes half as long again as -O1 to compile and gains nothing: the time is spent in the runtime. */
const EMITTED = [...COMMON, '-O1', '-w'];
const RUNTIME = [...COMMON, '-O3', '-Wall', '-Wextra'];
/** One library less to find and load at every start. */
const LINK = process.platform === 'linux' ? ['-pthread', '-static-libstdc++', '-static-libgcc'] : ['-pthread'];
const UNITS = ['arithmetic', 'integers', 'relations', 'load', 'main'];
const HEADERS = ['element.h', 'operators.h', 'circuit.h'];

/** Source files lie in the package, also when this code runs from dist. */
const runtime = (): string => join(packageRoot(), 'prover', 'witness', 'native', 'cpp');
const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

async function runtimeKey(): Promise<string> {
  const texts = await Promise.all([...UNITS.map((name) => `${name}.cpp`), ...HEADERS].map((name) => readFile(join(runtime(), name), 'utf8')));
  return sha256(JSON.stringify([REWRITE_VERSION, RECORD_VERSION, EMITTED, RUNTIME, LINK, process.platform, process.arch, texts])).slice(0, 16);
}

/** The program if it was built before. @throws NativeWitnessError (damaged), FileError */
export async function findGenerator(source: NativeSource): Promise<NativeGenerator | undefined> {
  try {
    return await findBuilt(source, `${await runtimeKey()}-`);
  } catch (error) {
    throw error instanceof AttributionError ? error : fileError('find the native witness generator', source.dir, error);
  }
}

/** The program, compiled when it is not there yet. @throws NativeWitnessError (source, compiler, compile, damaged), FileError */
export async function buildGenerator(source: NativeSource, { progress }: BuildOptions = {}): Promise<NativeGenerator> {
  try {
    const prefix = `${await runtimeKey()}-`;
    const found = await findBuilt(source, prefix);
    if (found) return found;
    if (!existsSync(source.cpp)) {
      throw new NativeWitnessError('source', 'the C++ form of this circuit is not here', { where: source.dir, hint: 'it is kept when the circuit is compiled on this machine (zkattr setup)' });
    }
    const compiler = await findCompiler();
    if (!compiler) {
      throw new NativeWitnessError('compiler', 'no C++ compiler', { where: 'native witness generator', expected: process.env.CXX ? '$CXX to be one' : 'g++, c++ or clang++ on the PATH', hint: 'install g++ for a faster witness' });
    }
    const dir = join(source.dir, prefix + compiler.id), failure = `${dir}.failed`;
    if (existsSync(failure)) throw new NativeWitnessError('compile', 'an earlier compilation failed', { where: source.cpp, got: (await readFile(failure, 'utf8')).slice(0, 400), hint: `remove ${failure} to try again` });

    progress?.(`compiling the native witness generator of a circuit, once, with ${compiler.version}`);
    const start = performance.now();
    const temporary = join(source.dir, `.${prefix}${process.pid}.${randomBytes(4).toString('hex')}`);
    try {
      await mkdir(temporary, { recursive: true });
      const program = join(temporary, 'generator');
      const object = (name: string): string => join(temporary, `${name}.o`);
      await writeFile(join(temporary, 'emitted.cpp'), rewrite(await readFile(source.cpp, 'latin1')), 'latin1');
      const units = async (): Promise<void> => {
        for (const name of UNITS) await compile(compiler, [...RUNTIME, '-c', join(runtime(), `${name}.cpp`), '-o', object(name)], `${name}.cpp`);
      };
      const ended = await Promise.allSettled([compile(compiler, [...EMITTED, '-I', runtime(), '-c', join(temporary, 'emitted.cpp'), '-o', object('emitted')], source.cpp), units()]);
      for (const result of ended) if (result.status === 'rejected') throw result.reason;
      await compile(compiler, [object('emitted'), ...UNITS.map(object), ...LINK, '-o', program], 'linking the witness generator');
      const record: BuildRecord = { sha256: sha256(await readFile(program)), dat: sha256(await readFile(source.dat)), compiler: compiler.version, seconds: (performance.now() - start) / 1000 };
      await writeFile(join(temporary, 'build.json'), `${JSON.stringify(record, null, 1)}\n`);
      await Promise.all(['emitted.cpp', ...['emitted', ...UNITS].map((name) => `${name}.o`)].map((name) => rm(join(temporary, name))));
      // A second process may have finished first: its result is as good.
      await rename(temporary, dir).catch((error: NodeJS.ErrnoException) => {
        if (!existsSync(join(dir, 'build.json'))) throw error;
      });
    } catch (error) {
      const { got, cause } = error as { got?: unknown; cause?: { code?: unknown } };
      if (!(error instanceof AttributionError)) throw error;
      // A compiler that was ended (by memory, by the user) may do better next time; one that refused the text will not.
      if (typeof cause?.code === 'number') await writeFileAtomic(failure, `${error.message}\n`).catch(() => undefined);
      throw new NativeWitnessError('compile', 'the C++ form of a circuit does not compile', { where: error.where, got, hint: `set CXX to another compiler than ${compiler.version}`, cause: error });
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
    return await openBuilt(dir, source);
  } catch (error) {
    throw error instanceof AttributionError ? error : fileError('build the native witness generator', source.dir, error);
  }
}

async function findBuilt(source: NativeSource, prefix: string): Promise<NativeGenerator | undefined> {
  if (!existsSync(source.dir)) return undefined;
  const wanted = process.env.CXX ? (await findCompiler())?.id : undefined;
  const name = readdirSync(source.dir).find((entry) => entry.startsWith(prefix) && (wanted === undefined || entry === prefix + wanted) && existsSync(join(source.dir, entry, 'build.json')));
  if (name === undefined) return undefined;
  return openBuilt(join(source.dir, name), source);
}

async function openBuilt(dir: string, source: NativeSource): Promise<NativeGenerator> {
  const program = join(dir, 'generator');
  const record = JSON.parse(await readFile(join(dir, 'build.json'), 'utf8')) as BuildRecord;
  // A wrong witness would cost a whole proof before it is noticed.
  for (const [path, expected, remove] of [[program, record.sha256, dir], [source.dat, record.dat, `${source.dir} and the compiled circuit`]]) {
    const got = sha256(await readFile(path));
    if (got !== expected) throw new NativeWitnessError('damaged', 'the file is not the one of the build', { where: path, expected, got, hint: `remove ${remove}; it is made again` });
  }
  return { dir, program, dat: source.dat, seconds: record.seconds };
}
