/**
 * Provers without proofs, in a process of their own: they log in, lease, report once, send a result. Child of provers.ts, which tells it what
 * to do by messages and is told by messages what came of it.
 */
import { multiaddr } from '@multiformats/multiaddr';
import type { Address, Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { exchange } from '../../src/protocol/network/framing.js';
import { MESSAGE_MAX, NO_SESSION, PROTOCOL_VERSION, PROVER_PROTOCOL, sealEnvelope, type Offer, type ProverReply } from '../../src/protocol/network/index.js';
import { createPeer, type Peer } from '../../src/protocol/network/peer.js';

export type Transport = 'http' | 'libp2p';
export interface Setup {
  url: string;
  address: string;
  coordinator: Address;
  chainId: number;
  vkHash: Hex;
  http: number;
  libp2p: number;
  proofSeconds: number;
}
export type Order =
  | { do: 'login'; setup: Setup }
  /** Every prover in its own rhythm, spread over one proof's time; latencies are taken after one round. */
  | { do: 'steady'; seconds: number }
  /** Half of these of each transport, without pauses. */
  | { do: 'saturate'; provers: number; seconds: number }
  | { do: 'end' };
export interface Outcome {
  seconds: number;
  messages: number;
  /** Milliseconds, in the order they came. */
  latencies: Record<Transport, number[]>;
  /** By code. */
  refused: Record<string, number>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

class Simulated {
  #session: Hex = NO_SESSION;
  #sequence = 0;
  readonly #account = privateKeyToAccount(generatePrivateKey());
  constructor(private readonly setup: Setup, private readonly tally: Outcome, readonly transport: Transport, private readonly peer?: Peer) {}

  async hello(): Promise<void> {
    const { vkHash, proofSeconds } = this.setup, reply = await this.#ask<ProverReply<'hello'>>('hello', {
      protocol: PROTOCOL_VERSION, version: 'bench', ...(this.peer && { peerId: this.peer.peerId.toString() }), backend: 'none', cpu: 'none', cores: 1, gpus: [], memoryBytes: 1 << 30, parallel: 1,
      classes: [{ className: '4x4', relation: 'payout', vkHash, seconds: proofSeconds, peakBytes: 1 }],
    });
    if (!reply.ok) throw new Error(`${reply.code}: ${reply.message}`);
    this.#session = reply.session;
  }

  /** One job, or one question in vain. */
  async work(proofMs: number): Promise<void> {
    const start = performance.now(), reply = await this.#ask<ProverReply<'lease'>>('lease', { free: 1, memoryBytes: 1 << 30, running: [] });
    this.tally.latencies[this.transport].push(performance.now() - start);
    if (!reply.ok || reply.offers.length === 0) return sleep(reply.ok ? reply.waitMs : 1000);
    const { job: { jobId }, token } = JSON.parse(reply.offers[0].body) as Offer;
    await sleep(proofMs / 2);
    await this.#ask('heartbeat', { jobId, token, stage: 'none', progress: 0.5 });
    await sleep(proofMs / 2);
    await this.#ask('result', { jobId, token, seconds: 1, peakBytes: 1, job: '{}' });
  }

  async #ask<R>(kind: string, body: unknown): Promise<R> {
    const { chainId, coordinator } = this.setup, { tally } = this;
    const envelope = JSON.stringify(await sealEnvelope(this.#account, { kind, chainId, to: coordinator, session: this.#session, sequence: ++this.#sequence, sentAt: Date.now(), body }));
    const reply = await (this.peer ? this.#overLibp2p(envelope) : this.#overHttp(kind, envelope)) as { ok: boolean; code?: string };
    tally.messages++;
    if (!reply.ok) tally.refused[reply.code ?? '?'] = (tally.refused[reply.code ?? '?'] ?? 0) + 1;
    return reply as R;
  }

  async #overHttp(kind: string, body: string): Promise<unknown> {
    return (await fetch(`${this.setup.url}/v1/prover/${kind}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json();
  }
  async #overLibp2p(text: string): Promise<unknown> {
    const connection = await this.peer!.dial(multiaddr(this.setup.address)), stream = await connection.newStream(PROVER_PROTOCOL);
    return JSON.parse(new TextDecoder().decode(await exchange(stream, new TextEncoder().encode(text), { max: MESSAGE_MAX, timeoutMs: 60_000 })));
  }
}

const tally: Outcome = { seconds: 0, messages: 0, latencies: { http: [], libp2p: [] }, refused: {} }, peers: Peer[] = [], provers: Simulated[] = [];
let proofSeconds = 0;
const since = (start: number): Outcome => ({ ...tally, seconds: (performance.now() - start) / 1000 });
const reset = (): void => { Object.assign(tally, { messages: 0, refused: {} }); tally.latencies.http.length = tally.latencies.libp2p.length = 0; };

async function login(setup: Setup): Promise<Outcome> {
  ({ proofSeconds } = setup);
  for (let i = 0; i < setup.libp2p; i++) {
    const peer = await createPeer();
    peers.push(peer);
    provers.push(new Simulated(setup, tally, 'libp2p', peer));
  }
  for (let i = 0; i < setup.http; i++) provers.push(new Simulated(setup, tally, 'http'));
  const start = performance.now();
  for (let i = 0; i < provers.length; i += 20) await Promise.all(provers.slice(i, i + 20).map((prover) => prover.hello()));
  return since(start);
}

async function steady(seconds: number): Promise<Outcome> {
  let running = true;
  const loops = provers.map(async (prover) => {
    await sleep(Math.random() * proofSeconds * 1000);
    while (running) await prover.work(proofSeconds * (0.5 + Math.random()) * 1000);
  });
  await sleep(proofSeconds * 1000);
  reset();
  const start = performance.now();
  await sleep(seconds * 1000);
  const outcome = structuredClone(since(start));
  running = false;
  await Promise.all(loops);
  return { ...outcome, refused: tally.refused };
}

async function saturate(count: number, seconds: number): Promise<Outcome> {
  reset();
  const chosen = (['http', 'libp2p'] as const).flatMap((transport) => provers.filter((p) => p.transport === transport).slice(0, count / 2)), start = performance.now();
  await Promise.all(chosen.map(async (prover) => { while (performance.now() - start < seconds * 1000) await prover.work(0); }));
  return since(start);
}

process.on('message', (order: Order) => {
  void (async () => {
    if (order.do === 'end') {
      await Promise.all(peers.map((peer) => peer.stop()));
      process.disconnect();
    } else process.send!(await (order.do === 'login' ? login(order.setup) : order.do === 'steady' ? steady(order.seconds) : saturate(order.provers, order.seconds)));
  })().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
