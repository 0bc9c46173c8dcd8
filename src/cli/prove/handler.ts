import { CliError } from '../../errors/cli.js';
import { FileError } from '../../errors/files.js';
import { readFileChecked } from '../../files/atomic.js';
import { readBundle } from '../../models/index.js';
import { contractProof, featureRecord, type BlockRecord } from '../../chain/index.js';
import { batchSecretsSchema, jobSchema, readArtifact, writeArtifact, type JobFile } from '../../protocol/artifacts.js';
import { receiptBlock } from '../../protocol/statements.js';
import { sizeClass } from '../../statement/classes.js';
import { relationShape } from '../../statement/sizeClass.js';
import { account, economyAs, type ChainAccess } from '../accounts.js';
import { readBatch } from '../infer/handler.js';
import type { ProvingContext } from '../proving.js';
import { noted } from '../transaction.js';
import { deploymentOf } from '../register/handler.js';
import type { Progress, Workspace } from '../workspace.js';
import type { JobBatch } from '../../../prover/workflow/payout.js';

export interface ProveCommandResult {
  folder: string;
  job: JobFile;
  scores: bigint[][];
  /** Bytes of opening and Groth16 proof as calldata words. */
  proofBytes: number;
  gas?: number;
}

/** Calldata words of a proof: y, p*, tau_hi, gamma', rho', 5 + 3 points, 8 scalars, Groth16 with 8 words. */
export const proofBytes = (job: { proof: JobFile['proof'] }): number => 32 * (1 + job.proof.point.length + job.proof.tauHigh.length + 2 + 16 + 8 + 8);

/** Committed batches that no job of this workspace has taken. */
async function openBatches(workspace: Workspace): Promise<string[]> {
  const taken = new Set<string>();
  for (const name of workspace.finished('jobs', 'job.json')) {
    (await readArtifact(workspace.path('jobs', name, 'job.json'), jobSchema)).batches.forEach((batch) => taken.add(batch));
  }
  const open: string[] = [];
  for (const name of workspace.finished('batches', 'batch.json')) {
    if (!taken.has(name) && (await readBatch(workspace, name)).transaction) open.push(name);
  }
  return open;
}

async function loadBatch(workspace: Workspace, folder: string): Promise<JobBatch> {
  const batch = await readBatch(workspace, folder);
  const { receipt } = batch.signed;
  const file = async (name: string, expected: number): Promise<ArrayBuffer> => {
    const path = workspace.path('batches', folder, name);
    const data = await readFileChecked(path);
    if (data.length !== expected) throw new FileError('table has the wrong size', { code: 'TABLE_SIZE', where: path, expected: `${expected} bytes`, got: data.length, hint: 'it is truncated: run `zkattr infer` again for these rows' });
    return Uint8Array.from(data).buffer;
  };
  const cls = sizeClass((await workspace.registration()).className);
  const length = 2 ** (receipt.heightLog + cls.layersLog + cls.widthLog);
  return {
    folder, blockId: batch.blockId, record: receiptBlock(receipt), fees: receipt.inferences.map((i) => BigInt(i.fee)),
    tables: { rows: 2 ** receipt.heightLog, X: new Int8Array(await file('X.i8', length)), Delta: new Int16Array(await file('Delta.i16', 2 * length)) },
    secrets: await readArtifact(workspace.path('batches', folder, 'secrets.json'), batchSecretsSchema),
  };
}

