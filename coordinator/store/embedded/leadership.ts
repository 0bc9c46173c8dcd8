import type { Leadership } from '../types.js';
import type { Database } from './database.js';

/** Whoever has the folder leads. The term is on disk and rises with every process, so that what an earlier one signed is told apart. */
export class EmbeddedLeadership implements Leadership {
  #term?: number;
  readonly #next;

  constructor(private readonly database: Database) {
    this.#next = database.prepare("INSERT INTO settings (name, value) VALUES ('term', '1') ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1 RETURNING value");
  }

  async acquire(): Promise<number | undefined> {
    this.#term ??= await this.database.write(() => Number((this.#next.get() as { value: string }).value));
    return this.#term;
  }

  async release(): Promise<void> {
    this.#term = undefined;
  }
}
