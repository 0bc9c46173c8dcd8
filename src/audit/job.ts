/** Part 5: a job's payouts are what its batches and the registration give, to the bit, and its proof holds. */
import { features, influence, scoreBits, splitRewards } from '../attribution/index.js';
import { jobBoundaries, jobId, payoutContext } from '../chain/index.js';
import { AuditMismatchError } from '../errors/audit.js';
import { stackBlocks } from '../inference/blocks.js';
import { jobSchema, jobSecretsSchema, readArtifact, type JobFile } from '../protocol/artifacts.js';
import { jobStatement } from '../protocol/statements.js';
import { relationShape } from '../statement/sizeClass.js';
import type { Statement } from '../statement/statement.js';
import { verifyProof } from '../verify/proof.js';
import type { AuditedBatch } from './batch.js';
import { assertSame, assertSameList, assertSameWord } from './compare.js';
import { assertCommitment } from './commitments.js';
import { artifactPath, type AuditContext, type AuditedModel } from './context.js';
import type { AuditedRegistration } from './registration.js';

export interface AuditedJob {
  folder: string;
  job: JobFile;
  batches: AuditedBatch[];
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
  context: AuditContext, folder: string, job: JobFile, model: AuditedModel | undefined, registered: AuditedRegistration, all: ReadonlyMap<string, AuditedBatch>, refunded: ReadonlySet<string> = new Set(),
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
    assertSameWord(file, 'escrow', batches[0].batch.signed.receipt.escrow, job.escrow);
    assertSameWord(file, 'recordId', r.recordId, job.recordId);
    assertSameWord(file, 'jobId', jobId(r.recordId, batches.map((b) => b.batch.blockId)), job.jobId);
    batches.forEach((b) => assertSame(`batches/${b.folder}/batch.json`, 'heightLog', heightLog, b.record.heightLog));
    assertSame(file, 'tokensLog', heightLog + shape.blocksLog, job.tokensLog);
    const keys = batches.flatMap((b) => b.record.inferences.map((i) => i.key));
    assertSameWord(file, 'context', payoutContext(job.escrow, job.jobId, keys, r.recordId, job.prover), job.context);
    const statement = jobStatement(job, r, batches.map((b) => b.batch));
    keys.forEach((key, q) => { if (refunded.has(key)) statement.lists.fees[q] = 0n; });
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
  return { folder, job, batches };
}
