import type { KernelOptions } from '../kernels/index.js';
import type { Kernels } from '../kernels/types.js';
import { SnarkjsBackend, type Groth16Backend } from './groth16.js';

/**
 * The Groth16 prover that goes with kernels: native ones prove natively, others leave it to snarkjs. The caller closes it.
 * @throws NativeKernelsError, UnsupportedIsaError
 */
export async function selectGroth16(kernels: Kernels['name'], options: KernelOptions = {}): Promise<Groth16Backend> {
  if (kernels !== 'native') return new SnarkjsBackend();
  const { NativeBackend } = await import('./native.js');
  return NativeBackend.open(options);
}
