/**
 * Runs test suites: `node dist/test/run.js [suite ...]`, a suite is a folder of test/, or `forge`: the tests of
 * verifier-contracts. Prints what runs; fails when a suite is empty. Files run one at a time: provers and local chains each
 * want the whole machine. Forge runs beside them for its first minutes: it compiles on one core; what it prints comes at the end.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../src/files/paths.js';

const here = dirname(fileURLToPath(import.meta.url));
const FORGE = 'forge';
const DEFAULT = ['unit', 'parity', 'contracts', 'soundness', 'conformance', 'e2e', 'network', FORGE];

const suites = process.argv.length > 2 ? process.argv.slice(2) : DEFAULT;
const files = suites.filter((suite) => suite !== FORGE).flatMap((suite) => {
  const found = readdirSync(join(here, suite), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.js')).sort();
  if (found.length === 0) throw new Error(`suite ${suite} has no test file`);
  return found.map((name) => join(here, suite, name));
});
console.log(`${files.length} test files of ${suites.join(', ')}`);

const run = (command: string, args: readonly string[], { output }: { output?: string[] } = {}): Promise<boolean> => new Promise((resolve, reject) => {
  const child = spawn(command, args, { stdio: output ? ['ignore', 'pipe', 'pipe'] : 'inherit' });
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => output?.push(text));
  child.once('error', reject);
  child.once('close', (code) => resolve(code === 0));
});

const forgeOutput: string[] = [];
const root = packageRoot();
const forge = suites.includes(FORGE)
  ? run(process.execPath, [join(root, 'verifier-contracts', 'forge.mjs'), 'test', '--offline'], { output: forgeOutput })
  : Promise.resolve(true);
const passed = files.length === 0 || await run(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=spec', ...files]);
if (suites.includes(FORGE)) console.log('\nforge: tests of verifier-contracts');
const forgePassed = await forge;
console.log(forgeOutput.join(''));
if (!passed || !forgePassed) {
  console.error(`failed: ${[...(passed ? [] : ['test files']), ...(forgePassed ? [] : [FORGE])].join(', ')}`);
  process.exitCode = 1;
}
