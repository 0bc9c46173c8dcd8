/**
 * What a deployment is made of: roles, rules, windows. Amounts are OPEN as decimal strings in a file ("0.1"), wei in code.
 * The contracts hold every number within bounds of their own (Parameters.sol); this schema checks form, sums and widths.
 */
import { formatEther, getAddress, isAddress, parseEther, type Address } from 'viem';
import { z } from 'zod';
import { ChainError } from '../errors/chain.js';

const address = z.custom<Address>((v) => typeof v === 'string' && isAddress(v, { strict: false }), 'an address').transform((v) => getAddress(v));
const wei = z.union([z.bigint().nonnegative(), z.string().regex(/^\d{1,10}(\.\d{1,18})?$/, 'an amount of OPEN, such as "0.1"').transform((v) => parseEther(v))])
  .refine((v) => v >> 96n === 0n, 'below 2^96 wei');
const uint = (bits: number) => z.int().nonnegative().max(2 ** bits - 1);
const bps = uint(16).max(10_000);

const splitSchema = z.strictObject({ contributors: bps, node: bps, prover: bps, auditors: bps, treasury: bps })
  .refine((s) => s.contributors + s.node + s.prover + s.auditors + s.treasury === 10_000, 'the parts of a fee sum to 10000 basis points');
const stakesSchema = z.strictObject({ node: wei, adapter: wei, auditor: wei, unbondingSeconds: uint(32) });
const windowsSchema = z.strictObject({ settlementSeconds: uint(32), challengeSeconds: uint(32) });
const marketSchema = z.strictObject({
  minPrice: wei, maxPrice: wei, minCollateral: wei, minLockSeconds: uint(32), maxRequestSeconds: uint(32), lateBps: bps, slasherBps: bps,
});
const courtSchema = z.strictObject({
  bond: wei, nodeSlash: wei, adapterSlash: wei, voterSlash: wei, auditFee: wei, seats: uint(8), commitSeconds: uint(32), revealSeconds: uint(32), auditSeconds: uint(32),
  challengerBps: bps, committeeBps: bps, auditRateBps: bps,
});
const governorSchema = z.strictObject({ votingDelaySeconds: uint(48), votingPeriodSeconds: uint(32), proposalThreshold: wei, quorumPercent: z.int().min(1).max(100) });

export const economyConfigSchema = z.strictObject({
  /** May pause modules and freeze verifiers, nothing else. */
  guardian: address,
  /** Gets its part of fees and slashes; the timelock without it. */
  treasury: address.optional(),
  /** Between the queueing of a proposal and its execution. */
  timelockDelaySeconds: uint(32),
  /** Length of a reward period. */
  periodSeconds: z.int().positive().max(2 ** 32 - 1),
  split: splitSchema, stakes: stakesSchema, windows: windowsSchema, market: marketSchema, court: courtSchema, governor: governorSchema,
});
export type EconomyConfig = z.output<typeof economyConfigSchema>;
/** As written in a file. */
export type EconomyConfigInput = z.input<typeof economyConfigSchema>;

const MINUTE = 60, HOUR = 3600, DAY = 86_400;

const COMMON = {
  split: { contributors: 6000, node: 2000, prover: 1000, auditors: 500, treasury: 500 },
  court: { bond: '1', nodeSlash: '10', adapterSlash: '5', voterSlash: '1', auditFee: '0.1', seats: 3, challengerBps: 5000, committeeBps: 2500, auditRateBps: 1000 },
  market: { minPrice: '0.000001', maxPrice: '100', minCollateral: '0.000001', minLockSeconds: MINUTE, maxRequestSeconds: DAY, lateBps: 5000, slasherBps: 500 },
  stakes: { node: '10', adapter: '5', auditor: '20' },
} as const;

/** Who has a say in a deployment, and what is to differ from the defaults. */
export type ConfigOverrides = Partial<Omit<EconomyConfigInput, 'guardian'>> & Pick<EconomyConfigInput, 'guardian'>;

/** Short windows, for development chains. */
export const localConfig = (overrides: ConfigOverrides): EconomyConfig => parseConfig({
  timelockDelaySeconds: MINUTE, periodSeconds: HOUR,
  split: COMMON.split,
  stakes: { ...COMMON.stakes, unbondingSeconds: DAY },
  windows: { settlementSeconds: 6 * HOUR, challengeSeconds: 30 * MINUTE },
  market: { ...COMMON.market, maxRequestSeconds: 2 * HOUR },
  court: { ...COMMON.court, commitSeconds: 10 * MINUTE, revealSeconds: 10 * MINUTE, auditSeconds: HOUR },
  governor: { votingDelaySeconds: MINUTE, votingPeriodSeconds: HOUR, proposalThreshold: '1', quorumPercent: 4 },
  ...overrides,
});

/** Windows that people can keep: days to settle, to challenge, to vote. */
export const productionConfig = (overrides: ConfigOverrides): EconomyConfig => parseConfig({
  timelockDelaySeconds: 2 * DAY, periodSeconds: 7 * DAY,
  split: COMMON.split,
  stakes: { ...COMMON.stakes, unbondingSeconds: 14 * DAY },
  windows: { settlementSeconds: 3 * DAY, challengeSeconds: 2 * DAY },
  market: COMMON.market,
  court: { ...COMMON.court, commitSeconds: DAY, revealSeconds: DAY, auditSeconds: 3 * DAY },
  governor: { votingDelaySeconds: DAY, votingPeriodSeconds: 5 * DAY, proposalThreshold: '1000', quorumPercent: 4 },
  ...overrides,
});

/** @throws ChainError CONFIG: names the field */
export function parseConfig(value: unknown): EconomyConfig {
  const parsed = economyConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ChainError('deployment configuration is not valid', { code: 'CONFIG', where: issue.path.join('.') || 'config', got: issue.message, cause: parsed.error });
}

/** A configuration as a file holds it. */
export function configJson(config: EconomyConfig): EconomyConfigInput {
  const plain = <T extends object>(group: T): { [P in keyof T]: T[P] extends bigint ? string : T[P] } =>
    Object.fromEntries(Object.entries(group).map(([name, value]: [string, unknown]) => [name, typeof value === 'bigint' ? formatEther(value) : value])) as never;
  return { ...config, stakes: plain(config.stakes), market: plain(config.market), court: plain(config.court), governor: plain(config.governor) };
}
