/**
 * A whole network on this machine, on embedded defaults: anvil with the contracts, one coordinator with its dashboard, prover nodes, one
 * inference node with the digits model, each its own process. What it sets up first (train, keys, deploy, contribute, register) is the
 * path of the demo; the rest is the parts' own doing.
 */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { startAnvil, type Anvil } from '../../chain/index.js';
import { buildDemoBundle, writeBundle } from '../../models/index.js';
import { sizeClass } from '../../statement/classes.js';
import { account, economyAs, fundLocal, ROLES, type ChainAccess } from '../accounts.js';
import { ARTIFACTS } from '../demo/court.js';
import { readArtifact } from '../../protocol/artifacts.js';
import { configFrom, deploy } from '../deploy/handler.js';
import { withProving } from '../proving.js';
import { register } from '../register/handler.js';
import { ensureStake, leastStake } from '../stake/handler.js';
import { Workspace, type Progress } from '../workspace.js';
import { writeNetwork, type LocalNetwork } from './network.js';
import { Supervisor, untilReady, untilWritten } from './processes.js';

export interface LocalnetOptions {
  dir: string;
  className: string;
  provers: number;
  ports: { chain: number; coordinator: number; peer: number; node: number };
  /** Seconds after which a block, and a job, goes on though it is not full. */
  maxAgeSeconds: number;
  progress: Progress;
}

export interface Localnet {
  network: LocalNetwork;
  stop(): Promise<void>;
}

/** Rewards can be claimed some 20 s after their job was settled: periods and challenges of 10 s. For looking at, not for courts. */
const SHORT = { periodSeconds: 10, windows: { settlementSeconds: 6 * 3600, challengeSeconds: 10 } };
const FOLDERS = ['adapters', 'coordinator', 'node', 'provers', 'logs', 'network.json'];
const ACCOUNTS = ROLES.networkProver[0] + ROLES.networkProver[1];

export async function startLocalnet({ dir, className, provers, ports, maxAgeSeconds, progress }: LocalnetOptions): Promise<Localnet> {
  const workspace = new Workspace(dir);
  await Promise.all([...ARTIFACTS, ...FOLDERS, 'deployment.json.partial'].map((name) => rm(workspace.path(name), { recursive: true, force: true })));
  progress('== train');
  await writeBundle(workspace.model, await buildDemoBundle({ sizeClass: sizeClass(className) }));
  progress('== chain');
  const anvil = await startAnvil({ port: ports.chain, args: ['--accounts', String(ACCOUNTS)] });
  const logs = workspace.path('logs');
  let network: LocalNetwork | undefined;
  const supervisor = new Supervisor(logs, progress, () => { if (network) writeNetwork(dir, { ...network, processes: { anvil: anvil.pid, ...supervisor.processes } }).catch((error: Error) => progress(error.message)); });
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    await anvil.stop();
    await rm(workspace.path('network.json'), { force: true });
  };
  try {
    await setUp(workspace, anvil, className, progress);
    progress('== parts');
    network = await startParts(workspace, anvil, supervisor, { className, provers, ports, maxAgeSeconds, logs });
    await writeNetwork(dir, network = { ...network, processes: { anvil: anvil.pid, ...supervisor.processes } });
    return { network, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Deploys, contributes and registers, makes the node one whose operator is the coordinator, and has the chain mine every second.
 * @param workspace  holds the model; the adapter that the node serves comes into its folder `adapters`
 */
export async function setUp(workspace: Workspace, { rpcUrl, chainId }: Anvil, className: string, progress: Progress): Promise<void> {
  const access = { rpcUrl, chainId };
  const cls = sizeClass(className);
  await withProving(cls, undefined, progress, async (context) => {
    progress('== deploy');
    const manifest = await deploy(workspace, access, cls, context.keys, progress, configFrom(access, SHORT));
    progress('== contribute and register');
    await register(workspace, access, context);
    // The parts send no money to each other: all that they need is there before they start.
    const coordinator = account(access.chainId, 'coordinator').address, address = account(access.chainId, 'node').address;
    await fundLocal(access, address);
    const node = await economyAs(access, manifest, 'node');
    await ensureStake(node, 'node', await leastStake(node, 'node'));
    if (!await node.inferences.isActiveNode(address)) await node.inferences.registerNode(coordinator, 'local:digits');
  });
  const adapter = workspace.path('adapters', 'digits');
  await cp(workspace.model, join(adapter, 'model'), { recursive: true });
  await cp(workspace.path('registration'), join(adapter, 'registration'), { recursive: true });
  await mineEverySecond(rpcUrl);
}

/** Windows and periods are in chain time, which stands still without blocks. */
async function mineEverySecond(rpcUrl: string): Promise<void> {
  await fetch(rpcUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'evm_setIntervalMining', params: [1] }) });
}

async function startParts(
  workspace: Workspace, access: ChainAccess, supervisor: Supervisor, { className, provers, ports, maxAgeSeconds, logs }: Pick<LocalnetOptions, 'className' | 'provers' | 'ports' | 'maxAgeSeconds'> & { logs: string },
): Promise<LocalNetwork> {
  const chain = ['--dir', workspace.dir, '--rpc', access.rpcUrl, '--chain-id', String(access.chainId)], coordinator = `http://127.0.0.1:${ports.coordinator}`, node = `http://127.0.0.1:${ports.node}`;
  const coordinatorAddress = account(access.chainId, 'coordinator').address, age = String(maxAgeSeconds);
  supervisor.start('coordinator', ['coordinator', 'run', ...chain, '--data', workspace.path('coordinator'), '--port', String(ports.coordinator), '--p2p-port', String(ports.peer), '--classes', className, '--max-age', age, '--confirmations', '1']);
  await untilReady('coordinator', `${coordinator}/readyz`, join(logs, 'coordinator.log'));
  await untilWritten(workspace.path('coordinator', 'address.json'));
  const { addresses: [peer] } = await readArtifact(workspace.path('coordinator', 'address.json'), z.object({ addresses: z.array(z.string()).min(1) }));
  for (let i = 0; i < provers; i++) {
    supervisor.start(`prover-${i}`, [
      'prover', 'run', '--coordinator', peer, '--http', coordinator, '--coordinator-address', coordinatorAddress, '--chain-id', String(access.chainId), '--as', `networkProver:${i}`,
      '--data', workspace.path('provers', String(i)), '--classes', className,
    ]);
  }
  supervisor.start('node', ['node', 'run', ...chain, '--coordinator', coordinator, '--adapters', workspace.path('adapters'), '--data', workspace.path('node'), '--class', className, '--port', String(ports.node), '--max-age', age]);
  await untilReady('inference node', `${node}/readyz`, join(logs, 'node.log'));
  return { format: 'zkattr-network', chainId: access.chainId, rpc: access.rpcUrl, coordinator, coordinatorAddress, peer, node, processes: {} };
}
