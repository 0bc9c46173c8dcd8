/** Writes verifier-contracts/test/fixtures/<relation>-<class>.json with simulated proofs. Usage: node dist/test/contracts/writeFixtures.js */
import { join } from 'node:path';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { packageRoot } from '../../src/files/paths.js';
import { simulatedFixture } from './fixture.js';
import { loadClass } from './scenario.js';

for (const name of ['4x4', '64x64']) {
  const cls = await loadClass(name);
  for (const relation of ['payout', 'features'] as const) {
    await writeFileAtomic(join(packageRoot(), 'verifier-contracts', 'test', 'fixtures', `${relation}-${name}.json`), `${JSON.stringify(simulatedFixture(cls, relation), null, 2)}\n`);
  }
}
