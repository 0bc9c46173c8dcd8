/** Registration: commits adapter, training activations and G, and proves the features relation. */
import { features } from '../../src/attribution/index.js';
import { featureRecord, featuresContext, recordId, trainingBoundaries, type AdapterData, type Deployment, type TrainingData } from '../../src/chain/index.js';
import { commit, randomScalar, type Committed, type IntTable } from '../../src/commitment/kzg.js';
import { splitBlocks } from '../../src/inference/blocks.js';
import type { ModelBundle } from '../../src/models/bundle.js';
import type { Registration, RegistrationSecrets } from '../../src/protocol/artifacts.js';
import { featuresStatement } from '../../src/statement/records.js';
import { relationShape, type SizeClass } from '../../src/statement/sizeClass.js';
import type { Statement } from '../../src/statement/statement.js';
import type { Address, Hex } from 'viem';
import { drawMask, prove, type ProveOptions } from '../prove.js';
import { fieldTable, type ActivationBlock } from '../witness/witness.js';

type Int8Table = Extract<IntTable, { kind: 'int8' }>;

export interface RegistrationInput {
  bundle: ModelBundle;
  cls: SizeClass;
  deployment: Pick<Deployment, 'chainId' | 'verifier' | 'models'>;
  owner: Address;
  /** Datanet snapshot of the training rows: these contributors, with these rows. */
  snapshot: { datanetId: bigint; snapshotId: Hex; contributionIds: readonly bigint[] };
  /** Verifier that is asked, by its name in the gateway. */
  selector: Hex;
  /** Account of each contributor, in the bundle's order, which is the snapshot's: ascending. */
  payoutAddresses: readonly Address[];
}

export interface RegistrationOutput {
  registration: Registration;
  secrets: RegistrationSecrets;
  statement: Statement;
}

export async function buildRegistration({ bundle, cls, deployment, owner, snapshot, selector, payoutAddresses }: RegistrationInput, options: ProveOptions): Promise<RegistrationOutput> {
  const { kernels, srs } = options;
  const { manifest, adapter, train } = bundle;
  const shape = relationShape(cls, 'features');
  const int8 = (data: Int8Array): Promise<Committed<Int8Table>> => commit<Int8Table>(kernels, srs, { kind: 'int8', data }, randomScalar());
  options.progress?.('commit adapter');
  const a = await int8(adapter.A), b = await int8(adapter.B), aStar = await int8(adapter.queryA), bStar = await int8(adapter.queryB);

  options.progress?.('commit training activations');
  const heightLog = Math.log2(manifest.trainHeight) - shape.blocksLog;
  const blocks: ActivationBlock[] = [];
  for (const block of splitBlocks({ rows: manifest.trainHeight, X: train.X, Delta: train.Delta }, 2 ** heightLog)) {
    blocks.push({
      delta: await commit<Extract<IntTable, { kind: 'int16' }>>(kernels, srs, { kind: 'int16', data: block.Delta }, randomScalar()),
      x: await int8(block.X),
    });
  }
  options.progress?.('features');
  const rows = manifest.contributors.map((c) => c.rows);
  const boundaries = trainingBoundaries(rows);
  const g = await commit(kernels, srs, { kind: 'fr' as const, data: fieldTable(features(adapter.A, adapter.B, train.X, train.Delta, boundaries, shape)) }, randomScalar());

  const adapterData: AdapterData = {
    owner, classId: cls.id, a: a.commitment, b: b.commitment, aStar: aStar.commitment, bStar: bStar.commitment, modelHash: manifest.modelHash, quantisationHash: manifest.adapterId, snapshotId: snapshot.snapshotId,
  };
  const training: TrainingData = { heightLog, dlt: blocks.map((block) => block.delta.commitment), x: blocks.map((block) => block.x.commitment), rows };
  const keeper = { chainId: deployment.chainId, address: deployment.models };
  const record = featureRecord(keeper, adapterData, training, payoutAddresses, g.commitment);
  const id = recordId(keeper, record);

  const mask = await drawMask(kernels, srs, cls, 'features', heightLog + shape.blocksLog);
  const statement = featuresStatement({
    cls, chainId: BigInt(deployment.chainId), verifier: BigInt(deployment.verifier), context: BigInt(featuresContext(deployment.models, id, owner)), heightLog, boundaries,
    commitments: { delta: [...training.dlt], x: [...training.x], b: b.commitment, a: a.commitment, g: g.commitment, mask: mask.commitment },
  });
  const padding = new Array<undefined>(shape.blocks - blocks.length).fill(undefined);
  const { proof, stages } = await prove(statement, { blocks: [...blocks, ...padding], a, b, g }, mask, options);
  return {
    statement,
    registration: {
      format: 'zkattr-registration', className: cls.name, chainId: deployment.chainId, verifier: deployment.verifier, models: deployment.models,
      adapterId: record.adapterId, recordId: id, adapter: adapterData, datanetId: snapshot.datanetId, contributionIds: [...snapshot.contributionIds],
      training: { ...training, dlt: [...training.dlt], x: [...training.x], rows: [...rows] },
      contributors: manifest.contributors.map(({ name, kind, identity }, c) => ({ name, kind, identity, address: payoutAddresses[c] })),
      selector, g: g.commitment, mask: mask.commitment, proof, stages,
    },
    secrets: {
      format: 'zkattr-registration-secrets', recordId: id, a: a.rho, b: b.rho, aStar: aStar.rho, bStar: bStar.rho, g: g.rho,
      blocks: blocks.map((block) => ({ delta: block.delta.rho, x: block.x.rho })),
    },
  };
}
