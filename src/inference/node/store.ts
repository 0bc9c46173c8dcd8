/**
 * What a node keeps on disk, so that a process that is killed at any point loses nothing it has signed:
 *
 *   <dataDir>/node.lock                         pid of the node that uses the folder
 *   <dataDir>/answers/<payment key>.json        request, prediction, signed receipt: written before it is answered
 *   <dataDir>/blocks/<n>/inputs.f32 X.i8 Delta.i16 secrets.json receipts.json commitment.json batch.json      batch.json last
 *   <dataDir>/blocks/<n>/state.json             how far the block has come
 *   <dataDir>/records/<record id>.json          record packages that the coordinator has
 *
 * A block without batch.json does not exist: it is removed, and its queries wait again. An answer is in the block that names it.
 */
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address, Hex } from 'viem';
import { z } from 'zod';
import { paymentKey } from '../../chain/index.js';
import { NetworkError } from '../../errors/network.js';
import { fileError, readFileChecked, writeFileAtomic } from '../../files/atomic.js';
import {
  batchSchema, batchSecretsSchema, payerReceiptSchema, readArtifact, writeArtifact, type Batch, type BatchSecrets, type PayerReceipt,
} from '../../protocol/artifacts.js';
import { address, bytes, count, integer, word } from '../../protocol/words.js';

const answerFileSchema = z.strictObject({
  format: z.literal('zkattr-answer'), adapterId: word, paymentKey: word, payer: address, requestHash: word, nonce: integer, fee: integer,
  /** float32, little-endian. */
  inputs: bytes,
  prediction: count, outputHash: word, receipt: payerReceiptSchema,
  /** Unix seconds on the chain: from then on the payer can take the fee back. */
  deadline: count,
  /** Milliseconds since 1970. */
  answeredAt: count,
  /** Why it will be in no block. */
  lapsed: z.string().optional(),
});
export type AnswerFile = z.infer<typeof answerFileSchema>;

export const BLOCK_STEPS = ['signed', 'submitted', 'committed', 'assigned', 'settled', 'refunded', 'refused', 'cancelled', 'dropped'] as const;
export type BlockStep = (typeof BLOCK_STEPS)[number];
/** dropped: it can never be committed any more, its queries were set free. */
export const isFinal = (step: BlockStep): boolean => ['settled', 'refunded', 'cancelled', 'dropped'].includes(step);

const stateSchema = z.strictObject({
  format: z.literal('zkattr-block-state'), step: z.enum(BLOCK_STEPS), at: count, jobId: word.optional(), reason: z.string().optional(), transaction: z.strictObject({ hash: word, gas: count }).optional(),
});
export type BlockProgress = Omit<z.infer<typeof stateSchema>, 'format'>;

const commitmentSchema = z.strictObject({ format: z.literal('zkattr-block-commitment'), recordId: word, className: z.string(), signature: bytes, validUntil: count });
export type SignedCommitment = Omit<z.infer<typeof commitmentSchema>, 'format'>;

/** A block in memory: all but its tables. */
export interface BlockEntry {
  folder: string;
  batch: Batch;
  commitment: SignedCommitment;
  keys: readonly Hex[];
  progress: BlockProgress;
}

export interface NewBlock {
  batch: Batch;
  secrets: BatchSecrets;
  commitment: SignedCommitment;
  receipts: readonly PayerReceipt[];
  inputs: Float32Array;
  X: Int8Array;
  Delta: Int16Array;
}

/** What is kept in memory of an answer. */
export interface AnswerEntry {
  key: Hex;
  adapterId: Hex;
  payer: Address;
  deadline: number;
  answeredAt: number;
  lapsed?: string;
}

const raw = (table: Float32Array | Int8Array | Int16Array): Uint8Array => new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
const aligned = async (path: string): Promise<ArrayBuffer> => Uint8Array.from(await readFileChecked(path)).buffer;
const entryOf = ({ paymentKey: key, adapterId, payer, deadline, answeredAt, lapsed }: AnswerFile): AnswerEntry => ({ key, adapterId, payer, deadline, answeredAt, lapsed });

