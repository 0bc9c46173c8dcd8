/**
 * A model as it is registered and served, in memory and on disk.
 * Folder: manifest.json (this schema) and the raw little-endian files it lists with size and keccak256:
 *   model.onnx                                     served model with taps
 *   A.i8 B.i8 queryA.i8 queryB.i8                  int8 (a,l,j), B and B* transposed
 *   train.X.i8 train.Delta.i16                     int8, int16 (t,l,j); rows beyond the last boundary are zero
 *   train.inputs.f32 train.labels.i32              the contributors' rows, (rows, inputWidth)
 *   heldout.inputs.f32 heldout.labels.i32          rows nobody contributed: accuracy, demo queries
 * The manifest is written last: a folder without it is not a bundle.
 */
import { join } from 'node:path';
import { concatHex, keccak256, numberToHex, stringToHex, type Hex } from 'viem';
import { z } from 'zod';
import { BundleError } from '../errors/models.js';
import { readFileChecked, writeFileAtomic } from '../files/atomic.js';
import type { TapSpec } from '../inference/session.js';
import { checkScale, scaleHash } from '../quantize/index.js';
import type { AdapterTables, Scales } from './quantizedAdapter.js';

const hash = z.custom<Hex>((v) => typeof v === 'string' && /^0x[0-9a-f]{64}$/.test(v), 'a 32-byte hex word');
const count = z.int().nonnegative();
const log = z.int().min(0).max(24);
const scale = z.number().refine((v) => { try { checkScale(v, 'scale'); return true; } catch { return false; } }, 'a positive float32');

export const manifestSchema = z.strictObject({
  format: z.literal('zkattr-bundle'),
  version: z.literal(1),
  name: z.string(),
  seed: count,
  sizeClass: z.strictObject({ id: count, name: z.string(), layersLog: log, rankLog: log, widthLog: log }),
  taps: z.strictObject({ inputWidth: count, classes: count, layers: z.array(z.strictObject({ x: count, delta: count })) }),
  scales: z.strictObject({ A: scale, B: scale, queryA: scale, queryB: scale, x: scale, delta: scale }),
  damping: z.number().positive(),
  modelHash: hash,
  adapterId: hash,
  contributors: z.array(z.strictObject({
    index: count, name: z.string(), kind: z.enum(['honest', 'flipped', 'duplicate', 'sybil']), identity: z.string(), rows: count, copyOf: count.optional(),
  })),
  boundaries: z.array(count),
  /** Rows of train.X and train.Delta, padding included: a power of two. */
  trainHeight: count,
  accuracy: z.strictObject({ base: z.number(), adapted: z.number() }),
  files: z.record(z.string(), z.strictObject({ bytes: count, keccak256: hash })),
});
export type BundleManifest = z.infer<typeof manifestSchema>;

export interface LabelledRows {
  /** float32 (n, inputWidth). */
  inputs: Float32Array;
  labels: Int32Array;
}

export interface ModelBundle {
  manifest: BundleManifest;
  model: Uint8Array;
  adapter: AdapterTables;
  train: LabelledRows & { X: Int8Array; Delta: Int16Array };
  heldOut: LabelledRows;
}

const view = (a: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);

/**
 * Identity of an adapter: keccak256("zkattr.adapter.v1", class id, keccak256 of the model, of A, B, A*, B*, scale hashes of A, B, A*, B*, x, delta).
 */
export function adapterIdOf(modelHash: Hex, tables: AdapterTables, scales: Scales, classId: number): Hex {
  return keccak256(concatHex([
    keccak256(stringToHex('zkattr.adapter.v1')), numberToHex(classId, { size: 32 }), modelHash,
    ...[tables.A, tables.B, tables.queryA, tables.queryB].map((t) => keccak256(view(t))),
    ...[scales.A, scales.B, scales.queryA, scales.queryB, scales.x].map((s) => scaleHash(s, 8)), scaleHash(scales.delta, 16),
  ]));
}

/** Files of a bundle by name. */
export function bundleFiles(bundle: Omit<ModelBundle, 'manifest'>): Record<string, Uint8Array> {
  const { adapter, train, heldOut } = bundle;
  return {
    'model.onnx': bundle.model,
    'A.i8': view(adapter.A), 'B.i8': view(adapter.B), 'queryA.i8': view(adapter.queryA), 'queryB.i8': view(adapter.queryB),
    'train.X.i8': view(train.X), 'train.Delta.i16': view(train.Delta), 'train.inputs.f32': view(train.inputs), 'train.labels.i32': view(train.labels),
    'heldout.inputs.f32': view(heldOut.inputs), 'heldout.labels.i32': view(heldOut.labels),
  };
}

/** Size and hash of every file, for the manifest. */
export const fileTable = (files: Record<string, Uint8Array>): BundleManifest['files'] =>
  Object.fromEntries(Object.entries(files).map(([name, data]) => [name, { bytes: data.length, keccak256: keccak256(data) }]));

/** The tap contract of a bundle, for `loadTapSession`. */
export const tapSpecOf = (manifest: BundleManifest): TapSpec => manifest.taps;

