import type { Command } from 'commander';
import { join } from 'node:path';
import { cacheRoot } from '../../files/paths.js';
import { writeFileAtomic } from '../../files/atomic.js';
import { folder, integer } from '../options.js';
import { consoleProgress } from '../workspace.js';
import { demo } from './handler.js';
import { renderHtml, renderTerminal, terminalOptions } from './report/index.js';

interface Options { dir: string; json?: string; html?: string; port?: number; quiet?: boolean }

export function demoCommand(program: Command): void {
  program.command('demo').description('the whole story on a local chain: train, contribute, register, infer, request, prove, deliver, challenge, claim, explain, audit')
    .option('-d, --dir <folder>', 'folder of artifacts', folder, join(cacheRoot(), 'demo'))
    .option('--json <file>', 'write the summary as JSON', folder).option('--html <file>', 'where the report goes (report.html in the folder of artifacts)', folder)
    .option('--port <n>', 'TCP port of the local chain; a free one without it', integer).option('-q, --quiet', 'no progress lines')
    .action(async ({ dir, json, html, port, quiet }: Options) => {
      const summary = await demo({ dir, port, progress: consoleProgress(quiet) });
      const report = html ?? join(dir, 'report.html');
      await writeFileAtomic(report, renderHtml(summary));
      if (json) await writeFileAtomic(json, `${JSON.stringify(summary, null, 1)}\n`);
      console.log(renderTerminal(summary, terminalOptions(process.stdout)));
      console.log(`Report: ${report}\nArtifacts: ${dir}`);
      if (!summary.verifiedOnChain || !summary.conserved || !summary.audit.ok || summary.tamperedAudit.ok || summary.case.status !== 'upheld') process.exitCode = 1;
    });
}
