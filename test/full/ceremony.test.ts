/** Keys of a real class from a powers-of-tau file by the command line: phase 2, verification, a proof under them. The file's tau is public: this tests the path, not a secret. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SnarkjsBackend } from '../../prover/backends/groth16.js';
import { selectKernels } from '../../prover/kernels/index.js';
import { prove } from '../../prover/prove.js';
import { openSetup, writeDevelopmentPtau } from '../../prover/setup/index.js';
import { readSrs } from '../../src/commitment/srs.js';
import { sizeClass } from '../../src/statement/classes.js';
import { verifierKey } from '../../src/verify/key.js';
import { verifyProof } from '../../src/verify/proof.js';
import { run } from '../support/cli.js';
import { makeScenario } from '../support/scenario.js';

/** One above the power of the payout circuit (2^15): snarkjs reads Lagrange points of the doubled domain. */
const POWER = 16;

describe('keys of class 4x4 from a powers-of-tau file', () => {
  let dir: string, ptau: string, keysDir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'zkattr-ceremony-'));
    ptau = join(dir, 'powers.ptau');
    keysDir = join(dir, 'keys');
    await writeDevelopmentPtau(ptau, POWER, { prepared: true });
    const { code, out } = await run(['setup', '--class', '4x4', '--ptau', ptau, '--out', keysDir, '--contributions', 'first', 'second', '--beacon', `0x${'07'.repeat(32)}`]);
    assert.equal(code, 0, out);
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('pass their own verification', async () => {
    const { code, out } = await run(['setup', 'verify', '--keys', keysDir, '--ptau', ptau]);
    assert.equal(code, 0, out);
    assert.doesNotMatch(out, /FAIL/);
  });

  it('prove and verify', async () => {
    const keys = await openSetup(keysDir);
    const kernels = await selectKernels();
    const groth16 = new SnarkjsBackend();
    try {
      const srs = await readSrs(keys.srs);
      const { statement, witness, mask } = (await makeScenario(kernels, srs, sizeClass('4x4'))).payout;
      const { proof } = await prove(statement, witness, mask, { kernels, groth16, srs, keys: keys.payout });
      assert.ok(verifyProof(statement, proof, verifierKey(keys.payout.vk)).ok);
      assert.ok(!verifyProof(statement, proof, verifierKey(keys.features.vk)).ok);
    } finally {
      await groth16.close();
      await kernels.close();
    }
  });
});
