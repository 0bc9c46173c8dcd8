/** Divisions of the opening over WASM; equations in ../reference/division.ts. Sequential by nature: one thread. */
import type { WasmCurve } from '../../../src/curve/wasm.js';
import { frCount, type FrBuffer } from '../../../src/field/buffer.js';
import { FR_BYTES } from '../../../src/field/fr.js';

export interface BinomialTask {
  f: FrBuffer;
  blo: number;
  alpha: bigint;
  /** Zeroed. */
  quotient: FrBuffer;
  remainder: FrBuffer;
}
/** q_(k-1) = f_k + alpha q_k, a block at a time. */
export function divideByBinomial(wasm: WasmCurve, { f, blo, alpha, quotient, remainder }: BinomialTask): void {
  wasm.scope(() => {
    const bytes = blo * FR_BYTES;
    const pAlpha = wasm.putFr(alpha);
    let previous = wasm.allocZeros(bytes);
    let current = wasm.alloc(bytes);
    for (let k = frCount(f) / blo - 1; k >= 0; k--) {
      wasm.write(current, f.subarray(k * bytes, (k + 1) * bytes));
      wasm.exports.frm_vecAxpy(previous, current, pAlpha, blo);
      wasm.read(current, k === 0 ? remainder : quotient.subarray((k - 1) * bytes, k * bytes));
      [previous, current] = [current, previous];
    }
  });
}

export interface LinearTask {
  f: FrBuffer;
  z: bigint;
  quotient: FrBuffer;
  value: FrBuffer;
}
/** Horner from the top, in chunks. */
export function divideByLinear(wasm: WasmCurve, { f, z, quotient, value }: LinearTask): void {
  const CHUNK = 1024;
  wasm.scope(() => {
    const [pF, pQ] = [wasm.alloc(CHUNK * FR_BYTES), wasm.alloc(CHUNK * FR_BYTES)];
    const pZ = wasm.putFr(z);
    const acc = wasm.allocZeros(FR_BYTES);
    for (let to = frCount(f); to > 0; to -= CHUNK) {
      const from = Math.max(0, to - CHUNK);
      const last = (to - from - 1) * FR_BYTES;
      wasm.write(pF, f.subarray(from * FR_BYTES, to * FR_BYTES));
      wasm.exports.frm_horner(pF + last, pQ + last, pZ, acc, to - from);
      wasm.read(pQ, quotient.subarray(from * FR_BYTES, to * FR_BYTES));
    }
    wasm.read(acc, value);
  });
}

export interface MercurySTask {
  g: FrBuffer;
  h: FrBuffer;
  uLow: readonly bigint[];
  uHigh: readonly bigint[];
  gamma: bigint;
  /** Zeroed. */
  out: FrBuffer;
}
/** S_(i-1) = A_i + A_(-i) + gamma (B_i + B_(-i)) */
export function mercuryS(wasm: WasmCurve, { g, h, uLow, uHigh, gamma, out }: MercurySTask): void {
  wasm.scope(() => {
    const b = frCount(g);
    const pGamma = wasm.putFr(gamma);
    const A = timesInverseP(wasm, g, uLow, b);
    const B = timesInverseP(wasm, h, uHigh, b);
    wasm.exports.frm_vecAxpy(B, A, pGamma, 2 * b - 1);
    const middle = A + (b - 1) * FR_BYTES;
    for (let i = 1; i < b; i++) wasm.exports.frm_add(middle + i * FR_BYTES, middle - i * FR_BYTES, middle + i * FR_BYTES);
    if (b > 1) wasm.read(middle + FR_BYTES, out.subarray(0, (b - 1) * FR_BYTES));
  });
}

/** a(X) prod_k (1 - u_k + u_k X^(-2^k)), X^j at index j + b - 1: a fold of the vector with itself, shifted; zeros above. */
function timesInverseP(wasm: WasmCurve, a: FrBuffer, u: readonly bigint[], b: number): number {
  const laurent = wasm.allocZeros(3 * b * FR_BYTES);
  wasm.write(laurent + (b - 1) * FR_BYTES, a);
  u.forEach((r, k) => wasm.exports.frm_vecFold(laurent, laurent + (FR_BYTES << k), laurent, wasm.putFr(r), 2 * b - 1));
  return laurent;
}
