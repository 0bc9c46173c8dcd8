/** A local chain with the real contracts, an inference node, and what is needed to run coordinators and provers beside it. */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, copyFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { mnemonicToAccount, type HDAccount } from 'viem/accounts';
import { startCoordinator, type CoordinatorConfig, type CoordinatorHandle } from '../../coordinator/index.js';
import { runAgent, type AgentHandle, type AgentOptions } from '../../prover/agent/index.js';
import { selectGroth16 } from '../../prover/backends/select.js';
import type { Groth16Backend } from '../../prover/backends/groth16.js';
import { selectKernels, type Kernels } from '../../prover/kernels/index.js';
import { developmentKeys, type SetupKeys } from '../../prover/setup/index.js';
import type { ProofRequest } from '../../src/chain/index.js';
import { startInferenceNode, type NodeHandle } from '../../src/inference/node/index.js';
import { artifactJson } from '../../src/protocol/artifacts.js';
import { CoordinatorClient } from '../../src/protocol/network/client.js';
import type { JobView } from '../../src/protocol/network/index.js';
import { verifierKey } from '../../src/verify/key.js';
import { addressOf, cls, PARTIES, type Party } from '../support/story.js';
import { get, infer, logger, NodeWorld, post, PRICE, until, type Reply } from '../unit/inference/node/support.js';
import { TestAgent } from './testAgent.js';

export const accountOf = (party: Party): HDAccount => mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex: PARTIES[party] });
const OPEN = 10n ** 18n;

export class NetworkWorld {
  node?: NodeHandle;
  #numbers = 0;
  #agents = 0;
  #nonce = 0n;

  private constructor(readonly world: NodeWorld, readonly keys: SetupKeys, readonly kernels: Kernels, readonly groth16: Groth16Backend) {}

  /** Node and provers have more stake than they need, the node a deposit at the market. */
  static async begin(adapters = 1): Promise<NetworkWorld> {
    const [world, keys] = [await NodeWorld.begin(adapters), await developmentKeys(cls)], kernels = await selectKernels();
    await world.as('node').stakes.deposit('node', 40n * OPEN);
    await world.as('node').market.deposit(50n * OPEN);
    for (const party of ['prover', 'rival'] as const) await world.as(party).stakes.deposit('prover', 5n * OPEN);
    return new NetworkWorld(world, keys, kernels, await selectGroth16(kernels.name));
  }
  async end(): Promise<void> {
    await this.node?.close();
    await this.groth16.close();
    await this.kernels.close();
    await this.world.end();
  }

  /** On the quickest terms; a block waits for others `maxAgeMs`, so that there is time to hand in an order for it. */
  coordinator(change: Partial<CoordinatorConfig> = {}): Promise<CoordinatorHandle> {
    const { vk } = this.keys.payout, { story } = this.world;
    return startCoordinator({
      rpcUrls: [story.anvil.rpcUrl], deployment: story.deployment, account: accountOf('coordinator'), keys: [{ className: cls.name, vkHash: vk.vkHash, key: verifierKey(vk) }], store: this.world.path('coordinator'), http: { port: 0 },
      srs: { [cls.name]: this.world.srsPath }, batch: { maxAgeMs: 1500, tickMs: 50, lookMs: 1000 }, settlement: { confirmations: 1, tickMs: 50, retryMs: 50, maxRetryMs: 200 }, limits: { perMinute: 100_000 },
      proverLimits: { onlineMs: 4000, minPollMs: 100 }, drainMs: 1000, logger, ...change,
    });
  }

  async startNode(coordinatorUrl: string): Promise<void> {
    const { world } = this;
    this.node = await startInferenceNode({ economy: world.as('node'), srs: world.srs, adaptersDir: world.adaptersDir, dataDir: world.path('node'), coordinatorUrl, price: PRICE, maxAgeMs: 3_600_000, logger, pollMs: 50, retryMs: 20, maxPauseMs: 100, perMinute: 100_000, drainMs: 500 });
  }

