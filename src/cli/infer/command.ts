import type { Command } from 'commander';
import { readBundle } from '../../models/index.js';
import { sizeClass } from '../../statement/classes.js';
import { withChain } from '../command.js';
import { integer, keysOption, open, type ChainOptions } from '../options.js';
import { consoleProgress, openKeys, Workspace } from '../workspace.js';
import { infer } from './handler.js';

interface Options extends ChainOptions { keys?: string; from: number; count: number; batchSize: number; fee?: bigint }

export function inferCommand(program: Command): void {
  withChain(program.command('infer').description('serve held-out digits: node staked on first use, fees paid in, activations committed, receipts signed, blocks on chain'))
    .option(...keysOption)
    .option('--from <row>', 'first held-out row', integer, 0).option('--count <n>', 'rows', integer, 16).option('--batch-size <n>', 'rows to a block, a power of two', integer, 4)
    .option('--fee <open>', 'fee of each inference in OPEN (default: 0.01)', open)
    .action(async ({ dir, rpc, chainId, keys, from, count, batchSize, fee = open('0.01') }: Options) => {
      const progress = consoleProgress();
      const workspace = new Workspace(dir);
      const { srs } = await openKeys(sizeClass((await readBundle(workspace.model)).manifest.sizeClass.name), keys, progress);
      const { batches, folders } = await infer(workspace, { rpcUrl: rpc, chainId }, srs, { from, count, batchSize, fee: () => fee }, progress);
      batches.forEach((batch, i) => console.log(`batch ${folders[i]}: ${batch.predictions.join(' ')}  block ${batch.blockId}`));
    });
}
