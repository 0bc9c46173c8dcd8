/** Memory of a prover in a process of its own: resident after the first, tenth and last proof, and the peak. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { peakMiB, residentMiB } from '../measure.js';
import { openProver, verifierOf, type ProverSpec } from './provers.js';

export interface MemoryRun {
  prover: string;
  proofs: number;
  /** MiB resident after that many proofs. */
  resident: Record<number, number>;
  peak: number;
  /** Seconds from the start of the process to the first proof, and of each one later (mean). */
  firstSeconds: number;
  laterSeconds: number;
  verified: boolean;
}

export async function measureProofs(spec: ProverSpec, zkey: string, wtns: string, proofs: number): Promise<MemoryRun> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), JSON.stringify({ spec, zkey, wtns, proofs })]);
  return JSON.parse(stdout) as MemoryRun;
}

async function child(task: string): Promise<MemoryRun> {
  const { spec, zkey, wtns, proofs } = JSON.parse(task) as { spec: ProverSpec; zkey: string; wtns: string; proofs: number };
  const prover = await openProver(spec, zkey, wtns), resident: Record<number, number> = {};
  let last = await prover.prove();
  const firstSeconds = process.uptime(), start = performance.now();
  const note = (count: number): void => {
    // Garbage is no leak.
    (globalThis as { gc?: () => void }).gc?.();
    resident[count] = residentMiB();
  };
  note(1);
  for (let count = 2; count <= proofs; count++) {
    last = await prover.prove();
    if (count === 10 || count === proofs) note(count);
  }
  const laterSeconds = proofs > 1 ? (performance.now() - start) / 1000 / (proofs - 1) : 0;
  // The verifier's own memory must not count.
  const peak = peakMiB();
  const verified = await (await verifierOf(zkey))(last);
  return { prover: prover.name, proofs, resident, peak, firstSeconds, laterSeconds, verified };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await child(process.argv[2])));
  process.exit(0); // whatever threads a library left
}
