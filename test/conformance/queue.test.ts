/** One suite for every JobQueue: what the scheduler may rely on, whatever is below. The clock is the test's own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Hex } from 'viem';
import { openEmbedded, type Backend } from '../../coordinator/backend.js';
import type { JobQueue, LeaseRequest, QueueJob } from '../../coordinator/queue/types.js';
import { attemptSchema } from '../../src/protocol/network/job.js';
import { adapters, type Place } from './support/adapters.js';
import { id, input, prover } from './support/jobs.js';

const START = 1_700_000_000_000, LEASE = 10_000;

for (const adapter of adapters()) {
  describe(`queue: ${adapter.name}`, { skip: adapter.skip }, () => {
    let place: Place, backend: Backend, queue: JobQueue, now: number;
    const options = { maxAttempts: 3, backoffMs: 1000, maxBackoffMs: 1500, now: () => now };
    const lease = (who = 0, change: Partial<LeaseRequest> = {}): Promise<QueueJob | undefined> =>
      queue.lease({ prover: prover(who), lanes: ['lane'], memoryBytes: 1000, leaseMs: LEASE, ...change });
    const failed = { outcome: 'failed', code: 'WITNESS', message: 'no witness' } as const;
    const reopen = async (): Promise<void> => {
      await backend.close();
      backend = await place.open(options);
      queue = backend.queue;
    };

    before(() => adapter.start());
    after(() => adapter.stop());
    beforeEach(async () => {
      now = START;
      place = adapter.place();
      backend = await place.open(options);
      queue = backend.queue;
    });
    afterEach(async () => {
      await backend.close();
      await place.remove();
    });

    it('takes a job once, and returns it as it stands', async () => {
      const first = await queue.enqueue(input(1));
      assert.deepEqual(first, { created: true, job: { ...input(1), state: 'waiting', enqueuedAt: START, notBefore: START, attempts: [], token: 0 } });
      const leased = await lease();
      const again = await queue.enqueue(input(1, { priority: 9, payload: '{}' }));
      assert.deepEqual(again, { created: false, job: leased });
      assert.deepEqual(await queue.get(id(1)), leased);
      assert.equal(await queue.get(id(2)), undefined);
    });

    it('leases under a token, with an attempt that parses', async () => {
      await queue.enqueue(input(1));
      const job = await lease(3);
      assert.deepEqual(job, {
        ...input(1), state: 'leased', enqueuedAt: START, notBefore: START, token: 1, lease: { prover: prover(3), expiresAt: START + LEASE },
        attempts: [{ token: 1, prover: prover(3), leasedAt: START, outcome: 'running' }],
      });
      assert.equal(await lease(3), undefined, 'there is no other');
      await queue.fail(id(1), 1, { ...failed, code: 'x'.repeat(100), message: 'y'.repeat(3000) });
      (await queue.get(id(1)))!.attempts.forEach((attempt) => attemptSchema.parse(attempt));
    });

    it('goes by priority, then deadline, then arrival', async () => {
      const order = [[1, 0, 50], [2, 0, 40], [3, 5, 90], [4, 0, 40], [5, 5, 80], [6, -1, 1], [7, 0, 1_700_000_000_001], [8, 0, 1_700_000_000_000]];
      for (const [n, priority, deadline] of order) await queue.enqueue(input(n, { priority, deadline }));
      const taken: Hex[] = [];
      for (let job = await lease(); job; job = await lease()) taken.push(job.id);
      assert.deepEqual(taken, [5, 3, 2, 4, 1, 8, 7, 6].map(id));
    });

    it('gives a prover jobs of its lanes only, the first among all of them', async () => {
      await queue.enqueue(input(1, { lane: 'a' }));
      await queue.enqueue(input(2, { lane: 'b', priority: 1 }));
      await queue.enqueue(input(3, { lane: 'c/with:signs', priority: 2 }));
      assert.deepEqual(await queue.waitingLanes(), { a: 1, b: 1, 'c/with:signs': 1 });
      assert.equal((await lease(0, { lanes: ['a', 'b'] }))?.id, id(2));
      assert.equal(await lease(0, { lanes: [] }), undefined);
      assert.equal(await lease(0, { lanes: ['b', 'd'] }), undefined);
      assert.equal((await lease(0, { lanes: ['a', 'c/with:signs'] }))?.id, id(3));
      assert.deepEqual(await queue.waitingLanes(), { a: 1 });
    });

    it('gives a prover what fits its memory, smaller jobs behind a large one too', async () => {
      await queue.enqueue(input(1, { priority: 1, memoryBytes: 2 ** 40 }));
      await queue.enqueue(input(2, { memoryBytes: 1000 }));
      assert.equal(await lease(0, { memoryBytes: 999 }), undefined);
      assert.equal((await lease(0, { memoryBytes: 1000 }))?.id, id(2));
      assert.equal((await lease(0, { memoryBytes: 2 ** 40 }))?.id, id(1));
    });

    it('refuses what comes under an older token, and changes nothing', async () => {
      await queue.enqueue(input(1));
      await lease(0);
      await queue.fail(id(1), 1, { ...failed, outcome: 'released' });
      const job = await lease(1);
      assert.equal(job?.token, 2);
      for (const token of [0, 1, 3]) {
        assert.equal(await queue.heartbeat(id(1), token, LEASE * 9), 'stale');
        assert.equal(await queue.complete(id(1), token, 'r'), 'stale');
        assert.equal(await queue.fail(id(1), token, failed), 'stale');
      }
      assert.equal(await queue.heartbeat(id(9), 1, LEASE), 'stale', 'unknown job');
      assert.deepEqual(await queue.get(id(1)), job);
    });

    it('keeps a lease that has heartbeats, and ends one that ran out as an attempt', async () => {
      await queue.enqueue(input(1));
      await lease(0);
      now += LEASE - 1;
      assert.equal(await queue.heartbeat(id(1), 1, LEASE), 'ok');
      now += LEASE - 1;
      assert.deepEqual(await queue.expire(), []);
      now += 1;
      const [job, ...others] = await queue.expire();
      assert.equal(others.length, 0);
      assert.equal(job.state, 'waiting');
      assert.equal(job.lease, undefined);
      assert.equal(job.notBefore, now + 1000);
      assert.deepEqual([job.attempts[0].outcome, job.attempts[0].endedAt], ['timedOut', now]);
      assert.deepEqual(await queue.get(id(1)), job);
      assert.deepEqual(await queue.expire(), []);
    });

    it('lets a prover take up a lease that ran out, unless another one has the job', async () => {
      await queue.enqueue(input(1));
      await lease(0);
      now += LEASE;
      assert.equal(await queue.heartbeat(id(1), 1, LEASE), 'ok', 'before it was noticed');
      now += LEASE;
      await queue.expire();
      assert.equal(await queue.heartbeat(id(1), 1, LEASE), 'ok', 'after it was noticed');
      const job = await queue.get(id(1));
      assert.deepEqual([job?.state, job?.lease, job?.attempts], ['leased', { prover: prover(0), expiresAt: now + LEASE }, [{ token: 1, prover: prover(0), leasedAt: START, outcome: 'running' }]]);
      now += LEASE;
      await queue.expire();
      now += 1000;
      assert.equal((await lease(1))?.token, 2);
      assert.equal(await queue.heartbeat(id(1), 1, LEASE), 'stale');
      now += LEASE;
      await queue.expire();
      assert.equal(await queue.complete(id(1), 2, 'late'), 'ok', 'a proof that comes late is a proof');
      assert.deepEqual([(await queue.get(id(1)))?.state, (await queue.get(id(1)))?.attempts.map(({ outcome }) => outcome)], ['done', ['timedOut', 'completed']]);
    });

    it('ends a failed attempt once: the same failure again is stale', async () => {
      await queue.enqueue(input(1));
      await lease(0);
      assert.equal(await queue.fail(id(1), 1, failed), 'ok');
      assert.equal(await queue.fail(id(1), 1, failed), 'stale');
      assert.equal(await queue.heartbeat(id(1), 1, LEASE), 'stale', 'a failed one is not taken up again');
      assert.equal((await queue.get(id(1)))?.attempts.length, 1);
    });

    it('does not give a job back to the prover that failed it while another one is around; alone, it gets it', async () => {
      await queue.enqueue(input(1));
      await lease(0);
      assert.equal(await lease(1), undefined, 'the other one asked: it is around');
      await queue.fail(id(1), 1, failed);
      now += 1000;
      assert.equal(await lease(0), undefined);
      await queue.enqueue(input(2, { priority: -1 }));
      assert.equal((await lease(0))?.id, id(2), 'the next one instead');
      now += 60_001;
      assert.equal((await lease(0))?.id, id(1), 'nobody else asked for a minute');
      await queue.fail(id(1), 2, failed);
      await lease(2, { lanes: ['other'] });
      await lease(3, { memoryBytes: 99 });
      now += 1500;
      assert.equal((await lease(0))?.id, id(1), 'others that cannot take it do not count');
    });

    it('gives a released job to anybody at once, and does not count it', async () => {
      await queue.enqueue(input(1));
      for (let token = 1; token <= 5; token++) {
        assert.equal((await lease(0))?.token, token);
        await lease(1);
        assert.equal(await queue.fail(id(1), token, { ...failed, outcome: token % 2 ? 'released' : 'stopped' }), 'ok');
      }
      const job = await queue.get(id(1));
      assert.deepEqual([job?.state, job?.notBefore, job?.attempts.length], ['waiting', START, 5]);
    });

    it('backs off twice as long after each failure, up to a limit; then the job is dead; revived, it starts anew with its history', async () => {
      await queue.enqueue(input(1));
      for (const [token, wait] of [[1, 1000], [2, 1500]]) {
        assert.equal((await lease(0))?.token, token);
        await queue.fail(id(1), token, failed);
        assert.equal((await queue.get(id(1)))?.notBefore, now + wait);
        now += wait - 1;
        assert.equal(await lease(0), undefined);
        now += 1;
      }
      await lease(0);
      await queue.fail(id(1), 3, failed);
      const dead = await queue.get(id(1));
      assert.deepEqual([dead?.state, dead?.result, dead?.attempts.length], ['dead', 'WITNESS: no witness', 3]);
      now += 100_000;
      assert.equal(await lease(0), undefined);
      assert.equal(await queue.heartbeat(id(1), 3, LEASE), 'stale');
      assert.equal(await queue.cancel(id(1), 'no'), false);
      assert.equal(await queue.revive(id(1)), true);
      assert.equal(await queue.revive(id(1)), false);
      assert.equal(await queue.revive(id(7)), false);
      const revived = await lease(0);
      assert.deepEqual([revived?.token, revived?.attempts.length, revived?.result], [4, 4, undefined]);
      await queue.fail(id(1), 4, failed);
      assert.equal((await queue.get(id(1)))?.state, 'waiting', 'all attempts again');
    });

    it('kills a job whose leases ran out as often', async () => {
      await queue.enqueue(input(1));
      for (let i = 0; i < 3; i++) {
        await lease(0);
        now += LEASE;
        await queue.expire();
        now += 2000;
      }
      assert.deepEqual([(await queue.get(id(1)))?.state, (await queue.get(id(1)))?.result?.startsWith('LEASE_EXPIRED')], ['dead', true]);
      assert.equal(await queue.complete(id(1), 3, 'r'), 'stale');
      await queue.revive(id(1));
      assert.equal(await queue.heartbeat(id(1), 3, LEASE), 'ok', 'revived, nobody else has it');
    });

    it('cancels a waiting or leased job for good', async () => {
      await queue.enqueue(input(1));
      await queue.enqueue(input(2));
      await lease(0);
      assert.equal(await queue.cancel(id(1), 'settled elsewhere'), true);
      assert.equal(await queue.cancel(id(2), 'settled elsewhere'), true);
      assert.equal(await queue.cancel(id(2), 'again'), false);
      assert.equal(await queue.cancel(id(3), 'unknown'), false);
      assert.equal(await lease(1), undefined);
      assert.equal(await queue.heartbeat(id(1), 1, LEASE), 'cancelled');
      assert.equal(await queue.complete(id(1), 1, 'r'), 'cancelled');
      assert.equal(await queue.fail(id(1), 1, failed), 'cancelled');
      assert.equal((await queue.enqueue(input(1))).job.state, 'cancelled');
      const job = await queue.get(id(1));
      assert.deepEqual([job?.state, job?.result, job?.lease, job?.attempts[0].outcome], ['cancelled', 'settled elsewhere', undefined, 'stopped']);
      now += LEASE * 2;
      assert.deepEqual(await queue.expire(), []);
    });

    it('asks for more memory after a prover ran out of it, never for less', async () => {
      await queue.enqueue(input(1));
      await lease(0);
      await queue.fail(id(1), 1, { outcome: 'outOfMemory', code: 'MEMORY', message: 'killed', memoryBytes: 2000 });
      now += 1000;
      assert.equal((await queue.get(id(1)))?.memoryBytes, 2000);
      assert.equal(await lease(1), undefined);
      assert.equal((await lease(1, { memoryBytes: 2000 }))?.id, id(1));
      await queue.fail(id(1), 2, { outcome: 'outOfMemory', code: 'MEMORY', message: 'killed', memoryBytes: 500 });
      assert.equal((await queue.get(id(1)))?.memoryBytes, 2000);
      now += 1500;
      assert.equal(await lease(0), undefined);
    });

    it('completes once; again under the same token is ok, and keeps the first result', async () => {
      await queue.enqueue(input(1));
      await lease(0);
      now += 5;
      assert.equal(await queue.complete(id(1), 1, '0xfirst'), 'ok');
      assert.equal(await queue.complete(id(1), 1, '0xsecond'), 'ok');
      assert.equal(await queue.complete(id(1), 2, '0xthird'), 'stale');
      assert.equal(await queue.fail(id(1), 1, failed), 'stale');
      assert.equal(await queue.heartbeat(id(1), 1, LEASE), 'stale');
      const job = await queue.get(id(1));
      assert.deepEqual([job?.state, job?.result, job?.lease, job?.attempts], ['done', '0xfirst', undefined, [{ token: 1, prover: prover(0), leasedAt: START, endedAt: START + 5, outcome: 'completed' }]]);
    });

    it('replaces a payload: the job waits with it, and what was made for the old one counts for nothing', async () => {
      const payloadOf = async (n: number): Promise<string | undefined> => (await queue.get(id(n)))?.payload;
      await queue.enqueue(input(1));
      assert.equal(await queue.replace(id(1), '{"round":2}'), true);
      assert.equal(await queue.replace(id(9), '{}'), false, 'unknown');
      const first = (await lease())!;
      assert.equal(first.payload, '{"round":2}');

      assert.equal(await queue.replace(id(1), '{"round":3}'), true, 'of a leased one');
      assert.deepEqual([await queue.complete(id(1), first.token, 'old'), await queue.heartbeat(id(1), first.token, LEASE)], ['stale', 'stale']);
      assert.deepEqual((await queue.get(id(1)))!.attempts.map(({ outcome, code }) => [outcome, code]), [['stopped', 'REPLACED']]);
      const second = (await lease())!;
      assert.deepEqual([second.payload, second.token], ['{"round":3}', first.token + 1]);

      await queue.complete(id(1), second.token, 'proof');
      assert.equal(await queue.replace(id(1), '{"round":4}'), true, 'of a done one');
      const again = (await queue.get(id(1)))!;
      assert.deepEqual([again.state, again.payload, again.result, again.attempts.length], ['waiting', '{"round":4}', undefined, 2]);
      assert.equal(await queue.complete(id(1), second.token, 'proof'), 'stale');
      assert.deepEqual([await queue.counts(), await queue.waitingLanes()], [{ waiting: 1, leased: 0, done: 0, dead: 0, cancelled: 0 }, { lane: 1 }]);

      const third = (await lease())!;
      now += LEASE + 1;
      await queue.expire();
      assert.equal(await queue.replace(id(1), '{"round":5}'), true, 'of one that ran out');
      assert.equal(await queue.heartbeat(id(1), third.token, LEASE), 'stale', 'it is not taken up again');
      now += 5000;
      const fourth = (await lease(1))!;
      assert.equal(fourth.payload, '{"round":5}');
      for (let token = fourth.token; await queue.fail(id(1), token, failed) === 'ok'; now += 5000, token = (await lease(token % 7))?.token ?? -1);
      assert.equal((await queue.get(id(1)))!.state, 'dead');
      assert.equal(await queue.replace(id(1), '{"round":6}'), true, 'of a dead one');
      assert.deepEqual([(await queue.get(id(1)))!.state, await payloadOf(1)], ['waiting', '{"round":6}']);
      await queue.cancel(id(1), 'over');
      assert.equal(await queue.replace(id(1), '{"round":7}'), false, 'cancelled for good');
      assert.equal(await payloadOf(1), '{"round":6}');
    });

    it('forgets a job that is over, and no other; its id is then a new job', async () => {
      for (let n = 1; n <= 4; n++) await queue.enqueue(input(n, { priority: -n }));
      assert.equal(await queue.remove(id(1)), false, 'it waits');
      await lease(0);
      assert.equal(await queue.remove(id(1)), false, 'it is leased');
      await queue.complete(id(1), 1, 'r');
      await queue.cancel(id(2), 'x');
      for (let i = 0, job = await lease(0); i < 3; i++, job = await lease(0)) {
        assert.equal(job?.id, id(3));
        await queue.fail(id(3), job!.token, failed);
        now += 2000;
      }
      assert.deepEqual((await queue.counts()), { waiting: 0, leased: 1, done: 1, dead: 1, cancelled: 1 });
      for (const n of [1, 2, 3]) {
        assert.equal(await queue.remove(id(n)), true);
        assert.equal(await queue.remove(id(n)), false, 'once');
        assert.equal(await queue.get(id(n)), undefined);
      }
      assert.equal(await queue.remove(id(9)), false);
      assert.deepEqual(await queue.counts(), { waiting: 0, leased: 1, done: 0, dead: 0, cancelled: 0 });
      assert.deepEqual([await queue.revive(id(3)), await queue.cancel(id(1), 'x'), await queue.replace(id(1), '{}'), await queue.complete(id(1), 1, 'r')], [false, false, false, 'stale']);
      await reopen();
      const { created, job } = await queue.enqueue(input(1, { payload: '{"again":1}' }));
      assert.deepEqual([created, job.payload, job.attempts, job.token], [true, '{"again":1}', [], 0]);
      assert.equal((await lease(0))?.id, id(1));
      assert.equal(await queue.complete(id(1), 1, 'r2'), 'ok');
      assert.deepEqual((await queue.list('done', 9)).map((done) => [done.id, done.result]), [[id(1), 'r2']]);
    });

    it('counts jobs, and lists those of a state oldest first, page by page', async () => {
      for (let n = 1; n <= 7; n++) await queue.enqueue(input(n, { priority: n }));
      await lease(0); // 7
      await lease(0); // 6
      await queue.complete(id(7), 1, 'r');
      await queue.cancel(id(2), 'x');
      assert.deepEqual(await queue.counts(), { waiting: 4, leased: 1, done: 1, dead: 0, cancelled: 1 });
      const ids = async (...args: Parameters<JobQueue['list']>): Promise<Hex[]> => (await queue.list(...args)).map((job) => job.id);
      assert.deepEqual(await ids('waiting', 3), [1, 3, 4].map(id));
      assert.deepEqual(await ids('waiting', 3, id(4)), [id(5)]);
      assert.deepEqual(await ids('waiting', 3, id(2)), [3, 4, 5].map(id), 'after one that left the state');
      assert.deepEqual(await ids('dead', 3), []);
      assert.deepEqual(await queue.list('done', 1), [await queue.get(id(7))]);
    });

    it('is there after closing and opening again, leases and tokens too', async () => {
      for (let n = 1; n <= 3; n++) await queue.enqueue(input(n));
      await lease(0);
      await lease(0);
      await queue.complete(id(1), 1, 'r');
      const before = await Promise.all([1, 2, 3].map((n) => queue.get(id(n))));
      await reopen();
      assert.deepEqual(await Promise.all([1, 2, 3].map((n) => queue.get(id(n)))), before);
      assert.equal(await queue.heartbeat(id(2), 1, LEASE), 'ok');
      assert.equal((await lease(1))?.id, id(3));
      assert.equal((await queue.enqueue(input(4))).created, true);
    });

    it('hands no job to two of eight callers at once, and loses none', async () => {
      const jobs = 160, given = new Map<string, number>(), others = adapter.shared ? [await place.open(options), await place.open(options)] : [];
      const queues = [queue, ...others.map((other) => other.queue)];
      await Promise.all(Array.from({ length: jobs }, (_, n) => queues[n % queues.length].enqueue(input(n, { lane: `lane${n % 3}` }))));
      await Promise.all(Array.from({ length: 8 }, async (_, who) => {
        const mine = queues[who % queues.length];
        for (let empty = 0, step = who; empty < 2; step++) {
          const job = await mine.lease({ prover: prover(who), lanes: ['lane0', 'lane1', 'lane2'], memoryBytes: 1000, leaseMs: LEASE });
          if (!job) {
            empty++;
            continue;
          }
          const key = `${job.id} ${job.token}`;
          given.set(key, (given.get(key) ?? 0) + 1);
          if (step % 4 === 0) await mine.fail(job.id, job.token, { ...failed, outcome: 'released' });
          else assert.equal(await mine.complete(job.id, job.token, `${who}`), 'ok');
        }
      }));
      assert.deepEqual([...given.values()].filter((n) => n !== 1), []);
      assert.deepEqual(await queue.counts(), { waiting: 0, leased: 0, done: jobs, dead: 0, cancelled: 0 });
      await Promise.all(others.map((other) => other.close()));
    });
  });
}

describe('queue: embedded, killed', () => {
  it('has everything that was confirmed before kill -9, and is opened at once by the next process', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'zkattr-killed-'));
    const child = spawn(process.execPath, [join(dirname(fileURLToPath(import.meta.url)), 'support', 'worker.js'), dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > 150_000) child.kill('SIGKILL');
    });
    await once(child, 'close');
    assert.equal(child.signalCode, 'SIGKILL');
    const lines = output.split('\n').slice(0, -1).map((line) => line.split(' ')), of = (word: string): string[] => lines.filter(([w]) => w === word).map(([, job]) => job);
    assert.ok(of('done').length > 50);
    const leases = lines.filter(([w]) => w === 'leased').map(([, job, token]) => `${job} ${token}`);
    assert.equal(new Set(leases).size, leases.length, 'a lease was given twice');
    const backend = openEmbedded(dir);
    try {
      for (const job of of('enqueued')) assert.ok(await backend.queue.get(job as Hex), `lost ${job}`);
      for (const job of of('done')) assert.equal((await backend.queue.get(job as Hex))?.state, 'done');
      for (const [, job, token] of lines.filter(([w]) => w === 'leased')) assert.ok((await backend.queue.get(job as Hex))!.token >= Number(token), `token of ${job} went back`);
      const { waiting, leased, done } = await backend.queue.counts();
      assert.ok(waiting + leased + done >= of('enqueued').length);
    } finally {
      await backend.close();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
