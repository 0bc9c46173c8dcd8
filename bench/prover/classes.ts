/** Whole proofs of the pinned classes: every stage, the witness of the circuit, Groth16. Each proof is verified before its times count. */
import { readSrs } from '../../src/commitment/srs.js';
import type { Relation, SizeClass } from '../../src/statement/sizeClass.js';
import { verifierKey } from '../../src/verify/key.js';
import { verifyProof } from '../../src/verify/proof.js';
import { developmentKeys } from '../../prover/setup/index.js';
import { readR1cs } from '../../prover/setup/qap.js';
import { drawMask, prove } from '../../prover/prove.js';
import { makeScenario } from '../../test/support/scenario.js';
import { forgetPeak, peakMiB } from '../measure.js';
import { median, progress, timed } from '../report.js';
import { inferencesPerCoreHour, type Contender } from './contenders.js';

export interface ClassResult {
  className: string;
  relation: Relation;
  kernels: string;
  groth16: string;
  cores: number;
  tokens: number;
  constraints: number;
  repetitions: number;
  /** Median seconds by stage. `total` is the median of whole runs, witness check and transcript included. */
  seconds: Record<string, number>;
  verifySeconds: number;
  /** Payout: queries of the class over total seconds and cores. */
  inferencesPerCoreHour?: number;
  peakMemoryMiB: number;
}

/** Compiles, makes keys and a random job, proves `repetitions` times. @throws Error when a proof is not accepted */
export async function benchClass({ kernels, groth16, cores }: Contender, cls: SizeClass, relations: readonly Relation[], repetitions: number): Promise<ClassResult[]> {
  const keys = await developmentKeys(cls, { progress });
  const srs = await readSrs(keys.srs);
  const { seconds: preparation, value: scenario } = await timed(() => makeScenario(kernels, srs, cls, { tokensLog: cls.tokensLog }));
  progress(`${cls.name}: job prepared (${preparation.toFixed(1)} s, not part of proving)`);
  const results: ClassResult[] = [];
  for (const relation of relations) {
    const { witness } = scenario[relation], runs: Record<string, number>[] = [], verifies: number[] = [];
    let { statement, mask } = scenario[relation];
    forgetPeak();
    // The first run warms up (modules, threads, key cache) and does not count.
    for (let run = 0; run <= repetitions; run++) {
      if (run > 0) {
        mask = await drawMask(kernels, srs, cls, relation, statement.tokensLog); // single use
        statement = { ...statement, commitments: { ...statement.commitments, mask: mask.commitment } };
      }
      const { seconds, value } = await timed(() => prove(statement, witness, mask, { kernels, groth16, srs, keys: keys[relation] }));
      const check = await timed(() => verifyProof(statement, value.proof, verifierKey(keys[relation].vk)));
      if (!check.value.ok) throw new Error(`${cls.name} ${relation}: proof is not accepted: ${check.value.error.message}`);
      progress(`${cls.name} ${relation}, ${kernels.name}: ${run === 0 ? 'warm-up' : `run ${run} of ${repetitions}`} ${seconds.toFixed(2)} s`);
      if (run > 0) {
        runs.push({ ...value.stages, total: seconds });
        verifies.push(check.seconds);
      }
    }
    const totalSeconds = median(runs.map(({ total }) => total));
    results.push({
      className: cls.name, relation, kernels: kernels.name, groth16: groth16.name, cores, tokens: 2 ** statement.tokensLog, constraints: readR1cs(keys[relation].r1cs).nConstraints, repetitions,
      seconds: Object.fromEntries(Object.keys(runs[0]).map((stage) => [stage, median(runs.map((r) => r[stage]))])),
      verifySeconds: median(verifies), ...(relation === 'payout' && { inferencesPerCoreHour: inferencesPerCoreHour(2 ** cls.queriesLog, totalSeconds, cores) }),
      peakMemoryMiB: Math.round(peakMiB()),
    });
  }
  return results;
}
