/** Parts of the agent that need neither a coordinator nor a proof. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Hex } from 'viem';
import { backOff } from '../../../../prover/agent/backOff.js';
import { Journal } from '../../../../prover/agent/journal.js';
import { namesKey, openClasses } from '../../../../prover/agent/keys.js';
import { createLogger, humanLine } from '../../../../prover/agent/logs.js';
import { PackageCache } from '../../../../prover/agent/packages.js';
import { availableMemory, detectMachine } from '../../../../prover/agent/profile.js';
import { FallbackTransport } from '../../../../prover/agent/transport/fallback.js';
import { openTransport, parseReply, TransportError, type ProverTransport } from '../../../../prover/agent/transport/index.js';
import { verifierSelector } from '../../../../src/chain/ids.js';
import type { AttributionError } from '../../../../src/errors/base.js';
import { artifactHash } from '../../../../src/protocol/network/container.js';
import { NO_SESSION, type Envelope } from '../../../../src/protocol/network/envelope.js';

let dir: string;
before(async () => { dir = await mkdtemp(join(tmpdir(), 'zkattr-agent-')); });
after(() => rm(dir, { recursive: true, force: true }));

const word = (digit: string): Hex => `0x${digit.repeat(64)}`;
const code = (expected: string) => (error: AttributionError): boolean => { assert.equal(error.code, expected, error.message); return true; };
const envelope: Envelope = { kind: 'lease', chainId: 31337, to: '0x0000000000000000000000000000000000000001', session: NO_SESSION, sequence: 1, sentAt: 1, body: '{}', signature: `0x${'0'.repeat(130)}` };

describe('machine profile', () => {
  const files: Record<string, string> = { '/proc/meminfo': 'MemAvailable:   8388608 kB\n', '/proc/cpuinfo': 'flags\t\t: fpu adx avx512ifma bmi2\n' };
  const sources = (extra: Record<string, string>, gpus?: string) => ({ read: (path: string) => Promise.resolve({ ...files, ...extra }[path]), run: () => (gpus === undefined ? Promise.reject(new Error('ENOENT')) : Promise.resolve(gpus)) });

  it('counts the memory that the cgroup leaves, when that is less than the machine has', async () => {
    assert.equal(await availableMemory(sources({})), 8 * 2 ** 30);
    assert.equal(await availableMemory(sources({ '/sys/fs/cgroup/memory.max': 'max\n' })), 8 * 2 ** 30);
    assert.equal(await availableMemory(sources({ '/sys/fs/cgroup/memory.max': '4294967296\n', '/sys/fs/cgroup/memory.current': '1073741824\n' })), 3 * 2 ** 30);
    assert.equal(await availableMemory(sources({ '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' })), 8 * 2 ** 30);
  });

  it('names processor features and GPUs, and none where there is no nvidia-smi', async () => {
    const none = await detectMachine(sources({ '/sys/fs/cgroup/cpu.max': '100000 100000\n' }));
    assert.deepEqual([none.gpus, none.cores], [[], 1]);
    assert.match(none.cpu, /\[bmi2 adx avx512ifma\]$/);
    assert.deepEqual((await detectMachine(sources({}, 'NVIDIA H100, 81559 MiB\n\n'))).gpus, ['NVIDIA H100, 81559 MiB']);
  });
});

describe('keys of the agent', () => {
  it('are development keys on local chains only', () => assert.rejects(openClasses({ chainId: 1, classes: ['4x4'] }), code('KEYS_DEVELOPMENT')));
  it('are named by the selector of any version of their verifier, and by no other', () => {
    assert.ok(namesKey(verifierSelector('payout', 3, 2, word('a')), 3, word('a')));
    assert.ok(!namesKey(verifierSelector('features', 3, 2, word('a')), 3, word('a')));
    assert.ok(!namesKey(verifierSelector('payout', 3, 2, word('b')), 3, word('a')));
  });
});

describe('packages on disk', () => {
  it('are fetched once, checked by their hash also from disk, and trimmed but for those in use', async () => {
    const cache = await PackageCache.open(join(dir, 'packages'), 2500), data = [1, 2, 3].map((value) => new Uint8Array(1000).fill(value)), hashes = data.map(artifactHash);
    let fetched = 0;
    const fetch = (i: number) => async (): Promise<Uint8Array> => { fetched++; return data[i]; };
    const [path, again] = await Promise.all([cache.hold(hashes[0], fetch(0)), cache.hold(hashes[0], fetch(0))]);
    assert.equal(path, again);
    assert.equal(fetched, 1);
    await writeFile(path, 'altered');
    await cache.hold(hashes[0], fetch(0));
    assert.equal(fetched, 2);
    assert.deepEqual(new Uint8Array(await readFile(path)), data[0]);
    await cache.hold(hashes[1], fetch(1));
    cache.release(hashes[1]);
    await cache.hold(hashes[2], fetch(2));
    assert.deepEqual((await readdir(join(dir, 'packages'))).sort(), [hashes[0], hashes[2]].map((hash) => hash.slice(2)).sort());
  });

  it('are refused when they are not what was asked for, or not there', async () => {
    const cache = await PackageCache.open(join(dir, 'packages'), 2500);
    await assert.rejects(cache.hold(word('1'), async () => new Uint8Array(3)), code('PACKAGE_HASH'));
    await assert.rejects(cache.hold(word('1'), async () => undefined), code('PACKAGE_UNKNOWN'));
  });
});

describe('journal', () => {
  it('gives an agent that was killed what it held, and forgets what ended', async () => {
    const path = join(dir, 'journal'), first = await Journal.open(path), result = { jobId: word('1'), token: 7, seconds: 1, peakBytes: 1, job: '{}' };
    await first.begin(word('1'), envelope);
    await first.begin(word('2'), envelope);
    await first.finished(result);
    await first.end(word('2'));
    // Not closed: the lock names a process, this one, that may have it.
    const second = await Journal.open(path);
    assert.deepEqual(await second.heldBefore(), [envelope]);
    assert.deepEqual(await second.unsent(), [result]);
    await writeFile(join(path, 'running.json'), '{"version":1,"jobs":[{"jobI');
    await writeFile(join(path, 'results', `${word('3')}.json`), 'cut');
    assert.deepEqual([await second.heldBefore(), (await second.unsent()).length], [[], 1]);
    await second.close();
  });

  it('is one agent\'s: a folder with a living one is refused, one of a dead process is taken', async () => {
    const path = join(dir, 'locked');
    await (await Journal.open(path)).close();
    await writeFile(join(path, 'agent.lock'), String(process.ppid));
    await assert.rejects(Journal.open(path), code('AGENT_RUNNING'));
    await writeFile(join(path, 'agent.lock'), '999999999');
    await (await Journal.open(path)).close();
  });
});

describe('answers of the coordinator', () => {
  it('are parsed by their kind; anything else is a typed error', () => {
    assert.deepEqual(parseReply('release', '{"ok":true}'), { ok: true });
    assert.deepEqual(parseReply('release', '{"ok":false,"code":"X","message":"m","retry":false}'), { ok: false, code: 'X', message: 'm', retry: false });
    for (const text of ['', 'null', '[]', '{', '{"ok":true,"extra":1}', '{"ok":"true"}', '{"ok":false}', '<html>', '{"ok":true}'.repeat(2), '\u0000']) assert.throws(() => parseReply('release', text), code('REPLY_FORMAT'));
    for (const text of ['{"ok":true,"offers":[{}],"waitMs":1,"why":""}', '{"ok":true,"offers":[],"waitMs":-1,"why":""}', '{"ok":true,"offers":{},"waitMs":1,"why":""}', '{"ok":true,"session":"0x1","coordinator":"0x","heartbeatMs":0}']) {
      assert.throws(() => parseReply('lease', text), code('REPLY_FORMAT'));
      assert.throws(() => parseReply('hello', text), code('REPLY_FORMAT'));
    }
  });

  it('come by HTTP after libp2p failed three times, and by libp2p again later', async () => {
    let broken = true, now = 0;
    const fake = (name: 'libp2p' | 'http', fails: () => boolean): ProverTransport => ({
      name, request: () => (fails() ? Promise.reject(new TransportError('no', { code: 'UNREACHABLE' })) : Promise.resolve({ ok: true as const } as never)), fetchArtifact: () => Promise.resolve(undefined), onAnnounce: () => () => undefined, close: () => Promise.resolve(),
    });
    const transport = new FallbackTransport(fake('libp2p', () => broken), fake('http', () => false), () => now);
    for (let i = 0; i < 3; i++) await assert.rejects(transport.request('lease', envelope), code('UNREACHABLE'));
    assert.equal(transport.name, 'http');
    await transport.request('lease', envelope);
    now += 300_000;
    assert.equal(transport.name, 'libp2p');
    await assert.rejects(transport.request('lease', envelope), code('UNREACHABLE'));
    assert.equal(transport.name, 'http');
    broken = false;
    now += 300_000;
    await transport.request('lease', envelope);
    assert.equal(transport.name, 'libp2p');
  });

  it('are not looked for at addresses of no kind', async () => {
    await assert.rejects(openTransport({ coordinator: 'coordinator.example:80', dataDir: dir }), code('COORDINATOR_ADDRESS'));
    await assert.rejects(openTransport({ coordinator: '/ip4/127.0.0.1/tcp/1', dataDir: dir }), code('MULTIADDR'));
    await assert.rejects(openTransport({ coordinator: '/nonsense/x', dataDir: dir }), code('MULTIADDR'));
  });
});

describe('back-off', () => {
  it('tries until it works, and only what may work later', async () => {
    let tries = 0;
    assert.equal(await backOff(async () => { if (++tries < 3) throw new Error('not yet'); return tries; }, { firstMs: 1, longestMs: 2 }), 3);
    await assert.rejects(backOff(async () => { tries++; throw new Error('never'); }, { firstMs: 1, longestMs: 2, retry: () => false }), /never/);
    assert.equal(tries, 4);
  });
});

describe('logs', () => {
  it('are JSON with the job as correlation id, and short lines for people', () => {
    const lines: string[] = [], people: string[] = [];
    const write = (log: ReturnType<typeof createLogger>): void => log.child({ job: word('a') }).info({ stage: 'opening', seconds: 1.25 }, 'prove');
    write(createLogger({ human: false, write: (line) => void lines.push(line) }));
    write(createLogger({ human: true, write: (line) => void people.push(line) }));
    assert.equal((JSON.parse(lines[0]) as { job: string }).job, word('a'));
    assert.match(people[0], /^\d\d:\d\d:\d\d {2}info {3}0xaaaaaaaa {2}prove {2}opening {2}1\.3 s\n$/);
    assert.equal(humanLine('not JSON'), 'not JSON');
  });
});
