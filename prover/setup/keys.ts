/**
 * Folder of keys of one size class:
 *   setup.json                        class, provenance, SRS, hashes
 *   srs.zsrs                          powers of tau for the opening
 *   features/, payout/                circuit.r1cs, circuit.wasm, circuit.zkey, vk.json
 *   transcript.json                   ceremonies only: contributions, hashes
 * A folder is made under a temporary name and renamed: it is complete or absent.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileError } from '../../src/errors/files.js';
import { fileError, readFileChecked, writeFileAtomic } from '../../src/files/atomic.js';
import { AttributionError } from '../../src/errors/base.js';
import type { Provenance } from '../../src/commitment/srs.js';
import { relationShape, type Relation, type SizeClass } from '../../src/statement/sizeClass.js';
import { readVerificationKey, type VerificationKey } from './verificationKey.js';

export const RELATIONS: readonly Relation[] = ['features', 'payout'];

/** Files of one relation's circuit, and its verification key. */
export interface RelationKeys {
  r1cs: string;
  wasm: string;
  zkey: string;
  vkPath: string;
  vk: VerificationKey;
}

export interface SetupKeys {
  dir: string;
  /** Name of the size class. */
  className: string;
  provenance: Provenance;
  /** Path of the SRS (`readSrs`). */
  srs: string;
  srsPower: number;
  features: RelationKeys;
  payout: RelationKeys;
}

/** setup.json. */
export interface SetupManifest {
  version: 1;
  className: string;
  provenance: Provenance;
  srsPower: number;
  relations: Record<Relation, { vkHash: string; circuitKey: string; r1csSha256: string }>;
}

/** log2 of the powers that openings of a class need: the largest nu over both relations. */
export const srsPowerOf = (cls: SizeClass): number => Math.max(...RELATIONS.map((relation) => {
  const shape = relationShape(cls, relation);
  return shape.J + shape.heightMax;
}));

export const relationPaths = (dir: string, relation: Relation): Omit<RelationKeys, 'vk'> => ({
  r1cs: join(dir, relation, 'circuit.r1cs'), wasm: join(dir, relation, 'circuit.wasm'), zkey: join(dir, relation, 'circuit.zkey'), vkPath: join(dir, relation, 'vk.json'),
});

/** sha-256 of a file, hex. @throws FileError */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (cause) {
    throw fileError('read file', path, cause);
  }
  return hash.digest('hex');
}

/** Opens a folder of keys. @throws FileError, SetupError when a file is missing or a hash differs */
export async function openSetup(dir: string): Promise<SetupKeys> {
  const path = join(dir, 'setup.json');
  let manifest: SetupManifest;
  try {
    manifest = JSON.parse((await readFileChecked(path)).toString('utf8')) as SetupManifest;
  } catch (cause) {
    if (cause instanceof AttributionError) throw cause;
    throw new FileError('setup.json is not JSON', { code: 'SETUP_FORMAT', where: path, hint: 'make the keys again', cause });
  }
  if (manifest.version !== 1) throw new FileError('unknown format version', { code: 'SETUP_FORMAT', where: path, expected: 1, got: manifest.version, hint: 'make the keys again' });
  const open = async (relation: Relation): Promise<RelationKeys> => {
    const paths = relationPaths(dir, relation);
    const vk = await readVerificationKey(paths.vkPath);
    const expected = manifest.relations?.[relation]?.vkHash;
    if (vk.vkHash !== expected) throw new FileError('verification key is not the one of this setup', { code: 'VK_HASH', where: paths.vkPath, expected, got: vk.vkHash, hint: 'make the keys again' });
    return { ...paths, vk };
  };
  const [features, payout] = await Promise.all(RELATIONS.map(open));
  return { dir, className: manifest.className, provenance: manifest.provenance, srs: join(dir, 'srs.zsrs'), srsPower: manifest.srsPower, features, payout };
}

export const writeManifest = (dir: string, manifest: SetupManifest): Promise<void> => writeFileAtomic(join(dir, 'setup.json'), `${JSON.stringify(manifest, null, 1)}\n`);

/** Circuit files that keys are made for. */
export interface CircuitFiles {
  key: string;
  r1cs: string;
  wasm: string;
}

/** Copies circuits into a folder under construction. */
export async function copyCircuits(dir: string, circuits: Record<Relation, CircuitFiles>): Promise<void> {
  for (const relation of RELATIONS) {
    const paths = relationPaths(dir, relation);
    await mkdir(join(dir, relation), { recursive: true });
    await copyFile(circuits[relation].r1cs, paths.r1cs);
    await copyFile(circuits[relation].wasm, paths.wasm);
  }
}

/**
 * Runs `build` on a temporary folder beside `dir` and renames it; when another process was faster, its folder stays.
 * @throws what `build` throws; FileError
 */
export async function buildFolder(dir: string, build: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${dir}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(temporary, { recursive: true });
    await build(temporary);
    await mkdir(dirname(dir), { recursive: true });
    await rename(temporary, dir).catch((error: unknown) => {
      if (!existsSync(join(dir, 'setup.json'))) throw error;
    });
  } catch (error) {
    throw error instanceof AttributionError ? error : fileError('make keys', dir, error);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
