/** Part 5: a job's payouts are what its batches and the registration give, to the bit, and its proof holds. */
import { features, influence, scoreBits, splitRewards } from '../attribution/index.js';
import { CREDIT_KINDS, jobBoundaries, jobId, payoutContext, type Credit } from '../chain/index.js';
import { AuditMismatchError } from '../errors/audit.js';
import { stackBlocks } from '../inference/blocks.js';
import { jobSchema, jobSecretsSchema, readArtifact, type JobFile, type Registration, type RequestFile } from '../protocol/artifacts.js';
import { batchFees, jobStatement } from '../protocol/statements.js';
import { relationShape } from '../statement/sizeClass.js';
import type { Statement } from '../statement/statement.js';
import { verifyProof } from '../verify/proof.js';
import type { AuditedBatch } from './batch.js';
import { assertSame, assertSameList, assertSameWord } from './compare.js';
import { assertCommitment } from './commitments.js';
import { assertCredits, creditedJob, jobCredits } from './credits.js';
import { artifactPath, type AuditContext, type AuditedModel } from './context.js';
import type { AuditedRegistration } from './registration.js';
import { assertSelector } from './selector.js';

export interface AuditedJob {
  folder: string;
  job: JobFile;
  batches: AuditedBatch[];
  /** Of a job that goes through the market. */
  request?: RequestFile;
}

export const readJob = (context: AuditContext, folder: string): Promise<JobFile | undefined> =>
  context.list.value(`job ${folder}: file`, async () => {
    const job = await readArtifact(artifactPath(context, `jobs/${folder}/job.json`), jobSchema);
    job.batches.forEach((name, i) => {
      if (!/^[A-Za-z0-9_-]+$/.test(name)) throw new AuditMismatchError(`jobs/${folder}/job.json`, `batches[${i}]`, `"${name}" is not a folder of batches/`);
    });
    if (job.batches.length === 0) throw new AuditMismatchError(`jobs/${folder}/job.json`, 'batches', 'the job has none');
    return job;
  }, (job) => `batches ${job.batches.join(', ')}`);

