/**
 * circuits/manifest.json: what the circuits of every size class compile to, and the hash of their development keys.
 * Pinned: a change of a template, the compiler or the key generator shows up as a diff of this file.
 * Compiler and generator are deterministic, so any machine gets the same numbers.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../../src/files/paths.js';
import type { Relation, SizeClass } from '../../src/statement/sizeClass.js';
import { developmentKeys, type DevelopmentOptions } from './developmentKeys.js';
import { RELATIONS, sha256File } from './keys.js';
import { readR1cs } from './qap.js';

export interface CircuitEntry {
  constraints: number;
  wires: number;
  /** log2 of Groth16's domain. */
  domainLog: number;
  /** sha-256 of the .r1cs file. */
  r1csSha256: string;
  /** Hash of the development key's verification key (verificationKey.ts). */
  developmentVkHash: `0x${string}`;
}

export interface CircuitManifest {
  generatedBy: string;
  circom2: string;
  circomlib: string;
  classes: Record<string, Record<Relation, CircuitEntry>>;
}

export const MANIFEST_PATH = join(packageRoot(), 'circuits', 'manifest.json');

/** The classes of circuits/circuits.json, smallest first. */
export const pinnedClasses = async (): Promise<SizeClass[]> =>
  (JSON.parse(await readFile(join(packageRoot(), 'circuits', 'circuits.json'), 'utf8')) as { classes: SizeClass[] }).classes;

/** Compiles a class and makes its development keys (or takes both from the cache). @throws CircuitError, FileError */
export async function measureClass(cls: SizeClass, options: DevelopmentOptions = {}): Promise<Record<Relation, CircuitEntry>> {
  const keys = await developmentKeys(cls, options);
  const entries = {} as Record<Relation, CircuitEntry>;
  for (const relation of RELATIONS) {
    const { r1cs, vk } = keys[relation];
    const { nConstraints, nVars, power } = readR1cs(r1cs);
    entries[relation] = { constraints: nConstraints, wires: nVars, domainLog: power, r1csSha256: await sha256File(r1cs), developmentVkHash: vk.vkHash };
  }
  return entries;
}

const require = createRequire(import.meta.url);
const versionOf = (name: string): string => (JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string }).version;

/** Measures every class. @throws CircuitError, FileError */
export async function buildManifest(options: DevelopmentOptions = {}): Promise<CircuitManifest> {
  const classes: CircuitManifest['classes'] = {};
  for (const cls of await pinnedClasses()) {
    options.progress?.(`class ${cls.name}`);
    classes[cls.name] = await measureClass(cls, options);
  }
  return { generatedBy: 'node dist/prover/setup/writeManifest.js', circom2: versionOf('circom2'), circomlib: versionOf('circomlib'), classes };
}

/** The pinned file. */
export const readPinned = async (): Promise<CircuitManifest> => JSON.parse(await readFile(MANIFEST_PATH, 'utf8')) as CircuitManifest;
