/** Parts 2 and 3: the registration is what model and training rows give, and its proof holds. */
import { features } from '../attribution/index.js';
import { adapterId, featureRecord, recordId, trainingBoundaries, type FeatureRecord } from '../chain/index.js';
import { AuditMismatchError } from '../errors/audit.js';
import { splitBlocks } from '../inference/blocks.js';
import { runTaps } from '../inference/session.js';
import type { ActivationTables } from '../inference/pack.js';
import { readArtifact, registrationSchema, registrationSecretsSchema, type Registration, type RegistrationSecrets } from '../protocol/artifacts.js';
import { registrationStatement } from '../protocol/statements.js';
import { sizeClasses } from '../statement/classes.js';
import { relationShape, type SizeClass } from '../statement/sizeClass.js';
import { verifyProof } from '../verify/proof.js';
import { assertSame, assertSameList, assertSameTable, assertSameWord, firstDifference, mismatch, placeOf, placeText, samePoints } from './compare.js';
import { assertCommitment, commitValues } from './commitments.js';
import { artifactPath, type AuditContext, type AuditedModel } from './context.js';
import { checkPreconditioner } from './preconditioner.js';
import { assertSelector } from './selector.js';

const FILE = 'registration/registration.json', SECRETS = 'registration/secrets.json';

export interface AuditedRegistration {
  registration: Registration;
  cls: SizeClass;
  /** As the registry hashes it; absent when the file's values do not fit the contract's types. */
  record?: FeatureRecord;
  /** G, when the bundle could be read. */
  g?: bigint[];
}

const registryKeeper = (r: Registration): { chainId: number; address: Registration['models'] } => ({ chainId: r.chainId, address: r.models });

const recordOf = (r: Registration): FeatureRecord =>
  featureRecord(registryKeeper(r), r.adapter, r.training, r.contributors.map((c) => c.address), r.g);

/** Whether the file's ids are the hashes of its content: then a commitment that does not fit was not altered there alone. */
const idsFit = (r: Registration): boolean => {
  try {
    return adapterId(registryKeeper(r), r.adapter) === r.adapterId && recordId(registryKeeper(r), recordOf(r)) === r.recordId;
  } catch {
    return false;
  }
};

export async function auditRegistration(context: AuditContext, model: AuditedModel | undefined): Promise<AuditedRegistration | undefined> {
  const { list } = context;
  const read = await list.value('registration file', async () => {
    const registration = await readArtifact(artifactPath(context, FILE), registrationSchema);
    const cls = sizeClasses().find((c) => c.name === registration.className);
    if (!cls) throw new AuditMismatchError(FILE, 'className', `"${registration.className}" is no class of circuits/circuits.json`);
    return { registration, cls };
  }, ({ registration: r }) => `record ${r.recordId}`);
  const registration = read?.registration;
  const secrets = await list.value('registration secrets', async () => {
    const found = await readArtifact(artifactPath(context, SECRETS), registrationSecretsSchema);
    // Ids that do not fit are the registration's own fault, and named below.
    if (registration && idsFit(registration)) {
      assertSameWord(SECRETS, 'recordId', registration.recordId, found.recordId);
      assertSame(SECRETS, 'blocks: length', registration.training.dlt.length, found.blocks.length);
    }
    return found;
  }, (found) => `blinding factors of 5 tables and ${found.blocks.length} blocks`);
  if (!registration) return undefined;
  let g: bigint[] | undefined;
  if (model && await auditContent(context, model, registration)) {
    if (secrets) await auditAdapter(context, model, registration, secrets);
    else list.skip('adapter commitments', `${SECRETS} could not be read`);
    await auditPreconditioner(context, model);
    const shape = relationShape(model.cls, 'features');
    await auditTraining(context, model, registration, secrets);
    g = await list.value('features G', () => features(model.bundle.adapter.A, model.bundle.adapter.B, model.bundle.train.X, model.bundle.train.Delta, trainingBoundaries(registration.training.rows), shape),
      (values) => `${values.length} entries, recomputed from the training activations`);
    if (g && secrets) await auditG(context, registration, secrets, g);
  } else if (!model) list.skip('adapter, training activations and G', 'the model bundle is not usable');
  let record: FeatureRecord | undefined;
  await list.check('registration ids', () => {
    record = recordOf(registration);
    assertSameWord(FILE, 'adapterId', adapterId(registryKeeper(registration), registration.adapter), registration.adapterId);
    assertSameWord(FILE, 'recordId', recordId(registryKeeper(registration), record), registration.recordId);
    return `adapter ${registration.adapterId}, record ${registration.recordId}`;
  });
  await list.check('features proof (R1)', () => {
    const version = assertSelector(FILE, registration.selector, 'features', registration.adapter.classId, context.keys.features);
    const result = verifyProof(registrationStatement(registration), registration.proof, context.keys.features);
    if (!result.ok) throw new AuditMismatchError(FILE, 'proof', result.error.message);
    return `statement rebuilt, proof accepted; verifier version ${version}`;
  });
  return { registration, cls: read.cls, record, g };
}

