/**
 * The guides' commands work as written: every line of every `sh` block of docs/run-*.md and docs/audit.md is run by bash, in the order of
 * a new user, in a folder that has the package's scripts and data. What runs until it is stopped is left running until its network ends.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/files/paths.js';

const root = packageRoot(), MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const PAGES = ['run-a-coordinator', 'run-a-prover', 'run-an-inference-node', 'audit'] as const;
type Page = (typeof PAGES)[number];
/** Ports of the guides. */
const PORTS = [8545, 8500, 8501, 8600];
const COMMAND_MS = 300_000;

/** What does not end by itself, and what it says when it is up. */
const SERVERS: readonly [command: RegExp, up: RegExp | { port: number }][] = [
  [/^npx anvil/, { port: 8545 }], [/^npm run localnet/, /ask it: zkattr infer/], [/ coordinator run /, /"coordinator started"/], [/ node run /, /"node serves"/], [/ prover run (?!.*--dry-run)/, /logged in/],
];

const read = (page: Page): string => readFileSync(join(root, 'docs', `${page}.md`), 'utf8');
/** Lines of the page's `sh` blocks under a heading that matches. */
function commands(page: Page, heading = /.*/): string[] {
  const lines: string[] = [];
  let [inside, under] = [false, ''];
  for (const line of read(page).split('\n')) {
    if (/^#+ /.test(line) && !inside) under = line;
    if (line.startsWith('```')) inside = line === '```sh';
    else if (inside && line.trim() !== '' && heading.test(under)) lines.push(line);
  }
  return lines;
}

const isOpen = (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1').once('connect', () => { socket.destroy(); resolve(true); }).once('error', () => resolve(false));
});

describe('guides', () => {
  const done = new Set<string>(), running: ChildProcess[] = [];
  let dir: string;
  before(async () => {
    for (const port of PORTS) assert.ok(!await isOpen(port), `port ${port} of the guides is in use here`);
    mkdirSync(join(root, '.zkattr'), { recursive: true });
    dir = mkdtempSync(join(tmpdir(), 'zkattr-guides-'));
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, scripts: { zkattr: `node ${MAIN}`, localnet: `node ${MAIN} localnet`, demo: `node ${MAIN} demo` } }));
    for (const name of ['data', 'node_modules', '.zkattr']) symlinkSync(join(root, name), join(dir, name));
  });
  afterEach(async () => {
    // The last started first; each with what it started.
    for (const child of running.reverse().splice(0)) {
      const ended = new Promise((resolve) => { child.once('exit', resolve); });
      process.kill(-child.pid!, 'SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await ended;
    }
    for (const port of PORTS) for (const end = Date.now() + 30_000; await isOpen(port);) { assert.ok(Date.now() < end, `port ${port} is still open`); await new Promise((resolve) => setTimeout(resolve, 100)); }
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  /** @returns what it printed, of a server until it was up */
  async function run(line: string): Promise<string> {
    assert.doesNotMatch(line, /npm (ci|install)/, 'installing is the README\'s');
    done.add(line);
    console.log(`  $ ${line}`);
    const server = SERVERS.find(([command]) => command.test(line)), child = spawn('bash', ['-c', line], { cwd: dir, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    if (server) running.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text; });
    const exit = new Promise<number | null>((resolve) => { child.once('close', resolve); });
    const up = async (): Promise<boolean> => server !== undefined && (server[1] instanceof RegExp ? server[1].test(output) : isOpen(server[1].port));
    for (const end = Date.now() + COMMAND_MS; ;) {
      const code = await Promise.race([exit, new Promise<'runs'>((resolve) => { setTimeout(() => resolve('runs'), 200); })]);
      if (code !== 'runs') {
        assert.equal(server === undefined ? code : 'ended', 0, `${line}\n${output.slice(-3000)}`);
        return output;
      }
      if (await up()) return output;
      if (Date.now() > end) {
        process.kill(-child.pid!, 'SIGKILL');
        assert.fail(`${line}: not done after ${COMMAND_MS / 1000} s\n${output.slice(-3000)}`);
      }
    }
  }
  const PAID = /rewards on chain [\d.]+ s after the payment/;

  it('bring up a local network, a third prover, and paid inferences', async () => {
    for (const line of commands('run-a-prover', /local network/)) await run(line);
    const outputs: string[] = [];
    for (const line of commands('run-an-inference-node', /Locally/)) outputs.push(await run(line));
    assert.match(outputs.at(-1)!, PAID);
  });

  it('bring the same up by hand', async () => {
    for (const line of commands('run-a-coordinator', /Locally/)) await run(line);
    await run(commands('run-a-prover', /local network/).at(-1)!);
    const outputs: string[] = [];
    for (const line of commands('run-an-inference-node', /By hand/)) outputs.push(await run(line));
    assert.match(outputs.at(-1)!, PAID);
  });

  it('audit the demo', async () => {
    for (const line of commands('audit')) await run(line);
  });

  it('have no command that was not run here', () => {
    for (const page of PAGES) assert.deepEqual(commands(page).filter((line) => !done.has(line)), [], page);
  });
});
