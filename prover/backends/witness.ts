/**
 * Runs a witness generator of circom 2 (the .wasm beside the .r1cs) and packs the result as snarkjs' .wtns.
 * Own code rather than snarkjs' because a failing assertion must arrive as a typed error that names template and line,
 * and nothing may be printed. Source of the interface: circom's code_producers, wasm_elements/common.
 */
import { WitnessError } from '../../src/errors/setup.js';
import { FR_BYTES } from '../../src/field/fr.js';
import { emptyWtns, encodeInput, WTNS_HEADER_BYTES, type CircuitInput } from '../witness/wtns.js';

export type { CircuitInput, InputValue } from '../witness/wtns.js';

/** A compiled witness generator: a WebAssembly.Module (the DOM library, which declares that type, is not loaded). */
export type WitnessGenerator = object;

const wasm = (globalThis as unknown as {
  WebAssembly: {
    compile(bytes: Uint8Array): Promise<WitnessGenerator>;
    instantiate(module: WitnessGenerator, imports: object): Promise<{ exports: unknown }>;
  };
}).WebAssembly;

/** Compiles a generator. @throws WebAssembly.CompileError */
export const compileGenerator = (bytes: Uint8Array): Promise<WitnessGenerator> => wasm.compile(bytes);

interface WitnessExports {
  memory: { buffer: ArrayBuffer };
  getVersion(): number;
  getFieldNumLen32(): number;
  /** Address of the 32 bytes through which values go in and out. */
  getSharedRWMemoryStart(): number;
  getMessageChar(): number;
  init(sanityCheck: number): void;
  getInputSize(): number;
  getInputSignalSize(msb: number, lsb: number): number;
  setInputSignal(msb: number, lsb: number, i: number): void;
  getWitnessSize(): number;
  getWitness(i: number): void;
}

const REASONS = ['', 'signal not found', 'too many signals set', 'signal already set', 'assertion failed', 'not enough memory', 'input array index out of range'];
const WORDS = FR_BYTES / 4;

/**
 * Computes the witness of `input`.
 * @param module  compiled witness generator
 * @param where   file name for messages
 * @returns .wtns bytes: values canonical, 32 bytes little endian, w_0 = 1, then public signals, then the others
 * @throws WitnessError when an input signal is missing, unknown or of a wrong length, a constraint's assertion fails, or the
 *         circuit does what has no result, such as dividing by zero
 */
export async function calculateWitness(module: WitnessGenerator, input: CircuitInput, where: string): Promise<Uint8Array> {
  try {
    return await calculate(module, input, where);
  } catch (cause) {
    if ((cause as Error).name !== 'RuntimeError') throw cause;
    throw new WitnessError('the witness generator broke off', { where, got: (cause as Error).message, hint: 'the circuit divides by zero, or uses an index out of range, for these inputs', cause });
  }
}

async function calculate(module: WitnessGenerator, input: CircuitInput, where: string): Promise<Uint8Array> {
  let messages = '';
  let signal = '';
  let exports: WitnessExports;
  const readMessage = (): string => {
    let text = '';
    for (let char = exports.getMessageChar(); char !== 0; char = exports.getMessageChar()) text += String.fromCharCode(char);
    return text;
  };
  const instance = await wasm.instantiate(module, {
    runtime: {
      exceptionHandler(code: number) {
        const trace = [...messages.matchAll(/in template (\S+?)(?:_\d+)? line: (\d+)/g)].map(([, template, line]) => `${template} line ${line}`);
        throw new WitnessError(REASONS[code] ?? `witness generator error ${code}`, {
          where: trace[0] ?? (signal ? `input signal ${signal}` : where), got: messages.trim() || undefined,
          hint: code === 4 ? 'the inputs do not satisfy the circuit; trace from the innermost template outwards' : 'compare names and lengths of the inputs with the circuit',
        }, trace);
      },
      printErrorMessage() { messages += `${readMessage()}\n`; },
      writeBufferMessage() { readMessage(); },
      showSharedRWMemory() { /* log() statements are dropped */ },
    },
  });
  exports = instance.exports as WitnessExports;
  if (typeof exports.getVersion !== 'function' || exports.getVersion() !== 2 || exports.getFieldNumLen32() !== WORDS) {
    throw new WitnessError('not a witness generator of circom 2 over BN254', { where, hint: 'compile the circuit again' });
  }
  exports.init(1);
  // Values pass through memory: a call for each word would take longer than computing them.
  const shared = exports.getSharedRWMemoryStart();

  let set = 0;
  const bytes = new Uint8Array(exports.memory.buffer, shared, FR_BYTES);
  for (const { name, hash, values } of encodeInput(input)) {
    signal = name;
    const [msb, lsb] = [Number(hash >> 32n) | 0, Number(hash & 0xffffffffn) | 0];
    const size = exports.getInputSignalSize(msb, lsb), got = values.length / FR_BYTES;
    if (size !== got) {
      throw new WitnessError(size <= 0 ? 'no such input signal' : 'wrong length of an input signal', {
        where: `input signal ${name}`, expected: size <= 0 ? undefined : size, got, hint: 'compare names and lengths of the inputs with the circuit',
      });
    }
    for (let i = 0; i < size; i++) {
      bytes.set(values.subarray(i * FR_BYTES, (i + 1) * FR_BYTES));
      exports.setInputSignal(msb, lsb, i);
    }
    set += size;
  }
  if (set !== exports.getInputSize()) {
    throw new WitnessError('input signals are missing', { where, expected: exports.getInputSize(), got: set, hint: 'every input signal of the main component needs a value' });
  }

  const count = exports.getWitnessSize(), file = emptyWtns(count);
  // WebAssembly's memory and .wtns are both little endian; copied by words of this machine, order does not matter.
  const from = new Uint32Array(exports.memory.buffer, shared, WORDS), to = new Uint32Array(file.buffer, WTNS_HEADER_BYTES);
  for (let i = 0; i < count; i++) {
    exports.getWitness(i);
    for (let j = 0; j < WORDS; j++) to[WORDS * i + j] = from[j];
  }
  return file;
}
