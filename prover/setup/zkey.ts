/**
 * Reader of snarkjs' Groth16 keys (.zkey) and constraint systems (.r1cs): headers, sizes, contributions.
 *
 *   1 protocol (1 = Groth16)     2 header: q, r, nVars, nPublic, domainSize, alpha1, beta1, beta2, gamma2, delta1, delta2
 *   3 IC (nPublic + 1)           4 coefficients of A and B: count, then matrix u32, row u32, signal u32, value x R^2
 *   5 A  6 B1  7 B2 (nVars)      8 L / delta (nVars - nPublic - 1)      9 H / delta (domainSize)
 *   10 circuit hash, contributions
 * Points are affine, Montgomery, little endian.
 */
import { createHash } from 'node:crypto';
import { FileError } from '../../src/errors/files.js';
import { UncontributedKeyError } from '../../src/errors/setup.js';
import { readAt, readSectionTable, sectionOf, type SectionedFile } from '../../src/commitment/ptau.js';
import { BASE_MODULUS, g1Get, g2Get } from '../../src/curve/bn254.js';
import { bytesToBigint, G1_BYTES, G2_BYTES, type G1Buffer, type G2Buffer } from '../../src/field/buffer.js';
import { g2Words } from '../../src/commitment/srs.js';
import { FIELD_MODULUS } from '../../src/field/fr.js';

const DAMAGED = 'the file is damaged or of another tool: generate it again';

export interface ZkeyHeader extends SectionedFile {
  nVars: number;
  nPublic: number;
  domainSize: number;
  alpha1: G1Buffer;
  beta1: G1Buffer;
  beta2: G2Buffer;
  gamma2: G2Buffer;
  delta1: G1Buffer;
  delta2: G2Buffer;
}

function checkModulus(path: string, what: string, n8: number, found: bigint, expected: bigint): void {
  if (n8 !== 32 || found !== expected) throw new FileError(`${what} field is of another curve`, { code: 'FILE_CURVE', where: path, expected, got: found, hint: 'give a file for BN254 (bn128 in circom and snarkjs)' });
}

/** Header and section table; every section's size is checked against the header. @throws FileError */
export function readZkeyHeader(path: string): ZkeyHeader {
  const file = readSectionTable(path, 'zkey');
  const protocol = new DataView(readAt(path, sectionOf(file, 1, 4).offset, 4).buffer).getUint32(0, true);
  if (protocol !== 1) throw new FileError('not a Groth16 key', { code: 'ZKEY_PROTOCOL', where: path, expected: 1, got: protocol, hint: DAMAGED });
  const size = 4 + 32 + 4 + 32 + 12 + 3 * G1_BYTES + 3 * G2_BYTES;
  const bytes = readAt(path, sectionOf(file, 2, size).offset, size);
  const view = new DataView(bytes.buffer);
  checkModulus(path, 'base', view.getUint32(0, true), bytesToBigint(bytes, 4), BASE_MODULUS);
  checkModulus(path, 'scalar', view.getUint32(36, true), bytesToBigint(bytes, 40), FIELD_MODULUS);
  const [nVars, nPublic, domainSize] = [72, 76, 80].map((at) => view.getUint32(at, true));
  if (nPublic >= nVars || domainSize < 1 || domainSize & (domainSize - 1) || domainSize > 2 ** 28) {
    throw new FileError('implausible sizes', { code: 'ZKEY_SIZES', where: path, expected: 'nPublic < nVars, domain a power of two', got: { nVars, nPublic, domainSize }, hint: DAMAGED });
  }
  let offset = 84;
  const take = (length: number): Uint8Array => bytes.slice(offset, (offset += length));
  const [alpha1, beta1, beta2, gamma2, delta1, delta2] = [G1_BYTES, G1_BYTES, G2_BYTES, G2_BYTES, G1_BYTES, G2_BYTES].map(take);

  sectionOf(file, 3, (nPublic + 1) * G1_BYTES);
  const coefficients = sectionOf(file, 4);
  const count = coefficients.size < 4 ? -1 : new DataView(readAt(path, coefficients.offset, 4).buffer).getUint32(0, true);
  sectionOf(file, 4, 4 + count * 44);
  sectionOf(file, 5, nVars * G1_BYTES);
  sectionOf(file, 6, nVars * G1_BYTES);
  sectionOf(file, 7, nVars * G2_BYTES);
  sectionOf(file, 8, (nVars - nPublic - 1) * G1_BYTES);
  sectionOf(file, 9, domainSize * G1_BYTES);
  sectionOf(file, 10);
  return { ...file, nVars, nPublic, domainSize, alpha1, beta1, beta2, gamma2, delta1, delta2 };
}

