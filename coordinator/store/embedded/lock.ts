/**
 * One coordinator a folder. The lock is SQLite's own file lock on a second, empty database: the kernel drops it with its process,
 * however that ends, so that no stale lock is ever in the way and no reused pid can fool us. The pid beside it is for the message only.
 * It is not on the main file, which others may read meanwhile.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Libsql from 'libsql';
import { NetworkError } from '../../../src/errors/network.js';

export interface FolderLock {
  release(): void;
}

/** @throws NetworkError STORE_LOCKED: names the pid that has it */
export function lockFolder(dir: string): FolderLock {
  const path = join(dir, 'coordinator.lock'), pidFile = join(dir, 'coordinator.pid');
  const db = new Libsql(path, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause;
    const pid = holder(pidFile);
    throw new NetworkError(`folder is in use by the coordinator with pid ${pid}`, {
      code: 'STORE_LOCKED', where: dir, hint: `stop process ${pid}, or give this coordinator a folder of its own; several on one queue need Redis`, cause,
    });
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release: () => {
      rmSync(pidFile, { force: true });
      db.close();
    },
  };
}

const holder = (pidFile: string): string => {
  try {
    return readFileSync(pidFile, 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown'; // it has the lock, but has not written its pid yet
  }
};
