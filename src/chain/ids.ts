/**
 * Ids and contexts of docs/PROTOCOL.md section 9, twins of verifier-contracts/src/libraries/RecordHash.sol and Boundaries.sol.
 *
 *   snapshot id = keccak(abi.encode(keccak("zkattr.snapshot.v1"), chain id, Datanet registry, Datanet id, version, layout,
 *                 keccak(abi.encode(contribution ids, content hashes)))),  layout = keccak(abi.encode(contributors, rows))
 *   adapter id  = keccak(abi.encode(keccak("zkattr.adapter.v1"), chain id, model registry, AdapterData))
 *   record id   = keccak(abi.encode(keccak("zkattr.record.v1"), chain id, model registry, FeatureRecord)),
 *                 trainingHash = keccak(abi.encode(keccak("zkattr.training.v1"), TrainingData))
 *   payment key = keccak(abi.encode(node, adapter id, request hash, nonce)) = the inference id
 *   block id    = keccak(abi.encode(keccak("zkattr.block.v1"), chain id, inference registry, record id, BlockRecord)),
 *                 dataHash = keccak(abi.encode(Inference[], receipt hash))
 *   job id      = keccak(abi.encode(keccak("zkattr.job.v1"), record id, keccak(block ids)))
 *   selector    = keccak(abi.encode(keccak("zkattr.verifier.v1"), relation, class id, version, vk hash))
 */
import { concatHex, encodeAbiParameters, keccak256, stringToHex, type AbiParameter, type Address, type Hex } from 'viem';
import { RELATION_CODE, type Relation } from '../statement/sizeClass.js';
import { auditCourtAbi, attributionSettlementAbi, inferenceRegistryAbi, modelRegistryAbi } from './generated/contracts.js';
import type { AdapterData, BlockCommitment, BlockRecord, Credit, FeatureRecord, G1Point, Inference, TrainingData } from './types.js';

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

const ADAPTER = input(modelRegistryAbi, 'registerAdapter', 0);
const TRAINING = input(modelRegistryAbi, 'registerFeatures', 1);
const JOB = input(attributionSettlementAbi, 'settle', 0);
const RECORD = components(JOB, 'record');
const BLOCK = elementOf(components(JOB, 'blocks'));
const COMMITMENT = input(inferenceRegistryAbi, 'commitBlock', 0);
const INFERENCES = components(COMMITMENT, 'inferences');
const POINT = components(COMMITMENT, 'dlt');
const CREDITS = input(auditCourtAbi, 'challengeJob', 3);

const hash = (types: readonly AbiParameter[], values: readonly unknown[]): Hex => keccak256(encodeAbiParameters(types, values as never));

/** Who owns how many rows, in which order. */
export const layoutHash = (contributors: readonly Address[], rows: readonly number[]): Hex => hash([{ type: 'address[]' }, { type: 'uint32[]' }], [contributors, rows]);

/** @param contents  of the snapshot's contributions, in its order: ids and content hashes */
export const snapshotId = (
  datanets: Keeper, datanetId: bigint, version: bigint, layout: Hex, contents: { ids: readonly bigint[]; contentHashes: readonly Hex[] },
): Hex => hash([...HEAD, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes32' }, { type: 'bytes32' }], [
  tag('zkattr.snapshot.v1'), BigInt(datanets.chainId), datanets.address, datanetId, version, layout,
  hash([{ type: 'uint256[]' }, { type: 'bytes32[]' }], [contents.ids, contents.contentHashes]),
]);

export const adapterId = (models: Keeper, data: AdapterData): Hex =>
  hash([...HEAD, ADAPTER], [tag('zkattr.adapter.v1'), BigInt(models.chainId), models.address, data]);

export const trainingHash = (training: TrainingData): Hex => hash([{ type: 'bytes32' }, TRAINING], [tag('zkattr.training.v1'), training]);

export const recordId = (models: Keeper, record: FeatureRecord): Hex =>
  hash([...HEAD, RECORD], [tag('zkattr.record.v1'), BigInt(models.chainId), models.address, record]);

