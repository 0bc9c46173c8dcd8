/** The contracts of one deployment, by the short names that World.sol uses too. */
import type { Abi, Address, Hex } from 'viem';
import * as generated from './generated/contracts.js';

export interface Artifact<A extends Abi = Abi> {
  /** Solidity name. */
  name: string;
  abi: A;
  bytecode: Hex;
  /** Where the deployed code lies in the creation code, and its immutables in it: bytes. */
  runtime: { offset: number; length: number; immutables: readonly (readonly [number, number])[] };
}

const artifact = <const A extends Abi>(name: string, abi: A, bytecode: Hex, runtime: Artifact['runtime']): Artifact<A> => ({ name, abi, bytecode, runtime });

/** In the order of the deployment. */
export const CONTRACTS = {
  verifier: artifact('AttributionVerifier', generated.attributionVerifierAbi, generated.attributionVerifierBytecode, generated.attributionVerifierRuntime),
  open: artifact('WrappedOpen', generated.wrappedOpenAbi, generated.wrappedOpenBytecode, generated.wrappedOpenRuntime),
  timelock: artifact('TimelockController', generated.timelockControllerAbi, generated.timelockControllerBytecode, generated.timelockControllerRuntime),
  governor: artifact('OpenGovernor', generated.openGovernorAbi, generated.openGovernorBytecode, generated.openGovernorRuntime),
  parameters: artifact('Parameters', generated.parametersAbi, generated.parametersBytecode, generated.parametersRuntime),
  stakes: artifact('StakeVault', generated.stakeVaultAbi, generated.stakeVaultBytecode, generated.stakeVaultRuntime),
  datanets: artifact('DatanetRegistry', generated.datanetRegistryAbi, generated.datanetRegistryBytecode, generated.datanetRegistryRuntime),
  gateway: artifact('VerifierGateway', generated.verifierGatewayAbi, generated.verifierGatewayBytecode, generated.verifierGatewayRuntime),
  models: artifact('ModelRegistry', generated.modelRegistryAbi, generated.modelRegistryBytecode, generated.modelRegistryRuntime),
  vault: artifact('RewardVault', generated.rewardVaultAbi, generated.rewardVaultBytecode, generated.rewardVaultRuntime),
  inferences: artifact('InferenceRegistry', generated.inferenceRegistryAbi, generated.inferenceRegistryBytecode, generated.inferenceRegistryRuntime),
  settlement: artifact('AttributionSettlement', generated.attributionSettlementAbi, generated.attributionSettlementBytecode, generated.attributionSettlementRuntime),
  market: artifact('ProofMarket', generated.proofMarketAbi, generated.proofMarketBytecode, generated.proofMarketRuntime),
  court: artifact('AuditCourt', generated.auditCourtAbi, generated.auditCourtBytecode, generated.auditCourtRuntime),
  facts: artifact('FactCourt', generated.factCourtAbi, generated.factCourtBytecode, generated.factCourtRuntime),
} as const;

export type ContractKey = keyof typeof CONTRACTS;
export type AbiOf<K extends ContractKey> = (typeof CONTRACTS)[K]['abi'];
export const CONTRACT_KEYS = Object.keys(CONTRACTS) as readonly ContractKey[];

export type Addresses = Readonly<Record<ContractKey, Address>>;

/** Contracts of one chain. */
export interface Deployment extends Addresses {
  chainId: number;
  /** First block with a contract of it: events are read from here. */
  fromBlock: number;
}
