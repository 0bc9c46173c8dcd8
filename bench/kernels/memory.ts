/** Peak memory of the main kernels: each in a process of its own, above what the inputs take. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { forgetPeak, peakMiB, residentMiB } from '../measure.js';
import type { KernelCase, Run } from './case.js';
import { CASES } from './cases.js';
import { openEngine } from './engines.js';
import type { IsaLabel } from './floors.js';
import { openPeers, PEER_NAMES } from './peer.js';

export interface MemoryRow {
  kernel: string;
  log: number;
  threads: number;
  by: string;
  /** Resident with inputs and library, before the call; highest during it; MiB. */
  before: number;
  peak: number;
  added: number;
}

/** One case in a child. `by`: an instruction set, or 'peer'. Undefined where it does not apply. */
export async function measureMemory(kernelCase: KernelCase, log: number, by: IsaLabel | 'peer', threads: number): Promise<MemoryRow | undefined> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), kernelCase.name, String(log), by, String(threads)]);
  return JSON.parse(stdout) as MemoryRow | undefined ?? undefined;
}

/** The child's part: inputs, then one call with the peak counted anew. */
async function child([name, size, by, count]: string[]): Promise<MemoryRow | null> {
  const kernelCase = CASES.find((c) => c.name === name), log = Number(size), threads = Number(count);
  if (!kernelCase) throw new Error(`no kernel ${name}`);
  const prepared = await kernelCase.prepare(log);
  const opened = by === 'peer' ? await openPeers(threads) : await openEngine(by as IsaLabel, threads);
  const run: Run | undefined = 'curve' in opened ? await prepared.peer?.(opened) : prepared.ours(opened);
  if (!run) return null;
  // No warm-up: memory that a library takes and keeps is part of what it costs.
  (globalThis as { gc?: () => void }).gc?.();
  forgetPeak();
  const before = residentMiB();
  await run.run();
  const peak = peakMiB();
  await opened.close();
  return { kernel: name, log, threads, by: by === 'peer' && kernelCase.peer ? PEER_NAMES[kernelCase.peer] : by, before, peak, added: peak - before };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await child(process.argv.slice(2))));
  process.exit(0); // whatever threads a library left
}
