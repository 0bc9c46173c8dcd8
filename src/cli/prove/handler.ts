/**
 * Payout proofs (R2) of committed batches. A job is a folder, and every step leaves there what the next run needs to go on:
 *   without the market   job.json (proved) -> settled
 *   with it              request.json (asked) -> opened -> locked -> job.json (proved) -> delivered
 */
import type { Hex } from 'viem';
import { CliError } from '../../errors/cli.js';
import { readBundle } from '../../models/index.js';
import { writeArtifact, type JobFile, type RequestFile } from '../../protocol/artifacts.js';
import { sizeClass } from '../../statement/classes.js';
import { account, economyAs, fundedAs, type ChainAccess } from '../accounts.js';
import { lockRequest, submitRequest, writeRequest, type RequestTerms } from '../market/handler.js';
import type { ProvingContext } from '../proving.js';
import type { Progress, Workspace } from '../workspace.js';
import type { JobBatch } from '../../../prover/workflow/payout.js';
import { loadBatch, nextBatches, readJob, readRequest } from './blocks.js';
import { settleJob } from './settle.js';

export interface ProveCommandResult {
  folder: string;
  job: JobFile;
  scores: bigint[][];
  /** Bytes of opening and Groth16 proof as calldata words. */
  proofBytes: number;
  gas?: number;
  request?: RequestFile;
}

export interface ProveOptions {
  /** Settle or deliver what was proved; otherwise write the proof and send nothing. */
  settle: boolean;
  /** Through the market, on these terms or its default ones. beforeLock: what the prover waits for. */
  market?: { terms?: RequestTerms; beforeLock?: () => Promise<void> };
}

/** Calldata words of a proof: y, p*, tau_hi, gamma', rho', 5 + 3 points, 8 scalars, Groth16 with 8 words. */
export const proofBytes = (job: { proof: JobFile['proof'] }): number => 32 * (1 + job.proof.point.length + job.proof.tauHigh.length + 2 + 16 + 8 + 8);

/** Proves the payout of open batches and settles it, or has a request pay for it. */
export async function provePayout(workspace: Workspace, context: ProvingContext, access: ChainAccess, { settle, market }: ProveOptions): Promise<ProveCommandResult> {
  const { progress } = context;
  const batches = await nextBatches(workspace), folder = workspace.next('jobs');
  let request: RequestFile | undefined;
  if (market) {
    const node = await economyAs(access, await workspace.deployment(), 'node');
    request = await writeRequest(workspace, folder, node, batches, market.terms);
    await openAndLock(workspace, access, folder, request, progress, market.beforeLock);
  }
  const { job, scores } = await proveJob(workspace, context, access, folder, batches, request?.requestId);
  const result: ProveCommandResult = { folder, job, scores, proofBytes: proofBytes(job), request };
  if (!settle) return result;
  const final = await settleJob(workspace, folder, await economyAs(access, await workspace.deployment(), 'prover'), progress);
  return { ...result, job: final, gas: final.transaction?.gas };
}

/** Opens a written request as the node and locks it as the prover, as far as that was not done. */
async function openAndLock(workspace: Workspace, access: ChainAccess, folder: string, file: RequestFile, progress: Progress, beforeLock?: () => Promise<void>): Promise<void> {
  const deployment = await workspace.deployment(), { requestId, request } = file;
  const node = await fundedAs(access, deployment, 'node', 0, request.maxPrice);
  progress(`job ${folder}: request ${requestId}`);
  const { status } = await submitRequest(node, file);
  if (status !== 'open') return;
  await beforeLock?.();
  progress(`job ${folder}: lock the request`);
  await lockRequest(await fundedAs(access, deployment, 'prover', 0, request.collateral), requestId, request);
}

