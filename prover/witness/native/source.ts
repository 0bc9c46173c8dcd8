/**
 * Where the C++ form of a circuit lies: cacheRoot()/witness/<sha-256 of the .wasm>/circuit.{cpp,dat}, as circom emitted it.
 *
 * It is found by the hash of the WebAssembly form and never taken from a folder of keys: those may come from others, and a
 * native program, unlike WebAssembly, can do anything. What lies here was emitted on this machine from sources at hand.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../../src/files/atomic.js';
import { cacheRoot } from '../../../src/files/paths.js';

export interface NativeSource {
  /** Folder of this circuit; builds are put beside the sources. */
  dir: string;
  cpp: string;
  dat: string;
}

export function sourceOf(wasm: Uint8Array): NativeSource {
  const dir = join(cacheRoot(), 'witness', createHash('sha256').update(wasm).digest('hex').slice(0, 32));
  return { dir, cpp: join(dir, 'circuit.cpp'), dat: join(dir, 'circuit.dat') };
}

/**
 * Keeps what circom emitted for a circuit.
 * @param emitted  folder with circuit.cpp and circuit.dat
 * @param wasm     path of the WebAssembly form of the same run
 * @throws FileError
 */
export async function keepSource(emitted: string, wasm: string): Promise<void> {
  const source = sourceOf(await readFile(wasm).catch((cause: unknown) => { throw fileError('read file', wasm, cause); }));
  if (existsSync(source.cpp)) return;
  try {
    await mkdir(source.dir, { recursive: true });
    // The .cpp comes last: where it is, all is.
    for (const path of [source.dat, source.cpp]) {
      const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
      await copyFile(join(emitted, path === source.cpp ? 'circuit.cpp' : 'circuit.dat'), temporary);
      await rename(temporary, path);
    }
  } catch (cause) {
    throw fileError('keep the C++ of a circuit', source.dir, cause);
  }
}
