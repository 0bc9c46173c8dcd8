/**
 * Builds a library from the sources, or finds it built: cacheRoot()/native/<name>-<sources>-<compiler>/, complete or absent.
 *   zkattr.node   the library
 *   build.json    its hash, the compiler, the flags
 * Object files are cached one by one under native/objects, so a changed file costs its own compilation. A build that failed
 * leaves <key>.failed, so that the next process falls back at once instead of failing again after a minute.
 *
 * At run time a library of the same sources by any compiler will do: a machine without a compiler can use one built before.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { NativeKernelsError } from '../../../../src/errors/kernels.js';
import { fileError, writeFileAtomic } from '../../../../src/files/atomic.js';
import { cacheRoot } from '../../../../src/files/paths.js';
import { compile, findCompiler, needCompiler, type Compiler } from './compiler.js';
import type { Sources, Unit } from './sources.js';

export interface LibraryBuild {
  /** First word of the folder's name and of messages. */
  name: string;
  flags: readonly string[];
  sources: Sources;
  /** An executable with a main of its own (tests of the C++ code) instead of a library. */
  program?: boolean;
}

export interface BuiltLibrary {
  path: string;
  /** Of the file, as written by the build. */
  sha256: string;
  compiler: string;
  /** Compile time; 0 when it came from the cache. */
  seconds: number;
}

export interface BuildOptions {
  progress?: (message: string) => void;
  /** Build with the compiler at hand, also when an earlier build failed or another compiler's library exists. */
  fresh?: boolean;
}

const COMMON = ['-std=c++17', '-O3', '-fPIC', '-fvisibility=hidden', '-fno-strict-aliasing', '-fexceptions', '-pthread', '-Wall', '-Wextra', '-DNAPI_VERSION=8', '-DNODE_ADDON_API_CPP_EXCEPTIONS'];
/** Functions of Node-API are found in the process that loads the library. */
const SHARED = process.platform === 'darwin' ? ['-shared', '-undefined', 'dynamic_lookup'] : ['-shared'];
const link = ({ program }: LibraryBuild): string[] => [...(program ? [] : SHARED), '-pthread'];
const FILE = 'zkattr.node';

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const nativeRoot = (): string => join(cacheRoot(), 'native');
/** Everything but the compiler. */
const sourceKey = (build: LibraryBuild): string =>
  `${build.name}-${sha256(JSON.stringify([build.sources.hash, COMMON, build.flags, link(build), process.versions.modules, process.platform, process.arch])).slice(0, 16)}`;

/** The library if it is built, by $CXX when that is set, else by whichever compiler; undefined when it is not. */
export async function cachedLibrary(build: LibraryBuild): Promise<BuiltLibrary | undefined> {
  const root = nativeRoot(), prefix = `${sourceKey(build)}-`;
  const wanted = process.env.CXX ? (await findCompiler())?.id : undefined;
  if (!existsSync(root)) return undefined;
  const found = readdirSync(root).filter((name) => name.startsWith(prefix) && (wanted === undefined || name === prefix + wanted) && existsSync(join(root, name, 'build.json')));
  const newest = found.map((name) => ({ name, time: statSync(join(root, name)).mtimeMs })).sort((a, b) => b.time - a.time)[0];
  return newest && read(join(root, newest.name));
}

async function read(dir: string): Promise<BuiltLibrary> {
  try {
    const { sha256, compiler } = JSON.parse(await readFile(join(dir, 'build.json'), 'utf8')) as { sha256: string; compiler: string };
    return { path: join(dir, FILE), sha256, compiler, seconds: 0 };
  } catch (cause) {
    throw new NativeKernelsError('load', 'build record is damaged', { where: dir, cause, hint: 'npm run build:native builds it again' });
  }
}

/**
 * The library, built when it is not there yet.
 * @throws NativeKernelsError (compiler, compile), FileError
 */
