/**
 * Compiles the circuits of circuits/ by circom2 (circom 2.2.3 as WebAssembly) into r1cs, witness generator and symbols.
 * The generator's C++ form comes out of the same run and is kept for prover/witness/native.
 *
 * The compiler runs as a child process: it is synchronous, and its WASI sandbox sees only what lies below the working
 * folder. It therefore runs in the nearest folder above output and includes alike, and gets all paths relative to it.
 * Results are cached under cacheRoot()/circuits/<class>/<relation>/<key>, key = hash of everything they depend on.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { performance } from 'node:perf_hooks';
import { CircuitError } from '../../src/errors/setup.js';
import { fileError } from '../../src/files/atomic.js';
import { cacheRoot, packageRoot } from '../../src/files/paths.js';
import { keepSource } from '../witness/native/source.js';
import { domainWord, type Relation, type SizeClass } from '../../src/statement/sizeClass.js';

/** circom's simplification: O0 none, O1 signal equalities, O2 all linear constraints. */
export type OptimisationLevel = 'O0' | 'O1' | 'O2';

export interface CompiledCircuit {
  dir: string;
  /** Hash of sources, parameters, compiler and flags. */
  key: string;
  r1cs: string;
  wasm: string;
  sym: string;
  /** Compile time; 0 when it came from the cache. */
  seconds: number;
}

export interface CompileOptions {
  optimisation?: OptimisationLevel;
  progress?: (message: string) => void;
}

const require = createRequire(import.meta.url);
/** Raised when the compiler is called differently, so that cached circuits are made again. */
const FORMAT_VERSION = 2;
const FILES = { r1cs: 'circuit.r1cs', wasm: 'circuit.wasm', sym: 'circuit.sym' } as const;

const packageVersion = async (name: string): Promise<string> =>
  (JSON.parse(await readFile(require.resolve(`${name}/package.json`), 'utf8')) as { version: string }).version;

/** Source of the main component of one relation in one class. */
export function mainSource(cls: SizeClass, relation: Relation): string {
  const domain = domainWord(relation, cls.id);
  const { queriesLog, contributorsLog, layersLog, rankLog, widthLog } = cls;
  const [template, parameters] = relation === 'payout'
    ? ['Payout', [domain, queriesLog, contributorsLog, layersLog, rankLog, widthLog, cls.tokensLog, cls.blocksLog]]
    : ['Features', [domain, contributorsLog, layersLog, rankLog, widthLog, cls.trainTokensLog, cls.trainBlocksLog]];
  return `pragma circom 2.2.0;
include "attribution/${relation}.circom";
component main {public [gammaPrime, gammaList, listEvaluation]} = ${template}(${parameters.join(', ')});
`;
}

/** All .circom files below `dir`, as path and content, in a fixed order. */
async function sources(dir: string): Promise<[string, string][]> {
  if (!existsSync(dir)) return [];
  const names = (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.circom')).sort();
  return Promise.all(names.map(async (name): Promise<[string, string]> => [name, await readFile(join(dir, name), 'utf8')]));
}

/** Nearest folder above all of `paths` (absolute, existing). */
function commonFolder(paths: readonly string[]): string {
  let common = paths[0];
  while (!paths.every((path) => path === common || path.startsWith(common.endsWith(sep) ? common : common + sep))) common = dirname(common);
  return common;
}

function runCompiler(cwd: string, args: string[]): Promise<void> {
  const cli = require.resolve('circom2/cli.js');
  return new Promise((resolve, reject) => {
    // The compiler holds the whole constraint system: the default heap is too small for the largest class.
    execFile(process.execPath, ['--max-old-space-size=4096', cli, ...args], { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (!error) return resolve();
      const log = `${stdout}\n${stderr}`.replace(/\u001b\[[0-9;]*m/g, '');
      const at = log.search(/error/i);
      reject(new CircuitError('circom refused the circuit', {
        where: /┌─ "?([^"\n]+)"?/.exec(log)?.[1] ?? 'circuit', got: log.slice(Math.max(0, at), at + 1200).trim(), hint: 'correct the template at the line shown', cause: error,
      }));
    });
  });
}

/**
 * Compiles one main source. The result is complete or absent: it is built in a folder of its own and renamed.
 * @param baseDir      folder that gets one sub-folder a key
 * @param includeDirs  searched for includes after circomlib
 * @throws CircuitError with circom's message; FileError
 */
export async function compileSource(source: string, includeDirs: readonly string[], baseDir: string, options: CompileOptions = {}): Promise<CompiledCircuit> {
  const { optimisation = 'O2', progress } = options;
  const versions = await Promise.all(['circom2', 'circomlib'].map(packageVersion));
  const hash = createHash('sha256').update(JSON.stringify([FORMAT_VERSION, source, optimisation, versions]));
  for (const dir of includeDirs) hash.update(JSON.stringify(await sources(dir)));
  const key = hash.digest('hex').slice(0, 32);
  const dir = join(baseDir, key);
  const circuit = { dir, key, r1cs: join(dir, FILES.r1cs), wasm: join(dir, FILES.wasm), sym: join(dir, FILES.sym) };
  if (existsSync(circuit.r1cs)) return { ...circuit, seconds: 0 };

  const start = performance.now();
  const temporary = join(baseDir, `.${key}.${process.pid}.${randomBytes(4).toString('hex')}`);
  try {
    await mkdir(temporary, { recursive: true });
    const out = realpathSync(temporary);
    await writeFile(join(out, 'circuit.circom'), source);
    progress?.(`compiling circuit ${key.slice(0, 8)} with circom2 ${versions[0]} --${optimisation}`);
    const includes = [join(dirname(require.resolve('circomlib/package.json')), 'circuits'), ...includeDirs].filter((path) => existsSync(path)).map((path) => realpathSync(path));
    const cwd = commonFolder([out, ...includes]);
    const below = (path: string): string => relative(cwd, path) || '.';
    await runCompiler(cwd, [
      below(join(out, 'circuit.circom')), '--r1cs', '--wasm', '--c', '--sym', `--${optimisation}`, ...includes.flatMap((path) => ['-l', below(path)]), '-o', below(out),
    ]);
    await rename(join(out, 'circuit_js', 'circuit.wasm'), join(out, FILES.wasm));
    await keepSource(join(out, 'circuit_cpp'), join(out, FILES.wasm));
    await Promise.all(['circuit_js', 'circuit_cpp'].map((name) => rm(join(out, name), { recursive: true })));
    // A second process may have finished first: its result is the same.
    await rename(temporary, dir).catch(async (error: NodeJS.ErrnoException) => {
      if (!existsSync(circuit.r1cs)) throw error;
    });
  } catch (error) {
    throw error instanceof CircuitError ? error : fileError('compile circuit', baseDir, error);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return { ...circuit, seconds: (performance.now() - start) / 1000 };
}

/** Compiles the circuit of one relation in one size class, or takes it from the cache. @throws CircuitError, FileError */
export async function compileCircuit(cls: SizeClass, relation: Relation, options: CompileOptions = {}): Promise<CompiledCircuit> {
  return compileSource(mainSource(cls, relation), [join(packageRoot(), 'circuits')], join(cacheRoot(), 'circuits', cls.name, relation), options);
}
