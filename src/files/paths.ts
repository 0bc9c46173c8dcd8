import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the installed package: the nearest folder above this file whose package.json is named zkattr. */
export function packageRoot(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    const manifest = join(dir, 'package.json');
    if (existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string }).name === 'zkattr') return dir;
    if (dir === dirname(dir)) throw new Error('package.json of zkattr not found above its own files; reinstall the package');
  }
}

/** Folder of caches (compiled circuits, development keys): `ZKATTR_HOME`, or `.zkattr` in the package root. */
export const cacheRoot = (): string => process.env.ZKATTR_HOME ?? join(packageRoot(), '.zkattr');
