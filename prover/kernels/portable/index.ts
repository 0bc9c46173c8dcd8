import type { Kernels } from '../types.js';
import { createReferenceKernels } from '../reference/index.js';

/** Stands in until the WASM backend lands: the reference kernels. */
export async function createPortableKernels(_options: { threads?: number } = {}): Promise<Kernels> {
  return createReferenceKernels();
}
