import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Hex } from 'viem';
import type { ResultVerifier } from '../../../../coordinator/scheduler/index.js';
import type { JobFile } from '../../../../src/protocol/artifacts.js';
import type { profile} from './station.js';
import { Station, stubJob, TestProver, VK, word } from './station.js';

/** What a check says is set by the test: the real one is in results.test.ts. */
const verdict: { next: Awaited<ReturnType<ResultVerifier['verify']>>; calls: number } = { next: { ok: true, file: {} as JobFile }, calls: 0 };
const verifier: ResultVerifier = { verify: async () => { verdict.calls++; return verdict.next; }, close: async () => undefined };
const falseProof = { ok: false, fault: 'FALSE_PROOF', code: 'PAIRING', message: 'pairing product is not one' } as const;

describe('leases', () => {
  let station: Station, proved: Hex[], named: Hex[];
  beforeEach(async () => {
    [proved, named] = [[], []];
    verdict.next = { ok: true, file: {} as JobFile };
    verdict.calls = 0;
    station = await Station.open({ verifier, events: { proved: ({ job }) => { proved.push(job.jobId); }, falseProof: ({ prover }) => { named.push(prover); } } }, { maxAttempts: 3 });
  });
  afterEach(() => station.close());
  const prover = async (change: Parameters<typeof profile>[0] = {}): Promise<TestProver> => {
    const p = new TestProver(station), reply = await p.hello(change);
    assert.ok(reply.ok, JSON.stringify(reply));
    return p;
  };
  const seconds = (s: number, change: Partial<ReturnType<typeof profile>['classes'][0]> = {}): Parameters<typeof profile>[0] => ({ classes: [{ className: '4x4', relation: 'payout', vkHash: VK, seconds: s, peakBytes: 1 << 24, ...change }] });

  it('are signed by the coordinator, for as long as the prover\'s own seconds ask for', async () => {
    for (const n of [1, 2, 3]) await station.enqueue(stubJob(n));
    const [fast, medium, slow] = [await prover(seconds(0.1)), await prover(seconds(20)), await prover(seconds(1000))];
    for (const [p, leaseMs] of [[fast, 15_000], [medium, 30_000], [slow, 120_000]] as const) {
      const [offer] = (await p.lease()).offers;
      assert.equal(offer.leaseMs, leaseMs);
      assert.equal(offer.heartbeatMs, leaseMs / 4);
      assert.deepEqual([offer.token, offer.attempt], [1, 1]);
    }
    const { offers, why, waitMs } = await fast.lease();
    assert.deepEqual([offers, why], [[], 'no job waits']);
    assert.ok(waitMs >= 1000);
  });

  it('are as many as the prover has room for', async () => {
    for (let n = 1; n <= 4; n++) await station.enqueue(stubJob(n));
    const p = await prover({ parallel: 4 });
    assert.equal((await p.lease({ free: 4, memoryBytes: (1 << 25) + 5 })).offers.length, 2);
    assert.match((await p.lease({ free: 1, memoryBytes: 1 << 20 })).why, /too little memory/);
    assert.equal((await p.lease({ free: 0 })).offers.length, 0);
  });

  it('continue with every report, and stop on cancel, on a stale token, and on a job of somebody else', async () => {
    await station.enqueue(stubJob(1));
    const a = await prover(), b = await prover(), [{ token }] = (await a.lease()).offers;
    assert.deepEqual(await a.heartbeat(word(1), token), { ok: true, order: 'continue' });
    assert.equal((await b.heartbeat(word(1), token) as { order: string }).order, 'stop');
    assert.equal((await a.heartbeat(word(1), token + 1) as { order: string }).order, 'stop');
    assert.equal((await a.heartbeat(word(99), 1) as { order: string }).order, 'stop');
    await station.backend.queue.cancel(word(1), 'its node took it back');
    assert.match(JSON.stringify(await a.heartbeat(word(1), token)), /"stop".*took it back/);
  });

  it('run out without reports; the job goes to another prover, and the old token does nothing', async () => {
    await station.enqueue(stubJob(1));
    const a = await prover(), b = await prover(), [{ token }] = (await a.lease()).offers;
    await b.lease();
    station.now += 15_001;
    assert.equal(await station.service.expire(), 1);
    assert.deepEqual((await a.lease()).offers, [], 'never the same prover twice in a row');
    station.now += 10;
    const [second] = (await b.lease()).offers;
    assert.ok(second.token > token);
    assert.equal((await a.heartbeat(word(1), token) as { order: string }).order, 'stop');
    const late = await a.result(word(1), token, '{}');
    assert.equal((late as { code: string }).code, 'LEASE_LOST');
    assert.match((late as { message: string }).message, /token 1 is not the job's latest: 2, of another prover/);
    assert.equal(verdict.calls, 0);
    await a.release(word(1), token, 'error');
    assert.equal((await station.backend.queue.get(word(1)))?.state, 'leased');
    assert.ok((await b.result(word(1), second.token, '{}')).ok);
    assert.deepEqual(proved, [word(1)]);
    const [view] = station.service.provers().filter(({ address }) => address === a.address);
    assert.equal(view.timedOut, 1);
  });

  it('that ran out are taken up again by a report or a result, while nobody else has the job', async () => {
    await station.enqueue(stubJob(1));
    const a = await prover(), [{ token }] = (await a.lease()).offers;
    station.now += 15_001;
    await station.service.expire();
    assert.equal((await a.heartbeat(word(1), token) as { order: string }).order, 'continue');
    station.now += 15_001;
    await station.service.expire();
    assert.ok((await a.result(word(1), token, '{}')).ok);
  });

  it('survive a restart: running jobs are adopted, packages are served, the proof is taken', async () => {
    const job = stubJob(1);
    station.artifacts.data.set(job.record, Uint8Array.of(1, 2, 3));
    await station.enqueue(job);
    const a = await prover(), b = await prover(), [{ token }] = (await a.lease()).offers;
    await station.service.close();
    station.restart();
    station.now += 14_000;
    await a.hello();
    assert.deepEqual((await a.lease({ running: [{ jobId: word(1), token }] })).offers, []);
    station.now += 14_000;
    assert.equal(await station.service.expire(), 0);
    const fetched = await station.service.artifact(await a.seal('artifact', { hash: job.record }), a.channel);
    assert.ok(fetched.ok && fetched.data.length === 3);
    await b.hello();
    assert.equal(((await station.service.artifact(await b.seal('artifact', { hash: job.record }), b.channel)) as { code: string }).code, 'ARTIFACT_UNKNOWN');
    await b.lease({ running: [{ jobId: word(1), token }] });
    assert.equal(((await station.service.artifact(await b.seal('artifact', { hash: job.record }), b.channel)) as { code: string }).code, 'ARTIFACT_UNKNOWN', 'another prover cannot adopt it');
    assert.ok((await a.result(word(1), token, '{}')).ok);
    assert.match(JSON.stringify(await station.service.timeline(word(1))), /adopted/);
    assert.equal(((await station.service.artifact(await a.seal('artifact', { hash: job.record }), a.channel)) as { code: string }).code, 'ARTIFACT_UNKNOWN', 'only while the lease lasts');
  });

  it('take the same result twice, at once and later, and check it once', async () => {
    await station.enqueue(stubJob(1));
    const a = await prover(), [{ token }] = (await a.lease()).offers;
    const both = await Promise.all([a.result(word(1), token, '{}'), a.result(word(1), token, '{}')]);
    assert.ok(both.every((reply) => reply.ok), JSON.stringify(both));
    assert.ok((await a.result(word(1), token, '{}')).ok);
    assert.equal(verdict.calls, 1);
    assert.deepEqual(proved, [word(1)]);
  });

  it('of a false proof name the prover, who is not served, also after a restart; evidence is kept', async () => {
    for (const n of [1, 2]) await station.enqueue(stubJob(n));
    const a = await prover(), b = await prover(), [{ job, token }] = (await a.lease()).offers;
    verdict.next = falseProof;
    const reply = await a.result(job.jobId, token, '{"false":1}');
    assert.equal((reply as { code: string }).code, 'FALSE_PROOF');
    assert.deepEqual(named, [a.address]);
    const { attempts, state } = (await station.backend.queue.get(job.jobId))!;
    assert.deepEqual([state, attempts[0].outcome, attempts[0].prover, attempts[0].code], ['waiting', 'falseProof', a.address, 'PAIRING']);
    const entry = (await station.log()).find(({ kind }) => kind === 'falseProof')!;
    assert.equal(entry.prover, a.address);
    const evidence = JSON.parse(new TextDecoder().decode(station.artifacts.data.get(/evidence (0x[0-9a-f]{64})/.exec(entry.detail)![1] as Hex))) as { body: string; signature: string };
    assert.equal(evidence.signature, entry.signature);
    assert.match(evidence.body, /false/);
    assert.match((await a.lease()).why, /not served until .*false proof of job/);
    await station.service.close();
    station.restart();
    await a.hello();
    assert.match((await a.lease()).why, /not served/);
    await b.hello();
    assert.equal((await b.lease()).offers.length, 1);
    station.now += 24 * 3_600_000;
    await a.hello();
    assert.equal((await a.lease()).offers.length, 1);
  });

  it('of failed provers end in a dead job that says why', async () => {
    await station.enqueue(stubJob(1));
    const provers = [await prover(), await prover(), await prover()];
    for (const p of provers) {
      const [{ token }] = (await p.lease()).offers;
      await p.release(word(1), token, 'error');
    }
    const job = (await station.backend.queue.get(word(1)))!;
    assert.equal(job.state, 'dead');
    const timeline = JSON.stringify(await station.service.timeline(word(1)));
    assert.match(timeline, /enqueued.*leased.*failed.*TEST.*dead/);
  });

  it('that run out of memory ask for more the next time; what is handed back costs nothing', async () => {
    await station.enqueue(stubJob(1));
    const a = await prover(), b = await prover();
    const [first] = (await a.lease()).offers;
    await a.release(word(1), first.token, 'outOfMemory');
    assert.equal((await station.backend.queue.get(word(1)))?.memoryBytes, 1.5 * 2 ** 24);
    assert.match((await b.lease({ memoryBytes: 1 << 24 })).why, /too little memory/);
    const [second] = (await b.lease()).offers;
    await b.release(word(1), second.token, 'shutdown');
    const { attempts, state } = (await station.backend.queue.get(word(1)))!;
    assert.deepEqual([state, attempts.map(({ outcome }) => outcome)], ['waiting', ['outOfMemory', 'released']]);
  });

  it('keep a job that is due soon for an idle prover that would be in time; alone, the slow one tries', async () => {
    await station.enqueue(stubJob(1), { deadline: station.now + 60_000 });
    const slow = await prover(seconds(300)), fast = await prover(seconds(5));
    assert.match((await slow.lease()).why, /too slow for its deadline/);
    assert.match(JSON.stringify(await station.service.timeline(word(1))), /skipped.*too slow/);
    assert.equal((await fast.lease()).offers.length, 1);
    await station.enqueue(stubJob(2), { deadline: station.now + 60_000 });
    station.now += 300;
    assert.equal((await slow.lease()).offers.length, 1, 'the fast one is busy');
  });

  it('let a prover that timed out wait behind others for a while', async () => {
    const a = await prover(), b = await prover();
    await b.lease();
    await station.enqueue(stubJob(1));
    station.now += 300;
    await a.lease();
    station.now += 15_001;
    await station.service.expire();
    await station.enqueue(stubJob(2));
    assert.match((await a.lease()).why, /timed out lately|last attempt/);
    station.now += 6000;
    const [offer] = (await a.lease()).offers;
    assert.equal(offer.job.jobId, word(2));
    assert.equal((await b.lease()).offers[0].job.jobId, word(1));
  });

  it('offer something better to who just began, when it cannot wait and the current job can', async () => {
    await station.enqueue(stubJob(1));
    const a = await prover(seconds(30)), [{ token }] = (await a.lease()).offers;
    await station.enqueue(stubJob(2), { priority: 5, deadline: station.now + 50_000 });
    station.now += 300;
    const reply = await a.heartbeat(word(1), token, 0.05) as { order: string; better?: Parameters<TestProver['opened']>[0] };
    assert.equal(reply.order, 'continue');
    const offer = await a.opened(reply.better!);
    assert.equal(offer.job.jobId, word(2));
    await a.release(word(1), token, 'unwanted');
    assert.ok((await a.result(word(2), offer.token, '{}')).ok);
  });

  it('end when the prover reports and reports and never is done', async () => {
    await station.enqueue(stubJob(1));
    const a = await prover(seconds(1)), [{ token }] = (await a.lease()).offers;
    for (let t = 0; t < 60_000; t += 10_000) {
      assert.equal((await a.heartbeat(word(1), token) as { order: string }).order, 'continue');
      station.now += 10_000;
    }
    station.now += 8_001;
    assert.match(JSON.stringify(await a.heartbeat(word(1), token)), /"stop".*too long/);
    assert.equal((await station.backend.queue.get(word(1)))?.attempts[0].code, 'OVERRUN');
  });

  it('are in the log: offer, first and last report, how it ended, each with hash and signature; entries are chained', async () => {
    await station.enqueue(stubJob(1));
    const a = await prover(), [{ token }] = (await a.lease()).offers;
    for (let i = 0; i < 4; i++) await a.heartbeat(word(1), token, i / 4);
    await a.result(word(1), token, '{}');
    const log = await station.log();
    assert.deepEqual(log.map(({ kind }) => kind), ['offer', 'accept', 'heartbeat', 'result']);
    assert.ok(log.every(({ envelope, signature, prover: named, jobId }) => envelope && signature && named === a.address && jobId === word(1)));
    const entries = await station.backend.log.read(0, 10);
    assert.ok(entries.every(({ previous }, i) => i === 0 || previous === entries[i - 1].hash));
  });

  it('are counted', async () => {
    await station.enqueue(stubJob(1));
    const a = await prover(), [{ token }] = (await a.lease()).offers;
    await station.enqueue(stubJob(2));
    await a.result(word(1), token, '{}');
    const text = await station.registry.metrics();
    assert.match(text, /zkattr_leases_total\{class="4x4"\} 1/);
    assert.match(text, /zkattr_lease_outcomes_total\{outcome="completed"\} 1/);
    assert.match(text, /zkattr_provers_online 1/);
    assert.match(text, /zkattr_queue_waiting_jobs\{lane="payout\/4x4\/0x[0-9a-f]+"\} 1/);
  });
});
