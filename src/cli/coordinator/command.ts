import type { Command } from 'commander';
import { join } from 'node:path';
import type { Address, Hex, LocalAccount } from 'viem';
import { deploymentOf } from '../../chain/index.js';
import { writeArtifact } from '../../protocol/artifacts.js';
import { sizeClass } from '../../statement/classes.js';
import { verifierKey } from '../../verify/key.js';
import { account, type Actor } from '../accounts.js';
import { withChain } from '../command.js';
import { serviceLogger } from '../logger.js';
import { untilSignal } from '../node/command.js';
import { actor, address, asOption, chainIdOption, DEFAULT_RPC, folder, integer, keysOption, word } from '../options.js';
import { consoleProgress, openKeys, Workspace } from '../workspace.js';
import { artifactsAt } from './artifacts.js';

interface Options {
  dir: string; rpc: string; moreRpc?: string[]; chainId: number; as: Actor; data: string; redis?: string; artifacts?: string; host: string; port: number; p2pHost: string; p2pPort?: number; classes: string[]; keys?: string[];
  maxAge: number; confirmations: number; trustProxy?: boolean; keepDays: number; operators: Address[]; logLevel: string;
}

const URL_OPTION = ['--coordinator <url>', 'of its API', 'http://127.0.0.1:8500'] as const;

export function coordinatorCommand(program: Command): void {
  const coordinator = program.command('coordinator').description('takes signed batches of inferences, has them proved, settles them on chain');
  withChain(coordinator.command('run').description('serve until stopped; SIGTERM ends requests that run, the next start goes on with the rest'))
    .option('--more-rpc <urls...>', 'other endpoints of the chain, when the first does not answer')
    .option('--as <role>', 'whose account of a local chain it is; elsewhere it is ZKATTR_PRIVATE_KEY', actor, { role: 'coordinator', index: 0 } satisfies Actor as Actor)
    .option('--data <folder>', 'database, artifacts, peer key', folder, folder('zkattr-coordinator')).option('--redis <url>', 'keep jobs in Redis, which several coordinators can share')
    .option('--artifacts <place>', 'packages and proofs: a folder that all coordinators of one Redis share, or s3+https://host/bucket with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (default: artifacts below --data)')
    .option('--host <host>', 'address of the API', '127.0.0.1').option('--port <port>', 'of the API', integer, 8500)
    .option('--p2p-host <host>', 'address of the libp2p listener', '127.0.0.1').option('--p2p-port <port>', 'of the libp2p listener; provers come over HTTP only without it', integer)
    .option('--classes <names...>', 'size classes whose jobs are taken', ['16x16']).option(keysOption[0].replace('<folder>', '<folders...>'), keysOption[1])
    .option('--max-age <seconds>', 'after which a job is formed that is not full', integer, 10).option('--confirmations <n>', 'blocks until a transaction counts as final', integer, 12)
    .option('--trust-proxy', 'a proxy of yours stands before the API: bounds are those of who it names in X-Forwarded-For')
    .option('--keep-days <n>', 'after which jobs that are over are removed; 0 keeps all', integer, 30)
    .option('--operators <addresses...>', 'accounts that may revive dead jobs, beside its own', (text: string, known: Address[]) => [...known, address(text)], [])
    .option('--log-level <level>', 'debug, info, warn, error', 'info')
    .action(async (o: Options) => {
      const { startCoordinator } = await import('../../../coordinator/index.js');
      const keys = await Promise.all(o.classes.map(async (name, i) => ({ name, ...await openKeys(sizeClass(name), o.keys?.[i], consoleProgress()) })));
      const handle = await startCoordinator({
        rpcUrls: [o.rpc ?? DEFAULT_RPC, ...(o.moreRpc ?? [])], store: o.redis ?? o.data, artifacts: artifactsAt(o.artifacts ?? join(o.data, 'artifacts')), http: { host: o.host, port: o.port, trustProxy: o.trustProxy },
        ...(o.p2pPort === undefined ? {} : { libp2p: { listen: [`/ip4/${o.p2pHost}/tcp/${o.p2pPort}`], keyFile: join(o.data, 'peer.key') } }),
        srs: Object.fromEntries(keys.map(({ name, keys: k }) => [name, k.srs])), batch: { maxAgeMs: o.maxAge * 1000 }, settlement: { confirmations: o.confirmations }, operators: o.operators, retention: { settledDays: o.keepDays },
        deployment: deploymentOf(await new Workspace(o.dir).deployment()), account: account(o.chainId, o.as.role, o.as.index) as LocalAccount,
        keys: keys.map(({ name, keys: { payout } }) => ({ className: name, vkHash: payout.vk.vkHash, key: verifierKey(payout.vk) })),
        logger: serviceLogger(undefined, o.logLevel),
      });
      await writeArtifact(join(o.data, 'address.json'), { url: handle.url, addresses: handle.addresses, pid: process.pid });
      await untilSignal();
      await handle.close();
    });
  coordinator.command('dead').description('list jobs that are dead, and why').option(...URL_OPTION).option('--json', 'as JSON')
    .action(async ({ coordinator: url, json }: { coordinator: string; json?: boolean }) => {
      const { deadJobs, describeDead } = await import('./letters.js'), jobs = await deadJobs(url);
      console.log(json ? JSON.stringify(jobs, null, 1) : describeDead(jobs));
    });
  coordinator.command('revive').description('let a dead job go on: it is settled again with its proof, or proved again').argument('<jobId>', 'see: coordinator dead', word)
    .option(...URL_OPTION).option(...chainIdOption).option(...asOption('coordinator'))
    .action(async (jobId: Hex, { coordinator: url, chainId, as }: { coordinator: string; chainId: number; as: Actor }) => {
      const { reviveJob } = await import('./letters.js'), { phase } = await reviveJob(url, jobId, as, chainId);
      console.log(`${jobId} goes on: ${phase}`);
    });
}
