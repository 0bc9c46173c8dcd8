import type { Command } from 'commander';
import { formatEther } from 'viem';
import { sizeClass } from '../../statement/classes.js';
import { chainIdOption, dirOption, keysOption, rpcOption } from '../options.js';
import { withProving } from '../proving.js';
import { consoleProgress, Workspace } from '../workspace.js';
import { provePayout, resumeJobs } from './handler.js';

interface Options { dir: string; rpc: string; chainId: number; keys?: string; settle: boolean }

export function proveCommand(program: Command): void {
  program.command('prove').description('prove the payout of committed batches (R2) and settle it on chain')
    .option(...dirOption).option(...rpcOption).option(...chainIdOption).option(...keysOption)
    .option('--no-settle', 'write the proof, send nothing')
    .action(async ({ dir, rpc, chainId, keys, settle }: Options) => {
      const progress = consoleProgress();
      const workspace = new Workspace(dir);
      const registration = await workspace.registration();
      if (settle) {
        const resumed = await resumeJobs(workspace, { rpcUrl: rpc, chainId }, progress);
        if (resumed.length > 0) {
          console.log(`settled ${resumed.map((folder) => `job ${folder}`).join(', ')} of an earlier run; run the command again for new batches`);
          return;
        }
      }
      await withProving(sizeClass(registration.className), keys, progress, async (context) => {
        const { folder, job, proofBytes, gas } = await provePayout(workspace, context, settle ? { rpcUrl: rpc, chainId } : undefined);
        console.log(`job ${folder}: ${job.jobId}, proof ${proofBytes} bytes${gas ? `, settled with ${gas} gas` : ', not settled'}`);
        registration.contributors.forEach(({ name }, c) => console.log(`  ${name.padEnd(22)} ${formatEther(job.payouts[c])} OPEN`));
      });
    });
}
