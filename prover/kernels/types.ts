/**
 * The kernel interface: everything a prover stage asks of the machine. Kernels see tables and scalars, never a transcript.
 *
 * Buffers: `FrBuffer` Montgomery, `G1Buffer` affine Montgomery (src/field/buffer.ts). Scalars passed one by one
 * are canonical bigints. No kernel mutates its inputs unless it says so. All are asynchronous: the event loop stays free.
 *
 * Tables: index bit k is variable X_k (src/poly). "Top variable" is the highest index bit, so halves are contiguous.
 */
import type { FrBuffer, G1Buffer } from '../../src/field/buffer.js';

/** A table of small signed integers (int8, int16), of bits (Uint8Array is NOT Fr here), or of field elements. */
export type IntTable = { kind: 'int8'; data: Int8Array } | { kind: 'int16'; data: Int16Array } | { kind: 'bit'; data: Uint8Array };
export type Table = IntTable | { kind: 'fr'; data: FrBuffer };

/** One product of the sumcheck polynomial: the tables (by position) whose product is summed, times sign (+1 or -1). 1 to 3 factors. */
export interface ProductTerm {
  sign: 1 | -1;
  factors: readonly number[];
}

/** What any call takes after its arguments. The same on every back end (calls.ts). */
export interface CallOptions {
  /**
   * Aborted before the call: rejects with signal.reason, nothing runs. Aborted during it: rejects with signal.reason as soon as
   * the back end notices; reference: once the work is done, portable: when the running parts are, native: within milliseconds.
   */
  signal?: AbortSignal;
  /**
   * How far the call is, in units of its own: on the event loop, done never falls, the last call has done = total.
   * Small work reports once. An error thrown here aborts the call and is what it rejects with.
   */
  progress?: (done: number, total: number) => void;
}

/** The methods by their equations; `Kernels` has each of them with options. */
export interface KernelMethods {
  /** sum_i scalars_i bases_i, over the first frCount(scalars) bases. Result: one affine point (64 bytes). */
  msm(bases: G1Buffer, scalars: FrBuffer): Promise<G1Buffer>;
  /** The same for small integers: cost falls with the bits. */
  msmSmall(bases: G1Buffer, scalars: IntTable): Promise<G1Buffer>;

  /** out[i] = prod_k (i_k ? r_k : 1 - r_k), 2^n entries, for point r (low variable first). */
  eqTable(point: readonly bigint[]): Promise<FrBuffer>;
  /** out[j] = sum_i weights[i] table[i rowLength + j], j < rowLength; rows = frCount(weights); table may be shorter than rows x rowLength (missing = 0). */
  combineRows(weights: FrBuffer, table: Table, rowLength: number): Promise<FrBuffer>;
  /**
   * out[i] = sum_j table[i rowLength + j] weights[(i mod period) rowLength + j], for every row i of table;
   * weights has period x rowLength entries. period = 1 is the plain matrix-vector product.
   */
  dotRows(table: Table, weights: FrBuffer, rowLength: number, period: number): Promise<FrBuffer>;
  /** out = sum_k coefficients[k] tables[k], zero-extended to `length` entries. */
  linearCombination(coefficients: readonly bigint[], tables: readonly Table[], length: number): Promise<FrBuffer>;
  /** out[i] = a[i] b[j] over i = high, j = low: out[i |b| + j] (tensor product of two tables). */
  outer(high: FrBuffer, low: FrBuffer): Promise<FrBuffer>;

  /**
   * The round polynomial of a sumcheck, in its top variable X:
   *   g(X) = sum_{x in {0,1}^(n-1)} sum_terms sign prod_factors (lo[x] + X (hi[x] - lo[x]))
   * @returns canonical coefficients [c0, c1, ..., c_degree]
   */
  roundPolynomial(tables: readonly FrBuffer[], terms: readonly ProductTerm[], degree: 2 | 3): Promise<bigint[]>;
  /** out[i] = lo[i] + r (hi[i] - lo[i]) for each table: fixes the top variable to r. Half as long. */
  foldAll(tables: readonly FrBuffer[], r: bigint): Promise<FrBuffer[]>;

  /**
   * Blocked Horner division for Mercury: with f = sum_hi X^(blo hi) f_hi(X), deg f_hi < blo,
   *   f(X) = (X^blo - alpha) q(X) + g(X), deg g < blo.
   * @returns q with blo (bhi - 1) entries zero-extended to frCount(f), and g with blo entries
   */
  divideByBinomial(f: FrBuffer, blo: number, alpha: bigint): Promise<{ quotient: FrBuffer; remainder: FrBuffer }>;
  /** (f(X) - f(z)) / (X - z), and f(z). The quotient is zero-extended to frCount(f). */
  divideByLinear(f: FrBuffer, z: bigint): Promise<{ quotient: FrBuffer; value: bigint }>;
  /**
   * Mercury's S: the coefficients S_0 .. S_(b-2), b = frCount(g) >= frCount(h), of
   *   X S(X) + S(1/X)/X + constant = g(X) Plo(1/X) + g(1/X) Plo(X) + gamma [ h(X) Phi(1/X) + h(1/X) Phi(X) ],
   * P_u(X) = prod_k (1 - u_k + u_k X^(2^k)), uLow for g, uHigh for h. Multiplies by the binomials (1 - u_k + u_k X^(-2^k)) in turn.
   * @returns S with b entries (the last ones zero)
   */
  mercuryS(g: FrBuffer, h: FrBuffer, uLow: readonly bigint[], uHigh: readonly bigint[], gamma: bigint): Promise<FrBuffer>;
}

/** Every method of KernelMethods, with CallOptions as one argument more. */
export type Kernels = {
  [Name in keyof KernelMethods]: (...args: [...Parameters<KernelMethods[Name]>, options?: CallOptions]) => ReturnType<KernelMethods[Name]>;
} & {
  readonly name: 'reference' | 'portable' | 'native' | 'webgpu' | 'cuda';
  /** Waits for running calls, then ends worker threads. Calls after it fail. */
  close(): Promise<void>;
};
