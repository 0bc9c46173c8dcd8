import type { Command } from 'commander';
import { formatEther } from 'viem';
import { sizeClass } from '../../statement/classes.js';
import { withChain } from '../command.js';
import { keysOption, type ChainOptions } from '../options.js';
import { withProving } from '../proving.js';
import { consoleProgress, Workspace } from '../workspace.js';
import { provePayout, resumeJobs, resumeRequests, waitingJobs } from './handler.js';

interface Options extends ChainOptions { keys?: string; settle: boolean; market?: boolean }

export function proveCommand(program: Command): void {
  withChain(program.command('prove').description('prove the payout of committed batches (R2) and settle it, or have a proof request of the node pay for it'))
    .option(...keysOption)
    .option('--no-settle', 'write the proof, send nothing')
    .option('--market', 'through the market: request as the node, lock, prove and deliver as the prover')
    .action(async ({ dir, rpc, chainId, keys, settle, market }: Options) => {
      const progress = consoleProgress();
      const workspace = new Workspace(dir), access = { rpcUrl: rpc, chainId };
      const registration = await workspace.registration();
      const { unproved, unsettled } = await waitingJobs(workspace);
      const resumed = settle ? await resumeJobs(workspace, access, progress) : [];
      if (unproved.length === 0 && settle && unsettled.length > 0) return finished(resumed);
      await withProving(sizeClass(registration.className), keys, progress, async (context) => {
        if (unproved.length > 0) return finished([...resumed, ...await resumeRequests(workspace, context, access, settle)], settle);
        const { folder, job, proofBytes, gas, request } = await provePayout(workspace, context, access, { settle, ...(market ? { market: {} } : {}) });
        const done = request ? `delivered for request ${request.requestId}` : 'settled';
        console.log(`job ${folder}: ${job.jobId}, proof ${proofBytes} bytes${gas ? `, ${done} with ${gas} gas` : ', not settled'}`);
        registration.contributors.forEach(({ name }, c) => console.log(`  ${name.padEnd(22)} ${formatEther(job.payouts[c])} OPEN`));
        for (const { kind, account, amount } of job.credits?.filter((c) => c.kind !== 'contributor') ?? []) console.log(`  ${kind.padEnd(22)} ${formatEther(amount)} OPEN  ${account}`);
      });
    });
}

const finished = (folders: readonly string[], settled = true): void =>
  console.log(`${settled ? 'settled' : 'proved'} ${folders.map((folder) => `job ${folder}`).join(', ')} of an earlier run; run the command again for new batches`);
