import { existsSync } from 'node:fs';
import { getAddress, isAddress, type Address } from 'viem';
import type { Command } from 'commander';
import { CliError } from '../../errors/cli.js';
import { readFileChecked } from '../../files/atomic.js';
import { readBundle } from '../../models/index.js';
import { sizeClass } from '../../statement/classes.js';
import { chainIdOption, dirOption, keysOption, rpcOption } from '../options.js';
import { withProving } from '../proving.js';
import { consoleProgress, Workspace } from '../workspace.js';
import { deploy, register } from './handler.js';

interface Options { dir: string; rpc: string; chainId: number; keys?: string; payouts?: string; deploy?: boolean }

export function registerCommand(program: Command): void {
  program.command('register').description('commit adapter and training activations, prove the features (R1), register both on chain')
    .option(...dirOption).option(...rpcOption).option(...chainIdOption).option(...keysOption)
    .option('--payouts <file>', 'JSON array of payout addresses, one for each contributor; test accounts on a local chain')
    .option('--deploy', 'deploy fresh contracts (done anyway when the folder has no deployment.json)')
    .action(async ({ dir, rpc, chainId, keys, payouts, deploy: fresh }: Options) => {
      const progress = consoleProgress();
      const workspace = new Workspace(dir), access = { rpcUrl: rpc, chainId };
      const cls = sizeClass((await readBundle(workspace.model)).manifest.sizeClass.name);
      const addresses = payouts ? await readAddresses(payouts) : undefined;
      await withProving(cls, keys, progress, async (context) => {
        if (fresh || !existsSync(workspace.deploymentFile)) await deploy(workspace, access, cls, context.keys, progress);
        const { registration, gas } = await register(workspace, access, context, addresses);
        console.log(`adapter ${registration.adapterId}\nrecord  ${registration.recordId}\n  registered with ${gas.registerFeatures} gas; artifacts in ${workspace.path('registration')}`);
      });
    });
}

async function readAddresses(path: string): Promise<Address[]> {
  const json = JSON.parse((await readFileChecked(path)).toString('utf8')) as unknown;
  if (!Array.isArray(json) || !json.every((a) => typeof a === 'string' && isAddress(a))) throw new CliError('not a list of addresses', { code: 'PAYOUT_ADDRESSES', where: path, expected: '["0x..", ..]' });
  return json.map((a: string) => getAddress(a));
}
