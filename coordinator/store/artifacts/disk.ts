/**
 * Artifacts as files: <dir>/<first byte of the hash>/<hash>, complete or absent. The folder belongs to one machine; several processes
 * of it may share it. A file that no longer has the hash of its name is set aside as <hash>.damaged, so that a put can heal it.
 */
import { readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { NetworkError } from '../../../src/errors/network.js';
import { fileError, writeFileAtomic } from '../../../src/files/atomic.js';
import type { ArtifactStore } from '../types.js';
import { checkArtifact, checkName, DEFAULT_MAX_BYTES, isDamaged } from './check.js';

/** Kept free, so that artifacts never take the space that the database beside them needs to note that they failed. */
const DEFAULT_RESERVE_BYTES = 64 * 2 ** 20;

export interface DiskOptions {
  maxBytes?: number;
  reserveBytes?: number;
}

export class DiskArtifacts implements ArtifactStore {
  readonly #writing = new Map<Hex, Promise<void>>();

  private constructor(private readonly dir: string, private readonly maxBytes: number, private readonly reserveBytes: number) {}

  /** Makes the folder when it is missing, and removes what crashed writes left. @throws FileError */
  static async open(dir: string, { maxBytes = DEFAULT_MAX_BYTES, reserveBytes = DEFAULT_RESERVE_BYTES }: DiskOptions = {}): Promise<DiskArtifacts> {
    try {
      mkdirSync(dir, { recursive: true });
      await removeLeftovers(dir);
    } catch (cause) {
      throw fileError('open artifacts', dir, cause);
    }
    return new DiskArtifacts(dir, maxBytes, reserveBytes);
  }

  /** Two puts of one artifact at a time are one. */
  put(hash: Hex, data: Uint8Array): Promise<void> {
    const running = this.#writing.get(hash);
    if (running) return running;
    const write = this.#write(hash, data).finally(() => this.#writing.delete(hash));
    this.#writing.set(hash, write);
    return write;
  }

  async get(hash: Hex): Promise<Uint8Array | undefined> {
    const path = this.#path(hash);
    let data: Buffer;
    try {
      data = await readFile(path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw fileError('read artifact', path, cause);
    }
    if (isDamaged(hash, data)) {
      await rename(path, `${path}.damaged`).catch(() => undefined); // another reader was first
      throw new NetworkError('artifact on disk does not have its hash', { code: 'ARTIFACT_HASH', where: path, expected: hash, got: `${data.length} bytes`, hint: 'the disk damaged it, or it was altered; it was set aside: submit it again' });
    }
    return data;
  }

  async has(hash: Hex): Promise<boolean> {
    return await this.#size(hash) !== undefined;
  }

  /** With what was set aside as damaged. */
  async delete(hash: Hex): Promise<void> {
    checkName(hash);
    await this.#writing.get(hash)?.catch(() => undefined);
    const path = this.#path(hash);
    try {
      await Promise.all([rm(path, { force: true }), rm(`${path}.damaged`, { force: true })]);
    } catch (cause) {
      throw fileError('delete artifact', path, cause);
    }
  }

  async #write(hash: Hex, data: Uint8Array): Promise<void> {
    checkArtifact(hash, data, this.maxBytes);
    if (await this.#size(hash) === data.length) return;
    await this.#requireSpace(data.length);
    try {
      await writeFileAtomic(this.#path(hash), data);
    } catch (cause) {
      if ((cause as { code?: string }).code === 'FILE_ENOSPC') throw this.#noSpace(await this.#free(), data.length, cause);
      throw cause;
    }
  }

  async #requireSpace(bytes: number): Promise<void> {
    const free = await this.#free();
    if (free < bytes + this.reserveBytes) throw this.#noSpace(free, bytes + this.reserveBytes);
  }

  #noSpace(free: number, needed: number, cause?: unknown): NetworkError {
    return new NetworkError('no space for an artifact', { code: 'ARTIFACT_SPACE', where: this.dir, expected: `${needed} bytes free`, got: `${free}`, hint: 'free some space or move artifacts to a bucket; nothing half-written was left', cause });
  }

  async #free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.dir);
    return bavail * bsize;
  }

  async #size(hash: Hex): Promise<number | undefined> {
    const path = this.#path(hash);
    try {
      return (await stat(path)).size;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw fileError('read artifact', path, cause);
    }
  }

  #path(hash: Hex): string {
    return join(this.dir, hash.slice(2, 4), hash);
  }
}

/** Temporary files (writeFileAtomic: <name>.<pid>.<random>.tmp) whose process is gone, or had our pid before us. */
async function removeLeftovers(dir: string): Promise<void> {
  for (const folder of await readdir(dir, { withFileTypes: true })) {
    if (!folder.isDirectory() || !/^[0-9a-f]{2}$/.test(folder.name)) continue;
    for (const name of await readdir(join(dir, folder.name))) {
      const pid = /\.(\d+)\.[0-9a-f]+\.tmp$/.exec(name)?.[1];
      if (pid !== undefined && (Number(pid) === process.pid || !isRunning(Number(pid)))) await rm(join(dir, folder.name, name), { force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'; // there, but not ours
  }
}
