/**
 * The quadratic arithmetic program of an .r1cs, evaluated at a known tau.
 *   a_s = sum_c A[c][s] L_c(tau)      L_c(tau) = w^c (tau^n - 1) / (n (tau - w^c))
 * likewise b_s, c_s; n = 2^power >= constraints + public signals + 1. As in snarkjs, row (constraints + s) of A has a
 * one for each public signal s and for the constant, which makes the a_s of public signals independent.
 */
import { FileError } from '../../src/errors/files.js';
import { readAt, readSectionTable, sectionOf } from '../../src/commitment/ptau.js';
import { bigintToBytes, bytesToBigint } from '../../src/field/buffer.js';
import { FIELD_MODULUS, frInv, frMul, frPow, frSub, MONTGOMERY_R } from '../../src/field/fr.js';
import type { Bn254Wasm } from './bn254Wasm.js';

export interface R1cs {
  path: string;
  nVars: number;
  /** Public inputs and outputs, without the constant. */
  nPublic: number;
  nConstraints: number;
  /** log2 of the domain that Groth16 needs. */
  power: number;
  constraints: Uint8Array;
}

/** @throws FileError */
export function readR1cs(path: string): R1cs {
  const file = readSectionTable(path, 'r1cs');
  const head = readAt(path, sectionOf(file, 1, 64).offset, 64);
  const view = new DataView(head.buffer);
  const prime = bytesToBigint(head, 4);
  if (view.getUint32(0, true) !== 32 || prime !== FIELD_MODULUS) throw new FileError('constraint system is over another field', { code: 'FILE_CURVE', where: path, expected: FIELD_MODULUS, got: prime, hint: 'compile with circom\'s default prime, bn128' });
  const nVars = view.getUint32(36, true);
  const nPublic = view.getUint32(40, true) + view.getUint32(44, true);
  const nConstraints = view.getUint32(60, true);
  const { offset, size } = sectionOf(file, 2);
  const power = Math.ceil(Math.log2(Math.max(2, nConstraints + nPublic + 1)));
  return { path, nVars, nPublic, nConstraints, power, constraints: readAt(path, offset, size) };
}

/** w of order 2^power; 5 generates the multiplicative group's 2-part, as in snarkjs. */
export const rootOfUnity = (power: number): bigint => frPow(5n, (FIELD_MODULUS - 1n) >> BigInt(power));

const putFr = (w: Bn254Wasm, x: bigint): number => {
  const bytes = new Uint8Array(32);
  bigintToBytes(x, bytes);
  return w.put(bytes);
};
const montgomery = (x: bigint): bigint => frMul(x, MONTGOMERY_R);

/**
 * L_c(tau) for c < 2^power, scaled, Montgomery; every `stride`-th one from `first` on.
 * @returns pointer to (2^power - first) / stride elements
 */
export function lagrangeAt(w: Bn254Wasm, power: number, tau: bigint, options: { first?: number; stride?: number; scale?: bigint } = {}): number {
  const { first = 0, stride = 1, scale = 1n } = options;
  const n = 2 ** power;
  const count = Math.ceil((n - first) / stride);
  const root = rootOfUnity(power);
  const vanishing = frSub(frPow(tau, BigInt(n)), 1n);
  const out = w.alloc(count * 32);
  const differences = w.alloc(count * 32);
  const inverses = w.alloc(count * 32);
  const tauPointer = putFr(w, montgomery(tau));
  const step = putFr(w, montgomery(frPow(root, BigInt(stride))));
  const factor = putFr(w, montgomery(frMul(scale, frMul(vanishing, frInv(BigInt(n))))));
  const point = putFr(w, montgomery(frPow(root, BigInt(first))));
  const { frm_mul: mul, frm_sub: sub, frm_copy: copy, frm_batchInverse: batchInverse } = w.call;
  for (let i = 0; i < count; i++) {
    copy(point, out + 32 * i);
    sub(tauPointer, point, differences + 32 * i);
    mul(point, step, point);
  }
  // In pieces: the routine takes scratch of its own for each element.
  for (let i = 0; i < count; i += 4096) batchInverse(differences + 32 * i, 32, Math.min(4096, count - i), inverses + 32 * i, 32);
  for (let i = 0; i < count; i++) {
    mul(out + 32 * i, inverses + 32 * i, out + 32 * i);
    mul(out + 32 * i, factor, out + 32 * i);
  }
  return out;
}

