/** Chooses a kernel backend by name. Backends load lazily: what is not chosen costs nothing. */
import { NativeKernelsError, UnknownKernelsError } from '../../src/errors/kernels.js';
import type { Isa } from './native/build/isa.js';
import type { Kernels } from './types.js';

export type { CallOptions, IntTable, KernelMethods, Kernels, ProductTerm, Table } from './types.js';

export interface KernelOptions {
  /** Threads; default: portable min(available cores, 4), native all available cores. */
  threads?: number;
  /** Instruction set of the native backend; default: $ZKATTR_ISA, else the best one of this CPU. */
  isa?: Isa;
  /** Told before the native library is built, once; default: a line on stderr. */
  progress?: (message: string) => void;
}

const BACKENDS = {
  reference: async (): Promise<Kernels> => (await import('./reference/index.js')).createReferenceKernels(),
  portable: async (options: KernelOptions): Promise<Kernels> => (await import('./portable/index.js')).createPortableKernels(options),
  native: async (options: KernelOptions): Promise<Kernels> => (await import('./native/index.js')).createNativeKernels(options),
};
export type KernelName = keyof typeof BACKENDS;
export const KERNEL_NAMES = Object.keys(BACKENDS) as KernelName[];

/**
 * The backend `name`, else the one in the environment variable ZKATTR_KERNELS, else `native`, or `portable` with a notice where
 * that cannot be built or trusted. The caller closes it.
 * @throws UnknownKernelsError for a name that is not in KERNEL_NAMES; NativeKernelsError for `native` by name where it cannot run;
 *         UnsupportedIsaError for an instruction set by name that this CPU lacks
 */
export async function selectKernels(name?: KernelName, options: KernelOptions = {}): Promise<Kernels> {
  return nativeOr(() => BACKENDS.native(options), () => BACKENDS[chosenKernels(name) ?? 'portable'](options), name);
}

/**
 * `native()` where native kernels are asked for, by name or environment, or run and nothing else is asked for; else `otherwise()`,
 * with a notice when they were to run and cannot.
 * @throws as selectKernels
 */
export async function nativeOr<T>(native: () => Promise<T>, otherwise: () => Promise<T>, name?: KernelName): Promise<T> {
  const chosen = chosenKernels(name);
  if (chosen !== undefined) return chosen === 'native' ? native() : otherwise();
  try {
    return await native();
  } catch (error) {
    if (!(error instanceof NativeKernelsError)) throw error;
    sayOnce(error);
    return otherwise();
  }
}

/** The backend that was asked for, by name or environment; undefined when any will do. @throws UnknownKernelsError */
export function chosenKernels(name?: KernelName): KernelName | undefined {
  const chosen = name ?? process.env.ZKATTR_KERNELS;
  if (!chosen) return undefined;
  if (!Object.hasOwn(BACKENDS, chosen)) throw new UnknownKernelsError(chosen, KERNEL_NAMES, name === undefined ? 'ZKATTR_KERNELS' : 'selectKernels');
  return chosen as KernelName;
}

let said = false;
/** Slower kernels without a word would look like a slow program. */
function sayOnce(error: NativeKernelsError): void {
  if (said) return;
  said = true;
  process.stderr.write(`zkattr: the portable kernels run, several times slower than native ones: ${error.message}; or set ZKATTR_KERNELS=portable to silence this\n`);
}
