/**
 * Runs test suites: `node dist/test/run.js [suite ...]`, a suite is a folder of test/. Prints what runs; fails when a suite
 * is empty. Files run one at a time: provers and local chains each want the whole machine.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const DEFAULT = ['unit', 'parity', 'contracts', 'soundness', 'e2e'];

const suites = process.argv.length > 2 ? process.argv.slice(2) : DEFAULT;
const files = suites.flatMap((suite) => {
  const found = readdirSync(join(here, suite), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.js')).sort();
  if (found.length === 0) throw new Error(`suite ${suite} has no test file`);
  return found.map((name) => join(here, suite, name));
});
console.log(`${files.length} test files of ${suites.join(', ')}`);
const child = spawn(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', ...files], { stdio: 'inherit' });
child.on('exit', (code, signal) => { process.exitCode = signal ? 1 : code ?? 1; });
