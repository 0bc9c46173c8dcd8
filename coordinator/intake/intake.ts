/**
 * What nodes and requesters hand in: feature records, signed blocks, proof requests, cancellations. Each is held against package,
 * signatures and chain before it is kept, and may be handed in again: the answer is then how it stands.
 */
import { isAddressEqual, type Address, type Hex } from 'viem';
import type { Logger } from 'pino';
import { blockCommitmentTypedData, jobId as jobIdOf, proofRequestId, proofRequestTypedData, type BlockCommitment, type BlockState, type ProofRequest } from '../../src/chain/index.js';
import { NetworkError } from '../../src/errors/network.js';
import type { Batch, Registration } from '../../src/protocol/artifacts.js';
import { cancelSchema, NO_SESSION, openEnvelope, orderOf, orderSchema, type SubmitBlock, type SubmitRequest } from '../../src/protocol/network/index.js';
import { receiptHashOf, type InferenceReceipt } from '../../src/protocol/receipt.js';
import { batchBlock, batchFees, receiptInferences } from '../../src/protocol/statements.js';
import type { z } from 'zod';
import type { submitRecordSchema } from '../../src/protocol/network/index.js';
import type { ArtifactStore } from '../store/types.js';
import type { ChainView } from './chainView.js';
import type { ClassTable } from './classes.js';
import type { BlockEntry, Documents, JobEntry, RecordEntry, RequestEntry } from './documents.js';
import type { JobEvents } from './events.js';
import type { Packages } from './packages.js';

export interface IntakeOptions {
  documents: Documents;
  events: JobEvents;
  packages: Packages;
  artifacts: ArtifactStore;
  chain: ChainView;
  classes: ClassTable;
  coordinator: Address;
  minRemainingSeconds: number;
  clockSkewMs: number;
  now: () => number;
  logger: Logger;
  /** Something came in that a leader acts on. */
  kick: () => void;
}

/** What a node signs of a block, for whoever commits it. */
export function commitmentOf(receipt: InferenceReceipt, validUntil: number): BlockCommitment {
  const point = ({ x, y }: { x: Hex; y: Hex }): { x: bigint; y: bigint } => ({ x: BigInt(x), y: BigInt(y) });
  return {
    node: receipt.node, adapterId: receipt.adapterId, heightLog: receipt.heightLog, dlt: point(receipt.Delta), x: point(receipt.X), inferences: receiptInferences(receipt),
    receiptHash: receiptHashOf(receipt), validUntil: BigInt(validUntil),
  };
}

const refused = (message: string, code: string, where: string, more: { expected?: unknown; got?: unknown; hint?: string } = {}): NetworkError => new NetworkError(message, { code, where, ...more });

export class Intake {
  constructor(private readonly options: IntakeOptions) {}

  /** @throws NetworkError ARTIFACT_UNKNOWN, PACKAGE_*, RECORD_NOT_PROVED, RECORD_REVOKED, CLASS_NOT_SERVED */
  async record({ recordId, package: name }: z.output<typeof submitRecordSchema>): Promise<RecordEntry> {
    const { documents, packages, artifacts, chain, classes, now, logger } = this.options;
    const known = await documents.records.get(recordId);
    // A store that lost the package takes it again, under whatever name it has.
    if (known && (known.package === name || await artifacts.has(known.package))) return known;
    const registration = await packages.checkRecord(name);
    if (registration.recordId !== recordId) throw refused('package is of another record', 'PACKAGE_ID', 'recordId', { expected: registration.recordId, got: recordId });
    classes.require(registration.className);
    const { status } = await chain.record(recordId);
    if (status === 'revoked') throw refused('the court revoked this record', 'RECORD_REVOKED', recordId, { hint: 'its jobs are never settled: register the features again' });
    if (status === 'unknown') throw refused('record is not on chain', 'RECORD_NOT_PROVED', recordId, { hint: 'registerFeatures first, and wait for its transaction' });
    const entry: RecordEntry = { recordId, adapterId: registration.adapterId, className: registration.className, package: name, receivedAt: now() };
    await this.#claim(name);
    if (!await documents.records.create(recordId, entry)) await documents.records.change(recordId, () => ({ package: name }));
    logger.info({ recordId, className: entry.className }, 'record taken in');
    return entry;
  }

