import type { Command } from 'commander';
import { resolve } from 'node:path';
import { CliError } from '../../errors/cli.js';
import { folder } from '../options.js';
import { sizeClass } from '../../statement/classes.js';
import { consoleProgress } from '../workspace.js';

interface Options { class: string; dev?: boolean; ptau?: string; out?: string; contributions: string[]; beacon?: string; nativeWitness?: boolean }

export function setupCommand(program: Command): void {
  const command = program.command('setup').enablePositionalOptions().description('make proving and verification keys of a size class')
    .option('-c, --class <name>', 'size class of circuits/circuits.json', '16x16')
    .option('--dev', 'development keys: fast, cached, known tau; refused off local chains (the default)')
    .option('--ptau <file>', 'powers-of-tau ceremony file (prepared for phase 2): real keys')
    .option('-o, --out <folder>', 'where the keys of a ceremony go', folder, folder('zkattr-keys'))
    .option('--contributions <names...>', 'names of phase-2 contributions made here, each with fresh entropy', ['contribution 1'])
    .option('--beacon <hex>', 'public random beacon that closes phase 2, as 0x-hex')
    .option('--native-witness', 'compile native witness programs too: for nodes that prove many jobs (needs a C++ compiler)')
    .action(async (options: Options) => {
      const progress = consoleProgress();
      const cls = sizeClass(options.class);
      const setup = await import('../../../prover/setup/index.js');
      if (options.ptau && options.dev) throw new CliError('both kinds of keys asked for', { code: 'SETUP_KIND', where: '--dev, --ptau', hint: 'choose one' });
      const keys = options.ptau
        ? await setup.ceremonyKeys(cls, resolve(options.ptau), {
          outDir: resolve(options.out ?? 'zkattr-keys'), contributions: options.contributions, progress,
          ...(options.beacon ? { beacon: { hash: options.beacon.replace(/^0x/, ''), iterationsExp: 10 } } : {}),
        })
        : await setup.developmentKeys(cls, { progress });
      console.log(`${keys.provenance} keys of class ${keys.className} in ${keys.dir}`);
      for (const relation of ['features', 'payout'] as const) console.log(`  ${relation}: vk hash ${keys[relation].vk.vkHash}`);
      if (!options.nativeWitness) return;
      const { witnessCalculator } = await import('../../../prover/backends/calculator.js');
      for (const relation of ['features', 'payout'] as const) await witnessCalculator(keys[relation].wasm, { mode: 'native', progress });
      console.log('  native witness programs are built');
    });
  command.command('verify').description('check keys against the ceremony file they were made from')
    .requiredOption('--keys <folder>', 'folder of `zkattr setup --ptau`', folder)
    .requiredOption('--ptau <file>', 'the ceremony file', folder)
    .action(async ({ keys, ptau }: { keys: string; ptau: string }) => {
      const { verifySetup } = await import('../../../prover/setup/index.js');
      const report = await verifySetup(keys, ptau, { progress: consoleProgress() });
      for (const check of report.checks) console.log(`${check.ok ? 'ok  ' : 'FAIL'} ${check.name}${check.detail ? `: ${check.detail}` : ''}`);
      if (!report.ok) process.exitCode = 1;
    });
}
