/** The kernels under test: the native library of each instruction set, or the portable ones where it cannot run. */
import { selectKernels } from '../../prover/kernels/index.js';
import { NativeArithmetic } from '../../prover/kernels/native/arithmetic.js';
import type { Isa } from '../../prover/kernels/native/build/isa.js';
import type { NativeLibrary, NativePool } from '../../prover/kernels/native/library.js';
import { loadNative, usableIsas } from '../../prover/kernels/native/load.js';
import type { Kernels } from '../../prover/kernels/types.js';
import type { IsaLabel } from './floors.js';

export interface Engine {
  isa: IsaLabel;
  threads: number;
  kernels: Kernels;
  /** Native only. */
  arithmetic?: NativeArithmetic;
  /** Native only: the library itself, for results in buffers that exist. */
  direct?: { library: NativeLibrary; pool: NativePool };
  close(): Promise<void>;
}

export async function openEngine(isa: IsaLabel, threads: number): Promise<Engine> {
  if (isa === 'wasm') {
    const kernels = await selectKernels('portable', { threads });
    return { isa, threads, kernels, close: () => kernels.close() };
  }
  const kernels = await selectKernels('native', { isa, threads }), arithmetic = await NativeArithmetic.open({ isa, threads });
  const { library } = await loadNative({ isa }), pool = new library.Pool(threads);
  return {
    isa, threads, kernels, arithmetic, direct: { library, pool },
    async close() {
      pool.close();
      await Promise.all([kernels.close(), arithmetic.close()]);
    },
  };
}

/** What to measure: the sets asked for, else all that this CPU has; `wasm` alone where native kernels cannot be built. */
export async function chooseIsas(asked: string | undefined, say: (message: string) => void): Promise<IsaLabel[]> {
  const native = await usableIsas().catch((error: Error): Isa[] => {
    say(`no native kernels here, the portable ones are measured alone: ${error.message}`);
    return [];
  });
  const usable: IsaLabel[] = [...native, 'wasm'];
  const chosen = asked ? asked.split(',') : native.length > 0 ? native : ['wasm'];
  const unknown = chosen.filter((isa) => !(usable as string[]).includes(isa));
  if (unknown.length > 0) throw new Error(`--isa: this machine has ${usable.join(', ')}, not ${unknown.join(', ')}`);
  return chosen as IsaLabel[];
}
