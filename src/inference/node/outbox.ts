/**
 * Brings signed blocks to the chain, each until its end: to the coordinator, which commits and settles them, or without one by an own
 * transaction. Goes on from the folders after a restart; every step may be repeated. Tries for ever, with pauses that grow.
 */
import { setMaxListeners } from 'node:events';
import type { Hex } from 'viem';
import { NetworkError } from '../../errors/network.js';
import { AttributionError } from '../../errors/base.js';
import type { Economy } from '../../chain/index.js';
import type { BlockView } from '../../protocol/network/api.js';
import { backOff, CoordinatorError, pause, type CoordinatorClient } from '../../protocol/network/client.js';
import { encodeBlockPackage } from '../../protocol/network/packages.js';
import type { AdapterPool } from './adapters.js';
import { batchUnder, chainClock, commitmentOf, splitInForce } from './batcher.js';
import type { NodeLogger, NodeMetrics } from './metrics.js';
import { isFinal, type BlockEntry, type BlockStep, type NodeStore } from './store.js';

export interface OutboxOptions {
  economy: Economy;
  store: NodeStore;
  pool: AdapterPool;
  /** Without one the node commits its blocks itself. */
  coordinator?: CoordinatorClient;
  /** Between two looks at a block that was handed in; the first pause after a failure. */
  pollMs?: number;
  retryMs?: number;
  /** Longest pause after failures. */
  maxPauseMs?: number;
  logger: NodeLogger;
  metrics: NodeMetrics;
  /** A block that can never be committed set its queries free. */
  onDropped: (block: BlockEntry) => void;
}

/** Blocks that are handed in at the same time: each holds its tables meanwhile. */
const PARALLEL = 4;
/** The coordinator has lost, or never had, what a block refers to. */
const RECORD_GONE = /^(RECORD|ARTIFACT|PACKAGE)_(UNKNOWN|MISSING|NOT_FOUND)$|^UNKNOWN_(RECORD|ARTIFACT|PACKAGE)$/;
const PHASES: Record<BlockView['phase'], BlockStep> = {
  received: 'submitted', committed: 'committed', assigned: 'assigned', settled: 'settled', refused: 'refused', cancelled: 'cancelled', refunded: 'refunded',
};

