/**
 * Reader of snarkjs' powers-of-tau files (.ptau, phase 1 of the Groth16 ceremony).
 *
 *   file      "ptau", version u32, number of sections u32, then sections: id u32, length u64, bytes (all little endian)
 *   1 header  n8 u32 (32), q (32 bytes), power u32, ceremonyPower u32
 *   2 tauG1   [tau^i]_1, i < 2^(power+1) - 1         3 tauG2       [tau^i]_2, i < 2^power
 *   4 alphaTauG1, 5 betaTauG1  2^power each          6 betaG2      one point          7 contributions
 *   12 to 15  Lagrange forms of 2 to 5 ("prepared phase 2"), used only for Groth16 keys
 * Points are affine, Montgomery, little endian: exactly `G1Buffer` and `G2Buffer`.
 *
 * The SRS of this project is tauG1[0, N) and tauG2[1]; checkPowers shows that both belong to one tau.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { BASE_MODULUS } from '../curve/bn254.js';
import { FileError } from '../errors/files.js';
import { fileError } from '../files/atomic.js';
import { FIELD_MODULUS } from '../field/fr.js';
import { bytesToBigint, G1_BYTES, G2_BYTES, type G1Buffer, type G2Buffer } from '../field/buffer.js';

export interface FileSection {
  offset: number;
  size: number;
}

/** Section table of iden3's binary container (.ptau, .zkey, .r1cs, .wtns). */
export interface SectionedFile {
  path: string;
  version: number;
  sections: ReadonlyMap<number, FileSection>;
}

const RETRIEVE = 'the file is truncated or not of this format: download or generate it again';

