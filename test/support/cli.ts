import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createProgram, errorText } from '../../src/cli/program.js';

const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** Runs the command line as a user does; both streams together. */
export const run = (args: string[]): Promise<{ code: number | null; out: string }> => new Promise((resolve) => {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.on('data', (data: Buffer) => { out += data; });
  child.stderr.on('data', (data: Buffer) => { out += data; });
  child.on('close', (code) => resolve({ code, out }));
});

/**
 * The same in this process, without the second that a new one takes to load: both streams, and the text of an error.
 * One at a time.
 */
export async function runHere(args: string[]): Promise<{ code: number; out: string }> {
  const lines: string[] = [], { log } = console, { exitCode: before, stderr } = process, write = stderr.write;
  console.log = (...parts: unknown[]): void => { lines.push(parts.join(' ')); };
  stderr.write = ((text: string | Uint8Array): boolean => { lines.push(String(text).trimEnd()); return true; }) as typeof write;
  process.exitCode = undefined;
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return { code: Number(process.exitCode ?? 0), out: lines.join('\n') };
  } catch (error) {
    return { code: 1, out: [...lines, errorText(error)].join('\n') };
  } finally {
    console.log = log;
    stderr.write = write;
    process.exitCode = before;
  }
}
