/** Part 4: one batch is what its receipt says, and its tables are what the model gives on its inputs. */
import { blockId, type BlockRecord } from '../chain/index.js';
import type { G1Affine } from '../curve/bn254.js';
import { AuditMismatchError } from '../errors/audit.js';
import { FileError } from '../errors/files.js';
import { readFileChecked } from '../files/atomic.js';
import type { ActivationTables } from '../inference/pack.js';
import { inputHashOf, outputHashOf, verifyReceipt } from '../inference/receipt.js';
import { runTaps, runtimeVersion, type TapResult } from '../inference/session.js';
import { quantizedMax } from '../quantize/index.js';
import { batchSchema, batchSecretsSchema, readArtifact, type Batch, type BatchSecrets, type Registration } from '../protocol/artifacts.js';
import type { InferenceReceipt } from '../protocol/receipt.js';
import { batchBlock } from '../protocol/statements.js';
import { assertRange, assertSame, assertSameTable, assertSameWord, firstDifference, mismatch, samePoints } from './compare.js';
import { commitValues } from './commitments.js';
import { artifactPath, type AuditContext, type AuditedModel } from './context.js';
import { auditOrder, auditReceipts } from './receipts.js';
import type { AuditedRegistration } from './registration.js';

export interface AuditedBatch {
  folder: string;
  batch: Batch;
  record: BlockRecord;
  /** The committed tables, when they are known. */
  tables?: ActivationTables;
}

const rowsOf = (receipt: InferenceReceipt): number => receipt.inferences.reduce((sum, i) => sum + i.rows, 0);

/** A raw file of exactly `bytes` bytes. @throws FileError */
async function readTable(context: AuditContext, file: string, bytes: number): Promise<ArrayBuffer> {
  const path = artifactPath(context, file), data = await readFileChecked(path);
  if (data.length !== bytes) throw new FileError('table has the wrong size', { code: 'TABLE_SIZE', where: path, expected: `${bytes} bytes`, got: data.length, hint: 'it is truncated or of another batch' });
  return Uint8Array.from(data).buffer;
}

export async function auditBatch(context: AuditContext, folder: string, model: AuditedModel | undefined, { registration, cls }: AuditedRegistration): Promise<AuditedBatch | undefined> {
  const { list } = context, at = (file: string): string => `batches/${folder}/${file}`, title = (what: string): string => `batch ${folder}: ${what}`;
  const batch = await list.value(title('file'), () => readArtifact(artifactPath(context, at('batch.json')), batchSchema), (b) => `${b.signed.receipt.inferences.length} inferences`);
  if (!batch) return undefined;
  const { receipt } = batch.signed, rows = rowsOf(receipt);
  await auditReceipt(context, batch, registration, at('batch.json'), title('receipt'));
  await auditSplit(context, batch, at('batch.json'), title('split'));
  if (receipt.heightLog + cls.blocksLog > cls.tokensLog) {
    list.add(title('height'), false, `${at('batch.json')}: heightLog ${receipt.heightLog} is more than a block of class ${cls.name} holds`);
    return undefined;
  }

  const record = batchBlock(batch), id = blockId({ chainId: receipt.chainId, address: receipt.registry }, registration.recordId, record);
  await list.check(title('block id'), () => {
    assertSameWord(at('batch.json'), 'blockId', id, batch.blockId);
    return id;
  });
  await auditOrder(context, folder, receipt, title('order'));
  await auditReceipts(context, folder, receipt, title('receipts of the payers'));
  const secrets = await list.value(title('secrets'), async () => {
    const read = await readArtifact(artifactPath(context, at('secrets.json')), batchSecretsSchema);
    assertSameWord(at('secrets.json'), 'blockId', id, read.blockId);
    return read;
  }, () => 'blinding factors of X and Delta');

  const inputs = await list.value(title('inputs'), async () => {
    const width = model?.bundle.manifest.taps.inputWidth ?? (await readFileChecked(artifactPath(context, at('inputs.f32')))).length / (4 * rows);
    const values = new Float32Array(await readTable(context, at('inputs.f32'), rows * width * 4));
    eachInference(receipt, (i, from, to) => {
      const hash = inputHashOf(values.slice(from * width, to * width), to - from);
      if (hash !== receipt.inferences[i].inputHash) throw new AuditMismatchError(at('inputs.f32'), `inference ${i}, row ${from}`, `keccak256 is ${hash}, the receipt has ${receipt.inferences[i].inputHash}`);
    });
    return values;
  }, () => `${rows} rows, hashes equal the receipt's`);
  await list.check(title('predictions'), () => {
    assertSame(at('batch.json'), 'predictions: length', rows, batch.predictions.length);
    eachInference(receipt, (i, from, to) => {
      const hash = outputHashOf(Int32Array.from(batch.predictions.slice(from, to)));
      if (hash !== receipt.inferences[i].outputHash) throw new AuditMismatchError(at('batch.json'), `predictions[${from}]`, `keccak256 is ${hash}, the receipt has ${receipt.inferences[i].outputHash}`);
    });
    return 'hashes equal the receipt\'s';
  });

  const entries = 2 ** (receipt.heightLog + cls.layersLog + cls.widthLog);
  const table = <T extends Int8Array | Int16Array>(file: string, make: (data: ArrayBuffer) => T, bytes: number, limit: number): Promise<T | undefined> => list.value(title(file), async () => {
    const values = make(await readTable(context, at(file), entries * bytes));
    assertRange(at(file), cls, values, limit);
    return values;
  }, () => `${2 ** receipt.heightLog} rows, in -${limit}..${limit}`);
  const X = await table('X.i8', (data) => new Int8Array(data), 1, quantizedMax(8)), Delta = await table('Delta.i16', (data) => new Int16Array(data), 2, quantizedMax(16));
  const replay = await auditReplay(context, batch, model, inputs, { X, Delta }, at, title);
  const stated = X && Delta ? { rows: 2 ** receipt.heightLog, X, Delta } : undefined;
  if (!secrets) list.skip(title('commitments'), `${at('secrets.json')} could not be read`);
  const tables = secrets ? await auditCommitments(context, receipt, secrets, stated, replay, at, title('commitments')) : stated;
  await auditLabels(context, batch, model, inputs, at('batch.json'), title('labels'));
  return { folder, batch, record, tables };
}

