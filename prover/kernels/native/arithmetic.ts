/**
 * The native library beyond `Kernels`: field arithmetic on arrays, G2, fixed bases, transforms, Groth16.
 * Montgomery form is x 2^256 mod the modulus, 32 bytes little endian, as in src/field/buffer.ts; canonical is x itself.
 * Elements lie below their modulus, points on their curve (G2: in the subgroup): nothing here checks it, and wrong ones give
 * wrong results. Not constant-time.
 *
 * Inputs are used where they lie, also in shared memory: neither written nor transferred until the call settles. Every call takes
 * CallOptions. Wrong lengths throw NativeCallError.
 */
import { availableParallelism } from 'node:os';
import { NativeCallError } from '../../../src/errors/kernels.js';
import { frCount, G1_BYTES, G2_BYTES, type FrBuffer, type G1Buffer, type G2Buffer } from '../../../src/field/buffer.js';
import { CallGuard, type Call } from '../calls.js';
import type { CallOptions } from '../types.js';
import type { Isa } from './build/isa.js';
import type { NativeOptions } from './index.js';
import type { BinaryOp, FieldName, ScalarForm, UnaryOp, ZkeyHandle, NativeLibrary } from './library.js';
import { loadNative } from './load.js';
import { Runner } from './runner.js';

/** A .zkey mapped into memory: checked when opened, shared by all proofs made with it. */
export interface NativeZkey {
  /** Wires of the circuit, the constant one included; public signals; size of the evaluation domain. */
  readonly variables: number;
  readonly publics: number;
  readonly domain: number;
  /** Unmaps the file once no proof uses it. Proofs after it fail. */
  close(): void;
}

/** The handle behind each open key. */
const handles = new WeakMap<NativeZkey, ZkeyHandle>();

function handleOf(zkey: NativeZkey, method: string): ZkeyHandle {
  const handle = handles.get(zkey);
  if (!handle) throw new NativeCallError(`native.${method}`, 'ZKATTR_ARGUMENT', new TypeError('zkey: expected one of openZkey'));
  return handle;
}

export class NativeArithmetic {
  readonly #runner: Runner;
  readonly #library: NativeLibrary;
  readonly #guard = new CallGuard('native');
  readonly isa: Isa;

  private constructor(library: NativeLibrary, threads: number) {
    this.#library = library;
    this.#runner = new Runner(library, threads);
    this.isa = library.isa;
  }

  /** @throws NativeKernelsError, UnsupportedIsaError, FileError */
  static async open({ threads = availableParallelism(), ...load }: NativeOptions = {}): Promise<NativeArithmetic> {
    return new NativeArithmetic((await loadNative(load)).library, threads);
  }

