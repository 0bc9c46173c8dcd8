/**
 * The circuit's witness alone: the WebAssembly calculator beside the native generator, in turns. Each sample is a process of its
 * own, for V8 keeps compiled code for as long as a process lives: cold is opening and the first call in it, warm the last call.
 * Run: node dist/bench/main.js witness [--quick] [--repetitions 7] [--calls 10] [--out file]
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { Relation } from '../../src/statement/sizeClass.js';
import { witnessCalculator } from '../../prover/backends/calculator.js';
import { selectKernels } from '../../prover/kernels/index.js';
import { compileCircuit } from '../../prover/setup/circuit.js';
import { pinnedClasses, readPinned } from '../../prover/setup/manifest.js';
import { buildGenerator } from '../../prover/witness/native/build.js';
import { sourceOf } from '../../prover/witness/native/source.js';
import { classInputs } from '../../test/support/classInput.js';
import { median, printTable, progress, writeReport } from '../report.js';
import type { WitnessSample } from './witnessSample.js';

const { values: args } = parseArgs({ options: { quick: { type: 'boolean', default: false }, repetitions: { type: 'string' }, calls: { type: 'string' }, out: { type: 'string' } } });
const repetitions = Number(args.repetitions ?? (args.quick ? 3 : 7)), calls = Number(args.calls ?? 10);
if (![repetitions, calls].every((x) => Number.isInteger(x) && x >= 1)) {
  console.error('witness bench: --repetitions and --calls are at least 1');
  process.exit(2);
}

const MODES = ['wasm', 'native'] as const;
type Mode = (typeof MODES)[number];
interface Row {
  className: string;
  relation: Relation;
  constraints: number;
  seconds: Record<Mode, { cold: number; warm: number }>;
  /** WebAssembly over native. */
  ratio: { cold: number; warm: number };
  /** Once for each circuit. */
  compileSeconds: number;
}

const run = promisify(execFile);
const script = join(dirname(fileURLToPath(import.meta.url)), 'witnessSample.js');
const sample = async (wasm: string, inputs: string, mode: Mode): Promise<WitnessSample> => JSON.parse((await run(process.execPath, [script, wasm, inputs, mode, `${calls}`])).stdout) as WitnessSample;

const classes = (await pinnedClasses()).slice(0, args.quick ? 2 : undefined), pinned = await readPinned();
const kernels = await selectKernels();
const dir = await mkdtemp(join(tmpdir(), 'zkattr-bench-witness-'));
const rows: Row[] = [];
try {
  for (const cls of classes) {
    progress(`${cls.name}: job`);
    const inputs = await classInputs(kernels, cls);
    for (const relation of ['payout', 'features'] as const) {
      const { wasm } = await compileCircuit(cls, relation, { progress }), file = join(dir, `${cls.name}-${relation}.json`);
      await writeFile(file, JSON.stringify(inputs[relation], (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)));
      // Compiles the program, and has its first witness compared, before anything is timed.
      await (await witnessCalculator(wasm, { mode: 'native', progress })).calculate(inputs[relation]);
      const samples: Record<Mode, WitnessSample[]> = { wasm: [], native: [] };
      for (let i = 0; i < repetitions; i++) {
        for (const mode of i % 2 === 0 ? MODES : [...MODES].reverse()) samples[mode].push(await sample(wasm, file, mode));
      }
      if (new Set(MODES.flatMap((mode) => samples[mode].map(({ sha256 }) => sha256))).size !== 1) throw new Error(`${cls.name} ${relation}: witnesses differ`);
      const of = (mode: Mode): Row['seconds'][Mode] => ({ cold: median(samples[mode].map((s) => s.open + s.calls[0])), warm: median(samples[mode].map((s) => s.calls[calls - 1])) });
      const seconds = { wasm: of('wasm'), native: of('native') };
      rows.push({
        className: cls.name, relation, constraints: pinned.classes[cls.name][relation].constraints, seconds,
        ratio: { cold: seconds.wasm.cold / seconds.native.cold, warm: seconds.wasm.warm / seconds.native.warm },
        compileSeconds: (await buildGenerator(sourceOf(await readFile(wasm)))).seconds,
      });
      progress(`${cls.name} ${relation}: WebAssembly ${seconds.wasm.cold.toFixed(3)} cold, ${seconds.wasm.warm.toFixed(3)} warm; native ${seconds.native.cold.toFixed(3)}, ${seconds.native.warm.toFixed(3)}`);
    }
  }
} finally {
  await rm(dir, { recursive: true, force: true });
  await kernels.close();
}

printTable(`Witness, seconds (median of ${repetitions} processes; warm: call ${calls})`,
  ['class', 'relation', 'constraints', 'wasm cold', 'wasm warm', 'native cold', 'native warm', 'x cold', 'x warm', 'compile'],
  rows.map(({ className, relation, constraints, seconds: { wasm, native }, ratio, compileSeconds }) => [className, relation, constraints, wasm.cold, wasm.warm, native.cold, native.warm, ratio.cold.toFixed(1), ratio.warm.toFixed(1), compileSeconds.toFixed(1)]));
await writeReport({ bench: 'witness', command: `node dist/bench/main.js witness${args.quick ? ' --quick' : ''}${args.repetitions ? ` --repetitions ${repetitions}` : ''}${args.calls ? ` --calls ${calls}` : ''}`, repetitions, calls, witnesses: rows }, args.out);