export class Outbox {
  readonly #stop = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #sending = new Set<Promise<unknown>>();
  #records = new Map<Hex, Promise<void>>();
  /** Own transactions go one after the other: they share the account's nonce. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: OutboxOptions) {
    setMaxListeners(0, this.#stop.signal); // one for each block that is on its way
  }

  resume(): void { for (const block of this.options.store.blocks.values()) this.add(block); }

  add(block: BlockEntry): void {
    if (isFinal(block.progress.step) || this.#running.has(block.folder) || this.#stop.signal.aborted) return;
    this.#running.set(block.folder, this.#follow(block).finally(() => this.#running.delete(block.folder)));
  }

  get open(): number { return this.#running.size; }

  /** Waits up to `ms` until every block was handed in, then stops; the rest is done after the next start. */
  async close(ms: number): Promise<void> {
    const until = Date.now() + ms;
    while (Date.now() < until && [...this.options.store.blocks.values()].some((b) => b.progress.step === 'signed' && this.#running.has(b.folder))) await pause(20);
    this.#stop.abort();
    await Promise.all(this.#running.values());
  }

  async #follow(block: BlockEntry): Promise<void> {
    const { pollMs = 5000, retryMs = 1000, maxPauseMs = 60_000, logger, metrics } = this.options, { signal } = this.#stop;
    const log = logger.child({ folder: block.folder });
    for (let failures = 0; !signal.aborted && !isFinal(block.progress.step);) {
      try {
        if (block.progress.step === 'signed' || block.progress.step === 'refused') {
          if (await this.#dropIfLost(block, log)) return;
          await this.#limited(() => this.#submit(block, log));
        } else await this.#watch(block, log);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        const code = error instanceof AttributionError ? error.code : 'INTERNAL';
        metrics.submitFailures.inc({ code });
        (error instanceof CoordinatorError && error.retry ? log.warn : log.error).call(log, { err: error, code, blockId: block.batch.blockId, failures }, 'block was not handed in; tried again');
        failures++;
      }
      if (isFinal(block.progress.step)) return;
      await pause(failures > 0 ? backOff(failures - 1, retryMs, maxPauseMs) : block.progress.step === 'refused' ? maxPauseMs : pollMs, signal);
    }
  }

  async #limited<T>(work: () => Promise<T>): Promise<T> {
    while (this.#sending.size >= PARALLEL) await Promise.race(this.#sending);
    const running = work(), settled = running.then(() => undefined, () => undefined);
    this.#sending.add(settled);
    try {
      return await running;
    } finally {
      this.#sending.delete(settled);
    }
  }

  async #note(block: BlockEntry, step: BlockStep, rest: { jobId?: Hex; reason?: string; transaction?: { hash: Hex; gas: number } }, log: NodeLogger): Promise<void> {
    const { progress, batch } = block, next = { transaction: progress.transaction, jobId: progress.jobId, ...rest };
    if (progress.step === step && progress.jobId === next.jobId && progress.reason === rest.reason) return;
    await this.options.store.note(block, { step, ...next });
    this.options.metrics.blocks.inc({ phase: step });
    log.info({ blockId: batch.blockId, step, ...rest }, 'block');
  }

  /**
   * A block that is not on chain and never can be: its signature has run out, or a payment of it went back. Its other queries wait for
   * another block; this one cannot come back, since the registry refuses it for good.
   */
  async #dropIfLost(block: BlockEntry, log: NodeLogger): Promise<boolean> {
    const { economy, onDropped } = this.options;
    const { seconds } = await chainClock(economy);
    const states = await Promise.all(block.keys.map((key) => economy.inferences.payment(key)));
    const expired = seconds > block.commitment.validUntil, refunded = states.some((s) => s.status === 'refunded');
    // Committed payments: it is on chain, maybe under another split.
    if ((!expired && !refunded) || states.some((s) => s.status === 'committed' || s.status === 'paid')) return false;
    // Refunded after it was committed: the block's event tells.
    if (refunded && (await economy.inferences.block(block.batch.blockId)).status !== 'none') return false;
    await this.#note(block, 'dropped', { reason: expired ? 'its signature ran out before it was committed' : 'a payment of it went back' }, log);
    onDropped(block);
    return true;
  }

  async #submit(block: BlockEntry, log: NodeLogger): Promise<void> {
    if (!this.options.coordinator) return this.#exclusive(() => this.#commit(block, log));
    await this.#ensureRecord(block);
    for (let renamed = 0; ; renamed++) {
      try {
        return await this.#handIn(block, log);
      } catch (error) {
        if (!(error instanceof CoordinatorError)) throw error;
        // It ended so long ago that the coordinator forgot it.
        if (error.code === 'BLOCK_SETTLED' || error.code === 'BLOCK_REJECTED') return this.#note(block, error.code === 'BLOCK_SETTLED' ? 'settled' : 'refunded', { reason: error.code }, log);
        if (RECORD_GONE.test(error.code)) await this.options.store.forgetRecord(block.commitment.recordId);
        if (error.code !== 'BLOCK_SPLIT' || renamed > 2) throw error;
        if (!await this.#underCurrentSplit(block, log)) throw error;
      }
    }
  }

  async #handIn(block: BlockEntry, log: NodeLogger): Promise<void> {
    const { store, coordinator } = this.options, { signal } = this.#stop, { batch, commitment } = block, { secrets, X, Delta } = await store.tables(block);
    const name = await coordinator!.putArtifact(encodeBlockPackage({ batch, secrets, X, Delta }), signal);
    const view = await coordinator!.submitBlock({ recordId: commitment.recordId, blockId: batch.blockId, package: name, commitment: { signature: commitment.signature, validUntil: commitment.validUntil } }, signal);
    await this.#seen(block, view, log);
  }

