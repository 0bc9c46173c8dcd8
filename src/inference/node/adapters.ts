/**
 * Adapters of a node: each a folder <adaptersDir>/<name> with what `zkattr train` and `register` leave, model/ (bundle) and
 * registration/{registration,secrets}.json. All are known from the start; their models are loaded when they are asked for, within a
 * memory bound, and the one that was not used for longest goes first. A model in use never goes: `use` counts.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { keccak256, type Hex } from 'viem';
import type { Economy } from '../../chain/index.js';
import { AttributionError } from '../../errors/base.js';
import { NetworkError } from '../../errors/network.js';
import { readFileChecked } from '../../files/atomic.js';
import { manifestSchema, readBundle, tapSpecOf, type BundleManifest, type ModelBundle } from '../../models/bundle.js';
import { readArtifact, registrationSchema, registrationSecretsSchema, type Registration } from '../../protocol/artifacts.js';
import { artifactHash, type AdapterRows } from '../../protocol/network/index.js';
import { encodeRecordPackage } from '../../protocol/network/packages.js';
import { sizeClass } from '../../statement/classes.js';
import { relationShape, type SizeClass } from '../../statement/sizeClass.js';
import { closeTapSession, loadTapSession, runTaps, type TapResult, type TapSession } from '../session.js';
import type { NodeLogger, NodeMetrics } from './metrics.js';

/** Most queries that one receipt holds (src/protocol/receipt.ts). */
const RECEIPT_QUERIES = 64;
/** What the runtime takes for a session beside the model: measured, some 0.6 MB for the smallest. */
const SESSION_BYTES = 1 << 20;

export interface Adapter {
  /** Folder below adaptersDir. */
  name: string;
  id: Hex;
  cls: SizeClass;
  manifest: BundleManifest;
  registration: Registration;
  /** log2 of a full block's queries, which is its height: one row a query. */
  heightLog: number;
  /** Of the loaded session and the tables of one block, estimated. */
  bytes: number;
}

/** A model in memory. */
export interface LoadedAdapter {
  adapter: Adapter;
  /** @param height  rows of the tables; those beyond the inputs are zero */
  run(inputs: Float32Array, height?: number): Promise<TapResult>;
}

interface Slot {
  adapter: Adapter;
  session?: Promise<TapSession>;
  users: number;
  /** Rising with every use. */
  usedAt: number;
  /** Replaced or removed: let go when its last user leaves. */
  stale: boolean;
  refused?: AttributionError;
}

export interface AdapterPoolOptions {
  dir: string;
  economy: Economy;
  /** Bound of loaded sessions and tables. */
  memoryBytes: number;
  /** How long a request waits until others release memory. */
  waitMs?: number;
  /** Log2 of the largest block; the class's without it. */
  maxHeightLog?: number;
  /** Log2 of the reference string's powers: blocks of larger adapters cannot be committed. */
  srsPower: number;
  logger: NodeLogger;
  metrics: NodeMetrics;
}

const asError = (error: unknown, where: string): AttributionError =>
  error instanceof AttributionError ? error : new NetworkError('adapter cannot be loaded', { code: 'ADAPTER_LOAD', where, got: (error as Error).message, cause: error });

/** 2^heightLog queries, one row each: the largest power of two that a job of the class, a block of it, and a receipt hold. */
export function blockHeightLog(cls: SizeClass, most = Infinity): number {
  const shape = relationShape(cls, 'payout');
  return Math.max(0, Math.min(cls.queriesLog, shape.tokensLogMax - shape.blocksLog, Math.log2(RECEIPT_QUERIES), most));
}

export class AdapterPool {
  readonly #slots = new Map<Hex, Slot>();
  readonly #refused = new Map<string, AttributionError>();
  readonly #waiting: (() => void)[] = [];
  #bytes = 0;
  #clock = 0;
  #adding: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(readonly options: AdapterPoolOptions) {}

  /** Knows every subfolder; one that does not fit is refused by name and the others are served. */
  static async open(options: AdapterPoolOptions): Promise<AdapterPool> {
    const pool = new AdapterPool(options);
    const names = existsSync(options.dir) ? (await readdir(options.dir, { withFileTypes: true })).filter((e) => e.isDirectory() && !e.name.startsWith('.')).map((e) => e.name).sort() : [];
    for (const name of names) await pool.add(name).catch(() => undefined); // in `refused`
    return pool;
  }

