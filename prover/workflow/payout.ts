/** A payout job: exact scores and split of the batches, and the proof of the payout relation. */
import type { Address, Hex } from 'viem';
import { features, influence, scoreBits, splitRewards } from '../../src/attribution/index.js';
import { jobBoundaries, jobId, payoutContext, type BlockRecord, type Deployment } from '../../src/chain/index.js';
import { commit, randomScalar } from '../../src/commitment/kzg.js';
import { stackBlocks } from '../../src/inference/blocks.js';
import type { ActivationTables } from '../../src/inference/pack.js';
import type { ModelBundle } from '../../src/models/bundle.js';
import type { BatchSecrets, JobFile, JobSecrets, Registration, RegistrationSecrets } from '../../src/protocol/artifacts.js';
import { payoutStatement } from '../../src/statement/records.js';
import { relationShape, type SizeClass } from '../../src/statement/sizeClass.js';
import type { Statement } from '../../src/statement/statement.js';
import { drawMask, prove, type ProveOptions } from '../prove.js';
import { fieldTable, type ActivationBlock } from '../witness/witness.js';

/** One committed batch as the prover has it. */
export interface JobBatch {
  folder: string;
  blockId: Hex;
  record: BlockRecord;
  /** Contributors' part of each inference's fee, base units: batchFees. */
  fees: readonly bigint[];
  tables: ActivationTables;
  secrets: BatchSecrets;
}

/** What a payout proof takes of a model bundle or a record package. */
export interface PayoutSource {
  adapter: ModelBundle['adapter'];
  train: Pick<ModelBundle['train'], 'X' | 'Delta'>;
  manifest: Pick<ModelBundle['manifest'], 'boundaries'>;
}

export interface PayoutInput {
  bundle: PayoutSource;
  cls: SizeClass;
  deployment: Pick<Deployment, 'chainId' | 'verifier' | 'settlement'>;
  registration: Registration;
  secrets: RegistrationSecrets;
  batches: readonly JobBatch[];
  prover: Address;
  /** Verifier that is asked, by its name in the gateway. */
  selector: Hex;
  /** Proof request that the delivery is to earn. */
  requestId?: Hex;
}

export interface PayoutOutput {
  job: JobFile;
  secrets: JobSecrets;
  statement: Statement;
  scores: bigint[][];
}

export async function buildPayout({ bundle, cls, deployment, registration, secrets, batches, prover, selector, requestId }: PayoutInput, options: ProveOptions): Promise<PayoutOutput> {
  const { kernels, srs } = options;
  const { adapter, train } = bundle;
  const shape = relationShape(cls, 'payout'), trainShape = relationShape(cls, 'features');
  const { heightLog } = batches[0].record;

  options.progress?.('influence');
  const gValues = features(adapter.A, adapter.B, train.X, train.Delta, bundle.manifest.boundaries, trainShape);
  const tables = stackBlocks(batches.map((batch) => batch.tables));
  const boundaries = jobBoundaries(heightLog, batches.map((batch) => batch.record));
  const phi = features(adapter.queryA, adapter.queryB, tables.X, tables.Delta, boundaries, shape);
  const scores = influence(phi, gValues, shape);
  const fees = batches.flatMap((batch) => batch.fees);
  const split = splitRewards(scores, fees, shape);

  const bits = await commit(kernels, srs, { kind: 'bit' as const, data: scoreBits(scores, shape) }, randomScalar());
  const mask = await drawMask(kernels, srs, cls, 'payout', heightLog + shape.blocksLog);
  const job = jobId(registration.recordId, batches.map((batch) => batch.blockId));
  const keys = batches.flatMap((batch) => batch.record.inferences.map((i) => i.key));
  const context = payoutContext(deployment.settlement, job, keys, registration.recordId, prover);
  const statement = payoutStatement({
    cls, chainId: BigInt(deployment.chainId), verifier: BigInt(deployment.verifier), context: BigInt(context), heightLog, boundaries,
    commitments: {
      delta: batches.map((batch) => batch.record.dlt), x: batches.map((batch) => batch.record.x),
      b: registration.adapter.bStar, a: registration.adapter.aStar, g: registration.g, bits: bits.commitment, mask: mask.commitment,
    },
  }, { fees, payouts: split.payouts, zeroQueries: split.zeroQueries });
  const blocks: (ActivationBlock | undefined)[] = batches.map(({ tables: t, secrets: s, record }) => ({
    delta: { table: { kind: 'int16', data: t.Delta }, rho: s.delta, commitment: record.dlt }, x: { table: { kind: 'int8', data: t.X }, rho: s.x, commitment: record.x },
  }));
  while (blocks.length < shape.blocks) blocks.push(undefined);
  const { proof, stages } = await prove(statement, {
    blocks,
    a: { table: { kind: 'int8', data: adapter.queryA }, rho: secrets.aStar, commitment: registration.adapter.aStar },
    b: { table: { kind: 'int8', data: adapter.queryB }, rho: secrets.bStar, commitment: registration.adapter.bStar },
    g: { table: { kind: 'fr', data: fieldTable(gValues) }, rho: secrets.g, commitment: registration.g },
    phi, scores, split, bits: bits.table, bitsRho: bits.rho,
  }, mask, options);
  return {
    statement, scores,
    secrets: { format: 'zkattr-job-secrets', jobId: job, bits: bits.rho },
    job: {
      format: 'zkattr-job', className: cls.name, chainId: deployment.chainId, verifier: deployment.verifier, settlement: deployment.settlement, jobId: job,
      recordId: registration.recordId, prover, batches: batches.map((batch) => batch.folder), tokensLog: statement.tokensLog, context, selector,
      bits: bits.commitment, mask: mask.commitment, boundaries: statement.lists.boundaries, fees: statement.lists.fees, payouts: statement.lists.payouts,
      zeroQueries: statement.lists.zeroQueries, proof, stages, ...(requestId ? { requestId } : {}),
    },
  };
}
