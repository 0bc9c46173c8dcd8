import type { Command } from 'commander';
import { DEMO_CLASS } from '../demo/handler.js';
import { untilSignal } from '../node/command.js';
import { dirOption, integer } from '../options.js';
import { consoleProgress } from '../workspace.js';
import { startLocalnet } from './handler.js';

interface Options { dir: string; class: string; provers: number; port: number; coordinatorPort: number; peerPort: number; nodePort: number; maxAge: number }

export function localnetCommand(program: Command): void {
  program.command('localnet').description('a whole network on this machine: chain, coordinator with dashboard, provers, inference node; until stopped')
    .option(...dirOption).option('--class <name>', 'size class', DEMO_CLASS).option('--provers <n>', 'prover nodes', integer, 2)
    .option('--port <port>', 'of the chain', integer, 8545).option('--coordinator-port <port>', 'of the coordinator', integer, 8500).option('--peer-port <port>', 'of its libp2p listener', integer, 8501)
    .option('--node-port <port>', 'of the inference node', integer, 8600).option('--max-age <seconds>', 'after which a block that is not full goes on', integer, 3)
    .action(async ({ dir, class: className, provers, port, coordinatorPort, peerPort, nodePort, maxAge }: Options) => {
      const { network, stop } = await startLocalnet({ dir, className, provers, ports: { chain: port, coordinator: coordinatorPort, peer: peerPort, node: nodePort }, maxAgeSeconds: maxAge, progress: consoleProgress() });
      console.log([
        `chain           ${network.rpc}  (id ${network.chainId})`, `coordinator     ${network.coordinator}  ${network.coordinatorAddress}`, `  libp2p        ${network.peer}`, `  dashboard     ${network.coordinator}/`,
        `inference node  ${network.node}`, ...Object.entries(network.processes).map(([name, pid]) => `process         ${name.padEnd(12)} ${pid}`), `logs            ${dir}/logs`, '', 'ask it: zkattr infer --input FILE', 'stop: Ctrl-C',
      ].join('\n'));
      await untilSignal();
      await stop();
    });
}
