/** The C++ compiler: $CXX, else the first of g++, c++, clang++ on the PATH. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { NativeKernelsError } from '../../../../src/errors/kernels.js';

export interface Compiler {
  command: string;
  /** Words of $CXX after the command, such as `g++` in `ccache g++`. */
  args: readonly string[];
  /** Where the command was found. */
  path: string;
  /** First line of --version. */
  version: string;
  /** Hash of all of --version: target and vendor count as well. */
  id: string;
}

const CANDIDATES = ['g++', 'c++', 'clang++'];
const run = promisify(execFile);

/** Undefined when nothing that compiles is found. */
export async function findCompiler(): Promise<Compiler | undefined> {
  const forced = process.env.CXX?.trim();
  for (const [command, ...args] of forced ? [forced.split(/\s+/)] : CANDIDATES.map((name) => [name])) {
    const path = which(command);
    if (path === undefined) continue;
    try {
      const { stdout } = await run(path, [...args, '--version']);
      return { command, args, path, version: stdout.split('\n')[0].trim(), id: createHash('sha256').update(stdout).digest('hex').slice(0, 8) };
    } catch {
      // Not a compiler that answers (a stub of the system, say): try the next.
    }
  }
  return undefined;
}

/** @throws NativeKernelsError */
export async function needCompiler(): Promise<Compiler> {
  const compiler = await findCompiler();
  if (compiler) return compiler;
  throw new NativeKernelsError('compiler', 'no C++ compiler', {
    where: 'native kernels', expected: process.env.CXX ? '$CXX to be one' : CANDIDATES.join(' or '), got: process.env.CXX || 'none on the PATH',
    hint: 'install g++ (Debian: apt install g++; macOS: xcode-select --install)',
  });
}

/** @throws NativeKernelsError with the compiler's first error */
export async function compile(compiler: Compiler, args: readonly string[], what: string): Promise<void> {
  try {
    await run(compiler.path, [...compiler.args, ...args], { maxBuffer: 1 << 26, env: { ...process.env, LC_ALL: 'C' } });
  } catch (cause) {
    const { stderr = '', signal } = cause as { stderr?: string; signal?: string };
    const at = stderr.search(/\berror\b/);
    const line = signal ? `ended by ${signal}` : stderr.slice(Math.max(0, stderr.lastIndexOf('\n', at) + 1)).split('\n').slice(0, 3).join('\n').trim() || String(cause);
    throw new NativeKernelsError('compile', 'compiler failed', {
      where: what, got: line, cause, hint: signal ? 'is there enough memory?' : `${compiler.version} needs C++17 and the instruction set's intrinsics; set CXX to another compiler, or ZKATTR_ISA to another set`,
    });
  }
}

/** First file of that name on the PATH that may be run. */
function which(command: string): string | undefined {
  const folders = isAbsolute(command) || command.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => (folder === '' ? command : join(folder, command))).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
