import type { Command } from 'commander';
import { formatEther, type Hex } from 'viem';
import { CliError } from '../../errors/cli.js';
import { readBundle } from '../../models/index.js';
import { sizeClass } from '../../statement/classes.js';
import { economyFor, withActor } from '../command.js';
import { readNetwork } from '../localnet/network.js';
import { integer, keysOption, open, word, type ActorOptions } from '../options.js';
import { consoleProgress, openKeys, Workspace } from '../workspace.js';
import { infer } from './handler.js';
import { inferFromNode } from './remote.js';

interface Options extends ActorOptions { keys?: string; from: number; count: number; batchSize: number; fee?: bigint; input?: string; node?: string; adapter?: Hex; wait: number }

export function inferCommand(program: Command): void {
  withActor(program.command('infer').description('serve held-out digits: node staked on first use, fees paid in, activations committed, receipts signed, blocks on chain; with --input: ask an inference node'), 'payer')
    .option(...keysOption)
    .option('--from <row>', 'first held-out row', integer, 0).option('--count <n>', 'rows', integer, 16).option('--batch-size <n>', 'rows to a block, a power of two', integer, 4)
    .option('--fee <open>', 'fee of each inference in OPEN (default: 0.01); with --input the highest that is paid', open)
    .option('--input <file>', 'rows to ask a node for, JSON or CSV').option('--node <url>', 'inference node (default: that of the local network in --dir)').option('--adapter <id>', 'adapter that is asked (default: the only one)', word)
    .option('--wait <seconds>', 'how long to follow paid inferences to their rewards', integer, 120)
    .action(async (options: Options) => {
      if (options.input !== undefined) return ask(options, options.input);
      const { dir, rpc, chainId, keys, from, count, batchSize, fee = open('0.01') } = options, progress = consoleProgress();
      const workspace = new Workspace(dir);
      const { srs } = await openKeys(sizeClass((await readBundle(workspace.model)).manifest.sizeClass.name), keys, progress);
      const { batches, folders } = await infer(workspace, { rpcUrl: rpc, chainId }, srs, { from, count, batchSize, fee: () => fee }, progress);
      batches.forEach((batch, i) => console.log(`batch ${folders[i]}: ${batch.predictions.join(' ')}  block ${batch.blockId}`));
    });
}

async function ask(options: Options, input: string): Promise<void> {
  const network = options.node === undefined ? await readNetwork(options.dir) : undefined, nodeUrl = options.node ?? network!.node, progress = consoleProgress();
  const payer = await economyFor({ ...options, rpc: network?.rpc ?? options.rpc });
  const { inferences, jobs, seconds } = await inferFromNode(payer, { nodeUrl, adapterId: options.adapter, input, maxFee: options.fee, waitSeconds: options.wait }, progress);
  console.log(inferences.map((i) => i.prediction).join(' '));
  for (const { jobId, credits } of jobs) {
    console.log(`job ${jobId}`);
    for (const { account, amount, kind } of credits) console.log(`  ${kind.padEnd(12)} ${account}  ${formatEther(amount)} OPEN`);
  }
  if (seconds === undefined) throw new CliError('not all inferences have ended', { code: 'WAIT', where: nodeUrl, expected: `within ${options.wait} s`, hint: 'they go on; ask the node for their payments, or wait longer with --wait' });
  console.log(`rewards on chain ${seconds.toFixed(1)} s after the payment`);
}
