/** A real proof job of class 4x4 without a chain: a registration with its proof, one signed block, their packages, and what a coordinator would offer. */
import { keccak256, stringToHex, toHex, type Address, type Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { selectGroth16 } from '../../prover/backends/select.js';
import { selectKernels } from '../../prover/kernels/index.js';
import { developmentKeys, type SetupKeys } from '../../prover/setup/index.js';
import { buildRegistration } from '../../prover/workflow/register.js';
import { blockId, jobId, verifierSelector } from '../../src/chain/ids.js';
import { commitIntegers } from '../../src/commitment/kzg.js';
import { readSrs } from '../../src/commitment/srs.js';
import type { G1Affine } from '../../src/curve/bn254.js';
import type { ModelBundle } from '../../src/models/index.js';
import type { Batch, Registration } from '../../src/protocol/artifacts.js';
import { artifactHash, encodeBlockPackage, encodeRecordPackage, type ProofJob } from '../../src/protocol/network/index.js';
import { receiptTypedData, type InferenceReceipt } from '../../src/protocol/receipt.js';
import { batchBlock, batchFees } from '../../src/protocol/statements.js';
import { sizeClass } from '../../src/statement/classes.js';
import { Random } from './scenario.js';

export const JOB_CLASS = '4x4';
export const CHAIN_ID = 31337;

export interface TestJob {
  keys: SetupKeys;
  registration: Registration;
  batches: Batch[];
  job: ProofJob;
  /** Packages by hash. */
  artifacts: Map<Hex, Uint8Array>;
}

const hashOf = (text: string): Hex => keccak256(stringToHex(text));
const contract = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}`;
const point = ({ x, y }: G1Affine): { x: Hex; y: Hex } => ({ x: toHex(x, { size: 32 }), y: toHex(y, { size: 32 }) });
const HEIGHT_LOG = 2, QUERIES = 2, TRAIN_ROWS = 16, ROWS = [5, 6, 5];

/** Takes some seconds: one proof of the features. */
export async function makeTestJob(): Promise<TestJob> {
  const cls = sizeClass(JOB_CLASS), row = 1 << (cls.layersLog + cls.widthLog), keys = await developmentKeys(cls), srs = await readSrs(keys.srs);
  const random = new Random(5), int8 = (length: number): Int8Array => Int8Array.from({ length }, () => random.int(-127, 127)), int16 = (length: number): Int16Array => Int16Array.from({ length }, () => random.int(-32767, 32767));
  const adapter = { A: int8(row << cls.rankLog), B: int8(row << cls.rankLog), queryA: int8(row << cls.rankLog), queryB: int8(row << cls.rankLog) }, train = { X: int8(TRAIN_ROWS * row), Delta: int16(TRAIN_ROWS * row) };
  let end = 0;
  const boundaries = ROWS.map((rows) => (end += rows)), verifier = contract(1), models = contract(2), registry = contract(3), settlement = contract(4);
  const bundle = {
    adapter, train,
    manifest: { modelHash: hashOf('model'), adapterId: hashOf('quantisation'), trainHeight: TRAIN_ROWS, boundaries, contributors: ROWS.map((rows, index) => ({ index, rows, name: `c${index}`, kind: 'honest', identity: `c${index}` })) },
  } as unknown as ModelBundle;
  const kernels = await selectKernels(), groth16 = await selectGroth16(kernels.name);
  try {
    const { registration, secrets } = await buildRegistration({
      bundle, cls, deployment: { chainId: CHAIN_ID, verifier, models }, owner: contract(5), snapshot: { datanetId: 1n, snapshotId: hashOf('snapshot'), contributionIds: [1n, 2n, 3n] },
      selector: verifierSelector('features', cls.id, 1, keys.features.vk.vkHash), payoutAddresses: [contract(10), contract(11), contract(12)],
    }, { kernels, groth16, srs, keys: keys.features });
    const recordPackage = encodeRecordPackage({ registration, secrets, adapter, train, boundaries });

    const height = 1 << HEIGHT_LOG, X = int8(height * row), Delta = int16(height * row), blinding = { delta: random.scalar(), x: random.scalar() }, node = privateKeyToAccount(hashOf('node'));
    const receipt: InferenceReceipt = {
      version: 1, runtime: 'test', chainId: CHAIN_ID, registry, node: node.address, modelHash: hashOf('model'), adapterId: registration.adapterId, heightLog: HEIGHT_LOG,
      X: point(await commitIntegers(srs, X, blinding.x)), Delta: point(await commitIntegers(srs, Delta, blinding.delta)),
      inferences: Array.from({ length: QUERIES }, (_, q) => ({ payer: contract(20), inputHash: hashOf(`input ${q}`), outputHash: hashOf(`output ${q}`), requestHash: hashOf(`request ${q}`), nonce: String(q), fee: String(10 ** 15 + q), rows: 1 })),
    };
    const signed = { receipt, signature: await node.signTypedData(receiptTypedData(receipt)) }, split = { id: 1, contributors: 7000 };
    const id = blockId({ chainId: CHAIN_ID, address: registry }, registration.recordId, batchBlock({ signed, split }));
    const batch: Batch = { format: 'zkattr-batch', signed, blockId: id, split, predictions: [], labels: [] };
    const blockPackage = encodeBlockPackage({ batch, secrets: { format: 'zkattr-batch-secrets', blockId: id, ...blinding }, X, Delta });
    const record = artifactHash(recordPackage), block = artifactHash(blockPackage), { vkHash } = keys.payout.vk;
    return {
      keys, registration, batches: [batch], artifacts: new Map([[record, recordPackage], [block, blockPackage]]),
      job: {
        format: 'zkattr-proof-job', jobId: jobId(registration.recordId, [id]), relation: 'payout', className: JOB_CLASS, vkHash, selector: verifierSelector('payout', cls.id, 1, vkHash), chainId: CHAIN_ID,
        verifier, settlement, recordId: registration.recordId, record, blocks: [{ blockId: id, package: block, fees: batchFees(batch).map(String) }], queries: QUERIES, deadline: 2_000_000_000,
      },
    };
  } finally {
    await groth16.close();
    await kernels.close();
  }
}
