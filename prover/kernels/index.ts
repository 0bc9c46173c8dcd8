/** Chooses a kernel backend by name. Backends load lazily: what is not chosen costs nothing. */
import { UnknownKernelsError } from '../../src/errors/kernels.js';
import type { Kernels } from './types.js';

export type { IntTable, Kernels, ProductTerm, Table } from './types.js';

export interface KernelOptions {
  /** Worker threads of the portable backend; default min(available cores, 4). */
  threads?: number;
}

const BACKENDS = {
  reference: async (): Promise<Kernels> => (await import('./reference/index.js')).createReferenceKernels(),
  portable: async (options: KernelOptions): Promise<Kernels> => (await import('./portable/index.js')).createPortableKernels(options),
};
export type KernelName = keyof typeof BACKENDS;
export const KERNEL_NAMES = Object.keys(BACKENDS) as KernelName[];

/**
 * The backend `name`, else the one in the environment variable ZKATTR_KERNELS, else `portable`. The caller closes it.
 * @throws UnknownKernelsError for a name that is not in KERNEL_NAMES
 */
export async function selectKernels(name?: KernelName, options: KernelOptions = {}): Promise<Kernels> {
  const where = name === undefined ? 'ZKATTR_KERNELS' : 'selectKernels';
  const chosen: string = name ?? (process.env.ZKATTR_KERNELS || 'portable');
  if (!Object.hasOwn(BACKENDS, chosen)) throw new UnknownKernelsError(chosen, KERNEL_NAMES, where);
  return BACKENDS[chosen as KernelName](options);
}
