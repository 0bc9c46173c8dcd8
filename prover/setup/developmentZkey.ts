/**
 * Development keys: Groth16 keys and powers of tau whose secrets are public, made in seconds instead of hours.
 *
 * tau, alpha and beta are hashes of fixed labels, so every point is a known multiple of a generator and needs no sums
 * over the powers of tau. The files are snarkjs' own and, before the contribution, byte for byte those of
 * `snarkjs zkey new` on a .ptau of these secrets with a power above the circuit's (snarkjs reads one power beyond the
 * domain for circuits above 2^14 rows, and takes another Lagrange basis for H when the powers are the same).
 *
 * Soundness: none, on purpose: whoever reads this file can prove anything. The one contribution only keeps
 * delta != gamma, so that code paths and checks are those of production; its name says what the key is.
 */
import { createHash } from 'node:crypto';
import { publicSecret, DEVELOPMENT_TAU } from '../../src/commitment/srs.js';
import { BASE_MODULUS } from '../../src/curve/bn254.js';
import { bigintToBytes, G1_BYTES, G2_BYTES } from '../../src/field/buffer.js';
import { FIELD_MODULUS, frInv, frMul, frPow, frSub } from '../../src/field/fr.js';
import { bn254Curve, bn254Instance, chaCha, type Bn254Curve, type Bn254Wasm } from './bn254Wasm.js';
import type { FixedBase } from './fixedBase.js';
import { evaluateQap, geometric, lagrangeAt, scale, type R1cs } from './qap.js';
import { sectionedFile, u32, type Section } from './sectionWriter.js';

export const DEVELOPMENT_ALPHA = publicSecret('zkattr development key, alpha is public');
export const DEVELOPMENT_BETA = publicSecret('zkattr development key, beta is public');
/** Recorded name of the contribution; keys that carry it are of provenance 'development'. At most 64 bytes. */
export const DEVELOPMENT_CONTRIBUTION = 'zkattr development key: tau and delta are public';
const BEACON = createHash('sha256').update('zkattr development key, delta is public').digest();
/** Smallest that snarkjs admits: delta is public, work would protect nothing. */
const BEACON_ITERATIONS_EXP = 10;

const canonical = (x: bigint): Uint8Array => {
  const bytes = new Uint8Array(32);
  bigintToBytes(x, bytes);
  return bytes;
};

/** Writes uncompressed points (big endian, canonical), the form that transcripts hash. */
function uncompressed(w: Bn254Wasm, group: 'g1m' | 'g2m', points: Uint8Array): Uint8Array {
  const bytes = group === 'g1m' ? G1_BYTES : G2_BYTES;
  const chunk = 4096 * bytes;
  const out = new Uint8Array(points.byteLength);
  const pointer = w.alloc(chunk);
  for (let from = 0; from < points.byteLength; from += chunk) {
    const part = points.subarray(from, from + chunk);
    w.view().set(part, pointer);
    w.call[`${group}_batchLEMtoU`](pointer, part.byteLength / bytes, pointer);
    out.set(w.get(pointer, part.byteLength), from);
  }
  return out;
}

const bigEndian = (n: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n);
  return bytes;
};

/** Beacon contribution on a key without contributions (snarkjs, zkey_beacon.js). */
async function beaconContribution(curve: Bn254Curve, circuitHash: Uint8Array): Promise<{ delta: bigint; record: (delta1: Uint8Array) => Uint8Array }> {
  const seeded = (hash: Uint8Array): Promise<unknown> => {
    const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength);
    return chaCha(Array.from({ length: 8 }, (_, i) => view.getUint32(4 * i)));
  };
  let hash: Uint8Array = BEACON;
  for (let i = 0; i < 2 ** BEACON_ITERATIONS_EXP; i++) hash = createHash('sha256').update(hash).digest();
  const rng = await seeded(hash);
  const secret = curve.Fr.fromRng(rng);
  const s = curve.G1.toAffine(curve.G1.fromRng(rng));
  const sx = curve.G1.toAffine(curve.G1.timesFr(s, secret));
  const transcript = createHash('blake2b512').update(circuitHash).update(curve.G1.toUncompressed(s)).update(curve.G1.toUncompressed(sx)).digest();
  const sp = curve.G2.fromRng(await seeded(transcript));
  const spx = curve.G2.toAffine(curve.G2.timesFr(sp, secret));
  const name = new TextEncoder().encode(DEVELOPMENT_CONTRIBUTION);
  const parameters = Buffer.concat([Uint8Array.of(1, name.length), name, Uint8Array.of(2, BEACON_ITERATIONS_EXP), Uint8Array.of(3, BEACON.length), BEACON]);
  return {
    delta: curve.Fr.toObject(secret),
    record: (delta1) => Buffer.concat([delta1, s, sx, spx, transcript, u32(1, parameters.length), parameters]),
  };
}

