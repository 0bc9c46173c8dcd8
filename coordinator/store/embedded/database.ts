/**
 * The one file database of an embedded coordinator: queue, records, log and term share it, so that each survives what the others do.
 *
 * - WAL with synchronous=FULL: a write that returned is on disk even after a power cut (NORMAL would lose the last commits, and with
 *   them fencing tokens that provers already hold). Its price, one fsync a commit, is shared: writes asked for in the same turn of the
 *   event loop go into one transaction.
 * - busy_timeout: readers of other processes (a backup, sqlite3 on the command line) may hold the file for a moment.
 * - Another coordinator on the same folder is refused: lock.ts.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { NetworkError } from '../../../src/errors/network.js';
import { lockFolder, type FolderLock } from './lock.js';
import { MIGRATIONS } from './schema.js';

const BUSY_MS = 5000;
/** Writes in one transaction; bounds how long one waits for the others before it. */
const MAX_BATCH = 256;

export type Row = Record<string, unknown>;
export interface Statement {
  run(...parameters: unknown[]): { changes: number; lastInsertRowid: number | bigint };
  get(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown[];
}

interface Pending {
  work: () => unknown;
  resolve: (value: never) => void;
  reject: (cause: unknown) => void;
}

export class Database {
  #pending: Pending[] = [];
  #scheduled = false;
  #closed = false;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;

  private constructor(readonly path: string, private readonly db: Libsql.Database, private readonly lock: FolderLock) {
    [this.#begin, this.#commit, this.#rollback] = ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'].map((sql) => db.prepare(sql));
  }

  /** @throws NetworkError STORE_LOCKED (names the process), STORE_VERSION, STORE */
  static open(dir: string): Database {
    const path = join(dir, 'coordinator.db');
    mkdirSync(dir, { recursive: true });
    const lock = lockFolder(dir);
    try {
      const db = new Libsql(path, { timeout: BUSY_MS });
      db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
      migrate(db, path);
      return new Database(path, db, lock);
    } catch (cause) {
      lock.release();
      throw storeError(path, cause);
    }
  }

  prepare(sql: string): Statement {
    return this.db.prepare(sql);
  }

  /** Reads now: everything whose write returned. @throws NetworkError STORE_CLOSED, STORE */
  async read<T>(work: () => T): Promise<T> {
    this.#requireOpen();
    try {
      return work();
    } catch (cause) {
      throw storeError(this.path, cause);
    }
  }

  /**
   * Runs `work` in a transaction that others of this turn share; resolves after its commit. When one of them throws, all are undone and
   * each runs again in a transaction of its own: `work` must change nothing but the database.
   * @throws NetworkError STORE_SPACE, STORE_CLOSED, STORE; what `work` throws
   */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#requireOpen();
      this.#pending.push({ work, resolve, reject });
      if (!this.#scheduled) {
        this.#scheduled = true;
        setImmediate(() => this.#flush());
      }
    });
  }

  /** Writes what is pending, then lets go of file and lock. */
  close(): void {
    if (this.#closed) return;
    while (this.#pending.length > 0) this.#flush();
    this.#closed = true;
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)'); // a copy of the one file is a backup
    this.db.close();
    this.lock.release();
  }

  #flush(): void {
    this.#scheduled = false;
    const batch = this.#pending.splice(0, MAX_BATCH);
    if (this.#pending.length > 0) {
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    }
    if (batch.length === 0) return;
    try {
      const values = this.#transaction(batch);
      batch.forEach(({ resolve }, i) => resolve(values[i] as never));
    } catch (cause) {
      if (batch.length === 1) batch[0].reject(storeError(this.path, cause));
      else batch.forEach((one) => this.#alone(one));
    }
  }

  #alone(one: Pending): void {
    try {
      one.resolve(this.#transaction([one])[0] as never);
    } catch (cause) {
      one.reject(storeError(this.path, cause));
    }
  }

  #transaction(batch: readonly Pending[]): unknown[] {
    this.#begin.run();
    try {
      const values = batch.map(({ work }) => work());
      this.#commit.run();
      return values;
    } catch (cause) {
      if (this.db.inTransaction) this.#rollback.run(); // SQLite ends it itself when the disk is full
      throw cause;
    }
  }

  #requireOpen(): void {
    if (this.#closed) throw new NetworkError('store is closed', { code: 'STORE_CLOSED', where: this.path, hint: 'the coordinator is shutting down; ask again after its restart' });
  }
}

function migrate(db: Libsql.Database, path: string): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > MIGRATIONS.length) {
    throw new NetworkError('database was written by a newer version', { code: 'STORE_VERSION', where: path, expected: `at most ${MIGRATIONS.length}`, got: version, hint: 'update this coordinator, or give it another folder' });
  }
  MIGRATIONS.slice(version).forEach((sql, i) => db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${version + i + 1}; COMMIT`));
}

/** SQLite's error -> NetworkError; others stay as they are. */
function storeError(path: string, cause: unknown): unknown {
  const code = (cause as { code?: unknown }).code;
  if (cause instanceof NetworkError || typeof code !== 'string' || !code.startsWith('SQLITE_')) return cause;
  if (code.startsWith('SQLITE_FULL')) return new NetworkError('no space for the database', { code: 'STORE_SPACE', where: path, hint: 'the disk is full: free some space; nothing half-written was left', cause });
  return new NetworkError('database failed', { code: 'STORE', where: path, got: code, hint: 'see the cause; the transaction was undone', cause });
}
