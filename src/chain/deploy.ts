import { type Abi, type Address, type Hex } from 'viem';
import { ChainError } from '../errors/chain.js';
import { RELATION_CODE, type Relation, type SizeClass } from '../statement/sizeClass.js';
import type { ChainClient } from './client.js';
import {
  attributionEscrowAbi, attributionEscrowBytecode, attributionRegistryAbi, attributionRegistryBytecode, attributionVerifierAbi, attributionVerifierBytecode,
} from './generated/contracts.js';
import { chainError } from './revert.js';
import { send, type Sent } from './send.js';
import type { VerifyingKey } from './types.js';
import { contractShape, developmentTauHash } from './verifyingKey.js';

export interface Deployment {
  chainId: number;
  verifier: Address;
  registry: Address;
  escrow: Address;
}

export interface DeployOptions {
  /** May add classes to the verifier; the deployer without it. */
  owner?: Address;
  treasury?: Address;
  /** keccak256 of [tau]_2 of keys that are refused off local chains; the development setup's without it. */
  developmentTauHash?: Hex;
  /** Seconds until an unsettled fee may be refunded. */
  settlementWindowSeconds?: bigint;
}

/** Deploys verifier, registry and escrow, in this order (deterministic addresses for one deployer and nonce). @throws ChainError */
export async function deployContracts(client: ChainClient, options: DeployOptions = {}): Promise<Deployment> {
  const { account } = client;
  if (!account) throw new ChainError('client has no account', { code: 'READ_ONLY_CLIENT', where: 'deployContracts', hint: 'pass an account to connectChain' });
  const verifier = await deploy(client, 'AttributionVerifier', attributionVerifierAbi, attributionVerifierBytecode, [options.owner ?? account.address, options.developmentTauHash ?? developmentTauHash()]);
  const registry = await deploy(client, 'AttributionRegistry', attributionRegistryAbi, attributionRegistryBytecode, [verifier]);
  const escrow = await deploy(client, 'AttributionEscrow', attributionEscrowAbi, attributionEscrowBytecode,
    [verifier, registry, options.treasury ?? account.address, options.settlementWindowSeconds ?? 86_400n]);
  return { chainId: client.chainId, verifier, registry, escrow };
}

async function deploy(client: ChainClient, name: string, abi: Abi, bytecode: Hex, args: readonly unknown[]): Promise<Address> {
  try {
    const hash = await client.walletClient!.deployContract({ abi, bytecode, args });
    const { contractAddress, status } = await client.publicClient.waitForTransactionReceipt({ hash });
    if (status !== 'success' || !contractAddress) throw new ChainError('deployment failed', { code: 'DEPLOY_FAILED', where: name });
    return contractAddress;
  } catch (cause) {
    throw chainError(`deploy ${name}`, cause);
  }
}

/** Adds one relation of a class to the verifier (owner only, once). @throws ChainError */
export const addClass = (client: ChainClient, verifier: Address, cls: SizeClass, relation: Relation, key: VerifyingKey, development: boolean): Promise<Sent<void>> =>
  send(client, attributionVerifierAbi, verifier, 'addClass', [BigInt(RELATION_CODE[relation]), BigInt(cls.id), contractShape(cls, relation), key, development]);