  /**
   * out[i] = a[i] op b[i]
   * @param field  Fr: scalars; Fq: coordinates
   * @param a, b   Montgomery, equally long
   */
  fieldBinary(field: FieldName, op: BinaryOp, a: Uint8Array, b: Uint8Array, options?: CallOptions): Promise<Uint8Array> {
    return this.#run('fieldBinary', options, async (call) => {
      const out = new Uint8Array(a.length);
      await this.#runner.run(call, 'fieldBinary', frCount(a), (library, pool, how) => library.fieldBinary(pool, field, op, a, b, out, how));
      return out;
    });
  }

  /** out[i] = -a[i], a[i]^2 (Montgomery), or a[i] from one form in the other. */
  fieldUnary(field: FieldName, op: UnaryOp, a: Uint8Array, options?: CallOptions): Promise<Uint8Array> {
    return this.#run('fieldUnary', options, async (call) => {
      const out = new Uint8Array(a.length);
      await this.#runner.run(call, 'fieldUnary', frCount(a), (library, pool, how) => library.fieldUnary(pool, field, op, a, out, how));
      return out;
    });
  }

  /** out[i] = 1 / a[i], 0 where a[i] = 0. Montgomery. */
  fieldBatchInverse(field: FieldName, a: Uint8Array, options?: CallOptions): Promise<Uint8Array> {
    return this.#run('fieldBatchInverse', options, async (call) => {
      const out = new Uint8Array(a.length);
      // Three products for each, and one exponentiation or so.
      await this.#runner.run(call, 'fieldBatchInverse', 3 * frCount(a) + 400, (library, pool, how) => library.fieldBatchInverse(pool, field, a, out, how));
      return out;
    });
  }

  /**
   * sum_i scalars_i bases_i over the first scalars.length / 32 bases.
   * @param bases    affine Montgomery, zeros = infinity
   * @param scalars  below r
   * @returns        one affine point, Montgomery
   */
  msmG1(bases: G1Buffer, scalars: Uint8Array, form: ScalarForm = 'montgomery', options?: CallOptions): Promise<G1Buffer> {
    return this.#run('msmG1', options, async (call) => {
      const out = new Uint8Array(G1_BYTES);
      await this.#runner.run(call, 'msmG1', Infinity, (library, pool, how) => library.msmG1(pool, bases, scalars, form, out, how));
      return out;
    });
  }

  /** The same in G2. */
  msmG2(bases: G2Buffer, scalars: Uint8Array, form: ScalarForm = 'montgomery', options?: CallOptions): Promise<G2Buffer> {
    return this.#run('msmG2', options, async (call) => {
      const out = new Uint8Array(G2_BYTES);
      await this.#runner.run(call, 'msmG2', Infinity, (library, pool, how) => library.msmG2(pool, bases, scalars, form, out, how));
      return out;
    });
  }

  /**
   * out[i] = scalars_i base: one base for all, as in key generation.
   * @param base     one point, affine Montgomery
   * @param scalars  canonical, below r, 32 bytes each
   */
  fixedBaseG1(base: G1Buffer, scalars: Uint8Array, options?: CallOptions): Promise<G1Buffer> {
    return this.#run('fixedBaseG1', options, async (call) => {
      const out = new Uint8Array(Math.floor(frCount(scalars)) * G1_BYTES);
      await this.#runner.run(call, 'fixedBaseG1', Infinity, (library, pool, how) => library.fixedBaseG1(pool, base, scalars, out, how));
      return out;
    });
  }

  /** The same in G2. */
  fixedBaseG2(base: G2Buffer, scalars: Uint8Array, options?: CallOptions): Promise<G2Buffer> {
    return this.#run('fixedBaseG2', options, async (call) => {
      const out = new Uint8Array(Math.floor(frCount(scalars)) * G2_BYTES);
      await this.#runner.run(call, 'fixedBaseG2', Infinity, (library, pool, how) => library.fixedBaseG2(pool, base, scalars, out, how));
      return out;
    });
  }

  /**
   * Number-theoretic transform over Fr, n = 2^k elements in natural order, w = 5^((r - 1) / n):
   *   forward  out[j] = sum_i shift^i a[i] w^(ij)
   *   inverse  out[j] = shift^(-j) / n sum_i a[i] w^(-ij)
   * @param values  Montgomery; overwritten by the result, undefined after an abort
   * @param shift   of the coset, Montgomery, one element, not 0; 1 without it
   */
  ntt(values: FrBuffer, { inverse = false, shift }: { inverse?: boolean; shift?: FrBuffer } = {}, options?: CallOptions): Promise<FrBuffer> {
    return this.#run('ntt', options, async (call) => {
      const n = frCount(values);
      await this.#runner.run(call, 'ntt', n * Math.log2(Math.max(n, 2)), (library, pool, how) => library.ntt(pool, values, inverse, shift, how));
      return values;
    });
  }

  /**
   * Maps a .zkey of snarkjs (Groth16, BN254) and checks its sections, sizes and indices, not its points: use a file that you
   * trust, or call checkPoints. The file is not to be cut or rewritten in place while open.
   * @throws NativeCallError NATIVE_FORMAT for a file that is not one, NATIVE_SYSTEM when it cannot be read
   */
  openZkey(path: string, options?: CallOptions): Promise<NativeZkey> {
    return this.#run('openZkey', options, async (call) => {
      const handle = await this.#runner.run(call, 'openZkey', Infinity, (library, pool, how) => library.openZkey(pool, path, how));
      const { variables, publics, domain } = handle;
      const zkey = { variables, publics, domain, close: () => this.#library.closeZkey(handle) };
      handles.set(zkey, handle);
      return zkey;
    });
  }

  /**
   * Are all points of a key on their curves? A key that a third party altered could make proofs that leak the witness. Not asked:
   * subgroup of G2 points, and whether the key belongs to a circuit (`zkattr setup verify`).
   * @throws NativeCallError NATIVE_FORMAT naming the first section with a wrong point
   */
  checkPoints(zkey: NativeZkey, options?: CallOptions): Promise<void> {
    return this.#run('checkPoints', options, async (call) => {
      await this.#runner.run(call, 'checkPoints', Infinity, (library, pool, how) => library.checkPoints(pool, handleOf(zkey, 'checkPoints'), how));
    });
  }

  /**
   * A Groth16 proof of the witness in a .wtns file's bytes (prover/backends/groth16.ts for what it proves).
   * @param blinding  r and s, canonical, 2 x 32 bytes: fresh, uniform below the modulus, for every proof. Two proofs with one
   *                  blinding reveal the witness's part of it.
   * @returns         A (64 bytes), B (128), C (64), affine Montgomery
   * @throws NativeCallError NATIVE_FORMAT for a witness that does not fit the key, NATIVE_ARGUMENT for a wrong blinding
   * The witness is not checked against the constraints: the proof of a false one does not verify.
   */
  groth16Prove(zkey: NativeZkey, wtns: Uint8Array, blinding: Uint8Array, options?: CallOptions): Promise<Uint8Array> {
    return this.#run('groth16Prove', options, async (call) => {
      const proof = new Uint8Array(PROOF_BYTES);
      await this.#runner.run(call, 'groth16Prove', Infinity, (library, pool, how) => library.groth16Prove(pool, handleOf(zkey, 'groth16Prove'), wtns, blinding, proof, how));
      return proof;
    });
  }

  /** Waits for running calls and joins the threads. Keys stay open: close them one by one. */
  close(): Promise<void> {
    return this.#guard.close(() => this.#runner.close());
  }

  #run<Result>(method: string, options: CallOptions | undefined, work: (call: Call) => Promise<Result>): Promise<Result> {
    return this.#guard.run(method, options, work);
  }
}

const PROOF_BYTES = 2 * G1_BYTES + G2_BYTES;
