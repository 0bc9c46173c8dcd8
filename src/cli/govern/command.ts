import { Argument, Option, type Command } from 'commander';
import { formatEther } from 'viem';
import { CliError } from '../../errors/cli.js';
import { economyFor, withActor } from '../command.js';
import { id, open, type ActorOptions } from '../options.js';
import { findProposal, RULES, ruleCall, splitCall, type RuleName } from './handler.js';

const time = (seconds: bigint): string => new Date(Number(seconds) * 1000).toISOString();
const proposalArgument = ['<proposal>', 'proposal id', id] as const;

export function governCommand(program: Command): void {
  const command = program.command('govern').description('change the rules: propose, vote, queue in the timelock, execute');
  withActor(command.command('delegate').description('wrap OPEN and let it vote for the account').argument('<open>', 'amount', open), 'owner')
    .action(async (amount: bigint, options: ActorOptions) => {
      const economy = await economyFor(options, amount), { address } = economy.client.account!;
      await economy.token.wrap(amount);
      await economy.token.delegate(address);
      console.log(`${address} votes with ${formatEther(await economy.token.votes(address))} OPEN from the next second on`);
    });
  withActor(command.command('propose').description('propose a split of the fees, or a change of rules').requiredOption('--description <text>', 'what and why')
    .option('--split <bps>', 'basis points of contributors,node,prover,auditors,treasury')
    .addOption(new Option('--rule <name>', 'group of rules').choices(RULES)).option('--set <json>', 'fields of that group to change'), 'owner')
    .action(async (options: ActorOptions & { description: string; split?: string; rule?: RuleName; set?: string }) => {
      const economy = await economyFor(options), { description, split, rule, set } = options;
      if ((split === undefined) === (rule === undefined || set === undefined)) throw new CliError('what is proposed?', { code: 'PROPOSAL', where: '--split, --rule, --set', hint: 'give --split, or --rule and --set' });
      const call = split === undefined ? await ruleCall(economy, rule!, set!) : splitCall(economy, split);
      const { result } = await economy.governance.propose({ calls: [call], description });
      const { start, end } = await economy.governance.schedule(result);
      console.log(`proposal ${result}\n  votes from ${time(start)} to ${time(end)}`);
    });
  withActor(command.command('vote').description('vote on a proposal').argument(...proposalArgument).addArgument(new Argument('<support>', 'vote').choices(['against', 'for', 'abstain'])).option('--reason <text>', 'why'), 'owner')
    .action(async (proposalId: bigint, support: 'against' | 'for' | 'abstain', options: ActorOptions & { reason?: string }) => {
      const { result } = await (await economyFor(options)).governance.vote(proposalId, support, options.reason);
      console.log(`${formatEther(result)} OPEN voted ${support}`);
    });
  withActor(command.command('queue').description('put a passed proposal into the timelock').argument(...proposalArgument), 'owner')
    .action(async (proposalId: bigint, options: ActorOptions) => {
      const economy = await economyFor(options);
      await economy.governance.queue(await findProposal(economy, proposalId));
      console.log(`queued; may be executed from ${time((await economy.governance.schedule(proposalId)).executableAt)}`);
    });
  withActor(command.command('execute').description('run a queued proposal after its delay; anyone may').argument(...proposalArgument), 'owner')
    .action(async (proposalId: bigint, options: ActorOptions) => {
      const economy = await economyFor(options);
      await economy.governance.execute(await findProposal(economy, proposalId));
      console.log('executed');
    });
  withActor(command.command('cancel').description('take back one\'s own proposal before its vote begins').argument(...proposalArgument), 'owner')
    .action(async (proposalId: bigint, options: ActorOptions) => {
      const economy = await economyFor(options);
      await economy.governance.cancel(await findProposal(economy, proposalId));
      console.log('cancelled');
    });
  withActor(command.command('list').description('all proposals'), 'owner')
    .action(async (options: ActorOptions) => {
      const economy = await economyFor(options);
      for (const { args: { proposalId, description } } of await economy.events('governor', 'ProposalCreated')) {
        const [state, votes] = await Promise.all([economy.governance.state(proposalId), economy.governance.votes(proposalId)]);
        console.log(`${proposalId} ${state}: ${description}\n  ${formatEther(votes.for)} for, ${formatEther(votes.against)} against, ${formatEther(votes.abstain)} abstain`);
      }
    });
}
