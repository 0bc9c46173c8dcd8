/** A coordinator's prover side on a real embedded queue in a fresh folder, with a clock that tests set, and provers that sign for real. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { Address, Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import { openEmbedded, type Backend } from '../../../../coordinator/backend.js';
import type { QueueOptions } from '../../../../coordinator/queue/types.js';
import type { ArtifactStore } from '../../../../coordinator/store/types.js';
import { ProverService, type AcceptedKey, type Channel, type LogBody, type ProverServiceOptions } from '../../../../coordinator/scheduler/index.js';
import { laneOf, NO_SESSION, offerSchema, openEnvelope, PROTOCOL_VERSION, sealEnvelope, type Envelope, type Offer, type ProofJob, type ProverProfile, type ProverReply } from '../../../../src/protocol/network/index.js';

export const word = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`;
export const VK = word(0xabc), OTHER_VK = word(0xdef), CHAIN = 31337, HTTP: Channel = { transport: 'http' };
export const STUB_KEY = { className: '4x4', vkHash: VK, key: undefined as unknown as AcceptedKey['key'] };

export class MemoryArtifacts implements ArtifactStore {
  readonly data = new Map<Hex, Uint8Array>();
  async put(hash: Hex, data: Uint8Array): Promise<void> { this.data.set(hash, data); }
  async get(hash: Hex): Promise<Uint8Array | undefined> { return this.data.get(hash); }
  async has(hash: Hex): Promise<boolean> { return this.data.has(hash); }
  async delete(hash: Hex): Promise<void> { this.data.delete(hash); }
}

export const stubJob = (n: number, change: Partial<ProofJob> = {}): ProofJob => ({
  format: 'zkattr-proof-job', jobId: word(n), relation: 'payout', className: '4x4', vkHash: VK, selector: word(7), chainId: CHAIN, verifier: `0x${'66'.repeat(20)}`, settlement: `0x${'55'.repeat(20)}`,
  recordId: word(8), record: word(9), blocks: [{ blockId: word(10), package: word(0x1000 + n), fees: ['1'] }], queries: 1, deadline: 4_000_000_000, ...change,
});

/** Coordinator side; `restart` is a new process on the same store. */
export class Station {
  now = 1_800_000_000_000;
  readonly artifacts = new MemoryArtifacts();
  readonly coordinator = privateKeyToAccount(generatePrivateKey());
  service!: ProverService;
  registry!: Registry;
  private constructor(readonly dir: string, readonly backend: Backend, private readonly options: Partial<ProverServiceOptions>) {}

  static async open(options: Partial<ProverServiceOptions> = {}, queue: Partial<QueueOptions> = {}): Promise<Station> {
    const dir = await mkdtemp(join(tmpdir(), 'zkattr-scheduler-'));
     
    let station: Station;
    const backend = openEmbedded(dir, { backoffMs: 0, maxBackoffMs: 0, ...queue, now: () => station.now });
    station = new Station(dir, backend, options);
    station.restart();
    return station;
  }

  restart(): void {
    const { queue, records, log } = this.backend;
    this.registry = new Registry();
    this.service = new ProverService({
      queue, records, log, artifacts: this.artifacts, identity: { chainId: CHAIN, signer: this.coordinator }, keys: [STUB_KEY], registry: this.registry, logger: pino({ level: 'silent' }), now: () => this.now, ...this.options,
    });
  }

  async enqueue(job: ProofJob, change: { priority?: number; deadline?: number; memoryBytes?: number } = {}): Promise<void> {
    await this.backend.queue.enqueue({ id: job.jobId, lane: laneOf('payout', job.className, job.vkHash), priority: 0, deadline: this.now + 3_600_000, memoryBytes: 1 << 20, ...change, payload: JSON.stringify(job) });
  }

  async log(): Promise<LogBody[]> { return (await this.backend.log.read(0, 10_000)).map((entry) => JSON.parse(entry.body) as LogBody); }
  async close(): Promise<void> {
    await this.service.close();
    await this.backend.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

export const profile = (change: Partial<ProverProfile> = {}): ProverProfile => ({
  protocol: PROTOCOL_VERSION, version: '0.1.0', backend: 'native', cpu: 'test', cores: 4, gpus: [], memoryBytes: 1 << 30, parallel: 1,
  classes: [{ className: '4x4', relation: 'payout', vkHash: VK, seconds: 10, peakBytes: 1 << 24 }], ...change,
});

/** Prover side: signs what a prover would. */
export class TestProver {
  session: Hex = NO_SESSION;
  sequence = 0;
  constructor(readonly station: Station, readonly account: PrivateKeyAccount = privateKeyToAccount(generatePrivateKey()), public channel: Channel = HTTP) {}
  get address(): Address { return this.account.address; }

  seal(kind: string, body: unknown, change: Partial<Envelope> = {}): Promise<Envelope> {
    return sealEnvelope(this.account, { kind, chainId: CHAIN, to: this.station.coordinator.address, session: this.session, sequence: ++this.sequence, sentAt: this.station.now, ...change, body } as Parameters<typeof sealEnvelope>[1]);
  }
  async send<R = ProverReply<'hello' | 'lease' | 'heartbeat' | 'result' | 'release'>>(kind: string, body: unknown, change: Partial<Envelope> = {}): Promise<R> {
    return await this.station.service.handle(kind, await this.seal(kind, body, change), this.channel) as R;
  }
  async hello(change: Partial<ProverProfile> = {}): Promise<ProverReply<'hello'>> {
    this.session = NO_SESSION;
    const reply = await this.send<ProverReply<'hello'>>('hello', profile(change));
    if (reply.ok) this.session = reply.session;
    this.station.now++;
    return reply;
  }
  async lease(change: { free?: number; memoryBytes?: number; running?: { jobId: Hex; token: number }[] } = {}): Promise<{ offers: Offer[]; why: string; waitMs: number }> {
    const reply = await this.send<ProverReply<'lease'>>('lease', { free: 1, memoryBytes: 1 << 30, running: [], ...change });
    if (!reply.ok) throw new Error(`${reply.code}: ${reply.message}`);
    return { ...reply, offers: await Promise.all(reply.offers.map((envelope) => this.opened(envelope))) };
  }
  async opened(envelope: Envelope): Promise<Offer> {
    const opened = await openEnvelope(envelope, { schema: offerSchema, chainId: CHAIN, to: this.address, now: this.station.now, clockSkewMs: 1000 });
    if (!opened.ok || opened.from !== this.station.coordinator.address || opened.envelope.kind !== 'offer') throw new Error(`offer: ${JSON.stringify(opened)}`);
    return opened.body;
  }
  heartbeat(jobId: Hex, token: number, progress = 0): Promise<ProverReply<'heartbeat'>> { return this.send('heartbeat', { jobId, token, stage: 'msm', progress }); }
  result(jobId: Hex, token: number, job: string): Promise<ProverReply<'result'>> { return this.send('result', { jobId, token, seconds: 1, peakBytes: 1, job }); }
  release(jobId: Hex, token: number, reason: string): Promise<ProverReply<'release'>> { return this.send('release', { jobId, token, reason, code: 'TEST', message: 'test' }); }
}
