import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { measureClass, pinnedClasses, readPinned } from '../../prover/setup/manifest.js';

describe('circuits/manifest.json, large classes', () => {
  for (const name of ['16x16', '64x64']) {
    it(`equals what class ${name} compiles to and the hash of its development keys`, async () => {
      const cls = (await pinnedClasses()).find((c) => c.name === name)!;
      assert.deepEqual(await measureClass(cls, { progress: (text) => console.log(text) }), (await readPinned()).classes[name], 'if the change is meant: node dist/prover/setup/writeManifest.js');
    });
  }
});
