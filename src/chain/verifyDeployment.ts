/** Holds a manifest against the chain: code, creation, wiring, owners, roles, keys, numbers. */
import { concatHex, isAddressEqual, keccak256, zeroAddress, type Abi, type Address, type Hex } from 'viem';
import { RELATION_CODE } from '../statement/sizeClass.js';
import type { ChainClient } from './client.js';
import { expectedCodeHash, maskedCodeHash } from './code.js';
import { CONTRACT_KEYS, CONTRACTS, type ContractKey, type Deployment } from './contracts.js';
import { readEvents } from './events.js';
import { TIMELOCK_ROLES } from './handover.js';
import { verifierSelector } from './ids.js';
import { deploymentOf, type Manifest } from './manifest.js';
import { constructorArguments, constructorInputs, encodeArguments, predictAddresses, treasuryOf } from './plan.js';
import { read } from './send.js';
import { VERIFIER_STATUS } from './types.js';

export type DeploymentCheck =
  /** Another chain answers. */
  | 'chain'
  /** An address that the deployer's nonces do not give. */
  | 'address'
  /** The code is not what this package compiles. */
  | 'code'
  /** Created by other code or other arguments than the manifest says. */
  | 'creation'
  /** A contract names another one than its neighbour in the manifest. */
  | 'wiring'
  | 'owner'
  /** Somebody holds a role of the timelock who should not, or the other way round. */
  | 'role'
  /** An operation that the timelock could still run, from before a proposer lost its role. */
  | 'operation'
  | 'governor'
  | 'vkHash'
  | 'selector'
  /** A governed number differs from the manifest: governance may have changed it since. */
  | 'parameter';

export interface Mismatch {
  check: DeploymentCheck;
  where: string;
  expected: string;
  got: string;
}

/** Canonical text: keys sorted, addresses in lower case, integers in decimal. */
const show = (value: unknown): string => JSON.stringify(value, (_, v: unknown) => {
  if (typeof v === 'bigint' || typeof v === 'number') return v.toString();
  if (typeof v === 'string' && /^0x[0-9a-fA-F]{40}$/.test(v)) return v.toLowerCase();
  if (v && typeof v === 'object' && !Array.isArray(v)) return Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)));
  return v;
}) ?? 'nothing';

class Findings {
  readonly list: Mismatch[] = [];

  add(check: DeploymentCheck, where: string, expected: unknown, got: unknown): void {
    this.list.push({ check, where, expected: show(expected), got: show(got) });
  }
  /** Compares what a call gives; a call that fails is a difference too. */
  async equal(check: DeploymentCheck, where: string, expected: unknown, actual: () => Promise<unknown>): Promise<void> {
    let got: unknown;
    try {
      got = await actual();
    } catch (error) {
      this.add(check, where, expected, (error as Error).message);
      return;
    }
    if (show(got) !== show(expected)) this.add(check, where, expected, got);
  }
}

/** Getters whose name is not that of the constructor's parameter; null: what may change is looked at by another check. */
const GETTERS: Partial<Record<ContractKey, Record<string, string | null>>> = {
  vault: { period: 'PERIOD' },
  verifier: { owner: null },
  gateway: { owner: null },
  parameters: { owner: null, guardian: null, treasury: null },
};

/** @returns differences, none for a sound deployment. Reads only. */
export async function verifyDeployment(client: ChainClient, manifest: Manifest): Promise<Mismatch[]> {
  const found = new Findings();
  const chainId = await client.publicClient.getChainId();
  if (chainId !== manifest.chainId) {
    found.add('chain', 'chainId', manifest.chainId, chainId);
    return found.list;
  }
  const deployment = deploymentOf(manifest);
  const predicted = predictAddresses(manifest.deployer, manifest.firstNonce);
  for (const key of CONTRACT_KEYS) {
    if (!isAddressEqual(predicted[key], deployment[key])) found.add('address', key, predicted[key], deployment[key]);
    // Events are read from the first block on: a later one would hide who was given a role before it.
    const { blockNumber } = manifest.contracts[key];
    if (blockNumber < manifest.blocks.first) found.add('creation', 'blocks.first', `at most ${blockNumber}, the block of ${key}`, manifest.blocks.first);
  }
  const args = constructorArguments(manifest.config, deployment, manifest.deployer, manifest.developmentTauHash);
  for (const key of CONTRACT_KEYS) {
    await checkCode(found, client, manifest, key);
    await checkCreation(found, client, manifest, key, args[key]);
    await checkWiring(found, client, deployment, key, args[key]);
  }
  await checkOwners(found, client, deployment);
  await checkRoles(found, client, deployment, manifest);
  await checkGovernor(found, client, deployment, manifest);
  await checkKeys(found, client, deployment, manifest);
  await checkParameters(found, client, deployment, manifest);
  return found.list;
}