/** Rows of every inference in turn. */
function eachInference(receipt: InferenceReceipt, visit: (index: number, from: number, to: number) => void): void {
  let from = 0;
  receipt.inferences.forEach(({ rows }, i) => { visit(i, from, from + rows); from += rows; });
}

/** Request hashes and signature first, then that the receipt is about this deployment, model and adapter. */
async function auditReceipt({ list, deployment }: AuditContext, batch: Batch, r: Registration, file: string, title: string): Promise<void> {
  await list.check(title, async () => {
    for (const wanted of [{}, { chainId: r.chainId, modelHash: r.adapter.modelHash, adapterId: r.adapterId }]) {
      const result = await verifyReceipt(batch.signed, wanted);
      if (!result.ok) throw new AuditMismatchError(file, 'signed', result.error.message);
    }
    const { registry } = batch.signed.receipt;
    const own = deployment?.contracts.inferences.address;
    if (own && own !== registry) throw new AuditMismatchError('deployment.json', 'contracts.inferences.address', `artifact has ${own}, the signed receipt of ${file} names ${registry}`);
    return `signed by ${batch.signed.receipt.node}`;
  });
}

/** The first split of a deployment is in its manifest; later ones only the chain knows. */
function auditSplit({ list, deployment }: AuditContext, { split }: Batch, file: string, title: string): Promise<boolean> {
  return list.check(title, () => {
    if (split.id < 1) throw new AuditMismatchError(file, 'split.id', `ids of splits start at 1, artifact has ${split.id}`);
    if (split.id > 1) return `split ${split.id}: not of the manifest`;
    if (deployment) assertSame(file, 'split.contributors', deployment.config.split.contributors, split.contributors);
    return `split 1: ${split.contributors} basis points of every fee are the contributors'`;
  });
}

