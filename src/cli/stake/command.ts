import { Argument, type Command } from 'commander';
import { formatEther } from 'viem';
import { STAKE_ROLES, type StakeRole } from '../../chain/index.js';
import { economyFor, withActor } from '../command.js';
import { address, open, type ActorOptions } from '../options.js';
import { stakesOf } from './handler.js';

const roleArgument = (): Argument => new Argument('<role>', 'what the stake is for').choices(STAKE_ROLES);
const time = (seconds: bigint): string => new Date(Number(seconds) * 1000).toISOString();

export function stakeCommand(program: Command): void {
  const command = program.command('stake').description('stakes of nodes, adapter owners, provers and auditors');
  withActor(command.command('deposit').description('add to a stake').addArgument(roleArgument()).argument('<open>', 'amount', open), 'node')
    .action(async (role: StakeRole, amount: bigint, options: ActorOptions) => {
      const economy = await economyFor(options, amount);
      const { gasUsed } = await economy.stakes.deposit(role, amount);
      console.log(`${formatEther(amount)} OPEN staked as ${role} by ${economy.client.account!.address}, ${gasUsed} gas`);
    });
  withActor(command.command('unbond').description('start the wait before a withdrawal').addArgument(roleArgument()).argument('<open>', 'amount', open), 'node')
    .action(async (role: StakeRole, amount: bigint, options: ActorOptions) => {
      const economy = await economyFor(options);
      await economy.stakes.startUnbonding(role, amount);
      const { readyAt } = await economy.stakes.state(role, economy.client.account!.address);
      console.log(`${formatEther(amount)} OPEN of ${role} unbond until ${time(readyAt)}`);
    });
  withActor(command.command('withdraw').description('take out what has unbonded').addArgument(roleArgument()), 'node')
    .action(async (role: StakeRole, options: ActorOptions) => {
      const { result } = await (await economyFor(options)).stakes.withdraw(role);
      console.log(`${formatEther(result)} OPEN withdrawn`);
    });
  withActor(command.command('show').description('stakes of an account').argument('[address]', 'the account of --as without it', address), 'node')
    .action(async (account: `0x${string}` | undefined, options: ActorOptions) => {
      const economy = await economyFor(options), of = account ?? economy.client.account!.address;
      const lines = await stakesOf(economy, of);
      console.log(lines.length === 0 ? `${of} has no stake` : of);
      for (const { role, active, least, obligated, unbonding, readyAt, holds } of lines) {
        console.log(`  ${role.padEnd(8)} ${formatEther(active)} OPEN active (least ${formatEther(least)})${obligated > 0n ? `, ${formatEther(obligated)} tied by locks` : ''}`
          + `${unbonding > 0n ? `, ${formatEther(unbonding)} unbonding until ${time(readyAt)}` : ''}${holds > 0n ? `, held by ${holds} open cases` : ''}`);
      }
    });
}
