/** Multi-scalar multiplication with full scalars over WASM: Pippenger's windows with signed digits and affine bucket trees. */
import { addBuckets, bucketScratch, JACOBIAN_BYTES, windowCost } from '../../../src/curve/buckets.js';
import { MSM_CHUNK, msmSmall as msmSmallSync } from '../../../src/curve/msmSmall.js';
import type { WasmCurve } from '../../../src/curve/wasm.js';
import { frCount, G1_BYTES, type FrBuffer, type G1Buffer } from '../../../src/field/buffer.js';
import { FR_BYTES } from '../../../src/field/fr.js';
import type { IntTable } from '../types.js';

export interface MsmTask {
  bases: G1Buffer;
  scalars: FrBuffer;
  out: G1Buffer;
}

/** Digits cover 255 bits: the scalars' 254 and the carry that signed digits push into the top one. */
const DIGIT_BITS_TOTAL = 255;

/** Window width of least cost; 2 .. 16 bits. */
function windowBits(n: number): number {
  let best = 2;
  const cost = (c: number): number => Math.ceil(DIGIT_BITS_TOTAL / c) * windowCost(n, 1 << (c - 1));
  for (let c = 3; c <= 16; c++) if (cost(c) < cost(best)) best = c;
  return best;
}

export function msm(wasm: WasmCurve, { bases, scalars, out }: MsmTask): void {
  const { g1m_zero, g1m_add, g1m_toAffine } = wasm.exports;
  wasm.scope(() => {
    const total = wasm.alloc(JACOBIAN_BYTES);
    g1m_zero(total);
    for (let from = 0, n = frCount(scalars); from < n; from += MSM_CHUNK) {
      const to = Math.min(n, from + MSM_CHUNK);
      wasm.scope(() => {
        const part = msmChunk(wasm, bases.subarray(from * G1_BYTES, to * G1_BYTES), scalars.subarray(from * FR_BYTES, to * FR_BYTES));
        g1m_add(total, part, total);
      });
    }
    g1m_toAffine(total, total);
    wasm.read(total, out);
  });
}

/** @returns address of the Jacobian sum, in the caller's scope */
function msmChunk(wasm: WasmCurve, bases: G1Buffer, scalars: FrBuffer): number {
  const { g1m_zero, g1m_double, frm_batchFromMontgomery } = wasm.exports;
  const n = frCount(scalars);
  const bits = windowBits(n);
  const windows = Math.ceil(DIGIT_BITS_TOTAL / bits);
  const half = 1 << (bits - 1);
  const sum = wasm.alloc(JACOBIAN_BYTES);
  g1m_zero(sum);

  // Canonical scalars plus `half` at every window but the top one: then digit = window's bits - half needs no carries.
  const canonical = wasm.put(scalars);
  frm_batchFromMontgomery(canonical, n, canonical);
  const shifted = new Uint32Array(n * 9); // a ninth word, zero, so that the top window may read beyond bit 255
  const offset = new Uint32Array(8);
  for (let w = 0; w < windows - 1; w++) {
    const bit = w * bits + bits - 1;
    offset[bit >>> 5] |= 1 << (bit & 31);
  }
  const words = wasm.words;
  for (let i = 0; i < n; i++) {
    let carry = 0;
    for (let k = 0; k < 8; k++) {
      const s = words[(canonical >>> 2) + i * 8 + k] + offset[k] + carry;
      shifted[i * 9 + k] = s;
      carry = s > 0xffffffff ? 1 : 0;
    }
  }

  const points = wasm.put(bases);
  const scratch = bucketScratch(wasm, n);
  const digits = new Int32Array(n);
  for (let w = windows - 1; w >= 0; w--) {
    const word = (w * bits) >>> 5;
    const shift = (w * bits) & 31;
    const minus = w === windows - 1 ? 0 : half;
    for (let i = 0; i < n; i++) {
      const low = shifted[i * 9 + word] >>> shift;
      const high = shift === 0 ? 0 : shifted[i * 9 + word + 1] << (32 - shift);
      digits[i] = ((low | high) & (2 * half - 1)) - minus;
    }
    for (let k = 0; k < bits; k++) g1m_double(sum, sum);
    addBuckets(wasm, scratch, points, digits, n, half, sum);
  }
  return sum;
}

export interface MsmSmallTask {
  bases: G1Buffer;
  scalars: IntTable;
  out: G1Buffer;
}
export function msmSmall(wasm: WasmCurve, { bases, scalars, out }: MsmSmallTask): void {
  out.set(msmSmallSync(wasm, bases, scalars.data));
}
