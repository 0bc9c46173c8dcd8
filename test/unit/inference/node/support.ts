/** A registered adapter or two of class 4x4 on a local chain, a node that has its stake, and a coordinator of one HTTP endpoint. */
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keccak256, parseEther, type Hex } from 'viem';
import { pino } from 'pino';
import { contractProof, type Economy, type Snapshot } from '../../../../src/chain/index.js';
import { commitIntegers } from '../../../../src/commitment/kzg.js';
import { readSrs, type Srs } from '../../../../src/commitment/srs.js';
import { closeTapSession, inputHashOf, loadTapSession, requestHashOf, runTaps } from '../../../../src/inference/index.js';
import { batchUnder, commitmentOf, splitInForce } from '../../../../src/inference/node/batcher.js';
import type { Answer } from '../../../../src/inference/node/index.js';
import { adapterIdOf, bundleFiles, fileTable } from '../../../../src/models/bundle.js';
import { dequantizeAdapter, quantizeAdapter, trainLora, trainMlp, writeBundle, writeOnnx, type Dataset, type ModelBundle } from '../../../../src/models/index.js';
import { seededRandom } from '../../../../src/models/random.js';
import { writeArtifact, type Registration } from '../../../../src/protocol/artifacts.js';
import { artifactHash, decodeBlockPackage, decodeRecordPackage, openEnvelope, submitBlockSchema, submitRecordSchema, uploadSchema, type BlockPackage, type BlockView } from '../../../../src/protocol/network/index.js';
import { developmentKeys } from '../../../../prover/setup/index.js';
import { addressOf, cls, hashOf, Story, type Party } from '../../../support/story.js';

export const WIDTH = 6;
export const PRICE = parseEther('0.001');
/** Least and largest value of log levels: a test that fails is run with LOG=debug. */
export const logger = pino({ level: process.env.LOG ?? 'silent' });

/** A small random model of class 4x4 on the rows of a snapshot. */
export async function smallBundle(seed: number, rows: readonly number[]): Promise<ModelBundle> {
  const random = seededRandom(seed), n = rows.reduce((a, b) => a + b, 0), trainHeight = 16;
  const data = (count: number): Dataset => ({ width: WIDTH, classes: 3, inputs: Float32Array.from({ length: count * WIDTH }, () => random.normal()), labels: Int32Array.from({ length: count }, () => random.below(3)) });
  const train = data(n), heldOut = data(8), mlp = trainMlp(train, 8, { steps: 10, learningRate: 0.05, decay: 0, seed });
  const lora = trainLora(mlp, train, 2, { steps: 10, learningRate: 0.05, decay: 0, seed: seed + 1 }), adapter = quantizeAdapter(mlp, lora, train, 0.1, cls);
  dequantizeAdapter(adapter, mlp, 2, cls);
  const model = writeOnnx(mlp, adapter, 2, cls), modelHash = keccak256(model), layers = [{ x: WIDTH, delta: 8 }, { x: 8, delta: 3 }], taps = { inputWidth: WIDTH, classes: 3, layers };
  const session = await loadTapSession(model, taps), tables = await runTaps(session, train.inputs, { scales: adapter.scales, shape: cls }, train.labels, trainHeight);
  await closeTapSession(session);
  const content = { model, adapter: adapter.tables, train: { inputs: train.inputs, labels: train.labels, X: tables.X, Delta: tables.Delta }, heldOut: { inputs: heldOut.inputs, labels: heldOut.labels } };
  let end = 0;
  return {
    ...content,
    manifest: {
      format: 'zkattr-bundle', version: 1, name: `small ${seed}`, seed, sizeClass: { id: cls.id, name: cls.name, layersLog: cls.layersLog, rankLog: cls.rankLog, widthLog: cls.widthLog }, taps, scales: adapter.scales,
      damping: 0.1, modelHash, adapterId: adapterIdOf(modelHash, adapter.tables, adapter.scales, cls.id), contributors: rows.map((count, index) => ({ index, name: `c${index}`, kind: 'honest', identity: `c${index}`, rows: count })),
      boundaries: rows.map((count) => (end += count)), trainHeight, accuracy: { base: 0, adapted: 0 }, files: fileTable(bundleFiles(content)),
    },
  };
}

export interface Served {
  name: string;
  bundle: ModelBundle;
  registration: Registration;
}

export class NodeWorld {
  private constructor(readonly story: Story, readonly srs: Srs, readonly srsPath: string, readonly root: string, readonly adapters: Served[]) {}