  /** @throws NetworkError RECORD_UNKNOWN, ARTIFACT_UNKNOWN, PACKAGE_*, BLOCK_*, PAYMENT_*, NODE_INACTIVE, COMMITMENT_* */
  async block(body: SubmitBlock): Promise<BlockEntry> {
    const { documents, artifacts, chain, now, logger, kick } = this.options, { blockId, recordId, commitment } = body;
    const known = await documents.blocks.get(blockId);
    if (known && known.phase !== 'refused') return known;
    const record = await documents.records.get(recordId);
    if (!record) throw refused('record is not known here', 'RECORD_UNKNOWN', recordId, { hint: 'POST its package to /v1/records first' });
    // One that was settled and then forgotten here, with its package: found before that is asked for.
    if (!known && !await artifacts.has(body.package)) overOnChain(blockId, (await chain.block(blockId)).status);
    const registration = await this.#registration(record), batch = await this.options.packages.checkBlock(body.package, registration);
    if (batch.blockId !== blockId) throw refused('package is of another block', 'PACKAGE_ID', 'blockId', { expected: batch.blockId, got: blockId });
    const phase = await this.#chainPhase(body, record, batch), { receipt } = batch.signed, block = batchBlock(batch);
    const deadline = await this.#payments(batch, block.inferences.map((i) => i.key), phase);
    const entry: BlockEntry = {
      blockId, recordId, adapterId: receipt.adapterId, className: record.className, node: receipt.node, package: body.package, heightLog: receipt.heightLog, keys: block.inferences.map((i) => i.key),
      parts: batchFees(batch).map(String), fees: String(receipt.inferences.reduce((sum, i) => sum + BigInt(i.fee), 0n)), deadline, receivedAt: known?.receivedAt ?? now(), phase,
      ...(commitment && { commitment }), ...(phase === 'committed' && { committedAt: now() }), requestId: known?.requestId,
    };
    await this.#claim(body.package);
    if (!await documents.blocks.create(blockId, entry)) await documents.blocks.change(blockId, (b) => (b.phase === 'refused' ? { ...entry, reason: undefined } : undefined));
    logger.info({ blockId, recordId, node: entry.node, phase, paymentKeys: entry.keys }, 'block taken in');
    kick();
    const there = (await documents.blocks.get(blockId))!;
    for (const name of new Set([body.package, known?.package])) if (name !== undefined && name !== there.package) await documents.uploads.create(name, { hash: name, at: now(), state: 'unused' });
    return there;
  }

