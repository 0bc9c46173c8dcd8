/** The libraries that we compare with: ffjavascript 0.3.1 (snarkjs' arithmetic) and this project's own WebAssembly kernels. */
import os from 'node:os';
import { bn254Instance, type Bn254Wasm } from '../../prover/setup/bn254Wasm.js';
import { FixedBasePool } from '../../prover/setup/fixedBase.js';
import { selectKernels } from '../../prover/kernels/index.js';
import type { Kernels } from '../../prover/kernels/types.js';

interface FfGroup {
  multiExpAffine(bases: Uint8Array, scalars: Uint8Array): Promise<Uint8Array>;
  toAffine(point: Uint8Array): Uint8Array;
  sub(a: Uint8Array, b: Uint8Array): Uint8Array;
  timesScalar(point: Uint8Array, scalar: bigint): Uint8Array;
}
export interface FfCurve {
  G1: FfGroup;
  G2: FfGroup;
  Fr: {
    one: Uint8Array;
    fft(values: Uint8Array): Promise<Uint8Array>;
    ifft(values: Uint8Array): Promise<Uint8Array>;
    batchInverse(values: Uint8Array): Promise<Uint8Array>;
    batchApplyKey(values: Uint8Array, first: Uint8Array, increment: Uint8Array): Promise<Uint8Array>;
    batchFromMontgomery(values: Uint8Array): Promise<Uint8Array>;
  };
  tm: { concurrency: number; code: Uint8Array };
  terminate(): Promise<void>;
}

export interface Peers {
  threads: number;
  curve: FfCurve;
  /** One instance of ffjavascript's module, called without its task queue. */
  wasm: Bn254Wasm;
  portable: Kernels;
  fixedBase: FixedBasePool;
  close(): Promise<void>;
}

export const PEER_NAMES = { ff: 'ffjavascript', wasm: "ffjavascript's WASM", portable: 'portable kernels', fixedBase: 'FixedBasePool' } as const;

/**
 * ffjavascript on one thread (its own single-thread mode) or on `threads` workers. It starts a worker for every core it
 * sees, so it is shown only as many.
 */
async function ffjavascript(threads: number): Promise<FfCurve> {
  const { buildBn128 } = (await import('ffjavascript')) as unknown as { buildBn128(singleThread: boolean): Promise<FfCurve> };
  const { cpus } = os;
  try {
    os.cpus = () => cpus().slice(0, threads);
    return await buildBn128(threads === 1);
  } finally {
    os.cpus = cpus;
  }
}

export async function openPeers(threads: number): Promise<Peers> {
  const curve = await ffjavascript(threads);
  const [portable, fixedBase] = await Promise.all([selectKernels('portable', { threads }), FixedBasePool.create(threads)]);
  return {
    threads, curve, portable, fixedBase, wasm: await bn254Instance((await ffjavascript(1)).tm.code),
    close: async () => {
      await Promise.all([curve.terminate(), portable.close(), fixedBase.close()]);
    },
  };
}
