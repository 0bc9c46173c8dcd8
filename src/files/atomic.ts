import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FileError } from '../errors/files.js';

const HINTS: Record<string, string> = {
  ENOSPC: 'the disk is full: free some space and run the command again; nothing half-written was left',
  EACCES: 'no permission: check the owner of the folder',
  EROFS: 'the file system is read-only',
  ENOENT: 'check the path; an earlier step may not have run yet',
  EISDIR: 'the path is a folder, a file was expected',
};

/** Node's file-system error -> FileError that says where and what to do. */
export function fileError(action: string, path: string, cause: unknown): FileError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'UNKNOWN';
  return new FileError(`cannot ${action}`, { code: `FILE_${code}`, where: path, got: code, hint: HINTS[code] ?? 'see the cause', cause });
}

/**
 * Writes a file so that it is either complete or absent: temporary file beside it, fsync, rename.
 * @param data  whole, or pieces written one after the other, so that a large key is never held twice
 * @throws FileError (disk full, no permission, ...); the temporary file is removed
 */
export async function writeFileAtomic(path: string, data: Uint8Array | string | Iterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(temporary, 'wx');
    try {
      for (const part of typeof data === 'string' || data instanceof Uint8Array ? [data] : data) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError('write file', path, cause);
  }
}

/** Reads a whole file. @throws FileError */
export async function readFileChecked(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fileError('read file', path, cause);
  }
}
