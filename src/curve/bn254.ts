/**
 * BN254 (alt_bn128), the EVM's pairing curve, over @noble/curves.
 *   G1: y^2 = x^3 + 3 over Fq, prime order p (cofactor 1), generator (1, 2)
 *   G2: y^2 = x^3 + 3/(9 + i) over Fq[i]/(i^2 + 1), cofactor > 1: membership needs the subgroup check
 *   q = 21888242871839275222246405745257275088696311157297823662689037894645226208583
 *   p = 21888242871839275222246405745257275088548364400416034343698204186575808495617
 * Encodings: `G1Affine` and `G2Affine` are canonical bigints, infinity is all zeros (as in the EVM's precompiles);
 * buffers are Montgomery (src/field/buffer.ts). A G2 coordinate is [c0, c1] here, while the EVM sends c1 first.
 * Source: EIP-196, EIP-197. Incompatible with the other curves called BN254 (Pairing-Friendly Curves draft, BN-P254).
 */
import { bn254 } from '@noble/curves/bn254.js';
import { keccak256 } from 'viem/utils';
import { InvalidPointError } from '../errors/field.js';
import { bigintToBytes, bytesToBigint, G1_BYTES, G2_BYTES, type G1Buffer, type G2Buffer } from '../field/buffer.js';
import { FIELD_MODULUS } from '../field/fr.js';

/** Base field modulus q. */
export const BASE_MODULUS = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const FQ_BYTES = 32;
const MONTGOMERY_FQ = (1n << 256n) % BASE_MODULUS;
const Fq = bn254.fields.Fp;
const MONTGOMERY_FQ_INVERSE = Fq.inv(MONTGOMERY_FQ);
const G1Point = bn254.G1.Point;
const G2Point = bn254.G2.Point;

/** An affine point of G1, canonical; infinity is (0, 0). */
export interface G1Affine {
  readonly x: bigint;
  readonly y: bigint;
}
/** An affine point of G2, canonical, coordinates as [c0, c1]; infinity is all zeros. */
export interface G2Affine {
  readonly x: readonly [bigint, bigint];
  readonly y: readonly [bigint, bigint];
}

export const G1_INFINITY: G1Affine = { x: 0n, y: 0n };
export const G2_INFINITY: G2Affine = { x: [0n, 0n], y: [0n, 0n] };
export const G1_GENERATOR: G1Affine = { x: 1n, y: 2n };
export const G2_GENERATOR: G2Affine = {
  x: [G2Point.BASE.x.c0, G2Point.BASE.x.c1],
  y: [G2Point.BASE.y.c0, G2Point.BASE.y.c1],
};

export const g1IsInfinity = (point: G1Affine): boolean => point.x === 0n && point.y === 0n;
export const g2IsInfinity = ({ x, y }: G2Affine): boolean => x[0] === 0n && x[1] === 0n && y[0] === 0n && y[1] === 0n;
export const g1Equals = (a: G1Affine, b: G1Affine): boolean => a.x === b.x && a.y === b.y;

// ---- buffers ----

const fqGet = (buffer: Uint8Array, offset: number): bigint => Fq.mul(bytesToBigint(buffer, offset), MONTGOMERY_FQ_INVERSE);
const fqSet = (buffer: Uint8Array, offset: number, x: bigint): void =>
  bigintToBytes((x * MONTGOMERY_FQ) % BASE_MODULUS, buffer, offset);

/** Number of points in `buffer`. */
export const g1Count = (buffer: G1Buffer): number => buffer.byteLength / G1_BYTES;

/** Reads point `index`, canonical. Not checked to be on the curve. */
export const g1Get = (buffer: G1Buffer, index = 0): G1Affine => ({
  x: fqGet(buffer, index * G1_BYTES),
  y: fqGet(buffer, index * G1_BYTES + FQ_BYTES),
});

/** Writes point `index` in Montgomery form. Not checked to be on the curve. */
export function g1Set(buffer: G1Buffer, index: number, { x, y }: G1Affine): void {
  fqSet(buffer, index * G1_BYTES, x);
  fqSet(buffer, index * G1_BYTES + FQ_BYTES, y);
}

