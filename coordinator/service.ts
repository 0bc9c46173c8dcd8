/**
 * A whole coordinator: store, chain, provers, intake, settlement and API, started and ended together. All coordinators of one store take
 * in, lease and answer; the one that leads forms jobs and settles.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyPluginAsync } from 'fastify';
import { pino, type Logger } from 'pino';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Hex } from 'viem';
import { CONTRACT_KEYS, Economy } from '../src/chain/index.js';
import { NetworkError } from '../src/errors/network.js';
import { closeWithin } from '../src/protocol/network/closing.js';
import { PROTOCOL_VERSION } from '../src/protocol/network/index.js';
import { buildApi, Operators, Uploads } from './api/index.js';
import { openArtifacts, openEmbedded, openRedis, type Backend } from './backend.js';
import { isRedis, parseCoordinatorConfig, type CoordinatorConfig, type CoordinatorSettings } from './config.js';
import { ChainView, ClassTable, Documents, Intake, IntakeMetrics, Jobs, JobEvents, JobViews, Packages } from './intake/index.js';
import { proverRoutes } from './network/http.js';
import type { ProverNetwork } from './network/libp2p.js';
import { Pruner, PrunerMetrics } from './retention/index.js';
import { ProverService } from './scheduler/index.js';
import { connectFailover, SettlementMetrics, Settler } from './settlement/index.js';

const DAY_MS = 86_400_000;
/** Between two rounds that remove things, while there are more. */
const PRUNE_PAUSE_MS = 500;

export interface CoordinatorHandle {
  /** Of the HTTP API, with the port that was bound. */
  url: string;
  /** Where provers dial, with the peer id; none without libp2p. */
  addresses: string[];
  economy: Economy;
  leads(): boolean;
  /** One round of batching, settling and removing now, beside the timers: for tests and for who cannot wait. */
  tick(): Promise<void>;
  /** A dead job goes on: proved again, or settled again. @returns false when it is not dead */
  revive(jobId: Hex): Promise<boolean>;
  /** Takes nothing new, lets requests end, gives leadership back, closes the store. */
  close(): Promise<void>;
}

/**
 * @throws NetworkError CONFIG, STORE_LOCKED, STORE_UNREACHABLE, ...; ChainError when the chain is another or does not answer; FileError
 * What was opened before a failure is closed again.
 */
