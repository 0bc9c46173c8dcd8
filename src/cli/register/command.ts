import { existsSync } from 'node:fs';
import { getAddress, isAddress, type Address, type Hex } from 'viem';
import type { Command } from 'commander';
import { CliError } from '../../errors/cli.js';
import { readFileChecked } from '../../files/atomic.js';
import { readBundle } from '../../models/index.js';
import { sizeClass } from '../../statement/classes.js';
import { isLocalChain } from '../accounts.js';
import { withChain } from '../command.js';
import { deploy } from '../deploy/handler.js';
import { keysOption, word, type ChainOptions } from '../options.js';
import { withProving } from '../proving.js';
import { consoleProgress, Workspace } from '../workspace.js';
import { register } from './handler.js';

interface Options extends ChainOptions { keys?: string; payouts?: string; snapshot?: Hex }

export function registerCommand(program: Command): void {
  withChain(program.command('register').description('commit adapter and training activations, prove the features (R1), register both; on a local chain with everything before it: deployment, Datanet, contributions, snapshot, stake'))
    .option(...keysOption)
    .option('--snapshot <id>', 'Datanet snapshot of the training rows; made on a local chain without it', word)
    .option('--payouts <file>', 'JSON array of the contributors\' addresses, ascending: refuse a snapshot with others')
    .action(async ({ dir, rpc, chainId, keys, payouts, snapshot: snapshotId }: Options) => {
      const progress = consoleProgress();
      const workspace = new Workspace(dir), access = { rpcUrl: rpc, chainId };
      const cls = sizeClass((await readBundle(workspace.model)).manifest.sizeClass.name);
      const contributors = payouts ? await readAddresses(payouts) : undefined;
      await withProving(cls, keys, progress, async (context) => {
        if (!existsSync(workspace.deploymentFile) && isLocalChain(chainId)) await deploy(workspace, access, cls, context.keys, progress);
        const { registration, gas } = await register(workspace, access, context, { snapshotId, contributors });
        console.log(`snapshot ${registration.adapter.snapshotId} of Datanet ${registration.datanetId}\nadapter  ${registration.adapterId}\nrecord   ${registration.recordId}\n  registered with ${gas.registerFeatures} gas; artifacts in ${workspace.path('registration')}`);
      });
    });
}

async function readAddresses(path: string): Promise<Address[]> {
  const json = JSON.parse((await readFileChecked(path)).toString('utf8')) as unknown;
  if (!Array.isArray(json) || !json.every((a) => typeof a === 'string' && isAddress(a))) throw new CliError('not a list of addresses', { code: 'PAYOUT_ADDRESSES', where: path, expected: '["0x..", ..]' });
  return json.map((a: string) => getAddress(a));
}
