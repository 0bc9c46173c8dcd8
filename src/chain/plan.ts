/**
 * What is deployed, in which order, and how the contracts name each other. Every creation is one transaction of the deployer, so
 * all addresses follow from its first nonce; contracts that name later ones (World.sol) need no setters.
 *
 *   verifier, open, timelock, governor, parameters, stakes, datanets, gateway, models, vault, inferences, settlement, market, court, facts
 */
import { encodeAbiParameters, getContractAddress, zeroAddress, type AbiParameter, type Address, type Hex } from 'viem';
import { CONTRACT_KEYS, CONTRACTS, type Addresses, type ContractKey } from './contracts.js';
import type { EconomyConfig } from './config.js';

export function predictAddresses(deployer: Address, firstNonce: number): Addresses {
  return Object.fromEntries(CONTRACT_KEYS.map((key, i) => [key, getContractAddress({ from: deployer, nonce: BigInt(firstNonce + i) })])) as Addresses;
}

export const treasuryOf = (config: EconomyConfig, { timelock }: Addresses): Address => config.treasury ?? timelock;

/**
 * Constructor arguments of every contract. The timelock starts without delay and with the deployer as its proposer and executor:
 * handover.ts ends that in one operation.
 */
export function constructorArguments(config: EconomyConfig, a: Addresses, deployer: Address, developmentTauHash: Hex): Record<ContractKey, readonly unknown[]> {
  const { governor, split, stakes, windows, market, court } = config;
  return {
    verifier: [deployer, developmentTauHash],
    open: [],
    timelock: [0n, [deployer], [deployer], zeroAddress],
    governor: [a.open, a.timelock, governor.votingDelaySeconds, governor.votingPeriodSeconds, governor.proposalThreshold, BigInt(governor.quorumPercent)],
    parameters: [a.timelock, config.guardian, treasuryOf(config, a), split, stakes, windows, market, court],
    stakes: [a.open, a.parameters, a.market, a.court, a.facts],
    datanets: [],
    gateway: [a.timelock, a.parameters],
    models: [a.parameters, a.stakes, a.datanets, a.gateway, a.court],
    vault: [a.open, a.parameters, a.settlement, a.court, BigInt(config.periodSeconds)],
    inferences: [a.open, a.parameters, a.stakes, a.models, a.gateway, a.vault, a.settlement, a.market, a.court, a.facts],
    settlement: [a.parameters, a.models, a.inferences, a.gateway, a.vault, a.market, a.court],
    market: [a.open, a.parameters, a.stakes, a.inferences, a.models, a.settlement, a.vault, a.gateway],
    court: [a.open, a.parameters, a.stakes, a.inferences, a.models, a.vault],
    facts: [a.open, a.parameters, a.stakes, a.inferences, a.vault, a.gateway],
  };
}

/** Parameters of a contract's constructor, by name. */
export function constructorInputs(key: ContractKey): readonly AbiParameter[] {
  const abi = CONTRACTS[key].abi as readonly { type: string; inputs?: readonly AbiParameter[] }[];
  return abi.find((item) => item.type === 'constructor')?.inputs ?? [];
}

export const encodeArguments = (key: ContractKey, values: readonly unknown[]): Hex => encodeAbiParameters(constructorInputs(key), values as never);
