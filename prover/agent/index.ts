/**
 * The prover's side of the network: an agent that takes proof jobs from a coordinator, and trusts it with nothing but their order.
 *   runAgent -> keys, benchmark, login, then the loop of agent.ts
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getAddress } from 'viem';
import { NetworkError } from '../../src/errors/network.js';
import { packageRoot } from '../../src/files/paths.js';
import { PROTOCOL_VERSION, type ProverProfile } from '../../src/protocol/network/prover.js';
import { Agent, type AgentClass } from './agent.js';
import { backOff } from './backOff.js';
import { measure } from './benchmark.js';
import { Journal } from './journal.js';
import { openClasses } from './keys.js';
import { createLogger } from './logs.js';
import type { AgentHandle, AgentOptions } from './options.js';
import { isLocalAccount, Orders } from './orders.js';
import { PackageCache } from './packages.js';
import { WorkerPool } from './pool.js';
import { detectMachine, type Machine } from './profile.js';
import { ProverSession } from './session.js';
import { openTransport, TransportError } from './transport/index.js';

export { createLogger, type AgentLogger, type LogOptions } from './logs.js';
export type { AgentHandle, AgentOptions, AgentTuning, RunningJob } from './options.js';
export type { MarketOptions } from './orders.js';
export { availableMemory, detectMachine, type Machine } from './profile.js';
export { LoginRefusedError } from './session.js';
export { TransportError } from './transport/index.js';

const MEMORY_SHARE = 0.8, CACHE_BYTES = 4 * 2 ** 30, CLOCK_SKEW_MS = 120_000, FIRST_PAUSE_MS = 500, LONGEST_PAUSE_MS = 30_000;
const DRY_RUN_ATTEMPTS = 3;
const softwareVersion = (): string => (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;

/**
 * Starts an agent; resolves when it has logged in and works.
 * @throws NetworkError AGENT_RUNNING, COORDINATOR_UNKNOWN, NO_CLASSES, KEYS_DEVELOPMENT, MARKET_ACCOUNT, ...; LoginRefusedError;
 *         ChainError of another chain or deployment; TransportError of a dry run, or after `signal`
 */
