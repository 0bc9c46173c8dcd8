/** The loaded library as cpp/addon defines it. Lengths and kinds are checked there once more; a wrong call throws a TypeError. */
import type { FrBuffer, G1Buffer, G2Buffer } from '../../../src/field/buffer.js';
import type { IntTable, ProductTerm, Table } from '../types.js';
import type { Isa } from './build/isa.js';

/** How a call runs. */
export interface NativeCall {
  /** On the calling thread, at once: for work of some ten microseconds. */
  inline?: boolean;
  /** Anything but 0 in its first entry aborts the call. */
  flag?: Int32Array;
  /** Called on the event loop, at most every 50 ms or so; must not throw. */
  progress?: (done: number, total: number) => void;
}

/** A promise, or undefined when the call ran inline. Rejections have a `code` ZKATTR_...; out buffers are then undefined. */
export type Ran = Promise<void> | undefined;

/** Threads; opaque. Calls on one pool run one after another. */
export interface NativePool {
  /** Aborts what still runs and joins the threads. */
  close(): void;
}

/** A .zkey that is mapped into memory. */
export interface ZkeyHandle {
  readonly variables: number;
  readonly publics: number;
  readonly domain: number;
}

export type FieldName = 'Fr' | 'Fq';
export type BinaryOp = 'add' | 'sub' | 'mul';
export type UnaryOp = 'neg' | 'square' | 'toMontgomery' | 'fromMontgomery';
export type ScalarForm = 'montgomery' | 'canonical';

export interface NativeLibrary {
  readonly isa: Isa;
  readonly Pool: new (threads: number) => NativePool;
  /** Closes every pool: for the end of the process. */
  shutdown(): void;

  fieldBinary(pool: NativePool, field: FieldName, op: BinaryOp, a: Uint8Array, b: Uint8Array, out: Uint8Array, call?: NativeCall): Ran;
  fieldUnary(pool: NativePool, field: FieldName, op: UnaryOp, a: Uint8Array, out: Uint8Array, call?: NativeCall): Ran;
  fieldBatchInverse(pool: NativePool, field: FieldName, a: Uint8Array, out: Uint8Array, call?: NativeCall): Ran;

  msmG1(pool: NativePool, bases: G1Buffer, scalars: Uint8Array, form: ScalarForm, out: G1Buffer, call?: NativeCall): Ran;
  msmG2(pool: NativePool, bases: G2Buffer, scalars: Uint8Array, form: ScalarForm, out: G2Buffer, call?: NativeCall): Ran;
  msmSmallG1(pool: NativePool, bases: G1Buffer, scalars: IntTable, out: G1Buffer, call?: NativeCall): Ran;
  fixedBaseG1(pool: NativePool, base: G1Buffer, scalars: Uint8Array, out: G1Buffer, call?: NativeCall): Ran;
  fixedBaseG2(pool: NativePool, base: G2Buffer, scalars: Uint8Array, out: G2Buffer, call?: NativeCall): Ran;

  ntt(pool: NativePool, values: FrBuffer, inverse: boolean, shift: FrBuffer | undefined, call?: NativeCall): Ran;

  eqTable(pool: NativePool, point: FrBuffer, out: FrBuffer, call?: NativeCall): Ran;
  combineRows(pool: NativePool, weights: FrBuffer, table: Table, out: FrBuffer, call?: NativeCall): Ran;
  dotRows(pool: NativePool, table: Table, weights: FrBuffer, rowLength: number, period: number, out: FrBuffer, call?: NativeCall): Ran;
  linearCombination(pool: NativePool, coefficients: FrBuffer, tables: readonly Table[], out: FrBuffer, call?: NativeCall): Ran;
  outer(pool: NativePool, high: FrBuffer, low: FrBuffer, out: FrBuffer, call?: NativeCall): Ran;
  roundPolynomial(pool: NativePool, half: number, tables: readonly FrBuffer[], degree: number, terms: readonly ProductTerm[], out: FrBuffer, call?: NativeCall): Ran;
  foldAll(pool: NativePool, half: number, tables: readonly FrBuffer[], r: FrBuffer, outs: readonly FrBuffer[], call?: NativeCall): Ran;
  divideByBinomial(pool: NativePool, f: FrBuffer, alpha: FrBuffer, quotient: FrBuffer, remainder: FrBuffer, call?: NativeCall): Ran;
  divideByLinear(pool: NativePool, f: FrBuffer, z: FrBuffer, quotient: FrBuffer, value: FrBuffer, call?: NativeCall): Ran;
  mercuryS(pool: NativePool, g: FrBuffer, h: FrBuffer, uLow: FrBuffer, uHigh: FrBuffer, gamma: FrBuffer, out: FrBuffer, call?: NativeCall): Ran;

  openZkey(pool: NativePool, path: string, call?: NativeCall): Promise<ZkeyHandle>;
  closeZkey(handle: ZkeyHandle): void;
  checkPoints(pool: NativePool, zkey: ZkeyHandle, call?: NativeCall): Ran;
  groth16Prove(pool: NativePool, zkey: ZkeyHandle, wtns: Uint8Array, blinding: Uint8Array, proof: Uint8Array, call?: NativeCall): Ran;
}
