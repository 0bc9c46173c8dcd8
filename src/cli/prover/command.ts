import { InvalidArgumentError, type Command } from 'commander';
import type { LocalAccount } from 'viem';
import { deploymentOf } from '../../chain/index.js';
import { account, type Actor } from '../accounts.js';
import { actor, address, chainIdOption, dirOption, folder, integer, keysOption, open } from '../options.js';
import { Workspace } from '../workspace.js';

interface Options {
  coordinator: string; http?: string; coordinatorAddress?: `0x${string}`; chainId: number; as: Actor; data: string; jobs: number; memory?: number; classes?: string[]; keys?: string;
  dir: string; rpc?: string; minPrice?: bigint; dryRun?: boolean; skipBenchmark?: boolean; drain?: boolean; logLevel: string;
}

/** "1.5" GiB -> bytes. */
function gibibytes(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) <= 0) throw new InvalidArgumentError('expected GiB, such as 2 or 0.5');
  return Math.round(Number(text) * 2 ** 30);
}

export function proverCommand(program: Command): void {
  const prover = program.command('prover').description('a prover node: takes proof jobs from a coordinator and is paid for them');
  prover.command('run').description('benchmark this machine, log in, prove until stopped; SIGTERM hands jobs back')
    .requiredOption('--coordinator <address>', 'its URL, or its multiaddr with /p2p/<peer id>').option('--http <url>', 'URL that is used while libp2p fails')
    .option('--coordinator-address <address>', 'account that the coordinator signs with; asked for without it', address)
    .option(...chainIdOption).option('--as <role>', 'whose account of a local chain is paid and signs; elsewhere it is ZKATTR_PRIVATE_KEY', actor, { role: 'networkProver', index: 0 } satisfies Actor as Actor)
    .option('--data <folder>', 'journal, packages, peer key, benchmark', folder, folder('zkattr-prover'))
    .option('--jobs <n>', 'jobs at once', integer, 1).option('--memory <GiB>', 'that jobs may use together (default: four fifths of what is free)', gibibytes)
    .option('--classes <names...>', 'size classes (default: those whose keys are there)').option(...keysOption)
    .option('--rpc <url>', 'JSON-RPC of the chain: signed proof requests are locked there for their price, with the prover stake of the account; without it jobs are paid by their fees alone')
    .option('--min-price <OPEN>', 'no request is locked below it', open).option(dirOption[0], 'folder whose deployment --rpc is of', dirOption[2], dirOption[3])
    .option('--dry-run', 'log in, say what would be offered, take nothing').option('--skip-benchmark', 'take measurements of earlier runs only').option('--drain', 'finish jobs at SIGTERM')
    .option('--log-level <level>', 'debug, info, warn, error', 'info')
    .action(async (o: Options) => {
      const { createLogger, runAgent } = await import('../../../prover/agent/index.js');
      const market = o.rpc === undefined ? undefined : { rpcUrl: o.rpc, deployment: deploymentOf(await new Workspace(o.dir).deployment()), minPrice: o.minPrice };
      const agent = await runAgent({
        coordinator: o.coordinator, httpFallback: o.http, coordinatorAddress: o.coordinatorAddress, chainId: o.coordinatorAddress === undefined ? undefined : o.chainId,
        account: account(o.chainId, o.as.role, o.as.index) as LocalAccount, dataDir: o.data, market, parallel: o.jobs, memoryBytes: o.memory, classes: o.classes, keysDir: o.keys,
        dryRun: o.dryRun, skipBenchmark: o.skipBenchmark, drain: o.drain, handleSignals: true, logger: createLogger({ level: o.logLevel }),
      });
      if (agent.dryRun) console.log(`${agent.address} at coordinator ${agent.coordinator}, chain ${agent.chainId}: ${agent.dryRun.why}\n${JSON.stringify(agent.profile, null, 1)}`);
      await agent.done;
    });
}
