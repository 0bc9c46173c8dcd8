/**
 * The kernels alone: ours by instruction set and threads beside ffjavascript and the WebAssembly kernels, floors, peak memory.
 * Every answer is checked before anything is timed; contenders take turns. What is measured: bench/README.md.
 * Run: npm run bench -- kernels [options of options.ts]. Results: bench/results/kernels.json (with --only: no file unless --out).
 */
import { printTable, progress, writeReport } from '../report.js';
import { CASES } from './cases.js';
import { compare, floored, type Row } from './compare.js';
import { chooseIsas, openEngine } from './engines.js';
import { measureMemory, type MemoryRow } from './memory.js';
import { readOptions, USAGE } from './options.js';
import { openPeers } from './peer.js';
import { faster, nativeRates, wasmRates, type Rates } from './rates.js';

const options = readOptions();
if (!options) {
  console.error(USAGE);
  process.exit(2);
}
const isas = await chooseIsas(options.isa, progress);
const cases = CASES.filter(({ name }) => name.includes(options.only ?? ''));
const rates: Record<string, Rates> = {}, rows: Row[] = [], memory: MemoryRow[] = [];

for (const threads of options.threads) {
  const engines = await Promise.all(isas.map((isa) => openEngine(isa, threads))), peers = await openPeers(threads);
  try {
    const measure = async (): Promise<void> => {
      for (const { isa, kernels } of engines) {
        const found = isa === 'wasm' ? await wasmRates(kernels, threads, options.probeMs) : await nativeRates(isa, threads, options.probeMs);
        const known = rates[`${isa} ${threads}`];
        rates[`${isa} ${threads}`] = known ? faster(known, found) : found;
      }
    };
    const first = rows.length;
    await measure();
    for (const kernelCase of cases) {
      for (const log of options.sizes.filter((size) => size <= (kernelCase.maxLog ?? 28))) {
        const found = await compare(kernelCase, log, engines, peers, rates, options);
        rows.push(...found);
        for (const row of found) progress(`${row.kernel} 2^${log}, ${threads} threads, ${row.isa}: ${(1000 * row.seconds).toFixed(3)} ms, ${row.distance.toFixed(1)} x floor${row.ratio ? `, ${row.ratio.toFixed(2)} x ${row.peer}` : ''}`);
      }
    }
    // Once more: a floor that includes other processes would be none, so the faster of both counts.
    await measure();
    for (const row of rows.slice(first)) Object.assign(row, floored(row, cases, rates));
  } finally {
    await Promise.all([peers.close(), ...engines.map((engine) => engine.close())]);
  }
}

if (options.memory) {
  const log = Math.max(...options.sizes);
  for (const kernelCase of cases.filter((c) => c.memory)) {
    for (const threads of options.threads) {
      for (const by of [isas[0], 'peer'] as const) {
        const row = log <= options.peerMax || by !== 'peer' ? await measureMemory(kernelCase, log, by, threads) : undefined;
        if (row) memory.push(row);
        if (row) progress(`${row.kernel} 2^${log}, ${threads} threads, ${row.by}: ${row.added.toFixed(0)} MiB above its inputs`);
      }
    }
  }
}

/** Small scalars beside full ones, at the largest size that both were measured at. */
const smallOverFull = rows.filter(({ kernel }) => kernel === 'MSM G1').flatMap((full) =>
  (['int16', 'int8', 'bit'] as const).flatMap((kind) => {
    const small = rows.find((row) => row.kernel === `MSM G1 ${kind}` && row.log === full.log && row.isa === full.isa && row.threads === full.threads);
    return small ? [{ kind, log: full.log, isa: full.isa, threads: full.threads, cost: small.seconds / full.seconds }] : [];
  }));

printTable('Rates of this machine', ['', 'million products / s', 'from', 'GB/s, 1 MiB', 'GB/s, 256 MiB'], Object.entries(rates).map(([name, { products, productsFrom, bytes }]) =>
  [`${name} thread(s)`, products / 1e6, productsFrom, ...[20, 28].map((log) => { const at = bytes.find((b) => b.log === log); return at ? Math.max(at.read, at.copy) / 1e9 : '-'; })]));
for (const threads of options.threads) {
  printTable(`Kernels, ${threads} thread(s): milliseconds (medians), times the floor, times faster than the peer`,
    ['kernel', 'log n', 'isa', 'ms', 'cpu ms', 'million / s', 'floor ms', 'x floor', 'peer', 'peer ms', 'faster', 'by cpu'],
    rows.filter((row) => row.threads === threads).map((row) => [row.kernel, row.log, row.isa, (1e3 * row.seconds).toFixed(3), (1e3 * row.cpuSeconds).toFixed(3), (row.perSecond / 1e6).toFixed(3), (1e3 * row.floor.seconds).toFixed(3), row.distance.toFixed(2),
      row.peer ?? '-', row.peerSeconds ? (1e3 * row.peerSeconds).toFixed(3) : '-', row.ratio?.toFixed(2) ?? '-', row.cpuRatio?.toFixed(2) ?? '-']));
}
if (smallOverFull.length > 0) printTable('MSM of small scalars over MSM of full ones', ['kind', 'log n', 'isa', 'threads', 'cost'], smallOverFull.map(({ kind, log, isa, threads, cost }) => [kind, log, isa, threads, cost.toFixed(4)]));
if (memory.length > 0) printTable('Peak memory, MiB', ['kernel', 'log n', 'threads', 'by', 'before', 'peak', 'added'], memory.map((m) => [m.kernel, m.log, m.threads, m.by, m.before.toFixed(0), m.peak.toFixed(0), m.added.toFixed(0)]));

if (!options.only || options.out) {
  await writeReport({ bench: 'kernels', command: options.command, repetitions: options.repetitions, sizes: options.sizes, rates, rows, smallOverFull, memory }, options.out);
}
