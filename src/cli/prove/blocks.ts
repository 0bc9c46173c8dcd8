/** Which committed batches a job takes, and what the prover knows of them. */
import { CliError } from '../../errors/cli.js';
import { FileError } from '../../errors/files.js';
import { readFileChecked } from '../../files/atomic.js';
import { batchSecretsSchema, jobSchema, readArtifact, requestSchema, type JobFile, type RequestFile } from '../../protocol/artifacts.js';
import { batchBlock, batchFees } from '../../protocol/statements.js';
import { sizeClass } from '../../statement/classes.js';
import { relationShape } from '../../statement/sizeClass.js';
import { readBatch } from '../infer/handler.js';
import type { Workspace } from '../workspace.js';
import type { JobBatch } from '../../../prover/workflow/payout.js';

export const readJob = (workspace: Workspace, folder: string): Promise<JobFile> => readArtifact(workspace.path('jobs', folder, 'job.json'), jobSchema);
export const readRequest = (workspace: Workspace, folder: string): Promise<RequestFile> => readArtifact(workspace.path('jobs', folder, 'request.json'), requestSchema);

/** Committed batches that no job and no request of this workspace has taken. */
async function openBatches(workspace: Workspace): Promise<string[]> {
  const taken = new Set<string>();
  for (const name of workspace.finished('jobs', 'job.json')) (await readJob(workspace, name)).batches.forEach((batch) => taken.add(batch));
  for (const name of workspace.finished('jobs', 'request.json')) (await readRequest(workspace, name)).batches.forEach((batch) => taken.add(batch));
  const open: string[] = [];
  for (const name of workspace.finished('batches', 'batch.json')) {
    if (!taken.has(name) && (await readBatch(workspace, name)).transaction) open.push(name);
  }
  return open;
}

/** Batches of the next job: as many open ones of one height as the class takes. @throws CliError NO_BATCHES, BATCH_SIZE */
export async function nextBatches(workspace: Workspace): Promise<JobBatch[]> {
  const shape = relationShape(sizeClass((await workspace.registration()).className), 'payout');
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
  return batches;
}

export async function loadBatch(workspace: Workspace, folder: string): Promise<JobBatch> {
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
    folder, blockId: batch.blockId, record: batchBlock(batch), fees: batchFees(batch),
    tables: { rows: 2 ** receipt.heightLog, X: new Int8Array(await file('X.i8', length)), Delta: new Int16Array(await file('Delta.i16', 2 * length)) },
    secrets: await readArtifact(workspace.path('batches', folder, 'secrets.json'), batchSecretsSchema),
  };
}
