/** Both calculators of a circuit, and circuits that use every operator. */
import { readFile } from 'node:fs/promises';
import { witnessCalculator, type WitnessCalculator } from '../../prover/backends/calculator.js';
import { findCompiler } from '../../prover/kernels/native/build/compiler.js';
import { WitnessError } from '../../src/errors/setup.js';
import { FIELD_MODULUS as P } from '../../src/field/fr.js';
import type { CircuitInput } from '../../prover/backends/groth16.js';
import { buildGenerator } from '../../prover/witness/native/build.js';
import { runGenerator } from '../../prover/witness/native/process.js';
import { sourceOf } from '../../prover/witness/native/source.js';
import { encodeInput } from '../../prover/witness/wtns.js';
import type { Random } from './scenario.js';

/** A reason to skip, or false. */
export const noCompiler = async (): Promise<string | false> => ((await findCompiler()) ? false : 'no C++ compiler here');

export interface Calculators {
  wasm: WitnessCalculator;
  /** The program alone, without the calculator that stands behind it. */
  program(input: CircuitInput): ReturnType<typeof runGenerator>;
}

export async function calculators(wasmPath: string): Promise<Calculators> {
  const generator = await buildGenerator(sourceOf(await readFile(wasmPath)));
  return { wasm: await witnessCalculator(wasmPath, { mode: 'wasm' }), program: (input) => runGenerator(generator, encodeInput(input)) };
}

/** Undefined when both refuse or their bytes are equal, else what differs. */
export async function difference({ wasm, program }: Calculators, input: CircuitInput): Promise<string | undefined> {
  const expected = await wasm.calculate(input).catch((error: unknown) => {
    if (error instanceof WitnessError) return error;
    throw error;
  });
  const run = await program(input);
  if (expected instanceof WitnessError) return run.ok ? `a witness, where WebAssembly says: ${expected.message}` : undefined;
  if (!run.ok) return `${run.reason}, where WebAssembly has a witness`;
  if (Buffer.compare(run.wtns, expected) === 0) return undefined;
  const at = run.wtns.findIndex((byte, i) => byte !== expected[i]);
  return `lengths ${run.wtns.length} and ${expected.length}, first at value ${Math.floor((at - 76) / 32)}`;
}

/** Values around everything that a form, a sign or a shift could change at. */
export const EDGES: readonly bigint[] = [
  0n, 1n, 2n, 5n, P - 1n, P - 2n, P / 2n - 1n, P / 2n, P / 2n + 1n, P / 2n + 2n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 128n,
  2n ** 253n - 1n, 2n ** 253n, P - 2n ** 31n, P - 2n ** 31n - 1n, P - 2n ** 32n,
];
export const SHIFTS: readonly bigint[] = [0n, 1n, 31n, 32n, 63n, 64n, 65n, 127n, 200n, 253n, 254n, 255n, 256n, 2n ** 40n, P - 1n, P - 64n, P - 253n, P - 254n, P - 300n, P / 2n, P / 2n + 1n];

