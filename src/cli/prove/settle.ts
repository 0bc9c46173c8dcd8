/** What happens to a proved job: it is settled, or delivered to the request that it is for; once. */
import { CREDIT_KINDS, type Delivery, type Economy, type SettleInput } from '../../chain/index.js';
import { CliError } from '../../errors/cli.js';
import { writeArtifact, type JobFile, type Registration, type RequestFile } from '../../protocol/artifacts.js';
import { settlementCalldata } from '../../protocol/statements.js';
import { readBatch } from '../infer/handler.js';
import { noted } from '../transaction.js';
import type { Progress, Workspace } from '../workspace.js';
import { readJob, readRequest } from './blocks.js';

type Calldata = SettleInput & { settlement: Delivery['settlement'] };

/** Job, settlement and proof as the contracts take them. */
export async function calldataOf(workspace: Workspace, job: JobFile, registration: Registration): Promise<Calldata> {
  const batches = await Promise.all(job.batches.map((batch) => readBatch(workspace, batch)));
  return settlementCalldata(job, registration, batches);
}

/** Gas for one delivery by itself; a member of deliverMany names its own. */
const NO_LIMIT = 0n;

/**
 * Settles a proved job, or delivers it while its request waits, and notes transaction and credits. One that is settled already is
 * only noted: nothing is paid twice.
 */
export async function settleJob(workspace: Workspace, folder: string, prover: Economy, progress: Progress): Promise<JobFile> {
  const job = await readJob(workspace, folder);
  const { transactionHash } = await settledEvent(prover, job) ?? await send(workspace, folder, job, prover, progress);
  const { credits } = await prover.court.evidence(job.jobId);
  const final: JobFile = { ...job, credits: credits.map(({ account, amount, kind }) => ({ account, amount, kind: CREDIT_KINDS[kind] })), transaction: await noted(prover.client, transactionHash) };
  await writeArtifact(workspace.path('jobs', folder, 'job.json'), final);
  return final;
}

const settledEvent = async (economy: Economy, { jobId }: JobFile): Promise<{ transactionHash: `0x${string}` } | undefined> => (await economy.events('settlement', 'JobSettled', { args: { jobId } }))[0];

async function send(workspace: Workspace, folder: string, job: JobFile, prover: Economy, progress: Progress): Promise<{ transactionHash: `0x${string}` }> {
  const calldata = await calldataOf(workspace, job, await workspace.registration());
  await requireFees(prover, folder, job, calldata);
  const request = workspace.has('jobs', folder, 'request.json') ? await waitingRequest(prover, await readRequest(workspace, folder)) : undefined;
  progress(request ? `deliver for request ${request.requestId}` : 'settle on chain');
  const { result, receipt } = request ? await prover.market.deliver({ request: request.request, ...calldata, gasLimit: NO_LIMIT }) : await prover.settle(calldata);
  if (result !== job.jobId) throw new CliError('another job was settled', { code: 'JOB_ID', where: request ? 'deliver' : 'settle', expected: job.jobId, got: result });
  return receipt;
}

/** A fee that went back since the proof was made counts 0 in the settlement: the proof is then of other fees. @throws CliError PROOF_STALE */
async function requireFees({ inferences }: Economy, folder: string, { fees }: JobFile, { job: { blocks } }: Calldata): Promise<void> {
  const keys = blocks.flatMap((block) => block.inferences.map((i) => i.key));
  const states = await Promise.all(keys.map((key) => inferences.payment(key)));
  const query = states.findIndex(({ status }, q) => status === 'refunded' && fees[q] !== 0n);
  if (query >= 0) {
    throw new CliError('a fee was refunded after the proof was made', { code: 'PROOF_STALE', where: `jobs/${folder}: query ${query}`, hint: `remove jobs/${folder} and prove again: the query then counts with fee 0` });
  }
}

/** A request that still pays for the proof. One that ended without it does not: the job is settled for its fees alone. */
async function waitingRequest({ market, client }: Economy, file: RequestFile): Promise<RequestFile | undefined> {
  const { status } = await market.request(file.requestId), now = (await client.publicClient.getBlock()).timestamp;
  return (status === 'open' || status === 'locked') && now <= file.request.deadline ? file : undefined;
}
