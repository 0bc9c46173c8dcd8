/**
 * Symmetric per-tensor quantisation, float to integer and back.
 *   q = clamp(round_half_even(v / scale), -qmax, qmax),   qmax = 2^(bits-1) - 1,   v ~ q scale
 * Half-even is the rounding of ONNX's QuantizeLinear and of IEEE 754, and has no bias at ties.
 * The scale is a float32 value (ONNX holds it as float); the quotient is formed in float64, so the result is the same on every machine.
 * Source: PROTOCOL section 1.
 */
import { keccak256 } from 'viem';
import { NonFiniteError, QuantizeError } from '../errors/models.js';

export type Bits = 8 | 16;
export const quantizedMax = (bits: Bits): number => 2 ** (bits - 1) - 1;

/** Nearest integer, ties to even. Exact: the fraction of a float64 is representable. */
export function roundHalfEven(v: number): number {
  const floor = Math.floor(v), rest = v - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** @throws NonFiniteError naming tensor and first bad index */
export function checkFinite(values: ArrayLike<number>, name: string): void {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) throw new NonFiniteError(name, i, values[i]);
}

/** @throws QuantizeError unless a positive, normal float32 */
export function checkScale(scale: number, name: string): void {
  if (!(scale >= 2 ** -126) || !Number.isFinite(scale) || Math.fround(scale) !== scale) {
    throw new QuantizeError('scale is not a positive float32', { where: name, expected: 'a positive, normal float32', got: String(scale), hint: 'use scaleFor, or Math.fround' });
  }
}

/**
 * Smallest float32 scale at which `headRoom` times the largest |value| still fits; 1 / qmax for an all-zero tensor.
 * @throws NonFiniteError, QuantizeError when headRoom < 1
 */
export function scaleFor(values: ArrayLike<number>, bits: Bits, name: string, headRoom = 1): number {
  if (!(headRoom >= 1)) throw new QuantizeError('head room is below 1', { where: name, expected: '>= 1', got: headRoom });
  checkFinite(values, name);
  let max = 0;
  for (let i = 0; i < values.length; i++) max = Math.max(max, Math.abs(values[i]));
  const scale = Math.fround(Math.max((max || 1) * headRoom / quantizedMax(bits), 2 ** -126));
  checkScale(scale, name);
  return scale;
}

/** Quantises; values beyond the range saturate. @throws NonFiniteError, QuantizeError */
export function quantize(values: ArrayLike<number>, scale: number, bits: 8, name: string): Int8Array;
export function quantize(values: ArrayLike<number>, scale: number, bits: 16, name: string): Int16Array;
export function quantize(values: ArrayLike<number>, scale: number, bits: Bits, name: string): Int8Array | Int16Array {
  checkScale(scale, name);
  checkFinite(values, name);
  const max = quantizedMax(bits);
  const out = bits === 8 ? new Int8Array(values.length) : new Int16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = Math.max(-max, Math.min(max, roundHalfEven(values[i] / scale)));
  return out;
}

/** v = q scale. */
export const dequantize = (values: Int8Array | Int16Array, scale: number): Float64Array => Float64Array.from(values, (q) => q * scale);

/** keccak256 of the scale as a big-endian float64, then the bits as one byte. @throws QuantizeError */
export function scaleHash(scale: number, bits: Bits): `0x${string}` {
  checkScale(scale, 'scale');
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setFloat64(0, scale);
  bytes[8] = bits;
  return keccak256(bytes);
}
