/**
 * The coordinator's prover side under many provers, which are in a process of their own: they sign, the coordinator checks signatures,
 * keeps queue and log on disk, and signs offers. Proofs are not made and not checked.
 *   steady     every prover leases, reports once, sends a result, in its own rhythm: latency of a lease as a prover sees it
 *   saturated  a few provers without pauses: messages a second
 * Run: node dist/bench/main.js provers [--http 1000] [--libp2p 200] [--proof-seconds 60] [--seconds 60] [--out file]
 * Results: bench/results/provers.json
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generateKeyPair } from '@libp2p/crypto/keys';
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
import { laneOf, type ProofJob } from '../../src/protocol/network/index.js';
import { printTable, progress, writeReport } from '../report.js';
import type { Order, Outcome } from './simulatedProvers.js';

const { values: args } = parseArgs({ options: { http: { type: 'string', default: '1000' }, libp2p: { type: 'string', default: '200' }, 'proof-seconds': { type: 'string', default: '60' }, seconds: { type: 'string', default: '60' }, out: { type: 'string' } } });
const [httpCount, libp2pCount, proofSeconds, seconds] = [args.http, args.libp2p, args['proof-seconds'], args.seconds].map(Number);
if (![httpCount, libp2pCount].every((n) => Number.isInteger(n) && n >= 0) || !(proofSeconds > 0) || !(seconds > 0)) {
  console.error('provers bench: --http and --libp2p are counts, --proof-seconds and --seconds above 0');
  process.exit(2);
}

const CHAIN = 31337, VK: Hex = `0x${'ab'.repeat(32)}`, SATURATING = 32, SATURATED_SECONDS = 10;
const word = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`;
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
const app = Fastify();
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

const child = fork(fileURLToPath(new URL('./simulatedProvers.js', import.meta.url)));
/** Of one order to the provers. @throws when they ended */
async function ask(order: Order): Promise<Outcome & { cpuSeconds: number }> {
  const cpu = process.cpuUsage();
  const outcome = await new Promise<Outcome>((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the provers' process ended with ${code}`));
    child.once('exit', ended).once('message', (message) => { child.off('exit', ended); resolve(message as Outcome); }).send(order);
  });
  const { user, system } = process.cpuUsage(cpu), refused = Object.entries(outcome.refused);
  if (refused.length > 0) throw new Error(`${order.do}: refused: ${JSON.stringify(refused)}`);
  return { ...outcome, cpuSeconds: (user + system) / 1e6 };
}

try {
  const provers = httpCount + libp2pCount;
  progress(`${httpCount} provers over HTTP, ${libp2pCount} over libp2p log in`);
  const login = await ask({ do: 'login', setup: { url, address: network.addresses[0], coordinator: coordinator.address, chainId: CHAIN, vkHash: VK, http: httpCount, libp2p: libp2pCount, proofSeconds } }), { online } = await service.proverCounts();
  if (online !== provers) throw new Error(`${online} provers are online of ${provers}`);
  await enqueue(Math.ceil(provers * (2 + (2 * seconds) / proofSeconds)));

  progress(`steady: a proof takes ${proofSeconds} s, for ${seconds} s after one round`);
  const steady = await ask({ do: 'steady', seconds });
  progress('saturated');
  await enqueue(SATURATED_SECONDS * 1000);
  const saturated = await ask({ do: 'saturate', provers: SATURATING, seconds: SATURATED_SECONDS });

  const counts = await backend.queue.counts(), log = await backend.log.head();
  if (counts.done !== completed || counts.leased !== 0) throw new Error(`${counts.done} done, ${completed} told, ${counts.leased} leased`);
  const leaseLatencyMs = Object.fromEntries((['http', 'libp2p'] as const).map((transport) => {
    const sorted = steady.latencies[transport].sort((x, y) => x - y);
    return [transport, { samples: sorted.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted[sorted.length - 1] ?? NaN }];
  }));
  const rates = ({ messages, seconds: took, cpuSeconds }: typeof saturated): { seconds: number; messagesPerSecond: number; cpuMillisPerMessage: number } => ({ seconds: took, messagesPerSecond: messages / took, cpuMillisPerMessage: (cpuSeconds * 1000) / messages });
  const busy = rates(saturated), calm = { seconds: steady.seconds, messagesPerSecond: steady.messages / steady.seconds };
  printTable('Lease latency, ms, as a prover sees it', ['transport', 'samples', 'p50', 'p99', 'max'], Object.entries(leaseLatencyMs).map(([name, l]) => [name, l.samples, l.p50, l.p99, l.max]));
  printTable('Messages a second', ['phase', 'messages', 'CPU ms of the coordinator each'], [['login', login.messages / login.seconds, (login.cpuSeconds * 1000) / login.messages], ['steady', calm.messagesPerSecond, ''], ['saturated', busy.messagesPerSecond, busy.cpuMillisPerMessage]]);
  await writeReport({
    bench: 'provers', command: `node dist/bench/main.js provers --http ${httpCount} --libp2p ${libp2pCount} --proof-seconds ${proofSeconds} --seconds ${seconds}`,
    note: 'coordinator in one process, provers in another; every message is signed and checked; queue and log on disk; proofs are neither made nor checked',
    provers: { http: httpCount, libp2p: libp2pCount }, proofSeconds, leaseLatencyMs, login: rates(login), steady: calm, saturated: { provers: SATURATING, ...busy },
    jobsDone: counts.done, logEntries: log.entries, residentMiB: process.memoryUsage.rss() / 2 ** 20,
  }, args.out);
} finally {
  if (child.connected) child.send({ do: 'end' } satisfies Order);
  await network.close();
  app.server.closeAllConnections();
  await app.close();
  await service.close();
  await backend.close();
  await rm(dir, { recursive: true, force: true });
}