  list(): { adapter: Adapter; state: 'ready' | 'loaded' | 'refused'; reason?: string }[] {
    return [...this.#slots.values()].map(({ adapter, session, refused }) => ({ adapter, state: refused ? 'refused' : session !== undefined ? 'loaded' : 'ready', reason: refused?.message }));
  }
  /** Folders that are no adapter of this node, and why. */
  refused(): { folder: string; code: string; reason: string }[] { return [...this.#refused].map(([folder, { code, message }]) => ({ folder, code, reason: message })); }
  get loadedBytes(): number { return this.#bytes; }
  get loadedCount(): number { return [...this.#slots.values()].filter((s) => s.session !== undefined).length; }

  /** @throws NetworkError ADAPTER_UNKNOWN, or why it was refused */
  get(id: Hex): Adapter {
    const slot = this.#slots.get(id);
    if (!slot) throw new NetworkError('no such adapter here', { code: 'ADAPTER_UNKNOWN', where: 'adapterId', got: id, hint: 'GET /v1/adapters lists what is served' });
    return slot.adapter;
  }

  /**
   * Adds a folder, or reads it again: requests that run go on with the model they have, the next ones get the new one.
   * @throws BundleError, FileError, NetworkError: of another chain or model, or its record was replaced
   */
  add(name: string): Promise<Adapter> {
    const added = this.#adding.then(() => this.#add(name));
    this.#adding = added.catch(() => undefined);
    return added;
  }

  async #add(name: string): Promise<Adapter> {
    const { logger, metrics } = this.options;
    try {
      const adapter = await this.#read(name), twin = this.#slots.get(adapter.id);
      if (twin && twin.adapter.name !== name) throw new NetworkError('adapter is served from another folder', { code: 'ADAPTER_TWICE', where: name, expected: twin.adapter.name, got: adapter.id });
      for (const slot of [...this.#slots.values()].filter((s) => s.adapter.name === name)) this.#retire(slot);
      this.#slots.set(adapter.id, { adapter, users: 0, usedAt: this.#clock++, stale: false });
      this.#refused.delete(name);
      logger.info({ adapter: name, adapterId: adapter.id, className: adapter.cls.name }, 'adapter known');
      return adapter;
    } catch (cause) {
      const error = asError(cause, name);
      this.#refused.set(name, error);
      metrics.refused.inc();
      logger.error({ adapter: name, code: error.code, err: error }, 'adapter refused');
      throw error;
    }
  }

  /** Runs `work` with the model in memory; it stays there until the work is done. @throws NetworkError ADAPTER_UNKNOWN, ADAPTER_REFUSED, ADAPTER_TOO_LARGE, OVERLOADED */
  async use<T>(id: Hex, work: (loaded: LoadedAdapter) => Promise<T>): Promise<T> {
    const slot = await this.#take(id);
    try {
      const session = await slot.session!, { manifest, cls } = slot.adapter; // loaded: see #take
      return await work({ adapter: slot.adapter, run: (inputs, height) => runTaps(session, inputs, { scales: manifest.scales, shape: cls }, undefined, height) });
    } finally {
      slot.users--;
      slot.usedAt = this.#clock++;
      if (slot.stale && slot.users === 0) await this.#unload(slot);
      this.#wake();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    for (const slot of this.#slots.values()) {
      slot.stale = true;
      if (slot.users === 0) await this.#unload(slot);
    }
  }

  /** What a prover needs of the adapter's record; undefined without registration/secrets.json, when its owner hands it in. */
  async recordPackage({ name, id }: Adapter): Promise<{ data: Uint8Array; hash: Hex } | undefined> {
    const at = (...parts: string[]): string => join(this.options.dir, name, ...parts);
    if (!existsSync(at('registration', 'secrets.json'))) return undefined;
    const { registration } = this.get(id), secrets = await readArtifact(at('registration', 'secrets.json'), registrationSecretsSchema);
    if (secrets.recordId !== registration.recordId) throw new NetworkError('secrets are of another record', { code: 'RECORD_SECRETS', where: `${name}/registration/secrets.json`, expected: registration.recordId, got: secrets.recordId });
    const { adapter, train, manifest }: ModelBundle = await readBundle(at('model'));
    const rows: AdapterRows = adapter, data = encodeRecordPackage({ registration, secrets, adapter: rows, train: { X: train.X, Delta: train.Delta }, boundaries: manifest.boundaries });
    return { data, hash: artifactHash(data) };
  }

  /** A slot with one more user and its session on the way. */
  async #take(id: Hex): Promise<Slot> {
    const { memoryBytes, waitMs = 30_000, metrics, logger } = this.options, until = Date.now() + waitMs;
    for (;;) {
      if (this.#closed) throw new NetworkError('node is shutting down', { code: 'DRAINING', hint: 'ask again later' });
      const { name, bytes } = this.get(id), slot = this.#slots.get(id)!;
      if (slot.refused) throw new NetworkError('adapter was refused', { code: 'ADAPTER_REFUSED', where: name, got: slot.refused.message, hint: 'its owner has to repair the folder and add it again', cause: slot.refused });
      if (bytes > memoryBytes) throw new NetworkError('adapter does not fit in memory', { code: 'ADAPTER_TOO_LARGE', where: name, expected: `at most ${memoryBytes} bytes`, got: bytes, hint: 'raise the memory of the node' });
      if (!slot.session) {
        while (this.#bytes + bytes > memoryBytes && await this.#evictOne()) { /* until it fits, or all are in use */ }
        // Others ran while a session was let go.
        if (this.#slots.get(id) !== slot || slot.session) continue;
      }
      if (slot.session || this.#bytes + bytes <= memoryBytes) {
        slot.users++;
        if (!slot.session) {
          this.#bytes += bytes;
          metrics.loads.inc();
          slot.session = this.#load(slot);
        }
        const { session } = slot;
        try {
          await session;
          return slot;
        } catch (cause) {
          slot.users--;
          // The first of those who waited for it clears up.
          if (slot.session === session) {
            slot.session = undefined;
            this.#bytes -= bytes;
            slot.refused = asError(cause, name);
            metrics.refused.inc();
            logger.error({ adapter: name, adapterId: id, code: slot.refused.code, err: slot.refused }, 'adapter refused: its model does not load');
            this.#wake();
          }
          continue;
        }
      }
      const left = until - Date.now();
      if (left <= 0) throw new NetworkError('all adapters in memory are in use', { code: 'OVERLOADED', where: name, hint: 'ask again in some seconds' });
      await new Promise<void>((resolve) => { const timer = setTimeout(resolve, left); this.#waiting.push(() => { clearTimeout(timer); resolve(); }); });
    }
  }

  async #load({ adapter: { name, manifest } }: Slot): Promise<TapSession> {
    const path = join(this.options.dir, name, 'model', 'model.onnx'), model = await readFileChecked(path), hash = keccak256(model);
    if (hash !== manifest.modelHash) throw new NetworkError('model file was altered', { code: 'BUNDLE_HASH', where: path, expected: manifest.modelHash, got: hash, hint: 'copy the bundle again' });
    return loadTapSession(model, tapSpecOf(manifest));
  }

  /** @returns whether one was let go */
  async #evictOne(): Promise<boolean> {
    const idle = [...this.#slots.values()].filter((s) => s.session !== undefined && s.users === 0).sort((a, b) => a.usedAt - b.usedAt)[0];
    if (!idle) return false;
    this.options.metrics.evictions.inc();
    this.options.logger.debug({ adapter: idle.adapter.name }, 'adapter evicted');
    await this.#unload(idle);
    return true;
  }

  /** Its bytes count until the runtime has freed them. */
  async #unload(slot: Slot): Promise<void> {
    const { session } = slot;
    if (!session) return;
    slot.session = undefined;
    await session.then(closeTapSession).catch((error: unknown) => this.options.logger.warn({ err: error, adapter: slot.adapter.name }, 'session was not released'));
    this.#bytes -= slot.adapter.bytes;
    this.#wake();
  }

  #retire(slot: Slot): void {
    slot.stale = true;
    this.#slots.delete(slot.adapter.id);
    if (slot.users === 0) void this.#unload(slot);
  }

  #wake(): void { for (const resolve of this.#waiting.splice(0)) resolve(); }

  /** Everything about a folder but its model; what is on chain must be what is on disk. */
  async #read(name: string): Promise<Adapter> {
    const { dir, economy: { deployment, models }, maxHeightLog, srsPower } = this.options, at = (...parts: string[]): string => join(dir, name, ...parts);
    const registration = await readArtifact(at('registration', 'registration.json'), registrationSchema), manifest = await readArtifact(at('model', 'manifest.json'), manifestSchema);
    const same = (what: string, expected: unknown, got: unknown, hint: string): void => { if (expected !== got) throw new NetworkError('adapter does not fit', { code: 'ADAPTER_MISMATCH', where: `${name}: ${what}`, expected, got, hint }); };
    same('chain', deployment.chainId, registration.chainId, 'it is registered on another chain');
    same('model registry', deployment.models, registration.models, 'it is registered in another deployment');
    same('model hash', registration.adapter.modelHash, manifest.modelHash, 'registration and bundle are of different models');
    same('adapter tables', registration.adapter.quantisationHash, manifest.adapterId, 'registration and bundle are of different adapters');
    same('size class', registration.className, manifest.sizeClass.name, 'registration and bundle are of different classes');
    const current = await models.currentRecord(registration.adapterId);
    same('record', current, registration.recordId, BigInt(current) === 0n ? 'register its features first: zkattr register' : 'its owner registered newer features: copy the new registration');
    const cls = sizeClass(manifest.sizeClass.name), heightLog = blockHeightLog(cls, maxHeightLog);
    const power = heightLog + cls.layersLog + cls.widthLog;
    if (power > srsPower) throw new NetworkError('reference string is too short for the adapter', { code: 'SRS_TOO_SHORT', where: name, expected: `2^${power} powers`, got: `2^${srsPower}`, hint: 'use the keys of its class' });
    // The runtime keeps the weights twice: as initializers of the graph, and packed for its kernels. Then X and Delta of one block.
    const bytes = SESSION_BYTES + 2 * (manifest.files['model.onnx']?.bytes ?? 0) + 3 * 2 ** power;
    return { name, id: registration.adapterId, cls, manifest, registration, heightLog, bytes };
  }
}
