import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { measureClass, pinnedClasses, readPinned } from '../../../prover/setup/manifest.js';

describe('circuits/manifest.json', () => {
  it('names exactly the classes of circuits.json', async () => {
    assert.deepEqual(Object.keys((await readPinned()).classes), (await pinnedClasses()).map(({ name }) => name));
  });

  it('equals what class 4x4 compiles to and the hash of its development keys', async () => {
    const cls = (await pinnedClasses()).find(({ name }) => name === '4x4')!;
    assert.deepEqual(await measureClass(cls), (await readPinned()).classes['4x4'], 'if the change is meant: node dist/prover/setup/writeManifest.js');
  });
});
