/** One native library with its pool of threads: runs calls under their options. */
import { KernelsClosedError, NativeCallError } from '../../../src/errors/kernels.js';
import type { Call } from '../calls.js';
import type { NativeCall, NativeLibrary, NativePool } from './library.js';

/** Native call: the arguments of a function of the library, bound, save for the last. */
type Invoke<Result> = (library: NativeLibrary, pool: NativePool, how: NativeCall) => Promise<Result> | Result;

/**
 * Field products up to which a call runs on the calling thread: some 40 us of work (20 ns each without vectors), about what
 * handing it over and back costs.
 */
const INLINE_UP_TO = 2048;

export class Runner {
  readonly #library: NativeLibrary;
  #pool: NativePool | undefined;

  constructor(library: NativeLibrary, threads: number) {
    this.#library = library;
    this.#pool = new library.Pool(threads);
  }

  /**
   * @param cost  estimate in field products; Infinity for work that is never done on the calling thread
   * @throws the signal's reason, what the progress callback threw, NativeCallError
   */
  async run<Result>(call: Call, where: string, cost: number, invoke: Invoke<Result>): Promise<Result> {
    if (!this.#pool) throw new KernelsClosedError(`native.${where}`);
    try {
      if (cost <= INLINE_UP_TO) return await invoke(this.#library, this.#pool, { inline: true });
      return await this.#watched(call, (how) => invoke(this.#library, this.#pool as NativePool, how));
    } catch (error) {
      call.check();
      const { code } = error as { code?: unknown };
      throw error instanceof Error && typeof code === 'string' && code.startsWith('ZKATTR_') ? new NativeCallError(`native.${where}`, code, error) : error;
    }
  }

  /** With a flag that the library looks at while it works. */
  async #watched<Result>(call: Call, invoke: (how: NativeCall) => Promise<Result> | Result): Promise<Result> {
    if (!call.signal && !call.reports) return invoke({});
    const flag = new Int32Array(1);
    const abort = (): void => {
      flag[0] = 1;
    };
    call.signal?.addEventListener('abort', abort, { once: true });
    try {
      return await invoke({
        flag,
        ...(call.reports && {
          progress: (done: number, total: number) => {
            call.report(done, total);
            if (call.over) abort();
          },
        }),
      });
    } finally {
      call.signal?.removeEventListener('abort', abort);
    }
  }

  /** Joins the threads. The caller waited for its calls. */
  close(): void {
    this.#pool?.close();
    this.#pool = undefined;
  }
}
