/**
 * Worker processes, one job each at a time. A process that ends with a job takes only that job with it; the pool tells why: out of
 * memory (killed by the system or by this pool's limit, heap limit, an allocation that failed), or a crash.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { NetworkError } from '../../src/errors/network.js';
import type { AgentLogger } from './logs.js';
import type { WorkerMessage, WorkerResult, WorkerTask } from './messages.js';

export type WorkerFault = 'outOfMemory' | 'crash' | 'failed' | 'aborted';

/** Why a worker gave no result. */
export class WorkerError extends NetworkError {
  constructor(readonly fault: WorkerFault, message: string, options: ConstructorParameters<typeof NetworkError>[1]) { super(message, options); }
}

export interface PoolOptions {
  /** Together, resident. */
  memoryBytes: number;
  logger: AgentLogger;
  /** Module of the worker. */
  worker?: URL;
  /** How often memory is looked at, milliseconds. */
  watchMs?: number;
  /** V8's heap of one worker, MiB; tables and kernels live outside it. */
  heapMiB?: number;
}

export interface TaskOptions {
  signal?: AbortSignal;
  onStage?: (stage: string) => void;
}

interface Worker {
  child: ChildProcess;
  className?: string;
  busy: boolean;
  rss: number;
  /** Killed by the pool for its memory. */
  tooLarge?: string;
  stderr: string;
}

const OUT_OF_MEMORY = /ERR_WORKER_OUT_OF_MEMORY|heap out of memory|heap limit|Array buffer allocation failed|std::bad_alloc|Cannot allocate memory|ENOMEM|out of memory/i;
const STDERR_TAIL = 8192;
/** Secrets of the operator are none of a worker's business. */
const SECRET = /KEY|SECRET|MNEMONIC|PASSWORD|TOKEN/i;

const environment = (): NodeJS.ProcessEnv => Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRET.test(name) && !name.startsWith('NODE_TEST')));

/** Why a process ended, from its exit and the end of what it wrote. */
export function faultOf(signal: NodeJS.Signals | null, stderr: string): WorkerFault {
  // The system's out-of-memory killer sends SIGKILL; so does nobody else, unasked.
  return signal === 'SIGKILL' || OUT_OF_MEMORY.test(stderr) ? 'outOfMemory' : 'crash';
}

export class WorkerPool {
  readonly #workers = new Set<Worker>();
  #watch?: NodeJS.Timeout;
  #closed = false;

  constructor(private readonly options: PoolOptions) {}

  /** Process ids of workers that have a task. */
  get busy(): number[] { return [...this.#workers].filter((w) => w.busy).map((w) => w.child.pid!); }

  /** @throws WorkerError */
  async run(task: WorkerTask, { signal, onStage }: TaskOptions = {}): Promise<WorkerResult> {
    if (signal?.aborted || this.#closed) throw new WorkerError('aborted', 'the job was given up', { code: 'ABORTED', where: 'worker' });
    const className = task.kind === 'describe' ? undefined : task.keys.className, worker = this.#take(className), { child } = worker;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        child.off('message', onMessage);
        child.off('close', onClose);
        child.off('error', onError);
        signal?.removeEventListener('abort', onAbort);
      };
      const fail = (fault: WorkerFault, message: string, options: ConstructorParameters<typeof NetworkError>[1]): void => {
        end();
        reject(new WorkerError(fault, message, options));
      };
      const onMessage = (message: WorkerMessage): void => {
        if (message.kind === 'stage') return onStage?.(message.stage);
        worker.busy = false;
        if (message.kind === 'done') {
          end();
          resolve(message.result);
        } else {
          const fault = OUT_OF_MEMORY.test(`${message.code} ${message.message}`) ? 'outOfMemory' : 'failed';
          // What is left of its memory is not to be trusted with the next job.
          if (fault === 'outOfMemory') this.#end(worker);
          fail(fault, message.message, { code: message.code });
        }
      };
      const onClose = (code: number | null, exitSignal: NodeJS.Signals | null): void => {
        const fault = worker.tooLarge ? 'outOfMemory' : faultOf(exitSignal, worker.stderr), got = exitSignal ?? `exit code ${code}`;
        fail(fault, fault === 'outOfMemory' ? 'the worker ran out of memory' : 'the worker crashed', {
          code: fault === 'outOfMemory' ? 'OUT_OF_MEMORY' : 'WORKER_CRASHED', where: 'worker', got: worker.tooLarge ?? got, hint: worker.stderr.trim().split('\n').at(-1)?.slice(0, 300) || undefined,
        });
      };
      const onError = (cause: Error): void => {
        this.#end(worker);
        fail('crash', 'the worker cannot be reached', { code: 'WORKER_CRASHED', where: 'worker', cause, got: cause.message });
      };
      const onAbort = (): void => {
        this.#end(worker);
        fail('aborted', 'the job was given up', { code: 'ABORTED', where: 'worker' });
      };
      child.on('message', onMessage);
      child.on('close', onClose);
      child.on('error', onError);
      signal?.addEventListener('abort', onAbort);
      child.send(task, (error) => { if (error && worker.busy) onError(error); });
    });
  }

