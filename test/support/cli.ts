import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** Runs the command line as a user does; both streams together. */
export const run = (args: string[]): Promise<{ code: number | null; out: string }> => new Promise((resolve) => {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.on('data', (data: Buffer) => { out += data; });
  child.stderr.on('data', (data: Buffer) => { out += data; });
  child.on('close', (code) => resolve({ code, out }));
});
