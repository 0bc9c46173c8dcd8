/** The agent with the real prover on class 4x4, against a coordinator that misbehaves as told. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { createLogger, LoginRefusedError, runAgent, TransportError, type AgentHandle, type AgentOptions } from '../../prover/agent/index.js';
import type { AttributionError } from '../../src/errors/base.js';
import { jobSchema } from '../../src/protocol/artifacts.js';
import type { ProofJob, ProverMessage } from '../../src/protocol/network/index.js';
import { jobStatement } from '../../src/protocol/statements.js';
import { verifierKey } from '../../src/verify/key.js';
import { verifyProof } from '../../src/verify/proof.js';
import { FakeCoordinator } from '../support/fakeCoordinator.js';
import { CHAIN_ID, JOB_CLASS, makeTestJob, type TestJob } from '../support/proofJob.js';

let made: TestJob, root: string, coordinator: FakeCoordinator, agents: AgentHandle[];
const account = privateKeyToAccount(generatePrivateKey());
before(async () => {
  made = await makeTestJob();
  root = await mkdtemp(join(tmpdir(), 'zkattr-agent-'));
});
after(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  agents = [];
  coordinator = new FakeCoordinator();
  coordinator.artifacts = new Map(made.artifacts);
  await coordinator.listenHttp();
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await coordinator.close();
});

const silent = createLogger({ level: process.env.LOG ?? 'silent' });
async function agentAt(url: string, options: Partial<AgentOptions> = {}): Promise<AgentHandle & { dataDir: string }> {
  const dataDir = options.dataDir ?? await mkdtemp(join(root, 'agent-'));
  // One benchmark is enough for all tests.
  await cp(join(root, 'benchmark.json'), join(dataDir, 'benchmark.json'), { force: true }).catch(() => undefined);
  const agent = await runAgent({
    coordinator: url, coordinatorAddress: coordinator.address, chainId: CHAIN_ID, account, classes: [JOB_CLASS], memoryBytes: 4 * 2 ** 30, logger: silent,
    tuning: { firstPauseMs: 20, longestPauseMs: 200, times: { timeoutMs: 5000, idleMs: 2000 }, ...options.tuning }, ...options, dataDir,
  });
  await cp(join(dataDir, 'benchmark.json'), join(root, 'benchmark.json'));
  agents.push(agent);
  return { ...agent, dataDir };
}
const start = (options?: Partial<AgentOptions>): ReturnType<typeof agentAt> => agentAt(coordinator.url, options);
const delivered = (): Promise<void> => coordinator.until(() => coordinator.results.length > 0, 'a result');
const working = (): Promise<void> => coordinator.until(() => coordinator.count('heartbeat') > 0, 'a heartbeat');
const released = async (): Promise<ProverMessage<'release'>> => {
  await coordinator.until(() => coordinator.released.length > 0, 'a release');
  return coordinator.released[0];
};

function assertProof(result: ProverMessage<'result'>): void {
  const file = jobSchema.parse(JSON.parse(result.job));
  assert.deepEqual([file.jobId, file.prover, file.batches], [made.job.jobId, account.address, made.job.blocks.map(({ blockId }) => blockId)]);
  const checked = verifyProof(jobStatement(file, made.registration, made.batches), file.proof, verifierKey(made.keys.payout.vk));
  assert.ok(checked.ok, checked.ok ? '' : checked.error.message);
}

describe('prover agent over HTTP', () => {
  it('measures itself, proves a job whose proof verifies, and asks for the next', async () => {
    coordinator.queue.push(made.job);
    const agent = await start();
    const [{ seconds, peakBytes, vkHash }] = agent.profile.classes;
    assert.ok(seconds > 0 && peakBytes > 1 << 20);
    assert.equal(vkHash, made.job.vkHash);
    await delivered();
    assertProof(coordinator.results[0]);
    assert.equal(coordinator.results[0].token, coordinator.tokenOf(made.job));
    await coordinator.until(() => coordinator.seen.filter(({ kind }) => kind === 'lease').length > 2, 'more leases');
    assert.deepEqual(agent.running(), []);
  });

  it('asks an HTTP coordinator who it is when it was not told, and shows in a dry run what it would be offered', async () => {
    coordinator.queue.push(made.job);
    const agent = await start({ dryRun: true, coordinatorAddress: undefined, chainId: undefined });
    assert.deepEqual(agent.dryRun, { why: 'no job waits', waitMs: coordinator.waitMs });
    assert.equal(agent.coordinator, coordinator.address);
    assert.equal(coordinator.queue.length, 1);
  });

  it('takes cached measurements only when it is to skip the benchmark', async () => {
    const dataDir = await mkdtemp(join(root, 'agent-'));
    await assert.rejects(runAgent({ coordinator: coordinator.url, account, dataDir, classes: [JOB_CLASS], skipBenchmark: true, logger: silent, memoryBytes: 2 ** 31 }), (e: AttributionError) => e.code === 'NO_CLASSES');
    await start({ dryRun: true, skipBenchmark: true });
  });

  it('ends the work at a stop order, and hands the job back', async () => {
    coordinator.queue.push(made.job);
    let stop = false;
    coordinator.meddle = (kind) => (kind === 'heartbeat' && stop ? { ok: true, order: 'stop', reason: 'cancelled' } : undefined);
    coordinator.heartbeatMs = 30;
    const agent = await start();
    await working();
    stop = true;
    assert.equal((await released()).reason, 'stopped');
    assert.equal(coordinator.results.length, 0);
    assert.deepEqual(agent.workers(), []);
  });

  it('drops a job whose token is stale, without a word', async () => {
    coordinator.queue.push(made.job);
    coordinator.heartbeatMs = 30;
    const agent = await start();
    await working();
    coordinator.takeAway(made.job);
    await coordinator.until(() => agent.running().length === 0 && coordinator.count('lease') > 1, 'the job to be dropped');
    assert.deepEqual([coordinator.results.length, coordinator.released.length], [0, 0]);
  });

  it('survives malformed answers of every kind, and goes on when they end', async () => {
    coordinator.queue.push(made.job);
    const spoilt = ['{', 'null', '[]', '{"ok":true}', '<html>502</html>', '{"ok":true,"order":"dance"}', '{"ok":true,"offers":[1],"waitMs":0,"why":""}', '{"ok":false}', '\u0000\u0001', '{"ok":true,"offers":[],"waitMs":1e400,"why":""}'];
    const counts = new Map<string, number>();
    coordinator.meddle = (kind) => {
      const n = counts.get(kind) ?? 0;
      counts.set(kind, n + 1);
      // {"ok":true} is what a result's acceptance looks like.
      return ['hello', 'lease', 'heartbeat', 'result'].includes(kind) && n < spoilt.length && !(kind === 'result' && n === 3) ? spoilt[n] : undefined;
    };
    await start();
    await delivered();
    assertProof(coordinator.results[0]);
  });

  it('logs in again when the coordinator forgot its session, and keeps its job', async () => {
    coordinator.queue.push(made.job);
    coordinator.heartbeatMs = 30;
    await start();
    await working();
    coordinator.forgetSessions();
    await delivered();
    assertProof(coordinator.results[0]);
    assert.equal(coordinator.count('hello'), 2);
    assert.equal(coordinator.seen.filter(({ kind, body }) => kind === 'lease' && (body as ProverMessage<'lease'>).free === 0 && (body as ProverMessage<'lease'>).running[0]?.jobId === made.job.jobId).length, 1);
  });

  it('gives a job back as out of memory when its worker is killed, and proves the next', async () => {
    coordinator.queue.push(made.job);
    coordinator.heartbeatMs = 30;
    const agent = await start();
    await coordinator.until(() => agent.workers().length > 0 && coordinator.count('heartbeat') > 1, 'a worker');
    process.kill(agent.workers()[0], 'SIGKILL');
    const { reason, code } = await released();
    assert.deepEqual([reason, code], ['outOfMemory', 'OUT_OF_MEMORY']);
    coordinator.queue.push(made.job);
    await delivered();
    assertProof(coordinator.results[0]);
  });

  it('sends a proof that was made but not taken after a restart, without proving again', async () => {
    coordinator.queue.push(made.job);
    coordinator.meddle = (kind) => (kind === 'result' ? { ok: false, code: 'BUSY', message: 'later', retry: true } : undefined);
    const dataDir = await mkdtemp(join(root, 'agent-')), first = await start({ dataDir });
    await coordinator.until(() => coordinator.count('result') > 1, 'tries');
    await first.stop();
    assert.equal(coordinator.released.length, 0);
    assert.equal((await readdir(join(dataDir, 'results'))).length, 1);
    coordinator.meddle = undefined;
    const fetches = coordinator.count('artifact'), second = await start({ dataDir });
    await delivered();
    assertProof(coordinator.results[0]);
    assert.equal(coordinator.count('artifact'), fetches);
    await coordinator.until(() => second.running().length === 0, 'the end');
    await second.stop();
    assert.deepEqual(await readdir(join(dataDir, 'results')), []);
    assert.equal((await readFile(join(dataDir, 'running.json'), 'utf8')).includes(made.job.jobId), false);
  });

  it('goes on with an unfinished job after it was killed, under the same lease, unless that is lost', async () => {
    coordinator.queue.push(made.job);
    coordinator.heartbeatMs = 30;
    const first = await start(), [killed, late] = await Promise.all([mkdtemp(join(root, 'agent-')), mkdtemp(join(root, 'agent-'))]);
    await working();
    // What is on disk at this moment is what a kill would leave.
    for (const copy of [killed, late]) await cp(first.dataDir, copy, { recursive: true });
    await first.stop();
    coordinator.released.length = 0;
    const second = await start({ dataDir: killed });
    await delivered();
    assertProof(coordinator.results[0]);
    assert.equal(coordinator.results[0].token, coordinator.tokenOf(made.job));
    await second.stop();
    coordinator.takeAway(made.job);
    const third = await start({ dataDir: late });
    await coordinator.until(() => third.running().length === 0, 'the job to be dropped');
    assert.deepEqual([coordinator.results.length, coordinator.released.length], [1, 0]);
  });

  it('takes a better offer instead of a job that has hardly begun, and hands that back', async () => {
    const [block] = made.job.blocks, first = { ...made.job, jobId: `0x${'7'.repeat(64)}` as const, blocks: [{ ...block, package: `0x${'8'.repeat(64)}` as const }] };
    coordinator.queue.push(first);
    coordinator.heartbeatMs = 30;
    let offered = false;
    // The first one's package hangs: it does not get on.
    coordinator.meddle = async (kind, body) => {
      if (kind === 'artifact' && (body as ProverMessage<'artifact'>).hash === first.blocks[0].package) return { ok: false, code: 'BUSY', message: 'later', retry: true };
      if (kind !== 'heartbeat' || offered) return undefined;
      offered = true;
      return { ok: true, order: 'continue', better: await coordinator.offer(made.job, account.address, `0x${'0'.repeat(64)}`) };
    };
    await start({ parallel: 2 });
    await delivered();
    assertProof(coordinator.results[0]);
    const { jobId, reason } = await released();
    assert.deepEqual([jobId, reason], [first.jobId, 'unwanted']);
  });

  it('hands its job back when it is stopped, and finishes it first when it is to drain', async () => {
    coordinator.queue.push(made.job);
    coordinator.heartbeatMs = 30;
    const first = await start();
    await working();
    await first.stop();
    assert.equal((await released()).reason, 'shutdown');
    coordinator.queue.push(made.job);
    const second = await start();
    await coordinator.until(() => second.running().length > 0, 'a job');
    await second.stop({ drain: true });
    assertProof(coordinator.results[0]);
  });

  it('refuses offers that another key signed', async () => {
    coordinator.queue.push(made.job);
    coordinator.signer = privateKeyToAccount(generatePrivateKey());
    const agent = await start();
    await coordinator.until(() => coordinator.queue.length === 0 && coordinator.count('lease') > 0, 'an offer');
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual([agent.running(), coordinator.count('artifact')], [[], 0]);
  });

  it('refuses offers for another key, selector, class or chain, and hands them back', async () => {
    const word = `0x${'1'.repeat(64)}` as const;
    const strange: Partial<ProofJob>[] = [{ vkHash: word }, { selector: word }, { className: '16x16' }, { chainId: 5 }];
    coordinator.queue.push(...strange.map((change, i) => ({ ...made.job, ...change, jobId: `0x${String(i).repeat(64)}` as const })));
    await start({ parallel: 4 });
    await coordinator.until(() => coordinator.released.length === strange.length, 'releases');
    assert.ok(coordinator.released.every(({ reason, code }) => reason === 'unwanted' && code === 'NOT_MINE'));
    assert.equal(coordinator.count('artifact'), 0);
  });

  it('fails on packages that are not of the job, and says which field', async () => {
    coordinator.queue.push({ ...made.job, blocks: [{ ...made.job.blocks[0], fees: ['1', '1'] }] });
    await start();
    const { reason, code, message } = await released();
    assert.deepEqual([reason, code], ['error', 'PACKAGE_JOB']);
    assert.match(message, /fees\[0\]/);
  });

  it('proves with fee 0 what was refunded', async () => {
    const [{ fees, ...block }] = made.job.blocks;
    coordinator.queue.push({ ...made.job, blocks: [{ ...block, fees: [fees[0], '0'] }] });
    await start();
    await delivered();
    assert.deepEqual(jobSchema.parse(JSON.parse(coordinator.results[0].job)).fees.slice(0, 2), [BigInt(fees[0]), 0n]);
  });

  it('ends when the coordinator refuses it for good, or is another one than it was told', async () => {
    coordinator.meddle = (kind) => (kind === 'hello' ? { ok: false, code: 'NOT_ADMITTED', message: 'no stake', retry: false } : undefined);
    await assert.rejects(start(), (e: AttributionError) => e instanceof LoginRefusedError && e.code === 'NOT_ADMITTED');
    coordinator.meddle = (kind) => (kind === 'hello' ? { ok: true, session: `0x${'1'.repeat(64)}`, coordinator: account.address, heartbeatMs: 10 } : undefined);
    await assert.rejects(start(), (e: AttributionError) => e instanceof LoginRefusedError && e.code === 'COORDINATOR');
    await coordinator.closeHttp();
    await assert.rejects(agentAt('http://127.0.0.1:9', { dryRun: true }), (e: AttributionError) => e instanceof TransportError);
  });
});

describe('prover agent over libp2p', () => {
  it('proves a job, asks at once when jobs are announced, and keeps its peer id', async () => {
    await coordinator.listenLibp2p();
    coordinator.waitMs = 60_000;
    const dataDir = await mkdtemp(join(root, 'agent-')), agent = await agentAt(coordinator.multiaddr, { dataDir });
    assert.match(agent.profile.peerId!, /^12D3/);
    await coordinator.until(() => coordinator.count('lease') > 0, 'a lease');
    for (let i = 0; i < 100 && coordinator.subscribers === 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    // Its first connection woke it as well: the job comes after that.
    await new Promise((resolve) => setTimeout(resolve, 200));
    coordinator.queue.push(made.job);
    await coordinator.announce();
    await delivered();
    assertProof(coordinator.results[0]);
    await agent.stop();
    assert.equal((await agentAt(coordinator.multiaddr, { dataDir, dryRun: true })).profile.peerId, agent.profile.peerId);
  });

  it('goes on over HTTP when libp2p does not answer', async () => {
    coordinator.queue.push(made.job);
    await agentAt('/ip4/127.0.0.1/tcp/9/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5', { httpFallback: coordinator.url, coordinatorAddress: undefined, chainId: undefined });
    await delivered();
    assertProof(coordinator.results[0]);
  });
});
