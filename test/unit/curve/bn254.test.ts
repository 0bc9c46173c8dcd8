import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  assertG1, assertG2, BASE_MODULUS, blindingGenerator, g1Add, g1BufferFrom, g1BufferToAffine, g1Combine, g1Get, g1Mul, g1Neg, G1_GENERATOR,
  G1_INFINITY, g2BufferFrom, g2Get, g2Mul, G2_GENERATOR, G2_INFINITY, pairingProductIsOne, type G2Affine,
} from '../../../src/curve/bn254.js';
import { InvalidPointError } from '../../../src/errors/field.js';
import { FIELD_MODULUS } from '../../../src/field/fr.js';

describe('bn254 encodings', () => {
  it('round-trips G1 points, infinity as zeros', () => {
    const points = [G1_GENERATOR, g1Mul(G1_GENERATOR, 12345n), G1_INFINITY];
    const buffer = g1BufferFrom(points);
    assert.deepEqual(g1BufferToAffine(buffer), points);
    assert.deepEqual(g1Get(buffer, 1), points[1]);
    assert.ok(buffer.subarray(128).every((b) => b === 0));
  });
  it('round-trips G2 points', () => {
    const points = [G2_GENERATOR, g2Mul(G2_GENERATOR, 99n), G2_INFINITY];
    const buffer = g2BufferFrom(points);
    points.forEach((point, i) => assert.deepEqual(g2Get(buffer, i), point));
  });
  it('keeps x = 1 as 2^256 mod q, the encoding of snarkjs', () => {
    const one = (1n << 256n) % BASE_MODULUS;
    assert.equal(Buffer.from(g1BufferFrom([G1_GENERATOR]).subarray(0, 32)).reverse().toString('hex'), one.toString(16).padStart(64, '0'));
  });
});

describe('bn254 groups', () => {
  it('adds, doubles, negates and multiplies', () => {
    const two = g1Add(G1_GENERATOR, G1_GENERATOR);
    assert.deepEqual(two, g1Mul(G1_GENERATOR, 2n));
    assert.deepEqual(g1Add(two, g1Neg(two)), G1_INFINITY);
    assert.deepEqual(g1Add(G1_INFINITY, two), two);
    assert.deepEqual(g1Mul(G1_GENERATOR, FIELD_MODULUS), G1_INFINITY);
    assert.deepEqual(g1Mul(G1_GENERATOR, -1n), g1Neg(G1_GENERATOR));
    assert.deepEqual(g1Neg(G1_INFINITY), G1_INFINITY);
    assert.deepEqual(g1Combine([G1_GENERATOR, two], [5n, 7n]), g1Mul(G1_GENERATOR, 19n));
  });
  it('refuses points off the curve, aliased coordinates and, where asked, infinity', () => {
    assert.throws(() => assertG1({ x: 1n, y: 3n }, 'C_h'), InvalidPointError);
    assert.throws(() => assertG1({ x: 1n + BASE_MODULUS, y: 2n }, 'C_h'), InvalidPointError);
    assert.throws(() => assertG1({ x: 1n, y: -2n }, 'C_h'), InvalidPointError);
    assert.throws(() => assertG1(G1_INFINITY, 'C_h', { allowInfinity: false }), InvalidPointError);
    assert.doesNotThrow(() => assertG1(G1_INFINITY, 'C_h'));
    assert.throws(() => g1Mul({ x: 4n, y: 4n }, 2n), InvalidPointError);
  });
  it('refuses a G2 point on the twist but outside the subgroup', () => {
    // x = 1: the twist's order is p times a cofactor, so an arbitrary point is almost never in the subgroup.
    const outside = twistPointOutsideSubgroup();
    assert.throws(() => assertG2(outside, 'tau'), InvalidPointError);
    assert.doesNotThrow(() => assertG2(G2_GENERATOR, 'tau'));
    assert.doesNotThrow(() => assertG2(g2Mul(G2_GENERATOR, 5n), 'tau'));
    assert.throws(() => assertG2({ x: [1n, 2n], y: [3n, 4n] }, 'tau'), InvalidPointError);
    assert.throws(() => assertG2(G2_INFINITY, 'tau', { allowInfinity: false }), InvalidPointError);
  });
});

describe('pairingProductIsOne', () => {
  it('accepts e(aP, Q) e(-P, aQ) and the empty product, ignores infinity, rejects a wrong product', () => {
    const a = 987654321n;
    const good = [
      { g1: g1Mul(G1_GENERATOR, a), g2: G2_GENERATOR },
      { g1: g1Neg(G1_GENERATOR), g2: g2Mul(G2_GENERATOR, a) },
    ];
    assert.equal(pairingProductIsOne(good), true);
    assert.equal(pairingProductIsOne([...good, { g1: G1_INFINITY, g2: G2_GENERATOR }, { g1: G1_GENERATOR, g2: G2_INFINITY }]), true);
    assert.equal(pairingProductIsOne([]), true);
    assert.equal(pairingProductIsOne([good[0], { g1: G1_GENERATOR, g2: good[1].g2 }]), false);
    assert.throws(() => pairingProductIsOne([{ g1: { x: 1n, y: 1n }, g2: G2_GENERATOR }]), InvalidPointError);
  });
});

describe('blindingGenerator', () => {
  it('is the pinned point: changing it orphans every hiding commitment', () => {
    const H = blindingGenerator();
    assertG1(H, 'H', { allowInfinity: false });
    assert.equal(H.y & 1n, 0n);
    assert.equal(H.x.toString(16), '104957ea625c5ad87b677571fb7fbda57659f636a73fd55dfd7ba747debdc626');
    assert.equal(H.y.toString(16), '2a6f4220e2c9301b356263794444fa2d2dce2a3496861f41a1809644923aec1a');
    assert.equal(blindingGenerator(), H);
  });
});

/** Smallest x = (c, 0), c = 1, 2, .. with a square right side; found with the norm trick for square roots in Fq2. */
function twistPointOutsideSubgroup(): G2Affine {
  const q = BASE_MODULUS;
  const mod = (x: bigint): bigint => ((x % q) + q) % q;
  const pow = (b: bigint, e: bigint): bigint => {
    let r = 1n;
    for (let s = mod(b); e > 0n; e >>= 1n, s = mod(s * s)) if (e & 1n) r = mod(r * s);
    return r;
  };
  const root = (x: bigint): bigint | undefined => {
    const r = pow(x, (q + 1n) / 4n);
    return mod(r * r) === mod(x) ? r : undefined;
  };
  const inverse82 = pow(82n, q - 2n);
  const b: [bigint, bigint] = [mod(27n * inverse82), mod(-3n * inverse82)]; // 3 / (9 + i)
  for (let c = 1n; ; c++) {
    const [v0, v1] = [mod(c * c * c + b[0]), b[1]];
    const norm = root(v0 * v0 + v1 * v1);
    if (norm === undefined) continue;
    const y0 = root((v0 + norm) * pow(2n, q - 2n)) ?? root((v0 - norm) * pow(2n, q - 2n));
    if (y0 === undefined) continue;
    return { x: [c, 0n], y: [y0, mod(v1 * pow(2n * y0, q - 2n))] };
  }
}
