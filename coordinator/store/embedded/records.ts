import type { Direction, Doc, PutOptions, Records } from '../types.js';
import type { Database } from './database.js';

interface DocumentRow {
  id: string;
  value: string;
  state: string;
  sort: number;
  version: number;
}

const COLUMNS = 'id, value, state, sort, version';
const doc = <T>({ id, value, state, sort, version }: DocumentRow): Doc<T> => ({ id, value: JSON.parse(value) as T, state, order: sort, version });

/** Documents in the file database. */
export class EmbeddedRecords implements Records {
  readonly #sql;

  constructor(private readonly database: Database) {
    this.#sql = {
      get: database.prepare(`SELECT ${COLUMNS} FROM documents WHERE collection = ? AND id = ?`),
      insert: database.prepare('INSERT INTO documents (collection, id, value, state, sort, version) VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT DO NOTHING'),
      update: database.prepare('UPDATE documents SET value = ?, state = ?, sort = ?, version = version + 1 WHERE collection = ? AND id = ? AND version = ?'),
      remove: database.prepare('DELETE FROM documents WHERE collection = ? AND id = ? AND version = ?'),
      first: database.prepare(`SELECT ${COLUMNS} FROM documents WHERE collection = ? AND state = ? ORDER BY sort, id LIMIT ?`),
      after: database.prepare(`SELECT ${COLUMNS} FROM documents WHERE collection = ? AND state = ? AND (sort, id) > (?, ?) ORDER BY sort, id LIMIT ?`),
      last: database.prepare(`SELECT ${COLUMNS} FROM documents WHERE collection = ? AND state = ? ORDER BY sort DESC, id DESC LIMIT ?`),
      before: database.prepare(`SELECT ${COLUMNS} FROM documents WHERE collection = ? AND state = ? AND (sort, id) < (?, ?) ORDER BY sort DESC, id DESC LIMIT ?`),
      counts: database.prepare('SELECT state, count(*) AS n FROM documents WHERE collection = ? GROUP BY state'),
    };
  }

  get<T>(collection: string, id: string): Promise<Doc<T> | undefined> {
    return this.database.read(() => {
      const row = this.#sql.get.get(collection, id) as DocumentRow | undefined;
      return row && doc<T>(row);
    });
  }

  put<T>(collection: string, id: string, value: T, { state, order, expected }: PutOptions): Promise<boolean> {
    const json = JSON.stringify(value);
    return this.database.write(() => (expected === 0
      ? this.#sql.insert.run(collection, id, json, state, order)
      : this.#sql.update.run(json, state, order, collection, id, expected)).changes === 1);
  }

  delete(collection: string, id: string, expected: number): Promise<boolean> {
    return this.database.write(() => this.#sql.remove.run(collection, id, expected).changes === 1);
  }

  list<T>(collection: string, state: string, limit: number, after?: { order: number; id: string }, direction: Direction = 'rising'): Promise<Doc<T>[]> {
    const { first, after: behind, last, before } = this.#sql, rising = direction === 'rising';
    return this.database.read(() => (after ? (rising ? behind : before).all(collection, state, after.order, after.id, limit) : (rising ? first : last).all(collection, state, limit)).map((row) => doc<T>(row as DocumentRow)));
  }

  counts(collection: string): Promise<Record<string, number>> {
    return this.database.read(() => Object.fromEntries((this.#sql.counts.all(collection) as { state: string; n: number }[]).map(({ state, n }) => [state, n])));
  }

  /** Nothing of its own: the database is closed by whoever opened it. */
  async close(): Promise<void> {}
}
