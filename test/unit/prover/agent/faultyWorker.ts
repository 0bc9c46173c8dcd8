/** A worker process that fails in the way its task's class is named after. */
import type { WorkerTask } from '../../../../prover/agent/messages.js';

process.on('message', (task: WorkerTask) => {
  if (task.kind === 'describe') return void process.send!({ kind: 'done', result: { backend: 'faulty', seconds: 0, peakBytes: 1 } });
  switch (task.keys.className) {
    case 'heap': {
      const kept: unknown[] = [];
      for (;;) kept.push(new Array(1000).fill(kept.length));
    }
    case 'thread': return void process.send!({ kind: 'failed', code: 'ERR_WORKER_OUT_OF_MEMORY', message: 'Worker terminated due to reaching memory limit' });
    case 'resident': {
      const kept = Buffer.alloc(200 << 20, 1);
      return void setInterval(() => kept.at(0), 1000);
    }
    case 'abort': return process.abort();
    case 'exit': return process.exit(3);
    case 'hang': return void setInterval(() => undefined, 1000);
    default: return void process.send!({ kind: 'done', result: { backend: 'faulty', seconds: 1, peakBytes: 1, job: String(process.pid) } });
  }
});
process.on('disconnect', () => process.exit(0));
