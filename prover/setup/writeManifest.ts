/**
 * Writes circuits/manifest.json. The first run compiles and makes the keys of all classes (64x64: about two minutes).
 * Run: node dist/prover/setup/writeManifest.js [--check]     --check writes nothing and fails on a difference
 */
import { isDeepStrictEqual } from 'node:util';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { buildManifest, MANIFEST_PATH, readPinned } from './manifest.js';

const manifest = await buildManifest({ progress: (text) => console.error(text) });
if (process.argv.includes('--check')) {
  if (!isDeepStrictEqual(manifest, await readPinned())) {
    console.error('circuits/manifest.json is out of date: run node dist/prover/setup/writeManifest.js');
    process.exitCode = 1;
  }
} else {
  await writeFileAtomic(MANIFEST_PATH, `${JSON.stringify(manifest, null, 2)}\n`);
}
