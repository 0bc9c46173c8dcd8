import { existsSync } from 'node:fs';
import type { Address, Hex } from 'viem';
import { contractProof, type Economy } from '../../chain/index.js';
import { CliError } from '../../errors/cli.js';
import { readBundle, type ModelBundle } from '../../models/index.js';
import { registrationSchema, readArtifact, writeArtifact, type Registration } from '../../protocol/artifacts.js';
import { sizeClass } from '../../statement/classes.js';
import { fundedAs, isLocalChain, type ChainAccess } from '../accounts.js';
import { localSnapshot, requireContributors, trainingSnapshot, type TrainingSnapshot } from '../datanet/handler.js';
import type { ProvingContext } from '../proving.js';
import { ensureStake, leastStake } from '../stake/handler.js';
import { noted } from '../transaction.js';
import type { Workspace } from '../workspace.js';

export interface RegisterOptions {
  /** Snapshot of the training rows; made on a local chain without it. */
  snapshotId?: Hex;
  /** Contributors as the caller knows them: the snapshot's must be these. */
  contributors?: readonly Address[];
}

export interface RegisterResult {
  registration: Registration;
  gas: { registerAdapter: number; registerFeatures: number };
}

/**
 * Registers the model, its adapter and its features (relation R1), with the stake that the owner needs. What an earlier run has
 * done, on disk or on chain, is left as it is.
 */
export async function register(workspace: Workspace, access: ChainAccess, context: ProvingContext, { snapshotId, contributors }: RegisterOptions = {}): Promise<RegisterResult> {
  const { progress } = context;
  const bundle = await readBundle(workspace.model), manifest = await workspace.deployment();
  const { stakes } = manifest.config;
  const owner = await fundedAs(access, manifest, 'owner', 0, stakes.adapter);
  if (snapshotId === undefined && !isLocalChain(access.chainId)) {
    throw new CliError('a snapshot is needed', { code: 'SNAPSHOT', where: '--snapshot', hint: 'zkattr datanet create, contribute (every contributor), accept, snapshot; then give its id' });
  }
  const snapshot = snapshotId === undefined ? await localSnapshot(access, manifest, bundle, progress) : await trainingSnapshot(owner, bundle, snapshotId);
  if (contributors) requireContributors(contributors, snapshot, '--payouts');

  const registration = await earlier(workspace, owner, bundle, snapshot) ?? await proveFeatures(workspace, context, owner, bundle, snapshot);
  progress('register model, adapter and features on chain');
  if (BigInt(await owner.models.modelRegistrant(registration.adapter.modelHash)) === 0n) await owner.models.registerModel(registration.adapter.modelHash, `local:${bundle.manifest.name}`);
  await ensureStake(owner, 'adapter', await leastStake(owner, 'adapter'));
  const adapter = await sendAdapter(owner, registration), features = await sendFeatures(owner, registration);
  const final: Registration = { ...registration, transaction: features };
  await writeArtifact(workspace.registrationFile, final);
  return { registration: final, gas: { registerAdapter: adapter.gas, registerFeatures: features.gas } };
}

/** The registration that an interrupted run wrote, if it is of this deployment, model and snapshot. */
async function earlier(workspace: Workspace, owner: Economy, { manifest }: ModelBundle, { snapshotId }: TrainingSnapshot): Promise<Registration | undefined> {
  if (!existsSync(workspace.registrationFile) || !existsSync(workspace.registrationSecretsFile)) return undefined;
  const found = await readArtifact(workspace.registrationFile, registrationSchema).catch(() => undefined);
  const { deployment } = owner;
  const fits = found?.chainId === deployment.chainId && found.verifier === deployment.verifier && found.models === deployment.models && found.adapter.owner === owner.client.account!.address
    && found.adapter.snapshotId === snapshotId && found.adapter.modelHash === manifest.modelHash && found.adapter.quantisationHash === manifest.adapterId
    && (await workspace.registrationSecrets()).recordId === found.recordId;
  return fits ? found : undefined;
}

async function proveFeatures(workspace: Workspace, context: ProvingContext, owner: Economy, bundle: ModelBundle, snapshot: TrainingSnapshot): Promise<Registration> {
  const cls = sizeClass(bundle.manifest.sizeClass.name);
  const { buildRegistration } = await import('../../../prover/workflow/register.js');
  const { registration, secrets } = await buildRegistration(
    { bundle, cls, deployment: owner.deployment, owner: owner.client.account!.address, snapshot, selector: await owner.gateway.liveSelector('features', cls.id), payoutAddresses: snapshot.contributors },
    { ...context, keys: context.keys.features, progress: (stage) => context.progress(`features proof: ${stage}`) },
  );
  // Blinding factors first: without them nothing of this registration can be proved again.
  await writeArtifact(workspace.registrationSecretsFile, secrets);
  await writeArtifact(workspace.registrationFile, registration);
  return registration;
}

async function sendAdapter(owner: Economy, { adapter, adapterId }: Registration): Promise<{ hash: Hex; gas: number }> {
  const [known] = await owner.events('models', 'AdapterRegistered', { args: { adapterId } });
  if (known) return noted(owner.client, known.transactionHash);
  const { receipt } = await owner.registerAdapter(adapter);
  return { hash: receipt.transactionHash, gas: Number(receipt.gasUsed) };
}

async function sendFeatures(owner: Economy, registration: Registration): Promise<{ hash: Hex; gas: number }> {
  const { adapter, training, contributors, g, mask, selector, recordId } = registration;
  const [known] = await owner.events('models', 'FeaturesRegistered', { args: { recordId } });
  if (known) return noted(owner.client, known.transactionHash);
  const { result, receipt } = await owner.registerFeatures({
    adapter, training, contributors: contributors.map((c) => c.address), g, m: mask, selector, ...contractProof(registration.proof),
  });
  if (result !== recordId) throw new CliError('the registry made another record', { code: 'RECORD_ID', where: 'registerFeatures', expected: recordId, got: result });
  return { hash: receipt.transactionHash, gas: Number(receipt.gasUsed) };
}

