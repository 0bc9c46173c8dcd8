/**
 * Serves held-out rows in batches. Each batch is a folder, and every step leaves there what the next run needs to go on:
 * order.json and inputs (asked) -> fees paid -> tables, secrets, receipts, batch.json (served and signed) -> block committed.
 */
import { isAddressEqual, type LocalAccount } from 'viem';
import { blockId, paymentKey, type Economy, type Receipt } from '../../chain/index.js';
import { commitIntegers, randomScalar } from '../../commitment/kzg.js';
import type { Srs } from '../../commitment/srs.js';
import { CliError } from '../../errors/cli.js';
import { readFileChecked, writeFileAtomic } from '../../files/atomic.js';
import { closeTapSession, createReceipt, inputHashOf, loadTapSession, requestHashOf, runTaps, signReceipt, type ReceiptQuery, type TapResult, type TapSession } from '../../inference/index.js';
import { readBundle, tapSpecOf, type ModelBundle } from '../../models/index.js';
import { batchSchema, batchSecretsSchema, orderSchema, readArtifact, writeArtifact, type Batch, type Order, type Registration } from '../../protocol/artifacts.js';
import { receiptHashOf } from '../../protocol/receipt.js';
import { batchBlock, receiptInferences } from '../../protocol/statements.js';
import { sizeClass } from '../../statement/classes.js';
import { relationShape } from '../../statement/sizeClass.js';
import { account, fundedAs, isLocalChain, ROLES, type ChainAccess, type Role } from '../accounts.js';
import { ensureStake, leastStake } from '../stake/handler.js';
import { noted } from '../transaction.js';
import type { Progress, Workspace } from '../workspace.js';

export interface InferOptions {
  /** Held-out rows: first one, how many. */
  from: number;
  count: number;
  /** Queries to a batch = rows of a block; a power of two. */
  batchSize: number;
  /** Fee of query i, base units. */
  fee: (query: number) => bigint;
  /** Whose account serves. */
  server?: Role;
  /** Changes the tables before they are committed: for showing what a dishonest node could do. */
  alter?: (tables: TapResult) => void;
}

export interface InferResult {
  batches: Batch[];
  folders: string[];
  feesIn: bigint;
  gas: { payFees: number; commitBlock: number };
}

interface Serving {
  workspace: Workspace;
  access: ChainAccess;
  srs: Srs;
  bundle: ModelBundle;
  registration: Registration;
  node: Economy;
  session: TapSession;
  alter?: (tables: TapResult) => void;
}

export async function infer(workspace: Workspace, access: ChainAccess, srs: Srs, options: InferOptions, progress: Progress): Promise<InferResult> {
  const bundle = await readBundle(workspace.model), registration = await workspace.registration(), deployment = await workspace.deployment();
  const { from, count, batchSize, server = 'node', alter } = options;
  const heightLog = checkedHeight(bundle, options);
  const node = await activeNode(access, deployment, server, progress);
  const serving: Serving = { workspace, access, srs, bundle, registration, node, session: await loadTapSession(bundle.model, tapSpecOf(bundle.manifest)), alter };
  const result: InferResult = { batches: [], folders: [], feesIn: 0n, gas: { payFees: 0, commitBlock: 0 } };
  // Requests are keyed by a nonce of the payer: never used twice on this registry.
  const nonceBase = BigInt(Date.now()) << 32n;
  const payers = isLocalChain(access.chainId) ? ROLES.payer[1] : 1;
  try {
    await resumeBatches(serving, progress);
    for (let start = 0, b = 0; start < count; start += batchSize, b++) {
      const size = Math.min(batchSize, count - start), folder = workspace.next('batches');
      const order = await writeOrder(serving, folder, b % payers, { from: from + start, heightLog, fees: Array.from({ length: size }, (_, i) => options.fee(start + i)), nonce: nonceBase + BigInt(start) });
      progress(`batch ${folder}: rows ${order.from} to ${order.from + size - 1}, fees paid by ${order.payer}`);
      const { batch, paidGas } = await serveBatch(serving, folder, order);
      result.gas.payFees += paidGas;
      result.gas.commitBlock += batch.transaction?.gas ?? 0;
      result.feesIn += order.queries.reduce((sum, q) => sum + q.fee, 0n);
      result.batches.push(batch);
      result.folders.push(folder);
    }
  } finally {
    await closeTapSession(serving.session);
  }
  return result;
}

/** @returns log2 of the rows of a block */
function checkedHeight({ manifest, heldOut }: ModelBundle, { from, count, batchSize }: InferOptions): number {
  const shape = relationShape(sizeClass(manifest.sizeClass.name), 'payout'), heightLog = Math.log2(batchSize);
  if (!Number.isInteger(heightLog)) throw new CliError('batch size is not a power of two', { code: 'BATCH_SIZE', where: '--batch-size', got: batchSize });
  if (heightLog + shape.blocksLog > shape.tokensLogMax) throw new CliError('batch is larger than a block of the class', { code: 'BATCH_SIZE', where: '--batch-size', expected: `at most ${2 ** (shape.tokensLogMax - shape.blocksLog)}`, got: batchSize });
  if (from < 0 || count < 1 || from + count > heldOut.labels.length) throw new CliError('rows are not in the held-out set', { code: 'ROWS', where: '--from/--count', expected: `0..${heldOut.labels.length - 1}`, got: `${from}..${from + count - 1}` });
  return heightLog;
}

