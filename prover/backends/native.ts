/** Groth16 by the native library: keys mapped from disk, checked and opened once, proofs on all threads. */
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { g1Get, g2Get } from '../../src/curve/bn254.js';
import { FileError } from '../../src/errors/files.js';
import { NativeCallError } from '../../src/errors/kernels.js';
import { SetupError } from '../../src/errors/setup.js';
import { bigintToBytes, bytesToBigint, G1_BYTES, G2_BYTES } from '../../src/field/buffer.js';
import { FIELD_MODULUS, FR_BYTES } from '../../src/field/fr.js';
import { fileError } from '../../src/files/atomic.js';
import { NativeArithmetic, type NativeZkey } from '../kernels/native/arithmetic.js';
import type { NativeOptions } from '../kernels/native/index.js';
import { assertContributed, readZkeyHeader } from '../setup/zkey.js';
import { WTNS_HEADER_BYTES } from '../witness/wtns.js';
import { witnessCalculator, type WitnessMode } from './calculator.js';
import { FileCache } from './fileCache.js';
import type { CircuitInput, Groth16Backend, Groth16Points, Groth16Result } from './groth16.js';

/** r and s of one proof, canonical: uniform below the modulus, by rejection. */
function freshBlinding(): Uint8Array {
  const out = new Uint8Array(2 * FR_BYTES);
  for (let at = 0; at < out.length; ) {
    const bytes = randomBytes(FR_BYTES);
    bytes[FR_BYTES - 1] &= 0x3f; // the modulus has 254 bits: three draws of four are kept
    const x = bytesToBigint(bytes);
    if (x >= FIELD_MODULUS) continue;
    bigintToBytes(x, out, at);
    at += FR_BYTES;
  }
  return out;
}

/** A, B, C, affine Montgomery -> canonical words in the order of the EVM's precompile. */
function pointsOf(proof: Uint8Array): Groth16Points {
  const a = g1Get(proof), b = g2Get(proof.subarray(G1_BYTES, G1_BYTES + G2_BYTES)), c = g1Get(proof.subarray(G1_BYTES + G2_BYTES));
  return { a: [a.x, a.y], b: [b.x[1], b.x[0], b.y[1], b.y[0]], c: [c.x, c.y] };
}

export interface NativeBackendOptions extends NativeOptions {
  /** Witness calculator; default: $ZKATTR_WITNESS, else native where possible. */
  witness?: WitnessMode;
}

export class NativeBackend implements Groth16Backend {
  readonly name = 'native';
  readonly #arithmetic: NativeArithmetic;
  readonly #opened = new Set<NativeZkey>();
  readonly #zkeys = new FileCache((path) => this.#openZkey(path));
  readonly #calculators;
  #closed = false;

  private constructor(arithmetic: NativeArithmetic, { witness, progress }: NativeBackendOptions) {
    this.#arithmetic = arithmetic;
    this.#calculators = new FileCache((path) => witnessCalculator(path, { mode: witness, progress }));
  }

  /** Builds the library when it is not built yet. @throws NativeKernelsError, UnsupportedIsaError, FileError */
  static async open(options: NativeBackendOptions = {}): Promise<NativeBackend> {
    return new NativeBackend(await NativeArithmetic.open(options), options);
  }

  async prove(zkeyPath: string, wasmPath: string, input: CircuitInput): Promise<Groth16Result> {
    if (this.#closed) throw new SetupError('the backend is closed', { code: 'GROTH16_CLOSED', where: this.name, hint: 'make a new one' });
    const [zkey, calculator] = await Promise.all([this.#zkeys.get(zkeyPath), this.#calculators.get(wasmPath)]);
    const start = performance.now();
    const wtns = await calculator.calculate(input);
    const proving = performance.now();
    const { proof, publicSignals } = await this.#prove(zkey, zkeyPath, wtns, freshBlinding());
    return { proof, publicSignals, seconds: { witness: (proving - start) / 1000, prove: (performance.now() - proving) / 1000 } };
  }

  /**
   * Proves a witness file's bytes.
   * @param blinding  r and s, canonical. Fixed values are for tests: they take the zero-knowledge property away.
   * @throws FileError, UncontributedKeyError, SetupError
   */
  async proveWitness(zkeyPath: string, wtns: Uint8Array, blinding = freshBlinding()): Promise<Omit<Groth16Result, 'seconds'>> {
    return this.#prove(await this.#zkeys.get(zkeyPath), zkeyPath, wtns, blinding);
  }

  async #prove(zkey: NativeZkey, path: string, wtns: Uint8Array, blinding: Uint8Array): Promise<Omit<Groth16Result, 'seconds'>> {
    const count = wtns.length < WTNS_HEADER_BYTES ? 0 : new DataView(wtns.buffer, wtns.byteOffset).getUint32(WTNS_HEADER_BYTES - 16, true);
    if (count !== zkey.variables) {
      throw new FileError('key and witness generator are of different circuits', { code: 'ZKEY_CIRCUIT', where: path, expected: `${count} signals`, got: `${zkey.variables} signals`, hint: 'take both from one setup folder' });
    }
    const proof = await this.#arithmetic.groth16Prove(zkey, wtns, blinding).catch((cause: unknown) => {
      if (!(cause instanceof NativeCallError)) throw cause;
      throw new SetupError('the native prover could not prove', { code: 'GROTH16_PROVE', where: path, got: cause.message, hint: 'see the cause', cause });
    });
    const publicSignals = Array.from({ length: zkey.publics }, (_, i) => bytesToBigint(wtns, WTNS_HEADER_BYTES + FR_BYTES * (i + 1)));
    return { proof: pointsOf(proof), publicSignals };
  }

  /** Waits for running proofs, ends the threads and unmaps the keys. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#arithmetic.close();
    for (const zkey of this.#opened) zkey.close();
  }

  /** The same refusals as with snarkjs first: a key without a contribution, a damaged container. */
  async #openZkey(path: string): Promise<NativeZkey> {
    assertContributed(readZkeyHeader(path));
    const zkey = await this.#arithmetic.openZkey(path).catch((cause: unknown) => {
      if (!(cause instanceof NativeCallError)) throw cause;
      if (cause.code === 'NATIVE_SYSTEM') throw fileError('open file', path, cause.cause ?? cause);
      throw new FileError('proving key is malformed', { code: 'ZKEY_FORMAT', where: path, got: cause.message, hint: 'the file is damaged or of another tool: generate it again', cause });
    });
    this.#opened.add(zkey);
    return zkey;
  }
}
