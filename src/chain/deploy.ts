/**
 * Deploys a whole economy from one account: the contracts (plan.ts), the verifying keys, the handover to the timelock, and a check of
 * all of it against the chain. The manifest is the result: without it nothing was deployed.
 * An interrupted deployment goes on with the same configuration, keys and `firstNonce`: what is there is compared and left as it is.
 */
import type { Address, Hex } from 'viem';
import { ChainError } from '../errors/chain.js';
import { RELATION_CODE, type Relation, type SizeClass } from '../statement/sizeClass.js';
import { addClass } from './addClass.js';
import type { ChainClient } from './client.js';
import { expectedCodeHash, maskedCodeHash } from './code.js';
import { localConfig, type EconomyConfig } from './config.js';
import { CONTRACT_KEYS, CONTRACTS, type ContractKey } from './contracts.js';
import { handOver, type NamedKey } from './handover.js';
import { verifierSelector } from './ids.js';
import type { DeployedContract, Manifest } from './manifest.js';
import { constructorArguments, encodeArguments, predictAddresses } from './plan.js';
import { chainError } from './revert.js';
import { read } from './send.js';
import type { VerifyingKey } from './types.js';
import { verifyDeployment } from './verifyDeployment.js';
import { developmentTauHash, vkHashOf } from './verifyingKey.js';

export const LOCAL_CHAIN_IDS: readonly number[] = [31337, 1337];

/** One verifying key to start with. development: its toxic waste is public; the verifier refuses it off local chains. */
export interface ClassKey {
  cls: SizeClass;
  relation: Relation;
  key: VerifyingKey;
  development: boolean;
}

export interface DeployOptions {
  /** Defaults of a local chain without it: then the guardian is the deployer. */
  config?: EconomyConfig;
  classes?: readonly ClassKey[];
  /** keccak256 of [tau]_2 of keys that are refused off local chains; the development setup's without it. */
  developmentTauHash?: Hex;
  /** Nonce of the deployer's first transaction here: to go on with an interrupted deployment. Its next nonce without it. */
  firstNonce?: number;
  progress?: (message: string) => void;
}

/** Version of the keys in the gateway. */
const VERSION = 1;

/**
 * @returns manifest, already verified against the chain
 * @throws ChainError READ_ONLY_CLIENT, CONFIG, DEPLOYMENT_INTERRUPTED, DEPLOYMENT_UNSOUND, REVERT_<Name>
 */
export async function deployEconomy(client: ChainClient, options: DeployOptions = {}): Promise<Manifest> {
  const { account } = client;
  if (!account) throw new ChainError('client has no account', { code: 'READ_ONLY_CLIENT', where: 'deployEconomy', hint: 'pass an account to connectChain' });
  const { classes = [], progress } = options;
  const config = configFor(client, account.address, options.config);
  const tauHash = options.developmentTauHash ?? developmentTauHash();
  const firstNonce = options.firstNonce ?? await client.publicClient.getTransactionCount({ address: account.address });
  const addresses = predictAddresses(account.address, firstNonce);
  const args = constructorArguments(config, addresses, account.address, tauHash);

  const contracts = {} as Record<ContractKey, DeployedContract>;
  for (const [i, key] of CONTRACT_KEYS.entries()) {
    progress?.(`deploy ${CONTRACTS[key].name}`);
    contracts[key] = await create(client, key, args[key], addresses[key], firstNonce + i);
  }
  const keys: Manifest['classes'] = [];
  for (const { cls, relation, key, development } of classes) {
    const vkHash = vkHashOf(key);
    progress?.(`add key: ${relation} of class ${cls.name}`);
    if (!await hasClass(client, addresses.verifier, relation, cls.id)) await addClass(client, addresses.verifier, cls, relation, key, development);
    keys.push({ className: cls.name, classId: cls.id, relation, version: VERSION, vkHash, selector: verifierSelector(relation, cls.id, VERSION, vkHash), development });
  }
  progress?.('hand over to the timelock');
  await handOver(client, addresses, account.address, keys satisfies readonly NamedKey[], config.timelockDelaySeconds);

  const manifest: Manifest = {
    format: 'zkattr-manifest', version: 1, chainId: client.chainId, deployer: account.address, firstNonce, developmentTauHash: tauHash,
    blocks: { first: Math.min(...CONTRACT_KEYS.map((key) => contracts[key].blockNumber)), last: Number(await client.publicClient.getBlockNumber()) },
    contracts, classes: keys, config,
  };
  progress?.('verify the deployment');
  const mismatches = await verifyDeployment(client, manifest);
  if (mismatches.length > 0) {
    const [{ check, where, expected, got }] = mismatches;
    throw new ChainError(`deployment is not what was meant: ${mismatches.length} differences, the first in ${check}`, { code: 'DEPLOYMENT_UNSOUND', where, expected, got, hint: 'use none of it; deploy again with an account that sends nothing else meanwhile' });
  }
  return manifest;
}

