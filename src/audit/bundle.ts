/** Part 1: the model bundle is whole, its tables have the shape of the class, the runtime loads the model. */
import { AuditMismatchError } from '../errors/audit.js';
import { loadTapSession, type TapSession } from '../inference/session.js';
import { readBundle, tapSpecOf, type ModelBundle } from '../models/bundle.js';
import { quantizedMax } from '../quantize/index.js';
import { sizeClass } from '../statement/classes.js';
import { assertRange, assertSame, placeOf, placeText } from './compare.js';
import { artifactPath, type AuditContext, type AuditedModel } from './context.js';

type IntegerTable = Int8Array | Int16Array;

/** Entries outside the tapped widths and layers are padding: zero. @throws AuditMismatchError */
function assertPadding(artifact: string, table: IntegerTable, bundle: ModelBundle, side: 'x' | 'delta'): void {
  const { sizeClass: shape, taps } = bundle.manifest;
  for (let i = 0; i < table.length; i++) {
    if (table[i] === 0) continue;
    const place = placeOf(i, shape);
    if (place.column >= (taps.layers[place.layer]?.[side] ?? 0)) throw new AuditMismatchError(artifact, placeText(place), `padding is ${table[i]}, not 0`);
  }
}

/** Ranges of the quantiser and padding of every committed table of the bundle. @throws AuditMismatchError */
function assertTables(bundle: ModelBundle): void {
  const { adapter, train, manifest } = bundle;
  const tables: [string, IntegerTable, 'x' | 'delta', 8 | 16][] = [
    ['A.i8', adapter.A, 'x', 8], ['B.i8', adapter.B, 'delta', 8], ['queryA.i8', adapter.queryA, 'x', 8], ['queryB.i8', adapter.queryB, 'delta', 8],
    ['train.X.i8', train.X, 'x', 8], ['train.Delta.i16', train.Delta, 'delta', 16],
  ];
  const rows = manifest.boundaries.at(-1) ?? 0;
  for (const [name, table, side, bits] of tables) {
    const artifact = `model/${name}`;
    assertRange(artifact, manifest.sizeClass, table, quantizedMax(bits));
    assertPadding(artifact, table, bundle, side);
    if (!name.startsWith('train')) continue;
    const start = rows << (manifest.sizeClass.layersLog + manifest.sizeClass.widthLog), extra = table.subarray(start).findIndex((v) => v !== 0);
    if (extra >= 0) throw new AuditMismatchError(artifact, placeText(placeOf(start + extra, manifest.sizeClass)), `row belongs to no contributor, but holds ${table[start + extra]}`);
  }
}

/** @returns the model, or undefined when nothing can be replayed with it; the caller closes the session */
export async function auditBundle(context: AuditContext): Promise<AuditedModel | undefined> {
  const { list } = context;
  const bundle = await list.value('model bundle', () => readBundle(artifactPath(context, 'model')),
    ({ manifest }) => `${Object.keys(manifest.files).length} files have the size and hash of the manifest, model ${manifest.modelHash}`);
  if (!bundle) return undefined;
  const { manifest } = bundle;
  const cls = await list.value('size class', () => {
    const found = sizeClass(manifest.sizeClass.name);
    for (const key of ['id', 'layersLog', 'rankLog', 'widthLog'] as const) assertSame('model/manifest.json', `sizeClass.${key}`, found[key], manifest.sizeClass[key]);
    return found;
  }, (found) => found.name);
  if (!cls) return undefined;
  await list.check('model tables', () => {
    assertTables(bundle);
    return 'int8 and int16 ranges hold, padding is zero';
  });
  const session = await list.value<TapSession>('model runs', async () => {
    try {
      return await loadTapSession(bundle.model, tapSpecOf(manifest));
    } catch (error) {
      throw new AuditMismatchError('model/model.onnx', 'tap contract', (error as Error).message);
    }
  }, () => `${manifest.taps.layers.length} tapped layers`);
  return session && { bundle, cls, session };
}
