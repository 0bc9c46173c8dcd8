/** A chain with real contracts, two jobs with real proofs of class 4x4, and signed blocks that wait; put back to its start before every test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numberToHex, parseEther, type Hex, type LocalAccount } from 'viem';
import { openEmbedded, type Backend } from '../../coordinator/backend.js';
import { connectFailover, Settler, type CommitInput, type CompleteSettlement, type FailoverOptions, type Intent, type SettlerOptions } from '../../coordinator/settlement/index.js';
import { blockId, contractProof, Economy } from '../../src/chain/index.js';
import type { Batch, JobFile, Registration } from '../../src/protocol/artifacts.js';
import { receiptHashOf, type InferenceReceipt } from '../../src/protocol/receipt.js';
import { batchBlock } from '../../src/protocol/statements.js';
import { addressOf, cls, hashOf, Story, type Query, type Served } from '../support/story.js';

/** Class of the world, for messages. */
export const CLASS = cls.name;
export const CONFIRMATIONS = 2;
const OPEN = parseEther('1'), SPLIT = { id: 1, contributors: 6000 };
const words = ({ x, y }: { x: bigint; y: bigint }): { x: Hex; y: Hex } => ({ x: numberToHex(x, { size: 32 }), y: numberToHex(y, { size: 32 }) });

export interface ProvedJob {
  file: JobFile;
  batches: Batch[];
  settlement: CompleteSettlement;
  fees: bigint;
}

export class SettlementWorld {
  #snapshot: Hex = '0x';
  private constructor(readonly story: Story, readonly registration: Registration, readonly jobs: readonly [ProvedJob, ProvedJob], readonly signed: readonly CommitInput[]) {}

  static async begin(): Promise<SettlementWorld> {
    const story = await Story.begin(), as = story.as.bind(story);
    const { result: datanetId } = await as('datanetOwner').datanets.create(hashOf('policy'), '');
    await as('datanetOwner').datanets.setCurator(datanetId, addressOf('curator'), true);
    const ids = [(await as('contributor0').datanets.contribute(datanetId, hashOf('rows 0'), 4, '')).result, (await as('contributor1').datanets.contribute(datanetId, hashOf('rows 1'), 4, '')).result];
    await as('curator').datanets.accept(ids);
    const { result: snapshotId } = await as('curator').datanets.createSnapshot(datanetId), snapshot = (await as('trainer').datanets.snapshot(snapshotId))!;
    const bundle = story.bundle(snapshot), registered = await story.registration(bundle, snapshot), { registration: r } = registered;
    await as('deployer').models.registerModel(bundle.manifest.modelHash, '');
    await as('trainer').registerAdapter(r.adapter);
    await as('trainer').stakes.deposit('adapter', 5n * OPEN);
    await as('trainer').registerFeatures({ adapter: r.adapter, training: r.training, contributors: snapshot.contributors, g: r.g, m: r.mask, ...contractProof(r.proof) });
    await as('node').stakes.deposit('node', 30n * OPEN);
    await as('node').inferences.registerNode(addressOf('coordinator'), '');
    await as('prover').stakes.deposit('prover', 5n * OPEN);
    await as('coordinator').market.deposit(5n * OPEN);

    const queries: Query[] = [{ payer: 'payer', fee: OPEN }, { payer: 'secondPayer', fee: OPEN / 3n }];
    const blocks = await Promise.all([201, 202, 203, 204, 205].map(async (seed) => withReceipt(story, r, await story.serve('node', r.adapterId, seed, queries))));
    for (const payer of ['payer', 'secondPayer'] as const) await as(payer).pay(story.payments(blocks.map((b) => b.served), payer));
    const jobs: ProvedJob[] = [];
    for (const { served, batch } of blocks.slice(0, 2)) {
      await as('node').commitBlock(served.commitment);
      const { payout, settle } = await story.prove(bundle, registered, [story.batch(served, r.recordId, SPLIT.id, BigInt(SPLIT.contributors))]);
      jobs.push({ file: payout.job, batches: [batch], settlement: settle, fees: queries.reduce((sum, q) => sum + q.fee, 0n) });
    }
    const signed = await Promise.all(blocks.slice(2).map(async ({ served, batch }) => ({ commitment: served.commitment, signature: await as('node').inferences.signCommitment(served.commitment), blockId: batch.blockId })));
    const world = new SettlementWorld(story, r, [jobs[0], jobs[1]], signed);
    world.#snapshot = await story.rpc<Hex>('evm_snapshot');
    return world;
  }