export class NodeStore {
  readonly answers = new Map<Hex, AnswerEntry>();
  readonly blocks = new Map<string, BlockEntry>();
  readonly #blockOf = new Map<Hex, BlockEntry>();
  #next = 0;

  private constructor(readonly dir: string) {}

  /** @throws NetworkError NODE_RUNNING when another process has the folder, FileError */
  static async open(dir: string): Promise<NodeStore> {
    const store = new NodeStore(dir);
    await store.#lock();
    try {
      for (const name of await names(store.#path('answers'))) {
        if (!name.endsWith('.json')) await rm(store.#path('answers', name), { force: true }); // left by a write that was cut off
        else store.#keep(await store.answer(name.slice(0, -5) as Hex));
      }
      for (const folder of await names(store.#path('blocks'))) {
        store.#next = Math.max(store.#next, Number(folder) + 1 || 0);
        if (!existsSync(store.#path('blocks', folder, 'batch.json'))) await rm(store.#path('blocks', folder), { recursive: true, force: true });
        else store.#put(await store.#readBlock(folder));
      }
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  async close(): Promise<void> {
    const path = this.#path('node.lock');
    await rm(path, { force: true });
    held.delete(path);
  }

  blockOf(key: Hex): BlockEntry | undefined { return this.#blockOf.get(key); }
  /** Answers that are in no block and will be. */
  pending(): AnswerEntry[] { return [...this.answers.values()].filter(({ key, lapsed }) => !lapsed && !this.#blockOf.has(key)).sort((a, b) => a.answeredAt - b.answeredAt); }

  /** @throws FileError when it is missing or damaged */
  answer(key: Hex): Promise<AnswerFile> { return readArtifact(this.#path('answers', `${key}.json`), answerFileSchema); }
  /** On disk when this returns. */
  async saveAnswer(answer: Omit<AnswerFile, 'format'>): Promise<void> {
    const file: AnswerFile = { format: 'zkattr-answer', ...answer };
    await writeArtifact(this.#path('answers', `${answer.paymentKey}.json`), file);
    this.#keep(file);
  }
  async lapse(key: Hex, reason: string): Promise<void> { await this.saveAnswer({ ...await this.answer(key), lapsed: reason }); }

  /** Writes a block's folder; the queries are in it from the moment batch.json is there. */
  async saveBlock({ batch, secrets, commitment, receipts, inputs, X, Delta }: NewBlock): Promise<BlockEntry> {
    const folder = String(this.#next++), at = (name: string): string => this.#path('blocks', folder, name);
    await writeFileAtomic(at('inputs.f32'), raw(inputs));
    await writeFileAtomic(at('X.i8'), raw(X));
    await writeFileAtomic(at('Delta.i16'), raw(Delta));
    await writeArtifact(at('secrets.json'), secrets);
    await writeArtifact(at('receipts.json'), { format: 'zkattr-receipts', receipts });
    await writeArtifact(at('commitment.json'), { format: 'zkattr-block-commitment', ...commitment });
    await writeArtifact(at('batch.json'), batch);
    return this.#put({ folder, batch, commitment, keys: keysOf(batch), progress: { step: 'signed', at: Date.now() } });
  }

  /** The same signed block under another split: another id, nothing else. Secrets first: batch.json says which id counts. */
  async rename(block: BlockEntry, batch: Batch): Promise<void> {
    const { secrets } = await this.tables(block);
    await writeArtifact(this.#path('blocks', block.folder, 'secrets.json'), { ...secrets, blockId: batch.blockId });
    await writeArtifact(this.#path('blocks', block.folder, 'batch.json'), batch);
    block.batch = batch;
  }

  async note(block: BlockEntry, progress: Omit<BlockProgress, 'at'>): Promise<void> {
    const next = { ...progress, at: Date.now() };
    await writeArtifact(this.#path('blocks', block.folder, 'state.json'), { format: 'zkattr-block-state', ...next });
    block.progress = next;
    if (next.step === 'dropped') for (const key of block.keys) if (this.#blockOf.get(key) === block) this.#blockOf.delete(key);
  }

  async tables({ folder, batch }: BlockEntry): Promise<{ secrets: BatchSecrets; X: Int8Array; Delta: Int16Array }> {
    const at = (name: string): string => this.#path('blocks', folder, name);
    // A process that ended inside `rename` has left secrets under the other id.
    const secrets = { ...await readArtifact(at('secrets.json'), batchSecretsSchema), blockId: batch.blockId };
    return { secrets, X: new Int8Array(await aligned(at('X.i8'))), Delta: new Int16Array(await aligned(at('Delta.i16'))) };
  }

  /** Hash of the record package that the coordinator has. */
  recordSent(recordId: Hex): boolean { return existsSync(this.#path('records', `${recordId}.json`)); }
  noteRecord(recordId: Hex, hash: Hex): Promise<void> { return writeArtifact(this.#path('records', `${recordId}.json`), { package: hash, at: Date.now() }); }
  forgetRecord(recordId: Hex): Promise<void> { return rm(this.#path('records', `${recordId}.json`), { force: true }); }

  #path(...parts: string[]): string { return join(this.dir, ...parts); }
  #keep(answer: AnswerFile): void { this.answers.set(answer.paymentKey, entryOf(answer)); }

  #put(block: BlockEntry): BlockEntry {
    this.blocks.set(block.folder, block);
    if (block.progress.step !== 'dropped') for (const key of block.keys) this.#blockOf.set(key, block);
    return block;
  }

  async #readBlock(folder: string): Promise<BlockEntry> {
    const at = (name: string): string => this.#path('blocks', folder, name), batch = await readArtifact(at('batch.json'), batchSchema);
    const { format: _, ...commitment } = await readArtifact(at('commitment.json'), commitmentSchema);
    const { format: __, ...progress } = existsSync(at('state.json')) ? await readArtifact(at('state.json'), stateSchema) : { format: 0, step: 'signed' as const, at: 0 };
    return { folder, batch, commitment, keys: keysOf(batch), progress };
  }

  /** A lock whose process is gone is taken over; two nodes on one folder could put a query into two blocks. */
  async #lock(): Promise<void> {
    const path = this.#path('node.lock');
    await mkdir(this.dir, { recursive: true }).catch((cause: unknown) => { throw fileError('make folder', this.dir, cause); });
    for (let tries = 0; ; tries++) {
      try {
        const handle = await open(path, 'wx');
        await handle.writeFile(String(process.pid));
        await handle.close();
        held.add(path);
        return;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError('write file', path, cause);
        const pid = Number(await readFile(path, 'utf8').catch(() => ''));
        if (tries > 2 || held.has(path) || (pid !== process.pid && alive(pid))) throw new NetworkError('another node uses this folder', { code: 'NODE_RUNNING', where: path, got: `process ${pid}`, hint: 'stop it, or give every node a data folder of its own' });
        await rm(path, { force: true });
      }
    }
  }
}

/** Locks of this process: its pid in a lock does not tell whether it is this start or one before. */
const held = new Set<string>();

function alive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const names = async (dir: string): Promise<string[]> => (existsSync(dir) ? await readdir(dir) : []).sort((a, b) => Number(a) - Number(b));

/** Payment keys of a block's queries, in its order. */
export const keysOf = ({ signed: { receipt } }: Pick<Batch, 'signed'>): Hex[] => receipt.inferences.map((i) => paymentKey(receipt.node, receipt.adapterId, i.requestHash, BigInt(i.nonce)));
