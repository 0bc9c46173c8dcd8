import type { Command } from 'commander';
import { consoleProgress } from '../workspace.js';
import { describe, diagnose } from './handler.js';

interface Options { json?: boolean; build: boolean }

export function doctorCommand(program: Command): void {
  program.command('doctor').description('show what this machine offers the prover: compiler, instruction sets, kernels and their speed')
    .option('--json', 'as JSON').option('--no-build', 'do not build native kernels that are not built yet')
    .action(async ({ json, build }: Options) => {
      const diagnosis = await diagnose(build, json ? () => undefined : consoleProgress());
      console.log(json ? JSON.stringify(diagnosis, null, 2) : describe(diagnosis));
      // Kernels that were asked for and cannot run: everything else works, if more slowly.
      if (diagnosis.kernels.runs === undefined) process.exitCode = 1;
    });
}
