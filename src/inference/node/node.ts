/** An inference node: adapters, server, batcher and outbox on one data folder. */
import { formatEther, type Address } from 'viem';
import { pino } from 'pino';
import type { Economy } from '../../chain/index.js';
import type { Srs } from '../../commitment/srs.js';
import { NetworkError } from '../../errors/network.js';
import { CoordinatorClient } from '../../protocol/network/client.js';
import { closeWithin } from '../../protocol/network/closing.js';
import type { MessageSigner } from '../../protocol/network/envelope.js';
import { AdapterPool, type Adapter } from './adapters.js';
import { Batcher, chainClock } from './batcher.js';
import { NodeMetrics, type NodeLogger } from './metrics.js';
import { Outbox } from './outbox.js';
import { buildServer } from './server.js';
import { InferenceService } from './service.js';
import { NodeStore } from './store.js';

export interface InferenceNodeOptions {
  /** Connected as the node, by a local account: it signs receipts. */
  economy: Economy;
  srs: Srs;
  /** Folders of adapters: model/ and registration/ as `zkattr train` and `register` leave them. */
  adaptersDir: string;
  dataDir: string;
  /** `none`: the node commits its blocks itself. */
  coordinatorUrl: string;
  /** Least fee of one inference, base units. */
  price: bigint;
  /** Bound of loaded models; 1 GiB without it. */
  memoryBytes?: number;
  /** 127.0.0.1 and any free port without them. */
  host?: string;
  port?: number;
  /** Age at which a block is cut that is not full; a minute without it. */
  maxAgeMs?: number;
  logger?: NodeLogger;
  /** Opens POST /v1/admin/adapters. */
  adminToken?: string;
  /** Least time to a payment's deadline, for serving it, and for cutting its block; 600 s and a quarter of the settlement window without them. */
  minRemainingSeconds?: number;
  deadlineMarginSeconds?: number;
  /** Refuses requests without the payer's signature. */
  requireSignature?: boolean;
  /** Log2 of the largest block; the class's without it. */
  maxHeightLog?: number;
  bodyBytes?: number;
  perMinute?: number;
  /** Outbox: between looks at the coordinator, and the first and longest pause after a failure. */
  pollMs?: number;
  retryMs?: number;
  maxPauseMs?: number;
  /** How long `close` waits for blocks to be handed in. */
  drainMs?: number;
}

export interface NodeHandle {
  url: string;
  address: Address;
  /** Adds a folder of adaptersDir, or reads it again. */
  addAdapter(folder: string): Promise<Adapter>;
  /** Makes blocks of all queries that wait. */
  flush(): Promise<void>;
  /** Queries in no block, and blocks that have not ended. */
  backlog(): { queries: number; blocks: number };
  /** Takes no new request, ends those that run, makes blocks of what waits, hands them in as far as drainMs allows. */
  close(): Promise<void>;
}

