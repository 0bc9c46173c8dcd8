/** The C++ sources and what they depend on, as hashes: keys of the build cache. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { NativeKernelsError } from '../../../../src/errors/kernels.js';
import { packageRoot } from '../../../../src/files/paths.js';

/** One translation unit with the text of every file of ours that it includes. */
export interface Unit {
  /** Relative to the folder of sources. */
  name: string;
  path: string;
  /** Hash of its text and of all it includes. */
  hash: string;
}

export interface Sources {
  units: readonly Unit[];
  /** Of the headers of Node-API. */
  includes: readonly string[];
  /** Hash of all of it. */
  hash: string;
}

const require = createRequire(import.meta.url);
const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
/** Source files lie in the package, also when this code runs from dist. */
const root = (): string => join(packageRoot(), 'prover', 'kernels', 'native');

const folderOf = (name: string): string => name.split(sep)[0];

/** @throws NativeKernelsError when the package was installed without them */
export const librarySources = (): Sources => sourcesIn(join(root(), 'cpp'), (name) => folderOf(name) !== 'test');

/** Programs that test the arithmetic without Node, by name: each with all of it, save the surface to JavaScript. */
export function testPrograms(): Map<string, Sources> {
  const cpp = join(root(), 'cpp');
  const names = sourcesIn(cpp, (name) => folderOf(name) === 'test').units.map(({ name }) => name);
  return new Map(names.map((test) => [basename(test, '.cpp'), sourcesIn(cpp, (name) => name === test || !['test', 'addon'].includes(folderOf(name)))]));
}

/** The one file that asks the CPU what it has. */
export const cpuSources = (): Sources => sourcesIn(join(root(), 'cpu'));

/** Every .cpp file below `dir` that is `chosen`, by its path from there. @throws NativeKernelsError */
export function sourcesIn(dir: string, chosen: (name: string) => boolean = () => true): Sources {
  try {
    const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cpp') && chosen(name)).sort();
    if (names.length === 0) throw new Error('no source file');
    const texts = new Map<string, string>();
    const units = names.map((name) => ({ name, path: join(dir, name), hash: sha256(closure(join(dir, name), texts).map((path) => [relative(dir, path), texts.get(path)])) }));
    const headers = ['node-addon-api', 'node-api-headers'].map((name) => require.resolve(`${name}/package.json`));
    const versions = headers.map((path) => (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version);
    const includes = [dirname(headers[0]), join(dirname(headers[1]), 'include')];
    return { units, includes, hash: sha256([versions, units.map(({ name, hash }) => [name, hash])]) };
  } catch (cause) {
    throw new NativeKernelsError('sources', 'cannot read the C++ sources', { where: dir, cause, got: (cause as Error).message, hint: 'install the package again, with its dependencies' });
  }
}

/** The file and all that it includes with quotes, in order of first mention; texts go to `texts`. */
function closure(path: string, texts: Map<string, string>, seen = new Set<string>()): string[] {
  if (seen.has(path)) return [];
  seen.add(path);
  let text = texts.get(path);
  if (text === undefined) texts.set(path, (text = readFileSync(path, 'utf8')));
  const included = [...text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)].map(([, name]) => resolve(dirname(path), name));
  return [path, ...included.flatMap((file) => closure(file, texts, seen))];
}
