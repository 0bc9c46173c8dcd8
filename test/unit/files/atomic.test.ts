import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { FileError } from '../../../src/errors/files.js';
import { readFileChecked, writeFileAtomic } from '../../../src/files/atomic.js';
import { artifactJson, readArtifact, writeArtifact } from '../../../src/protocol/artifacts.js';

describe('files', () => {
  let dir: string;
  before(async () => { dir = await mkdtemp(join(tmpdir(), 'zkattr-files-')); });
  after(() => rm(dir, { recursive: true, force: true }));

  it('appear complete, in folders made on the way, and leave no temporary file', async () => {
    await writeFileAtomic(join(dir, 'a', 'b', 'c'), 'text');
    assert.equal((await readFileChecked(join(dir, 'a', 'b', 'c'))).toString(), 'text');
    assert.deepEqual(await readdir(join(dir, 'a', 'b')), ['c']);
  });

  it('keep their old content when the new one cannot be written', async () => {
    const path = join(dir, 'folder');
    await writeFileAtomic(join(path, 'inside'), '1');
    await assert.rejects(writeFileAtomic(path, 'a file where a folder is'), (error: unknown) => error instanceof FileError && error.where === path);
    assert.deepEqual(await readdir(path), ['inside']);
    assert.deepEqual((await readdir(dir)).filter((name) => name.endsWith('.tmp')), []);
  });

  it('say what to do when they are missing', async () => {
    await assert.rejects(readFileChecked(join(dir, 'nothing')), (error: unknown) => error instanceof FileError && error.code === 'FILE_ENOENT' && /Hint: check the path/.test(error.message));
  });

  it('say that the disk is full, and leave the old file whole', async (t) => {
    const disk = join(dir, 'disk');
    await writeFileAtomic(join(disk, 'keep'), '');
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0) {
      t.skip('a small file system cannot be mounted here (needs root): the full disk is not tested');
      return;
    }
    try {
      await writeFileAtomic(join(disk, 'keep'), 'old');
      await assert.rejects(writeFileAtomic(join(disk, 'keep'), new Uint8Array(1 << 20)), (error: unknown) => error instanceof FileError && error.code === 'FILE_ENOSPC' && /disk is full/.test(error.message));
      assert.equal(await readFile(join(disk, 'keep'), 'utf8'), 'old');
      assert.deepEqual(await readdir(disk), ['keep']);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});

describe('artifacts', () => {
  let dir: string;
  before(async () => { dir = await mkdtemp(join(tmpdir(), 'zkattr-artifacts-')); });
  after(() => rm(dir, { recursive: true, force: true }));
  const schema = z.strictObject({ n: z.string().regex(/^0x[0-9a-f]+$/).transform((v) => BigInt(v)) });

  it('keep integers of any size', async () => {
    await writeArtifact(join(dir, 'x'), { n: 2n ** 250n + 1n });
    assert.deepEqual(await readArtifact(join(dir, 'x'), schema), { n: 2n ** 250n + 1n });
  });

  it('are refused when truncated or of another format, naming file and field', async () => {
    const path = join(dir, 'y');
    await writeFile(path, artifactJson({ n: 5n }).slice(0, 6));
    await assert.rejects(readArtifact(path, schema), (error: unknown) => error instanceof FileError && error.code === 'ARTIFACT_JSON' && error.where === path);
    await writeArtifact(path, { n: 'five' });
    await assert.rejects(readArtifact(path, schema), (error: unknown) => error instanceof FileError && error.code === 'ARTIFACT_FORMAT' && error.where === `${path}: n`);
  });
});
