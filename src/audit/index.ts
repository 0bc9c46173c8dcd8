/**
 * Audit by replay: everything in a workspace folder (src/protocol/artifacts.ts) is computed again and compared bit by bit.
 * Needs the blinding factors (secrets.json), the reference string and the verification keys; runs no prover.
 * Chain access, where given, adds what the contracts know.
 */
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { verifierSelector, vkHashOf, type Economy } from '../chain/index.js';
import type { Srs } from '../commitment/srs.js';
import { AuditMismatchError } from '../errors/audit.js';
import { closeTapSession } from '../inference/session.js';
import { deploymentSchema, readArtifact, type JobFile, type Registration, type RequestFile } from '../protocol/artifacts.js';
import { auditBatch, type AuditedBatch } from './batch.js';
import { auditBundle } from './bundle.js';
import { auditChain, jobEvents, openChain, type JobEvents } from './chain/index.js';
import { assertSame, assertSameWord } from './compare.js';
import { artifactPath, type AuditContext, type AuditKeys } from './context.js';
import { auditPayout, readJob, type AuditedJob } from './job.js';
import { auditRegistration } from './registration.js';
import { isWaiting } from './receipts.js';
import { Checklist, type AuditReport } from './report.js';
import { auditRequest, hasRequest } from './request.js';
import { contractKeyOf } from './selector.js';

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

/** Subfolders, in numeric order. An order that waits to be served, a request that waits to be proved: no faults; else what is missing is a finding. */
const subfolders = (context: AuditContext, kind: string): string[] => {
  const root = artifactPath(context, kind);
  return existsSync(root) ? readdirSync(root).sort(numeric) : [];
};

const RELATIONS = ['features', 'payout'] as const;

/** The deployment file names the contracts that the registration is bound to. */
function checkDeployment({ list, deployment, keys }: AuditContext, r: Registration): Promise<boolean> | void {
  if (!deployment) return;
  return list.check('deployment', () => {
    assertSame('deployment.json', 'chainId', r.chainId, deployment.chainId);
    assertSameWord('deployment.json', 'contracts.verifier.address', r.verifier, deployment.contracts.verifier.address);
    assertSameWord('deployment.json', 'contracts.models.address', r.models, deployment.contracts.models.address);
    for (const relation of RELATIONS) {
      const index = deployment.classes.findIndex((c) => c.className === r.className && c.relation === relation);
      if (index < 0) throw new AuditMismatchError('deployment.json', 'classes', `${relation} of ${r.className} is missing`);
      const { vkHash, selector, classId, version } = deployment.classes[index], given = vkHashOf(contractKeyOf(keys[relation]));
      if (given !== vkHash) throw new AuditMismatchError('deployment.json', `classes[${index}].vkHash`, `the auditor's key of ${relation} has ${given}, artifact has ${vkHash}`);
      assertSameWord('deployment.json', `classes[${index}].selector`, verifierSelector(relation, classId, version, vkHash), selector);
    }
    return `chain ${deployment.chainId}, model registry ${deployment.contracts.models.address}, keys of both relations`;
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

    const chain = options.economy && await openChain(context, options.economy);

    const folder = options.job?.replace(/^jobs\//, '');
    const jobs: [string, JobFile][] = [], requested: string[] = [];
    for (const name of folder === undefined ? subfolders(context, 'jobs') : [folder]) {
      if (hasRequest(context, name)) requested.push(name);
      // A request goes to disk before its job is proved.
      if (requested.at(-1) === name && !existsSync(artifactPath(context, `jobs/${name}/job.json`))) continue;
      const job = await readJob(context, name);
      if (job) jobs.push([name, job]);
    }
    const named = jobs.flatMap(([, job]) => job.batches);
    const folders = [...new Set([...(folder === undefined ? subfolders(context, 'batches') : []), ...named])].sort(numeric);
    const batches = new Map<string, AuditedBatch>();
    for (const name of folders) {
      if (!named.includes(name) && isWaiting(context, name)) continue;
      const batch = await auditBatch(context, name, model, registered);
      if (batch) batches.set(name, batch);
    }
    const requests = new Map<string, RequestFile>();
    for (const name of new Set([...requested, ...jobs.filter(([, job]) => job.requestId).map(([own]) => own)])) {
      const request = await auditRequest(context, name, registered, batches, jobs.find(([own]) => own === name)?.[1]);
      if (request) requests.set(name, request);
    }
    const audited: AuditedJob[] = [], events = new Map<string, JobEvents>();
    for (const [name, job] of jobs) {
      const found = chain && await list.value(`chain: events of job ${name}`, () => jobEvents(chain, job.jobId), ({ settled }) => (settled ? `settled in block ${settled.blockNumber}` : 'not settled'));
      if (found) events.set(name, found);
      const done = await auditPayout(context, name, job, model, registered, batches, found?.refundedBefore, requests.get(name));
      if (done) audited.push(done);
    }
    if (chain) await auditChain(context, chain, { model, registered, batches: [...batches.values()], jobs: audited, events });
    return list.report();
  } finally {
    if (model) await closeTapSession(model.session);
  }
}
