/**
 * Collects answered queries of one adapter into blocks: cut when a block is full, when its oldest query waits for maxAgeMs, or when a
 * payment comes near its deadline. A block is the batch run again with its height, committed under fresh blinding, and signed; it must
 * give the predictions that were answered.
 */
import type { Hex, LocalAccount } from 'viem';
import { blockId, type BlockCommitment, type Economy } from '../../chain/index.js';
import { commitIntegers, randomScalar } from '../../commitment/kzg.js';
import type { Srs } from '../../commitment/srs.js';
import { AttributionError } from '../../errors/base.js';
import { NetworkError } from '../../errors/network.js';
import type { Batch } from '../../protocol/artifacts.js';
import { backOff } from '../../protocol/network/client.js';
import { receiptHashOf, type InferenceReceipt } from '../../protocol/receipt.js';
import { batchBlock, receiptInferences } from '../../protocol/statements.js';
import { createReceipt, signReceipt, type ReceiptQuery } from '../receipt.js';
import type { TapResult } from '../session.js';
import type { Adapter, AdapterPool, LoadedAdapter } from './adapters.js';
import type { NodeLogger, NodeMetrics } from './metrics.js';
import type { AnswerEntry, AnswerFile, BlockEntry, NodeStore } from './store.js';

export interface BatcherOptions {
  economy: Economy;
  srs: Srs;
  store: NodeStore;
  pool: AdapterPool;
  /** A block is cut at the latest when its oldest query is so old. */
  maxAgeMs: number;
  /** And so long before the first of its payments can go back: a proof has to be made and settled until then. */
  deadlineMarginSeconds: number;
  logger: NodeLogger;
  metrics: NodeMetrics;
  onBlock: (block: BlockEntry) => void;
}

/** Queries of one adapter that wait. */
interface Queue {
  waiting: AnswerEntry[];
  timer?: NodeJS.Timeout;
  /** Cuts of one adapter run one after the other. */
  work: Promise<void>;
  failures: number;
}

/** Chain seconds ahead of this clock. */
export async function chainClock({ client }: Economy): Promise<{ seconds: number; offset: number }> {
  const seconds = Number((await client.publicClient.getBlock()).timestamp);
  return { seconds, offset: seconds - Date.now() / 1000 };
}

/** What a node signs of a block, for whoever commits it. */
export function commitmentOf(receipt: InferenceReceipt, validUntil: number): BlockCommitment {
  const point = ({ x, y }: { x: Hex; y: Hex }): { x: bigint; y: bigint } => ({ x: BigInt(x), y: BigInt(y) });
  return {
    node: receipt.node, adapterId: receipt.adapterId, heightLog: receipt.heightLog, dlt: point(receipt.Delta), x: point(receipt.X), inferences: receiptInferences(receipt),
    receiptHash: receiptHashOf(receipt), validUntil: BigInt(validUntil),
  };
}

export async function splitInForce({ parameters }: Economy): Promise<Batch['split']> {
  const id = await parameters.currentSplitId();
  return { id, contributors: (await parameters.split(id)).contributors };
}

/** The batch under a split: its id depends on it. */
export const batchUnder = (batch: Omit<Batch, 'split' | 'blockId'>, split: Batch['split'], recordId: Hex): Batch => {
  const { chainId, registry } = batch.signed.receipt;
  return { ...batch, split, blockId: blockId({ chainId, address: registry }, recordId, batchBlock({ signed: batch.signed, split })) };
};

const floats = (inputs: Hex): Float32Array => new Float32Array(Uint8Array.from(Buffer.from(inputs.slice(2), 'hex')).buffer);

export class Batcher {
  readonly #queues = new Map<Hex, Queue>();
  #closed = false;
  /** Chain seconds ahead of this clock: the most that was seen, since a block's time grows old and an idle chain's stands still. */
  #offset = -Infinity;

  constructor(private readonly options: BatcherOptions) {}

  /** Takes up what is answered and in no block: after a start, when a block was dropped, when an adapter came. */
  resume(): void { for (const entry of this.options.store.pending()) this.add(entry); }

