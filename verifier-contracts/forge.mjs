#!/usr/bin/env node
// Runs forge in this folder with the arguments given, and ends with its exit code. The package's own wrapper ends with 0 whatever
// forge says, so a failed test would pass. Before `test` it builds.
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

/** Exit code, 1 when a signal ended it. */
const run = (args) => new Promise((resolve) => {
  const child = spawn(binary, args, { cwd: dirname(fileURLToPath(import.meta.url)), stdio: 'inherit' });
  const pass = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, pass);
  child.once('error', (error) => { console.error(`forge: ${error.message}`); resolve(1); });
  child.once('exit', (code, signal) => {
    for (const name of ['SIGINT', 'SIGTERM']) process.off(name, pass);
    if (signal) console.error(`forge: ended by ${signal}`);
    resolve(code ?? 1);
  });
});

const args = process.argv.slice(2);
// Tests deploy the doubles of test/shipped by artifact; with a filter, `forge test` would compile src and the chosen tests only.
process.exitCode = (args[0] === 'test' && await run(['build', '--offline'])) || await run(args);
