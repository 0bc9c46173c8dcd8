/** Tables of bench/results/prove.json. */
import type { ClassResult } from '../prover/classes.js';
import { duration, markdownTable, significant } from './markdown.js';

type Result = ClassResult & { chainAndOpening: number };

export function proveTables({ classes, kernels }: { classes: Result[]; kernels: string }): string[] {
  const stages = [...new Set(classes.flatMap(({ seconds }) => Object.keys(seconds)))];
  // Results of older runs have one backend, named once.
  const nameOf = (r: Result): string => `${r.kernels ?? kernels}, ${r.groth16 ?? 'snarkjs'}`;
  const rated = classes.filter((r) => r.inferencesPerCoreHour !== undefined);
  return [
    markdownTable('Whole proofs by stage', ['class', 'relation', 'kernels, Groth16', ...stages, 'verify'],
      classes.map((r) => [r.className, r.relation, nameOf(r), ...stages.map((stage) => duration(r.seconds[stage])), duration(r.verifySeconds)])),
    ...(rated.length === 0 ? [] : [markdownTable('Attributed inferences per core-hour', ['class', 'kernels, Groth16', 'total', 'cores', 'inferences'],
      rated.map((r) => [r.className, nameOf(r), duration(r.seconds.total), r.cores, significant(r.inferencesPerCoreHour)]))]),
  ];
}
