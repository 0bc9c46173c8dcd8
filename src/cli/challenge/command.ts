import { Argument, type Command } from 'commander';
import { formatEther, zeroHash, type Hex } from 'viem';
import { CASE_SUBJECT, type CaseSubject } from '../../chain/index.js';
import { readFileChecked } from '../../files/atomic.js';
import { economyFor, withActor } from '../command.js';
import { folder, id, integer, word, type ActorOptions } from '../options.js';
import { Workspace } from '../workspace.js';
import { closeCase, commitVote, evidenceHash, joinAuditors, openCase, readReceipt, revealVote } from './handler.js';

const time = (seconds: bigint): string => new Date(Number(seconds) * 1000).toISOString();
const caseArgument = ['<case>', 'case id', id] as const;

export function challengeCommand(program: Command): void {
  const command = program.command('challenge').description('cases that a committee of auditors decides, and facts that need none');
  withActor(command.command('join').description('stake as auditor; committees are drawn from those who joined before a case'), 'auditor')
    .action(async (options: ActorOptions) => {
      const least = (await (await economyFor(options)).parameters.stakes()).auditor, auditor = await economyFor(options, least);
      await joinAuditors(auditor);
      console.log(`${auditor.client.account!.address} is an auditor`);
    });
  withActor(command.command('leave').description('leave the pool of auditors'), 'auditor')
    .action(async (options: ActorOptions) => { await (await economyFor(options)).court.leave(); });
  withActor(command.command('open').description('challenge a block, a record, or a settled job').addArgument(new Argument('<subject>', 'what').choices(CASE_SUBJECT)).argument('<id>', 'block, record or job id', word)
    .option('--evidence <file>', 'file that the case points to by its hash', folder).option('--block <n>', 'of a job: whose block is accused', integer, 0), 'challenger')
    .action(async (subject: CaseSubject, subjectId: Hex, options: ActorOptions & { evidence?: string; block: number }) => {
      const { bond } = await (await economyFor(options)).parameters.court(), challenger = await economyFor(options, bond);
      const bundleHash = options.evidence ? evidenceHash(await readFileChecked(options.evidence)) : zeroHash;
      const caseId = await openCase(challenger, subject, subjectId, { bundleHash, accusedBlock: options.block });
      console.log(`case ${caseId}, bond ${formatEther(bond)} OPEN; draw its committee from the block after the next one on`);
    });
  withActor(command.command('draw').description('draw the committee').argument(...caseArgument), 'challenger')
    .action(async (caseId: bigint, options: ActorOptions) => {
      const { court } = await economyFor(options);
      await court.draw(caseId);
      const { committee, commitUntil } = await court.case(caseId);
      console.log(`committee ${committee.join(' ')}, votes are committed until ${time(commitUntil)}`);
    });
  const vote = command.command('vote').description('vote of a drawn auditor: commit, then reveal');
  withActor(vote.command('commit').description('commit to a vote; its salt stays in --dir').argument(...caseArgument).addArgument(new Argument('<verdict>', 'vote').choices(['uphold', 'dismiss'])), 'auditor')
    .action(async (caseId: bigint, verdict: 'uphold' | 'dismiss', options: ActorOptions) => {
      await commitVote(new Workspace(options.dir), await economyFor(options), caseId, verdict === 'uphold');
      console.log(`case ${caseId}: vote committed`);
    });
  withActor(vote.command('reveal').description('reveal the committed vote').argument(...caseArgument), 'auditor')
    .action(async (caseId: bigint, options: ActorOptions) => {
      console.log(`case ${caseId}: ${await revealVote(new Workspace(options.dir), await economyFor(options), caseId) ? 'uphold' : 'dismiss'}`);
    });
  withActor(command.command('close').description('count the votes, share bond and slash').argument(...caseArgument), 'challenger')
    .action(async (caseId: bigint, options: ActorOptions) => {
      const economy = await economyFor(options);
      await closeCase(economy, caseId);
      console.log(`case ${caseId}: ${(await economy.court.case(caseId)).status}`);
    });
  withActor(command.command('show').description('a case').argument(...caseArgument), 'challenger')
    .action(async (caseId: bigint, options: ActorOptions) => {
      const { subject, subjectId, status, round, challenger, accused, bond, votesFor, votesAgainst, committee } = await (await economyFor(options)).court.case(caseId);
      console.log(`case ${caseId} about ${subject} ${subjectId}: ${status}, round ${round}\n  ${challenger} against ${accused}, bond ${formatEther(bond)} OPEN\n  ${votesFor} to uphold, ${votesAgainst} to dismiss, committee ${committee.join(' ') || 'not drawn'}`);
    });
  const fact = command.command('fact').description('faults that the contract checks itself');
  withActor(fact.command('equivocation').description('two receipts that a node signed for one request, with different outputs').argument('<first>', 'JSON file with receipt and signature', folder).argument('<second>', 'the other one', folder), 'challenger')
    .action(async (first: string, second: string, options: ActorOptions) => {
      const economy = await economyFor(options);
      const { receipt } = await economy.facts.proveEquivocation(await readReceipt(first), await readReceipt(second));
      const [proved] = await economy.events('facts', 'FactProved', { fromBlock: receipt.blockNumber, toBlock: receipt.blockNumber });
      console.log(`node ${proved.args.node} lost ${formatEther(proved.args.slashed)} OPEN`);
    });
}