  /** The record's package, once for all its blocks. */
  async #ensureRecord({ batch, commitment: { recordId } }: BlockEntry): Promise<void> {
    const { store, pool, coordinator } = this.options;
    if (store.recordSent(recordId)) return;
    let sending = this.#records.get(recordId);
    if (!sending) {
      sending = (async () => {
        const adapter = pool.get(batch.signed.receipt.adapterId);
        if (adapter.registration.recordId !== recordId) return; // an older one: it was sent with its first block
        const record = await pool.recordPackage(adapter);
        if (!record) return; // its owner hands it in
        await coordinator!.putArtifact(record.data, this.#stop.signal);
        await coordinator!.submitRecord({ recordId, package: record.hash }, this.#stop.signal);
        await store.noteRecord(recordId, record.hash);
      })().finally(() => this.#records.delete(recordId));
      this.#records.set(recordId, sending);
    }
    await sending;
  }

  /** @returns false when the block has the split in force already */
  async #underCurrentSplit(block: BlockEntry, log: NodeLogger): Promise<boolean> {
    const { economy, store } = this.options, split = await splitInForce(economy);
    if (split.id === block.batch.split.id) return false;
    const { blockId: _, split: old, ...batch } = block.batch;
    await store.rename(block, batchUnder(batch, split, block.commitment.recordId));
    log.warn({ blockId: block.batch.blockId, from: old.id, to: split.id }, 'the split of fees was changed: the block has another id');
    return true;
  }

  async #watch(block: BlockEntry, log: NodeLogger): Promise<void> {
    const { coordinator } = this.options;
    if (!coordinator) return this.#watchChain(block, log);
    let view: BlockView;
    try {
      view = await coordinator.block(block.batch.blockId, this.#stop.signal);
    } catch (error) {
      // It has lost the block: hand it in again.
      if (error instanceof CoordinatorError && error.status === 404) return this.#note(block, 'signed', { reason: error.code }, log);
      throw error;
    }
    await this.#seen(block, view, log);
  }

  async #seen(block: BlockEntry, { blockId, phase, jobId, reason }: BlockView, log: NodeLogger): Promise<void> {
    if (blockId !== block.batch.blockId) throw new NetworkError('coordinator answers for another block', { code: 'BLOCK_ID', where: 'coordinator', expected: block.batch.blockId, got: blockId });
    if (phase === 'refused' && reason?.includes('BLOCK_SPLIT') && await this.#underCurrentSplit(block, log)) return this.#note(block, 'signed', { reason }, log);
    await this.#note(block, PHASES[phase], { jobId, reason }, log);
  }

  // ---- without a coordinator ----

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work);
    this.#turn = next.catch(() => undefined);
    return next;
  }

  async #commit(block: BlockEntry, log: NodeLogger): Promise<void> {
    const { economy, store } = this.options, { commitment: { validUntil }, batch: { signed: { receipt } } } = block;
    if ((await economy.inferences.block(block.batch.blockId)).status === 'none' && !await this.#committedElsewhere(block, log)) {
      await this.#underCurrentSplit(block, log);
      const sent = await economy.inferences.commitBlock(commitmentOf(receipt, validUntil));
      const transaction = { hash: sent.receipt.transactionHash, gas: Number(sent.gasUsed) };
      if (sent.result !== block.batch.blockId) {
        // The split changed between the read and the transaction.
        await this.#committedElsewhere(block, log);
        if (sent.result !== block.batch.blockId) throw new NetworkError('the registry made another block', { code: 'BLOCK_ID', where: 'commitBlock', expected: block.batch.blockId, got: sent.result, hint: 'node and contracts are of different versions' });
      }
      return this.#note(block, 'committed', { transaction }, log);
    }
    await store.note(block, { ...block.progress, step: 'committed' });
  }

  /** Whether its payments are in a block already: a transaction of an earlier run, perhaps under another split. The folder takes that block's id. */
  async #committedElsewhere(block: BlockEntry, log: NodeLogger): Promise<boolean> {
    const { economy, store } = this.options;
    if ((await economy.inferences.payment(block.keys[0])).status === 'funded') return false;
    const events = await economy.events('inferences', 'BlockCommitted', { args: { node: block.batch.signed.receipt.node } });
    const own = events.find(({ args }) => args.data.inferences[0].key === block.keys[0]);
    if (!own) return false;
    const { blockId: _, split: __, ...batch } = block.batch, id = own.args.data.splitId, { contributors } = await economy.parameters.split(id);
    const found = batchUnder(batch, { id, contributors }, block.commitment.recordId);
    if (found.blockId !== own.args.blockId) throw new NetworkError('the query is in another block', { code: 'BLOCK_CONTENT', where: block.keys[0], expected: found.blockId, got: own.args.blockId });
    if (found.blockId !== block.batch.blockId) await store.rename(block, found);
    log.info({ blockId: found.blockId }, 'block is on chain already');
    return true;
  }

  async #watchChain(block: BlockEntry, log: NodeLogger): Promise<void> {
    const { economy } = this.options, { status } = await economy.inferences.block(block.batch.blockId);
    if (status === 'settled') return this.#note(block, 'settled', {}, log);
    if (status === 'none') return this.#note(block, 'signed', { reason: 'the chain lost the block' }, log);
    const states = await Promise.all(block.keys.map((key) => economy.inferences.payment(key)));
    if (states.every((s) => s.status === 'refunded')) return this.#note(block, 'refunded', { reason: status === 'rejected' ? 'block was rejected' : 'payments went back' }, log);
  }
}
