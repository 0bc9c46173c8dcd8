/**
 * Audit by replay: everything in a workspace folder (src/protocol/artifacts.ts) is computed again and compared bit by bit.
 * Needs the blinding factors (secrets.json), the reference string and the verification keys; runs no prover.
 * Chain access, where given, adds what the contracts know.
 */
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { numberToHex, type Hex } from 'viem';
import type { Economy } from '../chain/index.js';
import { g2Words, type Srs } from '../commitment/srs.js';
import { AuditMismatchError } from '../errors/audit.js';
import { keccakWords } from '../hash/keccak.js';
import { closeTapSession } from '../inference/session.js';
import { deploymentSchema, readArtifact, type JobFile, type Registration } from '../protocol/artifacts.js';
import { pointWords } from '../statement/statement.js';
import type { VerifierKey } from '../verify/proof.js';
import { auditBatch, type AuditedBatch } from './batch.js';
import { auditBundle } from './bundle.js';
import { auditChain, readChain, refundedBefore } from './chain.js';
import { assertSame, assertSameWord } from './compare.js';
import { artifactPath, type AuditContext, type AuditKeys } from './context.js';
import { auditPayout, readJob, type AuditedJob } from './job.js';
import { auditRegistration } from './registration.js';
import { Checklist, type AuditReport } from './report.js';

export type { AuditKeys } from './context.js';
export { renderReport, type AuditReport } from './report.js';

export interface AuditOptions {
  /** Workspace folder. */
  dir: string;
  /** Folder of one job; without it, all jobs and all batches. */
  job?: string;
  srs: Srs;
  keys: AuditKeys;
  /** Access to the chain of the deployment: compares what the contracts know. */
  economy?: Economy;
  /** Called with the name of every check when it starts. */
  progress?: (check: string) => void;
}

const numeric = (a: string, b: string): number => Number(a) - Number(b);

/** Subfolders, in numeric order; unfinished ones too: what is missing there is a finding. */
const subfolders = (context: AuditContext, kind: string): string[] => {
  const root = artifactPath(context, kind);
  return existsSync(root) ? readdirSync(root).sort(numeric) : [];
};

const RELATIONS = ['features', 'payout'] as const;

/** keccak256 of alpha, beta, gamma, delta, ic as EVM words, as the verifier contract has it. */
const keyHash = ({ alpha, beta, gamma, delta, ic }: VerifierKey): Hex =>
  numberToHex(keccakWords([...pointWords(alpha), ...[beta, gamma, delta].flatMap(g2Words), ...ic.flatMap(pointWords)]), { size: 32 });

/** The deployment file names the contracts that the registration is bound to. */
function checkDeployment({ list, deployment, keys }: AuditContext, r: Registration): Promise<boolean> | void {
  if (!deployment) return;
  return list.check('deployment', () => {
    assertSame('deployment.json', 'chainId', r.chainId, deployment.chainId);
    assertSameWord('deployment.json', 'verifier', r.verifier, deployment.verifier);
    assertSameWord('deployment.json', 'registry', r.registry, deployment.registry);
    for (const relation of RELATIONS) {
      const index = deployment.classes.findIndex((c) => c.name === r.className && c.relation === relation);
      if (index < 0) throw new AuditMismatchError('deployment.json', 'classes', `${relation} of ${r.className} is missing`);
      const { vkHash } = deployment.classes[index], given = keyHash(keys[relation]);
      if (given !== vkHash) throw new AuditMismatchError('deployment.json', `classes[${index}].vkHash`, `the auditor's key of ${relation} has ${given}, artifact has ${vkHash}`);
    }
    return `chain ${deployment.chainId}, registry ${deployment.registry}, escrow ${deployment.escrow}, keys of both relations`;
  });
}

/**
 * Replays a workspace. A missing, truncated or altered artifact is a failed check, never an exception; the first failed check
 * names it. Checks that an earlier failure makes impossible are listed as not checked.
 */
export async function auditJob(options: AuditOptions): Promise<AuditReport> {
  const dir = resolve(options.dir), list = new Checklist(dir, options.progress);
  const context: AuditContext = { dir, list, srs: options.srs, keys: options.keys };
  const model = await auditBundle(context);
  try {
    context.deployment = await list.value('deployment file', () => readArtifact(artifactPath(context, 'deployment.json'), deploymentSchema), (d) => `chain ${d.chainId}`);
    const registered = await auditRegistration(context, model);
    if (!registered) {
      list.skip('batches and jobs', 'registration/registration.json is not usable');
      return list.report();
    }
    await checkDeployment(context, registered.registration);

    const chain = options.economy && await readChain(context, options.economy);

    const folder = options.job?.replace(/^jobs\//, '');
    const jobs: [string, JobFile][] = [];
    for (const name of folder === undefined ? subfolders(context, 'jobs') : [folder]) {
      const job = await readJob(context, name);
      if (job) jobs.push([name, job]);
    }
    const named = jobs.flatMap(([, job]) => job.batches);
    const folders = [...new Set([...(folder === undefined ? subfolders(context, 'batches') : []), ...named])].sort(numeric);
    const batches = new Map<string, AuditedBatch>();
    for (const name of folders) {
      const batch = await auditBatch(context, name, model, registered);
      if (batch) batches.set(name, batch);
    }
    const audited: AuditedJob[] = [];
    for (const [name, job] of jobs) {
      const done = await auditPayout(context, name, job, model, registered, batches, chain && refundedBefore(chain, job.jobId));
      if (done) audited.push(done);
    }
    if (chain) await auditChain(context, chain, registered, [...batches.values()], audited);
    return list.report();
  } finally {
    if (model) await closeTapSession(model.session);
  }
}