/** @param refunded  payment keys whose fee went back after its deadline: they count with fee 0 */
export async function auditPayout(
  context: AuditContext, folder: string, job: JobFile, model: AuditedModel | undefined, registered: AuditedRegistration, all: ReadonlyMap<string, AuditedBatch>, refunded: ReadonlySet<string> = new Set(), request?: RequestFile,
): Promise<AuditedJob | undefined> {
  const { list } = context, { registration: r, cls } = registered;
  const file = `jobs/${folder}/job.json`, secretsFile = `jobs/${folder}/secrets.json`, title = (what: string): string => `job ${folder}: ${what}`;
  const batches = job.batches.map((name) => all.get(name)).filter((b) => b !== undefined);
  const secrets = await list.value(title('secrets'), async () => {
    const read = await readArtifact(artifactPath(context, secretsFile), jobSecretsSchema);
    assertSameWord(secretsFile, 'jobId', job.jobId, read.jobId);
    return read;
  }, () => 'blinding factor of the bits');
  if (batches.length < job.batches.length) {
    list.skip(title('payouts and proof'), `batches/${job.batches.find((name) => !all.has(name))} could not be read`);
    return undefined;
  }
  const shape = relationShape(cls, 'payout'), { heightLog } = batches[0].record;
  const rebuilt = await list.value(title('statement'), () => {
    assertSame(file, 'className', r.className, job.className);
    assertSame(file, 'chainId', r.chainId, job.chainId);
    assertSameWord(file, 'verifier', r.verifier, job.verifier);
    assertSameWord(file, 'recordId', r.recordId, job.recordId);
    assertSameWord(file, 'jobId', jobId(r.recordId, batches.map((b) => b.batch.blockId)), job.jobId);
    batches.forEach((b) => assertSame(`batches/${b.folder}/batch.json`, 'heightLog', heightLog, b.record.heightLog));
    assertSame(file, 'tokensLog', heightLog + shape.blocksLog, job.tokensLog);
    const keys = batches.flatMap((b) => b.record.inferences.map((i) => i.key));
    assertSameWord(file, 'context', payoutContext(job.settlement, job.jobId, keys, r.recordId, job.prover), job.context);
    // The context binds the settlement: where it fits, the deployment is the altered one.
    if (context.deployment) assertSameWord('deployment.json', 'contracts.settlement.address', job.settlement, context.deployment.contracts.settlement.address);
    const parts = batches.flatMap((b) => batchFees(b.batch));
    const statement = jobStatement(job, r, batches.map((b) => b.batch), keys.map((key, q) => (refunded.has(key) ? 0n : parts[q])));
    assertSameList(file, 'boundaries', statement.lists.boundaries, job.boundaries);
    assertSameList(file, 'fees', statement.lists.fees, job.fees);
    assertSame(file, 'payouts: length', shape.contributors, job.payouts.length);
    return statement;
  }, (s) => `job ${job.jobId}: ids, context, boundaries and ${batches.reduce((n, b) => n + b.record.inferences.length, 0)} fees derived, digest of class ${s.cls.name}`);

  let statement: Statement | undefined = rebuilt;
  const tables = batches.map((b) => b.tables);
  if (!model || !registered.g || tables.some((t) => t === undefined)) list.skip(title('payouts'), 'a table of the model or of a batch is not usable');
  else {
    const { adapter } = model.bundle, { g } = registered;
    const replay = await list.value(title('scores'), () => {
      const { X, Delta } = stackBlocks(tables.map((t) => t!));
      const scores = influence(features(adapter.queryA, adapter.queryB, X, Delta, jobBoundaries(heightLog, batches.map((b) => b.record)), shape), g, shape);
      return { scores, split: splitRewards(scores, rebuilt?.lists.fees ?? job.fees, shape) };
    }, ({ scores }) => `${scores.length} x ${scores[0].length}, recomputed from committed activations and G`);
    if (replay) {
      const { split, scores } = replay;
      if (rebuilt) statement = { ...rebuilt, lists: { ...rebuilt.lists, payouts: split.payouts, zeroQueries: split.zeroQueries } };
      await list.check(title('payouts'), () => {
        assertSameList(file, 'payouts', split.payouts, job.payouts);
        return `${split.payouts.filter((p) => p > 0n).length} contributors are paid, ${split.payouts.reduce((sum, p) => sum + p, 0n)} units, equal to the unit`;
      });
      await list.check(title('zero queries'), () => {
        assertSame(file, 'zeroQueries', split.zeroQueries, job.zeroQueries);
        return `0x${job.zeroQueries.toString(16)}`;
      });
      if (secrets) {
        await list.check(title('commitment of the bits'), async () => {
          // The proof binds the commitment: where it holds, the blinding factor is the altered one.
          const blame = statement && verifyProof(statement, job.proof, context.keys.payout).ok ? secretsFile : file;
          await assertCommitment(context.srs, { blame, place: 'bits', values: scoreBits(scores, shape), rho: secrets.bits, expected: job.bits });
          return 'recomputed from the scores, equal';
        });
      } else list.skip(title('commitment of the bits'), `${secretsFile} could not be read`);
    }
  }
  if (!statement) list.skip(title('payout proof (R2)'), `the statement of ${file} could not be rebuilt`);
  else {
    const s = statement;
    await list.check(title('payout proof (R2)'), () => {
      const result = verifyProof(s, job.proof, context.keys.payout);
      if (!result.ok) throw new AuditMismatchError(file, 'proof', result.error.message);
      return 'statement rebuilt from the replay, proof accepted';
    });
  }
  await list.check(title('verifier'), () => `version ${assertSelector(file, job.selector, 'payout', r.adapter.classId, context.keys.payout)} of the payout relation`);
  await auditCredits(context, job, r, batches, file, title('credits'));
  return { folder, job, batches, request };
}

/**
 * The credits that the file states, recomputed where the manifest has the split and nothing was refunded before; the chain's part compares
 * them in every case.
 */
async function auditCredits({ list, deployment }: AuditContext, job: JobFile, r: Registration, batches: readonly AuditedBatch[], file: string, title: string): Promise<void> {
  if (!job.transaction && !job.credits) return;
  await list.check(title, () => {
    if (!job.transaction || !job.credits) throw new AuditMismatchError(file, job.credits ? 'transaction' : 'credits', 'a settled job has both a transaction and its credits');
    const stated = job.credits.map(({ account, amount, kind }) => ({ account, amount, kind: CREDIT_KINDS.indexOf(kind) }));
    const sum = stated.reduce((total, c) => total + c.amount, 0n), inferences = batches.flatMap((b) => b.batch.signed.receipt.inferences);
    const refunded = job.fees.slice(0, inferences.length).flatMap((part, q) => (part === 0n && BigInt(inferences[q].fee) > 0n ? [q] : []));
    if (!deployment || refunded.length > 0 || batches.some((b) => b.record.splitId !== 1)) return `${stated.length} credits, ${sum} in all: their splits are known to the chain only`;
    const { court, timelock } = deployment.contracts;
    const own = jobCredits(creditedJob({ registration: r, job, batches, refunded: new Set(), splits: () => deployment.config.split, court: court.address, treasury: deployment.config.treasury ?? timelock.address }));
    // The treasury may have changed since the deployment: the chain's part knows.
    const known = (list: readonly Credit[]): Credit[] => list.map((c) => (CREDIT_KINDS[c.kind] === 'treasury' ? { ...c, account: own.credits.at(-1)!.account } : c));
    assertCredits(file, known(stated), own.credits, 'artifact has');
    return `${stated.length} credits, ${sum} in all, recomputed from fees, split, payouts and zero queries`;
  });
}