async function checkCode(found: Findings, { publicClient }: ChainClient, { contracts }: Manifest, key: ContractKey): Promise<void> {
  const artifact = CONTRACTS[key], { address, codeHash } = contracts[key], own = expectedCodeHash(artifact);
  if (codeHash !== own) found.add('code', `${key} of the manifest`, own, codeHash);
  await found.equal('code', `${key} on the chain`, own, async () => maskedCodeHash(artifact, await publicClient.getCode({ address }) ?? '0x') ?? 'code of another length');
}

async function checkCreation(found: Findings, { publicClient }: ChainClient, { contracts, deployer }: Manifest, key: ContractKey, args: readonly unknown[]): Promise<void> {
  const { transaction, constructorArguments: stated, address, blockNumber } = contracts[key], encoded = encodeArguments(key, args);
  if (stated !== encoded) found.add('creation', `${key}: constructorArguments`, encoded, stated);
  if (transaction === null) {
    await found.equal('creation', `${key}: code before block ${blockNumber}`, '0x', async () => await publicClient.getCode({ address, blockNumber: BigInt(blockNumber) - 1n }) ?? '0x');
    return;
  }
  await found.equal('creation', `${key}: transaction`, { from: deployer, creates: address, block: blockNumber, input: keccak256(concatHex([CONTRACTS[key].bytecode, encoded])) }, async () => {
    const [{ from, input }, receipt] = await Promise.all([publicClient.getTransaction({ hash: transaction }), publicClient.getTransactionReceipt({ hash: transaction })]);
    return { from, creates: receipt.contractAddress, block: receipt.blockNumber, input: keccak256(input) };
  });
}

/** Every argument of the constructor that the contract shows: `open_` by open(). */
async function checkWiring(found: Findings, client: ChainClient, deployment: Deployment, key: ContractKey, args: readonly unknown[]): Promise<void> {
  const abi = CONTRACTS[key].abi as Abi;
  for (const [i, { name = '', type }] of constructorInputs(key).entries()) {
    const stem = name.replace(/_$/, ''), getter = GETTERS[key]?.[stem] === undefined ? stem : GETTERS[key]![stem];
    if (type !== 'address' && !(type === 'uint256' && getter === 'PERIOD')) continue;
    if (getter === null || !abi.some((item) => item.type === 'function' && item.name === getter && item.inputs.length === 0)) continue;
    await found.equal('wiring', `${key}.${getter}`, args[i], () => read(client, abi, deployment[key], getter as never, [] as never));
  }
}

/** Whatever has an owner belongs to the timelock, and nobody waits to take over. */
async function checkOwners(found: Findings, client: ChainClient, deployment: Deployment): Promise<void> {
  for (const key of CONTRACT_KEYS) {
    const abi = CONTRACTS[key].abi as Abi, has = (name: string): boolean => abi.some((item) => item.type === 'function' && item.name === name && item.inputs.length === 0);
    if (has('owner')) await found.equal('owner', `${key}.owner`, deployment.timelock, () => read(client, abi, deployment[key], 'owner' as never, [] as never));
    if (has('pendingOwner')) await found.equal('owner', `${key}.pendingOwner`, zeroAddress, () => read(client, abi, deployment[key], 'pendingOwner' as never, [] as never));
  }
}

