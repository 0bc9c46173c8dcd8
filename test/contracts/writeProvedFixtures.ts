/**
 * Writes verifier-contracts/test/fixtures/<relation>-4x4-proved.json with proofs of the real prover under development keys.
 * Groth16 proofs are randomised: the files change with every run. Usage: node dist/test/contracts/writeProvedFixtures.js
 */
import { join } from 'node:path';
import { SnarkjsBackend } from '../../prover/backends/groth16.js';
import { selectKernels } from '../../prover/kernels/index.js';
import { prove } from '../../prover/prove.js';
import { developmentKeys } from '../../prover/setup/index.js';
import { contractFeaturesStatement, contractKey, contractPayoutStatement, contractProof } from '../../src/chain/index.js';
import { readSrs } from '../../src/commitment/srs.js';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { packageRoot } from '../../src/files/paths.js';
import { sizeClass } from '../../src/statement/classes.js';
import { makeScenario } from '../support/scenario.js';
import { encodeFixture, FIXTURE_CHAIN_ID, FIXTURE_CONTEXT, FIXTURE_VERIFIER } from './fixture.js';

const cls = sizeClass('4x4');
const keys = await developmentKeys(cls);
const srs = await readSrs(keys.srs);
const kernels = await selectKernels();
const groth16 = new SnarkjsBackend();
const scenario = await makeScenario(kernels, srs, cls, { chainId: BigInt(FIXTURE_CHAIN_ID), verifier: BigInt(FIXTURE_VERIFIER), context: BigInt(FIXTURE_CONTEXT) });
const provenance = 'proved under development keys (test/contracts/writeProvedFixtures.ts)';
for (const relation of ['features', 'payout'] as const) {
  const { statement, witness, mask } = scenario[relation];
  const { proof } = await prove(statement, witness, mask, { kernels, groth16, srs, keys: keys[relation] });
  const key = contractKey(keys[relation].vk);
  const fixture = relation === 'features'
    ? encodeFixture(provenance, cls, key, { relation, statement: contractFeaturesStatement(statement), ...contractProof(proof) })
    : encodeFixture(provenance, cls, key, { relation, statement: contractPayoutStatement(statement), ...contractProof(proof) });
  await writeFileAtomic(join(packageRoot(), 'verifier-contracts', 'test', 'fixtures', `${relation}-4x4-proved.json`), `${JSON.stringify(fixture, null, 2)}\n`);
}
await groth16.close();
await kernels.close();
