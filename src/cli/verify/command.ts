import type { Command } from 'commander';
import { sizeClass } from '../../statement/classes.js';
import { economyOf } from '../accounts.js';
import { chainIdOption, dirOption, keysOption } from '../options.js';
import { consoleProgress, openKeys, Workspace } from '../workspace.js';
import { verify } from './handler.js';

interface Options { dir: string; rpc?: string; chainId: number; keys?: string }

export function verifyCommand(program: Command): void {
  program.command('verify').description('verify the proofs of a folder off chain and, with --rpc, by the contract').argument('[job]', 'job folder; all without it')
    .option(...dirOption).option('--rpc <url>', 'ask the verifier contract too').option(...chainIdOption).option(...keysOption)
    .action(async (job: string | undefined, { dir, rpc, chainId, keys: keysDir }: Options) => {
      const workspace = new Workspace(dir);
      const { keys } = await openKeys(sizeClass((await workspace.registration()).className), keysDir, consoleProgress());
      const economy = rpc ? await economyOf({ rpcUrl: rpc, chainId }, await workspace.deployment()) : undefined;
      const verdicts = await verify(workspace, job, { features: keys.features.vk, payout: keys.payout.vk }, economy);
      for (const { what, ok, detail } of verdicts) console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}: ${detail}`);
      if (!verdicts.every((verdict) => verdict.ok)) process.exitCode = 1;
    });
}
