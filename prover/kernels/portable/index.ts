/**
 * The portable kernels: WASM field code and threads; every machine with Node runs them.
 *   small work   on the calling thread's instance, at once
 *   large work   split over worker threads. Inputs in shared memory are passed as they are, others are copied slice by slice;
 *                results are written to shared memory, so a table folded round after round is never copied by this thread.
 * Large results are therefore Uint8Arrays over a SharedArrayBuffer; a caller that needs a plain one (TextDecoder) copies it.
 */
import { availableParallelism } from 'node:os';
import { g1Add, g1BufferFrom, g1Get, G1_INFINITY } from '../../../src/curve/bn254.js';
import { getWasmCurve, getWasmCurveCode } from '../../../src/curve/wasm.js';
import { frBufferToBigints, frCount, G1_BYTES, type FrBuffer, type G1Buffer } from '../../../src/field/buffer.js';
import { FR_BYTES, frAdd, frMul, frSub } from '../../../src/field/fr.js';
import { createThreadPool } from '../../pool/index.js';
import { kernelsOf, type Call, type Methods } from '../calls.js';
import {
  assertBinomial, assertCombineRows, assertDotRows, assertFr, assertHalvable, assertLinearCombination, assertMercuryS, assertMsm, assertRound, tableLength,
} from '../shape.js';
import type { IntTable, Kernels, Table } from '../types.js';
import { runTask, type Job, type TaskName, type TaskOf } from './tasks.js';

/** Weights of a kernel's inner step, in field products (about 75 ns). */
const COST = { product: 1, lanes: 0.15, msm: 320, msmSmall: 9 } as const;
/**
 * Field products from which work goes to the threads: about 1.2 ms of it. A task costs some 0.1 ms to hand over and copy,
 * and below this two threads gained nothing (measured on two cores); above it the event loop should not wait either.
 */
const THREADED_FROM = 1 << 14;
const MAX_DEFAULT_THREADS = 4;

export interface PortableOptions {
  /** Worker threads; default min(available cores, 4). */
  threads?: number;
}