  add(entry: AnswerEntry): void {
    const queue = this.#queues.get(entry.adapterId) ?? { waiting: [], work: Promise.resolve(), failures: 0 };
    this.#queues.set(entry.adapterId, queue);
    if (!queue.waiting.some(({ key }) => key === entry.key)) queue.waiting.push(entry);
    this.#schedule(entry.adapterId, queue);
  }

  /** Deadlines are the chain's seconds. @param offset  of its clock to this one */
  observe(offset: number): void { this.#offset = Math.max(this.#offset, offset); }

  get waiting(): number { return [...this.#queues.values()].reduce((n, q) => n + q.waiting.length, 0); }

  /** Cuts all that waits, full or not. @throws the first failure; what failed still waits on disk */
  async flush(): Promise<void> {
    const results = await Promise.allSettled([...this.#queues.keys()].filter((id) => this.#capacity(id) !== Infinity).map((id) => this.#run(id, true)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const queue of this.#queues.values()) clearTimeout(queue.timer);
    await Promise.all([...this.#queues.values()].map((q) => q.work));
  }

  /** Full at once; else when the first is due. */
  #schedule(adapterId: Hex, queue: Queue): void {
    clearTimeout(queue.timer);
    if (this.#closed || queue.waiting.length === 0) return;
    const again = queue.failures > 0 ? backOff(queue.failures - 1, 500) : 0;
    queue.timer = setTimeout(() => { void this.#run(adapterId, false).catch(() => undefined); }, Math.min(2 ** 31 - 1, Math.max(again, this.#dueAt(adapterId, queue) - Date.now(), 0)));
  }

  /** When the next block is to be cut: at once when it is full, for an adapter that is not served never. */
  #dueAt(adapterId: Hex, { waiting }: Queue): number {
    const { maxAgeMs, deadlineMarginSeconds } = this.options, capacity = this.#capacity(adapterId);
    if (capacity === Infinity || waiting.length >= capacity) return capacity === Infinity ? Infinity : 0;
    return waiting.reduce((least, q) => Math.min(least, q.answeredAt + maxAgeMs, (q.deadline - this.#offset - deadlineMarginSeconds) * 1000), Infinity);
  }

  #capacity(adapterId: Hex): number {
    try {
      return 2 ** this.options.pool.get(adapterId).heightLog;
    } catch {
      return Infinity; // not served now: the queries wait for their adapter
    }
  }

  /** @param all  also what is not due */
  #run(adapterId: Hex, all: boolean): Promise<void> {
    const queue = this.#queues.get(adapterId)!;
    const run = queue.work.then(async () => {
      try {
        this.observe((await chainClock(this.options.economy)).offset);
        // An earlier cut may have taken what this one was meant for: what is not due waits for its own time.
        while (queue.waiting.length > 0 && (all || this.#dueAt(adapterId, queue) <= Date.now())) await this.#cut(adapterId, queue);
        queue.failures = 0;
      } catch (error) {
        queue.failures++;
        this.options.logger.error({ err: error, adapterId, waiting: queue.waiting.length, code: error instanceof AttributionError ? error.code : undefined }, 'block was not made; its queries wait');
        throw error;
      } finally {
        this.#schedule(adapterId, queue);
      }
    });
    queue.work = run.catch(() => undefined);
    return run;
  }

  async #cut(adapterId: Hex, queue: Queue): Promise<void> {
    const { pool, store } = this.options, adapter = pool.get(adapterId);
    const chosen = await this.#payable(queue.waiting.slice(0, 2 ** adapter.heightLog));
    if (chosen.length > 0) {
      const answers = await Promise.all(chosen.map(({ key }) => store.answer(key)));
      await pool.use(adapterId, (loaded) => this.#make(loaded, answers));
    }
    // Those in a block, and those that lapsed.
    queue.waiting = queue.waiting.filter(({ key }) => !store.blockOf(key) && !store.answers.get(key)?.lapsed);
  }

  /** Without those whose payment went back: the registry refuses a block that holds one. */
  async #payable(entries: readonly AnswerEntry[]): Promise<AnswerEntry[]> {
    const { economy, store, logger } = this.options;
    const states = await Promise.all(entries.map(({ key }) => economy.inferences.payment(key)));
    const out: AnswerEntry[] = [];
    for (const [i, entry] of entries.entries()) {
      if (states[i].status === 'funded') out.push(entry);
      else {
        logger.error({ paymentKey: entry.key, status: states[i].status }, 'payment is not there any more; the query will be in no block');
        await store.lapse(entry.key, `payment is ${states[i].status}`);
      }
    }
    return out;
  }

  async #make(loaded: LoadedAdapter, answers: readonly AnswerFile[]): Promise<void> {
    const { adapter } = loaded, width = adapter.manifest.taps.inputWidth, height = 2 ** adapter.heightLog;
    const inputs = new Float32Array(answers.length * width);
    answers.forEach((a, i) => inputs.set(floats(a.inputs), i * width));
    const tables = await loaded.run(inputs, height);
    const wrong = answers.flatMap((a, i) => (tables.predictions[i] === a.prediction ? [] : [a]));
    if (wrong.length === 0) {
      await this.#sign(adapter, answers, inputs, tables);
      return;
    }
    if (answers.length === 1) {
      const [{ paymentKey: key, prediction }] = answers, got = tables.predictions[0];
      this.options.logger.fatal({ paymentKey: key, answered: prediction, got }, 'the model gives another output than was answered; the query will be in no block');
      return this.options.store.lapse(key, `runtime or model changed: answered ${prediction}, now ${got}`);
    }
    // A batch may round otherwise than a single row: alone, each runs as it was answered.
    this.options.logger.warn({ adapter: adapter.name, queries: wrong.map((a) => a.paymentKey) }, 'batch differs from single rows: one block each');
    for (const answer of answers) await this.#make(loaded, [answer]);
  }

  async #sign({ manifest, registration, id, heightLog, cls }: Adapter, answers: readonly AnswerFile[], inputs: Float32Array, tables: TapResult): Promise<void> {
    const { economy, srs, store, logger, metrics, onBlock } = this.options, { chainId, inferences: registry } = economy.deployment, account = economy.client.account as LocalAccount;
    const width = manifest.taps.inputWidth, rho = { X: randomScalar(), Delta: randomScalar() };
    const queries: ReceiptQuery[] = answers.map(({ payer, nonce, fee }, i) => ({ payer, nonce, fee, inputs: inputs.slice(i * width, (i + 1) * width), predictions: tables.predictions.slice(i, i + 1) }));
    const receipt = await createReceipt({
      chainId, registry, node: account.address, modelHash: manifest.modelHash, adapterId: id, heightLog, queries, tables, commit: (table, role) => commitIntegers(srs, table, rho[role]),
    });
    const differing = receipt.inferences.findIndex((q, i) => q.requestHash !== answers[i].requestHash || q.outputHash !== answers[i].outputHash);
    if (differing >= 0) throw new NetworkError('block holds another request than was answered', { code: 'BLOCK_CONTENT', where: answers[differing].paymentKey, expected: answers[differing].requestHash, got: receipt.inferences[differing].requestHash });
    const signed = await signReceipt(receipt, account);
    // Good as long as all its payments are there: after that nobody can commit it.
    const validUntil = Math.min(...answers.map((a) => a.deadline));
    const signature = await economy.inferences.signCommitment(commitmentOf(signed.receipt, validUntil));
    const batch = batchUnder({ format: 'zkattr-batch', signed, predictions: answers.map((a) => a.prediction), labels: [] }, await splitInForce(economy), registration.recordId);
    const block = await store.saveBlock({
      batch, secrets: { format: 'zkattr-batch-secrets', blockId: batch.blockId, delta: rho.Delta, x: rho.X }, commitment: { recordId: registration.recordId, className: cls.name, signature, validUntil },
      receipts: answers.map((a) => a.receipt), inputs, X: tables.X, Delta: tables.Delta,
    });
    metrics.blocks.inc({ phase: 'signed' });
    logger.info({ blockId: batch.blockId, folder: block.folder, queries: answers.length, paymentKeys: block.keys }, 'block signed');
    onBlock(block);
  }
}