/** Re-inference: predictions and both tables, to the bit. A difference of the runtime's build is a finding of its own, before them. */
async function auditReplay(
  { list }: AuditContext, batch: Batch, model: AuditedModel | undefined, inputs: Float32Array | undefined, stated: { X?: Int8Array; Delta?: Int16Array },
  at: (file: string) => string, title: (what: string) => string,
): Promise<TapResult | undefined> {
  const { receipt } = batch.signed;
  if (!model || !inputs) {
    list.skip(title('replay'), model ? `${at('inputs.f32')} could not be used` : 'the model bundle is not usable');
    return undefined;
  }
  const { manifest } = model.bundle;
  let replay: TapResult | undefined, failure: unknown;
  try {
    replay = await runTaps(model.session, inputs, { scales: manifest.scales, shape: manifest.sizeClass }, undefined, 2 ** receipt.heightLog);
  } catch (error) {
    failure = error;
  }
  const equal = replay && stated.X && stated.Delta && !firstDifference(replay.X, stated.X) && !firstDifference(replay.Delta, stated.Delta);
  const here = runtimeVersion();
  await list.check(title('runtime'), () => {
    if (receipt.runtime === here) return here;
    if (equal) return `the receipt names ${receipt.runtime}, this is ${here}; the tables are equal all the same`;
    throw new AuditMismatchError(at('batch.json'), 'runtime', `the receipt names ${receipt.runtime}, this is ${here}: replay on that build before blaming the node`);
  });
  await list.check(title('replay'), () => {
    if (!replay) throw new AuditMismatchError(at('inputs.f32'), 'replay', (failure as Error).message);
    batch.predictions.forEach((prediction, i) => assertSame(at('batch.json'), `predictions[${i}]`, replay.predictions[i], prediction));
    if (stated.X) assertSameTable(at('X.i8'), manifest.sizeClass, replay.X, stated.X);
    if (stated.Delta) assertSameTable(at('Delta.i16'), manifest.sizeClass, replay.Delta, stated.Delta);
    return 'predictions, X and Delta equal to the bit';
  });
  return replay;
}

/**
 * Commitments of the stated tables against the receipt's. Where they differ, the replayed table tells whether the file was altered
 * after it was committed.
 * @returns the tables that the receipt commits to, as far as they are known
 */
async function auditCommitments(
  { list, srs }: AuditContext, receipt: InferenceReceipt, secrets: BatchSecrets, stated: ActivationTables | undefined, replay: TapResult | undefined, at: (file: string) => string, title: string,
): Promise<ActivationTables | undefined> {
  const { rows } = stated ?? replay ?? { rows: 0 };
  const committed: { X?: Int8Array; Delta?: Int16Array } = {};
  await list.check(title, async () => {
    const faults: Error[] = [];
    for (const [role, file, key] of [['X', 'X.i8', 'x'], ['Delta', 'Delta.i16', 'delta']] as const) {
      const expected: G1Affine = { x: BigInt(receipt[role].x), y: BigInt(receipt[role].y) };
      const commit = (values: Int8Array | Int16Array): Promise<G1Affine> => commitValues(srs, { values, rho: secrets[key], blame: at('secrets.json'), place: key });
      const own = stated && await commit(stated[role]);
      if (own && samePoints(own, expected)) {
        Object.assign(committed, { [role]: stated[role] });
        continue;
      }
      const altered = replay && (!stated || firstDifference(replay[role], stated[role]) !== undefined);
      const again = altered ? await commit(replay[role]) : undefined;
      if (again && samePoints(again, expected)) {
        Object.assign(committed, { [role]: replay![role] });
        faults.push(new AuditMismatchError(at(file), 'commitment', 'the replayed table gives the receipt\'s commitment, this one does not: it was altered after it was committed'));
      } else faults.push(mismatch(altered || !replay ? at(file) : at('secrets.json'), altered || !replay ? 'commitment' : key, own ?? 'none', expected, ' (commitment of table and blinding factor)'));
    }
    if (faults.length > 0) throw faults[0];
    return 'X and Delta equal those of receipt and block';
  });
  return committed.X && committed.Delta ? { rows, X: committed.X, Delta: committed.Delta } : stated;
}

/** Labels are for the report; those of rows in the bundle's held-out set can be compared. */
function auditLabels({ list }: AuditContext, batch: Batch, model: AuditedModel | undefined, inputs: Float32Array | undefined, file: string, title: string): Promise<boolean> | void {
  if (!model || !inputs) return;
  const { heldOut, manifest: { taps: { inputWidth: width } } } = model.bundle;
  const key = (values: Float32Array, row: number): string => Buffer.from(values.buffer, values.byteOffset + 4 * row * width, 4 * width).toString('latin1');
  const known = new Map<string, Set<number>>();
  heldOut.labels.forEach((label, row) => {
    const k = key(heldOut.inputs, row);
    known.set(k, (known.get(k) ?? new Set()).add(label));
  });
  return list.check(title, () => {
    assertSame(file, 'labels: length', batch.predictions.length, batch.labels.length);
    let compared = 0;
    batch.labels.forEach((label, row) => {
      const labels = known.get(key(inputs, row));
      if (!labels || label < 0) return;
      compared++;
      if (!labels.has(label)) throw mismatch(file, `labels[${row}]`, [...labels][0], label);
    });
    return `${compared} of ${batch.labels.length} are of held-out rows, equal; they enter no proof`;
  });
}
