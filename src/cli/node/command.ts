import type { Command } from 'commander';
import { economyFor, withActor } from '../command.js';
import { serviceLogger } from '../logger.js';
import { ensureStake, leastStake } from '../stake/handler.js';
import { address, folder, integer, keysOption, open, type ActorOptions } from '../options.js';
import { consoleProgress, openKeys, Workspace } from '../workspace.js';
import { sizeClass } from '../../statement/classes.js';

interface Options extends ActorOptions { coordinator: string; adapters: string; data: string; keys?: string; class: string; price?: bigint; host: string; port: number; maxAge: number; logLevel: string }
interface RegisterOptions extends ActorOptions { operator?: `0x${string}`; uri: string }

export function nodeCommand(program: Command): void {
  const node = program.command('node').description('an inference node: serves adapters, signs receipts, hands batches to a coordinator');
  withActor(node.command('register').description('stake and register this account as an inference node'), 'node')
    .option('--operator <address>', 'who may ask for proofs of its blocks, such as its coordinator', address).option('--uri <uri>', 'where it serves', 'local:zkattr')
    .action(async (o: RegisterOptions) => {
      const economy = await economyFor(o, await leastOf(o)), own = economy.client.account!.address, operator = o.operator ?? own;
      await ensureStake(economy, 'node', await leastStake(economy, 'node'));
      const { receipt } = await economy.inferences.isActiveNode(own) ? await economy.inferences.updateNode(operator, o.uri) : await economy.inferences.registerNode(operator, o.uri);
      console.log(`node ${own} is registered, operator ${operator}: ${receipt.transactionHash}`);
    });
  withActor(node.command('run').description('serve until stopped; SIGTERM makes blocks of what waits and hands them in'), 'node')
    .option('--coordinator <url>', 'where blocks go; `none`: the node commits them itself', 'none')
    .option('--adapters <folder>', 'folders with model/ and registration/, one an adapter', folder, folder('zkattr-adapters')).option('--data <folder>', 'answers and blocks', folder, folder('zkattr-node'))
    .option('--class <name>', 'size class of the largest adapter: its reference string commits all', '16x16').option(...keysOption)
    .option('--price <open>', 'least fee of an inference in OPEN (default: 0.01)', open).option('--host <host>', 'address to listen on', '127.0.0.1').option('--port <port>', '0: any free one', integer, 8600)
    .option('--max-age <seconds>', 'after which a block is cut that is not full', integer, 60).option('--log-level <level>', 'debug, info, warn, error', 'info')
    .action(async (o: Options) => {
      const [{ srs }, { startInferenceNode }] = await Promise.all([openKeys(sizeClass(o.class), o.keys, consoleProgress()), import('../../inference/node/index.js')]);
      const handle = await startInferenceNode({
        economy: await economyFor(o), srs, adaptersDir: o.adapters, dataDir: o.data, coordinatorUrl: o.coordinator, price: o.price ?? open('0.01'), host: o.host, port: o.port, maxAgeMs: o.maxAge * 1000,
        logger: serviceLogger('node', o.logLevel),
      });
      await untilSignal();
      await handle.close();
    });
}

const leastOf = async ({ dir }: RegisterOptions): Promise<bigint> => (await new Workspace(dir).deployment()).config.stakes.node;

/** Resolves at SIGTERM or SIGINT. */
export const untilSignal = (): Promise<NodeJS.Signals> => new Promise((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
});