  /** Ends all workers, and the jobs they have. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    await Promise.all([...this.#workers].map((worker) => new Promise<void>((resolve) => {
      worker.child.once('close', () => resolve());
      this.#end(worker);
    })));
  }

  /** An idle worker, of this class if there is one; else a new one. Idle ones of other classes make room. */
  #take(className: string | undefined): Worker {
    const idle = [...this.#workers].filter((w) => !w.busy && w.child.connected), found = idle.find((w) => w.className === className || w.className === undefined || className === undefined);
    if (!found) idle.forEach((w) => this.#end(w));
    const worker = found ?? this.#start();
    worker.busy = true;
    if (className !== undefined) worker.className = className;
    return worker;
  }

  #start(): Worker {
    const { worker: module = new URL('./worker.js', import.meta.url), heapMiB = Math.max(256, Math.floor(this.options.memoryBytes / 2 ** 20)), logger } = this.options;
    const child = fork(module, [], { execArgv: [`--max-old-space-size=${heapMiB}`], stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: environment() });
    const worker: Worker = { child, busy: false, rss: 0, stderr: '' };
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      worker.stderr = (worker.stderr + text).slice(-STDERR_TAIL);
      logger.debug({ pid: child.pid }, text.trim());
    });
    // Without a listener an error of a process that is gone would end the agent.
    child.on('error', () => undefined);
    child.on('close', () => void this.#workers.delete(worker));
    this.#workers.add(worker);
    if (!this.#watch) {
      this.#watch = setInterval(() => void this.#account(), this.options.watchMs ?? 1000);
      this.#watch.unref();
    }
    return worker;
  }

  #end(worker: Worker): void {
    this.#workers.delete(worker);
    worker.child.kill('SIGKILL');
  }

  /** Keeps the sum of resident memory within its limit, before the system ends something else: idle workers first, then the largest. */
  async #account(): Promise<void> {
    const { memoryBytes, logger } = this.options, workers = [...this.#workers];
    await Promise.all(workers.map(async (worker) => { worker.rss = await residentBytes(worker.child.pid!) ?? 0; }));
    let total = workers.reduce((sum, { rss }) => sum + rss, 0);
    for (const worker of workers.sort((a, b) => Number(a.busy) - Number(b.busy) || b.rss - a.rss)) {
      if (total <= memoryBytes) return;
      total -= worker.rss;
      if (worker.busy) {
        worker.tooLarge = `${worker.rss} bytes resident, all workers may use ${memoryBytes}`;
        logger.warn({ pid: worker.child.pid, rss: worker.rss, limit: memoryBytes }, 'a worker is too large: ended');
        worker.child.kill('SIGKILL');
      } else this.#end(worker);
    }
  }
}

/** Resident memory of a process; undefined where the system does not tell. */
async function residentBytes(pid: number): Promise<number | undefined> {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
  } catch {
    return undefined;
  }
}