/** The registration speaks of this bundle: class, model, adapter, contributors, rows. */
function auditContent({ list }: AuditContext, { bundle, cls }: AuditedModel, r: Registration): Promise<boolean> {
  const { manifest } = bundle;
  return list.check('registration content', () => {
    const shape = relationShape(cls, 'features');
    assertSame(FILE, 'className', cls.name, r.className);
    assertSame(FILE, 'adapter.classId', cls.id, r.adapter.classId);
    if (manifest.modelHash !== r.adapter.modelHash) throw mismatch(idsFit(r) ? 'model/model.onnx' : FILE, 'model hash', idsFit(r) ? r.adapter.modelHash : manifest.modelHash, idsFit(r) ? manifest.modelHash : r.adapter.modelHash);
    const fits = idsFit(r);
    manifest.contributors.forEach((c, i) => {
      assertSame('model/manifest.json', `contributors[${i}].index`, i, c.index);
      if (fits && i < r.training.rows.length && c.rows !== r.training.rows[i]) throw mismatch('model/manifest.json', `contributors[${i}].rows`, r.training.rows[i], c.rows, ' (replay: the registered rows)');
    });
    assertSame(FILE, 'training.heightLog', Math.log2(manifest.trainHeight) - shape.blocksLog, r.training.heightLog);
    assertSameList(FILE, 'training.rows', manifest.contributors.map((c) => c.rows), r.training.rows);
    assertSameList(FILE, 'training boundaries', manifest.boundaries, trainingBoundaries(r.training.rows));
    assertSame(FILE, 'contributors: length', manifest.contributors.length, r.contributors.length);
    manifest.contributors.forEach((c, i) => {
      for (const key of ['name', 'kind', 'identity'] as const) {
        if (c[key] !== r.contributors[i][key]) throw mismatch(FILE, `contributors[${i}].${key}`, c[key], r.contributors[i][key], ' (replay: model/manifest.json)');
      }
    });
    assertSame(FILE, 'training.dlt: length', shape.blocks, r.training.dlt.length);
    assertSame(FILE, 'training.x: length', shape.blocks, r.training.x.length);
    return `class ${cls.name}, ${r.contributors.length} contributors, ${manifest.boundaries.at(-1) ?? 0} rows in ${shape.blocks} blocks of ${2 ** r.training.heightLog}`;
  });
}

/** Commitments of A, B, A*, B* from their int8 tables; then that the quantisation hash is the bundle's. */
async function auditAdapter({ list, srs }: AuditContext, { bundle }: AuditedModel, r: Registration, secrets: RegistrationSecrets): Promise<void> {
  const { manifest, adapter } = bundle;
  const same = manifest.adapterId === r.adapter.quantisationHash;
  const tables = [['a', 'A', adapter.A], ['b', 'B', adapter.B], ['aStar', 'queryA', adapter.queryA], ['bStar', 'queryB', adapter.queryB]] as const;
  await list.check('adapter commitments', async () => {
    for (const [role, name, values] of tables) {
      const [blame, place] = !idsFit(r) ? [FILE, `adapter.${role}`] : same ? [SECRETS, role] : [`model/${name}.i8`, 'table'];
      await assertCommitment(srs, { blame, place, values, rho: secrets[role], expected: r.adapter[role] });
    }
    return 'A, B, A*, B* recomputed from tables and blinding factors, equal';
  });
  await list.check('quantisation hash', () => {
    if (!same) throw idsFit(r) ? mismatch('model/manifest.json', 'tables or scales: adapterId', r.adapter.quantisationHash, manifest.adapterId) : mismatch(FILE, 'adapter.quantisationHash', manifest.adapterId, r.adapter.quantisationHash);
    return manifest.adapterId;
  });
}

