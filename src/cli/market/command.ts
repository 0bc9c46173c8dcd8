import type { Command } from 'commander';
import { formatEther, type Hex } from 'viem';
import { CliError } from '../../errors/cli.js';
import { economyFor, withActor } from '../command.js';
import { open, word, type ActorOptions } from '../options.js';
import { readJob } from '../prove/blocks.js';
import { calldataOf } from '../prove/settle.js';
import { Workspace } from '../workspace.js';
import { findRequest, listRequests, lockRequest } from './handler.js';

const time = (seconds: bigint | number): string => new Date(Number(seconds) * 1000).toISOString();

export function marketCommand(program: Command): void {
  const command = program.command('market').description('proof requests; `zkattr prove --market` makes one, locks it, proves and delivers');
  withActor(command.command('list').description('open and locked requests').option('-a, --all', 'ended ones too'), 'prover')
    .action(async ({ all, ...options }: ActorOptions & { all?: boolean }) => {
      const listed = await listRequests(await economyFor(options), all);
      if (listed.length === 0) console.log('no request waits for a proof');
      for (const { requestId, request, state, price } of listed) {
        console.log(`${requestId} ${state.status}: ${request.blockIds.length} blocks, ${formatEther(price)} of at most ${formatEther(request.maxPrice)} OPEN, collateral ${formatEther(request.collateral)}, until ${time(request.deadline)}`
          + (state.status === 'locked' ? `, locked by ${state.prover} until ${time(state.lockDeadline)}` : ''));
      }
    });
  withActor(command.command('lock').description('lock a request at its present price').argument('<request>', 'request id', word), 'prover')
    .action(async (requestId: Hex, options: ActorOptions) => {
      const reader = await economyFor(options), request = await findRequest(reader, requestId);
      const { price, lockDeadline } = await lockRequest(await economyFor(options, request.collateral), requestId, request);
      console.log(`locked at ${formatEther(price)} OPEN until ${time(lockDeadline)}`);
    });
  withActor(command.command('deliver').description('deliver the proof of a job in --dir').argument('<request>', 'request id', word), 'prover')
    .action(async (requestId: Hex, options: ActorOptions) => {
      const economy = await economyFor(options), workspace = new Workspace(options.dir), request = await findRequest(economy, requestId);
      const wanted = (await listRequests(economy, true)).find((r) => r.requestId === requestId)!.jobId;
      for (const folder of workspace.finished('jobs', 'job.json')) {
        const job = await readJob(workspace, folder);
        if (job.jobId !== wanted) continue;
        const { receipt } = await economy.market.deliver({ request, ...await calldataOf(workspace, job, await workspace.registration()), gasLimit: 0n });
        console.log(`delivered job ${folder} in ${receipt.transactionHash}, ${receipt.gasUsed} gas`);
        return;
      }
      throw new CliError('no job of these blocks is proved', { code: 'JOB_MISSING', where: workspace.path('jobs'), expected: wanted, hint: 'zkattr prove --no-settle' });
    });
  withActor(command.command('expire').description('after its deadline: refund the requester, take the collateral of a prover that did not deliver').argument('<request>', 'request id', word), 'prover')
    .action(async (requestId: Hex, options: ActorOptions) => {
      const economy = await economyFor(options);
      await economy.market.expire(await findRequest(economy, requestId));
      console.log(`expired; ${formatEther((await findRequest(economy, requestId)).maxPrice)} OPEN are back in the requester's deposit`);
    });
  withActor(command.command('cancel').description('take back an open request of one\'s own').argument('<request>', 'request id', word), 'node')
    .action(async (requestId: Hex, options: ActorOptions) => {
      const economy = await economyFor(options);
      await economy.market.cancel(await findRequest(economy, requestId));
      console.log('cancelled');
    });
  withActor(command.command('withdraw').description('take money out of the deposit for requests').argument('[open]', 'amount; all without it', open), 'node')
    .action(async (amount: bigint | undefined, options: ActorOptions) => {
      const economy = await economyFor(options), value = amount ?? await economy.market.depositOf(economy.client.account!.address);
      await economy.market.withdrawDeposit(value);
      console.log(`${formatEther(value)} OPEN withdrawn`);
    });
}
