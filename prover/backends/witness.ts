/**
 * Runs a witness generator of circom 2 (the .wasm beside the .r1cs) and packs the result as snarkjs' .wtns.
 * Own code rather than snarkjs' because a failing assertion must arrive as a typed error that names template and line,
 * and nothing may be printed. Source of the interface: circom's code_producers, wasm_elements/common.
 */
import { WitnessError } from '../../src/errors/setup.js';
import { FIELD_MODULUS, frFrom } from '../../src/field/fr.js';
import { bigintToBytes } from '../../src/field/buffer.js';

/** A signal's value; arrays in row-major order, nested or flat. */
export type InputValue = bigint | number | string | readonly InputValue[];
export type CircuitInput = Readonly<Record<string, InputValue>>;

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
  getVersion(): number;
  getFieldNumLen32(): number;
  getRawPrime(): void;
  getMessageChar(): number;
  readSharedRWMemory(i: number): number;
  writeSharedRWMemory(i: number, word: number): void;
  init(sanityCheck: number): void;
  getInputSize(): number;
  getInputSignalSize(msb: number, lsb: number): number;
  setInputSignal(msb: number, lsb: number, i: number): void;
  getWitnessSize(): number;
  getWitness(i: number): void;
}

const REASONS = ['', 'signal not found', 'too many signals set', 'signal already set', 'assertion failed', 'not enough memory', 'input array index out of range'];

const fnv1a64 = (name: string): bigint => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(name)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
};

function flatten(value: InputValue, out: bigint[] = []): bigint[] {
  if (Array.isArray(value)) for (const x of value as readonly InputValue[]) flatten(x, out);
  else out.push(frFrom(BigInt(value as bigint | number | string)));
  return out;
}

/**
 * Computes the witness of `input`.
 * @param module  compiled witness generator
 * @param where   file name for messages
 * @returns .wtns bytes: values canonical, 32 bytes little endian, w_0 = 1, then public signals, then the others
 * @throws WitnessError when an input signal is missing, unknown or of a wrong length, or a constraint's assertion fails
 */
export async function calculateWitness(module: WitnessGenerator, input: CircuitInput, where: string): Promise<Uint8Array> {
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
  if (typeof exports.getVersion !== 'function' || exports.getVersion() !== 2) {
    throw new WitnessError('not a witness generator of circom 2', { where, hint: 'compile the circuit again' });
  }
  const words = exports.getFieldNumLen32();
  exports.init(1);

  const bytes = new Uint8Array(words * 4);
  const view = new DataView(bytes.buffer);
  let set = 0;
  for (const [name, value] of Object.entries(input)) {
    signal = name;
    const hash = fnv1a64(name);
    const [msb, lsb] = [Number(hash >> 32n) | 0, Number(hash & 0xffffffffn) | 0];
    const values = flatten(value);
    const size = exports.getInputSignalSize(msb, lsb);
    if (size !== values.length) {
      throw new WitnessError(size < 0 ? 'no such input signal' : 'wrong length of an input signal', {
        where: `input signal ${name}`, expected: size < 0 ? undefined : size, got: values.length, hint: 'compare names and lengths of the inputs with the circuit',
      });
    }
    for (let i = 0; i < size; i++) {
      bigintToBytes(values[i], bytes);
      for (let j = 0; j < words; j++) exports.writeSharedRWMemory(j, view.getInt32(4 * j, true));
      exports.setInputSignal(msb, lsb, i);
    }
    set += size;
  }
  if (set !== exports.getInputSize()) {
    throw new WitnessError('input signals are missing', { where, expected: exports.getInputSize(), got: set, hint: 'every input signal of the main component needs a value' });
  }

  const count = exports.getWitnessSize();
  const header = 12 + 12 + 8 + 32 + 12;
  const file = new Uint8Array(header + count * 32);
  const out = new DataView(file.buffer);
  file.set(new TextEncoder().encode('wtns'));
  out.setUint32(4, 2, true); // version
  out.setUint32(8, 2, true); // sections
  out.setUint32(12, 1, true);
  out.setBigUint64(16, 40n, true);
  out.setUint32(24, 32, true);
  bigintToBytes(FIELD_MODULUS, file, 28);
  out.setUint32(60, count, true);
  out.setUint32(64, 2, true);
  out.setBigUint64(68, BigInt(count) * 32n, true);
  for (let i = 0; i < count; i++) {
    exports.getWitness(i);
    for (let j = 0; j < words; j++) out.setUint32(header + 32 * i + 4 * j, exports.readSharedRWMemory(j) >>> 0, true);
  }
  return file;
}