  /** Paid, answered, in a block that the node hands in. */
  async serve(count = 1, adapter = 0): Promise<Hex> {
    const url = this.node!.url, requests = await this.world.paid(Array.from({ length: count }, () => ++this.#numbers), { adapter });
    let key: Hex | undefined, blockId: Hex | undefined;
    for (const request of requests) {
      const { status, body } = await infer(url, request);
      assert.equal(status, 200, JSON.stringify(body));
      key = body.paymentKey;
    }
    await this.node!.flush();
    await until('handed in', async () => {
      const { state, blockId: id } = (await get(url, `/v1/inferences/${key}`)).body as { state: string; blockId?: Hex };
      blockId = id;
      return state !== 'answered' && state !== 'inBlock';
    });
    return blockId!;
  }

  client(url: string, party: Party = 'node'): CoordinatorClient { return new CoordinatorClient({ url, chainId: 31337, signer: accountOf(party), attempts: 2, pauseMs: 20 }); }
  async jobOf(url: string, blockId: Hex): Promise<Hex> {
    let jobId: Hex | undefined;
    await until('a job', async () => (jobId = (await this.client(url).block(blockId)).jobId) !== undefined);
    return jobId!;
  }
  committed(url: string, blockId: Hex): Promise<void> { return until('committed', async () => (await this.client(url).block(blockId)).phase === 'committed'); }

  /** Terms of a request of the node; another nonce each time. */
  async request(blockIds: readonly Hex[], change: Partial<ProofRequest> = {}): Promise<ProofRequest> {
    const now = await this.world.story.now();
    return {
      requester: addressOf('node'), recordId: this.world.adapters[0].registration.recordId, blockIds, minPrice: OPEN / 1000n, maxPrice: OPEN / 100n, collateral: OPEN / 10n, biddingStart: now, rampSeconds: 600, lockSeconds: 300, deadline: now + 1800n,
      nonce: ++this.#nonce, ...change,
    };
  }
  /** POST /v1/requests, signed by its requester unless a signature is given. */
  async order(url: string, request: ProofRequest, signature?: Hex): Promise<Reply<JobView>> {
    return post<JobView>(url, '/v1/requests', artifactJson({ request, signature: signature ?? await this.world.as('node').market.sign(request) }));
  }

  async testAgent(url: string, party: Party = 'prover'): Promise<TestAgent> {
    const agent = new TestAgent(url, accountOf(party), this);
    await agent.hello();
    return agent;
  }

  #agentOptions(url: string, dataDir: string): Omit<AgentOptions, 'account'> {
    return {
      coordinator: url, coordinatorAddress: addressOf('coordinator'), chainId: 31337, dataDir, classes: [cls.name], memoryBytes: 4 * 2 ** 30,
      market: { rpcUrl: this.world.story.anvil.rpcUrl, deployment: this.world.story.deployment, pollMs: 50 }, tuning: { firstPauseMs: 20, longestPauseMs: 200 },
    };
  }
  /** The real agent. One benchmark is enough for all of them. */
  async agent(url: string, party: Party = 'prover', { dataDir = this.world.path(`agent${this.#agents++}`), ...change }: Partial<AgentOptions> = {}): Promise<AgentHandle> {
    await this.#benchmarkFor(dataDir);
    const handle = await runAgent({ ...this.#agentOptions(url, dataDir), account: accountOf(party), logger, ...change });
    await copyFile(join(dataDir, 'benchmark.json'), this.world.path('benchmark.json'));
    return handle;
  }
  /** The same in a process of its own, to be killed. */
  async agentProcess(url: string, dataDir: string, party: Party = 'prover'): Promise<ChildProcess> {
    await this.#benchmarkFor(dataDir);
    const child = fork(new URL('./agentChild.js', import.meta.url), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }), ready = once(child, 'message');
    child.send({ party, options: this.#agentOptions(url, dataDir) });
    await ready;
    return child;
  }
  async #benchmarkFor(dataDir: string): Promise<void> {
    await mkdir(dataDir, { recursive: true });
    await copyFile(this.world.path('benchmark.json'), join(dataDir, 'benchmark.json')).catch(() => undefined);
  }
}

export interface Gate {
  url: string;
  /** Requests whose path matches get no answer. */
  closed?: RegExp;
  close(): Promise<void>;
}

/** An HTTP server before another one, that can be shut for some paths. */
export async function startGate(target: string): Promise<Gate> {
  const { hostname, port } = new URL(target);
  const server = createServer((request, response) => {
    if (gate.closed?.test(request.url!)) return void request.socket.destroy();
    const forwarded = httpRequest({ hostname, port, path: request.url, method: request.method, headers: request.headers }, (answer) => { response.writeHead(answer.statusCode!, answer.headers); answer.pipe(response); });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gate: Gate = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => resolve()); }) };
  return gate;
}
