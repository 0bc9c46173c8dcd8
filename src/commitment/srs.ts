/**
 * The structured reference string of the opening: powers of tau in G1 and [tau]_2, one for all circuits of a deployment.
 * `provenance` says whether tau is public (development) or from a ceremony; contracts refuse development strings
 * off local chains.
 */
import { createHash } from 'node:crypto';
import { G2_GENERATOR, g2BufferFrom, g2Get, g2Mul, type G2Affine } from '../curve/bn254.js';
import { FileError } from '../errors/files.js';
import { writeFileAtomic } from '../files/atomic.js';
import { G1_BYTES, G2_BYTES, type G1Buffer, type G2Buffer } from '../field/buffer.js';
import { FIELD_MODULUS } from '../field/fr.js';
import { checkPowers, readAt, readPtauHeader, readSectionTable, readTauG1, readTauG2, sectionOf } from './ptau.js';

export type Provenance = 'development' | 'ceremony';

/** x.c1, x.c0, y.c1, y.c0: the order of the EVM's pairing precompile. */
export type G2Words = readonly [bigint, bigint, bigint, bigint];

export interface Srs {
  /** log2 of the number of powers. */
  power: number;
  /** [tau^i]_1, i < 2^power, affine Montgomery. */
  g1: G1Buffer;
  tauG2: G2Affine;
  tauG2Words: G2Words;
  provenance: Provenance;
}

/** sha-512 of a label, as a scalar: secrets of development keys, which are public on purpose. */
export const publicSecret = (label: string): bigint => BigInt(`0x${createHash('sha512').update(label).digest('hex')}`) % FIELD_MODULUS;
/** tau of every development key. Anyone who knows it can open a commitment to any value. */
export const DEVELOPMENT_TAU = publicSecret('zkattr development key, tau is public');

/** A point of G2 as the EVM's precompile reads it. */
export const g2Words = ({ x, y }: G2Affine): G2Words => [x[1], x[0], y[1], y[0]];

let developmentTauG2: G2Buffer | undefined;
/** Whether a point (affine Montgomery) is [tau]_2 of the development keys. Threads ask it too, where ffjavascript cannot be loaded. */
export const isDevelopmentTau = (tauG2: G2Buffer): boolean => Buffer.compare(developmentTauG2 ??= g2BufferFrom([g2Mul(G2_GENERATOR, DEVELOPMENT_TAU)]), tauG2) === 0;

/** Srs from raw points. @param tauG2  [tau]_2, affine Montgomery; powers are taken as they are: see checkPowers */
export function makeSrs(power: number, g1: G1Buffer, tauG2: G2Buffer): Srs {
  const point = g2Get(tauG2);
  return { power, g1, tauG2: point, tauG2Words: g2Words(point), provenance: isDevelopmentTau(tauG2) ? 'development' : 'ceremony' };
}

/**
 * Takes 2^power powers from a .ptau file, after checking that they are powers of one tau.
 * @throws FileError when the file is damaged, too small, or its points do not fit together
 */
export async function loadSrs(ptauPath: string, power: number): Promise<Srs> {
  const ptau = readPtauHeader(ptauPath);
  const g1 = readTauG1(ptau, 2 ** power);
  const g2 = readTauG2(ptau);
  await checkPowers(g1, g2, ptauPath);
  return makeSrs(power, g1, g2.slice(G2_BYTES));
}

const digest = (...parts: Uint8Array[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/**
 * Smaller cache of an SRS: "zsrs", sections 1 power and sha-256 of the others, 2 g1, 3 [tau]_2.
 * @param tauG2  [tau]_2, affine Montgomery
 */
export async function writeSrs(path: string, power: number, g1: G1Buffer, tauG2: G2Buffer): Promise<void> {
  const header = new Uint8Array(36);
  new DataView(header.buffer).setUint32(0, power, true);
  header.set(digest(g1, tauG2), 4);
  const parts: Uint8Array[] = [new TextEncoder().encode('zsrs'), new Uint8Array(new Uint32Array([1, 3]).buffer)];
  for (const [i, data] of [header, g1, tauG2].entries()) {
    const entry = new DataView(new ArrayBuffer(12));
    entry.setUint32(0, i + 1, true);
    entry.setBigUint64(4, BigInt(data.byteLength), true);
    parts.push(new Uint8Array(entry.buffer), data);
  }
  await writeFileAtomic(path, Buffer.concat(parts));
}

/**
 * Reads what writeSrs wrote. The checksum finds damage; that the powers fit together was checked before writing.
 * @throws FileError
 */
export async function readSrs(path: string): Promise<Srs> {
  const file = readSectionTable(path, 'zsrs');
  const header = readAt(path, sectionOf(file, 1, 36).offset, 36);
  const power = new DataView(header.buffer).getUint32(0, true);
  const g1 = readAt(path, sectionOf(file, 2, 2 ** power * G1_BYTES).offset, 2 ** power * G1_BYTES);
  const tauG2 = readAt(path, sectionOf(file, 3, G2_BYTES).offset, G2_BYTES);
  if (Buffer.compare(digest(g1, tauG2), header.subarray(4)) !== 0) {
    throw new FileError('checksum does not match', { code: 'SRS_CHECKSUM', where: path, hint: 'the file is damaged: delete it, it is made again' });
  }
  return makeSrs(power, g1, tauG2);
}
