/**
 * From nothing to a library that can be trusted: choose the instruction set, build or find the library, check that its file is
 * the one that was built, load it, test it. Once for each process and library.
 */
import { constants } from 'node:os';
import { NativeKernelsError, UnsupportedIsaError } from '../../../src/errors/kernels.js';
import { cacheRoot } from '../../../src/files/paths.js';
import { archIsas, ISAS, type Isa } from './build/isa.js';
import { buildLibrary, cachedLibrary, isIntact, type BuiltLibrary, type LibraryBuild } from './build/library.js';
import { cpuSources, librarySources } from './build/sources.js';
import type { NativeLibrary } from './library.js';
import { selfTest } from './selfTest.js';

export interface LoadOptions {
  /** Default: $ZKATTR_ISA, else the best one of this CPU. */
  isa?: Isa;
  /** Told before a build, which takes a minute or two; default: one line on stderr. */
  progress?: (message: string) => void;
}

export interface Loaded {
  library: NativeLibrary;
  isa: Isa;
  built: BuiltLibrary;
}

/** By instruction set and cache: two callers at once share one build. */
const loadings = new Map<string, Promise<Loaded>>();
/** Exports of loaded files: loading one twice would start it twice. */
const loaded = new Map<string, unknown>();

/** The instruction sets that this CPU and its system can run, best first. Builds a tiny library when asked first. @throws NativeKernelsError */
export async function usableIsas(): Promise<Isa[]> {
  if (!['linux', 'darwin'].includes(process.platform)) {
    throw new NativeKernelsError('platform', 'native kernels know no such system', { where: 'native kernels', expected: 'linux or darwin', got: process.platform, hint: 'the portable kernels run anywhere' });
  }
  const cpu = open(await intact(await buildLibrary({ name: 'cpu', flags: [], sources: cpuSources() }))) as Record<Isa, boolean>;
  return archIsas().filter((isa) => cpu[isa]);
}

/** The instruction set to use. @throws UnsupportedIsaError when the one asked for is not there; NativeKernelsError */
export async function chooseIsa(isa?: Isa): Promise<Isa> {
  const wanted = isa ?? process.env.ZKATTR_ISA;
  const usable = await usableIsas();
  if (!wanted) return usable[0];
  const chosen = usable.find((name) => name === wanted);
  if (chosen === undefined) throw new UnsupportedIsaError(wanted, usable, isa === undefined ? 'ZKATTR_ISA' : 'createNativeKernels');
  return chosen;
}

export const libraryBuild = (isa: Isa): LibraryBuild => ({ name: isa, flags: ISAS[isa].flags, sources: librarySources() });

/** Where the library of an instruction set lies, if it is built. */
export const findBuilt = async (isa: Isa): Promise<BuiltLibrary | undefined> => cachedLibrary(libraryBuild(isa));

/** @throws UnsupportedIsaError, NativeKernelsError, FileError */
export async function loadNative({ isa, progress = onStderr() }: LoadOptions = {}): Promise<Loaded> {
  const chosen = await chooseIsa(isa), key = `${chosen} ${cacheRoot()}`;
  let loading = loadings.get(key);
  if (!loading) {
    loadings.set(key, (loading = load(chosen, progress)));
    // What failed may be tried again: the reason may have gone.
    loading.catch(() => loadings.delete(key));
  }
  return loading;
}

async function load(isa: Isa, progress: (message: string) => void): Promise<Loaded> {
  const built = await intact(await buildLibrary(libraryBuild(isa), { progress }));
  const library = open(built) as NativeLibrary;
  const fault = library.isa === isa ? await selfTest(library) : `it was compiled for ${library.isa}`;
  if (fault !== undefined) {
    throw new NativeKernelsError('selfTest', 'library failed its self-test', {
      where: built.path, got: fault, hint: `set ZKATTR_ISA to another one (${archIsas().join(', ')}), CXX to another compiler, and report it`,
    });
  }
  // Threads end before static data does; Node tells JavaScript of the end of the process, libraries it does not tell.
  process.once('exit', () => library.shutdown());
  return { library, isa, built };
}

/** A damaged library could crash the process that loads it: the hash is cheaper than finding out. */
async function intact(library: BuiltLibrary): Promise<BuiltLibrary> {
  if (await isIntact(library)) return library;
  throw new NativeKernelsError('load', 'library is not the one that was built', { where: library.path, expected: `sha256 ${library.sha256}`, got: 'another file', hint: 'npm run build:native builds it again' });
}

function open({ path }: BuiltLibrary): unknown {
  if (!loaded.has(path)) {
    const module = { exports: {} };
    try {
      // Now, not at the first call: a missing symbol is then an error here, and not the end of the process.
      process.dlopen(module, path, constants.dlopen.RTLD_NOW);
    } catch (cause) {
      throw new NativeKernelsError('load', 'library cannot be loaded', { where: path, cause, got: (cause as Error).message, hint: 'npm run build:native builds it again' });
    }
    loaded.set(path, module.exports);
  }
  return loaded.get(path);
}

/** The first message only: what takes so long, and that it is for once. */
function onStderr(): (message: string) => void {
  let said = false;
  return (message) => {
    if (!said) process.stderr.write(`zkattr: ${message}\n`);
    said = true;
  };
}
