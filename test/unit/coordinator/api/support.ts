/** The HTTP API over a file database, without a chain: what asks the chain is a stand-in of the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { keccak256, toBytes, type Hex, type LocalAccount } from 'viem';
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts';
import { buildApi, Operators, Uploads, type ApiOptions, type UploadOptions } from '../../../../coordinator/api/index.js';
import { openArtifacts, openEmbedded, type Backend } from '../../../../coordinator/backend.js';
import { Documents, IntakeMetrics, JobEvents, JobViews, type ChainView, type JobEntry } from '../../../../coordinator/intake/index.js';
import type { ArtifactStore } from '../../../../coordinator/store/types.js';
import { NO_SESSION, sealEnvelope } from '../../../../src/protocol/network/index.js';

export const CHAIN = 31337, MAX = 1 << 20, RECEIVING = 2 << 20;
export const word = (text: string): Hex => keccak256(toBytes(text));

export class ApiWorld {
  now = 1_900_000_000_000;
  readonly dir = mkdtempSync(join(tmpdir(), 'zkattr-api-'));
  readonly coordinator = privateKeyToAccount(generatePrivateKey());
  readonly node = privateKeyToAccount(generatePrivateKey());
  /** Also the coordinator of a local chain, to the command line. */
  readonly operator = mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex: 8 });
  readonly stranger = privateKeyToAccount(generatePrivateKey());
  readonly registry = new Registry();
  readonly shutdown = new AbortController();
  readonly revived: Hex[] = [];
  backend!: Backend; artifacts!: ArtifactStore; documents!: Documents; events!: JobEvents; uploads!: Uploads; operators!: Operators; app!: FastifyInstance; url = '';
  /** Thrown by the intake, whatever is handed in. */
  fault: unknown = new Error('not set');

  static async open(change: Partial<ApiOptions> = {}, uploading: Partial<UploadOptions> = {}): Promise<ApiWorld> {
    const world = new ApiWorld(), { coordinator, node, registry } = world, clock = (): number => world.now;
    world.backend = openEmbedded(join(world.dir, 'store'));
    const { queue, records, log } = world.backend;
    world.artifacts = await openArtifacts(join(world.dir, 'artifacts'), { maxBytes: MAX });
    world.documents = new Documents(records, clock);
    world.events = new JobEvents(records, clock);
    const chain = { economy: { deployment: { chainId: CHAIN } }, isActiveNode: async (account: Hex) => account === node.address, hasAdapterStake: async () => false, clock: async () => ({ block: 1, seconds: 1 }) } as unknown as ChainView;
    world.uploads = new Uploads({ artifacts: world.artifacts, documents: world.documents, chain, coordinator: coordinator.address, artifactBytes: MAX, receivingBytes: RECEIVING, bytesPerHour: 8 << 20, uploaders: [], clockSkewMs: 60_000, now: clock, ...uploading });
    world.operators = new Operators({
      documents: world.documents, chainId: CHAIN, coordinator: coordinator.address, operators: [world.operator.address], clockSkewMs: 60_000, now: clock,
      jobs: { revive: async (jobId, signedAt) => { world.revived.push(jobId); return world.documents.moveJob(jobId, ['dead'], { phase: 'waiting', revivedAt: signedAt }); } },
    });
    const throws = async (): Promise<never> => { throw world.fault; };
    world.app = await buildApi({
      intake: { record: throws, block: throws, request: throws, cancel: throws } as never, documents: world.documents, events: world.events, uploads: world.uploads, operators: world.operators, queue, log, chainId: CHAIN, coordinator: coordinator.address, contracts: {},
      views: new JobViews({ documents: world.documents, events: world.events, queue, provers: { timeline: async () => [] }, settler: { intent: async () => undefined }, chain }), provers: { knownProvers: async () => [], provers: () => [], proverCounts: async () => ({ online: 0, known: 0 }) },
      terms: { protocol: 1, classes: [{ className: '4x4', relation: 'payout', vkHash: word('key') }], clockSkewMs: 60_000, admission: 'open' }, plugins: [], registry, metrics: new IntakeMetrics(registry, world.documents), logger: pino({ level: 'silent' }), ready: async () => {}, limits: { bodyBytes: 10_000, perMinute: 100_000, eventStreams: 2 }, trustProxy: false, signal: world.shutdown.signal, ...change,
    });
    await world.app.listen({ host: '127.0.0.1', port: 0 });
    world.url = `http://127.0.0.1:${(world.app.server.address() as AddressInfo).port}`;
    return world;
  }

  async close(): Promise<void> {
    this.shutdown.abort();
    await this.app.close();
    await this.backend.close();
    rmSync(this.dir, { recursive: true, force: true });
  }

  async job(name: string, change: Partial<JobEntry> = {}): Promise<Hex> {
    const jobId = word(name);
    await this.documents.jobs.create(jobId, { jobId, phase: 'waiting', className: '4x4', recordId: word('record'), blockIds: [word('block')], queries: 1, fees: '1', deadline: 1, createdAt: this.now, updatedAt: this.now, rounds: 0, ...change });
    return jobId;
  }

  async envelope(signer: LocalAccount, kind: string, body: unknown, change: object = {}): Promise<string> {
    return JSON.stringify(await sealEnvelope(signer, { kind, chainId: CHAIN, to: this.coordinator.address, session: NO_SESSION, sequence: 0, sentAt: this.now, body, ...change }));
  }
  /** Header of an upload. */
  async authorization(data: Uint8Array, { signer = this.node as LocalAccount, hash = keccak256(data), bytes = data.length, ...change }: { signer?: LocalAccount; hash?: Hex; bytes?: number; kind?: string; sentAt?: number } = {}): Promise<string> {
    const { kind = 'upload', ...rest } = change;
    return `zkattr ${Buffer.from(await this.envelope(signer, kind, { hash, bytes }, rest)).toString('base64url')}`;
  }
}