  /** A document is about to name this package: it is no leftover any more. @throws NetworkError BUSY, ARTIFACT_UNKNOWN */
  async #claim(name: Hex): Promise<void> {
    const { documents, artifacts } = this.options;
    await documents.uploads.remove(name, ({ state }) => state === 'unused');
    if (await documents.uploads.get(name)) throw refused('package was not used for long, and is being removed', 'BUSY', name, { hint: 'PUT it again in some seconds' });
    if (!await artifacts.has(name)) throw refused('package is not in the store', 'ARTIFACT_UNKNOWN', name, { hint: 'PUT it to /v1/artifacts first' });
  }

  /** @throws NetworkError BLOCK_UNKNOWN, BLOCK_TAKEN, NOT_THE_NODE, ENVELOPE_* */
  async cancel(blockId: Hex, envelope: unknown): Promise<BlockEntry> {
    const { documents, coordinator, chain, clockSkewMs, now, logger } = this.options;
    const opened = await openEnvelope(envelope, { schema: cancelSchema, chainId: chain.economy.deployment.chainId, to: coordinator, now: now(), clockSkewMs });
    if (!opened.ok) throw refused(opened.message, opened.code, 'cancel');
    if (opened.envelope.kind !== 'cancel' || opened.envelope.session !== NO_SESSION || opened.body.blockId !== blockId) throw refused('envelope says something else', 'ENVELOPE_BODY', 'cancel', { expected: `cancel ${blockId}`, got: `${opened.envelope.kind} ${opened.body.blockId}` });
    const block = await documents.blocks.get(blockId);
    if (!block) throw unknownBlock(blockId);
    if (!isAddressEqual(opened.from, block.node)) throw refused('signer is not the node of the block', 'NOT_THE_NODE', 'cancel', { expected: block.node, got: opened.from });
    const after = await documents.blocks.change(blockId, (b) => ((b.phase === 'received' || b.phase === 'committed' || b.phase === 'refused') && b.requestId === undefined ? { phase: 'cancelled', reason: 'its node took it back' } : undefined));
    if (after!.value.phase !== 'cancelled') throw refused('block cannot be taken back any more', 'BLOCK_TAKEN', blockId, { got: `${after!.value.phase}${after!.value.jobId ? `, job ${after!.value.jobId}` : after!.value.requestId ? `, request ${after!.value.requestId}` : ''}`, hint: 'a job or a request has it' });
    if (after!.changed) logger.info({ blockId }, 'block cancelled');
    return after!.value;
  }

  /** @throws NetworkError BLOCK_UNKNOWN, REQUEST_* */
  async request({ request, signature }: SubmitRequest): Promise<JobEntry> {
    const { documents, chain, events, now, logger, kick } = this.options, { deployment } = chain.economy, order = orderSchema.safeParse(orderOf(request, signature));
    if (!order.success) throw refused('request is not one of the market', 'REQUEST_CONTENT', order.error.issues[0].path.join('.'), { got: order.error.issues[0].message });
    const id = proofRequestId(deployment, request), jobId = jobIdOf(request.recordId, request.blockIds), known = await documents.requests.get(id);
    if (known) return (await documents.jobs.get(known.jobId)) ?? this.#requested(known);
    const blocks: BlockEntry[] = [];
    for (const blockId of request.blockIds) {
      const block = await documents.blocks.get(blockId);
      if (!block) throw unknownBlock(blockId);
      blocks.push(block);
    }
    await this.#checkRequest(request, signature, id, blocks);
    const entry: RequestEntry = { ...order.data, requestId: id, jobId, receivedAt: now() };
    const job = await this.#requested(entry);
    if (!await documents.jobs.create(jobId, job)) {
      // A request for the same blocks that came to nothing makes room; any other job of them does not.
      const { value: there } = (await documents.jobs.change(jobId, (j) => (j.phase === 'cancelled' && !j.proofJob ? { ...job, reason: undefined } : undefined)))!;
      if (there.requestId !== id) throw refused('blocks are in a job already', 'REQUEST_TAKEN', id, { got: `job ${jobId}, ${there.phase}` });
    }
    // The job stands first: blocks that name a request are always somebody's.
    for (const { blockId } of blocks) {
      const taken = await documents.blocks.change(blockId, (b) => (b.requestId === undefined && b.jobId === undefined && (b.phase === 'received' || b.phase === 'committed') ? { requestId: id } : undefined));
      if (taken!.value.requestId !== id) {
        await this.#dropRequest(entry);
        throw refused('block is in a job already', 'REQUEST_TAKEN', blockId, { got: taken!.value.jobId ?? taken!.value.requestId ?? taken!.value.phase });
      }
    }
    await documents.requests.create(id, entry);
    await events.append(jobId, 'requested', `request ${id} of ${request.requester}`);
    logger.info({ requestId: id, jobId, blocks: blocks.length }, 'request taken in');
    kick();
    return (await documents.jobs.get(jobId))!;
  }

  async #dropRequest({ requestId, jobId, request: { blockIds } }: RequestEntry): Promise<void> {
    const { documents } = this.options;
    for (const blockId of blockIds) await documents.blocks.change(blockId, (b) => (b.requestId === requestId && b.jobId === undefined ? { requestId: undefined } : undefined));
    await documents.moveJob(jobId, ['requested'], { phase: 'cancelled', reason: 'a block was taken by another job' });
  }

  async #requested({ requestId, jobId, request: { recordId, blockIds } }: RequestEntry): Promise<JobEntry> {
    const { documents, now } = this.options, blocks = await Promise.all(blockIds.map((id) => documents.blocks.get(id))), found = blocks.filter((b) => b !== undefined);
    return {
      jobId, phase: 'requested', className: found[0].className, recordId, blockIds, queries: found.reduce((n, b) => n + b.keys.length, 0), fees: String(found.reduce((sum, b) => sum + BigInt(b.fees), 0n)),
      deadline: Math.min(...found.map((b) => b.deadline)), requestId, createdAt: now(), updatedAt: now(), rounds: 0,
    };
  }

  async #checkRequest(request: ProofRequest, signature: Hex, id: Hex, blocks: readonly BlockEntry[]): Promise<void> {
    const { chain, classes, minRemainingSeconds } = this.options, { economy } = chain, wrong = (message: string, where: string, more: { expected?: unknown; got?: unknown; hint?: string } = {}): NetworkError => refused(message, 'REQUEST_CONTENT', where, more);
    if (blocks.length === 0 || new Set(request.blockIds).size !== blocks.length) throw wrong('request needs blocks, each once', 'blockIds', { got: blocks.length });
    const [first] = blocks, limits = classes.require(first.className);
    for (const block of blocks) {
      if (block.recordId !== request.recordId) throw wrong('block of another record', block.blockId, { expected: request.recordId, got: block.recordId });
      if (block.heightLog !== first.heightLog) throw wrong('blocks of different heights', block.blockId, { expected: first.heightLog, got: block.heightLog });
      if (block.phase !== 'received' && block.phase !== 'committed') throw refused('block is in a job already, or over', 'REQUEST_TAKEN', block.blockId, { got: block.jobId ?? block.phase });
      if (!isAddressEqual(block.node, request.requester) && !isAddressEqual(await chain.operatorOf(block.node), request.requester)) throw refused('requester is neither node nor operator of the block', 'REQUEST_REQUESTER', block.blockId, { got: request.requester, hint: 'the node names its operator: updateNode' });
    }
    const queries = blocks.reduce((n, b) => n + b.keys.length, 0);
    if (blocks.length > limits.blocks || queries > limits.queries) throw wrong('more than a job of the class', 'blockIds', { expected: `${limits.blocks} blocks, ${limits.queries} inferences`, got: `${blocks.length}, ${queries}` });
    const { seconds } = await chain.clock(), { status } = await economy.market.request(id);
    // On chain its terms were good when it came there.
    if (status === 'none') await this.#checkTerms(request, seconds, Math.min(...blocks.map((b) => b.deadline)));
    if (request.deadline <= BigInt(seconds + minRemainingSeconds)) throw refused('request ends too soon', 'REQUEST_DEADLINE', 'deadline', { expected: `at least ${minRemainingSeconds} s after ${seconds}`, got: String(request.deadline) });
    if (status === 'paid' || status === 'refunded') throw refused('request is over', 'REQUEST_OVER', id, { got: status });
    if (status !== 'none') return; // on chain: its signature does not matter any more
    if (await economy.market.nonceCancelled(request.requester, request.nonce)) throw refused('requester cancelled this nonce', 'REQUEST_OVER', id);
    const deposit = await economy.market.depositOf(request.requester);
    if (deposit < request.maxPrice) throw refused('deposit at the market is below the highest price', 'REQUEST_DEPOSIT', request.requester, { expected: `at least ${request.maxPrice}`, got: String(deposit), hint: 'deposit first: the price is taken from there when a prover locks the order' });
    const good = await economy.client.publicClient.verifyTypedData({ address: request.requester, ...proofRequestTypedData(economy.deployment, request), signature }).catch(() => false);
    if (!good) throw refused('signature is not of the requester', 'REQUEST_SIGNATURE', 'signature', { expected: request.requester, hint: 'EIP-712 of the proof market, or ERC-1271 of a contract' });
  }

  /** What the market takes: ProofMarket.sol, _requireInBounds, and the registry's rule that nobody can refund while a block is reserved. */
  async #checkTerms({ minPrice, maxPrice, collateral, lockSeconds, deadline }: ProofRequest, seconds: number, refundableFrom: number): Promise<void> {
    const rules = await this.options.chain.marketRules(), most = Math.min(seconds + rules.maxRequestSeconds, refundableFrom - 1);
    if (minPrice < rules.minPrice || minPrice > maxPrice || maxPrice > rules.maxPrice) throw refused('price is none that the market takes', 'REQUEST_PRICE', 'minPrice, maxPrice', { expected: `${rules.minPrice} <= minPrice <= maxPrice <= ${rules.maxPrice}`, got: `${minPrice}, ${maxPrice}` });
    if (collateral < rules.minCollateral) throw refused('collateral is less than the market takes', 'REQUEST_COLLATERAL', 'collateral', { expected: `at least ${rules.minCollateral}`, got: String(collateral) });
    if (lockSeconds < rules.minLockSeconds) throw refused('a lock would last shorter than the market takes', 'REQUEST_LOCK', 'lockSeconds', { expected: `at least ${rules.minLockSeconds}`, got: lockSeconds });
    if (deadline > BigInt(most)) throw refused('request ends later than the market, or the payments of its blocks, let it', 'REQUEST_DEADLINE', 'deadline', { expected: `at most ${most}`, got: String(deadline) });
  }

  async #registration({ recordId, package: name }: RecordEntry): Promise<Registration> {
    try {
      return await this.options.packages.registration(name);
    } catch (error) {
      if (error instanceof NetworkError && error.code === 'ARTIFACT_UNKNOWN') throw refused('package of the record was lost here', 'RECORD_UNKNOWN', recordId, { hint: 'POST it to /v1/records again' });
      throw error;
    }
  }

  /** received or committed, by what the chain says of the block. */
  async #chainPhase({ blockId, recordId, commitment }: SubmitBlock, record: RecordEntry, batch: Batch): Promise<'received' | 'committed'> {
    const { chain, minRemainingSeconds } = this.options, { economy } = chain, { receipt } = batch.signed;
    const [{ status }, onChain] = [await chain.block(blockId), await chain.record(recordId)];
    if (onChain.status !== 'proved' && onChain.status !== 'challenged') throw refused('record is not good any more', 'RECORD_REVOKED', record.recordId, { got: onChain.status });
    if (batch.split.contributors !== await chain.contributorsBps(batch.split.id)) throw refused('split is not the registry\'s', 'BLOCK_SPLIT', 'split', { expected: `${await chain.contributorsBps(batch.split.id)} bps of split ${batch.split.id}`, got: batch.split.contributors });
    if (status === 'committed' || status === 'challenged') return 'committed';
    overOnChain(blockId, status);
    const current = await chain.currentSplitId();
    if (batch.split.id !== current) throw refused('the split of fees was changed: the block has another id now', 'BLOCK_SPLIT', 'split', { expected: current, got: batch.split.id, hint: 'build the batch under the split in force and submit it under its new id; the commitment stays as it is signed' });
    if (await economy.currentRecord(receipt.adapterId) !== recordId) throw refused('the adapter has a newer record', 'BLOCK_RECORD', recordId, { hint: 'the block would be committed under it: build it again' });
    if (!commitment) throw refused('block is not on chain, and no signature to commit it came along', 'COMMITMENT_MISSING', 'commitment', { hint: 'sign a BlockCommitment, or commit the block first' });
    const { seconds } = await chain.clock();
    if (commitment.validUntil < seconds + minRemainingSeconds) throw refused('signature of the commitment runs out too soon', 'COMMITMENT_EXPIRED', 'commitment.validUntil', { expected: `at least ${minRemainingSeconds} s after ${seconds}`, got: commitment.validUntil });
    const good = await economy.client.publicClient.verifyTypedData({ address: receipt.node, ...blockCommitmentTypedData(economy.deployment, commitmentOf(receipt, commitment.validUntil)), signature: commitment.signature }).catch(() => false);
    if (!good) throw refused('signature of the commitment is not of the node', 'COMMITMENT_SIGNATURE', 'commitment.signature', { expected: receipt.node });
    if (!await chain.isActiveNode(receipt.node)) throw refused('node is not active', 'NODE_INACTIVE', receipt.node, { hint: 'register it and keep its stake' });
    return 'received';
  }

  /** @returns the least deadline */
  async #payments({ signed: { receipt } }: Batch, keys: readonly Hex[], phase: 'received' | 'committed'): Promise<number> {
    const { chain, minRemainingSeconds } = this.options, states = await chain.payments(keys), { seconds } = await chain.clock(), deadline = Math.min(...states.map((s) => Number(s.deadline)));
    states.forEach(({ status, payer, feeWei }, q) => {
      const { fee, payer: stated } = receipt.inferences[q], good = phase === 'received' ? status === 'funded' : status === 'committed' || status === 'refunded';
      if (!good) throw refused('payment does not stand', 'PAYMENT_STATUS', `inference ${q}`, { expected: phase === 'received' ? 'funded' : 'committed', got: status, hint: status === 'none' ? 'the payment is not on chain yet' : 'it is in another block, or went back' });
      if (String(feeWei) !== fee || !isAddressEqual(payer, stated)) throw refused('receipt and payment differ', 'PAYMENT_MISMATCH', `inference ${q}`, { expected: `${feeWei} of ${payer}`, got: `${fee} of ${stated}` });
    });
    if (phase === 'received' && deadline < seconds + minRemainingSeconds) throw refused('payments can go back too soon', 'PAYMENT_DEADLINE', 'payments', { expected: `at least ${minRemainingSeconds} s after ${seconds}`, got: deadline });
    return deadline;
  }
}

/** A block is settled or rejected once, and for good. */
function overOnChain(blockId: Hex, status: BlockState['status']): void {
  if (status === 'settled' || status === 'rejected') throw refused(`block is ${status} on chain`, status === 'settled' ? 'BLOCK_SETTLED' : 'BLOCK_REJECTED', blockId, { hint: 'it is over: what it paid is in the chain\'s events' });
}

export const unknownBlock = (blockId: Hex): NetworkError => refused('no such block here', 'BLOCK_UNKNOWN', blockId, { hint: 'submit it: POST /v1/blocks' });
