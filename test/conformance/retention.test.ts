/** What is removed after its time and what stays, on every backend; and that a crash between any two writes leaves nothing behind for good. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { keccak256, toBytes, type Hex } from 'viem';
import type { Backend } from '../../coordinator/backend.js';
import { Documents, JobEvents, type BlockEntry, type JobEntry, type JobState } from '../../coordinator/intake/index.js';
import { Pruner, PrunerMetrics } from '../../coordinator/retention/index.js';
import { Outbox } from '../../coordinator/settlement/outbox.js';
import type { IntentState, OutboxTransaction } from '../../coordinator/settlement/types.js';
import type { ArtifactStore } from '../../coordinator/store/types.js';
import { MemoryArtifacts } from '../unit/coordinator/scheduler/station.js';
import { adapters, type Place } from './support/adapters.js';
import { input, prover } from './support/jobs.js';

const DAY = 86_400_000, NOW = 1_900_000_000_000, RETAIN = 30 * DAY, OLD = NOW - 31 * DAY, YOUNG = NOW - 29 * DAY, logger = pino({ level: 'silent' }), ACCOUNT = prover(99);
const word = (kind: string, n: number): Hex => keccak256(toBytes(`${kind} ${n}`));
const package_ = (n: number): Hex => keccak256(toBytes(`bytes of package ${n}`)), proofOf = (n: number): Hex => keccak256(toBytes(`bytes of proof ${n}`));

/** A store with jobs in it, as intake, scheduler and settlement leave them. */
class World {
  readonly documents; readonly events; readonly outbox; readonly registry = new Registry(); readonly metrics = new PrunerMetrics(this.registry);
  now = OLD;
  constructor(readonly backend: Backend, readonly artifacts: ArtifactStore = new MemoryArtifacts()) {
    this.documents = new Documents(backend.records, () => this.now);
    this.events = new JobEvents(backend.records, () => this.now);
    this.outbox = new Outbox(backend.records, 31337, ACCOUNT);
  }

  pruner({ retainMs = RETAIN, batch = 10, leads = () => true }: { retainMs?: number | null; batch?: number; leads?: () => boolean } = {}): Pruner {
    const { documents, events, outbox, artifacts, metrics, backend: { queue } } = this;
    return new Pruner({ documents, events, queue, artifacts, outbox: () => outbox, retainMs: retainMs ?? undefined, batch, now: () => NOW, leads, metrics, logger });
  }
  /** To the end. @returns rounds */
  async prune(options: Parameters<World['pruner']>[0] = {}): Promise<number> {
    const pruner = this.pruner(options);
    for (let rounds = 1; ; rounds++) if (!await pruner.tick()) return rounds;
  }

  async intent(id: string, state: IntentState): Promise<void> {
    await this.outbox.add({ id, kind: 'settle', key: word('job', 0), to: ACCOUNT, calldata: '0x' }, this.now);
    await this.outbox.change(id, () => ({ state }));
  }

  async block(n: number, change: Partial<BlockEntry> = {}): Promise<Hex> {
    const blockId = word('block', n);
    await this.artifacts.put(package_(n), toBytes(`bytes of package ${n}`));
    await this.documents.blocks.create(blockId, {
      blockId, recordId: word('record', 0), adapterId: word('adapter', 0), className: '4x4', node: prover(1), package: package_(n), heightLog: 3, keys: [word('key', n)], parts: ['1'], fees: '2', deadline: Math.floor(this.now / 1000), receivedAt: this.now,
      phase: 'settled', committedAt: this.now, ...change,
    });
    await this.intent(`commit:${blockId}`, 'final');
    return blockId;
  }

