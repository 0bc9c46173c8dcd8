/** Parts of a local network as child processes of one supervisor: logs in files, started again when they end, ended with it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from '../../errors/cli.js';
import type { Progress } from '../workspace.js';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));
const RESTART_MS = 1000, STOP_MS = 15_000;

export class Supervisor {
  private readonly children = new Map<string, ChildProcess>();
  private stopping = false;

  /** @param dir  of logs, <name>.log each */
  constructor(private readonly dir: string, private readonly progress: Progress, private readonly onStart: () => void = () => undefined) { mkdirSync(dir, { recursive: true }); }

  /** Process ids by name, as they are now. */
  get processes(): Record<string, number> { return Object.fromEntries([...this.children].map(([name, child]) => [name, child.pid!])); }

  /** `zkattr` with these arguments. */
  start(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
    const log = openSync(join(this.dir, `${name}.log`), 'a');
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
    closeSync(log);
    this.children.set(name, child);
    child.once('exit', (code, signal) => {
      if (this.stopping) return;
      this.progress(`${name} ended (${signal ?? code}): started again; see ${join(this.dir, `${name}.log`)}`);
      setTimeout(() => { if (!this.stopping) this.start(name, args, env); }, RESTART_MS);
    });
    this.onStart();
  }

  /** Ends all, the last started first; what does not end in time is killed. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const [, child] of [...this.children].reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(hard);
    }
  }
}

/** Asks until the part answers 200. @throws CliError NOT_READY with what it said last */
export async function untilReady(name: string, url: string, log: string, timeoutMs = 180_000): Promise<void> {
  let got = 'no answer';
  for (const end = Date.now() + timeoutMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 250))) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
      if (response.ok) return;
      got = `${response.status} ${(await response.text()).slice(0, 300)}`;
    } catch (error) {
      got = (error as Error).message;
    }
  }
  throw new CliError('part of the network does not get ready', { code: 'NOT_READY', where: `${name}, ${url}`, expected: `200 within ${timeoutMs / 1000} s`, got, hint: `see ${log}` });
}

/** @throws CliError NOT_READY */
export async function untilWritten(file: string, timeoutMs = 30_000): Promise<void> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) if (existsSync(file)) return;
  throw new CliError('part of the network does not say where it is', { code: 'NOT_READY', where: file, expected: `within ${timeoutMs / 1000} s` });
}
