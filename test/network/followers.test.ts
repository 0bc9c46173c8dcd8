/** Coordinators of one Redis and one folder of artifacts: all take in and lease, one forms jobs and sends, and hands over, or loses, its place. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import type { Hex } from 'viem';
import type { CoordinatorHandle } from '../../coordinator/index.js';
import type { OnStep } from '../../coordinator/settlement/index.js';
import type { JobView } from '../../src/protocol/network/index.js';
import { addressOf } from '../support/story.js';
import { NO_REDIS, startRedis, type RedisServer } from '../support/redisServer.js';
import { until } from '../unit/inference/node/support.js';
import { NetworkWorld } from './networkWorld.js';

/** The machine may be slow: a term is long beside the pauses of tests that share it. */
const TERM_MS = 3000;

/** A way to Redis that can be cut. */
interface Line {
  url: string;
  cut: boolean;
  close(): Promise<void>;
}
async function startLine(target: string): Promise<Line> {
  const { hostname, port } = new URL(target), sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    if (line.cut) return void socket.destroy();
    const other = connect(Number(port), hostname);
    for (const [from, to] of [[socket, other], [other, socket]]) {
      sockets.add(from);
      from.on('error', () => undefined).on('close', () => { sockets.delete(from); to.destroy(); });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let cut = false;
  const line: Line = {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cut() { return cut; },
    set cut(value) { cut = value; if (value) for (const socket of sockets) socket.destroy(); },
    close: () => new Promise((resolve) => { line.cut = true; server.close(() => resolve()); }),
  };
  return line;
}

/** An endpoint of the chain that notes what is asked, and keeps back answers to some methods. */
interface Endpoint {
  url: string;
  seen: string[];
  /** Answers to these methods wait until it is undefined again. */
  held?: RegExp;
  close(): Promise<void>;
}
async function startEndpoint(target: string): Promise<Endpoint> {
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request), { method } = JSON.parse(body) as { method: string };
      endpoint.seen.push(method);
      const answer = await (await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text();
      while (endpoint.held?.test(method)) await new Promise((resolve) => setTimeout(resolve, 20));
      response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint: Endpoint = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen: [], close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => resolve()); }) };
  return endpoint;
}
async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