  /** Job n with blocks n and n + 1000. */
  async job(n: number, phase: JobState = 'settled', change: Partial<JobEntry> = {}, blocks: Partial<BlockEntry> = {}): Promise<Hex> {
    const { documents, backend: { queue } } = this, jobId = input(n).id, requestId = word('request', n), blockIds = [await this.block(n, { jobId, ...blocks }), await this.block(n + 1000, { jobId, ...blocks })];
    await this.artifacts.put(proofOf(n), toBytes(`bytes of proof ${n}`));
    await documents.requests.create(requestId, {
      requestId, jobId, signature: '0x', receivedAt: this.now, request: { requester: prover(1), recordId: word('record', 0), blockIds, minPrice: '0', maxPrice: '1', collateral: '0', biddingStart: '0', rampSeconds: 1, lockSeconds: 1, deadline: String(Math.floor(this.now / 1000)), nonce: '1' },
    });
    await documents.jobs.create(jobId, { jobId, phase, className: '4x4', recordId: word('record', 0), blockIds, queries: 2, fees: '4', deadline: 1, requestId, createdAt: this.now, updatedAt: this.now, rounds: 0, proof: { artifact: proofOf(n), prover: prover(0) }, ...change });
    for (const event of ['formed', 'leased', 'proved', 'settled']) await this.events.append(jobId, event);
    await queue.enqueue(input(n));
    await queue.cancel(jobId, 'settled');
    await this.intent(`settle:${jobId}`, 'final');
    await this.intent(`deliver:${requestId}`, 'failed');
    return jobId;
  }

  async left(n: number): Promise<Record<string, boolean>> {
    const { documents, events, outbox, artifacts, backend: { queue } } = this, jobId = input(n).id, blockId = word('block', n);
    const there = async (value: Promise<unknown>): Promise<boolean> => ![undefined, false, 0].includes(await value as undefined);
    return {
      job: await there(documents.jobs.get(jobId)), block: await there(documents.blocks.get(blockId)), request: await there(documents.requests.get(word('request', n))), events: await there(events.since(jobId, 0).then((e) => e.length)), queue: await there(queue.get(jobId)),
      package: await artifacts.has(package_(n)), proof: await artifacts.has(proofOf(n)), settle: await there(outbox.intent(`settle:${jobId}`)), deliver: await there(outbox.intent(`deliver:${word('request', n)}`)), commit: await there(outbox.intent(`commit:${blockId}`)),
    };
  }
  async counted(): Promise<Record<string, number>> {
    return Object.fromEntries((await this.metrics.pruned.get()).values.map(({ labels, value }) => [labels.kind, value]));
  }
}

const ALL = { job: true, block: true, request: true, events: true, queue: true, package: true, proof: true, settle: true, deliver: true, commit: true };
const NOTHING = Object.fromEntries(Object.keys(ALL).map((key) => [key, false]));

