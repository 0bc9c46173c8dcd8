import type { Command } from 'commander';
import { buildDemoBundle, writeBundle } from '../../models/index.js';
import { sizeClass } from '../../statement/classes.js';
import { dirOption, integer } from '../options.js';
import { consoleProgress, Workspace } from '../workspace.js';

export function trainCommand(program: Command): void {
  program.command('train').description('train base and adapter on the digits, quantise, export ONNX with taps')
    .option(...dirOption).option('-c, --class <name>', 'size class', '16x16').option('--seed <n>', 'seed of every random choice', integer, 7)
    .action(async ({ dir, class: name, seed }: { dir: string; class: string; seed: number }) => {
      const progress = consoleProgress();
      const bundle = await buildDemoBundle({ sizeClass: sizeClass(name), seed, onProgress: (stage, done, total) => { if (done === total) progress(`${stage} done`); } });
      const workspace = new Workspace(dir);
      await writeBundle(workspace.model, bundle);
      const { accuracy, contributors, modelHash } = bundle.manifest;
      console.log(`model ${modelHash} in ${workspace.model}\n  ${contributors.length} contributors, ${bundle.train.labels.length} rows; held-out accuracy ${accuracy.base.toFixed(3)} base, ${accuracy.adapted.toFixed(3)} adapted`);
    });
}