  /** The chain as it was at the start. */
  async reset(): Promise<void> {
    await this.story.rpc('anvil_dropAllTransactions');
    await this.story.rpc('evm_setAutomine', true);
    if (!await this.story.rpc<boolean>('evm_revert', this.#snapshot)) throw new Error('the chain has no such snapshot');
    this.#snapshot = await this.story.rpc<Hex>('evm_snapshot');
  }
  async end(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await this.story.end();
  }

  get rpcUrl(): string { return this.story.anvil.rpcUrl; }
  get account(): LocalAccount { return this.story.as('relayer').client.account as LocalAccount; }

  async economy(urls: readonly string[] = [this.rpcUrl], options: Partial<FailoverOptions> = {}): Promise<Economy> {
    const client = await connectFailover({ urls, chainId: this.story.deployment.chainId, account: this.account, pollingIntervalMs: 10, checkMs: 500, cooldownMs: 50, timeoutMs: 60_000, ...options });
    return Economy.connect(client, this.story.deployment);
  }

  settler(economy: Economy, records: Backend['records'], options: Partial<SettlerOptions> = {}): Settler {
    return new Settler({ economy, records, ...options, rules: { confirmations: CONFIRMATIONS, retryMs: 1, maxRetryMs: 5, ...options.rules } });
  }

  enqueue(settler: Settler, { file, batches }: ProvedJob = this.jobs[0]): Promise<Intent> {
    return settler.enqueueSettle(file, this.registration, batches);
  }

  mine(blocks = 1): Promise<unknown> { return this.story.rpc('anvil_mine', numberToHex(blocks)); }
  nonce(): Promise<number> { return this.story.as('relayer').client.publicClient.getTransactionCount({ address: this.account.address }); }
  settledEvents() { return this.story.as('relayer').events('settlement', 'JobSettled'); }
}

function withReceipt(story: Story, r: Registration, served: Served): { served: Served; batch: Batch } {
  const { commitment, queries } = served;
  const receipt: InferenceReceipt = {
    version: 1, runtime: 'test', chainId: story.deployment.chainId, registry: story.deployment.inferences, node: commitment.node, modelHash: r.adapter.modelHash, adapterId: commitment.adapterId,
    heightLog: commitment.heightLog, X: words(commitment.x), Delta: words(commitment.dlt),
    inferences: commitment.inferences.map((i, q) => ({ payer: addressOf(queries[q].payer), inputHash: hashOf(`input ${q}`), outputHash: i.outputHash, requestHash: i.requestHash, nonce: String(i.nonce), fee: String(queries[q].fee), rows: i.rows })),
  };
  const complete = { ...served, commitment: { ...commitment, receiptHash: receiptHashOf(receipt) } };
  const signed = { receipt, signature: `0x${'11'.repeat(65)}` as Hex }, id = blockId({ chainId: story.deployment.chainId, address: story.deployment.inferences }, r.recordId, batchBlock({ signed, split: SPLIT }));
  return { served: complete, batch: { format: 'zkattr-batch', signed, blockId: id, split: SPLIT, predictions: [], labels: [] } };
}

/** A store of its own on disk. */
export async function store(): Promise<{ backend: Backend; dir: string; close: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'zkattr-settlement-')), backend = openEmbedded(dir);
  return { backend, dir, close: async () => { await backend.close(); await rm(dir, { recursive: true, force: true }); } };
}

export interface DriveOptions {
  rounds?: number;
  /** Errors of a round that are part of the test. */
  tolerate?: boolean;
  mine?: () => Promise<unknown>;
}

/** Rounds, with a block after each, until nothing is under way. */
export async function drive(settler: Settler, { rounds = 30, tolerate = false, mine }: DriveOptions): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    try {
      await settler.tick();
    } catch (error) {
      if (!tolerate) throw error;
    }
    const { planned, sent, mined } = await settler.counts();
    if (planned + sent + mined === 0) return;
    await mine?.();
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  throw new Error(`still under way after ${rounds} rounds: ${(await settler.outbox.intents('planned', 'sent', 'mined')).map(({ id, state, reason }) => `${id} ${state} ${reason?.code ?? ''}`).join(', ')}`);
}

/** drop: the request is lost; blind: it is forwarded, the answer is an error; twice: forwarded twice; late: the answer comes after the client gave up. */
export type Fault = 'drop' | 'blind' | 'twice' | 'late' | undefined;
export interface Proxy {
  url: string;
  fault: (method: string) => Fault;
  /** Methods in the order of their requests. */
  seen: string[];
  close(): Promise<void>;
}

/** An RPC endpoint in front of another one, that fails as it is told. */
export async function startProxy(target: string, fault: (method: string) => Fault = () => undefined, lateMs = 4000): Promise<Proxy> {
  const forward = async (body: string): Promise<string> => (await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text();
  const server: Server = createServer((request, response) => {
    void (async () => {
      const body = await read(request), { method } = JSON.parse(body) as { method: string }, how = proxy.fault(method);
      proxy.seen.push(method);
      if (how === 'drop') return void request.socket.destroy();
      const answer = await forward(body);
      if (how === 'blind') return void response.writeHead(502).end('bad gateway');
      const last = how === 'twice' ? await forward(body) : answer;
      if (how === 'late') await new Promise((resolve) => setTimeout(resolve, lateMs));
      response.writeHead(200, { 'content-type': 'application/json' }).end(last);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: Proxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, fault, seen: [],
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => resolve()); }),
  };
  return proxy;
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