export async function createPortableKernels({ threads = Math.min(availableParallelism(), MAX_DEFAULT_THREADS) }: PortableOptions = {}): Promise<Kernels> {
  const wasm = await getWasmCurve();
  const pool = createThreadPool<Job>(new URL('./worker.js', import.meta.url), threads, await getWasmCurveCode());

  const here = <Name extends TaskName>(name: Name, task: TaskOf<Name>): void => runTask(wasm, { name, task });

  /** Runs the parts on the threads, and waits also after an abort for those that run: they still write. */
  async function onThreads<Name extends TaskName>(call: Call, name: Name, parts: readonly TaskOf<Name>[]): Promise<void> {
    let next = 0, done = 0;
    const lane = async (): Promise<void> => {
      while (next < parts.length) {
        call.check();
        const transfer: ArrayBuffer[] = [];
        const task = share(parts[next++], transfer) as TaskOf<Name>;
        await pool.run({ name, task } as Job, transfer);
        call.report(++done, parts.length);
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: Math.min(threads, parts.length) }, lane));
    for (const result of ended) if (result.status === 'rejected') throw result.reason;
  }

  /**
   * One range [from, to) of 0 .. n for each thread, multiples of `unit`; fewer when there is too little.
   * Undefined for work that stays here.
   */
  function ranges(n: number, cost: number, unit = 1): [number, number][] | undefined {
    if (cost < THREADED_FROM) return undefined;
    const each = Math.ceil(n / threads / unit) * unit;
    const list: [number, number][] = [];
    for (let from = 0; from < n; from += each) list.push([from, Math.min(n, from + each)]);
    return list;
  }

  /** sum over the parts of one MSM. */
  async function sumParts<Name extends 'msm' | 'msmSmall'>(call: Call, name: Name, n: number, cost: number, part: (from: number, to: number, out: G1Buffer) => TaskOf<Name>): Promise<G1Buffer> {
    const split = ranges(n, cost);
    if (!split) {
      const out = new Uint8Array(G1_BYTES);
      here(name, part(0, n, out));
      return out;
    }
    const outs = split.map(() => shared(G1_BYTES));
    await onThreads(call, name, split.map(([from, to], k) => part(from, to, outs[k])));
    return outs.length === 1 ? outs[0].slice() : g1BufferFrom([outs.map((out) => g1Get(out)).reduce(g1Add, G1_INFINITY)]);
  }

  const methods: Methods = {
    async msm(call, bases, scalars) {
      const n = frCount(scalars);
      assertMsm(bases, n, 'msm');
      return sumParts(call, 'msm', n, n * COST.msm, (from, to, out) => ({ bases: points(bases, from, to), scalars: elements(scalars, from, to), out }));
    },

    async msmSmall(call, bases, scalars) {
      const n = scalars.data.length;
      assertMsm(bases, n, 'msmSmall');
      return sumParts(call, 'msmSmall', n, n * COST.msmSmall, (from, to, out) => ({ bases: points(bases, from, to), scalars: rangeOf(scalars, from, to), out }));
    },

    async eqTable(call, point) {
      const n = 2 ** point.length;
      if (n < THREADED_FROM) {
        const out = new Uint8Array(n * FR_BYTES);
        here('eqTable', { point, scale: 1n, out });
        return out;
      }
      // The top variables number the parts; each is the table of the low ones, scaled.
      const out = shared(n * FR_BYTES);
      const topVars = Math.min(point.length, Math.ceil(Math.log2(threads)));
      const low = point.slice(0, point.length - topVars);
      const top = point.slice(low.length);
      await onThreads(
        call, 'eqTable',
        Array.from({ length: 2 ** topVars }, (_, part) => ({
          point: low,
          scale: top.reduce((product, r, k) => frMul(product, (part >> k) & 1 ? r : frSub(1n, r)), 1n),
          out: elements(out, part * 2 ** low.length, (part + 1) * 2 ** low.length),
        })),
      );
      return out;
    },

    async combineRows(call, weights, table, rowLength) {
      assertCombineRows(weights, table, rowLength);
      const rows = rowLength === 0 ? 0 : Math.ceil(tableLength(table) / rowLength);
      const part = (from: number, to: number, out: FrBuffer): TaskOf<'combineRows'> => ({
        weights: elements(weights, from, to), table: rangeOf(table, from * rowLength, Math.min(to * rowLength, tableLength(table))), rowLength, out,
      });
      const split = ranges(rows, tableLength(table) * costOf(table));
      if (!split) {
        const out = new Uint8Array(rowLength * FR_BYTES);
        here('combineRows', part(0, rows, out));
        return out;
      }
      const outs = split.map(() => shared(rowLength * FR_BYTES));
      await onThreads(call, 'combineRows', split.map(([from, to], k) => part(from, to, outs[k])));
      const out = outs.length === 1 ? outs[0] : shared(rowLength * FR_BYTES);
      if (outs.length > 1) here('linearCombination', { coefficients: outs.map(() => 1n), tables: outs.map((data) => ({ kind: 'fr', data })), out });
      return out;
    },

    async dotRows(call, table, weights, rowLength, period) {
      assertDotRows(table, weights, rowLength, period);
      const rows = tableLength(table) / rowLength;
      const part = (from: number, to: number, out: FrBuffer): TaskOf<'dotRows'> => ({
        table: rangeOf(table, from * rowLength, to * rowLength), weights, rowLength, period, firstRow: from % period, out: elements(out, from, to),
      });
      return overRange(call, 'dotRows', rows, tableLength(table) * costOf(table), part);
    },

    async linearCombination(call, coefficients, tables, length) {
      assertLinearCombination(coefficients, tables, length);
      const cost = tables.reduce((sum, table) => sum + tableLength(table) * costOf(table), 0);
      return overRange(call, 'linearCombination', length, cost, (from, to, out) => ({
        coefficients, tables: tables.map((table) => rangeOf(table, Math.min(from, tableLength(table)), Math.min(to, tableLength(table)))), out: elements(out, from, to),
      }));
    },

    async outer(call, high, low) {
      assertFr(high, 'outer.high');
      assertFr(low, 'outer.low');
      const n = frCount(low);
      const rows = frCount(high);
      return overRange(call, 'outer', rows, rows * n, (from, to, out) => ({ high: elements(high, from, to), low, out: elements(out, from * n, to * n) }), n);
    },

    async roundPolynomial(call, tables, terms, degree) {
      assertRound(tables, terms, degree);
      const half = tables.length === 0 ? 0 : frCount(tables[0]) / 2;
      const products = terms.reduce((sum, { factors }) => sum + [1, 3, 8][factors.length - 1], 0);
      const part = (from: number, to: number, out: FrBuffer): TaskOf<'roundPolynomial'> => ({
        lo: tables.map((table) => elements(table, from, to)), hi: tables.map((table) => elements(table, half + from, half + to)), terms, out,
      });
      const split = ranges(half, half * products);
      const bytes = (degree + 1) * FR_BYTES;
      if (!split) {
        const out = new Uint8Array(bytes);
        here('roundPolynomial', part(0, half, out));
        return frBufferToBigints(out);
      }
      const outs = split.map(() => shared(bytes));
      await onThreads(call, 'roundPolynomial', split.map(([from, to], k) => part(from, to, outs[k])));
      return outs.map(frBufferToBigints).reduce((sum, coefficients) => sum.map((c, i) => frAdd(c, coefficients[i])));
    },

    async foldAll(call, tables, r) {
      assertHalvable(tables, 'foldAll.tables');
      if (tables.length === 0) return [];
      const half = frCount(tables[0]) / 2;
      const part = (table: FrBuffer, from: number, to: number, out: FrBuffer): TaskOf<'fold'> => ({
        lo: elements(table, from, to), hi: elements(table, half + from, half + to), r, out: elements(out, from, to),
      });
      const split = ranges(half, half * tables.length);
      if (!split) {
        return tables.map((table) => {
          const out = new Uint8Array(half * FR_BYTES);
          here('fold', part(table, 0, half, out));
          return out;
        });
      }
      const outs = tables.map(() => shared(half * FR_BYTES));
      await onThreads(call, 'fold', tables.flatMap((table, k) => split.map(([from, to]) => part(table, from, to, outs[k]))));
      return outs;
    },

    async divideByBinomial(call, f, blo, alpha) {
      assertBinomial(f, blo);
      const task = { f, blo, alpha, quotient: buffer(frCount(f), f.byteLength), remainder: buffer(frCount(f), blo * FR_BYTES) };
      await single(call, 'divideByBinomial', frCount(f), task);
      return { quotient: task.quotient, remainder: task.remainder };
    },

    async divideByLinear(call, f, z) {
      assertFr(f, 'divideByLinear');
      const task = { f, z, quotient: buffer(frCount(f), f.byteLength), value: buffer(frCount(f), FR_BYTES) };
      await single(call, 'divideByLinear', frCount(f), task);
      return { quotient: task.quotient, value: frBufferToBigints(task.value)[0] };
    },

    async mercuryS(call, g, h, uLow, uHigh, gamma) {
      assertMercuryS(g, h, uLow.length, uHigh.length);
      const cost = 2 * frCount(g) * (uLow.length + uHigh.length);
      const out = buffer(cost, g.byteLength);
      await single(call, 'mercuryS', cost, { g, h, uLow, uHigh, gamma, out });
      return out;
    },
  };

  /** Ranges of rows, each written in place. */
  async function overRange<Name extends TaskName>(call: Call, name: Name, rows: number, cost: number, part: (from: number, to: number, out: FrBuffer) => TaskOf<Name>, rowLength = 1): Promise<FrBuffer> {
    const split = ranges(rows, cost);
    const out = buffer(split ? THREADED_FROM : 0, rows * rowLength * FR_BYTES);
    if (split) await onThreads(call, name, split.map(([from, to]) => part(from, to, out)));
    else here(name, part(0, rows, out));
    return out;
  }

  /** Work that cannot be split: here if small, else on one thread. */
  async function single<Name extends TaskName>(call: Call, name: Name, cost: number, task: TaskOf<Name>): Promise<void> {
    if (cost < THREADED_FROM) here(name, task);
    else await onThreads(call, name, [task]);
  }

  return kernelsOf('portable', methods, () => pool.close());
}

