/** Where native kernels cannot run, tests of them say so and are skipped; any other reason is a failure of the test. */
import { execFile } from 'node:child_process';
import { findCompiler } from '../../prover/kernels/native/build/compiler.js';
import type { Isa } from '../../prover/kernels/native/build/isa.js';
import { findBuilt, usableIsas } from '../../prover/kernels/native/load.js';
import { NativeKernelsError } from '../../src/errors/kernels.js';

/** The instruction sets to test: all that this CPU has; none, with the reason, without a compiler or on an unknown system. */
export async function testableIsas(): Promise<{ isas: Isa[]; skip: string | false }> {
  try {
    const isas = await usableIsas();
    if (await findCompiler()) return { isas, skip: false };
    const built = await Promise.all(isas.map(async (isa) => ((await findBuilt(isa)) ? [isa] : [])));
    return { isas: built.flat(), skip: built.flat().length === 0 ? 'no C++ compiler here' : false };
  } catch (error) {
    if (error instanceof NativeKernelsError && ['platform', 'compiler'].includes(error.fault)) return { isas: [], skip: error.message };
    throw error;
  }
}

export interface ScriptResult {
  code: number | string | null | undefined;
  stdout: string;
  stderr: string;
}

/** Runs an ES module in a process of its own. */
export const runScript = (script: string, env?: Record<string, string | undefined>): Promise<ScriptResult> => runProcess(['--input-type=module', '-e', script], env);

/** Runs node; `env` replaces variables, undefined removes one. */
export function runProcess(args: readonly string[], env: Record<string, string | undefined> = {}): Promise<ScriptResult> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, timeout: 120_000 };
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ code: error ? error.code ?? error.signal : 0, stdout, stderr }));
  });
}