export interface DevelopmentZkeyOptions {
  /** Leave the key without a contribution, delta = gamma: only to compare with `snarkjs zkey new`. */
  uncontributed?: boolean;
}

/**
 * Groth16 key of a constraint system under the development secrets. Deterministic.
 * @returns the .zkey file, in pieces
 */
export async function developmentZkey(r1cs: R1cs, pool: FixedBase, options: DevelopmentZkeyOptions = {}): Promise<Generator<Uint8Array>> {
  const curve = await bn254Curve();
  const w = await bn254Instance(curve.tm.code);
  const [tau, alpha, beta] = [DEVELOPMENT_TAU, DEVELOPMENT_ALPHA, DEVELOPMENT_BETA];
  const { nVars, nPublic, power } = r1cs;
  const n = 2 ** power;
  const qap = evaluateQap(w, r1cs, tau, alpha, beta);
  const privateL = qap.l.subarray(32 * (nPublic + 1));

  // Hashed in place of H, as snarkjs does: tau^i (tau^n - 1), with one more than the n - 1 needed above its chunk size.
  const powers = geometric(w, frSub(frPow(tau, BigInt(n)), 1n), tau, n > 1 << 14 ? n : n - 1);
  const [ic, a, b1, b2, l, hashed, alphaBeta1, beta2] = await Promise.all([
    pool.multiply('G1', qap.l.subarray(0, 32 * (nPublic + 1))), pool.multiply('G1', qap.a), pool.multiply('G1', qap.b), pool.multiply('G2', qap.b),
    pool.multiply('G1', privateL), pool.multiply('G1', powers), pool.multiply('G1', Buffer.concat([canonical(alpha), canonical(beta)])), pool.multiply('G2', canonical(beta)),
  ]);
  const [alpha1, beta1] = [alphaBeta1.subarray(0, G1_BYTES), alphaBeta1.subarray(G1_BYTES)];
  const [g1, g2] = [curve.G1.oneAffine, curve.G2.oneAffine];

  const hash = createHash('blake2b512');
  const absorb = (group: 'g1m' | 'g2m', points: Uint8Array, count?: number): void => {
    if (count !== undefined) hash.update(bigEndian(count));
    hash.update(uncompressed(w, group, points));
  };
  for (const point of [alpha1, beta1]) absorb('g1m', point);
  for (const point of [beta2, g2]) absorb('g2m', point);
  absorb('g1m', g1);
  absorb('g2m', g2);
  absorb('g1m', ic, nPublic + 1);
  absorb('g1m', hashed, n - 1);
  absorb('g1m', l, nVars - nPublic - 1);
  absorb('g1m', a, nVars);
  absorb('g1m', b1, nVars);
  absorb('g2m', b2, nVars);
  const circuitHash = hash.digest();

  const contribution = options.uncontributed ? undefined : await beaconContribution(curve, circuitHash);
  const delta = contribution?.delta ?? 1n;
  const inverse = frInv(delta);
  const lagrange = lagrangeAt(w, power + 1, tau, { first: 1, stride: 2, scale: inverse });
  w.call.frm_batchFromMontgomery(lagrange, n, lagrange);
  const [h, lDelta, delta1, delta2] = await Promise.all([
    pool.multiply('G1', w.get(lagrange, 32 * n)), contribution ? pool.multiply('G1', scale(w, privateL, inverse)) : l,
    pool.multiply('G1', canonical(delta)), pool.multiply('G2', canonical(delta)),
  ]);

  const sections: Section[] = [
    { id: 1, parts: [u32(1)] },
    { id: 2, parts: [u32(32), canonical(BASE_MODULUS), u32(32), canonical(FIELD_MODULUS), u32(nVars, nPublic, n), alpha1, beta1, beta2, g2, delta1, delta2] },
    { id: 4, parts: [qap.coefficients] },
    { id: 3, parts: [ic] },
    { id: 9, parts: [h] },
    { id: 8, parts: [lDelta] },
    { id: 5, parts: [a] },
    { id: 6, parts: [b1] },
    { id: 7, parts: [b2] },
    { id: 10, parts: contribution ? [circuitHash, u32(1), contribution.record(delta1)] : [circuitHash, u32(0)] },
  ];
  return sectionedFile('zkey', 1, sections);
}