const shared = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));
/** A zeroed result: shared when threads will write it. */
const buffer = (cost: number, bytes: number): Uint8Array => (cost < THREADED_FROM ? new Uint8Array(bytes) : shared(bytes));
const elements = (data: FrBuffer, from: number, to: number): FrBuffer => data.subarray(from * FR_BYTES, to * FR_BYTES);
const points = (data: G1Buffer, from: number, to: number): G1Buffer => data.subarray(from * G1_BYTES, to * G1_BYTES);
const costOf = (table: Table): number => (table.kind === 'fr' ? COST.product : COST.lanes);

function rangeOf<T extends Table | IntTable>(table: T, from: number, to: number): T {
  const data = table.kind === 'fr' ? elements(table.data, from, to) : table.data.subarray(from, to);
  return { kind: table.kind, data } as T;
}

/**
 * The task with every view made cheap to post: shared memory as it is, anything else copied and transferred.
 * (Posting a view of plain memory would clone the whole buffer beneath it.)
 */
function share(value: unknown, transfer: ArrayBuffer[]): unknown {
  if (ArrayBuffer.isView(value)) {
    const view = value as Uint8Array;
    if (view.buffer instanceof SharedArrayBuffer) return view;
    const copy = view.slice();
    transfer.push(copy.buffer as ArrayBuffer);
    return copy;
  }
  if (Array.isArray(value)) return value.map((item) => share(item, transfer));
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, share(item, transfer)]));
  return value;
}
