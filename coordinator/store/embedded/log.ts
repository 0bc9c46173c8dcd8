import type { Hex } from 'viem';
import { EMPTY_HEAD, nextEntry } from '../chain.js';
import type { ChainedEntry, ChainedLog } from '../types.js';
import type { Database } from './database.js';

/** The chained log in the file database. */
export class EmbeddedLog implements ChainedLog {
  readonly #sql;

  constructor(private readonly database: Database) {
    this.#sql = {
      head: database.prepare('SELECT sequence + 1 AS entries, hash FROM log ORDER BY sequence DESC LIMIT 1'),
      insert: database.prepare('INSERT INTO log (sequence, body, previous, hash) VALUES (?, ?, ?, ?)'),
      read: database.prepare('SELECT sequence, body, previous, hash FROM log WHERE sequence >= ? ORDER BY sequence LIMIT ?'),
    };
  }

  append(body: string): Promise<ChainedEntry> {
    return this.database.write(() => {
      const entry = nextEntry(this.#head(), body);
      this.#sql.insert.run(entry.sequence, entry.body, entry.previous, entry.hash);
      return entry;
    });
  }

  head(): Promise<{ entries: number; hash: Hex }> {
    return this.database.read(() => this.#head());
  }

  read(from: number, limit: number): Promise<ChainedEntry[]> {
    return this.database.read(() => (this.#sql.read.all(from, limit) as ChainedEntry[]).map(({ sequence, body, previous, hash }) => ({ sequence, body, previous, hash })));
  }

  #head(): { entries: number; hash: Hex } {
    const row = this.#sql.head.get() as { entries: number; hash: Hex } | undefined;
    return row ? { entries: row.entries, hash: row.hash } : EMPTY_HEAD;
  }
}
