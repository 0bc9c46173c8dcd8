/** Checks results on threads, with record and blocks from the coordinator's own packages. */
import { Piscina } from 'piscina';
import type { Address, Hex } from 'viem';
import type { Batch, Registration } from '../../src/protocol/artifacts.js';
import { NetworkError } from '../../src/errors/network.js';
import { decodeBlockPackage, decodeRecordPackage, type ProofJob } from '../../src/protocol/network/index.js';
import type { ArtifactStore } from '../store/types.js';
import { Recent } from './limits.js';
import type { AcceptedKey } from './types.js';
import type { ResultVerdict, VerifyTask } from './verifyResult.js';

export interface ResultVerifier {
  /** @throws NetworkError ARTIFACT_UNKNOWN, or what is wrong with the coordinator's own packages: not the prover's fault */
  verify(text: string, job: ProofJob, prover: Address): Promise<ResultVerdict>;
  close(): Promise<void>;
}

/** Headers of packages that are remembered: some kilobytes each. */
const REMEMBERED = 512;

export class ThreadVerifier implements ResultVerifier {
  readonly #pool: Piscina;
  readonly #records = new Recent<Hex, Registration>(REMEMBERED);
  readonly #blocks = new Recent<Hex, Batch>(REMEMBERED);

  constructor(private readonly keys: readonly AcceptedKey[], private readonly artifacts: ArtifactStore, threads: number) {
    this.#pool = new Piscina({ filename: new URL('./verifyWorker.js', import.meta.url).href, minThreads: 0, maxThreads: threads, idleTimeout: 60_000, atomics: 'disabled' });
  }

  async verify(text: string, job: ProofJob, prover: Address): Promise<ResultVerdict> {
    const accepted = this.keys.find(({ className, vkHash }) => className === job.className && vkHash === job.vkHash);
    if (!accepted) throw new NetworkError('no verification key for the job', { code: 'VK_HASH', where: `job ${job.jobId}`, got: `${job.className} ${job.vkHash}`, hint: 'load the keys that jobs were made for' });
    const registration = await this.#header(this.#records, job.record, (data) => decodeRecordPackage(data).registration);
    const batches: Batch[] = [];
    for (const block of job.blocks) batches.push(await this.#header(this.#blocks, block.package, (data) => decodeBlockPackage(data, job.className).batch));
    const task: VerifyTask = { text, job, registration, batches, prover, key: accepted.key };
    return this.#pool.run(task) as Promise<ResultVerdict>;
  }

  close(): Promise<void> { return this.#pool.close({ force: true }); }

  async #header<T>(known: Recent<Hex, T>, hash: Hex, decode: (data: Uint8Array) => T): Promise<T> {
    const found = known.get(hash);
    if (found) return found;
    const data = await this.artifacts.get(hash);
    if (!data) throw new NetworkError('package is not in the store', { code: 'ARTIFACT_UNKNOWN', where: hash, hint: 'submit it again' });
    const value = decode(data);
    known.set(hash, value);
    return value;
  }
}
