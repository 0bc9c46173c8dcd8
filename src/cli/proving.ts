import type { Srs } from '../commitment/srs.js';
import type { Groth16Backend } from '../../prover/backends/groth16.js';
import type { Kernels } from '../../prover/kernels/types.js';
import type { SetupKeys } from '../../prover/setup/index.js';
import type { SizeClass } from '../statement/sizeClass.js';
import { openKeys, type Progress } from './workspace.js';

/** Kernels, Groth16 back end, keys and reference string of one class, opened once for a command. */
export interface ProvingContext {
  kernels: Kernels;
  groth16: Groth16Backend;
  srs: Srs;
  keys: SetupKeys;
  progress: Progress;
}

/** Opens a proving context for the time of `work`. The prover's code loads here and nowhere else in the CLI. */
export async function withProving<T>(cls: SizeClass, keysDir: string | undefined, progress: Progress, work: (context: ProvingContext) => Promise<T>): Promise<T> {
  const [{ selectKernels }, { selectGroth16 }] = await Promise.all([import('../../prover/kernels/index.js'), import('../../prover/backends/select.js')]);
  const { keys, srs } = await openKeys(cls, keysDir, progress);
  const kernels = await selectKernels();
  try {
    const groth16 = await selectGroth16(kernels.name);
    try {
      return await work({ kernels, groth16, srs, keys, progress });
    } finally {
      await groth16.close();
    }
  } finally {
    await kernels.close();
  }
}
