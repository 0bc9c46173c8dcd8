/**
 * Typed buffers of field elements.
 *   FrBuffer  n x 32 bytes, little endian, Montgomery form (x 2^256 mod p)
 *   G1Buffer  n x 64 bytes, affine x then y, each Fq little endian in Montgomery form; infinity is all zeros
 *   G2Buffer  n x 128 bytes, affine (x.c0, x.c1, y.c0, y.c1), likewise
 * These are the encodings of ffjavascript, snarkjs' .zkey and .ptau files and the WASM field code, so files and
 * kernels share memory without conversion.
 */
import { FIELD_MODULUS, FR_BYTES, frInv, frMul, MONTGOMERY_R } from './fr.js';

export type FrBuffer = Uint8Array;
export type G1Buffer = Uint8Array;
export type G2Buffer = Uint8Array;
export const G1_BYTES = 64;
export const G2_BYTES = 128;

const R_INVERSE = frInv(MONTGOMERY_R);

/** Number of field elements in `buffer`. */
export const frCount = (buffer: FrBuffer): number => buffer.byteLength / FR_BYTES;

export const frBuffer = (count: number): FrBuffer => new Uint8Array(count * FR_BYTES);

/** Little-endian bytes -> integer. */
export function bytesToBigint(bytes: Uint8Array, offset = 0, length = FR_BYTES): bigint {
  let x = 0n;
  for (let i = offset + length - 1; i >= offset; i--) x = (x << 8n) | BigInt(bytes[i]);
  return x;
}

/** Integer -> `length` little-endian bytes at `offset`. */
export function bigintToBytes(x: bigint, target: Uint8Array, offset = 0, length = FR_BYTES): void {
  const view = new DataView(target.buffer, target.byteOffset + offset, length);
  for (let i = 0; i < length; i += 8) {
    view.setBigUint64(i, x & 0xffffffffffffffffn, true);
    x >>= 64n;
  }
}

/** Reads element `index` as a canonical bigint. */
export const frGet = (buffer: FrBuffer, index: number): bigint =>
  frMul(bytesToBigint(buffer, index * FR_BYTES), R_INVERSE);

/** Writes canonical `x` at `index`. */
export const frSet = (buffer: FrBuffer, index: number, x: bigint): void =>
  bigintToBytes((x * MONTGOMERY_R) % FIELD_MODULUS, buffer, index * FR_BYTES);

/** Canonical bigints -> Montgomery buffer (small lists; tables are built by kernels). */
export function frBufferFrom(values: readonly bigint[]): FrBuffer {
  const buffer = frBuffer(values.length);
  values.forEach((x, i) => frSet(buffer, i, x));
  return buffer;
}

export const frBufferToBigints = (buffer: FrBuffer): bigint[] =>
  Array.from({ length: frCount(buffer) }, (_, i) => frGet(buffer, i));