function configFor({ chainId }: ChainClient, deployer: Address, config: EconomyConfig | undefined): EconomyConfig {
  if (LOCAL_CHAIN_IDS.includes(chainId)) return config ?? localConfig({ guardian: deployer });
  if (!config) throw new ChainError('a deployment needs a configuration', { code: 'CONFIG', where: `chain ${chainId}`, hint: 'productionConfig({ guardian, ... }); defaults are for local chains' });
  if (config.guardian === deployer || config.treasury === deployer) {
    throw new ChainError('the deployer keeps no role', { code: 'CONFIG', where: config.guardian === deployer ? 'guardian' : 'treasury', got: deployer, hint: 'name another account' });
  }
  return config;
}

async function hasClass(client: ChainClient, verifier: Address, relation: Relation, classId: number): Promise<boolean> {
  try {
    await read(client, CONTRACTS.verifier.abi, verifier, 'vkHash', [BigInt(RELATION_CODE[relation]), BigInt(classId)]);
    return true; // another key is found by verifyDeployment
  } catch (cause) {
    if (chainError('vkHash', cause).code === 'REVERT_UnknownClass') return false;
    throw cause;
  }
}

/** Creates a contract at its predicted address, or finds it there. */
async function create(client: ChainClient, key: ContractKey, args: readonly unknown[], predicted: Address, nonce: number): Promise<DeployedContract> {
  const { name, abi, bytecode } = CONTRACTS[key];
  const { publicClient, walletClient, account } = client;
  const described = (blockNumber: bigint, transaction: Hex | null): DeployedContract => ({
    name, address: predicted, transaction, blockNumber: Number(blockNumber), constructorArguments: encodeArguments(key, args), codeHash: expectedCodeHash(CONTRACTS[key]),
  });
  try {
    const next = await publicClient.getTransactionCount({ address: account!.address });
    if (next > nonce) {
      const code = await publicClient.getCode({ address: predicted });
      if (code === undefined || maskedCodeHash(CONTRACTS[key], code) !== expectedCodeHash(CONTRACTS[key])) throw interrupted(name, predicted);
      const found = await creationOf(client, predicted, nonce);
      return described(found.blockNumber, found.hash);
    }
    if (next < nonce) throw interrupted(name, predicted);
    const hash = await walletClient!.deployContract({ abi, bytecode, args, nonce } as never);
    const { contractAddress, status, blockNumber } = await publicClient.waitForTransactionReceipt({ hash });
    if (status !== 'success') throw new ChainError('deployment failed', { code: 'DEPLOY_FAILED', where: name });
    if (contractAddress?.toLowerCase() !== predicted.toLowerCase()) throw interrupted(name, predicted);
    return described(blockNumber, hash);
  } catch (cause) {
    throw chainError(`deploy ${name}`, cause);
  }
}

const interrupted = (name: string, predicted: Address): ChainError => new ChainError('another transaction of the deployer came between', {
  code: 'DEPLOYMENT_INTERRUPTED', where: name, expected: predicted, hint: 'addresses follow from the nonces of one run: deploy anew, with an account that sends nothing else meanwhile',
});

/** The block and transaction that created a contract: bisection over its code. @throws ChainError on a node without history */
async function creationOf({ publicClient, account }: ChainClient, address: Address, nonce: number): Promise<{ blockNumber: bigint; hash: Hex | null }> {
  let [low, high] = [0n, await publicClient.getBlockNumber()];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (await publicClient.getCode({ address, blockNumber: middle })) high = middle;
    else low = middle + 1n;
  }
  const { transactions } = await publicClient.getBlock({ blockNumber: low, includeTransactions: true });
  const creation = transactions.find((t) => t.from.toLowerCase() === account!.address.toLowerCase() && t.nonce === nonce);
  return { blockNumber: low, hash: creation?.hash ?? null };
}
