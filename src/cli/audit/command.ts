import type { Command } from 'commander';
import { auditJob, renderReport } from '../../audit/index.js';
import { writeFileAtomic } from '../../files/atomic.js';
import { sizeClass } from '../../statement/classes.js';
import { verifierKey } from '../../verify/key.js';
import { economyOf } from '../accounts.js';
import { chainIdOption, dirOption, keysOption } from '../options.js';
import { consoleProgress, openKeys, Workspace } from '../workspace.js';

interface Options { dir: string; rpc?: string; chainId: number; keys?: string; json?: string }

export function auditCommand(program: Command): void {
  program.command('audit').description('replay a job from its artifacts: inference, commitments, scores, payouts, proofs; with --rpc, the chain').argument('[job]', 'job folder', '0')
    .option(...dirOption).option('--rpc <url>', 'compare with the chain').option(...chainIdOption).option(...keysOption).option('--json <file>', 'write the report as JSON')
    .action(async (job: string, { dir, rpc, chainId, keys: keysDir, json }: Options) => {
      const progress = consoleProgress();
      const workspace = new Workspace(dir);
      const { keys, srs } = await openKeys(sizeClass((await workspace.registration()).className), keysDir, progress);
      const economy = rpc ? await economyOf({ rpcUrl: rpc, chainId }, await workspace.deployment()) : undefined;
      const report = await auditJob({ dir, job, srs, keys: { features: verifierKey(keys.features.vk), payout: verifierKey(keys.payout.vk) }, economy, progress });
      console.log(renderReport(report));
      if (json) await writeFileAtomic(json, `${JSON.stringify(report, null, 1)}\n`);
      if (!report.ok) process.exitCode = 1;
    });
}
