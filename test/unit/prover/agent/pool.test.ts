/** Worker processes that end in every way there is: the pool names it, and goes on. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { createLogger } from '../../../../prover/agent/logs.js';
import type { WorkerTask } from '../../../../prover/agent/messages.js';
import { faultOf, WorkerPool, type WorkerError } from '../../../../prover/agent/pool.js';

const worker = new URL('./faultyWorker.js', import.meta.url), logger = createLogger({ level: 'silent' });
const task = (className: string): WorkerTask => ({ kind: 'benchmark', keys: { className, zkey: '', wasm: '', vkPath: '', srs: '' } });
const pool = new WorkerPool({ memoryBytes: 2 ** 32, logger, worker, heapMiB: 64 });
after(() => pool.close());
const fails = (work: Promise<unknown>, fault: WorkerError['fault']): Promise<void> => assert.rejects(work, (error: WorkerError) => { assert.equal(error.fault, fault, error.message); return true; });

describe('worker pool', () => {
  it('tells a full heap, a thread without memory, and a kill by the system from a crash', async () => {
    await fails(pool.run(task('heap')), 'outOfMemory');
    await fails(pool.run(task('thread')), 'outOfMemory');
    const hanging = pool.run(task('hang'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(pool.busy[0], 'SIGKILL');
    await fails(hanging, 'outOfMemory');
    await fails(pool.run(task('abort')), 'crash');
    await fails(pool.run(task('exit')), 'crash');
    assert.equal(faultOf('SIGSEGV', ''), 'crash');
  });

  it('ends a worker that uses more than all may use together', async () => {
    const small = new WorkerPool({ memoryBytes: 150 << 20, logger, worker, watchMs: 50 });
    await fails(small.run(task('resident')), 'outOfMemory');
    await small.close();
  });

  it('keeps a worker for the next job of its class, and starts another one after a crash', async () => {
    const first = await pool.run(task('good')), second = await pool.run(task('good'));
    assert.equal(first.job, second.job);
    await fails(pool.run(task('exit')), 'crash');
    assert.notEqual((await pool.run(task('good'))).job, undefined);
  });

  it('ends the process of a job that is given up', async () => {
    const abort = new AbortController(), hanging = pool.run(task('hang'), { signal: abort.signal });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [pid] = pool.busy;
    abort.abort();
    await fails(hanging, 'aborted');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.throws(() => process.kill(pid, 0), /ESRCH/);
    await fails(pool.run(task('good'), { signal: abort.signal }), 'aborted');
  });
});
