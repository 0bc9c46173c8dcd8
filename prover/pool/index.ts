/** Worker threads for provers: a fixed number, kept warm, that never hold the process open. */
import { Piscina } from 'piscina';

export interface ThreadPool<Task> {
  readonly threads: number;
  /** Runs a task on the next idle thread. `transfer` lists buffers that the caller gives away. */
  run(task: Task, transfer?: readonly ArrayBuffer[]): Promise<void>;
  /** Ends the threads once running tasks are done. */
  close(): Promise<void>;
}

/**
 * @param worker  URL of a module whose default export runs one task
 * @param data    given to each thread as `workerData` of piscina
 */
export function createThreadPool<Task>(worker: URL, threads: number, data: unknown): ThreadPool<Task> {
  const pool = new Piscina({
    filename: worker.href,
    // Threads start with the first task, then stay: an instance of WASM takes some 10 ms to warm up.
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: Infinity,
    workerData: data,
    // Blocking waits are quicker by some 20 us a task, but keep a core busy and the thread from being ended at once.
    atomics: 'disabled',
  });
  return {
    threads,
    run: (task, transfer = []) => pool.run(task, { transferList: [...transfer] }) as Promise<void>,
    close: () => pool.close(),
  };
}
