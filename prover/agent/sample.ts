/** A full payout job of a class, of random tables: what the benchmark proves. All queries, all blocks, the greatest height. */
import { randomFillSync } from 'node:crypto';
import { toHex, zeroAddress } from 'viem';
import { features } from '../../src/attribution/index.js';
import { blockId, blockRecord, trainingBoundaries } from '../../src/chain/index.js';
import { commit, randomScalar, type Committed, type IntTable } from '../../src/commitment/kzg.js';
import type { Srs } from '../../src/commitment/srs.js';
import type { Registration, RegistrationSecrets } from '../../src/protocol/artifacts.js';
import { relationShape, type SizeClass } from '../../src/statement/sizeClass.js';
import type { Kernels } from '../kernels/types.js';
import { fieldTable } from '../witness/witness.js';
import type { JobBatch, PayoutInput } from '../workflow/payout.js';

type Of<K extends IntTable['kind']> = Extract<IntTable, { kind: K }>;

const word = (n: number): `0x${string}` => toHex(n, { size: 32 });
const FEE = 10n ** 15n;

export async function samplePayout(kernels: Kernels, srs: Srs, cls: SizeClass): Promise<PayoutInput> {
  const shape = relationShape(cls, 'payout'), trainShape = relationShape(cls, 'features'), row = 1 << (cls.layersLog + cls.widthLog);
  const int8 = (length: number): Int8Array => randomFillSync(new Int8Array(length)), int16 = (length: number): Int16Array => randomFillSync(new Int16Array(length));
  const commit8 = (data: Int8Array): Promise<Committed<Of<'int8'>>> => commit<Of<'int8'>>(kernels, srs, { kind: 'int8', data }, randomScalar());
  const adapter = { A: int8(row << cls.rankLog), B: int8(row << cls.rankLog), queryA: int8(row << cls.rankLog), queryB: int8(row << cls.rankLog) };
  // One row each is enough: the payout takes G, whatever it is the sum of.
  const trainRows = trainShape.contributors, train = { X: int8(trainRows * row), Delta: int16(trainRows * row) };
  const boundaries = trainingBoundaries(Array.from({ length: trainShape.contributors }, () => 1));
  const aStar = await commit8(adapter.queryA), bStar = await commit8(adapter.queryB);
  const g = await commit(kernels, srs, { kind: 'fr' as const, data: fieldTable(features(adapter.A, adapter.B, train.X, train.Delta, boundaries, trainShape)) }, randomScalar());

  const heightLog = shape.tokensLogMax - shape.blocksLog, height = 2 ** heightLog, recordId = word(1), batches: JobBatch[] = [];
  for (let k = 0; k < shape.blocks; k++) {
    const tables = { rows: height, X: int8(height * row), Delta: int16(height * row) };
    const x = await commit8(tables.X), delta = await commit<Of<'int16'>>(kernels, srs, { kind: 'int16', data: tables.Delta }, randomScalar());
    const queries = Math.max(1, Math.min(height, Math.floor(shape.queries / shape.blocks))), rows = Math.floor(height / queries);
    const record = blockRecord({
      node: zeroAddress, adapterId: word(2), heightLog, dlt: delta.commitment, x: x.commitment, receiptHash: word(3 + k),
      inferences: Array.from({ length: queries }, (_, q) => ({ requestHash: word(q), nonce: BigInt(k), rows, outputHash: word(q) })),
    }, 1);
    const id = blockId({ chainId: 31337, address: zeroAddress }, recordId, record);
    batches.push({ folder: id, blockId: id, record, tables, secrets: { format: 'zkattr-batch-secrets', blockId: id, delta: delta.rho, x: x.rho }, fees: record.inferences.map(() => FEE) });
  }
  return {
    bundle: { adapter, train, manifest: { boundaries } }, cls, batches, prover: zeroAddress, selector: word(4),
    deployment: { chainId: 31337, verifier: zeroAddress, settlement: zeroAddress },
    // What a payout takes of a registration and its secrets; it is proved nowhere.
    registration: { recordId, adapter: { aStar: aStar.commitment, bStar: bStar.commitment }, g: g.commitment } as unknown as Registration,
    secrets: { recordId, aStar: aStar.rho, bStar: bStar.rho, g: g.rho } as RegistrationSecrets,
  };
}
