/** One suite for every backend's Records, ChainedLog and Leadership; then what only one of them does. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { concat, keccak256, toBytes, zeroHash } from 'viem';
import Libsql from 'libsql';
import { Queue } from 'bullmq';
import { openEmbedded, openRedis, type Backend } from '../../coordinator/backend.js';
import { bullPrefix, queueName } from '../../coordinator/queue/bullmq/queue.js';
import { firstBroken } from '../../coordinator/store/chain.js';
import type { Doc } from '../../coordinator/store/types.js';
import { adapters, type Place } from './support/adapters.js';
import { id, input, prover } from './support/jobs.js';
import { NO_REDIS, startRedis, type RedisServer } from '../support/redisServer.js';

for (const adapter of adapters()) {
  describe(`store: ${adapter.name}`, { skip: adapter.skip }, () => {
    let place: Place, backend: Backend;
    before(() => adapter.start());
    after(() => adapter.stop());
    beforeEach(async () => {
      place = adapter.place();
      backend = await place.open();
    });
    afterEach(async () => {
      await backend.close();
      await place.remove();
    });
    const ids = (docs: Doc<unknown>[]): string[] => docs.map((doc) => doc.id);

    it('puts a document only over the version it was told', async () => {
      const { records } = backend, value = { text: 'ä "quoted"', list: [1, 2.5, null] };
      assert.equal(await records.get('jobs', 'a'), undefined);
      assert.equal(await records.put('jobs', 'a', value, { state: 'open', order: 1, expected: 1 }), false);
      assert.equal(await records.put('jobs', 'a', value, { state: 'open', order: 1_700_000_000_123, expected: 0 }), true);
      assert.deepEqual(await records.get('jobs', 'a'), { id: 'a', value, state: 'open', order: 1_700_000_000_123, version: 1 });
      assert.equal(await records.put('jobs', 'a', {}, { state: 'open', order: 1, expected: 0 }), false);
      assert.equal(await records.put('jobs', 'a', 7, { state: 'closed', order: -2.5, expected: 1 }), true);
      assert.deepEqual(await records.get('jobs', 'a'), { id: 'a', value: 7, state: 'closed', order: -2.5, version: 2 });
      assert.equal(await records.get('other', 'a'), undefined);
    });

    it('lets one of many writers win each version', async () => {
      const { records } = backend;
      const won = await Promise.all(Array.from({ length: 20 }, (_, n) => records.put('c', 'a', n, { state: 's', order: n, expected: 0 })));
      assert.equal(won.filter(Boolean).length, 1);
      assert.equal((await records.get('c', 'a'))?.value, won.indexOf(true));
    });

    it('deletes a document only at the version it was told', async () => {
      const { records } = backend;
      await records.put('c', 'a', 1, { state: 's', order: 1, expected: 0 });
      assert.equal(await records.delete('c', 'a', 2), false);
      assert.equal(await records.delete('c', 'b', 0), false);
      assert.equal(await records.delete('c', 'a', 1), true);
      assert.equal(await records.get('c', 'a'), undefined);
      assert.deepEqual([await records.list('c', 's', 9), await records.counts('c')], [[], {}]);
      assert.equal(await records.put('c', 'a', 2, { state: 's', order: 1, expected: 0 }), true);
      await records.put('c', 'a', 2, { state: 't', order: 1, expected: 1 });
      assert.deepEqual(await records.counts('c'), { t: 1 });
    });

    it('lists the documents of a state by order, then id, page by page, whatever happens to the last one seen', async () => {
      const { records } = backend;
      for (const [name, order] of [['d', 2], ['b', 1], ['c', 1], ['a', 3], ['e', 1]] as const) await records.put('c', name, name, { state: 'open', order, expected: 0 });
      await records.put('c', 'z', 0, { state: 'other', order: 0, expected: 0 });
      assert.deepEqual(ids(await records.list('c', 'open', 9)), ['b', 'c', 'e', 'd', 'a']);
      assert.deepEqual(ids(await records.list('c', 'open', 2)), ['b', 'c']);
      assert.deepEqual(ids(await records.list('c', 'open', 2, { order: 1, id: 'c' })), ['e', 'd']);
      await records.delete('c', 'c', 1);
      assert.deepEqual(ids(await records.list('c', 'open', 2, { order: 1, id: 'c' })), ['e', 'd'], 'deleted');
      await records.put('c', 'b', 0, { state: 'open', order: 9, expected: 1 });
      assert.deepEqual(ids(await records.list('c', 'open', 9, { order: 1, id: 'b' })), ['e', 'd', 'a', 'b'], 'moved behind');
      await records.put('c', 'a', 0, { state: 'open', order: 0, expected: 1 });
      assert.deepEqual(ids(await records.list('c', 'open', 9, { order: 3, id: 'a' })), ['b'], 'moved before');
      assert.deepEqual(ids(await records.list('c', 'open', 9)), ['a', 'e', 'd', 'b']);
      assert.deepEqual(await records.counts('c'), { open: 4, other: 1 });
    });

    it('lists them backwards too, page by page from any place', async () => {
      const { records } = backend, back = async (limit: number, after?: { order: number; id: string }): Promise<string[]> => ids(await records.list('c', 'open', limit, after, 'falling'));
      for (const [name, order] of [['d', 2], ['b', 1], ['c', 1], ['a', 3], ['e', 1]] as const) await records.put('c', name, name, { state: 'open', order, expected: 0 });
      await records.put('c', 'z', 0, { state: 'other', order: 9, expected: 0 });
      assert.deepEqual(await back(9), ['a', 'd', 'e', 'c', 'b']);
      assert.deepEqual(await back(2), ['a', 'd']);
      assert.deepEqual(await back(2, { order: 2, id: 'd' }), ['e', 'c']);
      assert.deepEqual(await back(9, { order: 1, id: 'b' }), []);
      await records.delete('c', 'c', 1);
      assert.deepEqual(await back(2, { order: 1, id: 'c' }), ['b'], 'deleted');
      await records.put('c', 'd', 0, { state: 'open', order: 9, expected: 1 });
      assert.deepEqual(await back(9, { order: 2, id: 'd' }), ['e', 'b'], 'moved to the side that was passed');
      await records.put('c', 'a', 0, { state: 'open', order: 0, expected: 1 });
      assert.deepEqual(await back(9, { order: 3, id: 'a' }), ['e', 'b', 'a'], 'moved to what comes');
      assert.deepEqual(ids(await records.list('c', 'open', 9)), ['a', 'b', 'e', 'd'], 'and nothing moved by looking');
      const many = Array.from({ length: 57 }, (_, n) => `n${String(n).padStart(2, '0')}`), seen: string[] = [];
      for (const [n, name] of many.entries()) await records.put('m', name, n, { state: 's', order: Math.floor(n / 5), expected: 0 });
      for (let page: Doc<number>[] = [], after: { order: number; id: string } | undefined; (page = await records.list<number>('m', 's', 10, after, 'falling')).length > 0; after = page.at(-1)) seen.push(...ids(page));
      assert.deepEqual(seen, many.reverse());
    });

    it('chains its log: each entry holds the hash of the one before', async () => {
      const bodies = Array.from({ length: 12 }, (_, n) => JSON.stringify({ n, text: 'ü'.repeat(n) }));
      assert.deepEqual(await backend.log.head(), { entries: 0, hash: zeroHash });
      const appended = await Promise.all(bodies.map((body) => backend.log.append(body)));
      const entries = await backend.log.read(0, 100);
      assert.deepEqual(entries, [...appended].sort((a, b) => a.sequence - b.sequence));
      assert.deepEqual(new Set(entries.map(({ body }) => body)), new Set(bodies));
      let previous: `0x${string}` = zeroHash;
      for (const [n, entry] of entries.entries()) {
        assert.deepEqual([entry.sequence, entry.previous, entry.hash], [n, previous, keccak256(concat([previous, keccak256(toBytes(entry.body))]))]);
        previous = entry.hash;
      }
      assert.deepEqual(await backend.log.head(), { entries: 12, hash: previous });
      assert.deepEqual(await backend.log.read(5, 2), entries.slice(5, 7));
      assert.deepEqual(await backend.log.read(12, 5), []);
      assert.equal(firstBroken(entries), undefined);
      assert.equal(firstBroken(entries.map((entry) => (entry.sequence === 4 ? { ...entry, body: '{}' } : entry))), 4);
      assert.equal(firstBroken(entries.filter(({ sequence }) => sequence !== 6)), 7);
    });

    it('has all of it after closing and opening again; the term rises', async () => {
      await backend.records.put('c', 'a', { x: 1 }, { state: 's', order: 1, expected: 0 });
      await backend.log.append('{}');
      const term = await backend.leadership.acquire(60_000), head = await backend.log.head();
      assert.ok(term! >= 1);
      assert.equal(await backend.leadership.acquire(60_000), term, 'staying leader keeps the term');
      await backend.leadership.release();
      await backend.close();
      backend = await place.open();
      assert.deepEqual((await backend.records.get('c', 'a'))?.value, { x: 1 });
      assert.deepEqual(await backend.log.head(), head);
      assert.ok((await backend.leadership.acquire(60_000))! > term!);
    });

    it('has one leader of several, and a new term for each', { skip: adapter.shared ? false : 'one process has the folder' }, async () => {
      const other = await place.open();
      try {
        const first = await backend.leadership.acquire(60_000);
        assert.equal(await other.leadership.acquire(60_000), undefined);
        await other.leadership.release();
        assert.equal(await other.leadership.acquire(60_000), undefined, 'only the leader releases');
        await backend.leadership.release();
        const second = await other.leadership.acquire(50);
        assert.equal(second, first! + 1);
        assert.equal(await backend.leadership.acquire(50), undefined);
        await sleep(80);
        assert.equal(await backend.leadership.acquire(60_000), second! + 1, 'it ran out');
        const bodies = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? backend : other).log.append(`${n}`)));
        assert.equal(new Set(bodies.map(({ sequence }) => sequence)).size, 20);
        assert.equal(firstBroken(await other.log.read(0, 100)), undefined, 'written by two at once');
      } finally {
        await other.close();
      }
    });
  });
}

describe('store: embedded only', () => {
  let dir: string;
  beforeEach(() => { dir = mkdtempSync(join(tmpdir(), 'zkattr-store-')); });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const second = (): string => spawnSync(process.execPath, ['--input-type=module', '-e', `
    import { openEmbedded } from ${JSON.stringify(new URL('../../coordinator/backend.js', import.meta.url).href)};
    try { await openEmbedded(${JSON.stringify(dir)}).close(); console.log('opened'); } catch (error) { console.log(error.code, error.message); }`], { encoding: 'utf8' }).stdout;

  it('refuses a second coordinator in the same folder, and names the first', async () => {
    const backend = openEmbedded(dir);
    assert.match(second(), new RegExp(`STORE_LOCKED .*pid ${process.pid}\\b`));
    assert.throws(() => openEmbedded(dir), { code: 'STORE_LOCKED' });
    await backend.queue.enqueue(input(1));
    await backend.close();
    assert.match(second(), /^opened/);
  });

  it('refuses a file of a newer version', async () => {
    await openEmbedded(dir).close();
    const db = new Libsql(join(dir, 'coordinator.db'));
    db.exec('PRAGMA user_version = 99');
    db.close();
    assert.throws(() => openEmbedded(dir), { code: 'STORE_VERSION' });
  });

  it('lets neighbours in one transaction succeed when one of them fails', async () => {
    const { queue, close } = openEmbedded(dir);
    const results = await Promise.allSettled([queue.enqueue(input(1)), queue.enqueue(input(2, { payload: null as never })), queue.enqueue(input(3))]);
    assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled']);
    assert.equal((await queue.counts()).waiting, 2);
    await close();
    await assert.rejects(queue.enqueue(input(4)), { code: 'STORE_CLOSED' });
    await assert.rejects(queue.get(id(1)), { code: 'STORE_CLOSED' });
  });
});

describe('store: Redis only', { skip: NO_REDIS }, () => {
  const servers: RedisServer[] = [];
  const start = async (...options: string[]): Promise<string> => {
    const server = await startRedis(options);
    servers.push(server);
    return server.url;
  };
  after(() => Promise.all(servers.map((server) => server.stop())));

  it('refuses a Redis that may evict jobs, and warns of one that forgets them', async () => {
    const warnings: string[] = [];
    await assert.rejects(openRedis(await start('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru')), { code: 'STORE_SETTINGS', message: /noeviction/ });
    await (await openRedis(await start('--appendonly', 'no'), { warn: (message) => warnings.push(message) })).close();
    assert.match(warnings.join(), /appendonly is off/);
    await assert.rejects(openRedis('redis://127.0.0.1:1'), { code: 'STORE_UNREACHABLE', message: /ECONNREFUSED/ });
  });

  it('shows BullMQ every job in the state it is in, and leases nothing of a queue that BullMQ paused', async () => {
    const url = await start(), lane = 'payout/4x4/0x12', { queue, close } = await openRedis(url, { maxAttempts: 1 });
    const bull = new Queue(queueName(lane), { connection: { url }, prefix: bullPrefix('{zkattr}:') });
    try {
      for (let n = 1; n <= 5; n++) await queue.enqueue(input(n, { lane, priority: -n }));
      const lease = () => queue.lease({ prover: prover(0), lanes: [lane], memoryBytes: 1000, leaseMs: 60_000 });
      await bull.pause();
      assert.equal(await lease(), undefined);
      await bull.resume();
      for (let n = 1; n <= 4; n++) assert.equal((await lease())?.id, id(n));
      await queue.complete(id(1), 1, '0xproof');
      await queue.fail(id(2), 1, { outcome: 'falseProof', code: 'PAIRING', message: 'no' });
      await queue.cancel(id(3), 'elsewhere');
      assert.deepEqual(await Promise.all([1, 2, 3, 4, 5].map((n) => bull.getJobState(id(n)))), ['completed', 'failed', 'failed', 'active', 'prioritized']);
      assert.deepEqual(await bull.getJobCounts('completed', 'failed', 'active', 'prioritized', 'delayed', 'wait'), { completed: 1, failed: 2, active: 1, prioritized: 1, delayed: 0, wait: 0 });
      assert.deepEqual([(await bull.getJob(id(1)))?.returnvalue, (await bull.getJob(id(2)))?.failedReason, (await bull.getJob(id(4)))?.data], ['0xproof', 'PAIRING: no', { n: 4 }]);
      await queue.revive(id(2));
      await queue.fail(id(4), 1, { outcome: 'released', code: 'STOP', message: 'bye' });
      assert.deepEqual([await bull.getJobState(id(2)), await bull.getJobState(id(4))], ['prioritized', 'delayed']);
      assert.deepEqual([(await lease())?.id, (await lease())?.id, (await lease())?.id], [id(2), id(4), id(5)]);
      assert.deepEqual([await queue.remove(id(1)), await queue.remove(id(3)), await queue.remove(id(2))], [true, true, false]);
      assert.deepEqual(await bull.getJobCounts('completed', 'failed', 'active'), { completed: 0, failed: 0, active: 3 });
      assert.equal(await bull.getJob(id(1)), undefined);
    } finally {
      await bull.close();
      await close();
    }
  });
});
