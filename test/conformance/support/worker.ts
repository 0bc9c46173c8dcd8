/** Child of the crash test: `node worker.js <folder>` works on the embedded queue until it is killed, and prints what was confirmed to it. */
import { openEmbedded } from '../../../coordinator/backend.js';
import { input, prover } from './jobs.js';

const { queue } = openEmbedded(process.argv[2]);
const say = (word: string, id: string): void => { process.stdout.write(`${word} ${id}\n`); };
await Promise.all(Array.from({ length: 8 }, async (_, lane) => {
  for (let i = 0; ; i++) {
    const { job } = await queue.enqueue(input(lane * 1_000_000 + i));
    say('enqueued', job.id);
    const leased = await queue.lease({ prover: prover(lane), lanes: ['lane'], memoryBytes: 100, leaseMs: 60_000 });
    if (!leased) continue;
    say('leased', `${leased.id} ${leased.token}`);
    if (i % 3 === 0) continue;
    if (await queue.complete(leased.id, leased.token, 'result') === 'ok') say('done', leased.id);
  }
}));