/** @throws NetworkError NODE_KEY, NODE_INACTIVE, NODE_RUNNING; ChainError, FileError */
export async function startInferenceNode(options: InferenceNodeOptions): Promise<NodeHandle> {
  const { economy, srs, adaptersDir, dataDir, coordinatorUrl, price, memoryBytes = 2 ** 30, host = '127.0.0.1', port = 0, maxAgeMs = 60_000, minRemainingSeconds = 600, drainMs = 10_000 } = options;
  const logger = options.logger ?? pino({ name: 'zkattr-node', level: 'info' }), metrics = new NodeMetrics();
  const account = economy.client.account;
  if (!account || account.type !== 'local') throw new NetworkError('node needs a key of its own', { code: 'NODE_KEY', where: 'economy', hint: 'connect with a local account: the node signs receipts and blocks' });
  if (price <= 0n || price >> 80n !== 0n) throw new NetworkError('price is out of range', { code: 'PRICE', where: 'price', expected: '1 to 2^80 - 1 base units', got: price.toString() });
  await requireActive(economy, account.address);
  const deadlineMarginSeconds = options.deadlineMarginSeconds ?? Math.floor((await economy.parameters.windows()).settlementSeconds / 4);

  const store = await NodeStore.open(dataDir);
  let draining = false, closed: Promise<void> | undefined;
  try {
    const pool = await AdapterPool.open({ dir: adaptersDir, economy, memoryBytes, maxHeightLog: options.maxHeightLog, srsPower: srs.power, logger, metrics });
    const coordinator = coordinatorUrl === 'none' ? undefined : new CoordinatorClient({ url: coordinatorUrl, chainId: economy.deployment.chainId, signer: account as MessageSigner });
    const outbox = new Outbox({ economy, store, pool, coordinator, pollMs: options.pollMs, retryMs: options.retryMs, maxPauseMs: options.maxPauseMs, logger, metrics, onDropped: () => batcher.resume() });
    const batcher = new Batcher({ economy, srs, store, pool, maxAgeMs, deadlineMarginSeconds, logger, metrics, onBlock: (block) => outbox.add(block) });
    const service = new InferenceService({ economy, store, pool, batcher, price, minRemainingSeconds, requireSignature: options.requireSignature ?? false, logger, metrics });
    metrics.watch('zkattr_node_adapters_loaded', 'Models in memory', () => pool.loadedCount);
    metrics.watch('zkattr_node_adapter_bytes', 'Memory of loaded models, estimated', () => pool.loadedBytes);
    metrics.watch('zkattr_node_requests_running', 'Requests that are being answered', () => service.running);
    metrics.watch('zkattr_node_queries_waiting', 'Answered queries that are in no block', () => batcher.waiting);
    metrics.watch('zkattr_node_blocks_open', 'Blocks that are neither settled nor refunded', () => outbox.open);
    const app = await buildServer({
      service, pool, adminToken: options.adminToken, bodyBytes: options.bodyBytes, perMinute: options.perMinute, logger, metrics, onAdapter: () => batcher.resume(), draining: () => draining,
      ready: async () => {
        if (draining) throw new NetworkError('node is shutting down', { code: 'DRAINING' });
        if (!await economy.inferences.isActiveNode(account.address)) throw new NetworkError('node is not active', { code: 'NODE_INACTIVE', hint: 'see its stake: zkattr stake deposit node' });
      },
    });
    const url = await app.listen({ host, port });
    batcher.observe((await chainClock(economy)).offset);
    batcher.resume();
    outbox.resume();
    logger.info({ url, node: account.address, price: `${formatEther(price)} OPEN`, adapters: pool.list().length, coordinator: coordinatorUrl }, 'node serves');

    const close = async (): Promise<void> => {
      draining = true;
      try {
        await closeWithin(app, drainMs);
        await service.drain();
        await batcher.flush().catch((error: unknown) => logger.error({ err: error }, 'queries wait for the next start'));
        await batcher.close();
        await outbox.close(drainMs);
        await pool.close();
      } finally {
        await store.close();
      }
      logger.info('node is closed');
    };
    return {
      url, address: account.address, flush: () => batcher.flush(), backlog: () => ({ queries: batcher.waiting, blocks: outbox.open }), close: () => (closed ??= close()),
      addAdapter: async (folder) => {
        const adapter = await pool.add(folder);
        batcher.resume();
        return adapter;
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Blocks of a node without stake are refused on chain: its answers would earn nothing. */
async function requireActive(economy: Economy, address: Address): Promise<void> {
  if (await economy.inferences.isActiveNode(address)) return;
  const [{ active }, { node: least }] = await Promise.all([economy.stakes.state('node', address), economy.parameters.stakes()]);
  const enough = active >= least;
  throw new NetworkError(enough ? 'node is not registered' : 'node has too little stake', {
    code: 'NODE_INACTIVE', where: address, expected: enough ? 'a registered node' : `${formatEther(least)} OPEN`, got: enough ? 'none' : `${formatEther(active)} OPEN`,
    hint: enough ? 'registerNode at the inference registry; zkattr infer does it on first use' : `zkattr stake deposit node ${formatEther(least - active)}`,
  });
}

