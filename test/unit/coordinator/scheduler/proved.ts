/** One real proof of class 4x4 as a prover would send it, with the packages of its record and block. */
import type { Address, Hex } from 'viem';
import { jobBoundaries, jobId, payoutContext, vkHashOf, verifierSelector } from '../../../../src/chain/index.js';
import { contractKeyOf } from '../../../../src/audit/selector.js';
import { artifactJson, type Batch, type JobFile, type Registration } from '../../../../src/protocol/artifacts.js';
import { artifactHash, encodeBlockPackage, encodeRecordPackage, type ProofJob } from '../../../../src/protocol/network/index.js';
import { batchBlock, batchFees, jobStatement } from '../../../../src/protocol/statements.js';
import type { AcceptedKey } from '../../../../coordinator/scheduler/index.js';
import { prove } from '../../../../prover/prove.js';
import { System } from '../../../support/system.js';

const word = (byte: string): Hex => `0x${byte.repeat(32)}`;
const person = (byte: string): Address => `0x${byte.repeat(20)}`;
const hex = (value: bigint): Hex => `0x${value.toString(16).padStart(64, '0')}`;

export const SETTLEMENT = person('55'), VERIFIER = person('66'), CHAIN_ID = 31337;

export interface ProvedJob {
  job: ProofJob;
  key: AcceptedKey;
  /** Text of the job file that holds for `prover`. */
  text: string;
  packages: Map<Hex, Uint8Array>;
}

/** Two blocks of one query each; takes some seconds, most of it one proof. */
export async function makeProvedJob(prover: Address): Promise<ProvedJob> {
  const system = await System.open('4x4');
  try {
    const { cls } = system, tokensLog = 4, heightLog = tokensLog - cls.blocksLog, height = 2 ** heightLog, fees = ['1000000000000000', '2000000000000001'];
    const base = await system.scenario({ seed: 11, tokensLog, queryEnds: [height, 2 * height], fees: fees.map(BigInt), chainId: BigInt(CHAIN_ID), verifier: BigInt(VERIFIER) });
    const { statement, witness, mask } = base.payout, { commitments } = statement, training = base.features.statement.commitments, trainHeight = base.features.statement.tokensLog - cls.trainBlocksLog;
    const vkHash = vkHashOf(contractKeyOf(system.vk.payout)), selector = verifierSelector('payout', cls.id, 1, vkHash), recordId = word('a1');
    const batches = fees.map((fee, k): Batch => ({
      format: 'zkattr-batch', blockId: word(`b${k}`), split: { id: 1, contributors: 10_000 }, predictions: [0], labels: [],
      signed: {
        signature: `0x${'11'.repeat(65)}`,
        receipt: {
          version: 1, runtime: 'test', chainId: CHAIN_ID, registry: person('77'), node: person('88'), modelHash: word('01'), adapterId: word('02'), heightLog,
          X: { x: hex(commitments.x[k].x), y: hex(commitments.x[k].y) }, Delta: { x: hex(commitments.delta[k].x), y: hex(commitments.delta[k].y) },
          inferences: [{ payer: person('99'), inputHash: word('03'), outputHash: word('04'), requestHash: word(`c${k}`), nonce: String(k), fee, rows: height }],
        },
      },
    }));
    const records = batches.map(batchBlock), blockIds = batches.map((batch) => batch.blockId), id = jobId(recordId, blockIds);
    const draft = {
      format: 'zkattr-job', className: cls.name, chainId: CHAIN_ID, verifier: VERIFIER, settlement: SETTLEMENT, jobId: id, recordId, prover, batches: blockIds, tokensLog, selector,
      context: payoutContext(SETTLEMENT, id, records.flatMap((record) => record.inferences.map((i) => i.key)), recordId, prover), bits: commitments.bits!, mask: commitments.mask,
      boundaries: statement.lists.boundaries, fees: statement.lists.fees, payouts: statement.lists.payouts, zeroQueries: statement.lists.zeroQueries, stages: {},
    } satisfies Omit<JobFile, 'proof'>;
    const part = {
      className: cls.name, chainId: CHAIN_ID, recordId, g: commitments.g, mask: training.mask,
      adapter: { owner: person('88'), classId: cls.id, a: training.a, b: training.b, aStar: commitments.a, bStar: commitments.b, modelHash: word('01'), quantisationHash: word('05'), snapshotId: word('06') },
    };
    const target = jobStatement(draft as JobFile, part as Registration, batches);
    if (jobBoundaries(heightLog, records).some((end, i) => BigInt(end) !== target.lists.boundaries[i])) throw new Error('boundaries');
    const { proof, stages } = await prove(target, witness, mask, { kernels: system.kernels, groth16: system.groth16, srs: system.srs, keys: system.keys.payout });
    const registration: Registration = {
      format: 'zkattr-registration', verifier: VERIFIER, models: person('44'), adapterId: word('02'), datanetId: 1n, contributionIds: [1n], ...part,
      training: { heightLog: trainHeight, dlt: training.delta, x: training.x, rows: base.features.statement.lists.boundaries.map(Number) },
      contributors: [], selector, proof, stages: {},
    };
    const zero = { a: 0n, b: 0n, aStar: 0n, bStar: 0n, g: 0n, blocks: [] }, table = 2 ** (cls.rankLog + cls.layersLog + cls.widthLog);
    const trainRows = 2 ** (trainHeight + cls.layersLog + cls.widthLog) * training.x.length, rows = 2 ** (heightLog + cls.layersLog + cls.widthLog);
    const record = encodeRecordPackage({
      registration, secrets: { format: 'zkattr-registration-secrets', recordId, ...zero }, boundaries: [1],
      adapter: { A: new Int8Array(table), B: new Int8Array(table), queryA: new Int8Array(table), queryB: new Int8Array(table) }, train: { X: new Int8Array(trainRows), Delta: new Int16Array(trainRows) },
    });
    const blocks = batches.map((batch) => encodeBlockPackage({ batch, secrets: { format: 'zkattr-batch-secrets', blockId: batch.blockId, delta: 0n, x: 0n }, X: new Int8Array(rows), Delta: new Int16Array(rows) }));
    const job: ProofJob = {
      format: 'zkattr-proof-job', jobId: id, relation: 'payout', className: cls.name, vkHash, selector, chainId: CHAIN_ID, verifier: VERIFIER, settlement: SETTLEMENT, recordId, record: artifactHash(record),
      blocks: batches.map((batch, k) => ({ blockId: batch.blockId, package: artifactHash(blocks[k]), fees: batchFees(batch).map(String) })), queries: 2, deadline: 4_000_000_000,
    };
    return {
      job, key: { className: cls.name, vkHash, key: system.vk.payout }, text: artifactJson({ ...draft, proof, stages }),
      packages: new Map([record, ...blocks].map((data) => [artifactHash(data), data])),
    };
  } finally {
    await system.close();
  }
}
