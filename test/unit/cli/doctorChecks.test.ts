/** Checks of `zkattr doctor` on machines, coordinators and chains as they may be. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { NetworkError } from '../../../src/errors/network.js';
import { checkClock, checkCoordinator, checkDisk, checkGpus, checkMemory, checkNode, checkRpc, checkTerms, type Check } from '../../../src/cli/doctor/checks.js';
import { runProcess, type ScriptResult } from '../../support/native.js';
import { ApiWorld, CHAIN, word } from '../coordinator/api/support.js';

const GIB = 2 ** 30, levels = (checks: readonly Check[]): Record<string, string> => Object.fromEntries(checks.map(({ name, level }) => [name, level]));
const terms = (change = {}): Parameters<typeof checkTerms>[0] => ({ protocol: 1, classes: [{ className: '4x4', relation: 'payout', vkHash: word('key') }, { className: '16x16', relation: 'payout', vkHash: word('key 16') }], clockSkewMs: 60_000, admission: 'open', ...change });

describe('checks of the machine', () => {
  it('want Node 20 or newer', () => {
    assert.deepEqual(['v20.0.0', 'v24.1.0', 'v18.20.1', 'v8.0.0', 'odd'].map((version) => checkNode(version).level), ['ok', 'ok', 'fail', 'fail', 'fail']);
  });

  it('hold memory against what a class needs: measured before the table; not enough for some is a warning, for all a failure', () => {
    assert.equal(checkMemory(8 * GIB, ['4x4', '16x16', '64x64']).level, 'ok');
    const some = checkMemory(0.5 * GIB, ['4x4', '64x64']);
    assert.deepEqual([some.level, some.hint?.includes('not enough for 64x64:')], ['warn', true]);
    assert.equal(checkMemory(0.1 * GIB, ['4x4', '64x64']).level, 'fail');
    assert.equal(checkMemory(8 * GIB, ['4x4'], { '4x4': 7 * GIB }).level, 'fail', 'measured');
    assert.equal(checkMemory(0.1 * GIB, ['4x4'], { '4x4': 1 }).level, 'ok');
    assert.deepEqual([checkMemory(GIB, ['1x1']).level, checkMemory(GIB, ['1x1']).text.includes('1x1 needs an unknown amount')], ['ok', true]);
  });

  it('look at the disk of a folder that is not there yet, and name GPUs without promising them work', async () => {
    const check = await checkDisk(join(tmpdir(), 'zkattr-none', 'below'));
    assert.match(check.text, /GiB free for .*below$/);
    assert.match(checkGpus([]).text, /none is needed/);
    assert.deepEqual([checkGpus(['H200, 141 GB']).level, checkGpus(['H200, 141 GB']).text], ['ok', 'H200, 141 GB: named to the coordinator; proofs run on the CPU']);
  });

  it('allow a clock what the coordinator allows, within what an answer can tell', () => {
    const at = Date.UTC(2026, 0, 1, 12), date = new Date(at).toUTCString(), off = (ms: number, halfMs = 50, allowed = 60_000): string => checkClock(date, at + ms, halfMs, allowed).level;
    assert.deepEqual([off(0), off(999), off(-20_000), off(29_000), off(40_000), off(-45_000), off(62_000), off(-3_600_000)], ['ok', 'ok', 'ok', 'ok', 'warn', 'warn', 'fail', 'fail']);
    assert.equal(off(62_000, 5000), 'warn', 'a slow answer is not held against the clock');
    assert.equal(off(8000, 50, 5000), 'fail');
    assert.deepEqual([checkClock(null, at, 1).level, checkClock('yesterday', at, 1).level], ['warn', 'warn']);
  });

  it('compare protocol, classes and keys with what a coordinator takes', () => {
    const here = [{ className: '4x4', vkHash: word('key') }], other = [{ className: '4x4', vkHash: word('old') }];
    assert.deepEqual(levels(checkTerms(terms(), here)), { protocol: 'ok', classes: 'ok', keys: 'ok', login: 'ok' });
    assert.deepEqual(levels(checkTerms(terms(), other, ['4x4'])), { protocol: 'ok', classes: 'ok', keys: 'fail', login: 'ok' });
    assert.deepEqual(levels(checkTerms(terms(), [], ['4x4'])), { protocol: 'ok', classes: 'ok', keys: 'warn', login: 'ok' });
    assert.deepEqual(levels(checkTerms(terms({ protocol: 2, admission: 'listed' }), undefined, ['64x64', '4x4'])), { protocol: 'fail', classes: 'fail', login: 'warn' });
    const rotated = terms({ classes: [...terms().classes, { className: '4x4', relation: 'payout', vkHash: word('old') }] });
    assert.equal(levels(checkTerms(rotated, other)).keys, 'ok', 'one of its keys is enough');
  });
});

describe('checks of a coordinator', () => {
  let world: ApiWorld;
  before(async () => { world = await ApiWorld.open(); });
  after(() => world.close());
  const servers: Server[] = [];
  afterEach(() => { for (const server of servers.splice(0)) server.close(); });
  const answering = async (status: number, body: string, headers: Record<string, string> = {}): Promise<string> => {
    const server = createServer((_, response) => response.writeHead(status, headers).end(body));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  it('pass where all is well, and tell its network', async () => {
    const { checks, stats, terms: told } = await checkCoordinator(`${world.url}/`, { keys: [{ className: '4x4', vkHash: word('key') }] });
    assert.deepEqual(levels(checks), { coordinator: 'ok', clock: 'ok', network: 'ok', protocol: 'ok', classes: 'ok', keys: 'ok', login: 'ok' });
    assert.deepEqual([stats!.chainId, told!.classes.map(({ className }) => className)], [CHAIN, ['4x4']]);
    const late = await checkCoordinator(world.url, { now: () => Date.now() - 300_000 });
    assert.equal(levels(late.checks).clock, 'fail');
  });

  it('fail where nobody answers, somebody else does, or it is not ready, and say what to do', async () => {
    const first = async (url: string): Promise<string> => {
      const { checks: [{ name, level, text, hint }] } = await checkCoordinator(url, {});
      assert.ok(hint, text);
      return `${name} ${level}: ${text}`;
    };
    assert.match(await first('http://127.0.0.1:9'), /^coordinator fail: .* does not answer/);
    assert.match(await first('/ip4/127.0.0.1/tcp/1'), /is no HTTP URL/);
    assert.match(await first(await answering(404, '<html>')), /answers 404, not as a coordinator does/);
    const own = await ApiWorld.open({ ready: async () => { throw new NetworkError('coordinator is shutting down', { code: 'DRAINING', where: 'readyz', hint: 'later' }); } });
    const { checks } = await checkCoordinator(own.url, {});
    assert.deepEqual([levels(checks).coordinator, levels(checks).network], ['fail', 'ok']);
    assert.match(checks[0].text, /not ready: DRAINING/);
    await own.close();
    assert.deepEqual(levels((await checkCoordinator(await answering(200, '{"ok":true}'), {})).checks), { coordinator: 'ok', clock: 'ok', network: 'fail', login: 'warn' });
  });

  it('ask a chain for its id and its latest block, and show no key of its URL', async () => {
    const chain = async (chainId: number, ageSeconds: number): Promise<string> => {
      const server = createServer((request, response) => {
        let text = '';
        request.on('data', (part: Buffer) => { text += part.toString(); }).on('end', () => {
          const { method } = JSON.parse(text) as { method: string };
          response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: method === 'eth_chainId' ? `0x${chainId.toString(16)}` : { number: '0x10', timestamp: `0x${Math.floor(Date.now() / 1000 - ageSeconds).toString(16)}` } }));
        });
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return `http://user:secret@127.0.0.1:${(server.address() as AddressInfo).port}/v3/secret`.replace('user:secret@', '');
    };
    assert.deepEqual((await checkRpc(await chain(5, 3), 5)).map(({ level, text }) => [level, text]), [['ok', 'chain 5, block 16']]);
    assert.equal((await checkRpc(await chain(5, 3600)))[0].level, 'warn');
    assert.match((await checkRpc(await chain(5, 0), 6))[0].text, /of chain 5; 6 is meant/);
    for (const url of [await answering(200, '{"jsonrpc":"2.0","id":1,"error":{"message":"no such method"}}'), await answering(500, 'oops'), 'http://127.0.0.1:9/v3/secret']) {
      const [{ level, text, hint }] = await checkRpc(`${url}/v3/secret`);
      assert.deepEqual([level, hint !== undefined], ['fail', true]);
      assert.doesNotMatch(text, /secret/);
    }
  });

  it('are the exit code of the program', async () => {
    const cli = new URL('../../../src/cli/main.js', import.meta.url).pathname, dir = mkdtempSync(join(tmpdir(), 'zkattr-doctor-')), env = { ZKATTR_KERNELS: 'reference', ZKATTR_HOME: dir };
    const doctor = (...args: string[]): Promise<ScriptResult> => runProcess([cli, 'doctor', '--no-build', '--data', dir, ...args], env);
    const good = await doctor('--coordinator', world.url, '--classes', '4x4');
    assert.equal(good.code, 0, good.stdout);
    assert.match(good.stdout, /^ok +coordinator +http:.* is ready$/m);
    assert.match(good.stdout, /^ok +memory +.*4x4 needs \d+ MiB$/m);
    const bad = await doctor('--coordinator', world.url, '--classes', '64x64', '--json');
    assert.equal(bad.code, 1);
    const { ok, checks } = JSON.parse(bad.stdout) as { ok: boolean; checks: Check[] };
    assert.equal(ok, false);
    assert.match(checks.find(({ name }) => name === 'classes')!.text, /no jobs of 64x64/);
    rmSync(dir, { recursive: true, force: true });
  });
});
