/**
 * What every call of every back end has in common: options, refusal after close, and the same behaviour under both.
 *   signal    a call whose signal is aborted before its result is there rejects with signal.reason; nothing starts when it is aborted already
 *   progress  done never falls and ends at total; a callback that throws ends the call with its error
 */
import { KernelsClosedError } from '../../src/errors/kernels.js';
import type { CallOptions, KernelMethods, Kernels } from './types.js';

/** One call in flight. Back ends report to it and ask it between pieces of work. */
export class Call {
  readonly #options: CallOptions;
  #failure: { error: unknown } | undefined;
  #done = -1;
  #total = 1;

  constructor(options: CallOptions = {}) {
    this.#options = options;
  }

  /** True when the call is to end without a result. */
  get over(): boolean {
    return this.#failure !== undefined || this.#options.signal?.aborted === true;
  }
  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }
  /** Does anybody listen? */
  get reports(): boolean {
    return this.#options.progress !== undefined;
  }

  /** @throws the signal's reason, or what the progress callback threw */
  check(): void {
    if (this.#failure) throw this.#failure.error;
    this.#options.signal?.throwIfAborted();
  }

  /** Tells of `done` of `total` units. Never throws; reports that come too late or twice are dropped. */
  report(done: number, total: number): void {
    if (this.over || done <= this.#done) return;
    [this.#done, this.#total] = [done, total];
    try {
      this.#options.progress?.(done, total);
    } catch (error) {
      this.#failure = { error };
    }
  }

  async run<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    this.check();
    const result = await work();
    this.check();
    this.report(this.#total, this.#total);
    this.check();
    return result;
  }
}

/** The methods of a back end, each with its call before the arguments. */
export type Methods = {
  [Name in keyof KernelMethods]: (call: Call, ...args: Parameters<KernelMethods[Name]>) => ReturnType<KernelMethods[Name]> | Awaited<ReturnType<KernelMethods[Name]>>;
};

/**
 * Kernels from their methods.
 * @param end  called once by close(), after the last running call
 */
export function kernelsOf(name: Kernels['name'], methods: Methods, end: () => void | Promise<void> = () => undefined): Kernels {
  const guard = new CallGuard(name);
  const entries = Object.entries(methods).map(([method, run]) => [
    method,
    // The options follow the arguments that the method has.
    (...args: unknown[]) => guard.run(method, args[run.length - 1] as CallOptions | undefined, (call) =>
      (run as (call: Call, ...args: unknown[]) => unknown)(call, ...args.slice(0, run.length - 1))),
  ]);
  return { name, ...(Object.fromEntries(entries) as KernelMethods), close: () => guard.close(end) };
}

/** Counts running calls and refuses new ones after close. */
export class CallGuard {
  readonly #where: string;
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(where: string) {
    this.#where = where;
  }

  /** @throws KernelsClosedError */
  async run<Result>(method: string, options: CallOptions | undefined, work: (call: Call) => Result | Promise<Result>): Promise<Result> {
    if (this.#closing) throw new KernelsClosedError(`${this.#where}.${method}`);
    const call = new Call(options);
    const running = call.run(() => work(call));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Waits for what runs, then ends. May be called again. */
  close(end: () => void | Promise<void>): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#running).then(end);
    return this.#closing;
  }
}
