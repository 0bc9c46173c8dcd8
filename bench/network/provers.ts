/**
 * The coordinator's prover side under many provers, all in one process with it: clients sign, the coordinator checks signatures, keeps
 * queue and log on disk, and signs offers. Proofs are not made and not checked.
 *   steady     every prover leases, reports once, sends a result, in its own rhythm: latency of a lease as a prover sees it
 *   saturated  a few provers without pauses: messages a second
 * Run: node dist/bench/main.js provers [--http 1000] [--libp2p 200] [--proof-seconds 60] [--seconds 60] [--out file]
 * Results: bench/results/provers.json
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { multiaddr } from '@multiformats/multiaddr';
import Fastify from 'fastify';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { openEmbedded } from '../../coordinator/backend.js';
import { ProverNetwork, proverRoutes } from '../../coordinator/network/index.js';
import { ProverService, type AcceptedKey, type ResultVerifier } from '../../coordinator/scheduler/index.js';
import type { ArtifactStore } from '../../coordinator/store/types.js';
import type { JobFile } from '../../src/protocol/artifacts.js';
import { exchange } from '../../src/protocol/network/framing.js';
import { laneOf, MESSAGE_MAX, NO_SESSION, PROTOCOL_VERSION, PROVER_PROTOCOL, sealEnvelope, type Offer, type ProofJob, type ProverReply } from '../../src/protocol/network/index.js';
import { createPeer, type Peer } from '../../src/protocol/network/peer.js';
import { printTable, progress, writeReport } from '../report.js';

const { values: args } = parseArgs({ options: { http: { type: 'string', default: '1000' }, libp2p: { type: 'string', default: '200' }, 'proof-seconds': { type: 'string', default: '60' }, seconds: { type: 'string', default: '60' }, out: { type: 'string' } } });
const [httpCount, libp2pCount, proofSeconds, seconds] = [args.http, args.libp2p, args['proof-seconds'], args.seconds].map(Number);
if (![httpCount, libp2pCount].every((n) => Number.isInteger(n) && n >= 0) || !(proofSeconds > 0) || !(seconds > 0)) {
  console.error('provers bench: --http and --libp2p are counts, --proof-seconds and --seconds above 0');
  process.exit(2);
}

const CHAIN = 31337, VK: Hex = `0x${'ab'.repeat(32)}`, SATURATING = 32, SATURATED_SECONDS = 10;
const word = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });
const quantile = (sorted: readonly number[], q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;

/** Artifacts that are not kept: all results are the same bytes. */
const nowhere: ArtifactStore = { put: async () => undefined, get: async () => undefined, has: async () => false, delete: async () => undefined };
const unchecked: ResultVerifier = { verify: async () => ({ ok: true, file: {} as JobFile }), close: async () => undefined };

const dir = await mkdtemp(join(tmpdir(), 'zkattr-bench-provers-')), backend = openEmbedded(dir), coordinator = privateKeyToAccount(generatePrivateKey());
let completed = 0;
const service = new ProverService({
  ...backend, artifacts: nowhere, identity: { chainId: CHAIN, signer: coordinator }, keys: [{ className: '4x4', vkHash: VK, key: undefined as unknown as AcceptedKey['key'] }],
  registry: new Registry(), logger: pino({ level: 'warn' }), verifier: unchecked, events: { proved: () => { completed++; } }, limits: { burst: 1e9, perSecond: 1e9, concurrency: 4096 },
});
const app = Fastify(), peers: Peer[] = [];
await app.register(proverRoutes(service));
const url = await app.listen({ host: '127.0.0.1', port: 0 });
const network = await ProverNetwork.open({ service, queue: backend.queue, key: await generateKeyPair('Ed25519'), listen: ['/ip4/127.0.0.1/tcp/0'], logger: pino({ level: 'silent' }), inboundConnectionThreshold: 10_000 });

