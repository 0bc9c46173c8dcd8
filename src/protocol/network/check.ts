/**
 * Whether a package is what it says: ids are the hashes of its content, signatures those of its node, sizes within the class, and (with
 * a reference string) its tables those that were committed. A prover that gets a checked package can only blame itself for a false proof.
 * A package that does not pass is a result with a code, not an exception.
 *   PACKAGE_CLASS, PACKAGE_CHAIN   for another deployment, or beyond its class
 *   PACKAGE_ID                     an id is not the hash of the content
 *   PACKAGE_RECEIPT                not signed by the node, or a request hash that does not fit
 *   PACKAGE_TABLES                 a table and its blinding factor are not what was committed
 */
import { concatHex, isAddressEqual, keccak256, numberToHex, pad, recoverTypedDataAddress, type Address, type Hex } from 'viem';
import { features } from '../../attribution/index.js';
import { adapterId, blockId, recordId, trainingBoundaries } from '../../chain/ids.js';
import { commitField, commitIntegers } from '../../commitment/kzg.js';
import type { Srs } from '../../commitment/srs.js';
import { AttributionError } from '../../errors/base.js';
import { NetworkError } from '../../errors/network.js';
import { FIELD_MODULUS } from '../../field/fr.js';
import { sizeClass } from '../../statement/classes.js';
import { relationShape, type SizeClass } from '../../statement/sizeClass.js';
import type { Registration } from '../artifacts.js';
import { receiptTypedData } from '../receipt.js';
import { batchBlock, registrationRecord } from '../statements.js';
import type { BlockPackage, RecordPackage } from './packages.js';

export type PackageFault = 'PACKAGE_CLASS' | 'PACKAGE_CHAIN' | 'PACKAGE_ID' | 'PACKAGE_RECEIPT' | 'PACKAGE_TABLES';
export type PackageCheck = { ok: true; cls: SizeClass } | { ok: false; code: PackageFault; where: string; message: string };

/** Contracts of the deployment that the package must be for. */
export interface RecordHome {
  chainId: number;
  models: Address;
  verifier: Address;
}
export interface BlockHome {
  chainId: number;
  inferences: Address;
}

interface Point { x: bigint | string; y: bigint | string }
const same = (a: Point, b: Point): boolean => BigInt(a.x) === BigInt(b.x) && BigInt(a.y) === BigInt(b.y);

class Fault extends Error {
  constructor(readonly code: PackageFault, readonly where: string, expected: unknown, got: unknown) { super(`expected ${String(expected)}, got ${String(got)}`); }
}
const requireSame = (code: PackageFault, where: string, expected: unknown, got: unknown): void => {
  if (String(expected).toLowerCase() !== String(got).toLowerCase()) throw new Fault(code, where, expected, got);
};

async function checked(work: () => Promise<SizeClass>): Promise<PackageCheck> {
  try {
    return { ok: true, cls: await work() };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, code: error.code, where: error.where, message: error.message.slice(0, 500) };
    // An encoder that refuses a value, a shape that does not fit: what was sent, not this program.
    if (error instanceof AttributionError || error instanceof RangeError || error instanceof TypeError || (error as { shortMessage?: string }).shortMessage) {
      return { ok: false, code: 'PACKAGE_CLASS', where: 'content', message: (error as Error).message.split('\n')[0].slice(0, 500) };
    }
    throw error;
  }
}

async function requireCommitment(where: string, expected: Point, rho: bigint, commit: () => Promise<Point>): Promise<void> {
  if (rho >= FIELD_MODULUS) throw new Fault('PACKAGE_TABLES', where, 'a blinding factor below p', 'a larger one');
  const got = await commit();
  if (!same(got, expected)) throw new Fault('PACKAGE_TABLES', where, `commitment (${String(expected.x)}, ${String(expected.y)})`, `(${String(got.x)}, ${String(got.y)}) of table and blinding factor`);
}