/** IC points, nPublic + 1 of them. */
export const readIC = (zkey: ZkeyHeader): G1Buffer => readAt(zkey.path, sectionOf(zkey, 3).offset, (zkey.nPublic + 1) * G1_BYTES);

export interface Contribution {
  name: string;
  /** Set when the contribution is a random beacon. */
  beacon?: { hash: Uint8Array; iterationsExp: number };
  deltaAfter: G1Buffer;
  /** Blake2b hash that snarkjs prints for the contribution, hex. */
  hash: string;
}

export interface Contributions {
  /** Blake2b hash of everything before phase 2: circuit and powers of tau. */
  circuitHash: Uint8Array;
  list: Contribution[];
}

const bigEndian = (words: readonly bigint[]): Buffer => Buffer.from(words.map((x) => x.toString(16).padStart(64, '0')).join(''), 'hex');
const g1Words = (bytes: G1Buffer): bigint[] => {
  const { x, y } = g1Get(bytes);
  return [x, y];
};

/** Over the points (delta after, s, s x, s' x; uncompressed) and the transcript that the contributor answered. */
function contributionHash(bytes: Uint8Array, at: number): string {
  const [transcript, hash] = [at + 3 * G1_BYTES + G2_BYTES, createHash('blake2b512')];
  for (let i = 0; i < 3; i++) hash.update(bigEndian(g1Words(bytes.subarray(at + i * G1_BYTES, at + (i + 1) * G1_BYTES))));
  hash.update(bigEndian(g2Words(g2Get(bytes.subarray(at + 3 * G1_BYTES, transcript)))));
  return hash.update(bytes.subarray(transcript, transcript + 64)).digest('hex');
}

/** Section 10. @throws FileError */
export function readContributions(zkey: SectionedFile): Contributions {
  const { offset, size } = sectionOf(zkey, 10);
  const bytes = readAt(zkey.path, offset, size);
  const view = new DataView(bytes.buffer);
  const fail = (): never => {
    throw new FileError('contributions are malformed', { code: 'ZKEY_CONTRIBUTIONS', where: `${zkey.path}, section 10`, hint: DAMAGED });
  };
  const FIXED = 3 * G1_BYTES + G2_BYTES + 64 + 8;
  if (size < 68) fail();
  const list: Contribution[] = [];
  let at = 68;
  for (let count = view.getUint32(64, true); count > 0; count--) {
    if (at + FIXED > size) fail();
    const deltaAfter = bytes.slice(at, at + G1_BYTES);
    const end = at + FIXED + view.getUint32(at + FIXED - 4, true);
    if (end > size) fail();
    const contribution: Contribution = { name: '', deltaAfter, hash: contributionHash(bytes, at) };
    let [iterationsExp, hash] = [0, undefined as Uint8Array | undefined];
    for (at += FIXED; at < end; ) {
      const type = bytes[at++];
      const length = type === 2 ? 1 : bytes[at++];
      if (type < 1 || type > 3 || at + length > end) fail();
      const value = bytes.slice(at, (at += length));
      if (type === 1) contribution.name = new TextDecoder().decode(value);
      if (type === 2) iterationsExp = value[0];
      if (type === 3) hash = value;
    }
    if (hash) contribution.beacon = { hash, iterationsExp };
    list.push(contribution);
  }
  if (at !== size) fail();
  return { circuitHash: bytes.slice(0, 64), list };
}

/**
 * Refuses a key for which proofs can be forged: no contribution, or delta = gamma.
 * @throws UncontributedKeyError
 */
export function assertContributed(zkey: ZkeyHeader): Contributions {
  const contributions = readContributions(zkey);
  if (contributions.list.length === 0) throw new UncontributedKeyError(zkey.path, 'none');
  if (Buffer.compare(zkey.delta2, zkey.gamma2) === 0) throw new UncontributedKeyError(zkey.path, 'delta = gamma');
  return contributions;
}
