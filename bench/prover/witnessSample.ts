/** One sample of bench/prover/witness.ts, in a process of its own: node witnessSample.js <wasm> <inputs as JSON> <mode> <calls> */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { witnessCalculator, type WitnessMode } from '../../prover/backends/calculator.js';
import type { CircuitInput } from '../../prover/backends/groth16.js';
import { timed } from '../report.js';

export interface WitnessSample {
  /** Seconds to open the calculator, and of each call. */
  open: number;
  calls: number[];
  sha256: string;
}

const [wasm, inputs, mode, calls] = process.argv.slice(2);
const input = JSON.parse(await readFile(inputs, 'utf8')) as CircuitInput;
const opened = await timed(() => witnessCalculator(wasm, { mode: mode as WitnessMode }));
const sample: WitnessSample = { open: opened.seconds, calls: [], sha256: '' };
for (let i = 0; i < Number(calls); i++) {
  const { seconds, value } = await timed(() => opened.value.calculate(input));
  sample.calls.push(seconds);
  sample.sha256 = createHash('sha256').update(value).digest('hex');
}
console.log(JSON.stringify(sample));
