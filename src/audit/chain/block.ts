/** One batch as the inference registry has it: who paid what, which block was committed under which split, and where both stand. */
import type { Hex } from 'viem';
import { BLOCK_STATUS, JOB_STATE, PAYMENT_STATUS, paymentKey, type BlockStatus, type FeeSplit, type PaymentStatus } from '../../chain/index.js';
import { AuditMismatchError } from '../../errors/audit.js';
import { receiptHashOf } from '../../protocol/receipt.js';
import { receiptInferences } from '../../protocol/statements.js';
import type { AuditedBatch } from '../batch.js';
import { assertOnChain } from '../compare.js';
import type { AuditContext } from '../context.js';
import type { AuditedRegistration } from '../registration.js';
import { assertTransaction } from './record.js';
import { inForce, type ChainView } from './view.js';

/** Where payments and block may stand, by what became of the job. */
interface Expected {
  block: readonly BlockStatus[];
  /** Of inferences whose fee had not gone back before. */
  payment: readonly PaymentStatus[];
}

const EXPECTED: Record<'none' | 'settled' | 'reversed', Expected> = {
  none: { block: ['committed', 'challenged', 'rejected', 'settled'], payment: ['committed', 'paid', 'refunded'] },
  settled: { block: ['settled'], payment: ['paid'] },
  reversed: { block: ['rejected'], payment: ['refunded'] },
};

/**
 * @param jobId     of the job that settled the batch; none when no audited job did
 * @param refunded  payment keys whose fee went back before that
 */
export async function auditBlock(
  { list }: AuditContext, view: ChainView, { registration: r }: AuditedRegistration, { folder, batch, record }: AuditedBatch, job: { jobId: Hex; settled: boolean } | undefined, refunded: ReadonlySet<string>,
): Promise<void> {
  const file = `batches/${folder}/batch.json`, { receipt } = batch.signed;
  await list.check(`chain: batch ${folder}`, async () => {
    const [event] = await view.events('inferences', 'BlockCommitted', { blockId: batch.blockId });
    if (!event) {
      if (batch.transaction || job) throw new AuditMismatchError(file, 'blockId', `${batch.blockId} is not committed on chain`);
      return 'not committed yet: no transaction in the file, none on chain';
    }
    const { args } = event;
    assertOnChain(file, 'block', { node: args.node, recordId: args.recordId, adapterId: args.adapterId, receiptHash: args.receiptHash }, { node: receipt.node, recordId: r.recordId, adapterId: receipt.adapterId, receiptHash: receiptHashOf(receipt) });
    assertOnChain(file, 'block', args.data, record);
    assertOnChain(file, 'inferences', args.inferences, receiptInferences(receipt));
    await assertTransaction(view, file, batch.transaction, event);
    await assertSplit(view, file, batch.split, args.data.splitId, event);

    const outcome = job?.settled ? (JOB_STATE[(await view.read('vault', 'job', [job.jobId]))[0]] === 'reversed' ? 'reversed' : 'settled') : 'none';
    const state = await view.read('inferences', 'blockState', [batch.blockId]), status = BLOCK_STATUS[state.status];
    assertOnChain(file, 'node', state.node, receipt.node);
    if (!EXPECTED[outcome].block.includes(status)) throw new AuditMismatchError(file, 'blockId', `the block is ${status} on chain, expected ${EXPECTED[outcome].block.join(' or ')}`);
    const counts = new Map<string, number>();
    for (const [i, inference] of receipt.inferences.entries()) {
      const key = paymentKey(receipt.node, receipt.adapterId, inference.requestHash, BigInt(inference.nonce)), payment = await view.read('inferences', 'payment', [key]);
      assertOnChain(file, `inferences[${i}].payer`, payment.payer, inference.payer);
      assertOnChain(file, `inferences[${i}].fee`, payment.fee, BigInt(inference.fee));
      const paid = PAYMENT_STATUS[payment.status], expected = refunded.has(key) ? ['refunded'] : EXPECTED[outcome].payment;
      if (!expected.includes(paid)) throw new AuditMismatchError(file, `inferences[${i}]`, `its payment is ${paid} on chain, expected ${expected.join(' or ')}`);
      counts.set(paid, (counts.get(paid) ?? 0) + 1);
    }
    return `committed with this data under split ${args.data.splitId}, now ${status}; payments: ${[...counts].map(([name, n]) => `${n} ${name}`).join(', ')}`;
  });
}

/** The split is the one of its id, and was in force when the block was committed. */
async function assertSplit(view: ChainView, file: string, stated: { id: number; contributors: number }, splitId: number, committed: { blockNumber: bigint; logIndex: number }): Promise<void> {
  const splits = await view.events('parameters', 'SplitAdded'), then = inForce(splits, committed);
  assertOnChain(file, 'split in force when the block was committed', then?.args.id, splitId);
  assertOnChain(file, 'split.id', splitId, stated.id);
  assertOnChain(file, 'split.contributors', then?.args.split.contributors, stated.contributors);
}

/** The split of an id, as its event says: splits are kept for ever. */
export async function splitOf(view: ChainView, id: number): Promise<FeeSplit> {
  return view.read('parameters', 'split', [id]);
}