/** [tau^i]_1 for i < 2^power and [tau]_2 of the development keys. */
export async function developmentPowers(power: number, pool: FixedBase): Promise<{ g1: Uint8Array; tauG2: Uint8Array }> {
  const w = await bn254Instance((await bn254Curve()).tm.code);
  const [g1, tauG2] = await Promise.all([pool.multiply('G1', geometric(w, 1n, DEVELOPMENT_TAU, 2 ** power)), pool.multiply('G2', canonical(DEVELOPMENT_TAU))]);
  return { g1, tauG2 };
}

/**
 * The development secrets as a .ptau file without contributions, for snarkjs' own phase 2.
 * @param power     2^power powers
 * @param prepared  add the Lagrange sections (about 8 more points a power, a third of them in G2)
 */
export async function developmentPtau(power: number, pool: FixedBase, prepared: boolean): Promise<Generator<Uint8Array>> {
  const w = await bn254Instance((await bn254Curve()).tm.code);
  const [tau, alpha, beta] = [DEVELOPMENT_TAU, DEVELOPMENT_ALPHA, DEVELOPMENT_BETA];
  const n = 2 ** power;
  const g1 = (first: bigint, count: number): Promise<Uint8Array> => pool.multiply('G1', geometric(w, first, tau, count));
  const sections: Section[] = [
    { id: 1, parts: [u32(32), canonical(BASE_MODULUS), u32(power, power)] },
    { id: 2, parts: [await g1(1n, 2 * n - 1)] },
    { id: 3, parts: [await pool.multiply('G2', geometric(w, 1n, tau, n))] },
    { id: 4, parts: [await g1(alpha, n)] },
    { id: 5, parts: [await g1(beta, n)] },
    { id: 6, parts: [await pool.multiply('G2', canonical(beta))] },
    { id: 7, parts: [u32(0)] },
  ];
  if (prepared) {
    const lagrange = (p: number, factor: bigint): Uint8Array => {
      if (p === 0) return canonical(factor);
      const pointer = lagrangeAt(w, p, tau, { scale: factor });
      w.call.frm_batchFromMontgomery(pointer, 2 ** p, pointer);
      return w.get(pointer, 32 * 2 ** p);
    };
    const all = (factor: bigint): Uint8Array => Buffer.concat(Array.from({ length: power + 1 }, (_, p) => lagrange(p, factor)));
    // The topmost basis lacks the power 2n - 1, which the file does not have: L_j - w^j tau^(2n-1) / (2n).
    const top = lagrange(power + 1, 1n);
    const root = frPow(5n, (FIELD_MODULUS - 1n) >> BigInt(power + 1));
    const missing = w.put(geometric(w, frMul(frPow(tau, BigInt(2 * n - 1)), frInv(BigInt(2 * n))), root, 2 * n));
    const full = w.put(top);
    for (let i = 0; i < 2 * n; i++) w.call.frm_sub(full + 32 * i, missing + 32 * i, full + 32 * i);
    sections.push(
      { id: 12, parts: [await pool.multiply('G1', Buffer.concat([all(1n), w.get(full, 64 * n)]))] },
      { id: 13, parts: [await pool.multiply('G2', all(1n))] },
      { id: 14, parts: [await pool.multiply('G1', all(alpha))] },
      { id: 15, parts: [await pool.multiply('G1', all(beta))] },
    );
  }
  return sectionedFile('ptau', 1, sections);
}
