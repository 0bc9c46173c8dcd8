import type { Command } from 'commander';
import { formatEther, type Address, type Hex } from 'viem';
import { economyFor, withActor } from '../command.js';
import { address, id, word, type ActorOptions } from '../options.js';

const time = (seconds: bigint): string => new Date(Number(seconds) * 1000).toISOString();

export function rewardsCommand(program: Command): void {
  const command = program.command('rewards').description('what is owed to an account, why, and its payment');
  withActor(command.command('claimable').description('balances by period, and when they open').argument('[address]', 'the account of --as without it', address), 'contributor')
    .action(async (account: Address | undefined, options: ActorOptions) => {
      const economy = await economyFor(options), of = account ?? economy.client.account!.address;
      const periods = await economy.rewards.claimable(of);
      if (periods.length === 0) console.log(`${of} has no open credit`);
      for (const { period, amount, opensAt, open } of periods) console.log(`period ${period}: ${formatEther(amount)} OPEN, ${open ? 'open' : `opens ${time(opensAt)}`}`);
    });
  withActor(command.command('claim').description('pay what is open to the account').option('--period <ids...>', 'these periods only').option('--wrapped', 'as wrapped OPEN')
    .option('--for <address>', 'another account, whose payout address the caller is', address), 'contributor')
    .action(async (options: ActorOptions & { period?: string[]; wrapped?: boolean; for?: Address }) => {
      const economy = await economyFor(options);
      const { result, gasUsed } = await economy.claim({ periods: options.period?.map(id), form: options.wrapped ? 'wrapped' : 'native', account: options.for });
      console.log(`${formatEther(result)} OPEN paid, ${gasUsed} gas`);
    });
  withActor(command.command('explain').description('every credit, back to the job, inference, request or case that it comes from').argument('[address]', 'the account of --as without it', address)
    .option('--transaction <hash>', 'only credits of this transaction', word), 'contributor')
    .action(async (account: Address | undefined, options: ActorOptions & { transaction?: Hex }) => {
      const economy = await economyFor(options), of = account ?? economy.client.account!.address;
      const { credits, claims, credited, claimed } = await economy.rewards.explain(of, { transactionHash: options.transaction });
      console.log(`${of}: ${formatEther(credited)} OPEN credited, ${formatEther(claimed)} OPEN claimed`);
      for (const { sentence, period, transactionHash } of credits) console.log(`  ${sentence}\n    ${period === 0n ? 'open at once' : `period ${period}`}, transaction ${transactionHash}`);
      for (const { amount, to, transactionHash } of claims) console.log(`  claimed ${formatEther(amount)} OPEN to ${to} in ${transactionHash}`);
    });
}
