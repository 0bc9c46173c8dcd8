/**
 * Witness files and inputs as bytes.
 * .wtns (snarkjs): "wtns", version 2, two sections: (32, p, count) and the values, 32 bytes little endian, canonical; w_0 = 1,
 * then public signals, then the others.
 */
import { bigintToBytes } from '../../src/field/buffer.js';
import { FIELD_MODULUS, FR_BYTES, frFrom } from '../../src/field/fr.js';

/** A signal's value; arrays in row-major order, nested or flat. */
export type InputValue = bigint | number | string | readonly InputValue[];
export type CircuitInput = Readonly<Record<string, InputValue>>;

/** Bytes before the first value of a .wtns file. */
export const WTNS_HEADER_BYTES = 12 + 12 + 8 + FR_BYTES + 12;

/** A .wtns file for `count` values, all zero so far. */
export function emptyWtns(count: number): Uint8Array {
  const file = new Uint8Array(WTNS_HEADER_BYTES + count * FR_BYTES);
  const view = new DataView(file.buffer);
  file.set(new TextEncoder().encode('wtns'));
  view.setUint32(4, 2, true); // version
  view.setUint32(8, 2, true); // sections
  view.setUint32(12, 1, true);
  view.setBigUint64(16, 40n, true);
  view.setUint32(24, FR_BYTES, true);
  bigintToBytes(FIELD_MODULUS, file, 28);
  view.setUint32(60, count, true);
  view.setUint32(64, 2, true);
  view.setBigUint64(68, BigInt(count * FR_BYTES), true);
  return file;
}

/** An input signal as generators take it. */
export interface EncodedSignal {
  name: string;
  /** FNV-1a of the name, 64 bits: how circom's generators look signals up. */
  hash: bigint;
  /** 32 bytes a value, little endian, canonical: integers are reduced mod p. */
  values: Uint8Array;
}

const fnv1a64 = (name: string): bigint => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
};

function flatten(value: InputValue, out: bigint[] = []): bigint[] {
  if (Array.isArray(value)) for (const x of value as readonly InputValue[]) flatten(x, out);
  else out.push(frFrom(BigInt(value as bigint | number | string)));
  return out;
}

export const encodeInput = (input: CircuitInput): EncodedSignal[] => Object.entries(input).map(([name, value]) => {
  const flat = flatten(value), values = new Uint8Array(flat.length * FR_BYTES);
  flat.forEach((x, i) => bigintToBytes(x, values, i * FR_BYTES));
  return { name, hash: fnv1a64(name), values };
});
