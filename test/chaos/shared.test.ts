/**
 * A network of two coordinators on one Redis and one folder of artifacts, with weather between all parts: requests are lost, repeated,
 * delayed and reordered, clocks are wrong. On it Redis and the coordinator that leads are killed and frozen, the chain's endpoint loses
 * requests and answers, the artifact store is full. At the end every paid inference is settled exactly once, and the money on chain adds up.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startAnvil, type Anvil } from '../../src/chain/index.js';
import { account, ROLES } from '../../src/cli/accounts.js';
import { setUp } from '../../src/cli/localnet/handler.js';
import { Supervisor, untilReady } from '../../src/cli/localnet/processes.js';
import { Workspace } from '../../src/cli/workspace.js';
import { buildDemoBundle, writeBundle } from '../../src/models/index.js';
import { sizeClass } from '../../src/statement/classes.js';
import { NO_REDIS, startRedis, type RedisServer } from '../support/redisServer.js';
import { fill, mountSmall, NO_MOUNT, unmount } from './support/disk.js';
import { freePorts } from './support/ports.js';
import { startProxy, type ChaosProxy, type Weather } from './support/proxy.js';
import { sleep, Traffic, type Fault } from './support/traffic.js';

const SETTLE_MS = 300_000, CLASS = '16x16', AGE = '2', SEED = Number(process.env.CHAOS_SEED ?? 1);
/** More than the 64 MiB that the store keeps free. */
const ARTIFACTS_MIB = 128;
/** Some terms of who leads (15 s). */
const TAKEOVER_MS = 60_000;
const ALWAYS: Weather = { lose: 0.03, loseAnswer: 0.03, repeat: 0.1, delay: [0, 150] };
/** Milliseconds; less than what is tolerated (a minute), except for the last prover's. */
const SKEW = { b: 20_000, node: -15_000, 'prover-1': -25_000, 'prover-2': 600_000 };

