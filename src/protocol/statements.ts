/** Statements of artifacts: what verifier and auditor check a proof against, derived from the files alone. */
import { contractProof, featureRecord, featuresContext, jobBoundaries, payoutContext, trainingBoundaries, blockRecord, type BlockRecord, type Delivery, type FeatureRecord, type SettleInput } from '../chain/index.js';
import { featuresStatement, payoutStatement } from '../statement/records.js';
import { sizeClass } from '../statement/classes.js';
import type { Statement } from '../statement/statement.js';
import type { Batch, JobFile, Registration } from './artifacts.js';
import { receiptHashOf, type InferenceReceipt } from './receipt.js';

export function registrationStatement(r: Registration): Statement {
  return featuresStatement({
    cls: sizeClass(r.className), chainId: BigInt(r.chainId), verifier: BigInt(r.verifier), heightLog: r.training.heightLog,
    context: BigInt(featuresContext(r.models, r.recordId, r.adapter.owner)), boundaries: trainingBoundaries(r.training.rows),
    commitments: { delta: r.training.dlt, x: r.training.x, b: r.adapter.b, a: r.adapter.a, g: r.g, mask: r.mask },
  });
}

/** The block that the inference registry keeps for a receipt, committed under this split. */
export function receiptBlock(receipt: InferenceReceipt, splitId: number): BlockRecord {
  const point = ({ x, y }: { x: string; y: string }): { x: bigint; y: bigint } => ({ x: BigInt(x), y: BigInt(y) });
  return blockRecord({
    node: receipt.node, adapterId: receipt.adapterId, heightLog: receipt.heightLog, dlt: point(receipt.Delta), x: point(receipt.X), inferences: receiptInferences(receipt), receiptHash: receiptHashOf(receipt),
  }, splitId);
}
export const batchBlock = ({ signed, split }: Pick<Batch, 'signed' | 'split'>): BlockRecord => receiptBlock(signed.receipt, split.id);

/** Contributors' parts of a batch's fees: what R2 divides. */
export const batchFees = ({ signed, split }: Pick<Batch, 'signed' | 'split'>): bigint[] =>
  signed.receipt.inferences.map((i) => (BigInt(i.fee) * BigInt(split.contributors)) / 10_000n);

/** The inferences of a receipt as commitBlock takes them. */
export const receiptInferences = (receipt: InferenceReceipt): { requestHash: `0x${string}`; nonce: bigint; rows: number; outputHash: `0x${string}` }[] =>
  receipt.inferences.map(({ requestHash, nonce, rows, outputHash }) => ({ requestHash, nonce: BigInt(nonce), rows, outputHash }));

/** The record that the model registry keeps of a registration. */
export const registrationRecord = (r: Registration): FeatureRecord =>
  featureRecord({ chainId: r.chainId, address: r.models }, r.adapter, r.training, r.contributors.map((c) => c.address), r.g);

/** Job, settlement and proof as the contracts take them. @param batches  in the job's order */
export const settlementCalldata = (job: JobFile, r: Registration, batches: readonly Pick<Batch, 'signed' | 'split'>[]): SettleInput & { settlement: Delivery['settlement'] } => ({
  job: { record: registrationRecord(r), blocks: batches.map(batchBlock), prover: job.prover },
  settlement: { bt: job.bits, m: job.mask, payouts: job.payouts, zeroQueries: job.zeroQueries, selector: job.selector }, ...contractProof(job.proof),
});

/**
 * @param batches  in the job's order
 * @param fees  contributors' parts where they are not those of the batches: 0 for a query whose payment went back before the settlement
 */
export function jobStatement(job: JobFile, r: Registration, batches: readonly Batch[], fees: readonly bigint[] = batches.flatMap(batchFees)): Statement {
  const records = batches.map(batchBlock);
  const keys = records.flatMap((record) => record.inferences.map((i) => i.key));
  return payoutStatement({
    cls: sizeClass(job.className), chainId: BigInt(job.chainId), verifier: BigInt(job.verifier), heightLog: records[0].heightLog,
    context: BigInt(payoutContext(job.settlement, job.jobId, keys, r.recordId, job.prover)), boundaries: jobBoundaries(records[0].heightLog, records),
    commitments: { delta: records.map((b) => b.dlt), x: records.map((b) => b.x), b: r.adapter.bStar, a: r.adapter.aStar, g: r.g, bits: job.bits, mask: job.mask },
  }, { fees, payouts: job.payouts, zeroQueries: job.zeroQueries });
}