export async function buildLibrary(build: LibraryBuild, { progress, fresh = false }: BuildOptions = {}): Promise<BuiltLibrary> {
  const cached = fresh ? undefined : await cachedLibrary(build);
  if (cached) return cached;
  const compiler = await needCompiler();
  const key = `${sourceKey(build)}-${compiler.id}`;
  const dir = join(nativeRoot(), key), failure = `${dir}.failed`;
  if (fresh) {
    const intact = existsSync(join(dir, 'build.json')) ? await read(dir).then(isIntact, () => undefined) : undefined;
    if (intact) return intact;
    await rm(dir, { recursive: true, force: true });
  } else if (existsSync(failure)) {
    throw new NativeKernelsError('compile', 'an earlier build failed', { where: build.name, got: (await readFile(failure, 'utf8')).slice(0, 400), hint: 'npm run build:native tries again' });
  }
  const start = performance.now();
  const temporary = join(nativeRoot(), `.${key}.${process.pid}.${randomBytes(4).toString('hex')}`);
  try {
    progress?.(`building native kernels (${build.name}), once, with ${compiler.version}`);
    await mkdir(temporary, { recursive: true });
    const objects = await compileUnits(build, compiler, temporary, progress);
    const path = join(temporary, FILE);
    await compile(compiler, [...objects, ...link(build), '-o', path], `linking ${build.name}`);
    const record = { sha256: sha256(await readFile(path)), compiler: compiler.version, flags: [...COMMON, ...build.flags] };
    await writeFile(join(temporary, 'build.json'), `${JSON.stringify(record, null, 1)}\n`);
    // A second process may have finished first: its result is the same.
    await rename(temporary, dir).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(join(dir, 'build.json'))) throw error;
    });
    await rm(failure, { force: true });
    return { ...(await read(dir)), seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    if (!(error instanceof NativeKernelsError)) throw fileError('build native kernels', nativeRoot(), error);
    // A compiler that was ended (by memory, by the user) may do better next time; one that refused the sources will not.
    if (error.cause && typeof (error.cause as { code?: unknown }).code === 'number') await writeFileAtomic(failure, `${error.message}\n`).catch(() => undefined);
    throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The library if its file is the one that was built. */
export async function isIntact(library: BuiltLibrary): Promise<BuiltLibrary | undefined> {
  const data = await readFile(library.path).catch(() => undefined);
  return data && sha256(data) === library.sha256 ? library : undefined;
}

/** Paths of the object files, in the order of the units; as many compilers at once as there are cores. */
async function compileUnits({ name, flags, sources }: LibraryBuild, compiler: Compiler, temporary: string, progress?: (message: string) => void): Promise<string[]> {
  const cache = join(nativeRoot(), 'objects');
  await mkdir(cache, { recursive: true });
  const args = [...COMMON, ...flags, ...sources.includes.flatMap((path) => ['-isystem', path])];
  const target = ({ hash }: Unit): string => join(cache, `${sha256(JSON.stringify([hash, args, compiler.id, process.arch])).slice(0, 32)}.o`);
  const missing = sources.units.filter((unit) => !existsSync(target(unit)));
  const total = missing.length;
  let done = 0, failed = false;
  const worker = async (): Promise<void> => {
    for (let unit = missing.shift(); unit && !failed; unit = missing.shift()) {
      const object = join(temporary, `${unit.hash.slice(0, 32)}.o`);
      await compile(compiler, [...args, '-c', unit.path, '-o', object], unit.name).catch((error: unknown) => {
        failed = true;
        throw error;
      });
      await rename(object, target(unit));
      progress?.(`${name}: ${unit.name} (${++done} of ${total})`);
    }
  };
  // All end before the caller removes the folder they write to.
  const ended = await Promise.allSettled(Array.from({ length: availableParallelism() }, worker));
  for (const result of ended) if (result.status === 'rejected') throw result.reason;
  return sources.units.map(target);
}