/** Writes a bundle folder; every file complete or absent, the manifest last. @throws FileError */
export async function writeBundle(folder: string, bundle: ModelBundle): Promise<void> {
  for (const [name, data] of Object.entries(bundleFiles(bundle))) await writeFileAtomic(join(folder, name), data);
  await writeFileAtomic(join(folder, 'manifest.json'), `${JSON.stringify(bundle.manifest, null, 2)}\n`);
}

/**
 * Reads and checks a bundle: schema, size and hash of every file, table lengths, model hash, adapter id.
 * @throws FileError when a file is missing, BundleError (code BUNDLE_MANIFEST, BUNDLE_TRUNCATED, BUNDLE_HASH, BUNDLE_SHAPE)
 */
export async function readBundle(folder: string): Promise<ModelBundle> {
  const path = join(folder, 'manifest.json');
  let json: unknown;
  const text = (await readFileChecked(path)).toString('utf8');
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BundleError('manifest is not JSON', { code: 'BUNDLE_MANIFEST', where: path, hint: 'it is truncated: build the bundle again', cause });
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BundleError('manifest does not match its schema', { code: 'BUNDLE_MANIFEST', where: `${path}: ${issue.path.join('.')}`, got: issue.message, hint: 'it was written by another version: build the bundle again', cause: parsed.error });
  }
  const manifest = parsed.data;
  const read = async (name: string): Promise<ArrayBuffer> => {
    const where = join(folder, name), entry = manifest.files[name];
    if (!entry) throw new BundleError('manifest does not list the file', { code: 'BUNDLE_MANIFEST', where: name, hint: 'build the bundle again' });
    const data = await readFileChecked(where);
    if (data.length !== entry.bytes) {
      throw new BundleError('file has the wrong size', { code: 'BUNDLE_TRUNCATED', where, expected: entry.bytes, got: data.length, hint: 'it is truncated or of another bundle: build or copy it again' });
    }
    const got = keccak256(data);
    if (got !== entry.keccak256) throw new BundleError('file has the wrong hash', { code: 'BUNDLE_HASH', where, expected: entry.keccak256, got, hint: 'it was altered: build or copy it again' });
    return Uint8Array.from(data).buffer;
  };
  const model = new Uint8Array(await read('model.onnx'));
  const adapter: AdapterTables = {
    A: new Int8Array(await read('A.i8')), B: new Int8Array(await read('B.i8')), queryA: new Int8Array(await read('queryA.i8')), queryB: new Int8Array(await read('queryB.i8')),
  };
  const width = manifest.taps.inputWidth, { layersLog, rankLog, widthLog } = manifest.sizeClass;
  const row = 1 << (layersLog + widthLog), table = row << rankLog, rows = manifest.boundaries.at(-1) ?? 0;
  const expect = (name: string, expected: number): void => {
    const got = manifest.files[name].bytes;
    if (got !== expected) throw new BundleError('file does not fit the manifest', { code: 'BUNDLE_SHAPE', where: join(folder, name), expected: `${expected} bytes`, got, hint: 'build the bundle again' });
  };
  const bundle: ModelBundle = {
    manifest, model, adapter,
    train: { X: new Int8Array(await read('train.X.i8')), Delta: new Int16Array(await readAligned(read, 'train.Delta.i16', 2)), ...(await labelled('train')) },
    heldOut: await labelled('heldout'),
  };
  async function labelled(prefix: string): Promise<LabelledRows> {
    return { inputs: new Float32Array(await readAligned(read, `${prefix}.inputs.f32`, 4)), labels: new Int32Array(await readAligned(read, `${prefix}.labels.i32`, 4)) };
  }
  for (const name of ['A.i8', 'B.i8', 'queryA.i8', 'queryB.i8']) expect(name, table);
  expect('train.X.i8', manifest.trainHeight * row);
  expect('train.Delta.i16', manifest.trainHeight * row * 2);
  expect('train.inputs.f32', rows * width * 4);
  expect('train.labels.i32', rows * 4);
  expect('heldout.inputs.f32', bundle.heldOut.labels.length * width * 4);
  if (manifest.boundaries.length !== manifest.contributors.length || manifest.boundaries.some((b, i) => b < (manifest.boundaries[i - 1] ?? 0)) || rows > manifest.trainHeight) {
    throw new BundleError('boundaries do not fit the contributors', { code: 'BUNDLE_SHAPE', where: path, expected: `${manifest.contributors.length} rising values up to ${manifest.trainHeight}`, got: manifest.boundaries });
  }
  const modelHash = keccak256(model), adapterId = adapterIdOf(modelHash, adapter, manifest.scales, manifest.sizeClass.id);
  if (modelHash !== manifest.modelHash || adapterId !== manifest.adapterId) {
    throw new BundleError('manifest names another model or adapter', { code: 'BUNDLE_HASH', where: path, expected: manifest.adapterId, got: adapterId, hint: 'files and manifest are of different bundles' });
  }
  return bundle;
}

async function readAligned(read: (name: string) => Promise<ArrayBuffer>, name: string, unit: number): Promise<ArrayBuffer> {
  const data = await read(name);
  if (data.byteLength % unit !== 0) throw new BundleError('file does not fit the manifest', { code: 'BUNDLE_SHAPE', where: name, expected: `a multiple of ${unit} bytes`, got: data.byteLength });
  return data;
}
