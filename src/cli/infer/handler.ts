import { writeFileAtomic } from '../../files/atomic.js';
import { commitIntegers, randomScalar } from '../../commitment/kzg.js';
import type { Srs } from '../../commitment/srs.js';
import { CliError } from '../../errors/cli.js';
import { closeTapSession, createReceipt, inputHashOf, loadTapSession, requestHashOf, runTaps, signReceipt, type ReceiptQuery } from '../../inference/index.js';
import { readBundle, tapSpecOf } from '../../models/index.js';
import { batchSchema, readArtifact, writeArtifact, type Batch } from '../../protocol/artifacts.js';
import { receiptHashOf } from '../../protocol/receipt.js';
import { receiptBlock, receiptInferences } from '../../protocol/statements.js';
import { blockId, type Economy } from '../../chain/index.js';
import { sizeClass } from '../../statement/classes.js';
import { relationShape } from '../../statement/sizeClass.js';
import type { LocalAccount } from 'viem';
import { account, economyAs, isLocalChain, type ChainAccess } from '../accounts.js';
import { noted } from '../transaction.js';
import { deploymentOf } from '../register/handler.js';
import type { Progress, Workspace } from '../workspace.js';

export interface InferOptions {
  /** Held-out rows: first one, how many. */
  from: number;
  count: number;
  /** Queries to a batch = rows of a block; a power of two. */
  batchSize: number;
  /** Fee of query i, base units. */
  fee: (query: number) => bigint;
}

export interface InferResult {
  batches: Batch[];
  folders: string[];
  feesIn: bigint;
  gas: { payFees: number; commitBlock: number };
}

/**
 * Serves held-out rows in batches: the payer pays the fees into the escrow, the node classifies, commits the activations, signs
 * a receipt and commits the block on chain.
 */
export async function infer(workspace: Workspace, access: ChainAccess, srs: Srs, options: InferOptions, progress: Progress): Promise<InferResult> {
  const bundle = await readBundle(workspace.model);
  const { manifest, heldOut } = bundle;
  const cls = sizeClass(manifest.sizeClass.name), shape = relationShape(cls, 'payout');
  const { from, count, batchSize } = options;
  const heightLog = Math.log2(batchSize);
  if (!Number.isInteger(heightLog)) throw new CliError('batch size is not a power of two', { code: 'BATCH_SIZE', where: '--batch-size', got: batchSize });
  if (heightLog + shape.blocksLog > shape.tokensLogMax) throw new CliError('batch is larger than a block of the class', { code: 'BATCH_SIZE', where: '--batch-size', expected: `at most ${2 ** (shape.tokensLogMax - shape.blocksLog)}`, got: batchSize });
  if (from < 0 || count < 1 || from + count > heldOut.labels.length) throw new CliError('rows are not in the held-out set', { code: 'ROWS', where: '--from/--count', expected: `0..${heldOut.labels.length - 1}`, got: `${from}..${from + count - 1}` });
  const deployment = await workspace.deployment();
  const registration = await workspace.registration();
  const node = account(access.chainId, 'node') as LocalAccount;
  const nodeEconomy = await economyAs(access, deploymentOf(deployment), 'node');
  const width = manifest.taps.inputWidth;
  const session = await loadTapSession(bundle.model, tapSpecOf(manifest));
  const result: InferResult = { batches: [], folders: [], feesIn: 0n, gas: { payFees: 0, commitBlock: 0 } };
  // Requests are keyed by a nonce of the payer: never used twice on this escrow.
  const nonceBase = BigInt(Date.now()) << 32n;
  try {
    await resumeBatches(workspace, nodeEconomy, progress);
    for (let start = 0, b = 0; start < count; start += batchSize, b++) {
      const size = Math.min(batchSize, count - start);
      const first = from + start;
      const payer = account(access.chainId, 'payer', isLocalChain(access.chainId) ? b % 4 : 0);
      const payerEconomy = await economyAs(access, deploymentOf(deployment), 'payer', b % 4);
      progress(`batch ${b}: rows ${first} to ${first + size - 1}, fees paid by ${payer.address}`);
      const inputs = heldOut.inputs.slice(first * width, (first + size) * width);
      const row = (i: number): Float32Array => inputs.slice(i * width, (i + 1) * width);
      const requests = Array.from({ length: size }, (_, i) => {
        const nonce = nonceBase + BigInt(start + i);
        return { nonce, fee: options.fee(start + i), requestHash: requestHashOf(payer.address, manifest.modelHash, inputHashOf(row(i), 1), nonce) };
      });
      const paid = await payerEconomy.payMany(requests.map((r) => ({ node: node.address, adapterId: registration.adapterId, requestHash: r.requestHash, nonce: r.nonce, fee: r.fee })));
      result.gas.payFees += Number(paid.receipt.gasUsed);
      result.feesIn += requests.reduce((sum, r) => sum + r.fee, 0n);

      const taps = await runTaps(session, inputs, { scales: manifest.scales, shape: cls }, undefined, batchSize);
      const rho = { X: randomScalar(), Delta: randomScalar() };
      const queries: ReceiptQuery[] = requests.map((r, i) => ({ payer: payer.address, nonce: r.nonce, fee: r.fee, inputs: row(i), predictions: taps.predictions.slice(i, i + 1) }));
      const receipt = await createReceipt({
        chainId: access.chainId, escrow: deployment.escrow, node: node.address, modelHash: manifest.modelHash, adapterId: registration.adapterId, heightLog, queries, tables: taps,
        commit: (table, role) => commitIntegers(srs, table, rho[role]),
      });
      const signed = await signReceipt(receipt, node);
      const record = receiptBlock(receipt);
      const id = blockId({ chainId: access.chainId, address: deployment.escrow }, registration.recordId, record);

      // Tables and blinding factors are on disk before the block is on chain: a crash in between loses nothing.
      const folder = workspace.next('batches');
      const at = (name: string): string => workspace.path('batches', folder, name);
      await writeFileAtomic(at('inputs.f32'), bytes(inputs));
      await writeFileAtomic(at('X.i8'), bytes(taps.X));
      await writeFileAtomic(at('Delta.i16'), bytes(taps.Delta));
      await writeArtifact(at('secrets.json'), { format: 'zkattr-batch-secrets', blockId: id, delta: rho.Delta, x: rho.X });
      const batch: Batch = {
        format: 'zkattr-batch', signed, blockId: id, predictions: [...taps.predictions.slice(0, size)], labels: [...heldOut.labels.slice(first, first + size)],
      };
      await writeArtifact(at('batch.json'), batch);
      const final = await commitBatch(workspace, folder, batch, nodeEconomy);
      result.gas.commitBlock += final.transaction?.gas ?? 0;
      result.batches.push(final);
      result.folders.push(folder);
    }
  } finally {
    await closeTapSession(session);
  }
  return result;
}