export async function startCoordinator(config: CoordinatorConfig): Promise<CoordinatorHandle> {
  const { settings, parts } = parseCoordinatorConfig(config), opened: (() => Promise<unknown>)[] = [];
  try {
    return await start(settings, parts, opened);
  } catch (error) {
    for (const close of opened.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

async function start(settings: CoordinatorSettings, parts: ReturnType<typeof parseCoordinatorConfig>['parts'], opened: (() => Promise<unknown>)[]): Promise<CoordinatorHandle> {
  const { deployment, account, keys } = parts, now = Date.now, { chainId } = deployment;
  const logger: Logger = (parts.logger ?? pino({ level: 'info' })).child({ service: 'coordinator', coordinator: account.address });
  const registry = new Registry(), defer = <T>(value: T, close: (value: T) => Promise<unknown>): T => { opened.push(() => close(value)); return value; };
  collectDefaultMetrics({ register: registry });

  // A wrong chain is found before the store is locked.
  const client = await connectFailover({ urls: settings.rpcUrls, chainId, account, onFailover: (endpoint, error) => { settlementMetrics.failover(endpoint); logger.warn({ endpoint, error }, 'another endpoint answers'); } });
  const settlementMetrics = new SettlementMetrics(registry), economy = await Economy.connect(client, deployment);
  const backend = defer(await openBackend(settings, logger), (b) => b.close()), { queue, records, log, leadership } = backend;
  const artifacts = await openArtifacts(settings.artifacts ?? join(settings.store, 'artifacts'), { maxBytes: settings.limits.artifactBytes });

  const classes = new ClassTable(keys), chain = new ChainView(economy, now), documents = new Documents(records, now), events = new JobEvents(records, now), metrics = new IntakeMetrics(registry, documents);
  const packages = defer(new Packages(artifacts, deployment, settings.srs), (p) => p.close());
  const shutdown = new AbortController();
  let term: number | undefined, draining = false, network: ProverNetwork | undefined, kicked = false;
  new Gauge({ name: 'zkattr_coordinator_leads', help: '1 while this coordinator batches and settles', registers: [registry], collect() { this.set(leads() ? 1 : 0); } });
  const fault = (what: string) => (error: unknown): void => logger.error({ err: error, code: (error as { code?: string }).code }, what);
  const kick = (): void => {
    if (term === undefined || kicked || draining) return;
    kicked = true;
    setImmediate(() => { kicked = false; if (!draining) void jobs.tick().catch(fault('round failed')); });
  };
  const announce = (): void => network?.announce();
  // Until when by the clock of this process: what the store says comes late when the store is away.
  let ledUntil = 0;
  const acquire = async (): Promise<number | undefined> => {
    const from = performance.now(), got = await leadership.acquire(settings.leaderTtlMs);
    if (got !== undefined && (term === undefined || got === term)) ledUntil = from + settings.leaderTtlMs;
    return got;
  };
  const leads = (): boolean => term !== undefined && performance.now() < ledUntil;
  /** Asks where it is decided. Led again under another term is not still led: another one may have led between. */
  const fence = async (): Promise<boolean> => {
    const mine = term;
    return mine !== undefined && await acquire().catch(() => undefined) === mine && term === mine && leads();
  };

  const { tickMs: settleMs, ...settleRules } = settings.settlement, jobLog = (jobId?: Hex, blockId?: Hex): Logger => logger.child({ ...(jobId && { jobId }), ...(blockId && { blockId }) });
  const settler = new Settler({
    economy, records, rules: settleRules, log, metrics: settlementMetrics, onStep: parts.onStep, fence, now,
    onFinal: (intent) => jobs.final(intent), onFailed: (failure) => jobs.failed(failure),
    onWaiting: (intent) => {
      const { id, kind, key, jobId, reason } = intent;
      jobLog(jobId, kind === 'commit' ? key : undefined).info({ intent: id, code: reason?.code }, 'settlement waits');
      void jobs.waiting(intent).catch(fault('wait was not noted'));
    },
    onTrouble: (code, message) => logger.warn({ code }, message),
  });
  const jobs: Jobs = new Jobs({
    documents, events, packages, artifacts, chain, classes, queue, settler: () => settler, now, leads, logger, metrics, announce, kick,
    rules: { maxAgeMs: settings.batch.maxAgeMs, urgentSeconds: settings.batch.urgentSeconds, lookMs: settings.batch.lookMs, feeTarget: settings.batch.feeTarget, memoryBytes: settings.batch.memoryBytes },
  });
  const provers = defer(new ProverService({
    queue, records, log, artifacts, identity: { chainId, signer: account as never }, keys, registry, logger: logger.child({ part: 'provers' }), limits: { clockSkewMs: settings.clockSkewMs, ...parts.proverLimits }, admit: parts.admit,
    events: { proved: (event) => jobs.proved(event), changed: (jobId) => { void jobs.changed(jobId).catch(fault('event was not noted')); }, falseProof: ({ jobId, prover, code }) => logger.warn({ jobId, prover, code }, 'false proof') },
  }), (p) => p.close());
  const intake = new Intake({
    documents, events, packages, artifacts, chain, classes, coordinator: account.address, minRemainingSeconds: settings.batch.minRemainingSeconds, clockSkewMs: settings.clockSkewMs, now, logger, kick,
  });

  const { settledDays, batch: pruneBatch, tickMs: pruneMs } = settings.retention;
  const pruner = new Pruner({ documents, events, queue, artifacts, outbox: () => settler.outbox, retainMs: settledDays ? settledDays * DAY_MS : undefined, batch: pruneBatch, now, leads, metrics: new PrunerMetrics(registry), logger });

  if (settings.libp2p) {
    const [{ ProverNetwork }, { peerKey }] = await Promise.all([import('./network/libp2p.js'), import('../src/protocol/network/peer.js')]), { listen, announce: told, keyFile } = settings.libp2p;
    network = defer(await ProverNetwork.open({ service: provers, queue, key: await peerKey(keyFile), listen, announce: told, logger: logger.child({ part: 'libp2p' }) }), (n) => n.close());
  }
  const uploads = new Uploads({
    artifacts, documents, chain, coordinator: account.address, artifactBytes: settings.limits.artifactBytes, receivingBytes: settings.limits.receivingBytes, bytesPerHour: settings.limits.uploadBytesPerHour, uploaders: settings.uploaders,
    clockSkewMs: settings.clockSkewMs, now,
  });
  const dashboard = await dashboardRoutes();
  const operators = new Operators({ jobs, documents, chainId, coordinator: account.address, operators: settings.operators, clockSkewMs: settings.clockSkewMs, now });
  const api = defer(await buildApi({
    intake, documents, events, uploads, operators, queue, log, provers, chainId, coordinator: account.address, contracts: Object.fromEntries(CONTRACT_KEYS.map((key) => [key, deployment[key]])), registry, metrics, logger: logger.child({ part: 'api' }),
    views: new JobViews({ documents, events, queue, provers, settler, chain }), plugins: [proverRoutes(provers), ...(dashboard ? [dashboard] : [])], limits: settings.limits, trustProxy: settings.http.trustProxy, signal: shutdown.signal,
    terms: { protocol: PROTOCOL_VERSION, classes: keys.map(({ className, vkHash }) => ({ className, relation: 'payout' as const, vkHash })), clockSkewMs: provers.limits.clockSkewMs, admission: parts.admit ? 'listed' : 'open' },
    ready: async () => {
      if (draining) throw new NetworkError('coordinator is shutting down', { code: 'DRAINING', where: 'readyz' });
      await Promise.all([chain.clock(), documents.jobs.counts()]);
    },
  }), (a) => a.close());

  // ---- loops ----
  const running: Promise<void>[] = [];
  const loop = (everyMs: number, what: string, work: () => Promise<void>): void => {
    running.push((async () => {
      while (!shutdown.signal.aborted) {
        await work().catch(fault(what));
        await sleep(everyMs, undefined, { signal: shutdown.signal }).catch(() => undefined);
      }
    })());
  };
  const lead = async (): Promise<void> => {
    const before = term, got = await acquire().catch((error: unknown) => { fault('leadership is unknown: given up')(error); return undefined; });
    if (got !== before) term = undefined;
    if (got !== undefined && got !== before) {
      // Half done things first, then everybody may see that this one leads.
      await jobs.reconcile();
      logger.info({ term: got }, 'leads');
    } else if (got === undefined && before !== undefined) logger.warn({ term: before }, 'leads no more');
    term = got;
  };
  const led = (work: () => Promise<void>) => async (): Promise<void> => { if (leads()) await work(); };

  provers.start();
  await api.listen({ host: settings.http.host, port: settings.http.port });
  await lead().catch(fault('reconciliation failed'));
  loop(Math.max(100, Math.floor(settings.leaderTtlMs / 3)), 'leadership failed', lead);
  loop(settings.batch.tickMs, 'round failed', led(() => jobs.tick()));
  loop(settleMs, 'settlement round failed', led(() => settler.tick()));
  loop(pruneMs, 'removal failed', led(async () => {
    while (await pruner.tick() && !shutdown.signal.aborted) await sleep(PRUNE_PAUSE_MS, undefined, { signal: shutdown.signal }).catch(() => undefined);
  }));

  const { port } = api.server.address() as AddressInfo, host = settings.http.host.includes(':') ? `[${settings.http.host}]` : settings.http.host, url = `http://${host}:${port}`;
  logger.info({ url, addresses: network?.addresses ?? [], leads: term !== undefined }, 'coordinator started');

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    draining = true;
    shutdown.abort();
    logger.info('coordinator ends');
    await closeWithin(api, settings.drainMs).catch(fault('API did not close'));
    await network?.close().catch(fault('libp2p did not close'));
    await Promise.race([Promise.all(running), sleep(settings.drainMs, undefined, { ref: false })]);
    await provers.close().catch(fault('provers did not close'));
    await packages.close().catch(fault('checks did not close'));
    const led = term;
    term = undefined; // a round that did not end in time sends nothing more
    if (led !== undefined) await leadership.release().catch(fault('leadership was not given back'));
    await backend.close();
    registry.clear();
  };
  return {
    url, economy, get addresses() { return network?.addresses ?? []; }, leads,
    tick: async () => {
      if (!leads()) return;
      await jobs.tick();
      await settler.tick();
      await pruner.tick();
    },
    revive: (jobId) => jobs.revive(jobId), close: () => (closing ??= close()),
  };
}

const openBackend = async ({ store, storePrefix, queue }: CoordinatorSettings, logger: Logger): Promise<Backend> =>
  (isRedis(store) ? openRedis(store, { ...queue, prefix: storePrefix, warn: (message) => logger.warn(message) }) : openEmbedded(store, queue));

/** The dashboard is a folder of its own, and may be left out of an installation. */
async function dashboardRoutes(): Promise<FastifyPluginAsync | undefined> {
  const path = './dashboard/index.js';
  try {
    const { registerDashboard } = await import(path) as { registerDashboard?: (app: Parameters<FastifyPluginAsync>[0]) => unknown };
    return registerDashboard && (async (app) => { await registerDashboard(app); });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