const auditPreconditioner = ({ list }: AuditContext, { bundle }: AuditedModel): Promise<unknown> =>
  list.value('preconditioner A*, B*', () => checkPreconditioner(bundle), ({ minCosine, maxNormError }) =>
    `recomputed in float64 from the quantised tables, damping ${bundle.manifest.damping}: cosine at least ${minCosine.toFixed(4)}, norms within ${(100 * maxNormError).toFixed(1)}%`
    + ' (the owner\'s floats are of its build: equal to the bit are range, padding, commitment and id only)');

/** Training activations replayed by the model, and their commitments, block by block. */
async function auditTraining({ list, srs }: AuditContext, { bundle, session }: AuditedModel, r: Registration, secrets: RegistrationSecrets | undefined): Promise<void> {
  const { manifest, train } = bundle, shape = manifest.sizeClass;
  const sides = (tables: ActivationTables): ActivationTables[] => splitBlocks(tables, 2 ** r.training.heightLog);
  const blocks = sides({ rows: manifest.trainHeight, X: train.X, Delta: train.Delta });
  // Commitments first: they tell whether the table or what it is replayed from was altered.
  const faults: { k: number; side: 'x' | 'delta'; error: Error }[] = [];
  for (let k = 0; secrets && k < Math.min(blocks.length, secrets.blocks.length); k++) {
    for (const [side, values, expected] of [['delta', blocks[k].Delta, r.training.dlt[k]], ['x', blocks[k].X, r.training.x[k]]] as const) {
      const place = side === 'x' ? `training.x[${k}]` : `training.dlt[${k}]`;
      const [blame, where] = idsFit(r) ? [SECRETS, `blocks[${k}].${side}`] : [FILE, place];
      const point = await commitValues(srs, { values, rho: secrets.blocks[k][side], blame: SECRETS, place: `blocks[${k}].${side}` }).catch((error: Error) => error);
      if (point instanceof Error) faults.push({ k, side, error: point });
      else if (!samePoints(point, expected)) faults.push({ k, side, error: mismatch(blame, where, point, expected, ' (commitment of table and blinding factor)') });
    }
  }
  const replayed = await list.value('training activations', async () => {
    const replay = await runTaps(session, train.inputs, { scales: manifest.scales, shape }, train.labels, manifest.trainHeight);
    for (const [side, name, a, b] of [['x', 'train.X.i8', replay.X, train.X], ['delta', 'train.Delta.i16', replay.Delta, train.Delta]] as const) {
      const found = firstDifference(a, b);
      if (!found) continue;
      const place = placeOf(found.index, shape), k = place.row >> r.training.heightLog;
      // The stated table is the committed one: then its source is another.
      if (secrets && !faults.some((f) => f.k === k && f.side === side)) {
        const source = side === 'x' ? 'train.inputs.f32' : 'train.labels.i32';
        throw mismatch(`model/${source}`, `row ${place.row}`, a[found.index], b[found.index], ` at layer ${place.layer}, column ${place.column} of the committed ${name} (${found.count} entries differ)`);
      }
      assertSameTable(`model/${name}`, shape, a, b);
      throw mismatch(`model/${name}`, placeText(place), a[found.index], b[found.index]);
    }
    return replay;
  }, () => `${train.labels.length} rows by the model, X and Delta equal to the bit`);
  if (!secrets) return list.skip('training commitments', `${SECRETS} could not be read`);
  await list.check('training commitments', () => {
    if (faults.length > 0) throw faults[0].error;
    return `${blocks.length} blocks, X and Delta, equal${replayed ? '' : ' to those of the stated tables'}`;
  });
}

const auditG = ({ list, srs }: AuditContext, r: Registration, secrets: RegistrationSecrets, g: bigint[]): Promise<boolean> =>
  list.check('commitment of G', async () => {
    const [blame, place] = idsFit(r) ? [SECRETS, 'g'] : [FILE, 'g'];
    await assertCommitment(srs, { blame, place, values: g, rho: secrets.g, expected: r.g });
    return 'equal';
  });