/** The node with its stake, registered; done on first use. */
async function activeNode(access: ChainAccess, deployment: Awaited<ReturnType<Workspace['deployment']>>, server: Role, progress: Progress): Promise<Economy> {
  const node = await fundedAs(access, deployment, server, 0, deployment.config.stakes.node);
  const { address } = node.client.account!;
  if (await node.inferences.isActiveNode(address)) return node;
  progress(`stake and register node ${address}`);
  await ensureStake(node, 'node', await leastStake(node, 'node'));
  if (!await node.inferences.isActiveNode(address)) await node.inferences.registerNode(address, 'local:zkattr');
  return node;
}

async function writeOrder(
  { workspace, access, bundle: { manifest, heldOut }, registration, node }: Serving, folder: string, payerIndex: number, { from, heightLog, fees, nonce }: { from: number; heightLog: number; fees: bigint[]; nonce: bigint },
): Promise<Order> {
  const payer = account(access.chainId, 'payer', payerIndex).address, width = manifest.taps.inputWidth;
  const inputs = heldOut.inputs.slice(from * width, (from + fees.length) * width);
  const order: Order = {
    format: 'zkattr-order', chainId: access.chainId, registry: node.deployment.inferences, node: node.client.account!.address, payer, adapterId: registration.adapterId, from, heightLog,
    queries: fees.map((fee, i) => {
      const own = nonce + BigInt(i);
      return { requestHash: requestHashOf(payer, manifest.modelHash, inputHashOf(inputs.slice(i * width, (i + 1) * width), 1), own), nonce: own, fee };
    }),
  };
  await writeFileAtomic(workspace.path('batches', folder, 'inputs.f32'), bytes(inputs));
  await writeArtifact(workspace.path('batches', folder, 'order.json'), order);
  return order;
}

/** Goes on with a batch from wherever it stands. */
async function serveBatch(serving: Serving, folder: string, order: Order): Promise<{ batch: Batch; paidGas: number }> {
  const paidGas = await payOrder(serving, order);
  const batch = serving.workspace.has('batches', folder, 'batch.json') ? await readBatch(serving.workspace, folder) : await runBatch(serving, folder, order);
  return { batch: batch.transaction ? batch : await commitBatch(serving, folder, batch), paidGas };
}

/** The fees of an order are paid in one transaction, all or none. */
async function payOrder({ workspace, access, node }: Serving, { payer, node: server, adapterId, queries }: Order): Promise<number> {
  const [first] = queries;
  if ((await node.inferences.payment(paymentKey(server, adapterId, first.requestHash, first.nonce))).status !== 'none') return 0;
  const payers = isLocalChain(access.chainId) ? ROLES.payer[1] : 1;
  const index = Array.from({ length: payers }, (_, i) => i).find((i) => isAddressEqual(account(access.chainId, 'payer', i).address, payer));
  if (index === undefined) throw new CliError('the order is of another payer', { code: 'PAYER', where: 'order.json', expected: account(access.chainId, 'payer').address, got: payer, hint: 'its payer has to go on with it' });
  const economy = await fundedAs(access, await workspace.deployment(), 'payer', index, queries.reduce((sum, q) => sum + q.fee, 0n));
  const { gasUsed } = await economy.pay(queries.map((q) => ({ node: server, adapterId, ...q })));
  return Number(gasUsed);
}

