/** Typed calls of registry, escrow and verifier: simulate, send, return the result and the receipt. All throw ChainError. */
import type { Address, ContractEventName, GetContractEventsReturnType, Hex } from 'viem';
import { ChainError } from '../errors/chain.js';
import { RELATION_CODE, type Relation } from '../statement/sizeClass.js';
import type { ChainClient } from './client.js';
import type { Deployment } from './deploy.js';
import { attributionEscrowAbi, attributionRegistryAbi, attributionVerifierAbi } from './generated/contracts.js';
import { chainError } from './revert.js';
import { assertDeployed, read, send, type Sent } from './send.js';
import type {
  AdapterData, FeaturesStatement, G1Point, Groth16Proof, Inference, Job, OpeningProof, Payment, PayoutStatement, Settlement, TrainingData,
} from './types.js';

export interface BlockInput {
  adapterId: Hex;
  heightLog: number;
  dlt: G1Point;
  x: G1Point;
  inferences: readonly Inference[];
  receiptHash: Hex;
}

export interface FeaturesInput {
  adapter: AdapterData;
  training: TrainingData;
  contributors: readonly Address[];
  g: G1Point;
  m: G1Point;
  opening: OpeningProof;
  proof: Groth16Proof;
}

export interface SettleInput {
  job: Job;
  settlement: Settlement;
  opening: OpeningProof;
  proof: Groth16Proof;
}

export const PAYMENT_STATUS = ['none', 'funded', 'committed', 'paid', 'refunded'] as const;
export const BLOCK_STATUS = ['unknown', 'committed', 'settled'] as const;
export interface PaymentState {
  payer: Address;
  feeWei: bigint;
  status: (typeof PAYMENT_STATUS)[number];
  deadline: bigint;
}

/** One account's view of a deployment. */
export class Economy {
  private constructor(readonly client: ChainClient, readonly deployment: Deployment) {}

  /** Checks the chain id and that the contracts exist. @throws ChainError CHAIN_ID_MISMATCH, CONTRACT_MISSING */
  static async connect(client: ChainClient, deployment: Deployment): Promise<Economy> {
    if (client.chainId !== deployment.chainId) {
      throw new ChainError('deployment of another chain', { code: 'CHAIN_ID_MISMATCH', expected: deployment.chainId, got: client.chainId, hint: 'use the deployment file of this chain' });
    }
    await Promise.all((['verifier', 'registry', 'escrow'] as const).map((name) => assertDeployed(client, name, deployment[name])));
    return new Economy(client, deployment);
  }

  registerAdapter(data: AdapterData): Promise<Sent<Hex>> {
    return send(this.client, attributionRegistryAbi, this.deployment.registry, 'registerAdapter', [data]);
  }

  registerFeatures(input: FeaturesInput): Promise<Sent<Hex>> {
    const { adapter, training, contributors, g, m, opening, proof } = input;
    return send(this.client, attributionRegistryAbi, this.deployment.registry, 'registerFeatures', [adapter, training, contributors, g, m, opening, proof]);
  }

  payFee(node: Address, adapterId: Hex, requestHash: Hex, nonce: bigint, feeWei: bigint): Promise<Sent<Hex>> {
    return send(this.client, attributionEscrowAbi, this.deployment.escrow, 'payFee', [node, adapterId, requestHash, nonce], feeWei);
  }

  payMany(list: readonly Payment[]): Promise<Sent<readonly Hex[]>> {
    return send(this.client, attributionEscrowAbi, this.deployment.escrow, 'payMany', [list], list.reduce((sum, p) => sum + p.fee, 0n));
  }

  commitBlock(input: BlockInput): Promise<Sent<Hex>> {
    const { adapterId, heightLog, dlt, x, inferences, receiptHash } = input;
    return send(this.client, attributionEscrowAbi, this.deployment.escrow, 'commitBlock', [adapterId, heightLog, dlt, x, inferences, receiptHash]);
  }

  settle({ job, settlement, opening, proof }: SettleInput): Promise<Sent<Hex>> {
    return send(this.client, attributionEscrowAbi, this.deployment.escrow, 'settle', [job, settlement, opening, proof]);
  }

  claim(): Promise<Sent<bigint>> {
    return send(this.client, attributionEscrowAbi, this.deployment.escrow, 'claim', []);
  }

  refund(key: Hex): Promise<Sent<void>> {
    return send(this.client, attributionEscrowAbi, this.deployment.escrow, 'refund', [key]);
  }

  credits(account: Address): Promise<bigint> {
    return read(this.client, attributionEscrowAbi, this.deployment.escrow, 'credits', [account]);
  }

  async payment(key: Hex): Promise<PaymentState> {
    const [payer, feeWei, status, deadline] = await read(this.client, attributionEscrowAbi, this.deployment.escrow, 'payments', [key]);
    return { payer, feeWei, status: PAYMENT_STATUS[status], deadline };
  }

  async blockState(id: Hex): Promise<(typeof BLOCK_STATUS)[number]> {
    return BLOCK_STATUS[Number(await read(this.client, attributionEscrowAbi, this.deployment.escrow, 'blockState', [id]))];
  }

  currentRecord(adapterId: Hex): Promise<Hex> {
    return read(this.client, attributionRegistryAbi, this.deployment.registry, 'currentRecord', [adapterId]);
  }

  vkHash(relation: Relation, classId: number): Promise<Hex> {
    return read(this.client, attributionVerifierAbi, this.deployment.verifier, 'vkHash', [BigInt(RELATION_CODE[relation]), BigInt(classId)]);
  }

  /** Events of the escrow, oldest first. The data of blocks is only there: contracts keep their hash. */
  async escrowEvents<N extends ContractEventName<typeof attributionEscrowAbi>>(eventName: N, fromBlock = 0n): Promise<GetContractEventsReturnType<typeof attributionEscrowAbi, N, true>> {
    try {
      return await this.client.publicClient.getContractEvents({ abi: attributionEscrowAbi, address: this.deployment.escrow, eventName, fromBlock, strict: true }) as GetContractEventsReturnType<typeof attributionEscrowAbi, N, true>;
    } catch (cause) {
      throw chainError(`events ${eventName}`, cause);
    }
  }

  /** Events of the registry, oldest first: data of adapters and features records. */
  async registryEvents<N extends ContractEventName<typeof attributionRegistryAbi>>(eventName: N, fromBlock = 0n): Promise<GetContractEventsReturnType<typeof attributionRegistryAbi, N, true>> {
    try {
      return await this.client.publicClient.getContractEvents({ abi: attributionRegistryAbi, address: this.deployment.registry, eventName, fromBlock, strict: true }) as GetContractEventsReturnType<typeof attributionRegistryAbi, N, true>;
    } catch (cause) {
      throw chainError(`events ${eventName}`, cause);
    }
  }

  /** Returns when the contract accepts; throws the reason otherwise. */
  async verifyPayout(statement: PayoutStatement, opening: OpeningProof, proof: Groth16Proof): Promise<void> {
    await read(this.client, attributionVerifierAbi, this.deployment.verifier, 'verifyPayout', [statement, opening, proof]);
  }

  async verifyFeatures(statement: FeaturesStatement, opening: OpeningProof, proof: Groth16Proof): Promise<void> {
    await read(this.client, attributionVerifierAbi, this.deployment.verifier, 'verifyFeatures', [statement, opening, proof]);
  }
}
