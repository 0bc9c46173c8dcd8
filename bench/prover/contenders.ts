/** The provers that the bench compares: kernels by name, and the Groth16 backend that goes with them. */
import { availableParallelism, cpus } from 'node:os';
import type { Groth16Backend } from '../../prover/backends/groth16.js';
import { selectGroth16 } from '../../prover/backends/select.js';
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
  const options = threads === undefined ? {} : { threads };
  const kernels = await selectKernels(name, options);
  const groth16 = await selectGroth16(kernels.name, options);
  return {
    kernels, groth16,
    // snarkjs takes every core, whatever the kernels were given.
    cores: groth16.name === 'snarkjs' ? cpus().length : threads ?? availableParallelism(),
    close: async () => void (await Promise.all([kernels.close(), groth16.close()])),
  };
}

/** Queries attributed in an hour by one core. */
export const inferencesPerCoreHour = (queries: number, seconds: number, cores: number): number => (queries / (seconds * cores)) * 3600;
