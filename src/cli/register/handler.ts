import type { Address } from 'viem';
import { addClass, contractKey, contractProof, deployContracts, type Deployment } from '../../chain/index.js';
import { CliError } from '../../errors/cli.js';
import { readBundle } from '../../models/index.js';
import { writeArtifact, type DeploymentFile, type Registration } from '../../protocol/artifacts.js';
import { sizeClass } from '../../statement/classes.js';
import type { SizeClass } from '../../statement/sizeClass.js';
import type { SetupKeys } from '../../../prover/setup/index.js';
import { account, connectAs, economyAs, isLocalChain, type ChainAccess } from '../accounts.js';
import type { ProvingContext } from '../proving.js';
import type { Progress, Workspace } from '../workspace.js';

/** Deploys verifier, registry and escrow and adds both relations of a class. Development keys: local chains only. */
export async function deploy(workspace: Workspace, access: ChainAccess, cls: SizeClass, keys: SetupKeys, progress: Progress): Promise<DeploymentFile> {
  const development = keys.provenance === 'development';
  if (development && !isLocalChain(access.chainId)) {
    throw new CliError('development keys are refused off local chains: anyone can forge under them', { code: 'DEVELOPMENT_KEYS', where: keys.dir, expected: 'chain 31337 or 1337', got: access.chainId, hint: 'make keys with `zkattr setup --ptau FILE` and pass --keys' });
  }
  progress('deploy verifier, registry, escrow');
  const client = await connectAs(access, 'owner');
  const treasury = account(access.chainId, 'treasury').address;
  const deployment = await deployContracts(client, { treasury });
  const classes: DeploymentFile['classes'] = [];
  for (const relation of ['features', 'payout'] as const) {
    const { vk } = keys[relation];
    await addClass(client, deployment.verifier, cls, relation, contractKey(vk), development);
    classes.push({ name: cls.name, relation, vkHash: vk.vkHash, development });
  }
  const file: DeploymentFile = { format: 'zkattr-deployment', ...deployment, treasury, classes };
  await writeArtifact(workspace.deploymentFile, file);
  return file;
}

export const deploymentOf = ({ chainId, verifier, registry, escrow }: DeploymentFile): Deployment => ({ chainId, verifier, registry, escrow });

export interface RegisterResult {
  registration: Registration;
  gas: { registerAdapter: number; registerFeatures: number };
}

/** Registers the model's adapter and proves and registers its features (relation R1). */
export async function register(workspace: Workspace, access: ChainAccess, context: ProvingContext, payouts: readonly Address[] | undefined): Promise<RegisterResult> {
  const { progress } = context;
  const bundle = await readBundle(workspace.model);
  const cls = sizeClass(bundle.manifest.sizeClass.name);
  const deployment = await workspace.deployment();
  const owner = await economyAs(access, deploymentOf(deployment), 'owner');
  const addresses = payouts ?? localPayouts(access, bundle.manifest.contributors.length);
  if (addresses.length !== bundle.manifest.contributors.length) {
    throw new CliError('payout addresses do not match the contributors', { code: 'PAYOUT_ADDRESSES', where: '--payouts', expected: bundle.manifest.contributors.length, got: addresses.length });
  }
  const { buildRegistration } = await import('../../../prover/workflow/register.js');
  const { registration, secrets } = await buildRegistration(
    { bundle, cls, deployment, owner: owner.client.account!.address, payoutAddresses: addresses },
    { ...context, keys: context.keys.features, progress: (stage) => progress(`features proof: ${stage}`) },
  );
  // Blinding factors first: without them nothing of this registration can be proved again.
  await writeArtifact(workspace.path('registration', 'secrets.json'), secrets);
  await writeArtifact(workspace.registrationFile, registration);

  progress('register adapter and features on chain');
  const { adapter } = registration;
  const sentAdapter = await owner.registerAdapter(adapter);
  const { opening, proof } = contractProof(registration.proof);
  const sent = await owner.registerFeatures({
    adapter, training: registration.training, contributors: registration.contributors.map((c) => c.address), g: registration.g, m: registration.mask, opening, proof,
  });
  if (sent.result !== registration.recordId) throw new CliError('the registry made another record', { code: 'RECORD_ID', where: 'registerFeatures', expected: registration.recordId, got: sent.result });
  const final: Registration = { ...registration, transaction: { hash: sent.receipt.transactionHash, gas: Number(sent.receipt.gasUsed) } };
  await writeArtifact(workspace.registrationFile, final);
  return { registration: final, gas: { registerAdapter: Number(sentAdapter.receipt.gasUsed), registerFeatures: Number(sent.receipt.gasUsed) } };
}

function localPayouts({ chainId }: ChainAccess, count: number): Address[] {
  if (!isLocalChain(chainId)) throw new CliError('payout addresses are needed', { code: 'PAYOUT_ADDRESSES', where: '--payouts', hint: 'a JSON file with one address for each contributor, in order' });
  return Array.from({ length: count }, (_, c) => account(chainId, 'contributor', c).address);
}

