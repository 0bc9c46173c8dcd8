/**
 * What a prover needs of a job, as containers. A record package belongs to all jobs of one feature record, a block package to one
 * committed block. Both hold activations and blinding factors: whoever gets them can prove, and can read the data, but can make
 * nothing false pass. They are for the coordinator and the provers it leases to.
 */
import { z } from 'zod';
import { NetworkError } from '../../errors/network.js';
import { sizeClass } from '../../statement/classes.js';
import { batchSchema, batchSecretsSchema, registrationSchema, registrationSecretsSchema, type Batch, type BatchSecrets, type Registration, type RegistrationSecrets } from '../artifacts.js';
import { count } from '../words.js';
import { decodeContainer, encodeContainer } from './container.js';

/** Tables of an adapter, int8, rows (a,l,j) as in src/models. */
export interface AdapterRows {
  A: Int8Array;
  B: Int8Array;
  queryA: Int8Array;
  queryB: Int8Array;
}

/** Registration, its secrets, and the tables from which a prover computes the contributors' features. */
export interface RecordPackage {
  registration: Registration;
  secrets: RegistrationSecrets;
  adapter: AdapterRows;
  /** Training activations with the padding of their height. */
  train: { X: Int8Array; Delta: Int16Array };
  /** Ends of the contributors' rows. */
  boundaries: number[];
}

/** One committed batch: what was signed, the tables of its block, and their blinding factors. */
export interface BlockPackage {
  batch: Batch;
  secrets: BatchSecrets;
  X: Int8Array;
  Delta: Int16Array;
}

const recordHeader = z.strictObject({ kind: z.literal('record'), registration: registrationSchema, secrets: registrationSecretsSchema, boundaries: z.array(count) });
const blockHeader = z.strictObject({ kind: z.literal('block'), batch: batchSchema, secrets: batchSecretsSchema });

const raw = (a: Int8Array | Int16Array): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
const int8 = (a: Uint8Array): Int8Array => new Int8Array(a.buffer, a.byteOffset, a.byteLength);
const int16 = (a: Uint8Array): Int16Array => new Int16Array(a.buffer, a.byteOffset, a.byteLength / 2);

export const encodeRecordPackage = ({ registration, secrets, adapter, train, boundaries }: RecordPackage): Uint8Array => encodeContainer({
  header: { kind: 'record', registration, secrets, boundaries },
  sections: { A: raw(adapter.A), B: raw(adapter.B), queryA: raw(adapter.queryA), queryB: raw(adapter.queryB), X: raw(train.X), Delta: raw(train.Delta) },
});

export const encodeBlockPackage = ({ batch, secrets, X, Delta }: BlockPackage): Uint8Array =>
  encodeContainer({ header: { kind: 'block', batch, secrets }, sections: { X: raw(X), Delta: raw(Delta) } });

/** @throws NetworkError CONTAINER, PACKAGE: another kind, a field that does not parse, a table of another size than the class says */
export function decodeRecordPackage(data: Uint8Array): RecordPackage {
  const { header, sections } = decodeContainer(data), { registration, secrets, boundaries } = parsed(recordHeader, header);
  const cls = sizeClass(registration.className), { layersLog, rankLog, widthLog } = cls, rows = 2 ** registration.training.heightLog * 2 ** (layersLog + widthLog) * registration.training.x.length;
  const table = 2 ** (rankLog + layersLog + widthLog);
  requireSections(sections, { A: table, B: table, queryA: table, queryB: table, X: rows, Delta: 2 * rows });
  const { A, B, queryA, queryB, X, Delta } = sections;
  return { registration, secrets, boundaries, adapter: { A: int8(A), B: int8(B), queryA: int8(queryA), queryB: int8(queryB) }, train: { X: int8(X), Delta: int16(Delta) } };
}

/** The size class is the record's: checkBlockSize. @throws NetworkError as decodeRecordPackage */
export function decodeBlockPackage(data: Uint8Array, className: string): BlockPackage {
  const { header, sections } = decodeContainer(data), { batch, secrets } = parsed(blockHeader, header), cls = sizeClass(className);
  const rows = 2 ** (batch.signed.receipt.heightLog + cls.layersLog + cls.widthLog);
  requireSections(sections, { X: rows, Delta: 2 * rows });
  return { batch, secrets, X: int8(sections.X), Delta: int16(sections.Delta) };
}

function parsed<S extends z.ZodType>(schema: S, header: unknown): z.output<S> {
  const result = schema.safeParse(header);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new NetworkError('package does not match its format', { code: 'PACKAGE', where: issue.path.join('.') || 'header', got: issue.message, hint: 'it was made by another version' });
}

function requireSections(sections: Record<string, Uint8Array>, sizes: Record<string, number>): void {
  const names = Object.keys(sections).sort().join(), expected = Object.keys(sizes).sort().join();
  if (names !== expected) throw new NetworkError('package has other tables', { code: 'PACKAGE', where: 'sections', expected, got: names });
  for (const [name, size] of Object.entries(sizes)) {
    if (sections[name].length !== size) throw new NetworkError('table has the wrong size', { code: 'PACKAGE', where: name, expected: `${size} bytes`, got: sections[name].length });
  }
}