describe('coordinators of one Redis', { ...(NO_REDIS && { skip: NO_REDIS }) }, () => {
  let n: NetworkWorld, redis: RedisServer;
  const running: { handle: CoordinatorHandle; line: Line; endpoint: Endpoint }[] = [], closing: (() => Promise<void>)[] = [];
  let onStep: OnStep | undefined;
  type Member = (typeof running)[number];
  const join = async (): Promise<Member> => {
    const [line, endpoint] = [await startLine(redis.url), await startEndpoint(n.world.story.anvil.rpcUrl)];
    closing.push(() => line.close(), () => endpoint.close());
    const handle = await n.coordinator({ store: line.url, artifacts: n.world.path('shared'), rpcUrls: [endpoint.url], leaderTtlMs: TERM_MS, batch: { maxAgeMs: 50, tickMs: 50 }, onStep: (step, subject) => onStep?.(step, subject) }), member = { handle, line, endpoint };
    running.push(member);
    return member;
  };
  const leave = async (member: Member): Promise<void> => {
    running.splice(running.indexOf(member), 1);
    await member.handle.close();
  };
  const sends = ({ endpoint }: Member): number => endpoint.seen.filter((method) => method === 'eth_sendRawTransaction').length;
  const settledOnce = async ({ handle }: Member, blockId: Hex): Promise<JobView> => {
    const job = await n.client(handle.url).waitJob(await n.jobOf(handle.url, blockId));
    assert.equal(job.phase, 'settled', JSON.stringify(job.timeline));
    assert.equal((await n.world.as('node').events('settlement', 'JobSettled', { args: { jobId: job.jobId } })).length, 1);
    return job;
  };
  /** Every transaction of the account did what it was for: none was sent twice. */
  const noneFailed = async (): Promise<void> => {
    const { publicClient } = n.world.as('node').client, head = await publicClient.getBlockNumber();
    for (let number = 0n; number <= head; number++) {
      for (const { from, hash } of (await publicClient.getBlock({ blockNumber: number, includeTransactions: true })).transactions) {
        if (from === addressOf('coordinator').toLowerCase()) assert.equal((await publicClient.getTransactionReceipt({ hash })).status, 'success', hash);
      }
    }
  };
  let first: Member, second: Member;

  before(async () => {
    n = await NetworkWorld.begin();
    redis = await startRedis();
    first = await join();
    second = await join();
    await n.startNode(second.handle.url);
  });
  after(async () => {
    await n?.node?.close();
    for (const member of [...running]) await leave(member);
    for (const close of closing) await close();
    await redis?.stop();
    await n?.end();
  });

  it('settles at the leader what was handed in, leased and proved at a follower', async () => {
    assert.deepEqual([first.handle.leads(), second.handle.leads()], [true, false]);
    const blocks = [await n.serve(), await n.serve(2)], a = await n.testAgent(second.handle.url);
    const offer = await a.lease(), proof = await a.prove(offer);
    await a.deliver(offer, proof);
    let done = offer.job.blocks.map((b) => b.blockId);
    while (!blocks.every((id) => done.includes(id))) done = [...done, ...(await a.work()).job.blocks.map((b) => b.blockId)];
    for (const blockId of blocks) for (const member of [first, second]) await settledOnce(member, blockId);
    assert.equal(sends(second), 0, 'a follower sends nothing');
    assert.ok(sends(first) > 0);
    await a.deliver(offer, proof); // its answer was lost, say
    await settledOnce(second, blocks[0]);
  });

  it('serves a prover at one coordinator under a lease that another one gave', async () => {
    const blockId = await n.serve(), a = await n.testAgent(first.handle.url), offer = await a.lease(), proof = await a.prove(offer), moved = await n.testAgent(second.handle.url);
    await (await moved.say('lease', { free: 0, memoryBytes: 0, running: [{ jobId: offer.job.jobId, token: offer.token }] })).json();
    await moved.deliver(offer, proof);
    await settledOnce(first, blockId);
  });

  it('goes on where a leader that ends left off, at once', async () => {
    const waiting = await n.serve(), a = await n.testAgent(second.handle.url), offer = await a.lease(), taken = await n.serve(2);
    const ended = Date.now();
    await leave(first);
    await until('handed over', () => second.handle.leads());
    assert.ok(Date.now() - ended < 2 * TERM_MS);
    await a.deliver(offer, await a.prove(offer));
    await a.work();
    for (const blockId of [waiting, taken]) await settledOnce(second, blockId);
    await noneFailed();
  });

  // What a settlement asks last before it takes a nonce, and before it signs.
  for (const [where, held] of [['before its nonce', /^eth_(fillTransaction|estimateGas)$/], ['before its signature', /^eth_maxPriorityFeePerGas$/]] as const) {
    it(`sends nothing more when a leader has lost its term in the middle of a round, ${where}, and another one settles`, async () => {
      while (running.length < 2) await join();
      await until('one leads', () => running.some(({ handle }) => handle.leads()));
      const leader = running.find(({ handle }) => handle.leads())!, follower = running.find((member) => member !== leader)!;
      const blockId = await n.serve(), jobId = await n.jobOf(leader.handle.url, blockId), a = await n.testAgent(follower.handle.url), offer = await a.lease(), proof = await a.prove(offer);
      assert.equal(offer.job.jobId, jobId);
      // The chain does not answer the leader's question yet; then nobody hears of the leader any more.
      leader.endpoint.held = held;
      const asked = leader.endpoint.seen.length, sent = sends(leader);
      await a.deliver(offer, proof);
      await until('about to send', () => leader.endpoint.seen.slice(asked).some((method) => held.test(method)));
      leader.line.cut = true;
      await until('another one leads', () => follower.handle.leads());
      assert.equal(leader.handle.leads(), false, 'its own clock says so');
      await settledOnce(follower, blockId);
      leader.endpoint.held = undefined;
      await new Promise((resolve) => setTimeout(resolve, 500));
      leader.line.cut = false;
      await until('it follows', async () => (await fetch(`${leader.handle.url}/readyz`)).status === 200);
      await new Promise((resolve) => setTimeout(resolve, TERM_MS));
      assert.deepEqual([follower.handle.leads(), leader.handle.leads(), sends(leader) - sent], [true, false, 0]);
      await settledOnce(leader, blockId);
      await noneFailed();
    });
  }

  it('does not send what it has just stored when its term ended in between: who leads next does', async (t) => {
    t.after(() => { onStep = undefined; client.disconnect(); });
    const client = new Redis(redis.url), blockId = await n.serve(), a = await n.testAgent(running[0].handle.url), offer = await a.lease(), proof = await a.prove(offer), all = (): number => running.reduce((sum, member) => sum + sends(member), 0);
    let stored: number | undefined;
    onStep = async (step) => {
      if (step !== 'transaction.stored' || stored !== undefined) return;
      stored = all();
      await client.set('{zkattr}:leader', 'another', 'PX', TERM_MS);
    };
    await a.deliver(offer, proof);
    await until('stored', () => stored !== undefined);
    await new Promise((resolve) => setTimeout(resolve, TERM_MS / 2));
    assert.deepEqual([all(), running.some(({ handle }) => handle.leads())], [stored, false]);
    await settledOnce(running[0], blockId);
    assert.equal(all(), stored! + 1, 'the same bytes, once');
    await noneFailed();
  });

  it('takes a follower\'s blocks in through all of it: nothing is left over', async () => {
    const blockId = await n.serve(), [one, another] = running;
    await (await n.testAgent(another.handle.url)).work();
    await settledOnce(another, blockId);
    const { jobs, blocks } = await n.client(one.handle.url).stats(), { jobs: other } = await n.client(another.handle.url).stats();
    assert.deepEqual(jobs, other);
    assert.equal(jobs.waiting + jobs.leased + jobs.proved + jobs.settling + jobs.dead, 0);
    assert.equal(blocks.received + blocks.committed + blocks.assigned, 0);
    await noneFailed();
  });
});
