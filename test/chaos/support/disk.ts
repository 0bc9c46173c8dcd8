/** A file system of its own for a folder, small enough to be filled. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PIECE = Buffer.alloc(1 << 20), FILLER = 'filler';

/** Why no file system can be mounted here, or undefined. */
export const NO_MOUNT = process.platform === 'linux' && process.getuid?.() === 0 ? undefined : 'SKIPPED: a full disk needs a file system of its own: run as root on Linux';

/** @throws when mount fails, with what it says */
export function mountSmall(dir: string, mebibytes: number): void {
  mkdirSync(dir, { recursive: true });
  run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', dir]);
}
export const unmount = (dir: string): void => run('umount', ['--lazy', dir]);

/** Writes until nothing fits any more. @returns what frees it */
export async function fill(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, FILLER), file = await open(path, 'w');
  try {
    for (let piece = PIECE; piece.length > 0;) {
      try {
        await file.write(piece);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        piece = piece.subarray(0, piece.length >> 1);
      }
    }
  } finally {
    await file.close();
  }
  return () => rm(path, { force: true });
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}
