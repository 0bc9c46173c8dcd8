#!/usr/bin/env node
// Runs forge in this folder with the arguments given, and ends with its exit code. The package's own wrapper ends with 0 whatever
// forge says, so a failed test would pass.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const name = `@foundry-rs/forge-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
const require = createRequire(createRequire(import.meta.url).resolve('@foundry-rs/forge/package.json'));
let binary;
try {
  binary = require.resolve(`${name}/bin/${process.platform === 'win32' ? 'forge.exe' : 'forge'}`);
} catch {
  console.error(`forge: package ${name} is not installed: expected it beside @foundry-rs/forge. Hint: run npm ci`);
  process.exit(1);
}
const child = spawn(binary, process.argv.slice(2), { cwd: dirname(fileURLToPath(import.meta.url)), stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('error', (error) => { console.error(`forge: ${error.message}`); process.exitCode = 1; });
child.once('exit', (code, signal) => { process.exitCode = code ?? 1; if (signal) console.error(`forge: ended by ${signal}`); });
