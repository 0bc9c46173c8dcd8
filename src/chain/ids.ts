/**
 * Ids and contexts of docs/PROTOCOL.md section 9, twins of verifier-contracts/src/libraries/RecordHash.sol and Boundaries.sol.
 *
 *   adapter id  = keccak(abi.encode(keccak("zkattr.adapter.v1"), chain id, registry, AdapterData))
 *   record id   = keccak(abi.encode(keccak("zkattr.record.v1"), chain id, registry, FeatureRecord)),
 *                 trainingHash = keccak(abi.encode(keccak("zkattr.training.v1"), TrainingData))
 *   payment key = keccak(abi.encode(node, adapter id, request hash, nonce)) = the inference id
 *   block id    = keccak(abi.encode(keccak("zkattr.block.v1"), chain id, escrow, record id, BlockRecord)),
 *                 dataHash = keccak(abi.encode(Inference[], receipt hash))
 *   job id      = keccak(abi.encode(keccak("zkattr.job.v1"), record id, keccak(block ids)))
 */
import { concatHex, encodeAbiParameters, keccak256, stringToHex, type AbiParameter, type Address, type Hex } from 'viem';
import { attributionEscrowAbi, attributionRegistryAbi } from './generated/contracts.js';
import type { AdapterData, BlockRecord, FeatureRecord, Inference, TrainingData } from './types.js';

/** Which contract on which chain keeps the records. */
export interface Keeper {
  chainId: number;
  address: Address;
}

const tag = (name: string): Hex => keccak256(stringToHex(name));
const HEAD = [{ type: 'bytes32' }, { type: 'uint256' }, { type: 'address' }] as const;

function input(abi: readonly { type: string; name?: string; inputs?: readonly AbiParameter[] }[], name: string, index: number): AbiParameter {
  const found = abi.find((item) => item.type === 'function' && item.name === name)?.inputs?.[index];
  if (!found) throw new Error(`ABI without ${name}: run node verifier-contracts/build.mjs`);
  return found;
}
const components = (parameter: AbiParameter, name: string): AbiParameter =>
  (parameter as unknown as { components: AbiParameter[] }).components.find((c) => c.name === name)!;
const elementOf = (parameter: AbiParameter): AbiParameter => ({ ...parameter, type: parameter.type.replace(/\[\]$/, '') });

const ADAPTER = input(attributionRegistryAbi, 'registerAdapter', 0);
const TRAINING = input(attributionRegistryAbi, 'registerFeatures', 1);
const JOB = input(attributionEscrowAbi, 'settle', 0);
const RECORD = components(JOB, 'record');
const BLOCK = elementOf(components(JOB, 'blocks'));
const INFERENCES = input(attributionEscrowAbi, 'commitBlock', 4);

const hash = (types: readonly AbiParameter[], values: readonly unknown[]): Hex => keccak256(encodeAbiParameters(types, values as never));

export const adapterId = (registry: Keeper, data: AdapterData): Hex =>
  hash([...HEAD, ADAPTER], [tag('zkattr.adapter.v1'), BigInt(registry.chainId), registry.address, data]);

export const trainingHash = (training: TrainingData): Hex => hash([{ type: 'bytes32' }, TRAINING], [tag('zkattr.training.v1'), training]);

export const recordId = (registry: Keeper, record: FeatureRecord): Hex =>
  hash([...HEAD, RECORD], [tag('zkattr.record.v1'), BigInt(registry.chainId), registry.address, record]);

/** The record that registerFeatures stores for this data. */
export const featureRecord = (registry: Keeper, data: AdapterData, training: TrainingData, contributors: readonly Address[], g: FeatureRecord['g']): FeatureRecord => ({
  adapterId: adapterId(registry, data), classId: data.classId, g, aStar: data.aStar, bStar: data.bStar, contributors, trainingHash: trainingHash(training),
});

export const paymentKey = (node: Address, adapter: Hex, requestHash: Hex, nonce: bigint): Hex =>
  hash([{ type: 'address' }, { type: 'bytes32' }, { type: 'bytes32' }, { type: 'uint256' }], [node, adapter, requestHash, nonce]);

export const dataHash = (inferences: readonly Inference[], receiptHash: Hex): Hex => hash([INFERENCES, { type: 'bytes32' }], [inferences, receiptHash]);

/** The record that commitBlock stores for this data. */
export const blockRecord = (
  node: Address, adapter: Hex, heightLog: number, dlt: BlockRecord['dlt'], x: BlockRecord['x'], inferences: readonly Inference[], receiptHash: Hex,
): BlockRecord => ({
  node, heightLog, dlt, x, dataHash: dataHash(inferences, receiptHash),
  inferences: inferences.map((i) => ({ key: paymentKey(node, adapter, i.requestHash, i.nonce), rows: i.rows })),
});

export const blockId = (escrow: Keeper, record: Hex, block: BlockRecord): Hex =>
  hash([...HEAD, { type: 'bytes32' }, BLOCK], [tag('zkattr.block.v1'), BigInt(escrow.chainId), escrow.address, record, block]);

export const jobId = (record: Hex, blockIds: readonly Hex[]): Hex =>
  hash([{ type: 'bytes32' }, { type: 'bytes32' }, { type: 'bytes32' }], [tag('zkattr.job.v1'), record, keccak256(concatHex(blockIds))]);

/** Context of a payout proof: keccak(abi.encode(tag, escrow, job id, keccak(inference ids), record id, prover)). */
export const payoutContext = (escrow: Address, job: Hex, inferenceIds: readonly Hex[], record: Hex, prover: Address): Hex =>
  hash([{ type: 'bytes32' }, { type: 'address' }, { type: 'bytes32' }, { type: 'bytes32' }, { type: 'bytes32' }, { type: 'address' }],
    [tag('zkattr.payout.v1'), escrow, job, keccak256(concatHex(inferenceIds)), record, prover]);

/** Context of a features proof: keccak(abi.encode(tag, registry, record id, registrant)). */
export const featuresContext = (registry: Address, record: Hex, registrant: Address): Hex =>
  hash([{ type: 'bytes32' }, { type: 'address' }, { type: 'bytes32' }, { type: 'address' }], [tag('zkattr.features.v1'), registry, record, registrant]);

/** Ends of the queries of a job: block k starts at k 2^heightLog, its last query ends with it. */
export function jobBoundaries(heightLog: number, blocks: readonly { inferences: readonly { rows: number }[] }[]): number[] {
  const height = 2 ** heightLog;
  return blocks.flatMap(({ inferences }, k) => {
    let end = k * height;
    return inferences.map(({ rows }, i) => { end += rows; return i === inferences.length - 1 ? (k + 1) * height : end; });
  });
}

/** Ends of the contributors' rows: running sums. */
export function trainingBoundaries(rows: readonly number[]): number[] {
  let end = 0;
  return rows.map((count) => (end += count));
}
