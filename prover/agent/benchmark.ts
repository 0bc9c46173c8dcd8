/** What a proof costs here: one full job of each class, proved when the prover joins, and remembered until something changes. */
import { readFile } from 'node:fs/promises';
import { keccak256, stringToHex, type Hex } from 'viem';
import { z } from 'zod';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { word } from '../../src/protocol/words.js';
import type { SetupKeys } from '../setup/index.js';
import type { AgentLogger } from './logs.js';
import type { WorkerKeys } from './messages.js';
import type { WorkerPool } from './pool.js';

export interface Measurement {
  /** One proof of a full job. */
  seconds: number;
  peakBytes: number;
}

/** All that a measurement depends on. */
export interface BenchmarkKey {
  version: string;
  vkHash: Hex;
  cpu: string;
  cores: number;
  backend: string;
}

const fileSchema = z.strictObject({ version: z.literal(1), measurements: z.record(word, z.strictObject({ seconds: z.number().positive(), peakBytes: z.int().positive(), className: z.string(), at: z.string() })) });
type BenchmarkFile = z.infer<typeof fileSchema>;

const keyHash = ({ version, vkHash, cpu, cores, backend }: BenchmarkKey): Hex => keccak256(stringToHex(JSON.stringify([version, vkHash, cpu, cores, backend])));

export const workerKeys = ({ className, payout, srs }: SetupKeys): WorkerKeys => ({ className, srs, zkey: payout.zkey, wasm: payout.wasm, vkPath: payout.vkPath });

export interface BenchmarkOptions {
  /** Of measurements. One that cannot be read counts as empty. */
  path: string;
  pool: WorkerPool;
  logger: AgentLogger;
  /** Only what was measured before. */
  cachedOnly?: boolean;
}

/** @returns undefined with cachedOnly, when there is no measurement under exactly this key  @throws WorkerError */
export async function measure(keys: SetupKeys, key: BenchmarkKey, { path, pool, logger, cachedOnly = false }: BenchmarkOptions): Promise<Measurement | undefined> {
  const file = await load(path), found = file.measurements[keyHash(key)];
  if (found) return { seconds: found.seconds, peakBytes: found.peakBytes };
  if (cachedOnly) return undefined;
  logger.info({ class: keys.className }, 'benchmark: one full job, once');
  const { seconds, peakBytes } = await pool.run({ kind: 'benchmark', keys: workerKeys(keys) }, { onStage: (stage) => logger.debug({ class: keys.className, stage }, 'benchmark') });
  file.measurements[keyHash(key)] = { seconds, peakBytes, className: keys.className, at: new Date().toISOString() };
  await writeFileAtomic(path, `${JSON.stringify(file, null, 1)}\n`);
  logger.info({ class: keys.className, seconds, peakBytes }, 'benchmark');
  return { seconds, peakBytes };
}

async function load(path: string): Promise<BenchmarkFile> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return { version: 1, measurements: {} };
  }
}
