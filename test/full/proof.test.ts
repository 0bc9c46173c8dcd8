/** Both relations of the largest class, from random tables to an accepted proof. Minutes; run by npm run test:full. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readSrs } from '../../src/commitment/srs.js';
import { verifierKey } from '../../src/verify/key.js';
import { verifyProof } from '../../src/verify/proof.js';
import { SnarkjsBackend } from '../../prover/backends/groth16.js';
import { selectKernels, type Kernels } from '../../prover/kernels/index.js';
import { prove } from '../../prover/prove.js';
import { developmentKeys, type SetupKeys } from '../../prover/setup/index.js';
import { pinnedClasses } from '../../prover/setup/manifest.js';
import { makeScenario, type Scenario } from '../support/scenario.js';

describe('class 64x64 end to end', () => {
  let kernels: Kernels, groth16: SnarkjsBackend, keys: SetupKeys, scenario: Scenario;
  before(async () => {
    const cls = (await pinnedClasses()).find(({ name }) => name === '64x64')!;
    kernels = await selectKernels();
    groth16 = new SnarkjsBackend();
    keys = await developmentKeys(cls, { progress: (text) => console.log(text) });
    scenario = await makeScenario(kernels, await readSrs(keys.srs), cls, { tokensLog: 10 });
  });
  after(async () => {
    await groth16?.close();
    await kernels?.close();
  });

  for (const relation of ['features', 'payout'] as const) {
    it(`proves ${relation}; a statement for another context is refused`, async () => {
      const { statement, witness, mask } = scenario[relation], vk = verifierKey(keys[relation].vk);
      const { proof, stages } = await prove(statement, witness, mask, { kernels, groth16, srs: scenario.srs, keys: keys[relation] });
      console.log(`${relation}: seconds by stage`, stages);
      assert.deepEqual(verifyProof(statement, proof, vk), { ok: true });
      assert.equal(verifyProof({ ...statement, context: statement.context + 1n }, proof, vk).ok, false);
      const forged = { ...proof, y: (proof.y + 1n) };
      assert.equal(verifyProof(statement, forged, vk).ok, false);
    });
  }
});
