/**
 * Groth16 alone: snarkjs and the native prover on the same key and witness, in turns; memory of each in its own process;
 * proofs in a row. What is measured: bench/README.md.
 * Run: npm run bench -- groth16 [--quick] [--repetitions 7] [--sizes 16,18] [--threads 1,2] [--isa ifma,adx,portable] [--row 100] [--out file]
 */
import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Isa } from '../../prover/kernels/native/build/isa.js';
import { alternate } from '../measure.js';
import { printTable, progress, timed, writeReport } from '../report.js';
import { chooseIsas } from '../kernels/engines.js';
import { prepareChain } from './chain.js';
import { measureProofs } from './memory.js';
import { nameOf, openProver, verifierOf, type ProverSpec } from './provers.js';
import type { MemoryRow, ProofRow } from './rows.js';

const { values: args } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, repetitions: { type: 'string' }, sizes: { type: 'string' }, threads: { type: 'string' }, isa: { type: 'string' }, row: { type: 'string' }, out: { type: 'string' } },
});
const { quick } = args;
const sizes = (args.sizes ?? (quick ? '13' : '16,18')).split(',').map(Number), threads = (args.threads ?? '1,2').split(',').map(Number);
const repetitions = Number(args.repetitions ?? (quick ? 3 : 7)), inARow = Number(args.row ?? (quick ? 12 : 100));
if (![...sizes, ...threads, repetitions, inARow].every((x) => Number.isInteger(x) && x >= 1) || sizes.some((log) => log < 10 || log > 22)) {
  console.error('groth16 bench: --sizes are log2 of domains from 10 to 22; --repetitions, --threads and --row are at least 1');
  process.exit(2);
}
/** snarkjs takes so long above 2^17 that its repetitions are cut when the whole would exceed this. */
const SNARKJS_LIMIT_SECONDS = 15 * 60;
const SNARKJS_FEWEST = 3;

const isas = (await chooseIsas(args.isa, progress)).filter((isa): isa is Isa => isa !== 'wasm');
const specs: ProverSpec[] = [
  { kind: 'snarkjs', threads: 2 }, { kind: 'snarkjs-memory', threads: 2 },
  ...isas.flatMap((isa) => threads.map((count): ProverSpec => ({ kind: 'ours', threads: count, isa }))),
  ...isas.slice(0, 1).map((isa): ProverSpec => ({ kind: 'ours-opening', threads: Math.max(...threads), isa })),
];

const rows: ProofRow[] = [], memory: MemoryRow[] = [];

for (const log of sizes) {
  const { constraints, zkey, wtns } = await prepareChain(log, progress);
  const verify = await verifierOf(zkey), provers = [];
  let snarkjsRepetitions = repetitions;
  for (const spec of specs) {
    const prover = await openProver(spec, zkey, wtns);
    const { seconds, value } = await timed(() => prover.prove());
    if (!(await verify(value))) throw new Error(`${prover.name}, 2^${log}: proof is not accepted`);
    progress(`${prover.name}, ${constraints} constraints: proof verified, ${seconds.toFixed(2)} s`);
    if (spec.kind.startsWith('snarkjs') && 2 * seconds * repetitions > SNARKJS_LIMIT_SECONDS) snarkjsRepetitions = SNARKJS_FEWEST;
    provers.push({ name: prover.name, spec, prover });
  }
  const timings = await alternate(provers.map(({ name, spec, prover }) => ({ name, run: () => prover.prove(), repetitions: spec.kind.startsWith('snarkjs') ? snarkjsRepetitions : repetitions })), { repetitions });
  const base = timings[nameOf(specs[0])];
  for (const { name } of provers) {
    const { wall, cpu, repetitions: count } = timings[name];
    rows.push({ domainLog: log, constraints, prover: name, seconds: wall, cpuSeconds: cpu, repetitions: count, ratio: base.wall / wall, cpuRatio: base.cpu / cpu });
  }
  for (const { prover } of provers) await prover.close();

  const keyMiB = (await stat(zkey)).size / 2 ** 20;
  for (const spec of [specs[0], ...specs.filter(({ kind, isa }) => kind === 'ours' && isa === isas[0])]) {
    // The long row once, where a proof is quick: a leak shows there as well as anywhere.
    const long = log === Math.min(...sizes) && spec === specs.filter(({ kind }) => kind === 'ours').find(({ threads: count }) => count === Math.max(...threads));
    const run = await measureProofs(spec, zkey, wtns, long ? inARow : 1);
    if (!run.verified) throw new Error(`${run.prover}, 2^${log}: proof ${run.proofs} in a row is not accepted`);
    memory.push({ ...run, domainLog: log, keyMiB });
    progress(`${run.prover}: peak ${run.peak.toFixed(0)} MiB over ${run.proofs} proofs`);
  }
}

printTable('Groth16 on the same key and witness (medians; every prover checked by snarkjs\' verifier first)', ['prover', 'constraints', 'seconds', 'cpu s', 'runs', 'faster than snarkjs', 'by cpu'],
  rows.map((row) => [row.prover, row.constraints, row.seconds.toFixed(3), row.cpuSeconds.toFixed(3), row.repetitions, row.ratio?.toFixed(2) ?? '-', row.cpuRatio?.toFixed(2) ?? '-']));
printTable('Memory, MiB (a process each; the key is mapped or read, so it counts)', ['prover', 'log domain', 'key', 'proofs', 'resident after 1', 'after 10', 'after all', 'peak', 'first proof s', 'later s'],
  memory.map((m) => [m.prover, m.domainLog, m.keyMiB.toFixed(0), m.proofs, ...[1, 10, m.proofs].map((count) => m.resident[count]?.toFixed(0) ?? '-'), m.peak.toFixed(0), m.firstSeconds.toFixed(2), m.laterSeconds.toFixed(2)]));
await writeReport({ bench: 'groth16', command: ['node dist/bench/main.js groth16', ...process.argv.slice(2)].join(' '), repetitions, rows, memory }, args.out);
