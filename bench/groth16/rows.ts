/** What the Groth16 bench writes. */
import type { MemoryRun } from './memory.js';

export interface ProofRow {
  domainLog: number;
  constraints: number;
  prover: string;
  /** Medians of one proof. */
  seconds: number;
  cpuSeconds: number;
  repetitions: number;
  /** snarkjs from files over this one, wall and CPU. */
  ratio?: number;
  cpuRatio?: number;
}

export type MemoryRow = MemoryRun & { domainLog: number; keyMiB: number };
