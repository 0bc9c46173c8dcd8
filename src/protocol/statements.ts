/** Statements of artifacts: what verifier and auditor check a proof against, derived from the files alone. */
import { featuresContext, jobBoundaries, payoutContext, trainingBoundaries, blockRecord, type BlockRecord } from '../chain/index.js';
import { featuresStatement, payoutStatement } from '../statement/records.js';
import { sizeClass } from '../statement/classes.js';
import type { Statement } from '../statement/statement.js';
import type { Batch, JobFile, Registration } from './artifacts.js';
import { receiptHashOf, type InferenceReceipt } from './receipt.js';

export function registrationStatement(r: Registration): Statement {
  return featuresStatement({
    cls: sizeClass(r.className), chainId: BigInt(r.chainId), verifier: BigInt(r.verifier), heightLog: r.training.heightLog,
    context: BigInt(featuresContext(r.registry, r.recordId, r.adapter.owner)), boundaries: trainingBoundaries(r.training.rows),
    commitments: { delta: r.training.dlt, x: r.training.x, b: r.adapter.b, a: r.adapter.a, g: r.g, mask: r.mask },
  });
}

/** The block that the escrow keeps for a receipt. */
export function receiptBlock(receipt: InferenceReceipt): BlockRecord {
  const point = ({ x, y }: { x: string; y: string }): { x: bigint; y: bigint } => ({ x: BigInt(x), y: BigInt(y) });
  return blockRecord(receipt.node, receipt.adapterId, receipt.heightLog, point(receipt.Delta), point(receipt.X), receiptInferences(receipt), receiptHashOf(receipt));
}

/** The inferences of a receipt as commitBlock takes them. */
export const receiptInferences = (receipt: InferenceReceipt): { requestHash: `0x${string}`; nonce: bigint; rows: number; outputHash: `0x${string}` }[] =>
  receipt.inferences.map(({ requestHash, nonce, rows, outputHash }) => ({ requestHash, nonce: BigInt(nonce), rows, outputHash }));

/** @param batches  in the job's order */
export function jobStatement(job: JobFile, r: Registration, batches: readonly Batch[]): Statement {
  const records = batches.map((batch) => receiptBlock(batch.signed.receipt));
  const keys = records.flatMap((record) => record.inferences.map((i) => i.key));
  return payoutStatement({
    cls: sizeClass(job.className), chainId: BigInt(job.chainId), verifier: BigInt(job.verifier), heightLog: records[0].heightLog,
    context: BigInt(payoutContext(job.escrow, job.jobId, keys, r.recordId, job.prover)), boundaries: jobBoundaries(records[0].heightLog, records),
    commitments: { delta: records.map((b) => b.dlt), x: records.map((b) => b.x), b: r.adapter.bStar, a: r.adapter.aStar, g: r.g, bits: job.bits, mask: job.mask },
  }, { fees: batches.flatMap((batch) => batch.signed.receipt.inferences.map((i) => BigInt(i.fee))), payouts: job.payouts, zeroQueries: job.zeroQueries });
}
