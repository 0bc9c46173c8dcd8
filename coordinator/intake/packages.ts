/** Packages of the store: checked on threads when they come in, their headers remembered. */
import { Piscina } from 'piscina';
import type { Hex } from 'viem';
import type { Deployment } from '../../src/chain/index.js';
import { getWasmCurveCode } from '../../src/curve/wasm.js';
import { NetworkError } from '../../src/errors/network.js';
import type { Batch, Registration } from '../../src/protocol/artifacts.js';
import { decodeBlockPackage, decodeRecordPackage } from '../../src/protocol/network/index.js';
import type { ArtifactStore } from '../store/types.js';
import type { CheckTask, Checked } from './checkPackage.js';

const REMEMBERED = 256;

export class Packages {
  #pool?: Promise<Piscina>;
  readonly #registrations = new Map<Hex, Registration>();
  readonly #batches = new Map<Hex, Batch>();

  /** @param srs  paths of reference strings by class: its packages are recommitted */
  constructor(private readonly artifacts: ArtifactStore, private readonly deployment: Deployment, private readonly srs: Readonly<Record<string, string>>) {}

  /** @throws NetworkError ARTIFACT_UNKNOWN, PACKAGE_* */
  async checkRecord(name: Hex): Promise<Registration> {
    const checked = await this.#check({ kind: 'record', data: await this.#bytes(name), deployment: this.deployment, srs: this.srs });
    return remember(this.#registrations, name, (checked as Extract<Checked, { kind: 'record' }>).registration);
  }

  async checkBlock(name: Hex, registration: Registration): Promise<Batch> {
    const checked = await this.#check({ kind: 'block', data: await this.#bytes(name), registration, deployment: this.deployment, srs: this.srs });
    return remember(this.#batches, name, (checked as Extract<Checked, { kind: 'block' }>).batch);
  }

  /** Of packages that were checked. @throws NetworkError ARTIFACT_UNKNOWN */
  async registration(name: Hex): Promise<Registration> {
    return this.#registrations.get(name) ?? remember(this.#registrations, name, decodeRecordPackage(await this.#bytes(name)).registration);
  }
  async batch(name: Hex, className: string): Promise<Batch> {
    return this.#batches.get(name) ?? remember(this.#batches, name, decodeBlockPackage(await this.#bytes(name), className).batch);
  }

  async close(): Promise<void> { await (await this.#pool)?.close({ force: true }); }

  async #threads(): Promise<Piscina> {
    // Threads cannot compile it themselves.
    const workerData = await getWasmCurveCode();
    return new Piscina({ filename: new URL('./checkWorker.js', import.meta.url).href, minThreads: 0, maxThreads: 1, maxQueue: 256, idleTimeout: 60_000, atomics: 'disabled', workerData });
  }

  async #bytes(name: Hex): Promise<Uint8Array> {
    const data = await this.artifacts.get(name);
    if (!data) throw new NetworkError('package is not in the store', { code: 'ARTIFACT_UNKNOWN', where: name, hint: 'PUT it to /v1/artifacts first' });
    return data;
  }

  async #check(task: CheckTask): Promise<Checked> {
    let result: Checked | { kind: 'fault'; code: string; where: string; message: string };
    try {
      result = await (await (this.#pool ??= this.#threads())).run(task) as typeof result;
    } catch (cause) {
      if (/Task queue is at limit/i.test((cause as Error).message)) throw new NetworkError('too many packages wait to be checked', { code: 'BUSY', where: task.kind, hint: 'try again in some seconds' });
      throw cause;
    }
    if (result.kind === 'fault') throw new NetworkError(result.message, { code: result.code, where: result.where, hint: 'the package is not what was signed and committed: its maker builds it again' });
    return result;
  }
}

function remember<T>(map: Map<Hex, T>, name: Hex, value: T): T {
  if (map.size >= REMEMBERED) map.delete(map.keys().next().value!);
  map.set(name, value);
  return value;
}
