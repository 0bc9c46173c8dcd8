import { connectChain, contractKey, deployToFile, localConfig, productionConfig, verifyDeployment, type ClassKey, type ConfigOverrides, type EconomyConfig, type Manifest, type Mismatch } from '../../chain/index.js';
import { CliError } from '../../errors/cli.js';
import { readFileChecked } from '../../files/atomic.js';
import type { SizeClass } from '../../statement/sizeClass.js';
import type { SetupKeys } from '../../../prover/setup/index.js';
import { account, connectAs, isLocalChain, type ChainAccess } from '../accounts.js';
import type { Progress, Workspace } from '../workspace.js';

/** What differs from the defaults: of a local chain with short windows and roles of the test accounts, elsewhere of production. */
export function configFrom(access: ChainAccess, overrides: Partial<ConfigOverrides> = {}): EconomyConfig {
  if (isLocalChain(access.chainId)) return localConfig({ guardian: account(access.chainId, 'owner').address, treasury: account(access.chainId, 'treasury').address, ...overrides });
  // Without a guardian the schema says so.
  return productionConfig(overrides as ConfigOverrides);
}

export async function readConfig(access: ChainAccess, path: string): Promise<EconomyConfig> {
  const text = (await readFileChecked(path)).toString('utf8');
  let overrides: Partial<ConfigOverrides>;
  try {
    overrides = JSON.parse(text) as Partial<ConfigOverrides>;
  } catch (cause) {
    throw new CliError('configuration is not JSON', { code: 'CONFIG', where: path, got: `${text.length} characters`, cause });
  }
  return configFrom(access, overrides);
}

/** Deploys an economy with both keys of a class; its manifest is deployment.json. Development keys: local chains only. */
export async function deploy(workspace: Workspace, access: ChainAccess, cls: SizeClass, keys: SetupKeys, progress: Progress, config = configFrom(access)): Promise<Manifest> {
  const development = keys.provenance === 'development';
  if (development && !isLocalChain(access.chainId)) {
    throw new CliError('development keys are refused off local chains: anyone can forge under them', { code: 'DEVELOPMENT_KEYS', where: keys.dir, expected: 'chain 31337 or 1337', got: access.chainId, hint: 'make keys with `zkattr setup --ptau FILE` and pass --keys' });
  }
  const client = await connectAs(access, 'owner');
  const classes = (['features', 'payout'] as const).map((relation): ClassKey => ({ cls, relation, key: contractKey(keys[relation].vk), development }));
  return deployToFile(client, workspace.deploymentFile, { config, classes, progress });
}

/** Holds deployment.json against the chain. @returns differences, none for a sound deployment */
export async function verifyManifest(workspace: Workspace, access: ChainAccess): Promise<Mismatch[]> {
  return verifyDeployment(await connectChain(access), await workspace.deployment());
}

