/** What a coordinator is started with: numbers and places with defaults, checked before anything is opened; and what only its owner has. */
import type { Address, LocalAccount } from 'viem';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Deployment } from '../src/chain/index.js';
import { NetworkError } from '../src/errors/network.js';
import { address } from '../src/protocol/words.js';
import type { OnStep } from './settlement/index.js';
import type { AcceptedKey, SchedulerLimits } from './scheduler/index.js';

const ms = z.int().positive(), positive = z.int().positive(), rpcUrl = z.url({ protocol: /^https?$/, error: 'an http or https URL' });
const port = z.int().min(0).max(65_535);
const gasPrice = z.union([z.bigint(), z.string().regex(/^\d{1,30}$/).transform(BigInt)]);

/** Defaults are for a chain with blocks of some seconds; a local one wants confirmations 1 and shorter ages. */
export const coordinatorSettingsSchema = z.strictObject({
  /** In order of preference; all of one chain. */
  rpcUrls: z.array(rpcUrl).min(1, 'at least one URL'),
  /** Folder of one process, or redis:// of several. */
  store: z.string().min(1),
  /** Before every key in Redis. */
  storePrefix: z.string().regex(/^[\w.-]{1,40}$/).optional(),
  /** Folder, or a bucket; default: `artifacts` below the store's folder. */
  artifacts: z.union([z.string().min(1), z.strictObject({ endpoint: z.url(), bucket: z.string(), region: z.string(), accessKeyId: z.string(), secretAccessKey: z.string(), prefix: z.string().optional() })]).optional(),
  http: z.strictObject({ host: z.string().default('127.0.0.1'), port: port.default(8600), trustProxy: z.boolean().default(false) }).prefault({}),
  /** Without it provers come over HTTP only. keyFile: the peer id; made on first use. */
  libp2p: z.strictObject({ listen: z.array(z.string().startsWith('/')).min(1), announce: z.array(z.string().startsWith('/')).optional(), keyFile: z.string().min(1) }).optional(),
  /** Reference string of a class, to hold packages against their commitments; a class without one is not recommitted. */
  srs: z.record(z.string(), z.string()).default({}),
  batch: z.strictObject({
    /** A committed block waits for others so long, and a job is formed early when its fees reach this much (base units). */
    maxAgeMs: ms.default(10_000), feeTarget: z.union([z.bigint(), z.string().regex(/^\d+$/).transform(BigInt)]).optional(),
    /** A block whose payments can go back this soon waits for nobody. */
    urgentSeconds: positive.default(900),
    /** Blocks and payments with less time than this are refused. */
    minRemainingSeconds: positive.default(120),
    tickMs: ms.default(500),
    /** Between two looks at the chain for a job that waits: whether its blocks still stand. */
    lookMs: ms.default(30_000),
    /** Memory that a job of a class asks of its prover, bytes. */
    memoryBytes: z.record(z.string(), positive).default({}),
  }).prefault({}),
  settlement: z.strictObject({
    confirmations: positive.default(12), bumpAfterMs: ms.default(45_000), bumpBps: positive.default(1250), maxFeePerGasWei: gasPrice.default(500n * 10n ** 9n), maxOpen: positive.default(8),
    commitBatch: positive.default(8), deliverBatch: positive.default(4), retryMs: ms.default(2000), maxRetryMs: ms.default(300_000), maxAttempts: positive.default(8), tickMs: ms.default(1000),
  }).prefault({}),
  queue: z.strictObject({ maxAttempts: positive.default(5), backoffMs: ms.default(2000), maxBackoffMs: ms.default(300_000) }).prefault({}),
  /** What is over goes after so many days, in batches of each kind; none or 0 keeps all. Without the setting: 30 days. */
  retention: z.strictObject({ settledDays: z.number().min(0).max(36_500).optional(), batch: positive.default(50), tickMs: ms.default(60_000) }).prefault({ settledDays: 30 }),
  limits: z.strictObject({
    artifactBytes: positive.default(64 << 20),
    /** Uploads that are received at once, all together; and of one account in an hour. */
    receivingBytes: positive.default(256 << 20), uploadBytesPerHour: positive.default(4 * 2 ** 30),
    bodyBytes: positive.default(1 << 20), perMinute: positive.default(1200), eventStreams: positive.default(1000),
  }).prefault({}),
  /** May upload besides active nodes and staked adapter owners. */
  uploaders: z.array(address).default([]),
  /** Accounts that may revive dead jobs, beside the coordinator's own. */
  operators: z.array(address).default([]),
  /** Confidence in the sender's clock. */
  clockSkewMs: ms.default(60_000),
  leaderTtlMs: ms.default(15_000),
  /** Requests that run get so long at shutdown. */
  drainMs: ms.default(10_000),
});
export type CoordinatorSettings = z.output<typeof coordinatorSettingsSchema>;

/** What is no number: keys, contracts, where to write. */
export interface CoordinatorParts {
  deployment: Deployment;
  /** Pays gas, signs offers; its address is the coordinator's name. No other program may send from it. */
  account: LocalAccount;
  /** Verification keys of the payout relation, of every class that is served. */
  keys: readonly AcceptedKey[];
  logger?: Logger;
  /** Provers: bounds, and why one may not log in. */
  proverLimits?: Partial<SchedulerLimits>;
  admit?: (prover: Address) => Promise<string | undefined>;
  /** For tests that end a process between two steps. */
  onStep?: OnStep;
}
export type CoordinatorConfig = z.input<typeof coordinatorSettingsSchema> & CoordinatorParts;

/** @throws NetworkError CONFIG, naming the field */
export function parseCoordinatorConfig(config: CoordinatorConfig): { settings: CoordinatorSettings; parts: CoordinatorParts } {
  const { deployment, account, keys, logger, proverLimits, admit, onStep, ...rest } = config;
  const fail = (where: string, got: string, hint: string): NetworkError => new NetworkError('configuration cannot be used', { code: 'CONFIG', where, got, hint });
  const parsed = coordinatorSettingsSchema.safeParse(rest);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw fail(issue.path.join('.') || issue.message, issue.message, 'see coordinator/config.ts for fields and defaults');
  }
  if (!deployment?.settlement) throw fail('deployment', 'none', 'pass deploymentOf(await readManifest(path))');
  if (account?.type !== 'local') throw fail('account', String((account as { type?: string } | undefined)?.type ?? 'none'), 'pass privateKeyToAccount(...): the coordinator signs by itself');
  if (!keys || keys.length === 0) throw fail('keys', 'none', 'pass { className, vkHash, key: verifierKey(vk) } of each class that is served');
  const settings = parsed.data, redis = isRedis(settings.store);
  if (redis && settings.artifacts === undefined) throw fail('artifacts', 'none', 'with Redis name a folder that all coordinators share, or a bucket');
  if (settings.batch.minRemainingSeconds > settings.batch.urgentSeconds) throw fail('batch.minRemainingSeconds', String(settings.batch.minRemainingSeconds), 'at most batch.urgentSeconds');
  return { settings, parts: { deployment, account, keys, logger, proverLimits, admit, onStep } };
}

export const isRedis = (store: string): boolean => /^rediss?:\/\//.test(store);
