/** The provers that the bench compares: kernels and Groth16 backend by name. */
import { availableParallelism, cpus } from 'node:os';
import { SnarkjsBackend, type Groth16Backend } from '../../prover/backends/groth16.js';
import { selectKernels, type KernelName } from '../../prover/kernels/index.js';
import type { Kernels } from '../../prover/kernels/types.js';

export interface Contender {
  kernels: Kernels;
  groth16: Groth16Backend;
  /** Cores that it may keep busy: what a core-hour counts. */
  cores: number;
  close(): Promise<void>;
}

/** @throws UnknownKernelsError, NativeKernelsError */
export async function openContender(name: KernelName | undefined, threads: number | undefined): Promise<Contender> {
  const kernels = await selectKernels(name, threads === undefined ? {} : { threads });
  const groth16 = new SnarkjsBackend();
  return {
    kernels, groth16,
    // snarkjs takes every core, whatever the kernels were given.
    cores: groth16.name === 'snarkjs' ? cpus().length : threads ?? availableParallelism(),
    close: async () => void (await Promise.all([kernels.close(), groth16.close()])),
  };
}

/** Queries attributed in an hour by one core. */
export const inferencesPerCoreHour = (queries: number, seconds: number, cores: number): number => (queries / (seconds * cores)) * 3600;
