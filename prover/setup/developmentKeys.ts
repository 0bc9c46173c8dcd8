import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheRoot } from '../../src/files/paths.js';
import { readSrs, writeSrs, type Srs } from '../../src/commitment/srs.js';
import type { Relation, SizeClass } from '../../src/statement/sizeClass.js';
import { compileCircuit } from './circuit.js';
import { developmentPowers, developmentPtau, developmentZkey } from './developmentZkey.js';
import { openFixedBase, type FixedBase } from './fixedBase.js';
import { buildFolder, copyCircuits, openSetup, relationPaths, RELATIONS, sha256File, srsPowerOf, writeManifest, type CircuitFiles, type SetupKeys, type SetupManifest } from './keys.js';
import { readR1cs } from './qap.js';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { exportVerificationKey, writeVerificationKey } from './verificationKey.js';

/** Raised when the generator's output changes, so that cached keys are made again. */
const GENERATOR_VERSION = 1;

export interface DevelopmentOptions {
  progress?: (message: string) => void;
  /** Worker threads of the generator. */
  threads?: number;
}

async function withPool<T>(threads: number | undefined, run: (pool: FixedBase) => Promise<T>): Promise<T> {
  const pool = await openFixedBase(threads);
  try {
    return await run(pool);
  } finally {
    await pool.close();
  }
}

/** Writes the development SRS of 2^power powers to `path`. */
export const writeDevelopmentSrs = (path: string, power: number, threads?: number): Promise<void> => withPool(threads, async (pool) => {
  const { g1, tauG2 } = await developmentPowers(power, pool);
  await writeSrs(path, power, g1, tauG2);
});

/** Writes the development secrets as a .ptau file for snarkjs; `prepared` adds the Lagrange sections of phase 2. */
export const writeDevelopmentPtau = (path: string, power: number, { prepared = false, threads }: { prepared?: boolean; threads?: number } = {}): Promise<void> =>
  withPool(threads, async (pool) => writeFileAtomic(path, await developmentPtau(power, pool, prepared)));

/** Writes the development key of a constraint system. Same .r1cs, same bytes. @throws FileError */
export const writeDevelopmentZkey = (r1csPath: string, zkeyPath: string, threads?: number): Promise<void> =>
  withPool(threads, async (pool) => writeFileAtomic(zkeyPath, await developmentZkey(readR1cs(r1csPath), pool)));

async function developmentSrsPath(power: number, threads?: number): Promise<string> {
  const path = join(cacheRoot(), 'srs', `development-v${GENERATOR_VERSION}-${power}.zsrs`);
  if (!existsSync(path)) await writeDevelopmentSrs(path, power, threads);
  return path;
}

/** The development SRS of 2^power powers, from the cache. @throws FileError */
export const developmentSrs = async (power: number, threads?: number): Promise<Srs> => readSrs(await developmentSrsPath(power, threads));

/**
 * Development keys of given circuits, in a folder of `baseDir` named after what they depend on.
 * @param srsPower  log2 of the powers that the opening needs
 * @throws FileError
 */
export async function developmentKeysFor(className: string, circuits: Record<Relation, CircuitFiles>, srsPower: number, baseDir: string, options: DevelopmentOptions = {}): Promise<SetupKeys> {
  const { progress, threads } = options;
  const key = createHash('sha256').update(JSON.stringify([GENERATOR_VERSION, className, srsPower, circuits.features.key, circuits.payout.key])).digest('hex').slice(0, 32);
  const dir = join(baseDir, key);
  if (!existsSync(join(dir, 'setup.json'))) {
    await buildFolder(dir, async (temporary) => {
      await copyCircuits(temporary, circuits);
      progress?.(`development SRS, 2^${srsPower} powers`);
      await copyFile(await developmentSrsPath(srsPower, threads), join(temporary, 'srs.zsrs'));
      const { tauG2Words } = await readSrs(join(temporary, 'srs.zsrs'));
      const relations = {} as SetupManifest['relations'];
      await withPool(threads, async (pool) => {
        for (const relation of RELATIONS) {
          const paths = relationPaths(temporary, relation);
          const r1cs = readR1cs(paths.r1cs);
          progress?.(`development key of ${relation}: ${r1cs.nConstraints} constraints, domain 2^${r1cs.power}`);
          await writeFileAtomic(paths.zkey, await developmentZkey(r1cs, pool));
          const vk = await exportVerificationKey(paths.zkey, tauG2Words);
          await writeVerificationKey(paths.vkPath, vk);
          relations[relation] = { vkHash: vk.vkHash, circuitKey: circuits[relation].key, r1csSha256: await sha256File(paths.r1cs) };
        }
      });
      await writeManifest(temporary, { version: 1, className, provenance: 'development', srsPower, relations });
    });
  }
  return openSetup(dir);
}

/**
 * Circuits and development keys of a size class, from the cache or made now (seconds to a minute).
 * Their secrets are public: local chains only.
 * @throws CircuitError, FileError
 */
export async function developmentKeys(cls: SizeClass, options: DevelopmentOptions = {}): Promise<SetupKeys> {
  const { progress } = options;
  const [features, payout] = await Promise.all(RELATIONS.map((relation) => compileCircuit(cls, relation, { progress })));
  return developmentKeysFor(cls.name, { features, payout }, srsPowerOf(cls), join(cacheRoot(), 'keys', 'development', cls.name), options);
}