/** Classifies, commits the activations, signs: one receipt for the batch, one for each payer. */
async function runBatch({ workspace, srs, bundle: { manifest, heldOut }, registration, node, session, alter, access }: Serving, folder: string, order: Order): Promise<Batch> {
  const at = (name: string): string => workspace.path('batches', folder, name);
  const size = order.queries.length, width = manifest.taps.inputWidth, cls = sizeClass(manifest.sizeClass.name), height = 2 ** order.heightLog;
  const inputs = new Float32Array(Uint8Array.from(await readFileChecked(at('inputs.f32'))).buffer);
  const taps = await runTaps(session, inputs, { scales: manifest.scales, shape: cls }, undefined, height);
  alter?.(taps);
  const rho = { X: randomScalar(), Delta: randomScalar() };
  const queries: ReceiptQuery[] = order.queries.map(({ nonce, fee }, i) => ({ payer: order.payer, nonce, fee, inputs: inputs.slice(i * width, (i + 1) * width), predictions: taps.predictions.slice(i, i + 1) }));
  const receipt = await createReceipt({
    chainId: access.chainId, registry: order.registry, node: order.node, modelHash: manifest.modelHash, adapterId: order.adapterId, heightLog: order.heightLog, queries, tables: taps,
    commit: (table, role) => commitIntegers(srs, table, rho[role]),
  });
  const signed = await signReceipt(receipt, node.client.account as LocalAccount);
  const split = await splitOf(node), id = blockId({ chainId: access.chainId, address: order.registry }, registration.recordId, batchBlock({ signed, split }));
  // Tables and blinding factors are on disk before the block is on chain: a crash in between loses nothing.
  await writeFileAtomic(at('X.i8'), bytes(taps.X));
  await writeFileAtomic(at('Delta.i16'), bytes(taps.Delta));
  await writeArtifact(at('secrets.json'), { format: 'zkattr-batch-secrets', blockId: id, delta: rho.Delta, x: rho.X });
  const receipts = await Promise.all(receipt.inferences.map(async ({ requestHash, nonce, outputHash }) => {
    const own: Receipt = { node: order.node, adapterId: order.adapterId, requestHash, nonce: BigInt(nonce), outputHash };
    return { receipt: own, signature: await node.inferences.signReceipt(own) };
  }));
  await writeArtifact(at('receipts.json'), { format: 'zkattr-receipts', receipts });
  const batch: Batch = {
    format: 'zkattr-batch', signed, blockId: id, split, predictions: [...taps.predictions.slice(0, size)], labels: [...heldOut.labels.slice(order.from, order.from + size)],
  };
  await writeArtifact(at('batch.json'), batch);
  return batch;
}

async function splitOf({ parameters }: Economy): Promise<Batch['split']> {
  const id = await parameters.currentSplitId();
  return { id, contributors: (await parameters.split(id)).contributors };
}

/** Commits the block of a written batch on chain and notes the transaction. A block that is already there is only noted. */
async function commitBatch({ workspace, registration, node }: Serving, folder: string, written: Batch): Promise<Batch> {
  let batch = written, transaction: Batch['transaction'];
  if ((await node.inferences.block(batch.blockId)).status === 'none') {
    batch = await underCurrentSplit(workspace, folder, batch, registration, node);
    const { receipt } = batch.signed, { dlt, x } = batchBlock(batch);
    const sent = await node.commitBlock({ adapterId: receipt.adapterId, heightLog: receipt.heightLog, dlt, x, inferences: receiptInferences(receipt), receiptHash: receiptHashOf(receipt) });
    if (sent.result !== batch.blockId) throw new CliError('the registry made another block', { code: 'BLOCK_ID', where: 'commitBlock', expected: batch.blockId, got: sent.result });
    transaction = { hash: sent.receipt.transactionHash, gas: Number(sent.receipt.gasUsed) };
  } else {
    const [event] = await node.events('inferences', 'BlockCommitted', { args: { blockId: batch.blockId } });
    if (!event) throw new CliError('block is on chain, its event is not', { code: 'BLOCK_EVENT', where: folder, expected: batch.blockId, hint: 'use a node that keeps the history' });
    transaction = await noted(node.client, event.transactionHash);
  }
  const final: Batch = { ...batch, transaction };
  await writeArtifact(workspace.path('batches', folder, 'batch.json'), final);
  return final;
}

/** A block pins the split in force when it is committed: governance may have changed it since the batch was written. */
async function underCurrentSplit(workspace: Workspace, folder: string, batch: Batch, { recordId }: Registration, node: Economy): Promise<Batch> {
  const split = await splitOf(node);
  if (split.id === batch.split.id) return batch;
  const { chainId, registry } = batch.signed.receipt, secretsFile = workspace.path('batches', folder, 'secrets.json');
  const next = { ...batch, split, blockId: blockId({ chainId, address: registry }, recordId, batchBlock({ signed: batch.signed, split })) };
  await writeArtifact(secretsFile, { ...await readArtifact(secretsFile, batchSecretsSchema), blockId: next.blockId });
  await writeArtifact(workspace.path('batches', folder, 'batch.json'), next);
  return next;
}

/** Goes on with what an interrupted run left: nothing is paid or committed twice. */
async function resumeBatches(serving: Serving, progress: Progress): Promise<void> {
  const { workspace, registration, node } = serving;
  for (const folder of workspace.finished('batches', 'order.json')) {
    if (workspace.has('batches', folder, 'batch.json') && (await readBatch(workspace, folder)).transaction) continue;
    const order = await readArtifact(workspace.path('batches', folder, 'order.json'), orderSchema);
    if (order.adapterId !== registration.adapterId || !isAddressEqual(order.node, node.client.account!.address)) {
      progress(`batch ${folder}: is of another adapter or node; what was paid for it can be refunded after its deadline`);
      continue;
    }
    progress(`batch ${folder}: resume what an interrupted run has begun`);
    await serveBatch(serving, folder, order);
  }
}

const bytes = (table: Float32Array | Int8Array | Int16Array): Uint8Array => new Uint8Array(table.buffer, table.byteOffset, table.byteLength);

export const readBatch = (workspace: Workspace, folder: string): Promise<Batch> => readArtifact(workspace.path('batches', folder, 'batch.json'), batchSchema);
