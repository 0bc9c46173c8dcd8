/**
 * The witness of a circuit by the fastest means at hand. A native program (prover/witness/native) does what it can; the
 * WebAssembly calculator has the last word: it checks a new program's first witness, explains inputs that do not satisfy the
 * circuit, and takes over where there is no compiler or no C++ form of the circuit.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../../src/errors/files.js';
import { NativeWitnessError, SetupError } from '../../src/errors/setup.js';
import { fileError } from '../../src/files/atomic.js';
import { buildGenerator, findGenerator, type NativeGenerator } from '../witness/native/build.js';
import { runGenerator } from '../witness/native/process.js';
import { sourceOf } from '../witness/native/source.js';
import { encodeInput, type CircuitInput } from '../witness/wtns.js';
import { calculateWitness, compileGenerator, type WitnessGenerator } from './witness.js';

/**
 * `auto`: the native program if it was built before; compiling it takes longer than it saves in some hundred proofs.
 * `native`: built now if need be, else an error, also when the two calculators differ. `wasm`: never native.
 */
export const WITNESS_MODES = ['auto', 'native', 'wasm'] as const;
export type WitnessMode = (typeof WITNESS_MODES)[number];

export interface CalculatorOptions {
  /** Default: $ZKATTR_WITNESS, else `auto`. */
  mode?: WitnessMode;
  /** Told before a compilation (tens of seconds, once for each circuit), and why WebAssembly has to do. Default: stderr, once each. */
  progress?: (message: string) => void;
}

export interface WitnessCalculator {
  /** What does the work. Native may become wasm when the program fails. */
  readonly kind: 'native' | 'wasm';
  /**
   * Any number of calls at once.
   * @returns .wtns bytes, the same from both kinds (prover/witness/wtns.ts); the caller owns them
   * @throws WitnessError when the inputs do not fit or satisfy the circuit; in mode `native` NativeWitnessError
   */
  calculate(input: CircuitInput): Promise<Uint8Array>;
}

/**
 * Opens the calculator of a circuit; keep it for further proofs.
 * @param wasmPath  witness generator in WebAssembly (`RelationKeys.wasm`)
 * @throws FileError        missing, or not WebAssembly
 * @throws NativeWitnessError  in mode `native`
 * @throws SetupError       unknown mode
 */
export async function witnessCalculator(wasmPath: string, options: CalculatorOptions = {}): Promise<WitnessCalculator> {
  const mode = options.mode ?? process.env.ZKATTR_WITNESS ?? 'auto';
  if (!(WITNESS_MODES as readonly string[]).includes(mode)) {
    throw new SetupError('unknown witness calculator', { code: 'WITNESS_MODE', where: options.mode ? 'witnessCalculator' : 'ZKATTR_WITNESS', expected: WITNESS_MODES.join(', '), got: mode, hint: 'unset it to use the default' });
  }
  const bytes = await readFile(wasmPath).catch((cause: unknown) => { throw fileError('open file', wasmPath, cause); });
  const portable = new WasmCalculator(wasmPath, bytes);
  const progress = options.progress ?? once;
  if (mode !== 'wasm') {
    try {
      const source = sourceOf(bytes), native = mode === 'native' ? await buildGenerator(source, { progress }) : await findGenerator(source);
      if (native) return new NativeCalculator(native, portable, mode === 'native', progress);
    } catch (error) {
      if (mode === 'native' || !(error instanceof NativeWitnessError || error instanceof FileError)) throw error;
      progress(`witness by WebAssembly: ${error.message}`);
    }
  }
  // Early, so that a damaged file is not mistaken for a failed proof.
  await portable.module();
  return portable;
}

class WasmCalculator implements WitnessCalculator {
  readonly kind = 'wasm';
  private compiled?: Promise<WitnessGenerator>;
  constructor(private readonly path: string, private readonly bytes: Uint8Array) {}

  /** Compiled when first asked for: with a native program it rarely is. */
  module(): Promise<WitnessGenerator> {
    this.compiled ??= compileGenerator(this.bytes).catch((cause: unknown) => {
      throw new FileError('witness generator is not valid WebAssembly', { code: 'WASM_INVALID', where: this.path, got: `${this.bytes.length} bytes`, hint: 'the file is truncated: compile the circuit again', cause });
    });
    return this.compiled;
  }

  async calculate(input: CircuitInput): Promise<Uint8Array> {
    return calculateWitness(await this.module(), input, this.path);
  }
}

class NativeCalculator implements WitnessCalculator {
  kind: 'native' | 'wasm' = 'native';
  private verified: boolean;
  constructor(private readonly native: NativeGenerator, private readonly portable: WasmCalculator, private readonly forced: boolean, private readonly progress: (message: string) => void) {
    this.verified = existsSync(join(native.dir, 'verified'));
  }

  async calculate(input: CircuitInput): Promise<Uint8Array> {
    if (this.kind === 'wasm') return this.portable.calculate(input);
    const run = await runGenerator(this.native, encodeInput(input));
    if (run.ok && this.verified) return run.wtns;
    // Throws the reason when the inputs are at fault.
    const expected = await this.portable.calculate(input);
    if (run.ok && Buffer.compare(run.wtns, expected) === 0) {
      this.verified = true;
      // Only saves work: where the cache cannot be written, the next process compares again.
      await writeFile(join(this.native.dir, 'verified'), '').catch(() => undefined);
      return run.wtns;
    }
    const fault = new NativeWitnessError('differs', 'the native witness generator disagrees with WebAssembly', {
      where: this.native.program, expected: 'the same witness', got: run.ok ? 'another one' : run.reason, hint: `report it; set ZKATTR_WITNESS=wasm or remove ${this.native.dir} meanwhile`,
    });
    if (this.forced) throw fault;
    this.kind = 'wasm';
    this.progress(`witness by WebAssembly: ${fault.message}`);
    return expected;
  }
}

const said = new Set<string>();
function once(message: string): void {
  if (said.has(message)) return;
  said.add(message);
  process.stderr.write(`zkattr: ${message}\n`);
}