let jobs = 0;
async function enqueue(count: number): Promise<void> {
  // Together: writes of one turn share a transaction.
  await Promise.all(Array.from({ length: count }, () => {
    const id = word(++jobs);
    const job: ProofJob = {
      format: 'zkattr-proof-job', jobId: id, relation: 'payout', className: '4x4', vkHash: VK, selector: word(7), chainId: CHAIN, verifier: `0x${'66'.repeat(20)}`, settlement: `0x${'55'.repeat(20)}`,
      recordId: word(8), record: word(9), blocks: [{ blockId: word(10), package: word(11), fees: ['1'] }], queries: 1, deadline: 4_000_000_000,
    };
    return backend.queue.enqueue({ id, lane: laneOf('payout', '4x4', VK), priority: 0, deadline: 4e12, memoryBytes: 1, payload: JSON.stringify(job) });
  }));
}

type Send = (kind: string, envelope: unknown) => Promise<unknown>;
const overHttp: Send = async (kind, envelope) => (await fetch(`${url}/v1/prover/${kind}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(envelope) })).json();
const overLibp2p = (peer: Peer): Send => async (_, envelope) => {
  const connection = await peer.dial(multiaddr(network.addresses[0])), stream = await connection.newStream(PROVER_PROTOCOL);
  return JSON.parse(new TextDecoder().decode(await exchange(stream, new TextEncoder().encode(JSON.stringify(envelope)), { max: MESSAGE_MAX, timeoutMs: 60_000 })));
};

const counted = { messages: 0, refused: new Map<string, number>() };
const latencies: Record<'http' | 'libp2p', number[]> = { http: [], libp2p: [] };

class Simulated {
  #session: Hex = NO_SESSION;
  #sequence = 0;
  readonly #account = privateKeyToAccount(generatePrivateKey());
  constructor(readonly transport: 'http' | 'libp2p', private readonly send: Send, private readonly peerId?: string) {}

  async hello(): Promise<void> {
    const reply = await this.#ask<ProverReply<'hello'>>('hello', {
      protocol: PROTOCOL_VERSION, version: 'bench', ...(this.peerId && { peerId: this.peerId }), backend: 'none', cpu: 'none', cores: 1, gpus: [], memoryBytes: 1 << 30, parallel: 1,
      classes: [{ className: '4x4', relation: 'payout', vkHash: VK, seconds: proofSeconds, peakBytes: 1 }],
    });
    if (!reply.ok) throw new Error(`${reply.code}: ${reply.message}`);
    this.#session = reply.session;
  }

  /** One job, or one question in vain. */
  async work(proofMs: number, sample: boolean): Promise<void> {
    const start = performance.now(), reply = await this.#ask<ProverReply<'lease'>>('lease', { free: 1, memoryBytes: 1 << 30, running: [] });
    if (sample) latencies[this.transport].push(performance.now() - start);
    if (!reply.ok || reply.offers.length === 0) return sleep(reply.ok ? reply.waitMs : 1000);
    const { job: { jobId }, token } = JSON.parse(reply.offers[0].body) as Offer;
    await sleep(proofMs / 2);
    await this.#ask('heartbeat', { jobId, token, stage: 'none', progress: 0.5 });
    await sleep(proofMs / 2);
    await this.#ask('result', { jobId, token, seconds: 1, peakBytes: 1, job: '{}' });
  }

  async #ask<R>(kind: string, body: unknown): Promise<R> {
    const envelope = await sealEnvelope(this.#account, { kind, chainId: CHAIN, to: coordinator.address, session: this.#session, sequence: ++this.#sequence, sentAt: Date.now(), body });
    const reply = await this.send(kind, envelope) as { ok: boolean; code?: string };
    counted.messages++;
    if (!reply.ok) counted.refused.set(reply.code ?? '?', (counted.refused.get(reply.code ?? '?') ?? 0) + 1);
    return reply as R;
  }
}

try {
  progress(`${httpCount} provers over HTTP, ${libp2pCount} over libp2p log in`);
  const provers: Simulated[] = [];
  for (let i = 0; i < libp2pCount; i++) {
    const peer = await createPeer();
    peers.push(peer);
    provers.push(new Simulated('libp2p', overLibp2p(peer), peer.peerId.toString()));
  }
  for (let i = 0; i < httpCount; i++) provers.push(new Simulated('http', overHttp));
  const loginStart = performance.now();
  for (let i = 0; i < provers.length; i += 20) await Promise.all(provers.slice(i, i + 20).map((prover) => prover.hello()));
  const loginSeconds = (performance.now() - loginStart) / 1000, { online } = await service.proverCounts();
  if (online !== provers.length) throw new Error(`${online} provers are online of ${provers.length}`);
  await enqueue(Math.ceil(provers.length * (2 + (2 * seconds) / proofSeconds)));

  progress(`steady: a proof takes ${proofSeconds} s, for ${seconds} s after one round`);
  let [measuring, running] = [false, true];
  const from = performance.now();
  const loops = provers.map(async (prover) => {
    // Spread over one proof's time, as if they had joined one after the other.
    await sleep(Math.random() * proofSeconds * 1000);
    while (running) await prover.work(Math.min(proofSeconds * (0.5 + Math.random()), running ? Infinity : 0) * 1000, measuring);
  });
  await sleep(proofSeconds * 1000);
  measuring = true;
  const before = { messages: counted.messages, completed, at: performance.now() };
  await sleep(seconds * 1000);
  const steadySeconds = (performance.now() - before.at) / 1000, steadyMessages = counted.messages - before.messages, steadyCompleted = completed - before.completed;
  [measuring, running] = [false, false];
  await Promise.all(loops);
  progress(`steady ended after ${((performance.now() - from) / 1000).toFixed(0)} s`);

  const saturating = [...provers.filter((p) => p.transport === 'http').slice(0, SATURATING / 2), ...provers.filter((p) => p.transport === 'libp2p').slice(0, SATURATING / 2)];
  await enqueue(SATURATED_SECONDS * 300);
  const loaded = { messages: counted.messages, at: performance.now() }, cpu = process.cpuUsage();
  await Promise.all(saturating.map(async (prover) => { while (performance.now() - loaded.at < SATURATED_SECONDS * 1000) await prover.work(0, false); }));
  const saturatedSeconds = (performance.now() - loaded.at) / 1000, saturatedMessages = counted.messages - loaded.messages, { user, system } = process.cpuUsage(cpu);

  const counts = await backend.queue.counts(), log = await backend.log.head();
  if (counts.done !== completed || counts.leased !== 0 || counted.refused.size > 0) throw new Error(`${counts.done} done, ${completed} told, ${counts.leased} leased, refused: ${JSON.stringify([...counted.refused])}`);
  const leaseLatencyMs = Object.fromEntries((['http', 'libp2p'] as const).map((transport) => {
    const sorted = latencies[transport].sort((a, b) => a - b);
    return [transport, { samples: sorted.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted[sorted.length - 1] ?? NaN }];
  }));
  printTable('Lease latency, ms, as a prover sees it', ['transport', 'samples', 'p50', 'p99', 'max'], Object.entries(leaseLatencyMs).map(([name, l]) => [name, l.samples, l.p50, l.p99, l.max]));
  printTable('Messages a second', ['phase', 'messages', 'jobs'], [['steady', steadyMessages / steadySeconds, steadyCompleted / steadySeconds], ['saturated', saturatedMessages / saturatedSeconds, saturatedMessages / saturatedSeconds / 3]]);
  await writeReport({
    bench: 'provers', command: `node dist/bench/main.js provers --http ${httpCount} --libp2p ${libp2pCount} --proof-seconds ${proofSeconds} --seconds ${seconds}`,
    note: 'clients and coordinator share one process and its event loop; every message is signed and checked; queue and log on disk; proofs are neither made nor checked',
    provers: { http: httpCount, libp2p: libp2pCount }, proofSeconds, loginsPerSecond: provers.length / loginSeconds, leaseLatencyMs,
    steady: { seconds: steadySeconds, messagesPerSecond: steadyMessages / steadySeconds, jobsPerSecond: steadyCompleted / steadySeconds },
    saturated: { provers: saturating.length, seconds: saturatedSeconds, messagesPerSecond: saturatedMessages / saturatedSeconds, cpuSecondsPerMessage: (user + system) / 1e6 / saturatedMessages },
    jobsDone: counts.done, logEntries: log.entries, residentMiB: process.memoryUsage.rss() / 2 ** 20,
  }, args.out);
} finally {
  await Promise.all(peers.map((peer) => peer.stop()));
  await network.close();
  app.server.closeAllConnections();
  await app.close();
  await service.close();
  await backend.close();
  await rm(dir, { recursive: true, force: true });
}