export function g1BufferFrom(points: readonly G1Affine[]): G1Buffer {
  const buffer = new Uint8Array(points.length * G1_BYTES);
  points.forEach((point, i) => g1Set(buffer, i, point));
  return buffer;
}

export const g1BufferToAffine = (buffer: G1Buffer): G1Affine[] => Array.from({ length: g1Count(buffer) }, (_, i) => g1Get(buffer, i));

/** Reads point `index` of G2, canonical. Not checked. */
export function g2Get(buffer: G2Buffer, index = 0): G2Affine {
  const at = (k: number): bigint => fqGet(buffer, index * G2_BYTES + k * FQ_BYTES);
  return { x: [at(0), at(1)], y: [at(2), at(3)] };
}

export function g2BufferFrom(points: readonly G2Affine[]): G2Buffer {
  const buffer = new Uint8Array(points.length * G2_BYTES);
  points.forEach(({ x, y }, i) => [x[0], x[1], y[0], y[1]].forEach((c, k) => fqSet(buffer, i * G2_BYTES + k * FQ_BYTES, c)));
  return buffer;
}

// ---- checks ----

function assertCoordinate(c: bigint, where: string): void {
  if (c < 0n || c >= BASE_MODULUS) {
    throw new InvalidPointError('coordinate is not canonical', { where, expected: '0 <= c < q', got: c, hint: 'reject it: x + q is another name of the same point' });
  }
}

/**
 * y^2 = x^3 + 3 with canonical coordinates; infinity passes unless `allowInfinity` is false.
 * @throws InvalidPointError
 */
export function assertG1(point: G1Affine, where: string, { allowInfinity = true }: { allowInfinity?: boolean } = {}): void {
  const { x, y } = point;
  assertCoordinate(x, `${where}.x`);
  assertCoordinate(y, `${where}.y`);
  if (g1IsInfinity(point)) {
    if (!allowInfinity) throw new InvalidPointError('point at infinity is refused', { where, hint: 'commit to a nonzero table' });
    return;
  }
  if ((y * y - (x * x * x + 3n)) % BASE_MODULUS !== 0n) {
    throw new InvalidPointError('point is not on G1', { where, expected: 'y^2 = x^3 + 3', got: `(${x}, ${y})`, hint: 'check the encoding: canonical, x first' });
  }
}

/**
 * On the twist and in the subgroup of order p; infinity passes unless `allowInfinity` is false.
 * @throws InvalidPointError
 */
export function assertG2(point: G2Affine, where: string, { allowInfinity = true }: { allowInfinity?: boolean } = {}): void {
  for (const [name, c] of [['x', point.x], ['y', point.y]] as const) {
    assertCoordinate(c[0], `${where}.${name}.c0`);
    assertCoordinate(c[1], `${where}.${name}.c1`);
  }
  if (g2IsInfinity(point)) {
    if (!allowInfinity) throw new InvalidPointError('point at infinity is refused', { where });
    return;
  }
  try {
    toG2(point).assertValidity();
  } catch (cause) {
    throw new InvalidPointError('point is not in G2', {
      where, expected: 'a point of order p on the twist', cause, hint: 'check the order of c0 and c1: the EVM sends c1 first',
    });
  }
}

// ---- group operations; inputs are checked ----

const toG1 = (point: G1Affine): InstanceType<typeof G1Point> => (g1IsInfinity(point) ? G1Point.ZERO : G1Point.fromAffine(point));
const toG2 = ({ x, y }: G2Affine): InstanceType<typeof G2Point> =>
  G2Point.fromAffine({ x: { c0: x[0], c1: x[1] }, y: { c0: y[0], c1: y[1] } });
function fromG1(point: InstanceType<typeof G1Point>): G1Affine {
  if (point.is0()) return G1_INFINITY;
  const { x, y } = point.toAffine();
  return { x, y };
}
function checkedG1(point: G1Affine, where: string): InstanceType<typeof G1Point> {
  assertG1(point, where);
  return toG1(point);
}
const scalar = (k: bigint): bigint => ((k % FIELD_MODULUS) + FIELD_MODULUS) % FIELD_MODULUS;

