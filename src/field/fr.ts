/**
 * Scalar field of BN254.
 *   p = 21888242871839275222246405745257275088548364400416034343698204186575808495617, about 2^253.6
 * Two encodings are used, and every buffer says which one it holds:
 *   canonical   bigint in [0, p)                      statements, transcripts, verifier
 *   Montgomery  32 bytes little endian, x 2^256 mod p  prover tables (`FrBuffer`), as ffjavascript and snarkjs keep them
 * Negative integers are embedded as p - |x|.
 */
import { InvalidScalarError } from '../errors/field.js';

export const FIELD_MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617n;
export const FR_BYTES = 32;
/** 2^256 mod p: the Montgomery form of one. */
export const MONTGOMERY_R = (1n << 256n) % FIELD_MODULUS;

/** Canonical representative of any integer: x mod p in [0, p). */
export function frFrom(x: bigint | number): bigint {
  const r = BigInt(x) % FIELD_MODULUS;
  return r < 0n ? r + FIELD_MODULUS : r;
}

export const frAdd = (a: bigint, b: bigint): bigint => {
  const s = a + b;
  return s >= FIELD_MODULUS ? s - FIELD_MODULUS : s;
};
export const frSub = (a: bigint, b: bigint): bigint => (a >= b ? a - b : a - b + FIELD_MODULUS);
export const frMul = (a: bigint, b: bigint): bigint => (a * b) % FIELD_MODULUS;
export const frNeg = (a: bigint): bigint => (a === 0n ? 0n : FIELD_MODULUS - a);

/** a^e for e >= 0. */
export function frPow(a: bigint, e: bigint): bigint {
  let result = 1n;
  for (let base = a, k = e; k > 0n; k >>= 1n, base = frMul(base, base)) if (k & 1n) result = frMul(result, base);
  return result;
}

/** 1 / a. @throws InvalidScalarError for a = 0 */
export function frInv(a: bigint): bigint {
  if (a === 0n) throw new InvalidScalarError('zero has no inverse', { where: 'frInv', hint: 'check the challenge for zero first' });
  let [r0, r1, s0, s1] = [FIELD_MODULUS, a, 0n, 1n];
  while (r1 !== 0n) {
    const q = r0 / r1;
    [r0, r1, s0, s1] = [r1, r0 - q * r1, s1, s0 - q * s1];
  }
  return frFrom(s0);
}

/** @throws InvalidScalarError unless 0 <= x < p (an aliased scalar x + p is refused, never reduced). */
export function assertCanonical(x: bigint, where: string): void {
  if (x < 0n || x >= FIELD_MODULUS) {
    throw new InvalidScalarError('scalar is not canonical', { where, expected: '0 <= x < p', got: x, hint: 'reduce modulo the scalar field before encoding' });
  }
}
