/** The manifest of a deployment, deployments/<chainId>.json: everything that verifyDeployment holds against the chain. */
import { join } from 'node:path';
import { getAddress, isAddress, type Address, type Hex } from 'viem';
import { z } from 'zod';
import { ChainError } from '../errors/chain.js';
import { readFileChecked, writeFileAtomic } from '../files/atomic.js';
import { packageRoot } from '../files/paths.js';
import { configJson, economyConfigSchema } from './config.js';
import { CONTRACT_KEYS, CONTRACTS, type Addresses, type ContractKey, type Deployment } from './contracts.js';

const address = z.custom<Address>((v) => typeof v === 'string' && isAddress(v, { strict: false }), 'an address').transform((v) => getAddress(v));
const word = z.custom<Hex>((v) => typeof v === 'string' && /^0x[0-9a-f]{64}$/.test(v), 'a 32-byte lower-case hex word');
const bytes = z.custom<Hex>((v) => typeof v === 'string' && /^0x([0-9a-f]{2})*$/.test(v), 'hex bytes');
const count = z.int().nonnegative();

const contractSchema = z.strictObject({
  name: z.string(), address,
  /** Null when it was found there by a run that went on with an interrupted one, and the node no longer tells. */
  transaction: word.nullable(),
  blockNumber: count,
  /** ABI-encoded. */
  constructorArguments: bytes,
  /** keccak256 of the deployed code, immutables as zeros. */
  codeHash: word,
});
export type DeployedContract = z.output<typeof contractSchema>;

export const manifestSchema = z.strictObject({
  format: z.literal('zkattr-manifest'), version: z.literal(1), chainId: z.int().positive(), deployer: address, firstNonce: count, developmentTauHash: word,
  /** First and last block of the deployment. */
  blocks: z.strictObject({ first: count, last: count }),
  contracts: z.strictObject(Object.fromEntries(CONTRACT_KEYS.map((key) => [key, contractSchema])) as Record<ContractKey, typeof contractSchema>),
  /** Verifying keys, by their names in the gateway. */
  classes: z.array(z.strictObject({
    className: z.string(), classId: count, relation: z.enum(['features', 'payout']), version: count, vkHash: word, selector: word, development: z.boolean(),
  })),
  config: economyConfigSchema,
});
export type Manifest = z.output<typeof manifestSchema>;

/** Where this package keeps the manifest of a chain. */
export const manifestPath = (chainId: number): string => join(packageRoot(), 'verifier-contracts', 'deployments', `${chainId}.json`);

/** The addresses of a manifest. */
export const deploymentOf = ({ chainId, blocks, contracts }: Manifest): Deployment => ({
  chainId, fromBlock: blocks.first, ...Object.fromEntries(CONTRACT_KEYS.map((key) => [key, contracts[key].address])) as Addresses,
});

/** @throws ChainError MANIFEST: names the field */
export function parseManifest(value: unknown, where = 'manifest'): Manifest {
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ChainError('manifest does not match its format', { code: 'MANIFEST', where: `${where}: ${issue.path.join('.') || 'whole file'}`, got: issue.message, hint: 'it was altered, or written by another version', cause: parsed.error });
  }
  for (const key of CONTRACT_KEYS) {
    if (parsed.data.contracts[key].name !== CONTRACTS[key].name) throw new ChainError('manifest names another contract', { code: 'MANIFEST', where: `${where}: contracts.${key}.name`, expected: CONTRACTS[key].name, got: parsed.data.contracts[key].name });
  }
  return parsed.data;
}

export const manifestJson = (manifest: Manifest): string => `${JSON.stringify({ ...manifest, config: configJson(manifest.config) }, null, 1)}\n`;

/** Writes a manifest, complete or not at all. @throws FileError */
export const writeManifest = (path: string, manifest: Manifest): Promise<void> => writeFileAtomic(path, manifestJson(manifest));

/** @throws FileError, ChainError MANIFEST */
export async function readManifest(path: string): Promise<Manifest> {
  const text = (await readFileChecked(path)).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ChainError('manifest is not JSON', { code: 'MANIFEST', where: path, got: `${text.length} characters`, cause });
  }
  return parseManifest(json, path);
}
