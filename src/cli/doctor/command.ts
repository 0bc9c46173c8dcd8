import type { Command } from 'commander';
import { folder, integer, keysOption } from '../options.js';
import { consoleProgress } from '../workspace.js';
import { describe, diagnose } from './handler.js';

interface Options { json?: boolean; build: boolean; data: string; classes?: string[]; keys?: string; coordinator?: string; rpc?: string; chainId?: number }

export function doctorCommand(program: Command): void {
  program.command('doctor').description('check what a prover needs: this machine, its kernels and their speed; with their addresses, a coordinator and a chain')
    .option('--coordinator <url>', 'HTTP address of a coordinator: is it ready, whose clock is off, would it take this prover').option('--rpc <url>', 'JSON-RPC of the chain: does it answer, is it the right one')
    .option('--chain-id <id>', 'chain that is meant (default: the coordinator\'s)', integer).option('--data <folder>', 'of the prover: its disk, its benchmarks', folder, folder('zkattr-prover'))
    .option('--classes <names...>', 'size classes that are to be proved (default: the coordinator\'s)').option(...keysOption)
    .option('--json', 'as JSON').option('--no-build', 'do not build native kernels that are not built yet')
    .action(async ({ json, ...options }: Options) => {
      const diagnosis = await diagnose({ ...options, progress: json ? () => undefined : consoleProgress() });
      console.log(json ? JSON.stringify(diagnosis, null, 2) : describe(diagnosis));
      if (!diagnosis.ok) process.exitCode = 1;
    });
}