for (const adapter of adapters()) {
  describe(`retention: ${adapter.name}`, { skip: adapter.skip }, () => {
    let place: Place, backend: Backend, world: World;
    before(() => adapter.start());
    after(() => adapter.stop());
    beforeEach(async () => {
      place = adapter.place();
      backend = await place.open();
      world = new World(backend);
    });
    afterEach(async () => {
      await backend.close();
      await place.remove();
    });

    it('removes a job that was over for long with all that only it needs, and nothing younger', async () => {
      await world.job(1);
      await world.job(2, 'cancelled');
      world.now = YOUNG;
      await world.job(3);
      await world.job(4, 'settled', { createdAt: OLD }, { receivedAt: OLD, committedAt: OLD, deadline: Math.floor(OLD / 1000) }); // old, and settled lately
      await world.prune();
      assert.deepEqual(await Promise.all([1, 2, 3, 4, 1001, 1003].map((n) => world.left(n))).then((all) => all.map((left, i) => (i < 4 ? left : { block: left.block, package: left.package, commit: left.commit }))),
        [NOTHING, NOTHING, ALL, ALL, { block: false, package: false, commit: false }, { block: true, package: true, commit: true }]);
      assert.deepEqual(await world.counted(), { job: 2, block: 4, request: 2, event: 8, intent: 8, transaction: 0, upload: 0 });
      assert.deepEqual([await world.documents.jobs.counts(), await backend.queue.counts()], [{ settled: 2 }, { waiting: 0, leased: 0, done: 0, dead: 0, cancelled: 2 }]);
      assert.deepEqual(Object.keys(await backend.records.counts('intake.events')).sort(), [input(3).id, input(4).id].sort(), 'no trace of their events');
      assert.equal(await world.prune(), 1);
      assert.equal((await world.counted()).job, 2, 'once');
    });

    it('keeps what is not over, or not by all who speak of it: other phases, blocks of other jobs, intents under way', async () => {
      for (const [n, phase] of (['waiting', 'proved', 'settling', 'dead', 'requested', 'forming'] as const).entries()) await world.job(n + 1, phase);
      await world.job(10);
      await world.outbox.change(`settle:${input(10).id}`, () => ({ state: 'mined' }));
      await world.job(11);
      await world.outbox.change(`commit:${word('block', 11)}`, () => ({ state: 'sent' }));
      await world.job(12, 'settled', {}, { phase: 'assigned' });
      // Given up; its blocks wait for another job, or are in one.
      await world.job(13, 'cancelled', {}, { phase: 'committed', jobId: undefined });
      await world.job(14, 'cancelled', {}, { phase: 'assigned', jobId: input(1).id });
      await world.prune();
      for (const n of [1, 2, 3, 4, 5, 6, 10, 11, 12]) assert.deepEqual(await world.left(n), ALL, String(n));
      for (const n of [13, 14]) assert.deepEqual(await world.left(n), { ...NOTHING, block: true, package: true, commit: true }, String(n));
      await world.outbox.change(`settle:${input(10).id}`, () => ({ state: 'final' }));
      await world.prune();
      assert.deepEqual(await world.left(10), NOTHING, 'once it ended');
    });

    it('removes blocks and requests that are in no job, once their time is over', async () => {
      await world.block(1, { phase: 'settled' });
      await world.block(2, { phase: 'cancelled' });
      await world.block(3, { phase: 'refunded' });
      await world.block(4, { phase: 'refused', reason: 'BLOCK_SPLIT' });
      await world.block(5, { phase: 'received' });
      await world.block(6, { phase: 'committed' });
      await world.block(7, { phase: 'refused', deadline: Math.floor(YOUNG / 1000) });
      await world.job(8, 'dead', {}, { phase: 'settled' });
      const request = (await world.documents.requests.get(word('request', 8)))!;
      await world.documents.requests.create(word('request', 80), { ...request, requestId: word('request', 80) });
      await world.documents.requests.create(word('request', 81), { ...request, requestId: word('request', 81), request: { ...request.request, deadline: String(Math.floor(NOW / 1000)) } });
      await world.prune();
      const left = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(async (n) => world.left(n)));
      assert.deepEqual(left.map(({ block, package: p, commit }) => [block, p, commit]), [...Array<boolean[]>(4).fill([false, false, false]), ...Array<boolean[]>(3).fill([true, true, true])]);
      assert.deepEqual(await world.left(8), ALL, 'a dead job is for a person, and its blocks with it');
      assert.deepEqual(await Promise.all([80, 81].map(async (n) => (await world.documents.requests.get(word('request', n))) !== undefined)), [false, true]);
    });

    it('removes packages that nobody handed in, also when a round ended in the middle of one', async () => {
      for (const [n, at, state] of [[1, OLD, 'unused'], [2, OLD, 'going'], [3, YOUNG, 'unused']] as const) {
        await world.artifacts.put(package_(n), toBytes(`bytes of package ${n}`));
        await world.documents.uploads.create(package_(n), { hash: package_(n), at, state });
      }
      await world.artifacts.put(package_(4), toBytes('bytes of package 4')); // named by a document
      await world.prune();
      assert.deepEqual(await Promise.all([1, 2, 3, 4].map((n) => world.artifacts.has(package_(n)))), [false, false, true, true]);
      assert.deepEqual([await world.documents.uploads.counts(), (await world.counted()).upload], [{ unused: 1 }, 2]);
    });

    it('goes in batches, past what must stay, and stops when it does not lead', async () => {
      for (let n = 1; n <= 7; n++) {
        await world.job(n);
        if (n <= 3) await world.outbox.change(`settle:${input(n).id}`, () => ({ state: 'planned' }));
        world.now += 1000;
      }
      const pruner = world.pruner({ batch: 2 });
      assert.equal(await pruner.tick(), true);
      assert.deepEqual(await world.documents.jobs.counts(), { settled: 7 });
      assert.equal(await pruner.tick(), true);
      assert.deepEqual(await world.documents.jobs.counts(), { settled: 6 });
      await world.prune({ batch: 2 });
      assert.deepEqual(await world.documents.jobs.counts(), { settled: 3 });
      for (const n of [1, 2, 3]) await world.outbox.change(`settle:${input(n).id}`, () => ({ state: 'final' }));
      let asked = 0;
      await world.prune({ leads: () => ++asked < 2 });
      assert.deepEqual(await world.documents.jobs.counts(), { settled: 2 });
      await world.prune({ retainMs: null });
      assert.equal(await world.pruner({ leads: () => false }).tick(), false);
      assert.deepEqual(await world.documents.jobs.counts(), { settled: 2 });
    });

    it('removes transactions that ended long ago, but for the latest', async () => {
      const reserve = async (nonce: number, state: OutboxTransaction['state'], signedAt: number): Promise<void> => {
        await world.outbox.reserve({ from: ACCOUNT, nonce, to: ACCOUNT, value: '0', data: '0x', gas: '1', intents: [], state, variants: [{ hash: word('tx', nonce), raw: '0x', maxFeePerGas: '1', maxPriorityFeePerGas: '1', signedAt }] });
      };
      for (let nonce = 0; nonce < 80; nonce++) await reserve(nonce, 'final', nonce < 10 ? OLD : YOUNG);
      await reserve(80, 'open', OLD);
      await world.prune();
      assert.deepEqual((await world.outbox.transactions('final', 'open')).map(({ nonce }) => nonce), Array.from({ length: 71 }, (_, n) => n + 10));
      assert.equal((await world.counted()).transaction, 10);
    });

    it('keeps credits, log, records and provers', async () => {
      await world.job(1);
      await world.documents.credit(prover(5), input(1).id, [{ kind: 'prover', amount: 7n }]);
      await world.documents.records.create(word('record', 0), { recordId: word('record', 0), adapterId: word('adapter', 0), className: '4x4', package: word('package', 0), receivedAt: OLD });
      await backend.records.put('provers', prover(5), { address: prover(5) }, { state: 'known', order: OLD, expected: 0 });
      await backend.log.append('{}');
      const before = [await world.documents.accounts.get(prover(5)), await backend.log.head(), await world.documents.records.get(word('record', 0)), await backend.records.get('provers', prover(5))];
      await world.prune();
      assert.deepEqual(await world.left(1), NOTHING);
      assert.deepEqual([await world.documents.accounts.get(prover(5)), await backend.log.head(), await world.documents.records.get(word('record', 0)), await backend.records.get('provers', prover(5))], before);
      await world.documents.credit(prover(5), input(1).id, [{ kind: 'prover', amount: 7n }]);
      assert.equal((await world.documents.accounts.get(prover(5)))!.total, '7', 'a job is still booked once');
    });

    it('leaves nothing behind when it ends between any two writes, and works on afterwards', async () => {
      for (let crashAt = 1; ; crashAt++) {
        const own = adapter.place(), store = await own.open();
        let writes = 0, armed = false;
        const guard = <T extends object>(target: T, names: readonly string[]): T => new Proxy(target, {
          get(inner, name) {
            const value = Reflect.get(inner, name) as unknown;
            if (typeof value !== 'function') return value;
            return (...args: unknown[]) => {
              if (armed && names.includes(String(name)) && ++writes >= crashAt) throw new Error('killed');
              return (value as (...a: unknown[]) => unknown).apply(inner, args);
            };
          },
        });
        const artifacts = new MemoryArtifacts(), records = guard(store.records, ['put', 'delete']), queue = guard(store.queue, ['cancel', 'remove']);
        const one = new World({ ...store, records, queue }, guard(artifacts, ['delete']));
        await one.job(1);
        await one.block(2, { phase: 'refused' });
        armed = true;
        const ended = await one.prune().then(() => true, () => false);
        armed = false;
        const next = new World(store, artifacts);
        await next.prune();
        assert.deepEqual(await next.left(1), NOTHING, `killed before write ${crashAt}`);
        assert.deepEqual([artifacts.data.size, await store.records.counts('intake.events'), await store.records.counts('settlement.intents'), await store.records.counts('intake.blocks'), await store.records.counts('intake.requests')], [0, {}, {}, {}, {}], `killed before write ${crashAt}`);
        await store.close();
        await own.remove();
        if (ended) break;
        assert.ok(crashAt < 100);
      }
    });
  });
}
