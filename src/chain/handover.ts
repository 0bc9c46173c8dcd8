/**
 * From the deployer to the timelock, in one operation of the timelock that succeeds or fails as a whole:
 *   accept the verifier's ownership; name the verifiers in the gateway; governor proposes and cancels, anyone executes;
 *   the deployer loses its three roles; the configured delay begins.
 * The timelock has no administrator but itself from the first block on. Until the operation runs, the deployer can do with the
 * timelock what it likes; after it, nothing: verifyDeployment reads that from the chain.
 */
import { encodeFunctionData, keccak256, stringToHex, zeroAddress, zeroHash, type Address, type ContractFunctionArgs, type ContractFunctionName, type Hex } from 'viem';
import { RELATION_CODE, type Relation } from '../statement/sizeClass.js';
import type { ChainClient } from './client.js';
import { CONTRACTS, type AbiOf, type Addresses, type ContractKey } from './contracts.js';
import { read, send } from './send.js';

/** Roles of the timelock, as it names them. */
export const TIMELOCK_ROLES = {
  admin: zeroHash, proposer: keccak256(stringToHex('PROPOSER_ROLE')), canceller: keccak256(stringToHex('CANCELLER_ROLE')), executor: keccak256(stringToHex('EXECUTOR_ROLE')),
} as const;

/** A verifying key of the verifier under its name in the gateway. */
export interface NamedKey {
  relation: Relation;
  classId: number;
  version: number;
  vkHash: Hex;
}

interface Batch {
  targets: Address[];
  values: bigint[];
  payloads: Hex[];
}

export function handoverBatch(a: Addresses, deployer: Address, keys: readonly NamedKey[], delaySeconds: number): Batch {
  const batch: Batch = { targets: [], values: [], payloads: [] };
  const call = <K extends ContractKey, F extends ContractFunctionName<AbiOf<K>, 'nonpayable'>>(key: K, functionName: F, args: ContractFunctionArgs<AbiOf<K>, 'nonpayable', F>): void => {
    batch.targets.push(a[key]);
    batch.values.push(0n);
    batch.payloads.push(encodeFunctionData({ abi: CONTRACTS[key].abi, functionName, args } as never));
  };
  call('verifier', 'acceptOwnership', []);
  for (const { relation, classId, version, vkHash } of keys) call('gateway', 'add', [a.verifier, BigInt(RELATION_CODE[relation]), BigInt(classId), BigInt(version), vkHash]);
  call('timelock', 'grantRole', [TIMELOCK_ROLES.proposer, a.governor]);
  call('timelock', 'grantRole', [TIMELOCK_ROLES.canceller, a.governor]);
  call('timelock', 'grantRole', [TIMELOCK_ROLES.executor, zeroAddress]);
  for (const role of ['proposer', 'canceller', 'executor'] as const) call('timelock', 'revokeRole', [TIMELOCK_ROLES[role], deployer]);
  call('timelock', 'updateDelay', [BigInt(delaySeconds)]);
  return batch;
}

/** Runs the handover; what an interrupted run has done already is left out. @throws ChainError */
export async function handOver(client: ChainClient, a: Addresses, deployer: Address, keys: readonly NamedKey[], delaySeconds: number): Promise<void> {
  const { abi } = CONTRACTS.timelock;
  const { targets, values, payloads } = handoverBatch(a, deployer, keys, delaySeconds);
  const batch = [targets, values, payloads, zeroHash, zeroHash] as const;
  const id = await read(client, abi, a.timelock, 'hashOperationBatch', batch);
  if (await read(client, abi, a.timelock, 'isOperationDone', [id])) return;
  const [owner, pending] = await Promise.all([read(client, CONTRACTS.verifier.abi, a.verifier, 'owner', []), read(client, CONTRACTS.verifier.abi, a.verifier, 'pendingOwner', [])]);
  if (owner !== a.timelock && pending !== a.timelock) await send(client, CONTRACTS.verifier.abi, a.verifier, 'transferOwnership', [a.timelock]);
  if (!await read(client, abi, a.timelock, 'isOperation', [id])) await send(client, abi, a.timelock, 'scheduleBatch', [...batch, 0n]);
  await send(client, abi, a.timelock, 'executeBatch', batch);
}