/** a + b. @throws InvalidPointError off the curve */
export const g1Add = (a: G1Affine, b: G1Affine): G1Affine => fromG1(checkedG1(a, 'g1Add.a').add(checkedG1(b, 'g1Add.b')));

/** -a. */
export const g1Neg = (a: G1Affine): G1Affine => ({ x: a.x, y: a.y === 0n ? 0n : BASE_MODULUS - a.y });

/** k a, for any integer k (reduced mod p). Not constant time: for public scalars. @throws InvalidPointError off the curve */
export const g1Mul = (a: G1Affine, k: bigint): G1Affine => fromG1(checkedG1(a, 'g1Mul').multiplyUnsafe(scalar(k)));

/** sum_i k_i a_i for a few points, one by one. @throws InvalidPointError off the curve */
export function g1Combine(points: readonly G1Affine[], scalars: readonly bigint[]): G1Affine {
  let sum = G1Point.ZERO;
  points.forEach((a, i) => (sum = sum.add(checkedG1(a, `g1Combine[${i}]`).multiplyUnsafe(scalar(scalars[i])))));
  return fromG1(sum);
}

/** k b in G2, for any integer k. @throws InvalidPointError outside the subgroup */
export function g2Mul(b: G2Affine, k: bigint): G2Affine {
  assertG2(b, 'g2Mul');
  const s = scalar(k);
  if (g2IsInfinity(b) || s === 0n) return G2_INFINITY;
  const { x, y } = toG2(b).multiplyUnsafe(s).toAffine();
  return { x: [x.c0, x.c1], y: [y.c0, y.c1] };
}

/**
 * prod_i e(a_i, b_i) = 1, as the EVM's pairing precompile decides it: a pair with a point at infinity contributes 1.
 * @throws InvalidPointError for a point off its curve or outside G2's subgroup
 */
export function pairingProductIsOne(pairs: readonly { g1: G1Affine; g2: G2Affine }[]): boolean {
  const active = pairs.filter(({ g1, g2 }, i) => {
    assertG1(g1, `pairs[${i}].g1`);
    assertG2(g2, `pairs[${i}].g2`);
    return !g1IsInfinity(g1) && !g2IsInfinity(g2);
  });
  const product = bn254.pairingBatch(active.map(({ g1, g2 }) => ({ g1: toG1(g1), g2: toG2(g2) })));
  return bn254.fields.Fp12.eql(product, bn254.fields.Fp12.ONE);
}

// ---- the blinding generator ----

/** Domain of H's derivation. */
export const BLINDING_DOMAIN = 'zkattr.kzg.blinding.H';

/**
 * Try-and-increment into G1: the first i = 0, 1, .. for which x_i = keccak256(utf8(domain) || uint256(i), big endian) mod q
 * has x_i^3 + 3 square; y is its even root. Nobody knows a discrete logarithm of the result. Not constant time.
 */
export function hashToG1(domain: string): G1Affine {
  const prefix = new TextEncoder().encode(domain);
  const input = new Uint8Array(prefix.length + 32);
  input.set(prefix);
  for (let i = 0; ; i++) {
    new DataView(input.buffer).setUint32(input.length - 4, i);
    const x = BigInt(keccak256(input)) % BASE_MODULUS;
    // q = 3 mod 4: a square root, if there is one, is the (q + 1)/4-th power.
    const square = (x * x * x + 3n) % BASE_MODULUS;
    const root = Fq.pow(square, (BASE_MODULUS + 1n) / 4n);
    if ((root * root) % BASE_MODULUS === square) return { x, y: root & 1n ? BASE_MODULUS - root : root };
  }
}

let blinding: G1Affine | undefined;
/** H, the base of the commitments' blinding factors (PROTOCOL section 2). Computed once. */
export const blindingGenerator = (): G1Affine => (blinding ??= hashToG1(BLINDING_DOMAIN));
