import { CliError } from '../../errors/cli.js';
import { FileError } from '../../errors/files.js';
import { readFileChecked } from '../../files/atomic.js';
import { readBundle } from '../../models/index.js';
import { contractProof, featureRecord } from '../../chain/index.js';
import { batchSecretsSchema, jobSchema, readArtifact, writeArtifact, type JobFile } from '../../protocol/artifacts.js';
import { receiptBlock } from '../../protocol/statements.js';
import { sizeClass } from '../../statement/classes.js';
import { relationShape } from '../../statement/sizeClass.js';
import { account, economyAs, type ChainAccess } from '../accounts.js';
import { readBatch } from '../infer/handler.js';
import type { ProvingContext } from '../proving.js';
import { deploymentOf } from '../register/handler.js';
import type { Workspace } from '../workspace.js';
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

/** Batches that no job of this workspace has taken, as many as the class holds. */
async function openBatches(workspace: Workspace): Promise<string[]> {
  const taken = new Set<string>();
  for (const name of workspace.finished('jobs', 'job.json')) {
    const job = await readArtifact(workspace.path('jobs', name, 'job.json'), jobSchema);
    if (job.transaction) job.batches.forEach((batch) => taken.add(batch));
  }
  return workspace.finished('batches', 'batch.json').filter((name) => !taken.has(name));
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

  progress('settle on chain');
  const economy = await economyAs(access, deploymentOf(deployment), 'prover');
  const keeper = { chainId: deployment.chainId, address: deployment.registry };
  const record = featureRecord(keeper, registration.adapter, registration.training, registration.contributors.map((c) => c.address), registration.g);
  const { opening, proof } = contractProof(job.proof);
  const sent = await economy.settle({
    job: { record, blocks: batches.map((batch) => batch.record), prover },
    settlement: { bt: job.bits, m: job.mask, payouts: job.payouts, zeroQueries: job.zeroQueries }, opening, proof,
  });
  if (sent.result !== job.jobId) throw new CliError('the escrow settled another job', { code: 'JOB_ID', where: 'settle', expected: job.jobId, got: sent.result });
  const final: JobFile = { ...job, transaction: { hash: sent.receipt.transactionHash, gas: Number(sent.receipt.gasUsed) } };
  await writeArtifact(workspace.path('jobs', folder, 'job.json'), final);
  return { ...result, job: final, gas: Number(sent.receipt.gasUsed) };
}