  static async begin(count = 2): Promise<NodeWorld> {
    const story = await Story.begin(), root = await mkdtemp(join(tmpdir(), 'zkattr-node-')), keys = await developmentKeys(cls), adapters: Served[] = [];
    const world = new NodeWorld(story, await readSrs(keys.srs), keys.srs, root, adapters);
    const { result: datanetId } = await story.as('datanetOwner').datanets.create(hashOf('policy'), ''), owner = story.as('datanetOwner'), ids: bigint[] = [];
    for (const [party, rows] of [['contributor0', 5], ['contributor1', 4], ['contributor2', 3]] as const) ids.push((await story.as(party).datanets.contribute(datanetId, hashOf(party), rows, '')).result);
    await owner.datanets.accept(ids);
    const snapshot = (await owner.datanets.snapshot((await owner.datanets.createSnapshot(datanetId)).result))!;
    await story.as('trainer').stakes.deposit('adapter', parseEther('5'));
    for (let i = 0; i < count; i++) adapters.push(await world.#register(`adapter${i}`, 21 + i, snapshot));
    const node = story.as('node');
    await node.stakes.deposit('node', parseEther('10'));
    await node.inferences.registerNode(addressOf('coordinator'), 'http://node.example');
    return world;
  }

  get adaptersDir(): string { return join(this.root, 'adapters'); }
  path(...parts: string[]): string { return join(this.root, ...parts); }
  as(party: Party): Economy { return this.story.as(party); }

  async #register(name: string, seed: number, snapshot: Snapshot): Promise<Served> {
    const bundle = await smallBundle(seed, snapshot.rows), trainer = this.as('trainer');
    await trainer.models.registerModel(bundle.manifest.modelHash, '');
    const { registration, secrets } = await this.story.registration(bundle, snapshot), { adapter, training, g, mask: m } = registration;
    await trainer.registerAdapter(adapter);
    await trainer.registerFeatures({ adapter, training, contributors: snapshot.contributors, g, m, ...contractProof(registration.proof) });
    await mkdir(this.adaptersDir, { recursive: true });
    await writeBundle(join(this.adaptersDir, name, 'model'), bundle);
    await writeArtifact(join(this.adaptersDir, name, 'registration', 'secrets.json'), secrets);
    await writeArtifact(join(this.adaptersDir, name, 'registration', 'registration.json'), registration);
    return { name, bundle, registration };
  }

  /** The i-th row that nobody contributed, made unique. */
  row(i: number): number[] { return Array.from({ length: WIDTH }, (_, j) => Math.fround(Math.sin(i * 7 + j * 3) + (i % 3) * 0.5)); }

  request(i: number, { adapter = 0, payer = 'payer' as Party, nonce = BigInt(i) } = {}): { adapterId: Hex; payer: Hex; inputs: number[]; nonce: string } {
    return { adapterId: this.adapters[adapter].registration.adapterId, payer: addressOf(payer), inputs: this.row(i), nonce: nonce.toString() };
  }

  payment(request: ReturnType<NodeWorld['request']>, fee = PRICE) {
    const served = this.adapters.find((a) => a.registration.adapterId === request.adapterId)!, nonce = BigInt(request.nonce);
    const requestHash = requestHashOf(request.payer, served.bundle.manifest.modelHash, inputHashOf(Float32Array.from(request.inputs), 1), nonce);
    return { node: addressOf('node'), adapterId: request.adapterId, requestHash, nonce, fee };
  }

  /** Requests i of these numbers, paid in one transaction. */
  async paid(numbers: readonly number[], options: { adapter?: number; fee?: bigint; payer?: Party } = {}): Promise<ReturnType<NodeWorld['request']>[]> {
    const requests = numbers.map((i) => this.request(i, options));
    await this.as(options.payer ?? 'payer').pay(requests.map((r) => this.payment(r, options.fee)));
    return requests;
  }

  async end(): Promise<void> {
    await this.story.end();
    await rm(this.root, { recursive: true, force: true });
  }
}

export interface Reply<T = any> {
  status: number;
  body: T;
}