/** @param srs  recommits A, B, A*, B*, the training blocks and G: some milliseconds a table of the small classes, seconds of the largest */
export const checkRecordPackage = ({ registration: r, secrets, adapter, train, boundaries }: RecordPackage, home: RecordHome, srs?: Srs): Promise<PackageCheck> => checked(async () => {
  const cls = sizeClass(r.className), shape = relationShape(cls, 'features'), { heightLog, rows, dlt, x } = r.training;
  requireSame('PACKAGE_CHAIN', 'registration.chainId', home.chainId, r.chainId);
  requireSame('PACKAGE_CHAIN', 'registration.models', home.models, r.models);
  requireSame('PACKAGE_CHAIN', 'registration.verifier', home.verifier, r.verifier);
  requireSame('PACKAGE_CLASS', 'registration.adapter.classId', cls.id, r.adapter.classId);
  requireSame('PACKAGE_CLASS', 'training blocks', shape.blocks, x.length);
  requireSame('PACKAGE_CLASS', 'training.dlt: length', x.length, dlt.length);
  requireSame('PACKAGE_CLASS', 'secrets.blocks: length', x.length, secrets.blocks.length);
  if (heightLog + shape.blocksLog > shape.tokensLogMax) throw new Fault('PACKAGE_CLASS', 'training.heightLog', `at most ${shape.tokensLogMax - shape.blocksLog}`, heightLog);
  if (rows.length < 1 || rows.length > shape.contributors) throw new Fault('PACKAGE_CLASS', 'training.rows', `1 to ${shape.contributors}`, rows.length);
  requireSame('PACKAGE_CLASS', 'contributors: length', rows.length, r.contributors.length);
  const ends = trainingBoundaries(rows);
  if (ends[ends.length - 1] > 2 ** (heightLog + shape.blocksLog)) throw new Fault('PACKAGE_CLASS', 'training.rows', `at most ${2 ** (heightLog + shape.blocksLog)} in all`, ends[ends.length - 1]);
  requireSame('PACKAGE_ID', 'boundaries', ends.join(), boundaries.join());
  requireSame('PACKAGE_ID', 'registration.adapterId', adapterId({ chainId: r.chainId, address: r.models }, r.adapter), r.adapterId);
  requireSame('PACKAGE_ID', 'registration.recordId', recordId({ chainId: r.chainId, address: r.models }, registrationRecord(r)), r.recordId);
  requireSame('PACKAGE_ID', 'secrets.recordId', r.recordId, secrets.recordId);
  if (!srs) return cls;
  for (const [role, values] of [['a', adapter.A], ['b', adapter.B], ['aStar', adapter.queryA], ['bStar', adapter.queryB]] as const) {
    await requireCommitment(`adapter.${role}`, r.adapter[role], secrets[role], () => commitIntegers(srs, values, secrets[role]));
  }
  const size = train.X.length / x.length;
  for (let k = 0; k < x.length; k++) {
    await requireCommitment(`training.x[${k}]`, x[k], secrets.blocks[k].x, () => commitIntegers(srs, train.X.subarray(k * size, (k + 1) * size), secrets.blocks[k].x));
    await requireCommitment(`training.dlt[${k}]`, dlt[k], secrets.blocks[k].delta, () => commitIntegers(srs, train.Delta.subarray(k * size, (k + 1) * size), secrets.blocks[k].delta));
  }
  await requireCommitment('g', r.g, secrets.g, () => commitField(srs, features(adapter.A, adapter.B, train.X, train.Delta, boundaries, shape), secrets.g));
  return cls;
});

/** keccak256 of what makes a request unique, one word each. */
const requestHash = (payer: Address, modelHash: Hex, inputHash: Hex, nonce: bigint): Hex => keccak256(concatHex([pad(payer, { size: 32 }), modelHash, inputHash, numberToHex(nonce, { size: 32 })]));

/** @param registration  of the block's record, checked before */
export const checkBlockPackage = ({ batch, secrets, X, Delta }: BlockPackage, registration: Registration, home: BlockHome, srs?: Srs): Promise<PackageCheck> => checked(async () => {
  const { receipt, signature } = batch.signed, cls = sizeClass(registration.className), shape = relationShape(cls, 'payout');
  requireSame('PACKAGE_CHAIN', 'receipt.chainId', home.chainId, receipt.chainId);
  requireSame('PACKAGE_CHAIN', 'receipt.registry', home.inferences, receipt.registry);
  requireSame('PACKAGE_CHAIN', 'receipt.adapterId', registration.adapterId, receipt.adapterId);
  requireSame('PACKAGE_CHAIN', 'receipt.modelHash', registration.adapter.modelHash, receipt.modelHash);
  if (receipt.heightLog + shape.blocksLog > shape.tokensLogMax) throw new Fault('PACKAGE_CLASS', 'receipt.heightLog', `at most ${shape.tokensLogMax - shape.blocksLog} in class ${cls.name}`, receipt.heightLog);
  if (receipt.inferences.length > shape.queries) throw new Fault('PACKAGE_CLASS', 'receipt.inferences', `at most ${shape.queries} in class ${cls.name}`, receipt.inferences.length);
  receipt.inferences.forEach((i, q) => requireSame('PACKAGE_RECEIPT', `receipt.inferences[${q}].requestHash`, requestHash(i.payer, receipt.modelHash, i.inputHash, BigInt(i.nonce)), i.requestHash));
  const signer = await recoverTypedDataAddress({ ...receiptTypedData(receipt), signature }).catch(() => undefined);
  if (!signer || !isAddressEqual(signer, receipt.node)) throw new Fault('PACKAGE_RECEIPT', 'signature', receipt.node, signer ?? 'nobody');
  const record = batchBlock(batch);
  requireSame('PACKAGE_ID', 'batch.blockId', blockId({ chainId: home.chainId, address: home.inferences }, registration.recordId, record), batch.blockId);
  requireSame('PACKAGE_ID', 'secrets.blockId', batch.blockId, secrets.blockId);
  if (new Set(record.inferences.map((i) => i.key)).size !== record.inferences.length) throw new Fault('PACKAGE_ID', 'receipt.inferences', 'each payment once', 'one twice');
  if (!srs) return cls;
  await requireCommitment('X', receipt.X, secrets.x, () => commitIntegers(srs, X, secrets.x));
  await requireCommitment('Delta', receipt.Delta, secrets.delta, () => commitIntegers(srs, Delta, secrets.delta));
  return cls;
});

/** For callers that throw. */
export function requireChecked(check: PackageCheck): SizeClass {
  if (check.ok) return check.cls;
  throw new NetworkError(check.message, { code: check.code, where: check.where, hint: 'the package is not what was signed and committed: its maker builds it again' });
}