/** Commits the block of a written batch on chain and notes the transaction. A block that is already there is only noted. */
async function commitBatch(workspace: Workspace, folder: string, batch: Batch, node: Economy): Promise<Batch> {
  const { receipt } = batch.signed;
  const record = receiptBlock(receipt);
  let transaction: Batch['transaction'];
  if ((await node.blockState(batch.blockId)) === 'unknown') {
    const sent = await node.commitBlock({
      adapterId: receipt.adapterId, heightLog: receipt.heightLog, dlt: record.dlt, x: record.x, inferences: receiptInferences(receipt), receiptHash: receiptHashOf(receipt),
    });
    if (sent.result !== batch.blockId) throw new CliError('the escrow made another block', { code: 'BLOCK_ID', where: 'commitBlock', expected: batch.blockId, got: sent.result });
    transaction = { hash: sent.receipt.transactionHash, gas: Number(sent.receipt.gasUsed) };
  } else {
    const event = (await node.escrowEvents('BlockCommitted')).find(({ args }) => args.blockId === batch.blockId);
    if (!event) throw new CliError('block is on chain, its event is not', { code: 'BLOCK_EVENT', where: folder, expected: batch.blockId, hint: 'use a node that keeps the history' });
    transaction = await noted(node.client, event.transactionHash);
  }
  const final: Batch = { ...batch, transaction };
  await writeArtifact(workspace.path('batches', folder, 'batch.json'), final);
  return final;
}

/** Commits what an interrupted run had written and not yet sent: its fees are paid, its tables and blinding factors on disk. */
async function resumeBatches(workspace: Workspace, node: Economy, progress: Progress): Promise<void> {
  for (const folder of workspace.finished('batches', 'batch.json')) {
    const batch = await readBatch(workspace, folder);
    if (batch.transaction) continue;
    progress(`batch ${folder}: resume, commit the block of an interrupted run`);
    await commitBatch(workspace, folder, batch, node);
  }
}

const bytes = (table: Float32Array | Int8Array | Int16Array): Uint8Array => new Uint8Array(table.buffer, table.byteOffset, table.byteLength);

export const readBatch = (workspace: Workspace, folder: string): Promise<Batch> => readArtifact(workspace.path('batches', folder, 'batch.json'), batchSchema);
