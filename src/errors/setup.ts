import { AttributionError, type AttributionErrorOptions } from './base.js';

/** Circuits and keys: compilation, development keys, ceremony. */
export class SetupError extends AttributionError {}

/** A Groth16 key with delta = gamma, or without a contribution: anyone can forge proofs for it. */
export class UncontributedKeyError extends SetupError {
  constructor(where: string, got: string) {
    super('the proving key has no contribution', {
      code: 'SETUP_UNCONTRIBUTED', where, expected: 'at least one contribution, delta != gamma', got,
      hint: 'with gamma = delta anyone can forge proofs: run the phase 2 ceremony, or use development keys on a local chain',
    });
  }
}

/** The circuit does not compile. */
export class CircuitError extends SetupError {
  constructor(message: string, options: Omit<AttributionErrorOptions, 'code'>) {
    super(message, { ...options, code: 'CIRCUIT_COMPILE' });
  }
}

/** The inputs have no satisfying witness, or do not fit the circuit's input signals. */
export class WitnessError extends SetupError {
  /** Innermost template first: `Template line: 12`. */
  readonly trace: readonly string[];
  constructor(message: string, options: Omit<AttributionErrorOptions, 'code'>, trace: readonly string[] = []) {
    super(message, { ...options, code: 'WITNESS' });
    this.trace = trace;
  }
}

/** What stands in the way of a native witness generator. */
export type NativeWitnessFault = 'source' | 'compiler' | 'compile' | 'damaged' | 'differs';

/** No native witness generator can be had, or it must not be trusted. Without a forced choice WebAssembly does the work. */
export class NativeWitnessError extends SetupError {
  readonly fault: NativeWitnessFault;
  constructor(fault: NativeWitnessFault, message: string, options: Omit<AttributionErrorOptions, 'code'>) {
    super(message, { ...options, code: 'NATIVE_WITNESS' });
    this.fault = fault;
  }
}