/** Holders of every role, from the events since the timelock exists; and nothing that its deployer left behind can still run. */
async function checkRoles(found: Findings, client: ChainClient, deployment: Deployment, { config }: Manifest): Promise<void> {
  const context = { client, deployment };
  const events = [...await readEvents(context, 'timelock', 'RoleGranted'), ...await readEvents(context, 'timelock', 'RoleRevoked')]
    .sort((a, b) => (a.blockNumber === b.blockNumber ? a.logIndex - b.logIndex : a.blockNumber < b.blockNumber ? -1 : 1));
  const holders = new Map<Hex, Set<string>>();
  for (const { eventName, args: { role, account } } of events) {
    const set = holders.get(role) ?? new Set<string>();
    holders.set(role, set);
    if (eventName === 'RoleGranted') set.add(account.toLowerCase());
    else set.delete(account.toLowerCase());
  }
  const expected: Record<Hex, Address[]> = {
    [TIMELOCK_ROLES.admin]: [deployment.timelock], [TIMELOCK_ROLES.proposer]: [deployment.governor], [TIMELOCK_ROLES.canceller]: [deployment.governor], [TIMELOCK_ROLES.executor]: [zeroAddress],
  };
  const nameOf = (role: string): string => Object.entries(TIMELOCK_ROLES).find(([, id]) => id === role)?.[0] ?? role;
  for (const role of new Set([...Object.keys(expected), ...holders.keys()]) as Set<Hex>) {
    const got = [...holders.get(role) ?? []].sort(), want = (expected[role] ?? []).map((a) => a.toLowerCase()).sort();
    if (show(got) !== show(want)) found.add('role', `timelock: ${nameOf(role)}`, want, got);
    for (const account of want) await found.equal('role', `timelock: ${nameOf(role)} of ${account}`, true, () => read(client, CONTRACTS.timelock.abi, deployment.timelock, 'hasRole', [role, account as Address]));
  }
  await found.equal('role', 'timelock: delay', BigInt(config.timelockDelaySeconds), () => read(client, CONTRACTS.timelock.abi, deployment.timelock, 'getMinDelay', []));
  // Whoever lost the right to propose may have left something behind.
  const lost = events.filter((e) => e.eventName === 'RoleRevoked' && e.args.role === TIMELOCK_ROLES.proposer).at(-1);
  const scheduled = lost ? await readEvents(context, 'timelock', 'CallScheduled', { toBlock: lost.blockNumber }) : [];
  for (const id of new Set(scheduled.map((e) => e.args.id))) {
    await found.equal('operation', `timelock: operation ${id}`, false, () => read(client, CONTRACTS.timelock.abi, deployment.timelock, 'isOperationPending', [id]));
  }
}

async function checkGovernor(found: Findings, client: ChainClient, deployment: Deployment, { config: { governor: rules } }: Manifest): Promise<void> {
  const { abi } = CONTRACTS.governor, at = deployment.governor;
  await found.equal('governor', 'governor.token', deployment.open, () => read(client, abi, at, 'token', []));
  await found.equal('governor', 'governor.timelock', deployment.timelock, () => read(client, abi, at, 'timelock', []));
  await found.equal('governor', 'governor.votingDelay', BigInt(rules.votingDelaySeconds), () => read(client, abi, at, 'votingDelay', []));
  await found.equal('governor', 'governor.votingPeriod', BigInt(rules.votingPeriodSeconds), () => read(client, abi, at, 'votingPeriod', []));
  await found.equal('governor', 'governor.proposalThreshold', rules.proposalThreshold, () => read(client, abi, at, 'proposalThreshold', []));
  await found.equal('governor', 'governor.quorumNumerator', BigInt(rules.quorumPercent), () => read(client, abi, at, 'quorumNumerator', []));
}

async function checkKeys(found: Findings, client: ChainClient, deployment: Deployment, { classes, developmentTauHash }: Manifest): Promise<void> {
  await found.equal('vkHash', 'verifier.developmentTauHash', developmentTauHash, () => read(client, CONTRACTS.verifier.abi, deployment.verifier, 'developmentTauHash', []));
  const verifierCode = keccak256(await client.publicClient.getCode({ address: deployment.verifier }) ?? '0x');
  for (const { className, classId, relation, version, vkHash, selector } of classes) {
    const where = `${relation} of class ${className}`, code = RELATION_CODE[relation];
    const own = verifierSelector(relation, classId, version, vkHash);
    if (selector !== own) found.add('selector', `${where} in the manifest`, own, selector);
    await found.equal('vkHash', where, vkHash, () => read(client, CONTRACTS.verifier.abi, deployment.verifier, 'vkHash', [BigInt(code), BigInt(classId)]));
    await found.equal('selector', where, { verifier: deployment.verifier, relation: code, classId, version, status: 'live', vkHash, codeHash: verifierCode }, async () => {
      const entry = await read(client, CONTRACTS.gateway.abi, deployment.gateway, 'entry', [selector]);
      return {
        verifier: entry.verifier, relation: entry.relation, classId: entry.classId, version: entry.version, status: VERIFIER_STATUS[entry.status], vkHash: entry.vkHash, codeHash: entry.codeHash,
      };
    });
  }
}

async function checkParameters(found: Findings, client: ChainClient, deployment: Deployment, { config }: Manifest): Promise<void> {
  const { abi } = CONTRACTS.parameters, at = deployment.parameters;
  await found.equal('parameter', 'guardian', config.guardian, () => read(client, abi, at, 'guardian', []));
  await found.equal('parameter', 'treasury', treasuryOf(config, deployment), () => read(client, abi, at, 'treasury', []));
  await found.equal('parameter', 'currentSplitId', 1, () => read(client, abi, at, 'currentSplitId', []));
  await found.equal('parameter', 'split', config.split, () => read(client, abi, at, 'split', [1]));
  for (const name of ['stakes', 'windows', 'market', 'court'] as const) await found.equal('parameter', name, config[name], () => read(client, abi, at, name, []));
}
