import { stat } from 'node:fs/promises';
import { fileError } from '../../src/files/atomic.js';

/** Values that were read once, kept while the file does not change. Callers at once share one reading; a failed one is not kept. */
export class FileCache<T> {
  private readonly entries = new Map<string, { stamp: string; value: Promise<T> }>();
  constructor(private readonly load: (path: string) => Promise<T> | T) {}

  async get(path: string): Promise<T> {
    const { size, mtimeMs } = await stat(path).catch((cause: unknown) => { throw fileError('open file', path, cause); });
    const stamp = `${size} ${mtimeMs}`;
    const known = this.entries.get(path);
    if (known?.stamp === stamp) return known.value;
    const entry = { stamp, value: (async () => this.load(path))() };
    this.entries.set(path, entry);
    entry.value.catch(() => {
      if (this.entries.get(path) === entry) this.entries.delete(path);
    });
    return entry.value;
  }
}
