import { contractFeaturesStatement, contractPayoutStatement, contractProof, type Economy } from '../../chain/index.js';
import { jobSchema, readArtifact } from '../../protocol/artifacts.js';
import { jobStatement, registrationStatement } from '../../protocol/statements.js';
import type { KeyWords } from '../../verify/key.js';
import { verifierKey } from '../../verify/key.js';
import { verifyProof } from '../../verify/proof.js';
import { readBatch } from '../infer/handler.js';
import type { Workspace } from '../workspace.js';

export interface Verdict {
  what: string;
  ok: boolean;
  detail: string;
}

/** Verifies the features proof and a job's payout proof from their files, off chain and, with `economy`, by the contract. */
export async function verify(workspace: Workspace, jobFolder: string | undefined, keys: { features: KeyWords; payout: KeyWords }, economy?: Economy): Promise<Verdict[]> {
  const registration = await workspace.registration();
  const verdicts: Verdict[] = [];
  const check = async (what: string, run: () => Promise<string> | string): Promise<void> => {
    try {
      verdicts.push({ what, ok: true, detail: await run() });
    } catch (error) {
      verdicts.push({ what, ok: false, detail: (error as Error).message });
    }
  };
  const accepted = (result: ReturnType<typeof verifyProof>): string => {
    if (!result.ok) throw result.error;
    return 'accepted';
  };
  const features = registrationStatement(registration);
  await check('features proof (R1), off chain', () => accepted(verifyProof(features, registration.proof, verifierKey(keys.features))));
  if (economy) {
    const { opening, proof } = contractProof(registration.proof);
    await check('features proof (R1), contract', async () => { await economy.verifier.verifyFeatures(contractFeaturesStatement(features), opening, proof); return 'accepted'; });
  }
  const jobs = jobFolder === undefined ? workspace.finished('jobs', 'job.json') : [jobFolder];
  for (const name of jobs) {
    const job = await readArtifact(workspace.path('jobs', name, 'job.json'), jobSchema);
    const batches = await Promise.all(job.batches.map((batch) => readBatch(workspace, batch)));
    const statement = jobStatement(job, registration, batches);
    await check(`payout proof (R2) of job ${name}, off chain`, () => accepted(verifyProof(statement, job.proof, verifierKey(keys.payout))));
    if (economy) {
      const { opening, proof } = contractProof(job.proof);
      await check(`payout proof (R2) of job ${name}, contract`, async () => { await economy.verifier.verifyPayout(contractPayoutStatement(statement), opening, proof); return 'accepted'; });
    }
  }
  return verdicts;
}
