/** Packages on disk, named by their hash, the least recently used removed first. They hold blinding factors: for the owner's eyes. */
import { chmod, mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { NetworkError } from '../../src/errors/network.js';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { artifactHash } from '../../src/protocol/network/container.js';

export class PackageCache {
  readonly #fetching = new Map<Hex, Promise<string>>();
  readonly #pinned = new Map<Hex, number>();

  private constructor(private readonly dir: string, private readonly maxBytes: number) {}

  static async open(dir: string, maxBytes: number): Promise<PackageCache> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await chmod(dir, 0o700);
    for (const name of await readdir(dir)) if (name.endsWith('.tmp')) await rm(join(dir, name), { force: true });
    return new PackageCache(dir, maxBytes);
  }

  /**
   * Path of a package whose bytes have this hash, from disk or by `fetch`. It stays until `release`.
   * @throws NetworkError PACKAGE_UNKNOWN: the coordinator has none; PACKAGE_HASH: it sent another one; what `fetch` throws
   */
  async hold(hash: Hex, fetch: (hash: Hex) => Promise<Uint8Array | undefined>): Promise<string> {
    this.#pinned.set(hash, (this.#pinned.get(hash) ?? 0) + 1);
    let work = this.#fetching.get(hash);
    if (!work) {
      work = this.#get(hash, fetch).finally(() => this.#fetching.delete(hash));
      this.#fetching.set(hash, work);
    }
    try {
      return await work;
    } catch (error) {
      this.release(hash);
      throw error;
    }
  }

  release(hash: Hex): void {
    const left = (this.#pinned.get(hash) ?? 1) - 1;
    if (left > 0) this.#pinned.set(hash, left);
    else this.#pinned.delete(hash);
  }

  async #get(hash: Hex, fetch: (hash: Hex) => Promise<Uint8Array | undefined>): Promise<string> {
    const path = join(this.dir, hash.slice(2)), kept = await readFile(path).catch(() => undefined);
    if (kept && artifactHash(kept) === hash) {
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return path;
    }
    const data = await fetch(hash);
    if (!data) throw new NetworkError('the coordinator does not have a package of its own offer', { code: 'PACKAGE_UNKNOWN', where: hash });
    const got = artifactHash(data);
    if (got !== hash) throw new NetworkError('a package is not the one that was asked for', { code: 'PACKAGE_HASH', where: 'package', expected: hash, got });
    await writeFileAtomic(path, data);
    await chmod(path, 0o600);
    await this.#trim();
    return path;
  }

  async #trim(): Promise<void> {
    const files = await Promise.all((await readdir(this.dir)).filter((name) => /^[0-9a-f]{64}$/.test(name)).map(async (name) => {
      const { size, mtimeMs } = await stat(join(this.dir, name));
      return { name, size, mtimeMs };
    }));
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (total <= this.maxBytes) return;
      if (this.#pinned.has(`0x${name}`)) continue;
      await rm(join(this.dir, name), { force: true });
      total -= size;
    }
  }
}