async function proveJob(workspace: Workspace, context: ProvingContext, access: ChainAccess, folder: string, batches: JobBatch[], requestId?: Hex): Promise<{ job: JobFile; scores: bigint[][] }> {
  const bundle = await readBundle(workspace.model), registration = await workspace.registration(), cls = sizeClass(registration.className);
  const prover = await economyAs(access, await workspace.deployment(), 'prover');
  const { buildPayout } = await import('../../../prover/workflow/payout.js');
  const { job, secrets, scores } = await buildPayout(
    {
      bundle, cls, deployment: prover.deployment, registration, secrets: await workspace.registrationSecrets(), batches: await withoutRefunded(prover, batches), prover: account(access.chainId, 'prover').address,
      selector: await prover.gateway.liveSelector('payout', cls.id), requestId,
    },
    { ...context, keys: context.keys.payout, progress: (stage) => context.progress(`payout proof: ${stage}`) },
  );
  await writeArtifact(workspace.path('jobs', folder, 'secrets.json'), secrets);
  await writeArtifact(workspace.path('jobs', folder, 'job.json'), job);
  return { job, scores };
}

/** A query whose fee went back counts with fee 0. */
async function withoutRefunded({ inferences }: Awaited<ReturnType<typeof economyAs>>, batches: readonly JobBatch[]): Promise<JobBatch[]> {
  return Promise.all(batches.map(async (batch) => {
    const payments = await Promise.all(batch.record.inferences.map(({ key }) => inferences.payment(key)));
    return { ...batch, fees: batch.fees.map((fee, i) => (payments[i].status === 'refunded' ? 0n : fee)) };
  }));
}

/** Folders of jobs that wait: a request without a proof, a proof without a settlement. */
export async function waitingJobs(workspace: Workspace): Promise<{ unproved: string[]; unsettled: string[] }> {
  const unsettled: string[] = [];
  for (const folder of workspace.finished('jobs', 'job.json')) if (!(await readJob(workspace, folder)).transaction) unsettled.push(folder);
  return { unproved: workspace.finished('jobs', 'request.json').filter((folder) => !workspace.has('jobs', folder, 'job.json')), unsettled };
}

/** Settles jobs that an interrupted run, or `--no-settle`, left proved. @returns their folders */
export async function resumeJobs(workspace: Workspace, access: ChainAccess, progress: Progress): Promise<string[]> {
  const { unsettled } = await waitingJobs(workspace);
  for (const folder of unsettled) {
    progress(`job ${folder}: resume a proof that was not settled`);
    await settleJob(workspace, folder, await economyAs(access, await workspace.deployment(), 'prover'), progress);
  }
  return unsettled;
}

/**
 * Goes on with requests that an interrupted run left without a proof: opened and locked as far as that is missing, proved, delivered.
 * One that was never opened and whose time is over is asked again; one that ended is proved for its fees alone.
 */
export async function resumeRequests(workspace: Workspace, context: ProvingContext, access: ChainAccess, settle: boolean): Promise<string[]> {
  const { unproved } = await waitingJobs(workspace), { progress } = context;
  for (const folder of unproved) {
    progress(`job ${folder}: resume a request without a proof`);
    const node = await economyAs(access, await workspace.deployment(), 'node');
    let file = await readRequest(workspace, folder);
    if (file.market !== node.deployment.market) throw new CliError('the request is of another deployment', { code: 'REQUEST', where: `jobs/${folder}/request.json`, expected: node.deployment.market, got: file.market });
    const batches = await Promise.all(file.batches.map((batch) => loadBatch(workspace, batch)));
    const { timestamp } = await node.client.publicClient.getBlock();
    if ((await node.market.request(file.requestId)).status === 'none' && file.request.deadline <= timestamp) file = await writeRequest(workspace, folder, node, batches);
    await openAndLock(workspace, access, folder, file, progress);
    await proveJob(workspace, context, access, folder, batches, file.requestId);
    if (settle) await settleJob(workspace, folder, await economyAs(access, await workspace.deployment(), 'prover'), progress);
  }
  return unproved;
}