describe('two coordinators on one Redis, in bad weather', { ...(NO_REDIS && { skip: NO_REDIS }) }, () => {
  let dir: string, artifacts: string, anvil: Anvil, redis: RedisServer, supervisor: Supervisor, traffic: Traffic, rpc: ChaosProxy, api: ChaosProxy, toB: ChaosProxy, passed = false;
  const endings: string[] = [];
  const urls: Record<'a' | 'b', string> = { a: '', b: '' };
  const logs = (name: string): string => join(dir, 'logs', `${name}.log`);
  const skewed = (name: keyof typeof SKEW): NodeJS.ProcessEnv => ({ SKEW_MS: String(SKEW[name]), NODE_OPTIONS: `--import=${new URL('./support/skew.js', import.meta.url).href}` });

  /** A process that nobody killed has no reason to end. */
  const progress = (message: string): void => {
    console.log(`  ${message}`);
    if (/ ended \((?!SIGKILL)/.test(message)) endings.push(message);
  };
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'zkattr-chaos-'));
    artifacts = join(dir, 'artifacts');
    if (NO_MOUNT) console.log(`  full disk: ${NO_MOUNT}`);
    else mountSmall(artifacts, ARTIFACTS_MIB);
    const workspace = new Workspace(dir), [portA, portB, peerA, nodePort] = await freePorts(4);
    await writeBundle(workspace.model, await buildDemoBundle({ sizeClass: sizeClass(CLASS) }));
    anvil = await startAnvil({ args: ['--accounts', String(ROLES.networkProver[0] + ROLES.networkProver[1])] });
    redis = await startRedis();
    await setUp(workspace, anvil, CLASS, (message) => console.log(`  ${message}`));
    [urls.a, urls.b] = [portA, portB].map((port) => `http://127.0.0.1:${port}`);
    [rpc, api, toB] = await Promise.all([startProxy(anvil.rpcUrl, SEED), startProxy(urls.a, SEED + 1), startProxy(urls.b, SEED + 2)]);

    supervisor = new Supervisor(join(dir, 'logs'), progress);
    const chain = ['--dir', dir, '--rpc', rpc.url, '--chain-id', String(anvil.chainId)];
    const coordinator = (name: 'a' | 'b', port: number, rest: string[], env?: NodeJS.ProcessEnv): void =>
      supervisor.start(name, ['coordinator', 'run', ...chain, '--redis', redis.url, '--artifacts', artifacts, '--data', join(dir, name), '--port', String(port), '--classes', CLASS, '--max-age', AGE, '--confirmations', '1', ...rest], env);
    coordinator('a', portA, ['--p2p-port', String(peerA)]);
    await untilReady('a', `${urls.a}/readyz`, logs('a'));
    coordinator('b', portB, [], skewed('b'));
    await untilReady('b', `${urls.b}/readyz`, logs('b'));
    const { addresses: [peer] } = JSON.parse(await readFile(join(dir, 'a', 'address.json'), 'utf8')) as { addresses: string[] };
    const prover = (index: number, at: string[], env?: NodeJS.ProcessEnv): void =>
      supervisor.start(`prover-${index}`, ['prover', 'run', ...at, '--coordinator-address', account(anvil.chainId, 'coordinator').address, '--chain-id', String(anvil.chainId), '--as', `networkProver:${index}`, '--data', join(dir, 'provers', String(index)), '--classes', CLASS], env);
    prover(0, ['--coordinator', peer]);
    prover(1, ['--coordinator', toB.url], skewed('prover-1'));
    prover(2, ['--coordinator', toB.url], skewed('prover-2'));
    supervisor.start('node', ['node', 'run', ...chain, '--coordinator', api.url, '--adapters', workspace.path('adapters'), '--data', workspace.path('node'), '--class', CLASS, '--port', String(nodePort), '--max-age', AGE], skewed('node'));
    const nodeUrl = `http://127.0.0.1:${nodePort}`;
    await untilReady('node', `${nodeUrl}/readyz`, logs('node'));
    traffic = await Traffic.open({ dir, rpcUrl: anvil.rpcUrl, chainId: anvil.chainId, nodeUrl });
    [api.weather, toB.weather] = [ALWAYS, ALWAYS];
  });
  after(async () => {
    await supervisor?.stop();
    await Promise.all([rpc?.stop(), api?.stop(), toB?.stop(), anvil?.stop(), redis?.stop()]);
    if (!passed || process.env.CHAOS_KEEP) return console.log(`  kept: ${dir}`);
    if (!NO_MOUNT) unmount(artifacts);
    await rm(dir, { recursive: true, force: true });
  });

  const pid = (name: string): number => supervisor.processes[name];
  const kill = (name: string): void => {
    try {
      process.kill(pid(name), 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it is just being started again
    }
  };
  const leads = async (name: 'a' | 'b'): Promise<boolean> => {
    try {
      return /^zkattr_coordinator_leads 1$/m.test(await (await fetch(`${urls[name]}/metrics`, { signal: AbortSignal.timeout(1000) })).text());
    } catch {
      return false;
    }
  };
  const leader = async (except?: 'a' | 'b'): Promise<'a' | 'b'> => {
    for (const end = Date.now() + TAKEOVER_MS; Date.now() < end; await sleep(250)) for (const name of ['a', 'b'] as const) if (name !== except && await leads(name)) return name;
    throw new Error(`nobody leads after ${TAKEOVER_MS / 1000} s; see ${logs('a')} and ${logs('b')}`);
  };
  const other = (name: 'a' | 'b'): 'a' | 'b' => (name === 'a' ? 'b' : 'a');
  const during = async (proxies: readonly ChaosProxy[], weather: Weather, ms: number): Promise<void> => {
    const before = proxies.map((proxy) => proxy.weather);
    for (const proxy of proxies) proxy.weather = weather;
    await sleep(ms);
    proxies.forEach((proxy, i) => { proxy.weather = before[i]; });
  };
  const redisAway = async (): Promise<void> => {
    await redis.kill();
    await sleep(3000);
    await redis.restart();
  };
  /** It stops in the middle of whatever it does, another one leads, then it goes on. */
  const frozenLeader = async (): Promise<void> => {
    const first = await leader(), frozen = pid(first);
    process.kill(frozen, 'SIGSTOP');
    api.target = urls[other(first)];
    assert.equal(await leader(first), other(first), 'the other one leads');
    await sleep(5000);
    process.kill(frozen, 'SIGCONT');
    await sleep(2000);
    assert.deepEqual([await leads(first), await leads(other(first))], [false, true], 'who comes back follows');
  };
  const killedLeader = async (): Promise<void> => {
    const first = await leader();
    kill(first);
    api.target = urls[other(first)];
    await leader();
  };
  const fullStore = async (): Promise<void> => {
    const free = await fill(artifacts);
    await sleep(6000);
    await free();
  };
  const FAULTS: Fault[] = [
    ['Redis kill -9, back after 3 s', redisAway], ['leader kill -9', killedLeader], ['chain endpoint loses a third of requests and of answers for 8 s', () => during([rpc], { lose: 0.3, loseAnswer: 0.3 }, 8000)],
    ['chain endpoint takes up to 3 s for 10 s', () => during([rpc], { delay: [200, 1500] }, 10_000)], ['messages repeated and reordered for 8 s', () => during([api, toB], { repeat: 0.6, delay: [0, 1500], lose: 0.1, loseAnswer: 0.1 }, 8000)],
    ['leader frozen until the other leads', frozenLeader], ['Redis and both provers kill -9', async () => { kill('prover-0'); kill('prover-1'); await redisAway(); }],
    ['chain endpoint gone for 5 s', () => during([rpc], { lose: 1 }, 5000)],
    ...(NO_MOUNT ? [] : [['artifact store full for 6 s', fullStore] satisfies Fault]),
  ];

  it('settles every paid inference exactly once, whatever is killed', async () => {
    await traffic.during(FAULTS);
    await traffic.account(FAULTS.length, SETTLE_MS);
    assert.deepEqual(endings, [], 'no process ends by itself');
    passed = true;
    for (const [name, { counts }] of Object.entries({ chain: rpc, 'node to coordinator': api, 'prover to coordinator': toB })) console.log(`  ${name}: ${JSON.stringify(counts)}`);
  });

  it('refuses a prover whose clock is ten minutes off, by name, and gives it nothing', async () => {
    assert.match(await readFile(logs('prover-2'), 'utf8'), /ENVELOPE_CLOCK/);
    const provers = await (await fetch(`${urls.b}/v1/provers`)).json() as { address: string }[];
    assert.ok(!provers.some(({ address }) => address === account(anvil.chainId, 'networkProver', 2).address));
  });
});