/** first, first ratio, first ratio^2, ...: canonical bytes. */
export function geometric(w: Bn254Wasm, first: bigint, ratio: bigint, count: number): Uint8Array {
  const out = w.alloc(count * 32);
  const value = putFr(w, first);
  const step = putFr(w, montgomery(ratio));
  for (let i = 0; i < count; i++) {
    w.call.frm_copy(value, out + 32 * i);
    w.call.frm_mul(value, step, value);
  }
  return w.get(out, count * 32);
}

export interface QapAtTau {
  /** a_s, b_s and beta a_s + alpha b_s + c_s for every signal; canonical bytes. */
  a: Uint8Array;
  b: Uint8Array;
  l: Uint8Array;
  /** Section 4 of a .zkey: entries of A and B, value x R^2. */
  coefficients: Uint8Array;
}

/** Evaluates all signals' polynomials at tau. @throws FileError for a malformed constraint section */
export function evaluateQap(w: Bn254Wasm, r1cs: R1cs, tau: bigint, alpha: bigint, beta: bigint): QapAtTau {
  const { nVars, nPublic, nConstraints, power, constraints } = r1cs;
  const view = new DataView(constraints.buffer, constraints.byteOffset, constraints.byteLength);
  const malformed = (c: number): never => {
    throw new FileError('constraint is malformed', { code: 'R1CS_CONSTRAINT', where: `${r1cs.path}, constraint ${c}`, hint: 'the file is damaged: compile the circuit again' });
  };
  // First pass: positions, so that memory is reserved once.
  let [at, entries] = [0, nPublic + 1];
  for (let c = 0; c < nConstraints; c++) {
    for (let m = 0; m < 3; m++) {
      if (at + 4 > constraints.byteLength) malformed(c);
      const n = view.getUint32(at, true);
      at += 4 + 36 * n;
      if (m < 2) entries += n;
    }
  }
  if (at !== constraints.byteLength) malformed(nConstraints);

  const lagrange = lagrangeAt(w, power, tau);
  const values = w.put(constraints);
  const sums = w.alloc(3 * nVars * 32);
  w.view().fill(0, sums, sums + 3 * nVars * 32);
  const coefficients = w.alloc(4 + 44 * entries);
  const cube = putFr(w, frPow(MONTGOMERY_R, 3n));
  const one = putFr(w, 1n);
  const product = w.alloc(32);
  const out = new DataView(w.memory.buffer);
  const { frm_mul: mul, frm_add: add } = w.call;
  out.setUint32(coefficients, entries, true);
  let to = coefficients + 4;
  const entry = (matrix: number, row: number, signal: number, value: number): void => {
    out.setUint32(to, matrix, true);
    out.setUint32(to + 4, row, true);
    out.setUint32(to + 8, signal, true);
    mul(value, cube, to + 12);
    to += 44;
  };
  at = 0;
  for (let c = 0; c < nConstraints; c++) {
    for (let m = 0; m < 3; m++) {
      const n = view.getUint32(at, true);
      at += 4;
      for (let i = 0; i < n; i++, at += 36) {
        const signal = view.getUint32(at, true);
        if (signal >= nVars) malformed(c);
        const value = values + at + 4;
        mul(value, lagrange + 32 * c, product);
        const sum = sums + 32 * (m * nVars + signal);
        add(sum, product, sum);
        if (m < 2) entry(m, c, signal, value);
      }
    }
  }
  for (let s = 0; s <= nPublic; s++) {
    mul(one, lagrange + 32 * (nConstraints + s), product);
    add(sums + 32 * s, product, sums + 32 * s);
    entry(0, nConstraints + s, s, one);
  }
  const [alphaPointer, betaPointer] = [putFr(w, montgomery(alpha)), putFr(w, montgomery(beta))];
  for (let s = 0; s < nVars; s++) {
    const l = sums + 32 * (2 * nVars + s);
    mul(sums + 32 * s, betaPointer, product);
    add(l, product, l);
    mul(sums + 32 * (nVars + s), alphaPointer, product);
    add(l, product, l);
  }
  const table = (m: number): Uint8Array => w.get(sums + 32 * m * nVars, 32 * nVars);
  return { a: table(0), b: table(1), l: table(2), coefficients: w.get(coefficients, 4 + 44 * entries) };
}

/** x[i] factor for canonical byte vectors. */
export function scale(w: Bn254Wasm, x: Uint8Array, factor: bigint): Uint8Array {
  const pointer = w.put(x);
  const f = putFr(w, montgomery(factor));
  for (let i = 0; i < x.byteLength; i += 32) w.call.frm_mul(pointer + i, f, pointer + i);
  return w.get(pointer, x.byteLength);
}