export async function post<T = any>(url: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply<T>> {
  const response = await fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' || body instanceof Uint8Array ? body as RequestInit['body'] : JSON.stringify(body) });
  return { status: response.status, body: await response.json().catch(() => undefined) as T };
}
export async function get<T = any>(url: string, path: string): Promise<Reply<T>> {
  const response = await fetch(`${url}${path}`);
  return { status: response.status, body: await response.json().catch(() => undefined) as T };
}
export const infer = (url: string, request: object): Promise<Reply<Answer & { error?: { code: string; message: string; hint?: string } }>> => post(url, '/v1/infer', request);

export async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  const end = Date.now() + ms;
  while (!await condition()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

class Refused extends Error {
  constructor(readonly status: number, readonly code: string) { super(code); }
}

/** The coordinator's side of the API as far as a node needs it: checks all it is given, and commits on the real chain. */
export class OneBlockCoordinator {
  readonly artifacts = new Map<Hex, Uint8Array>();
  readonly records = new Set<Hex>();
  readonly blocks = new Map<Hex, BlockView>();
  readonly packages = new Map<Hex, BlockPackage>();
  readonly calls: string[] = [];
  /** Answers 503 to everything. */
  down = false;
  #turn: Promise<unknown> = Promise.resolve();
  private constructor(private readonly world: NodeWorld, private readonly server: Server) {}

  static async start(world: NodeWorld): Promise<OneBlockCoordinator> {
    const server = createServer(), coordinator = new OneBlockCoordinator(world, server);
    server.on('request', (request, response) => { void coordinator.#serve(request, response); });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return coordinator;
  }
  get url(): string { return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`; }
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const reply = (status: number, body: unknown): void => { response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)); };
    try {
      if (this.down) throw new Refused(503, 'DOWN');
      this.calls.push(`${request.method} ${request.url!.split('/').slice(0, 3).join('/')}`);
      const next = this.#turn.then(() => this.#handle(request, Buffer.concat(chunks)));
      this.#turn = next.catch(() => undefined);
      reply(200, await next);
    } catch (error) {
      const { status, code } = error instanceof Refused ? error : { status: 500, code: String(error) };
      reply(status, { error: { code, message: code } });
    }
  }

  async #handle(request: IncomingMessage, body: Buffer): Promise<unknown> {
    const { world } = this, economy = world.as('coordinator'), { chainId } = economy.deployment, url = request.url!;
    if (url === '/v1/stats') {
      return {
        chainId, coordinator: addressOf('coordinator'), contracts: {}, jobs: { waiting: 0, leased: 0, proved: 0, settling: 0, settled: 0, dead: 0, cancelled: 0 },
        blocks: { received: 0, committed: 0, assigned: 0, settled: 0, refused: 0, cancelled: 0, refunded: 0 }, provers: { online: 0, known: 0 }, settled: { jobs: 0, inferences: 0, fees: '0' }, log: { entries: 0, root: `0x${'0'.repeat(64)}` },
      };
    }
    if (request.method === 'PUT') {
      const envelope = JSON.parse(Buffer.from(request.headers.authorization!.replace('zkattr ', ''), 'base64url').toString()) as unknown;
      const opened = await openEnvelope(envelope, { schema: uploadSchema, chainId, to: addressOf('coordinator'), now: Date.now(), clockSkewMs: 60_000 });
      const hash = artifactHash(body);
      if (!opened.ok || opened.from !== addressOf('node') || opened.body.hash !== hash || opened.body.bytes !== body.length || !url.endsWith(hash)) throw new Refused(403, opened.ok ? 'ARTIFACT_HASH' : opened.code);
      this.artifacts.set(hash, Uint8Array.from(body)); // no Buffer: its slices are not copies
      return {};
    }
    if (url === '/v1/records') {
      const { recordId, package: name } = submitRecordSchema.parse(JSON.parse(body.toString())), record = decodeRecordPackage(this.artifacts.get(name)!);
      if (record.registration.recordId !== recordId || record.secrets.recordId !== recordId) throw new Refused(400, 'RECORD');
      this.records.add(recordId);
      return {};
    }
    if (url === '/v1/blocks') {
      const { recordId, blockId, package: name, commitment } = submitBlockSchema.parse(JSON.parse(body.toString()));
      if (!this.records.has(recordId)) throw new Refused(409, 'RECORD_UNKNOWN');
      const known = this.blocks.get(blockId);
      if (known) return known;
      const pack = decodeBlockPackage(this.artifacts.get(name)!, cls.name), { batch, secrets, X, Delta } = pack, { receipt } = batch.signed;
      const split = await splitInForce(economy);
      if (split.id !== batch.split.id) throw new Refused(409, 'BLOCK_SPLIT');
      if (batchUnder(batch, split, recordId).blockId !== blockId || batch.blockId !== blockId || secrets.blockId !== blockId) throw new Refused(400, 'BLOCK_ID');
      const [x, dlt] = [await commitIntegers(world.srs, X, secrets.x), await commitIntegers(world.srs, Delta, secrets.delta)], signed = commitmentOf(receipt, commitment!.validUntil);
      if (x.x !== signed.x.x || dlt.x !== signed.dlt.x) throw new Refused(400, 'BLOCK_TABLES');
      const { result } = await economy.inferences.commitSigned([{ commitment: signed, signature: commitment!.signature }]);
      if (result[0] !== blockId) throw new Refused(500, 'BLOCK_ID');
      const view: BlockView = { blockId, recordId, adapterId: receipt.adapterId, node: receipt.node, phase: 'committed', queries: receipt.inferences.length, fees: '0', deadline: 0, receivedAt: Date.now() };
      this.blocks.set(blockId, view);
      this.packages.set(blockId, pack);
      return view;
    }
    const view = this.blocks.get(url.split('/').pop() as Hex);
    if (!view) throw new Refused(404, 'BLOCK_UNKNOWN');
    return view;
  }
}