/** Proves the payout of open batches (relation R2) and, with chain access, settles it. */
export async function provePayout(workspace: Workspace, context: ProvingContext, access: ChainAccess | undefined): Promise<ProveCommandResult> {
  const { progress } = context;
  const bundle = await readBundle(workspace.model);
  const registration = await workspace.registration();
  const deployment = await workspace.deployment();
  const cls = sizeClass(registration.className), shape = relationShape(cls, 'payout');
  const open = await openBatches(workspace);
  if (open.length === 0) throw new CliError('no batch waits for a proof', { code: 'NO_BATCHES', where: workspace.path('batches'), hint: 'run `zkattr infer` first' });
  const batches: JobBatch[] = [];
  let queries = 0;
  for (const name of open) {
    const batch = await loadBatch(workspace, name);
    if (batches.length === shape.blocks || queries + batch.fees.length > shape.queries) break;
    if (batches.length > 0 && batch.record.heightLog !== batches[0].record.heightLog) break;
    batches.push(batch);
    queries += batch.fees.length;
  }
  if (batches.length === 0) throw new CliError('the first open batch has more queries than the class', { code: 'BATCH_SIZE', where: `batches/${open[0]}`, expected: `at most ${shape.queries}` });
  const prover = account(deployment.chainId, 'prover').address;
  const { buildPayout } = await import('../../../prover/workflow/payout.js');
  const { job, secrets, scores } = await buildPayout(
    { bundle, cls, deployment, registration, secrets: await workspace.registrationSecrets(), batches, prover },
    { ...context, keys: context.keys.payout, progress: (stage) => progress(`payout proof: ${stage}`) },
  );
  const folder = workspace.next('jobs');
  await writeArtifact(workspace.path('jobs', folder, 'secrets.json'), secrets);
  await writeArtifact(workspace.path('jobs', folder, 'job.json'), job);
  const result: ProveCommandResult = { folder, job, scores, proofBytes: proofBytes(job) };
  if (!access) return result;

  const final = await settleJob(workspace, folder, job, batches.map((batch) => batch.record), access, progress);
  return { ...result, job: final, gas: final.transaction?.gas };
}

/** Settles a proved job and notes the transaction. One that is already settled is only noted: nothing is paid twice. */
async function settleJob(workspace: Workspace, folder: string, job: JobFile, blocks: readonly BlockRecord[], access: ChainAccess, progress: Progress): Promise<JobFile> {
  progress('settle on chain');
  const registration = await workspace.registration(), deployment = await workspace.deployment();
  const economy = await economyAs(access, deploymentOf(deployment), 'prover');
  let transaction: JobFile['transaction'];
  const settled = (await economy.escrowEvents('JobSettled')).find(({ args }) => args.jobId === job.jobId);
  if (settled) {
    transaction = await noted(economy.client, settled.transactionHash);
  } else {
    const keeper = { chainId: deployment.chainId, address: deployment.registry };
    const record = featureRecord(keeper, registration.adapter, registration.training, registration.contributors.map((c) => c.address), registration.g);
    const { opening, proof } = contractProof(job.proof);
    const sent = await economy.settle({
      job: { record, blocks: [...blocks], prover: job.prover },
      settlement: { bt: job.bits, m: job.mask, payouts: job.payouts, zeroQueries: job.zeroQueries }, opening, proof,
    });
    if (sent.result !== job.jobId) throw new CliError('the escrow settled another job', { code: 'JOB_ID', where: 'settle', expected: job.jobId, got: sent.result });
    transaction = { hash: sent.receipt.transactionHash, gas: Number(sent.receipt.gasUsed) };
  }
  const final: JobFile = { ...job, transaction };
  await writeArtifact(workspace.path('jobs', folder, 'job.json'), final);
  return final;
}

/** Settles jobs that an interrupted run, or `--no-settle`, left proved and unsettled. @returns their folders */
export async function resumeJobs(workspace: Workspace, access: ChainAccess, progress: Progress): Promise<string[]> {
  const resumed: string[] = [];
  for (const folder of workspace.finished('jobs', 'job.json')) {
    const job = await readArtifact(workspace.path('jobs', folder, 'job.json'), jobSchema);
    if (job.transaction) continue;
    progress(`job ${folder}: resume a proof that was not settled`);
    const batches = await Promise.all(job.batches.map((batch) => readBatch(workspace, batch)));
    await settleJob(workspace, folder, job, batches.map((batch) => receiptBlock(batch.signed.receipt)), access, progress);
    resumed.push(folder);
  }
  return resumed;
}
