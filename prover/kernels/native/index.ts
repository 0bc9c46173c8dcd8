/**
 * The native kernels: C++ behind Node-API, one library for each instruction set, threads of its own.
 *   small work   on the calling thread, at once
 *   large work   on the pool: calls run one after another, each on all threads; the event loop stays free
 * Inputs and outputs are used where they lie: neither written nor transferred by the caller until the call settles.
 */
import { availableParallelism } from 'node:os';
import { frBuffer, frBufferFrom, frBufferToBigints, frCount, G1_BYTES } from '../../../src/field/buffer.js';
import { kernelsOf, type Methods } from '../calls.js';
import {
  assertBinomial, assertCombineRows, assertDotRows, assertFr, assertHalvable, assertLinearCombination, assertMercuryS, assertMsm, assertRound, tableLength,
} from '../shape.js';
import type { Kernels, Table } from '../types.js';
import type { Isa } from './build/isa.js';
import { loadNative, type LoadOptions } from './load.js';
import { Runner } from './runner.js';

export interface NativeOptions extends LoadOptions {
  /** Threads for large work; default: all cores that this process may use. */
  threads?: number;
}

export type NativeKernels = Kernels & { readonly isa: Isa };

/** Weight of an entry of a table, in field products: integers are added lane by lane. */
const costOf = (table: Table): number => tableLength(table) * (table.kind === 'fr' ? 1 : 0.25);

/**
 * Builds the library when it is not built yet (a minute or two, once), loads and tests it.
 * @throws NativeKernelsError, UnsupportedIsaError, FileError
 */
export async function createNativeKernels({ threads = availableParallelism(), ...load }: NativeOptions = {}): Promise<NativeKernels> {
  const { library, isa } = await loadNative(load);
  const runner = new Runner(library, threads);
  const kernels = kernelsOf('native', methodsOf(runner), () => runner.close());
  return { ...kernels, isa };
}

const methodsOf = (runner: Runner): Methods => ({
  async msm(call, bases, scalars) {
    const n = frCount(scalars), out = new Uint8Array(G1_BYTES);
    assertMsm(bases, n, 'msm');
    assertFr(scalars, 'msm.scalars');
    await runner.run(call, 'msm', n === 0 ? 0 : Infinity, (library, pool, how) => library.msmG1(pool, bases, scalars, 'montgomery', out, how));
    return out;
  },

  async msmSmall(call, bases, scalars) {
    const n = scalars.data.length, out = new Uint8Array(G1_BYTES);
    assertMsm(bases, n, 'msmSmall');
    await runner.run(call, 'msmSmall', n === 0 ? 0 : Infinity, (library, pool, how) => library.msmSmallG1(pool, bases, scalars, out, how));
    return out;
  },

  async eqTable(call, point) {
    const values = frBufferFrom(point), out = frBuffer(2 ** point.length);
    await runner.run(call, 'eqTable', frCount(out), (library, pool, how) => library.eqTable(pool, values, out, how));
    return out;
  },

  async combineRows(call, weights, table, rowLength) {
    assertCombineRows(weights, table, rowLength);
    const out = frBuffer(rowLength);
    await runner.run(call, 'combineRows', costOf(table) + rowLength, (library, pool, how) => library.combineRows(pool, weights, table, out, how));
    return out;
  },

  async dotRows(call, table, weights, rowLength, period) {
    assertDotRows(table, weights, rowLength, period);
    const out = frBuffer(tableLength(table) / rowLength);
    await runner.run(call, 'dotRows', costOf(table) + frCount(out), (library, pool, how) => library.dotRows(pool, table, weights, rowLength, period, out, how));
    return out;
  },

  async linearCombination(call, coefficients, tables, length) {
    assertLinearCombination(coefficients, tables, length);
    const factors = frBufferFrom(coefficients), out = frBuffer(length);
    const cost = tables.reduce((sum, table) => sum + costOf(table), length / 4);
    await runner.run(call, 'linearCombination', cost, (library, pool, how) => library.linearCombination(pool, factors, tables, out, how));
    return out;
  },

  async outer(call, high, low) {
    assertFr(high, 'outer.high');
    assertFr(low, 'outer.low');
    const out = frBuffer(frCount(high) * frCount(low));
    await runner.run(call, 'outer', frCount(out), (library, pool, how) => library.outer(pool, high, low, out, how));
    return out;
  },

  async roundPolynomial(call, tables, terms, degree) {
    assertRound(tables, terms, degree);
    const half = tables.length === 0 ? 0 : frCount(tables[0]) / 2, out = frBuffer(degree + 1);
    const cost = half * terms.reduce((sum, { factors }) => sum + PRODUCTS[factors.length - 1], 0);
    await runner.run(call, 'roundPolynomial', cost, (library, pool, how) => library.roundPolynomial(pool, half, tables, degree, terms, out, how));
    return frBufferToBigints(out);
  },

  async foldAll(call, tables, r) {
    assertHalvable(tables, 'foldAll.tables');
    if (tables.length === 0) return [];
    const half = frCount(tables[0]) / 2, factor = frBufferFrom([r]), outs = tables.map(() => frBuffer(half));
    await runner.run(call, 'foldAll', half * tables.length, (library, pool, how) => library.foldAll(pool, half, tables, factor, outs, how));
    return outs;
  },

  async divideByBinomial(call, f, blo, alpha) {
    assertBinomial(f, blo);
    const n = frCount(f), factor = frBufferFrom([alpha]), quotient = frBuffer(n), remainder = frBuffer(blo);
    await runner.run(call, 'divideByBinomial', n, (library, pool, how) => library.divideByBinomial(pool, f, factor, quotient, remainder, how));
    return { quotient, remainder };
  },

  async divideByLinear(call, f, z) {
    assertFr(f, 'divideByLinear');
    const n = frCount(f), point = frBufferFrom([z]), quotient = frBuffer(n), value = frBuffer(1);
    await runner.run(call, 'divideByLinear', n, (library, pool, how) => library.divideByLinear(pool, f, point, quotient, value, how));
    return { quotient, value: frBufferToBigints(value)[0] };
  },

  async mercuryS(call, g, h, uLow, uHigh, gamma) {
    assertMercuryS(g, h, uLow.length, uHigh.length);
    const low = frBufferFrom(uLow), high = frBufferFrom(uHigh), factor = frBufferFrom([gamma]), out = frBuffer(frCount(g));
    const cost = 2 * frCount(g) * (uLow.length + uHigh.length + 1);
    await runner.run(call, 'mercuryS', cost, (library, pool, how) => library.mercuryS(pool, g, h, low, high, factor, out, how));
    return out;
  },
});

/** Field products of a round's term with one, two and three factors, for each entry of half a table. */
const PRODUCTS = [1, 3, 8] as const;
