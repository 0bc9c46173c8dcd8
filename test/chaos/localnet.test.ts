/**
 * A local network on embedded defaults, as `npm run localnet` starts it, on which inferences are asked and paid for while its processes
 * are killed and frozen, its disk is full, and it is told things twice. At the end every paid inference is settled exactly once, and the
 * money on chain adds up.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Hex } from 'viem';
import { startLocalnet, type Localnet } from '../../src/cli/localnet/handler.js';
import { readNetwork } from '../../src/cli/localnet/network.js';
import { batchSchema, batchSecretsSchema, readArtifact } from '../../src/protocol/artifacts.js';
import { artifactHash, encodeBlockPackage } from '../../src/protocol/network/index.js';
import { fill, mountSmall, NO_MOUNT, unmount } from './support/disk.js';
import { freePorts } from './support/ports.js';
import { nodeBlock, sleep, Traffic, type Fault } from './support/traffic.js';

const SETTLE_MS = 240_000, CLASS = '16x16', DISK_MIB = 512;

describe('a network under faults', () => {
  let dir: string, net: Localnet, traffic: Traffic, passed = false;
  const endings: string[] = [];

  /** A process that nobody killed has no reason to end. */
  const progress = (message: string): void => {
    console.log(`  ${message}`);
    if (/ ended \((?!SIGKILL)/.test(message)) endings.push(message);
  };
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'zkattr-chaos-'));
    if (NO_MOUNT) console.log(`  full disk: ${NO_MOUNT}`);
    else mountSmall(dir, DISK_MIB);
    const [chain, coordinator, peer, node] = await freePorts(4);
    net = await startLocalnet({ dir, className: CLASS, provers: 2, ports: { chain, coordinator, peer, node }, maxAgeSeconds: 2, progress });
    traffic = await Traffic.open({ dir, rpcUrl: net.network.rpc, chainId: net.network.chainId, nodeUrl: net.network.node });
  });
  after(async () => {
    await net?.stop();
    if (!passed || process.env.CHAOS_KEEP) return console.log(`  kept: ${dir}`);
    if (!NO_MOUNT) unmount(dir);
    await rm(dir, { recursive: true, force: true });
  });

  const pidOf = async (name: string): Promise<number> => (await readNetwork(dir)).processes[name];
  const kill = async (name: string): Promise<void> => {
    try {
      process.kill(await pidOf(name), 'SIGKILL');
    } catch (error) {
      // It is just being started again.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const freeze = async (name: string, ms: number): Promise<void> => {
    const pid = await pidOf(name);
    process.kill(pid, 'SIGSTOP');
    await sleep(ms);
    process.kill(pid, 'SIGCONT');
  };
  /** What the node handed in last, handed in again and again. */
  const repeat = async (): Promise<void> => {
    const at = (name: string): string => nodeBlock(dir, name);
    if (!existsSync(at('commitment.json'))) return;
    const batch = await readArtifact(at('batch.json'), batchSchema), secrets = await readArtifact(at('secrets.json'), batchSecretsSchema), X = Uint8Array.from(await readFile(at('X.i8'))), Delta = Uint8Array.from(await readFile(at('Delta.i16')));
    const { recordId, signature, validUntil } = JSON.parse(await readFile(at('commitment.json'), 'utf8')) as { recordId: Hex; signature: Hex; validUntil: number };
    const name = artifactHash(encodeBlockPackage({ batch, secrets, X: new Int8Array(X.buffer), Delta: new Int16Array(Delta.buffer) }));
    const body = JSON.stringify({ recordId, blockId: batch.blockId, package: name, commitment: { signature, validUntil } });
    await Promise.all(Array.from({ length: 5 }, () => fetch(`${net.network.coordinator}/v1/blocks`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }).then((r) => r.arrayBuffer()).catch(() => undefined)));
  };
  /** Nobody can write: database, artifacts, answers, journals. */
  const fullDisk = async (): Promise<void> => {
    const free = await fill(dir);
    await sleep(6000);
    await free();
  };
  const FAULTS: Fault[] = [
    ['kill -9 prover-0', () => kill('prover-0')], ['kill -9 coordinator', () => kill('coordinator')], ['chain frozen for 3 s', () => freeze('anvil', 3000)], ['kill -9 node', () => kill('node')],
    ['kill -9 both provers', async () => { await kill('prover-0'); await kill('prover-1'); }], ['kill -9 coordinator and node', async () => { await kill('coordinator'); await kill('node'); }],
    ['coordinator frozen for 4 s', () => freeze('coordinator', 4000)], ['blocks handed in again', repeat],
    ...(NO_MOUNT ? [] : [['disk full for 6 s', fullDisk] satisfies Fault]),
  ];

  it('settles every paid inference exactly once, whatever is killed', async () => {
    await traffic.during(FAULTS);
    await traffic.account(FAULTS.length, SETTLE_MS);
    assert.deepEqual(endings, [], 'no process ends by itself');
    await traced();
    passed = true;
  });

  /** One inference through all logs by one id, its payment key. */
  async function traced(): Promise<void> {
    const key = traffic.firstPayment, said: string[] = [];
    for (const name of await readdir(join(dir, 'logs'))) {
      for (const line of (await readFile(join(dir, 'logs', name), 'utf8')).split('\n')) if (line.includes(key) && line.startsWith('{')) said.push((JSON.parse(line) as { msg: string }).msg);
    }
    assert.deepEqual(['answered', 'block signed', 'block taken in', 'block committed', 'job formed', 'job taken', 'job proved', 'job settled'].filter((msg) => !said.includes(msg)), [], `of ${key} the logs say: ${said.join(', ')}`);
  }
});