export async function runAgent(options: AgentOptions): Promise<AgentHandle> {
  const { coordinator: url, httpFallback, account, dataDir, parallel = 1, dryRun = false, tuning = {}, logger = createLogger(), signal } = options;
  const { firstPauseMs = FIRST_PAUSE_MS, longestPauseMs = LONGEST_PAUSE_MS } = tuning;
  const journal = await Journal.open(dataDir), closing: (() => Promise<void>)[] = [() => journal.close()];
  const close = async (): Promise<void> => { for (const end of closing.splice(0).reverse()) await end().catch((error: unknown) => logger.debug({ err: error }, 'close')); };
  const retrying = <T>(work: () => Promise<T>): Promise<T> => backOff(work, {
    firstMs: firstPauseMs, longestMs: longestPauseMs, signal, attempts: dryRun ? DRY_RUN_ATTEMPTS : undefined, retry: (error) => error instanceof TransportError,
    onFailure: (error, waitMs) => logger.warn({ err: error, waitMs: Math.round(waitMs) }, 'the coordinator does not answer: tried again'),
  });
  try {
    const { transport, http } = await openTransport({ coordinator: url, httpFallback, dataDir, times: tuning.times });
    closing.push(() => transport.close());
    const asked = options.coordinatorAddress !== undefined && options.chainId !== undefined ? undefined : http && await retrying(() => http.identity());
    const { coordinatorAddress = asked?.coordinator, chainId = asked?.chainId } = options;
    if (coordinatorAddress === undefined || chainId === undefined) {
      throw new NetworkError('nobody says who the coordinator is', { code: 'COORDINATOR_UNKNOWN', where: '--coordinator', expected: 'its account and chain id', hint: 'messages are signed for one coordinator: give both, or an HTTP address that can be asked' });
    }
    const coordinator = getAddress(coordinatorAddress), prover = getAddress(account.address), { market } = options;
    if (market && !isLocalAccount(account)) throw new NetworkError('the payout key cannot sign transactions', { code: 'MARKET_ACCOUNT', where: 'market', expected: 'a local account', hint: 'leave market out, or pass privateKeyToAccount(...)' });
    if (market && market.deployment.chainId !== chainId) throw new NetworkError('the market is on another chain', { code: 'MARKET_CHAIN', where: 'market', expected: chainId, got: market.deployment.chainId });

    const machine = await detectMachine(), memoryBytes = options.memoryBytes ?? Math.floor(machine.memoryBytes * MEMORY_SHARE);
    const pool = new WorkerPool({ memoryBytes, logger, worker: tuning.worker, watchMs: tuning.watchMs, heapMiB: tuning.heapMiB });
    closing.push(() => pool.close());
    const version = softwareVersion(), { backend } = await pool.run({ kind: 'describe' }, { signal });
    const classes = await measuredClasses(options, { chainId, machine, pool, version, backend, memoryBytes });
    const profile: ProverProfile = {
      protocol: PROTOCOL_VERSION, version, ...(transport.peerId ? { peerId: transport.peerId } : {}), backend: backend.slice(0, 80), cpu: machine.cpu, cores: machine.cores, gpus: machine.gpus, memoryBytes, parallel, ...(market && { locksOrders: true }),
      classes: classes.map(({ cls, keys, seconds, peakBytes }) => ({ className: cls.name, relation: 'payout' as const, vkHash: keys.payout.vk.vkHash, seconds, peakBytes })),
    };
    logger.info({ prover, coordinator, chainId, backend, cpu: machine.cpu, cores: machine.cores, gpus: machine.gpus.length, memoryBytes, parallel, classes: classes.map(({ cls }) => cls.name).join(',') }, 'prover');

    const session = new ProverSession({ transport, account, chainId, coordinator, profile: () => profile, logger, clockSkewMs: tuning.clockSkewMs ?? CLOCK_SKEW_MS });
    await retrying(() => session.login());
    const packages = await PackageCache.open(join(dataDir, 'packages'), options.cacheBytes ?? CACHE_BYTES);
    const orders = market && !dryRun && isLocalAccount(account) ? await Orders.open({ ...market, account, dir: join(dataDir, 'orders'), logger }) : undefined;
    if (orders) closing.push(() => orders.close());
    const agent = new Agent({ session, pool, journal, packages, orders, classes, chainId, prover, parallel, memoryBytes, logger, firstPauseMs, longestPauseMs });
    const known = { address: prover, coordinator, chainId, profile, running: () => agent.running(), workers: () => pool.busy };
    if (dryRun) {
      const reply = await session.request('lease', { free: 0, memoryBytes, running: [] });
      await close();
      return { ...known, done: Promise.resolve(), stop: () => Promise.resolve(), dryRun: reply.ok ? { why: reply.why, waitMs: reply.waitMs } : { why: `${reply.code}: ${reply.message}`, waitMs: 0 } };
    }
    closing.push(asTask(transport.onAnnounce(() => agent.wake())));
    const done = agent.run().finally(close);
    // Who does not wait for it learns of its end by the log.
    done.catch((error: unknown) => logger.fatal({ err: error }, 'the prover ends'));
    if (options.handleSignals) closing.push(asTask(onSignals((again) => agent.stop(options.drain === true && !again))));
    const stop = async ({ drain = false } = {}): Promise<void> => {
      agent.stop(drain);
      await done.catch(() => undefined);
    };
    return { ...known, done, stop };
  } catch (error) {
    await close();
    throw error;
  }
}

const asTask = (end: () => void) => (): Promise<void> => Promise.resolve(end());

/** @returns ends it */
function onSignals(stop: (again: boolean) => void): () => void {
  let count = 0;
  const listener = (): void => stop(count++ > 0);
  const names = ['SIGTERM', 'SIGINT'] as const;
  names.forEach((name) => process.on(name, listener));
  return () => names.forEach((name) => process.off(name, listener));
}

/** Classes with keys and a measurement, that fit in memory. @throws NetworkError NO_CLASSES */
async function measuredClasses(
  { classes, keysDir, dataDir, skipBenchmark, logger = createLogger() }: AgentOptions,
  { chainId, machine, pool, version, backend, memoryBytes }: { chainId: number; machine: Machine; pool: WorkerPool; version: string; backend: string; memoryBytes: number },
): Promise<AgentClass[]> {
  const out: AgentClass[] = [];
  for (const { cls, keys } of await openClasses({ chainId, keysDir, classes, progress: (message) => logger.info(message) })) {
    const key = { version, vkHash: keys.payout.vk.vkHash, cpu: machine.cpu, cores: machine.cores, backend };
    const measured = await measure(keys, key, { path: join(dataDir, 'benchmark.json'), pool, logger, cachedOnly: skipBenchmark }).catch((error: unknown) => {
      logger.error({ err: error, class: cls.name }, 'benchmark failed: the class is left out');
      return undefined;
    });
    if (!measured) logger.warn({ class: cls.name }, 'not measured here: the class is left out');
    else if (measured.peakBytes > memoryBytes) logger.warn({ class: cls.name, peakBytes: measured.peakBytes, memoryBytes }, 'needs more memory than the prover may use: the class is left out');
    else out.push({ cls, keys, ...measured });
  }
  if (out.length === 0) throw new NetworkError('no class to prove', { code: 'NO_CLASSES', where: dataDir, hint: skipBenchmark ? 'nothing was measured on this machine with these keys: run without --skip-benchmark' : 'see the warnings before this; --memory or --classes may help' });
  return out;
}