/** Reads `length` bytes at `offset`. @throws FileError when the file ends earlier */
export function readAt(path: string, offset: number, length: number): Uint8Array {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    throw fileError('open file', path, cause);
  }
  try {
    const buffer = new Uint8Array(length);
    let done = 0;
    // One read call is limited to 2 GiB.
    while (done < length) {
      const n = readSync(fd, buffer, done, Math.min(length - done, 1 << 30), offset + done);
      if (n === 0) throw new FileError('file ends too early', { code: 'FILE_TRUNCATED', where: path, expected: `${offset + length} bytes`, got: `${offset + done} bytes`, hint: RETRIEVE });
      done += n;
    }
    return buffer;
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads and checks the section table: magic, version, no section twice, the last section ends where the file does.
 * @param magic  four letters: 'ptau', 'zkey', 'r1cs', 'wtns'
 * @throws FileError
 */
export function readSectionTable(path: string, magic: string, maxVersion = 1): SectionedFile {
  const head = readAt(path, 0, 12);
  const view = new DataView(head.buffer);
  const found = String.fromCharCode(...head.subarray(0, 4));
  if (found !== magic) throw new FileError('wrong kind of file', { code: 'FILE_MAGIC', where: path, expected: magic, got: found.replace(/[^\x20-\x7e]/g, '?'), hint: `give a .${magic} file` });
  const version = view.getUint32(4, true);
  if (version < 1 || version > maxVersion) throw new FileError('unknown format version', { code: 'FILE_VERSION', where: path, expected: `1 to ${maxVersion}`, got: version, hint: RETRIEVE });
  const count = view.getUint32(8, true);
  if (count > 64) throw new FileError('implausible number of sections', { code: 'FILE_SECTIONS', where: path, expected: 'at most 64', got: count, hint: RETRIEVE });

  const fd = openSync(path, 'r');
  try {
    const fileSize = fstatSync(fd).size;
    const sections = new Map<number, FileSection>();
    const entry = new DataView(new ArrayBuffer(12));
    let offset = 12;
    for (let i = 0; i < count; i++) {
      const n = readSync(fd, entry, 0, 12, offset);
      if (n < 12) throw new FileError('section table ends too early', { code: 'FILE_TRUNCATED', where: `${path}, section ${i} of ${count}`, expected: `${offset + 12} bytes`, got: `${fileSize} bytes`, hint: RETRIEVE });
      const id = entry.getUint32(0, true);
      const size = Number(entry.getBigUint64(4, true));
      if (offset + 12 + size > fileSize) {
        throw new FileError('section ends beyond the file', { code: 'FILE_TRUNCATED', where: `${path}, section ${id}`, expected: `${offset + 12 + size} bytes`, got: `${fileSize} bytes`, hint: RETRIEVE });
      }
      if (sections.has(id)) throw new FileError('section appears twice', { code: 'FILE_SECTIONS', where: `${path}, section ${id}`, hint: RETRIEVE });
      sections.set(id, { offset: offset + 12, size });
      offset += 12 + size;
    }
    if (offset !== fileSize) throw new FileError('bytes after the last section', { code: 'FILE_SECTIONS', where: path, expected: `${offset} bytes`, got: `${fileSize} bytes`, hint: RETRIEVE });
    return { path, version, sections };
  } finally {
    closeSync(fd);
  }
}

/** The one section `id`, of the stated size. @throws FileError when it is absent or of another size */
export function sectionOf(file: SectionedFile, id: number, size?: number): FileSection {
  const section = file.sections.get(id);
  if (!section) throw new FileError('section is missing', { code: 'FILE_SECTIONS', where: `${file.path}, section ${id}`, hint: RETRIEVE });
  if (size !== undefined && section.size !== size) {
    throw new FileError('section has a wrong size', { code: 'FILE_SECTION_SIZE', where: `${file.path}, section ${id}`, expected: size, got: section.size, hint: RETRIEVE });
  }
  return section;
}

export interface PtauHeader extends SectionedFile {
  /** 2^power powers of tau in G2, 2^(power+1) - 1 in G1. */
  power: number;
  /** Power of the ceremony that this file was cut from. */
  ceremonyPower: number;
  /** Whether the Lagrange sections of phase 2 are there. */
  prepared: boolean;
}

/** Header and section table, every size checked against the power. @throws FileError */
export function readPtauHeader(path: string): PtauHeader {
  const file = readSectionTable(path, 'ptau');
  const header = readAt(path, sectionOf(file, 1, 44).offset, 44);
  const view = new DataView(header.buffer);
  const n8 = view.getUint32(0, true);
  const q = bytesToBigint(header, 4);
  if (n8 !== 32 || q !== BASE_MODULUS) {
    throw new FileError('powers of tau are of another curve', { code: 'PTAU_CURVE', where: path, expected: BASE_MODULUS, got: q, hint: 'give a file for BN254 (bn128 in snarkjs)' });
  }
  const power = view.getUint32(36, true);
  const ceremonyPower = view.getUint32(40, true);
  if (power < 1 || power > 28 || ceremonyPower < power) {
    throw new FileError('power is out of range', { code: 'PTAU_POWER', where: path, expected: '1 <= power <= ceremony power, power <= 28', got: `${power} of ${ceremonyPower}`, hint: RETRIEVE });
  }
  const n = 2 ** power;
  sectionOf(file, 2, (2 * n - 1) * G1_BYTES);
  sectionOf(file, 3, n * G2_BYTES);
  sectionOf(file, 4, n * G1_BYTES);
  sectionOf(file, 5, n * G1_BYTES);
  sectionOf(file, 6, G2_BYTES);
  sectionOf(file, 7);
  const prepared = file.sections.has(12);
  if (prepared) {
    sectionOf(file, 12, (4 * n - 1) * G1_BYTES);
    sectionOf(file, 13, (2 * n - 1) * G2_BYTES);
    sectionOf(file, 14, (2 * n - 1) * G1_BYTES);
    sectionOf(file, 15, (2 * n - 1) * G1_BYTES);
  }
  return { ...file, power, ceremonyPower, prepared };
}

/** [tau^i]_1 for i < count. @throws FileError when the file has fewer */
export function readTauG1(ptau: PtauHeader, count: number): G1Buffer {
  const available = 2 ** (ptau.power + 1) - 1;
  if (count > available) {
    throw new FileError('powers of tau are too few', { code: 'PTAU_POWER', where: ptau.path, expected: `${count} powers`, got: `${available} powers`, hint: `use a file of power ${Math.ceil(Math.log2(count))} or more` });
  }
  return readAt(ptau.path, sectionOf(ptau, 2).offset, count * G1_BYTES);
}

/** [1]_2 and [tau]_2. */
export const readTauG2 = (ptau: PtauHeader): G2Buffer => readAt(ptau.path, sectionOf(ptau, 3).offset, 2 * G2_BYTES);

/** What is used of ffjavascript's BN254, single-threaded: no worker outlives the call. */
export interface Bn254 {
  G1: Group & { multiExpAffine(bases: Uint8Array, scalars: Uint8Array): Promise<Uint8Array> };
  G2: Group;
  pairingEq(...pairs: Uint8Array[]): Promise<boolean>;
  tm: { code: Uint8Array; instance: { exports: Record<string, (...pointers: number[]) => number> }; u8: Uint8Array; u32: Uint32Array };
}
export interface Group {
  oneAffine: Uint8Array;
  isValid(point: Uint8Array): boolean;
  isZero(point: Uint8Array): boolean;
  neg(point: Uint8Array): Uint8Array;
  eq(a: Uint8Array, b: Uint8Array): boolean;
  timesScalar(point: Uint8Array, scalar: bigint): Uint8Array;
  toAffine(point: Uint8Array): Uint8Array;
}

let instance: Promise<Bn254> | undefined;
/** One single-threaded instance a process. */
export const bn254 = (): Promise<Bn254> => (instance ??= import('ffjavascript').then((m) => (m as unknown as { buildBn128(single: boolean): Promise<Bn254> }).buildBn128(true)));

const Q_TOP = Number(BASE_MODULUS >> 224n);
/** Coordinates must be reduced: the WASM code would silently accept x + q. */
function assertReduced(points: Uint8Array, where: string): void {
  const words = new Uint32Array(points.buffer, points.byteOffset, points.byteLength / 4);
  for (let i = 7; i < words.length; i += 8) {
    if (words[i] >= Q_TOP && bytesToBigint(points, 4 * (i - 7)) >= BASE_MODULUS) {
      throw new FileError('coordinate is not reduced', { code: 'PTAU_POINT', where: `${where}, byte ${4 * (i - 7)}`, expected: '< q', hint: RETRIEVE });
    }
  }
}

/**
 * Checks that g1[i] = [tau^i]_1 for all i and tauG2 = [tau]_2 for one tau:
 *   g1[0] and g2[0] are the generators, all points are on their curve, [tau]_2 in the subgroup and not infinity,
 *   e(sum_i r_i g1[i+1], [1]_2) = e(sum_i r_i g1[i], [tau]_2) for random 128-bit r_i
 * A wrong power passes with probability at most 2^-128.
 * @param g1  powers in G1, affine Montgomery
 * @param g2  [1]_2 and [tau]_2
 * @throws FileError
 */
export async function checkPowers(g1: G1Buffer, g2: G2Buffer, where: string): Promise<void> {
  const curve = await bn254();
  const count = g1.byteLength / G1_BYTES;
  const fail = (message: string, at: string, expected?: string): never => {
    throw new FileError(message, { code: 'PTAU_POINT', where: `${where}, ${at}`, expected, hint: 'the file is corrupt or not an honest powers-of-tau file: do not use it' });
  };
  const point = (i: number): Uint8Array => g1.subarray(i * G1_BYTES, (i + 1) * G1_BYTES);
  const [oneG2, tauG2] = [g2.subarray(0, G2_BYTES), g2.subarray(G2_BYTES, 2 * G2_BYTES)];
  if (count < 2 || g1.byteLength % G1_BYTES !== 0 || g2.byteLength !== 2 * G2_BYTES) fail('wrong number of points', 'powers', 'at least two in G1, two in G2');
  assertReduced(g1, where);
  assertReduced(g2, where);
  if (Buffer.compare(point(0), curve.G1.oneAffine) !== 0) fail('first power is not the generator', 'tauG1[0]');
  if (Buffer.compare(oneG2, curve.G2.oneAffine) !== 0) fail('first power is not the generator', 'tauG2[0]');
  if (curve.G2.isZero(tauG2) || !curve.G2.isValid(tauG2)) fail('point is not on the curve', 'tauG2[1]');
  // [p - 1] Q = -Q exactly when Q lies in the subgroup of order p (the twist has a cofactor).
  if (!curve.G2.eq(curve.G2.timesScalar(tauG2, FIELD_MODULUS - 1n), curve.G2.neg(tauG2))) fail('point is not in the subgroup', 'tauG2[1]');

  const { exports } = curve.tm.instance;
  const pointer = curve.tm.u32[0];
  for (let i = 0; i < count; i++) {
    curve.tm.u8.set(point(i), pointer);
    if (exports.g1m_isZeroAffine(pointer) || !exports.g1m_inCurveAffine(pointer)) fail('point is not on the curve', `tauG1[${i}]`);
  }
  const random = randomBytes(16 * (count - 1));
  const [low, high] = await Promise.all([
    curve.G1.multiExpAffine(g1.subarray(0, (count - 1) * G1_BYTES), random),
    curve.G1.multiExpAffine(g1.subarray(G1_BYTES), random),
  ]);
  if (!(await curve.pairingEq(high, oneG2, curve.G1.neg(low), tauG2))) fail('powers are not those of one tau', `tauG1[0..${count - 1}] against tauG2[1]`);
}
