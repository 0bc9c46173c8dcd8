/** A prover under a test's control: what an agent does, over HTTP, one step at a time. */
import assert from 'node:assert/strict';
import type { Hex } from 'viem';
import type { HDAccount } from 'viem/accounts';
import type { Groth16Backend } from '../../prover/backends/groth16.js';
import type { Kernels } from '../../prover/kernels/index.js';
import type { SetupKeys } from '../../prover/setup/index.js';
import { buildPayout } from '../../prover/workflow/payout.js';
import { artifactJson } from '../../src/protocol/artifacts.js';
import { decodeBlockPackage, decodeRecordPackage, NO_SESSION, offerSchema, sealEnvelope, type BlockPackage, type Envelope, type Offer } from '../../src/protocol/network/index.js';
import { batchBlock } from '../../src/protocol/statements.js';
import { addressOf, cls } from '../support/story.js';
import { until, type NodeWorld } from '../unit/inference/node/support.js';

/** What it proves with. */
export interface Tools {
  keys: SetupKeys;
  kernels: Kernels;
  groth16: Groth16Backend;
  world: NodeWorld;
}

export class TestAgent {
  #session: Hex = NO_SESSION;
  #sequence = 0;

  constructor(readonly url: string, private readonly account: HDAccount, private readonly tools: Tools) {}

  async say(kind: string, body: unknown): Promise<Response> {
    const envelope = await sealEnvelope(this.account, { kind, chainId: 31337, to: addressOf('coordinator'), session: this.#session, sequence: ++this.#sequence, sentAt: Date.now(), body });
    return fetch(`${this.url}/v1/prover/${kind}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(envelope) });
  }

  async hello(): Promise<void> {
    this.#session = NO_SESSION;
    const { vkHash } = this.tools.keys.payout.vk;
    const reply = await (await this.say('hello', { protocol: 1, version: 'test', backend: 'portable', cpu: 'test', cores: 2, gpus: [], memoryBytes: 2 ** 31, parallel: 1, classes: [{ className: cls.name, relation: 'payout', vkHash, seconds: 1, peakBytes: 2 ** 24 }] })).json() as { ok: boolean; session: Hex };
    assert.ok(reply.ok, JSON.stringify(reply));
    this.#session = reply.session;
  }

  async lease(): Promise<Offer> {
    let offer: Offer | undefined;
    await until('an offer', async () => {
      const reply = await (await this.say('lease', { free: 1, memoryBytes: 2 ** 31, running: [] })).json() as { offers?: Envelope[] };
      if (reply.offers?.[0]) offer = offerSchema.parse(JSON.parse(reply.offers[0].body));
      return offer !== undefined;
    });
    return offer!;
  }

  async prove({ job }: Offer): Promise<string> {
    const fetched = async (hash: Hex): Promise<Uint8Array> => {
      const response = await this.say('artifact', { hash });
      assert.equal(response.status, 200);
      return new Uint8Array(await response.arrayBuffer());
    };
    const record = decodeRecordPackage(await fetched(job.record)), blocks: BlockPackage[] = [];
    for (const { package: name } of job.blocks) blocks.push(decodeBlockPackage(await fetched(name), job.className));
    const { keys, kernels, groth16, world } = this.tools;
    const { job: file } = await buildPayout({
      bundle: { adapter: record.adapter, train: record.train, manifest: { boundaries: record.boundaries } }, cls, deployment: job, registration: record.registration, secrets: record.secrets, selector: job.selector, prover: this.account.address,
      batches: job.blocks.map(({ blockId, fees }, i) => ({ folder: blockId, blockId, record: batchBlock(blocks[i].batch), fees: fees.map(BigInt), tables: { rows: 2 ** blocks[i].batch.signed.receipt.heightLog, X: blocks[i].X, Delta: blocks[i].Delta }, secrets: blocks[i].secrets })),
      ...(job.requestId && { requestId: job.requestId }),
    }, { kernels, groth16, srs: world.srs, keys: keys.payout });
    return artifactJson(file);
  }

  async deliver({ job: { jobId }, token }: Offer, job: string): Promise<void> {
    const response = await this.say('result', { jobId, token, seconds: 0.1, peakBytes: 1, job }), body = await response.json() as { ok: boolean };
    assert.ok(response.status === 200 && body.ok, JSON.stringify(body));
  }

  /** Leases, proves and hands in the next job. */
  async work(): Promise<Offer> {
    const offer = await this.lease();
    await this.deliver(offer, await this.prove(offer));
    return offer;
  }
}
