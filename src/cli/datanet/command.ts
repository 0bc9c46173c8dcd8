import { Argument, type Command } from 'commander';
import type { Hex } from 'viem';
import { CliError } from '../../errors/cli.js';
import { readBundle } from '../../models/index.js';
import { economyFor, withActor } from '../command.js';
import { id, integer, word, type ActorOptions } from '../options.js';
import { Workspace } from '../workspace.js';
import { contentOf } from './handler.js';

const ZERO = `0x${'00'.repeat(32)}` as const;

export function datanetCommand(program: Command): void {
  const command = program.command('datanet').description('contributed data: create, contribute, curate, freeze in snapshots');
  withActor(command.command('create').description('a Datanet of the account, who is its first curator')
    .option('--policy <hash>', 'hash of the rules for contributions', word, ZERO).option('--uri <uri>', 'where to read about it', ''), 'owner')
    .action(async (options: ActorOptions & { policy: Hex; uri: string }) => {
      const { result } = await (await economyFor(options)).datanets.create(options.policy, options.uri);
      console.log(`Datanet ${result}`);
    });
  withActor(command.command('contribute').description('contribute rows: those of a contributor of the model in --dir, or any content by its hash')
    .argument('<datanet>', 'Datanet id', id).option('--contributor <n>', 'index in the training plan', integer).option('--hash <hash>', 'content hash', word).option('--rows <n>', 'rows of the content', integer)
    .option('--uri <uri>', 'where the content is', ''), 'contributor')
    .action(async (datanetId: bigint, options: ActorOptions & { contributor?: number; hash?: Hex; rows?: number; uri: string }) => {
      const { contributor, hash, rows, uri } = options;
      if (contributor === undefined && (hash === undefined || rows === undefined)) throw new CliError('what is contributed?', { code: 'CONTRIBUTION', where: '--contributor, --hash, --rows', hint: 'give --contributor, or --hash and --rows' });
      const content = contributor === undefined ? { contentHash: hash!, rows: rows! } : contentOf(await readBundle(new Workspace(options.dir).model), contributor);
      const { result } = await (await economyFor(options)).datanets.contribute(datanetId, content.contentHash, content.rows, uri);
      console.log(`contribution ${result}: ${content.rows} rows, content ${content.contentHash}`);
    });
  withActor(command.command('accept').description('curator: accept pending contributions').argument('<contributions...>', 'contribution ids'), 'owner')
    .action(async (ids: string[], options: ActorOptions) => {
      await (await economyFor(options)).datanets.accept(ids.map(id));
      console.log(`accepted ${ids.join(', ')}`);
    });
  withActor(command.command('reject').description('curator: reject a contribution, for good').argument('<contribution>', 'contribution id', id).requiredOption('--reason <text>', 'why'), 'owner')
    .action(async (contributionId: bigint, options: ActorOptions & { reason: string }) => {
      await (await economyFor(options)).datanets.reject(contributionId, options.reason);
      console.log(`rejected ${contributionId}`);
    });
  withActor(command.command('consent').description('contributor: give or withdraw consent, from the next snapshot on').argument('<contribution>', 'contribution id', id)
    .addArgument(new Argument('<consent>', 'whether').choices(['yes', 'no'])), 'contributor')
    .action(async (contributionId: bigint, consent: 'yes' | 'no', options: ActorOptions) => {
      await (await economyFor(options)).datanets.setConsent(contributionId, consent === 'yes');
      console.log(`contribution ${contributionId}: consent ${consent}`);
    });
  withActor(command.command('snapshot').description('freeze all accepted contributions with consent').argument('<datanet>', 'Datanet id', id), 'owner')
    .action(async (datanetId: bigint, options: ActorOptions) => {
      const { datanets } = await economyFor(options);
      const { result } = await datanets.createSnapshot(datanetId);
      const snapshot = await datanets.snapshot(result);
      console.log(`snapshot ${result}`);
      snapshot?.contributors.forEach((contributor, c) => console.log(`  ${contributor}  ${snapshot.rows[c]} rows`));
    });
  withActor(command.command('show').description('a Datanet and its contributions').argument('<datanet>', 'Datanet id', id), 'owner')
    .action(async (datanetId: bigint, options: ActorOptions) => {
      const economy = await economyFor(options);
      const { owner, snapshots, latestSnapshot } = await economy.datanets.datanet(datanetId);
      console.log(`Datanet ${datanetId} of ${owner}, ${snapshots} snapshots${snapshots > 0 ? `, the latest ${latestSnapshot}` : ''}`);
      for (const { args: { contributionId } } of await economy.events('datanets', 'Contributed', { args: { datanetId } })) {
        const { contributor, rows, status, consent, contentHash } = await economy.datanets.contribution(contributionId);
        console.log(`  ${contributionId}  ${contributor}  ${rows} rows  ${status}${consent ? '' : ', no consent'}  ${contentHash}`);
      }
    });
}
