/** From packages to a payout's input, with every id computed again: a prover works on what the job names, or not at all. */
import { blockId, contractProof, CONTRACTS, featureRecord, jobId, recordId } from '../../src/chain/index.js';
import { NetworkError } from '../../src/errors/network.js';
import type { Batch, JobFile, Registration } from '../../src/protocol/artifacts.js';
import { requestOf, type Order, type ProofJob } from '../../src/protocol/network/job.js';
import { decodeBlockPackage, decodeRecordPackage } from '../../src/protocol/network/packages.js';
import { batchBlock, batchFees, jobStatement } from '../../src/protocol/statements.js';
import { sizeClass } from '../../src/statement/classes.js';
import { relationShape } from '../../src/statement/sizeClass.js';
import type { Statement } from '../../src/statement/statement.js';
import type { JobBatch, PayoutInput } from '../workflow/payout.js';
import { encodeFunctionData, type Address, type Hex } from 'viem';

export interface OpenedJob {
  input: PayoutInput;
  registration: Registration;
  /** As the packages have them; refunded inferences with fee 0. */
  batches: Batch[];
}

function same(where: string, expected: unknown, got: unknown): void {
  if (expected !== got) throw new NetworkError('package is not of this job', { code: 'PACKAGE_JOB', where, expected, got, hint: 'the coordinator offered packages that do not belong together' });
}

/** @throws NetworkError CONTAINER, PACKAGE, PACKAGE_JOB */
export function openJob(job: ProofJob, record: Uint8Array, blocks: readonly Uint8Array[], prover: Address): OpenedJob {
  const { registration, secrets, adapter, train, boundaries } = decodeRecordPackage(record), cls = sizeClass(job.className), shape = relationShape(cls, 'payout');
  same('registration.className', job.className, registration.className);
  same('registration.chainId', job.chainId, registration.chainId);
  same('registration.verifier', job.verifier, registration.verifier);
  const keeper = { chainId: job.chainId, address: registration.models };
  const id = recordId(keeper, featureRecord(keeper, registration.adapter, registration.training, registration.contributors.map((c) => c.address), registration.g));
  same('registration', job.recordId, id);
  same('registration.recordId', job.recordId, registration.recordId);
  same('registration secrets', job.recordId, secrets.recordId);
  same('blocks', job.blocks.length, blocks.length);
  if (blocks.length > shape.blocks) throw new NetworkError('job is larger than its class', { code: 'PACKAGE_JOB', where: 'blocks', expected: `at most ${shape.blocks}`, got: blocks.length });
  same('job id', job.jobId, jobId(job.recordId, job.blocks.map((block) => block.blockId)));

  const opened = job.blocks.map(({ blockId: expected, fees }, k): { input: JobBatch; batch: Batch } => {
    const where = `blocks[${k}]`, { batch, secrets: own, X, Delta } = decodeBlockPackage(blocks[k], job.className), { receipt } = batch.signed, block = batchBlock(batch);
    same(`${where}.chainId`, job.chainId, receipt.chainId);
    same(`${where}.adapterId`, registration.adapterId, receipt.adapterId);
    same(where, expected, blockId({ chainId: job.chainId, address: receipt.registry }, job.recordId, block));
    same(`${where}.blockId`, expected, batch.blockId);
    same(`${where} secrets`, expected, own.blockId);
    const parts = batchFees(batch), own0 = fees.map(BigInt);
    same(`${where}.fees`, parts.length, own0.length);
    own0.forEach((fee, i) => { if (fee !== 0n) same(`${where}.fees[${i}]`, parts[i], fee); });
    // The statement reads fees, keys and rows of a receipt: one that went back counts 0.
    const inferences = receipt.inferences.map((inference, i) => (own0[i] === 0n ? { ...inference, fee: '0' } : inference));
    return {
      batch: { ...batch, signed: { ...batch.signed, receipt: { ...receipt, inferences } } },
      input: { folder: expected, blockId: expected, record: block, fees: own0, tables: { rows: 2 ** receipt.heightLog, X, Delta }, secrets: own },
    };
  });
  opened.forEach(({ input }, k) => same(`blocks[${k}].heightLog`, opened[0].input.record.heightLog, input.record.heightLog));
  same('queries', job.queries, opened.reduce((n, { input }) => n + input.fees.length, 0));
  if (job.queries > shape.queries) throw new NetworkError('job is larger than its class', { code: 'PACKAGE_JOB', where: 'queries', expected: `at most ${shape.queries}`, got: job.queries });
  return {
    registration, batches: opened.map(({ batch }) => batch),
    input: {
      bundle: { adapter, train, manifest: { boundaries } }, cls, registration, secrets, prover, batches: opened.map(({ input }) => input), selector: job.selector,
      deployment: { chainId: job.chainId, verifier: job.verifier, settlement: job.settlement }, ...(job.requestId ? { requestId: job.requestId } : {}),
    },
  };
}

/** What the proof of a job is checked against, from the packages' records and not from what the prover made of them. */
export const statementOf = ({ registration, batches }: OpenedJob, file: JobFile): Statement => jobStatement(file, registration, batches);

/** Calldata that delivers a proved job to its order, by whomever it is sent. */
export function deliveryCalldata({ registration: r, input: { batches, prover } }: OpenedJob, file: JobFile, order: Order): Hex {
  const record = featureRecord({ chainId: r.chainId, address: r.models }, r.adapter, r.training, r.contributors.map((c) => c.address), r.g), { bits: bt, mask: m, payouts, zeroQueries, selector } = file;
  const delivery = { request: requestOf(order), job: { record, blocks: batches.map((batch) => batch.record), prover }, settlement: { bt, m, payouts, zeroQueries, selector }, ...contractProof(file.proof), gasLimit: 0n };
  return encodeFunctionData({ abi: CONTRACTS.market.abi, functionName: 'deliver', args: [delivery] });
}