/** Every operator, conditional, loop, function, array and component; outputs hold the results one by one. */
export const OPERATORS = `pragma circom 2.2.0;
function steps(n, count) {
    var sum = 0;
    var i = 0;
    while (i < count) {
        if (n & 1 == 1) sum += n; else sum = sum * 3 - 1;
        n = n >> 1;
        i++;
    }
    return sum;
}
function pair(a, b) { var both[2]; both[0] = a + b; both[1] = a * b - 7; return both; }
function constants() { return [1, -1, 5, 7, 2147483647, -2147483648, 2147483648, 11, 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593efffffff]; }
template Weighted(n, weights) {
    signal input in[n];
    signal output out;
    var sum = 0;
    for (var i = 0; i < n; i++) sum += (i + 1) * in[i] + weights[i];
    out <== sum;
}
template Operators() {
    signal input a;
    signal input b;
    signal input k;
    signal output out[38];
    out[0] <-- a + b;
    out[1] <-- a - b;
    out[2] <-- a * b;
    out[3] <-- a / b;
    out[4] <-- b == 0 ? 7 : a \\ b;
    out[5] <-- b == 0 ? 7 : a % b;
    out[6] <-- a ** b;
    out[7] <-- a & b;
    out[8] <-- a | b;
    out[9] <-- a ^ b;
    out[10] <-- ~a;
    out[11] <-- a << k;
    out[12] <-- a >> k;
    out[13] <-- a < b;
    out[14] <-- a <= b;
    out[15] <-- a > b;
    out[16] <-- a >= b;
    out[17] <-- a == b;
    out[18] <-- a != b;
    out[19] <-- (a != 0) && (b != 0);
    out[20] <-- (a != 0) || (b != 0);
    out[21] <-- !(a == 0);
    out[22] <-- -a;
    out[23] <-- a > 5 ? b : k;
    out[24] <-- steps(a, 70);
    var both[2] = pair(a, b);
    out[25] <-- both[0];
    out[26] <-- both[1];
    component c[3];
    for (var i = 0; i < 3; i++) {
        c[i] = Weighted(i + 2, [3, -4, 5, 2147483649, 0]);
        for (var j = 0; j < i + 2; j++) c[i].in[j] <== a + j * b;
    }
    out[27] <== c[0].out;
    out[28] <== c[1].out;
    out[29] <== c[2].out;
    out[30] <-- (a + 3) * 2 - 1;
    out[31] <-- (k & 1023) \\ 2 % 5;
    var table[9] = constants();
    out[32] <-- table[b & 7] * a;
    var grid[3][4];
    for (var i = 0; i < 3; i++) for (var j = 0; j < 4; j++) grid[i][j] = i * a + j - b;
    out[33] <-- grid[a & 1][b & 3];
    out[34] <-- table[4] + table[4] + table[5] * table[6] * a;
    out[35] <-- (2147483647 + (a & 3)) - 2 * (b & 3);
    out[36] <-- (-5 + (a & 7)) < (b & 3) ? -(a & 15) : ~(b & 1);
    out[37] <-- (a & 255) ** 3 * -1;
    log("a", a);
    assert(a != 99);
    signal product <== a * b;
    product === out[2];
    k * (k - 77) * 0 === 0;
    var wrong = k == 98 ? 1 : 0;
    signal claim <-- wrong;
    claim === 0;
}
component main {public [a]} = Operators();
`;

const BINARY = ['+', '-', '*', '/', '\\', '%', '**', '&', '|', '^', '<<', '>>', '<', '<=', '>', '>=', '==', '!='];
const LOGIC = ['&&', '||'];

/** Random nested expressions over three inputs, one output each, drawn from all operators. */
export function randomCircuit(random: Random, outputs: number): string {
  const number = (depth: number): string => {
    const kind = random.int(0, depth <= 0 ? 2 : 9);
    if (kind === 0) return ['0', '1', '2', '(-3)', '2147483647', '2147483648', '5000000000', `${P / 2n}`, `${P / 2n + 1n}`, `${P - 2n}`][random.int(0, 9)];
    if (kind <= 2) return `x[${random.int(0, 2)}]`;
    if (kind === 3) return `(-${number(depth - 1)})`;
    if (kind === 4) return `(~${number(depth - 1)})`;
    // A divisor of zero would refuse the input for all outputs; one that is constant, when the circuit is compiled.
    const operator = BINARY[random.int(0, 11)], left = number(depth - 1);
    let right = number(depth - 1);
    // Constants alone are folded by the compiler, which refuses some shifts.
    if (!/x/.test(left + right)) right = `x[${random.int(0, 2)}]`;
    if (operator === '/') right = `(${right} + x[0])`;
    if (operator === '\\' || operator === '%') right = `((${right} & 1048575) + 1)`;
    return `(${left} ${operator} ${right})`;
  };
  const truth = (depth: number): string => depth <= 0 || random.int(0, 2) > 0
    ? `(${number(depth - 1)} ${BINARY[random.int(12, BINARY.length - 1)]} ${number(depth - 1)})`
    : random.int(0, 2) === 0 ? `(!${truth(depth - 1)})` : `(${truth(depth - 1)} ${LOGIC[random.int(0, 1)]} ${truth(depth - 1)})`;
  const lines = Array.from({ length: outputs }, (_, i) => {
    const value = random.int(0, 3) === 0 ? `${truth(2)} ? ${number(3)} : ${number(3)}` : number(4);
    return `    out[${i}] <-- ${value};`;
  });
  return `pragma circom 2.2.0;\ntemplate Random() {\n    signal input x[3];\n    signal output out[${outputs}];\n${lines.join('\n')}\n    signal square <== x[0] * x[0];\n}\ncomponent main = Random();\n`;
}
