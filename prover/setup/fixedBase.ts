import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { G1_BYTES, G2_BYTES } from '../../src/field/buffer.js';
import { nativeOr } from '../kernels/index.js';
import { bn254Code } from './bn254Wasm.js';
import { TASK_SCALARS, type FixedBaseTask } from './fixedBaseWorker.js';

/** Multiples of the generators of G1 and G2. */
export interface FixedBase {
  /**
   * out[i] = s_i G
   * @param scalars  n x 32 bytes, canonical, little endian
   * @returns affine Montgomery points, `G1Buffer` or `G2Buffer`; all zeros where s_i = 0
   */
  multiply(group: 'G1' | 'G2', scalars: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** By the native library where it runs (0.4 us a multiple of G1 on two cores, 1.1 us of G2), else on WebAssembly workers. */
export async function openFixedBase(threads?: number): Promise<FixedBase> {
  return nativeOr<FixedBase>(
    async () => {
      const { NativeArithmetic } = await import('../kernels/native/arithmetic.js');
      const [arithmetic, { g1, g2 }] = await Promise.all([NativeArithmetic.open({ threads }), bn254Code()]);
      return { multiply: (group, scalars) => (group === 'G1' ? arithmetic.fixedBaseG1(g1, scalars) : arithmetic.fixedBaseG2(g2, scalars)), close: () => arithmetic.close() };
    },
    () => FixedBasePool.create(threads),
  );
}

/** On worker threads, in WebAssembly. */
export class FixedBasePool implements FixedBase {
  private constructor(private readonly pool: Piscina) {}

  /** @param threads  default: half of the cores, 2 to 8 (each holds its own tables, 25 MiB) */
  static async create(threads = Math.min(8, Math.max(2, availableParallelism() >> 1))): Promise<FixedBasePool> {
    const workerData = await bn254Code();
    return new FixedBasePool(new Piscina({ filename: new URL('./fixedBaseWorker.js', import.meta.url).href, minThreads: threads, maxThreads: threads, workerData }));
  }

  async multiply(group: 'G1' | 'G2', scalars: Uint8Array): Promise<Uint8Array> {
    const size = 32 * TASK_SCALARS;
    const out = new Uint8Array((scalars.byteLength / 32) * (group === 'G1' ? G1_BYTES : G2_BYTES));
    const scale = group === 'G1' ? G1_BYTES / 32 : G2_BYTES / 32;
    const tasks: Promise<void>[] = [];
    for (let from = 0; from < scalars.byteLength; from += size) {
      const task: FixedBaseTask = { group, scalars: scalars.slice(from, from + size) };
      tasks.push((this.pool.run(task) as Promise<Uint8Array>).then((points) => out.set(points, from * scale)));
    }
    await Promise.all(tasks);
    return out;
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}
