/**
 * Whether the proof that a prover sent is the one its job asks for. The statement comes from the coordinator's own copies of record and
 * blocks and from the job's fees; of what was sent count only payouts, zero queries, the two commitments and the proof, which the proof
 * binds. A field that says something else is a mismatch; a proof that does not hold for the statement is false.
 */
import type { Address } from 'viem';
import { jobBoundaries, jobId, payoutContext } from '../../src/chain/index.js';
import { jobSchema, type Batch, type JobFile, type Registration } from '../../src/protocol/artifacts.js';
import type { ProofJob } from '../../src/protocol/network/index.js';
import { batchBlock, jobStatement } from '../../src/protocol/statements.js';
import { verifyProof, type VerifierKey } from '../../src/verify/proof.js';

/** What the check needs beside the text that was sent. */
export interface VerifyTask {
  /** Text of the job file. */
  text: string;
  job: ProofJob;
  registration: Registration;
  /** In the job's order. */
  batches: readonly Batch[];
  /** Payout address that holds the lease. */
  prover: Address;
  key: VerifierKey;
}

export type ResultFault = 'RESULT_FORMAT' | 'RESULT_MISMATCH' | 'FALSE_PROOF';
export type ResultVerdict = { ok: true; file: JobFile } | { ok: false; fault: ResultFault; code: string; message: string };

/** Never throws for what was sent. @throws when the coordinator's own packages do not fit its job */
export function verifyResult({ text, job, registration, batches, prover, key }: VerifyTask): ResultVerdict {
  const file = parse(text);
  if (typeof file === 'string') return { ok: false, fault: 'RESULT_FORMAT', code: 'RESULT_FORMAT', message: file };
  const records = batches.map(batchBlock), keys = records.flatMap((record) => record.inferences.map((i) => i.key)), blockIds = job.blocks.map((block) => block.blockId);
  if (registration.recordId !== job.recordId || batches.length !== blockIds.length || batches.some((batch, i) => batch.blockId !== blockIds[i]) || jobId(job.recordId, blockIds) !== job.jobId) {
    throw new Error(`packages of job ${job.jobId} are not those of its record and blocks`);
  }
  const differs = firstDifference(file, {
    className: job.className, chainId: job.chainId, verifier: job.verifier, settlement: job.settlement, jobId: job.jobId, recordId: job.recordId, prover, selector: job.selector,
    requestId: job.requestId, context: payoutContext(job.settlement, job.jobId, keys, job.recordId, prover),
  }) ?? firstDifference({ batches: file.batches.join() }, { batches: blockIds.join() });
  if (differs) return { ok: false, fault: 'RESULT_MISMATCH', code: 'RESULT_MISMATCH', message: differs };
  if (file.payouts.length > 4096) return { ok: false, fault: 'RESULT_MISMATCH', code: 'RESULT_MISMATCH', message: `payouts: ${file.payouts.length} of them` };

  // What the file says of fees and boundaries is for its readers; it must be what the statement has.
  const statement = jobStatement(file, registration, batches);
  const fees = job.blocks.flatMap((block) => block.fees.map(BigInt));
  if (fees.length !== keys.length) throw new Error(`job ${job.jobId} has ${fees.length} fees for ${keys.length} inferences`);
  statement.lists.fees = statement.lists.fees.map((_, q) => fees[q] ?? 0n);
  const lists = firstDifference(
    { tokensLog: file.tokensLog, boundaries: file.boundaries.join(), fees: file.fees.join(), payouts: file.payouts.length },
    { tokensLog: statement.tokensLog, boundaries: statement.lists.boundaries.join(), fees: statement.lists.fees.join(), payouts: statement.lists.payouts.length },
  );
  if (lists) return { ok: false, fault: 'RESULT_MISMATCH', code: 'RESULT_MISMATCH', message: lists };
  // Padding makes both of one length; the boundaries of the batches themselves are within.
  if (jobBoundaries(records[0].heightLog, records).length > statement.lists.boundaries.length) throw new Error(`job ${job.jobId} has more inferences than its class takes`);
  const verified = verifyProof(statement, file.proof, key);
  return verified.ok ? { ok: true, file } : { ok: false, fault: 'FALSE_PROOF', code: verified.error.code, message: verified.error.message };
}

function parse(text: string): JobFile | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return `job is not JSON: ${text.length} characters`;
  }
  const parsed = jobSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `${issue.path.join('.') || 'job'}: ${issue.message}`;
}

function firstDifference<T extends object>(got: T, expected: { [K in keyof T]?: T[K] }): string | undefined {
  for (const name of Object.keys(expected) as (keyof T & string)[]) {
    if (got[name] !== expected[name]) return `${name}: expected ${String(expected[name])}, got ${String(got[name])}`.slice(0, 1500);
  }
  return undefined;
}
