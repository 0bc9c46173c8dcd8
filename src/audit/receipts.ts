/** What a payer holds of a batch: the order that it paid for, and the node's signature under every output that it got. */
import { existsSync } from 'node:fs';
import { verifyTypedData } from 'viem';
import { receiptTypedData } from '../chain/index.js';
import { AuditMismatchError } from '../errors/audit.js';
import { orderSchema, payerReceiptsSchema, readArtifact } from '../protocol/artifacts.js';
import type { InferenceReceipt } from '../protocol/receipt.js';
import { assertSame, assertSameWord } from './compare.js';
import { artifactPath, type AuditContext } from './context.js';

/** An order whose batch was not served yet. */
export const isWaiting = (context: AuditContext, folder: string): boolean =>
  existsSync(artifactPath(context, `batches/${folder}/order.json`)) && !existsSync(artifactPath(context, `batches/${folder}/batch.json`));

const words = ['registry', 'node', 'adapterId'] as const;

/** Batches that were not made from an order have none. */
export async function auditOrder(context: AuditContext, folder: string, receipt: InferenceReceipt, title: string): Promise<void> {
  const file = `batches/${folder}/order.json`;
  if (!existsSync(artifactPath(context, file))) return;
  await context.list.check(title, async () => {
    const order = await readArtifact(artifactPath(context, file), orderSchema);
    assertSame(file, 'chainId', receipt.chainId, order.chainId);
    for (const name of words) assertSameWord(file, name, receipt[name], order[name]);
    assertSame(file, 'heightLog', receipt.heightLog, order.heightLog);
    assertSame(file, 'queries: length', receipt.inferences.length, order.queries.length);
    receipt.inferences.forEach(({ payer, requestHash, nonce, fee }, i) => {
      assertSameWord(file, 'payer', payer, order.payer);
      assertSameWord(file, `queries[${i}].requestHash`, requestHash, order.queries[i].requestHash);
      assertSame(file, `queries[${i}].nonce`, BigInt(nonce), order.queries[i].nonce);
      assertSame(file, `queries[${i}].fee`, BigInt(fee), order.queries[i].fee);
    });
    return `${order.queries.length} queries of ${order.payer}, as served`;
  });
}

/** One receipt an inference, in the batch's order: same request, same output, the node's signature. */
export async function auditReceipts(context: AuditContext, folder: string, receipt: InferenceReceipt, title: string): Promise<void> {
  const file = `batches/${folder}/receipts.json`;
  await context.list.check(title, async () => {
    const { receipts } = await readArtifact(artifactPath(context, file), payerReceiptsSchema);
    assertSame(file, 'receipts: length', receipt.inferences.length, receipts.length);
    for (const [i, { receipt: own, signature }] of receipts.entries()) {
      const { requestHash, nonce, outputHash } = receipt.inferences[i], at = (name: string): string => `receipts[${i}].receipt.${name}`;
      assertSameWord(file, at('node'), receipt.node, own.node);
      assertSameWord(file, at('adapterId'), receipt.adapterId, own.adapterId);
      assertSameWord(file, at('requestHash'), requestHash, own.requestHash);
      assertSame(file, at('nonce'), BigInt(nonce), own.nonce);
      assertSameWord(file, at('outputHash'), outputHash, own.outputHash);
      const data = receiptTypedData({ chainId: receipt.chainId, inferences: receipt.registry }, own);
      // A signature of another form makes the check throw: it is no more the node's than another one.
      const signed = await verifyTypedData({ ...data, address: receipt.node, signature }).catch(() => false);
      if (!signed) throw new AuditMismatchError(file, `receipts[${i}].signature`, `is not of the node ${receipt.node}`);
    }
    return `${receipts.length} signed by the node, with the outputs of the block`;
  });
}
