/**
 * A whole network of real processes, on which inferences are asked and paid for while parts of it are killed, frozen and told things
 * twice. At the end every paid inference is settled exactly once, and the money on chain adds up. Prints jobs, faults, losses, double payments.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Hex } from 'viem';
import { deploymentOf, Economy, connectChain } from '../../src/chain/index.js';
import { account } from '../../src/cli/accounts.js';
import { startLocalnet, type Localnet } from '../../src/cli/localnet/handler.js';
import { readNetwork } from '../../src/cli/localnet/network.js';
import { Workspace } from '../../src/cli/workspace.js';
import { inferRemote, remoteAdapters, remoteInference } from '../../src/inference/node/index.js';
import { readBundle } from '../../src/models/index.js';
import { batchSchema, batchSecretsSchema, readArtifact } from '../../src/protocol/artifacts.js';
import { artifactHash, encodeBlockPackage } from '../../src/protocol/network/index.js';

const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? 8), ROWS = 4;
const SETTLE_MS = 240_000;
const CLASS = '16x16';
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ports that are free now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise<ReturnType<typeof createServer>>((resolve) => { const server = createServer().listen(0, '127.0.0.1', () => resolve(server)); })));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => { server.close(resolve); })));
  return ports;
}

describe('a network under faults', () => {
  let dir: string, net: Localnet, payer: Economy, faults = 0;
  const asked: { key: Hex; fee: bigint }[] = [];

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'zkattr-chaos-'));
    const [chain, coordinator, peer, node] = await freePorts(4);
    net = await startLocalnet({ dir, className: CLASS, provers: 2, ports: { chain, coordinator, peer, node }, maxAgeSeconds: 2, progress: (message) => console.log(`  ${message}`) });
    const client = await connectChain({ rpcUrl: net.network.rpc, chainId: net.network.chainId, account: account(net.network.chainId, 'payer') });
    payer = await Economy.connect(client, deploymentOf(await new Workspace(dir).deployment()));
  });
  after(async () => {
    await net?.stop();
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
    const at = (name: string): string => join(dir, 'node', 'blocks', '0', name);
    if (!existsSync(at('commitment.json'))) return;
    const batch = await readArtifact(at('batch.json'), batchSchema), secrets = await readArtifact(at('secrets.json'), batchSecretsSchema), X = Uint8Array.from(await readFile(at('X.i8'))), Delta = Uint8Array.from(await readFile(at('Delta.i16')));
    const { recordId, signature, validUntil } = JSON.parse(await readFile(at('commitment.json'), 'utf8')) as { recordId: Hex; signature: Hex; validUntil: number };
    const name = artifactHash(encodeBlockPackage({ batch, secrets, X: new Int8Array(X.buffer), Delta: new Int16Array(Delta.buffer) }));
    const body = JSON.stringify({ recordId, blockId: batch.blockId, package: name, commitment: { signature, validUntil } });
    await Promise.all(Array.from({ length: 5 }, () => fetch(`${net.network.coordinator}/v1/blocks`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }).then((r) => r.arrayBuffer()).catch(() => undefined)));
  };
  const FAULTS: [string, () => Promise<void>][] = [
    ['kill -9 prover-0', () => kill('prover-0')], ['kill -9 coordinator', () => kill('coordinator')], ['chain frozen for 3 s', () => freeze('anvil', 3000)], ['kill -9 node', () => kill('node')],
    ['kill -9 both provers', async () => { await kill('prover-0'); await kill('prover-1'); }], ['kill -9 coordinator and node', async () => { await kill('coordinator'); await kill('node'); }],
    ['coordinator frozen for 4 s', () => freeze('coordinator', 4000)], ['blocks handed in again', repeat],
  ];

  /** Asks until all rows are answered: with the same nonces nothing is paid twice. */
  async function ask(inputs: number[][], base: bigint): Promise<void> {
    const nonces = inputs.map((_, i) => base + BigInt(i));
    for (let tries = 0; ; tries++) {
      try {
        const [adapter] = (await remoteAdapters({ nodeUrl: net.network.node })).filter((a) => a.state !== 'refused');
        const answers = await inferRemote({ nodeUrl: net.network.node, economy: payer, adapterId: adapter.adapterId, inputs, nonces });
        asked.push(...answers.map(({ paymentKey: key, fee }) => ({ key, fee })));
        return;
      } catch (error) {
        if (tries === 60) throw error;
        await sleep(1000);
      }
    }
  }

  it('settles every paid inference exactly once, whatever is killed', async () => {
    const { heldOut, manifest } = await readBundle(new Workspace(dir).model), width = manifest.taps.inputWidth;
    const row = (i: number): number[] => Array.from(heldOut.inputs.subarray(i * width, (i + 1) * width));
    const base = BigInt(Date.now()) << 20n;
    for (let round = 0; round < ROUNDS; round++) {
      const [name, fault] = FAULTS[round % FAULTS.length];
      const asking = ask(Array.from({ length: ROWS }, (_, i) => row(round * ROWS + i)), base + BigInt(round * ROWS));
      await sleep(2500);
      console.log(`  fault: ${name}`);
      await fault();
      faults++;
      await asking;
    }
    const open = new Set(asked.map(({ key }) => key));
    for (const end = Date.now() + SETTLE_MS; open.size > 0 && Date.now() < end; await sleep(1000)) {
      for (const key of open) if (['paid', 'refunded'].includes((await payer.inferences.payment(key)).status)) open.delete(key);
    }
    const states = await Promise.all([...open].map((key) => remoteInference({ nodeUrl: net.network.node }, key).catch((error: unknown) => String(error))));

    // The chain's own story: each payment in one settled block, each fee credited once.
    const blocks = await payer.events('inferences', 'BlockCommitted'), settled = await payer.events('inferences', 'BlockSettledBy'), credits = await payer.events('vault', 'JobCredited'), jobs = await payer.events('settlement', 'JobSettled');
    const times = new Map<Hex, number>();
    for (const { args: { blockId } } of settled) for (const { key } of blocks.find((b) => b.args.blockId === blockId)!.args.data.inferences) times.set(key, (times.get(key) ?? 0) + 1);
    const losses = open.size, doubles = [...times.values()].filter((n) => n !== 1).length + (settled.length - new Set(settled.map((e) => e.args.blockId)).size);
    console.log(`  ${asked.length} inferences, ${jobs.length} jobs, ${faults} faults, losses ${losses}, double payments ${doubles}`);
    assert.equal(losses, 0, `not settled: ${JSON.stringify(states, null, 1)}`);
    assert.equal(doubles, 0);
    assert.equal(new Set(asked.map(({ key }) => key)).size, ROUNDS * ROWS);
    for (const { key } of asked) assert.equal((await payer.inferences.payment(key)).status === 'refunded' ? 1 : times.get(key), 1, key);
    const feesIn = asked.reduce((sum, { fee }) => sum + fee, 0n), credited = credits.reduce((sum, { args }) => sum + args.amount, 0n);
    assert.equal(jobs.reduce((sum, { args }) => sum + args.fees, 0n), feesIn, 'fees of the jobs are the fees that were paid');
    assert.equal(credited, feesIn, 'every wei of the fees was credited');
    const { deployment } = payer, balance = await payer.token.balanceOf(deployment.vault);
    assert.ok(balance >= credited, `the vault holds ${balance} for ${credited}`);
    assert.equal(await payer.token.balanceOf(deployment.inferences), 0n, 'no fee stays with the registry');
  });
});
