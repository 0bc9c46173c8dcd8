/** Tables of bench/results/groth16.json. */
import type { MemoryRow, ProofRow } from '../groth16/rows.js';
import { duration, markdownTable, times } from './markdown.js';

export function groth16Tables({ rows, memory }: { rows: ProofRow[]; memory: MemoryRow[] }): string[] {
  const mib = (x: number | undefined): string | undefined => x?.toFixed(0);
  return [
    markdownTable('Groth16, same key and witness', ['prover', 'constraints', 'time', 'CPU time', 'runs', 'faster than snarkjs', 'by CPU time'],
      rows.map((row) => [row.prover, row.constraints.toLocaleString('en-US'), duration(row.seconds), duration(row.cpuSeconds), row.repetitions, times(row.ratio), times(row.cpuRatio)])),
    markdownTable('Memory of a process, MiB', ['prover', 'domain', 'key', 'proofs', 'after 1', 'after 10', 'after all', 'peak'],
      memory.map((m) => [m.prover, `2^${m.domainLog}`, mib(m.keyMiB), m.proofs, mib(m.resident[1]), mib(m.resident[10]), mib(m.resident[m.proofs]), mib(m.peak)])),
  ];
}