/** The record that registerFeatures stores for this data. */
export const featureRecord = (models: Keeper, data: AdapterData, training: TrainingData, contributors: readonly Address[], g: FeatureRecord['g']): FeatureRecord => ({
  adapterId: adapterId(models, data), classId: data.classId, g, aStar: data.aStar, bStar: data.bStar, contributors, trainingHash: trainingHash(training),
});

export const paymentKey = (node: Address, adapter: Hex, requestHash: Hex, nonce: bigint): Hex =>
  hash([{ type: 'address' }, { type: 'bytes32' }, { type: 'bytes32' }, { type: 'uint256' }], [node, adapter, requestHash, nonce]);

export const dataHash = (inferences: readonly Inference[], receiptHash: Hex): Hex => hash([INFERENCES, { type: 'bytes32' }], [inferences, receiptHash]);

/** What the registry refuses to take twice: keccak(abi.encode(dlt, x)). */
export const commitmentHash = (dlt: G1Point, x: G1Point): Hex => hash([POINT, POINT], [dlt, x]);

/** What a block holds, apart from who pays for what: the fields of BlockCommitment that its record keeps. */
export type BlockContent = Pick<BlockCommitment, 'node' | 'adapterId' | 'heightLog' | 'dlt' | 'x' | 'inferences' | 'receiptHash'>;

/** The record that commitBlock stores for this data. @param splitId  of the split in force then: parameters.currentSplitId() */
export const blockRecord = ({ node, adapterId: adapter, heightLog, dlt, x, inferences, receiptHash }: BlockContent, splitId: number): BlockRecord => ({
  node, splitId, heightLog, dlt, x, dataHash: dataHash(inferences, receiptHash),
  inferences: inferences.map((i) => ({ key: paymentKey(node, adapter, i.requestHash, i.nonce), rows: i.rows })),
});

export const blockId = (inferences: Keeper, record: Hex, block: BlockRecord): Hex =>
  hash([...HEAD, { type: 'bytes32' }, BLOCK], [tag('zkattr.block.v1'), BigInt(inferences.chainId), inferences.address, record, block]);

export const jobId = (record: Hex, blockIds: readonly Hex[]): Hex =>
  hash([{ type: 'bytes32' }, { type: 'bytes32' }, { type: 'bytes32' }], [tag('zkattr.job.v1'), record, keccak256(concatHex(blockIds))]);

/** Context of a payout proof: keccak(abi.encode(tag, settlement, job id, keccak(payment keys), record id, prover)). */
export const payoutContext = (settlement: Address, job: Hex, keys: readonly Hex[], record: Hex, prover: Address): Hex =>
  hash([{ type: 'bytes32' }, { type: 'address' }, { type: 'bytes32' }, { type: 'bytes32' }, { type: 'bytes32' }, { type: 'address' }],
    [tag('zkattr.payout.v1'), settlement, job, keccak256(concatHex(keys)), record, prover]);

/** Context of a features proof: keccak(abi.encode(tag, model registry, record id, registrant)). */
export const featuresContext = (models: Address, record: Hex, registrant: Address): Hex =>
  hash([{ type: 'bytes32' }, { type: 'address' }, { type: 'bytes32' }, { type: 'address' }], [tag('zkattr.features.v1'), models, record, registrant]);

/** Name of a verifier in the gateway. */
export const verifierSelector = (relation: Relation, classId: number, version: number, vkHash: Hex): Hex =>
  hash([{ type: 'bytes32' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes32' }],
    [tag('zkattr.verifier.v1'), BigInt(RELATION_CODE[relation]), BigInt(classId), BigInt(version), vkHash]);

/** What the vault keeps of a job's credits. */
export const creditsHash = (credits: readonly Credit[]): Hex => hash([CREDITS], [credits]);

/** What an auditor commits to before it reveals its vote. */
export const voteHash = (caseId: bigint, round: number, auditor: Address, upheld: boolean, salt: Hex): Hex =>
  hash([{ type: 'uint256' }, { type: 'uint8' }, { type: 'address' }, { type: 'bool' }, { type: 'bytes32' }], [caseId, round, auditor, upheld, salt]);

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
