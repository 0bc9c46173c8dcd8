/** Tables of bench/results/kernels.json. */
import type { Row } from '../kernels/compare.js';
import type { MemoryRow } from '../kernels/memory.js';
import { byteRate, type Rates } from '../kernels/rates.js';
import { duration, markdownTable, significant, times } from './markdown.js';

export interface KernelResults {
  rates: Record<string, Rates>;
  rows: Row[];
  smallOverFull: { kind: string; log: number; isa: string; threads: number; cost: number }[];
  memory: MemoryRow[];
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
const GB = 1e9;

export function kernelTables({ rates, rows, smallOverFull, memory }: KernelResults): string[] {
  const kernels = unique(rows.map(({ kernel }) => kernel)), isas = unique(rows.map(({ isa }) => isa)), threadCounts = unique(rows.map(({ threads }) => threads));
  /** Of one kernel, the rows of its largest size. */
  const largest = (kernel: string, threads: number): Row[] => {
    const some = rows.filter((row) => row.kernel === kernel && row.threads === threads), log = Math.max(...some.map((row) => row.log));
    return some.filter((row) => row.log === log);
  };
  const out = [
    markdownTable('What the machine does at best', ['', 'million field products a second', 'GB/s, 1 MiB', 'GB/s, 256 MiB'],
      Object.entries(rates).map(([name, rate]) => [`${name} thread${name.endsWith(' 1') ? '' : 's'}`, significant(rate.products / 1e6), significant(byteRate(rate, 2 ** 20) / GB), significant(byteRate(rate, 2 ** 28) / GB)])),
  ];
  for (const threads of threadCounts) {
    out.push(markdownTable(`At the largest size, ${threads} thread${threads === 1 ? '' : 's'}: time by instruction set; the best one beside its floor and the peer`,
      ['kernel', 'n', ...isas, 'floor', 'over floor', 'peer', 'peer time', 'faster', 'by CPU time'],
      kernels.filter((kernel) => rows.some((row) => row.kernel === kernel && row.threads === threads)).map((kernel) => {
        const found = largest(kernel, threads), best = found.reduce((a, b) => (b.seconds < a.seconds ? b : a));
        return [kernel, `2^${best.log}`, ...isas.map((isa) => duration(found.find((row) => row.isa === isa)?.seconds)), duration(best.floor.seconds), times(best.distance),
          best.peer, duration(best.peerSeconds), times(best.ratio), times(best.cpuRatio)];
      })));
  }
  const logs = unique(rows.map(({ log }) => log)).sort((a, b) => a - b);
  out.push(markdownTable(`Times faster than the peer by size, ${isas[0]}, 1 thread`, ['kernel', ...logs.map((log) => `2^${log}`)],
    kernels.map((kernel) => [kernel, ...logs.map((log) => times(rows.find((row) => row.kernel === kernel && row.log === log && row.isa === isas[0] && row.threads === 1)?.ratio))])));
  const top = Math.max(...smallOverFull.map(({ log }) => log));
  if (smallOverFull.length > 0) {
    out.push(markdownTable(`Cost of small scalars, 2^${top} points: time over that of full scalars`, ['scalars', ...isas.flatMap((isa) => threadCounts.map((threads) => `${isa} x${threads}`))],
      unique(smallOverFull.map(({ kind }) => kind)).map((kind) => [kind, ...isas.flatMap((isa) => threadCounts.map((threads) =>
        significant(smallOverFull.find((row) => row.kind === kind && row.isa === isa && row.threads === threads && row.log === top)?.cost)))])));
  }
  if (memory.length > 0) {
    out.push(markdownTable('Peak memory above inputs', ['kernel', 'n', 'threads', 'by', 'MiB'], memory.map((m) => [m.kernel, `2^${m.log}`, m.threads, m.by, m.added.toFixed(0)])));
  }
  return out;
}
