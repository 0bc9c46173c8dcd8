/**
 * wasmcurves' bn128 module, one instance to a thread, on raw addresses: no bigint in hot paths.
 *   exports  f1m_*, frm_* fields; g1m_* points (Jacobian 96 bytes, affine 64 bytes, all Montgomery); loops of wasmLoops.ts
 *   memory   static data, then a bump allocator: `scope` gives back everything a computation took
 * Arguments are addresses unless named n; the result's address comes last in wasmcurves' own functions.
 */
import { frBufferFrom, frBufferToBigints } from '../field/buffer.js';
import { FR_BYTES } from '../field/fr.js';
import { addWasmLoops } from './wasmLoops.js';

type Unary = (a: number, out: number) => void;
type Binary = (a: number, b: number, out: number) => void;

/** What this project calls of the module. */
export interface WasmExports {
  frm_add: Binary;
  frm_sub: Binary;
  frm_mul: Binary;
  frm_neg: Unary;
  frm_one: (out: number) => void;
  frm_zero: (out: number) => void;
  frm_batchFromMontgomery: (a: number, n: number, out: number) => void;
  f1m_inverse: Unary;
  g1m_zero: (out: number) => void;
  g1m_add: Binary;
  g1m_addMixed: Binary;
  g1m_subMixed: Binary;
  g1m_double: Unary;
  g1m_toAffine: Unary;
  g1m_multiexpAffine: (bases: number, scalars: number, scalarBytes: number, n: number, out: number) => void;
  frm_vecAdd: (a: number, b: number, out: number, n: number) => void;
  frm_vecSub: (a: number, b: number, out: number, n: number) => void;
  frm_vecScale: (a: number, out: number, k: number, n: number) => void;
  frm_vecAxpy: (a: number, out: number, k: number, n: number) => void;
  frm_vecFold: (lo: number, hi: number, out: number, r: number, n: number) => void;
  frm_vecSum: (a: number, sum: number, n: number) => void;
  frm_vecDot: (a: number, b: number, sum: number, n: number) => void;
  frm_vecDot3: (a: number, b: number, c: number, sum: number, n: number) => void;
  frm_horner: (lastF: number, lastQ: number, z: number, acc: number, n: number) => void;
  frm_lanesDotInt8: LanesDot;
  frm_lanesDotInt16: LanesDot;
  frm_lanesDotUint8: LanesDot;
  frm_lanesAxpyInt8: LanesAxpy;
  frm_lanesAxpyInt16: LanesAxpy;
  frm_lanesAxpyUint8: LanesAxpy;
  frm_lanesReduce: (lanes: number, out: number, n: number) => void;
  g1m_addPairs: (pairs: number, out: number, d: number, prefix: number, n: number) => void;
}
export type LanesDot = (integers: number, weights: number, lanes: number, n: number) => void;
export type LanesAxpy = (integers: number, lanes: number, weight: number, n: number) => void;

/** The compiled module and the first free address: what a worker thread needs to instantiate its own. */
export interface WasmCurveCode {
  module: WebAssembly.Module;
  freeAddress: number;
}

const PAGE_BYTES = 65536;
const INITIAL_PAGES = 25;

export class WasmCurve {
  readonly exports: WasmExports;
  private readonly memory: WebAssembly.Memory;
  private free: number;

  /** Compiling was done before; instantiating takes about a millisecond. */
  constructor({ module, freeAddress }: WasmCurveCode) {
    this.memory = new WebAssembly.Memory({ initial: INITIAL_PAGES });
    this.exports = new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports as unknown as WasmExports;
    this.free = freeAddress;
  }

  /** The memory as bytes. A later `alloc` may detach it: take it anew after each. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.memory.buffer);
  }
  get words(): Uint32Array {
    return new Uint32Array(this.memory.buffer);
  }

  /** Runs `compute`, then gives back what it allocated, also when it throws. */
  scope<T>(compute: () => T): T {
    const mark = this.free;
    try {
      return compute();
    } finally {
      this.free = mark;
    }
  }

  /** Address of `bytes` uninitialised bytes, 8-aligned; bit 0 of an address is free for flags. */
  alloc(bytes: number): number {
    const address = (this.free + 7) & ~7;
    this.free = address + bytes;
    this.reserve(0);
    return address;
  }

  /** Makes room for `bytes` that a function of the module takes by itself, and tells the module where they start. */
  reserve(bytes: number): void {
    const needed = Math.ceil((this.free + bytes) / PAGE_BYTES) - this.memory.buffer.byteLength / PAGE_BYTES;
    if (needed > 0) this.memory.grow(needed);
    // wasmcurves keeps its own bump pointer at address 0.
    new Uint32Array(this.memory.buffer, 0, 1)[0] = (this.free + 7) & ~7;
  }

  allocZeros(bytes: number): number {
    const address = this.alloc(bytes);
    this.bytes.fill(0, address, address + bytes);
    return address;
  }

  /** Copies `data` in and returns its address. */
  put(data: ArrayBufferView): number {
    const address = this.alloc(data.byteLength);
    this.write(address, data);
    return address;
  }

  write(address: number, data: ArrayBufferView): void {
    this.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address);
  }

  /** Copies `target.byteLength` bytes out. */
  read(address: number, target: Uint8Array): void {
    target.set(this.bytes.subarray(address, address + target.byteLength));
  }

  /** Canonical scalar -> address of its Montgomery form. */
  putFr(x: bigint): number {
    return this.put(frBufferFrom([x]));
  }

  getFr(address: number): bigint {
    const out = new Uint8Array(FR_BYTES);
    this.read(address, out);
    return frBufferToBigints(out)[0];
  }

  /** Bytes of WASM memory now held; grows to the largest scope ever run, never beyond. */
  get heldBytes(): number {
    return this.memory.buffer.byteLength;
  }
}

let code: Promise<WasmCurveCode> | undefined;
let curve: Promise<WasmCurve> | undefined;

/** Generates and compiles the module, once in a process (about 0.2 s). */
export const getWasmCurveCode = (): Promise<WasmCurveCode> => (code ??= compileWasmCurve());

/** In a worker thread: the module that the main thread compiled, before the first use. ffjavascript cannot be loaded there. */
export function takeWasmCurveCode(compiled: WasmCurveCode): void { code = Promise.resolve(compiled); }

async function compileWasmCurve(): Promise<WasmCurveCode> {
  // Lazily: loaded in a worker thread, ffjavascript's web-worker takes the thread for one of its own and prints an error.
  const { buildBn128 } = await import('ffjavascript');
  const { tm } = await buildBn128(true, addWasmLoops);
  return { module: await WebAssembly.compile(tm.code), freeAddress: tm.initalPFree };
}

/** This thread's instance, made on first use. */
export const getWasmCurve = (): Promise<WasmCurve> => (curve ??= getWasmCurveCode().then((compiled) => new WasmCurve(compiled)));
