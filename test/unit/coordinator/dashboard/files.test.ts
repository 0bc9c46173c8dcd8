/** The files of the dashboard as they are served, and its numbers beside those of the report. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import Fastify, { type FastifyInstance } from 'fastify';
import { registerDashboard } from '../../../../coordinator/dashboard/index.js';
import * as report from '../../../../src/cli/demo/report/format.js';
import { packageRoot } from '../../../../src/files/paths.js';

const folder = join(packageRoot(), 'coordinator', 'dashboard', 'public');
const OWN_BYTES = 60 * 1024, OWN_PACKED_BYTES = 30_000;

describe('files of the dashboard', () => {
  const names = readdirSync(folder).sort();
  let app: FastifyInstance;
  before(async () => {
    app = Fastify();
    registerDashboard(app);
    await app.ready();
  });
  after(() => app.close());
  const get = (url: string, headers: Record<string, string> = {}): Promise<Awaited<ReturnType<FastifyInstance['inject']>>> => app.inject({ method: 'GET', url, headers }) as never;

  it('are served with their types, a policy that allows nothing from elsewhere, and nothing to sniff', async () => {
    const types: Record<string, RegExp> = { js: /^text\/javascript/, css: /^text\/css/, svg: /^image\/svg\+xml/, html: /^text\/html/ };
    for (const url of ['/', ...names.filter((n) => n !== 'index.html').map((n) => `/dashboard/${n}`), ...['preact.js', 'hooks.js', 'uplot.js', 'uplot.css'].map((n) => `/dashboard/vendor/${n}`)]) {
      const { statusCode, headers, body } = await get(url), policy = String(headers['content-security-policy']);
      assert.equal(statusCode, 200, url);
      assert.match(String(headers['content-type']), types[url === '/' ? 'html' : url.split('.').at(-1)!], url);
      assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.ok(body.length > 0);
    }
  });

  it('come again only when they changed, packed for who takes gzip', async () => {
    const plain = await get('/dashboard/app.js'), packed = await get('/dashboard/app.js', { 'accept-encoding': 'br, gzip;q=0.8' });
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(packed.rawPayload).toString(), plain.body);
    assert.notEqual(plain.headers.etag, packed.headers.etag);
    for (const [etag, accept] of [[plain.headers.etag, 'identity'], [packed.headers.etag, 'gzip'], [`W/${packed.headers.etag}`, 'gzip'], [`"other", ${packed.headers.etag}`, 'gzip']]) {
      const again = await get('/dashboard/app.js', { 'if-none-match': String(etag), 'accept-encoding': String(accept) });
      assert.equal(again.statusCode, 304);
      assert.equal(again.body, '');
    }
    assert.equal((await get('/dashboard/app.js', { 'if-none-match': '"other"' })).statusCode, 200);
    assert.equal((await get('/dashboard/app.js', { 'accept-encoding': 'gzip;q=0, identity' })).headers['content-encoding'], undefined);
  });

  it('are the only ones: no part of a URL reaches the disk', async () => {
    for (const url of ['/dashboard', '/dashboard/', '/dashboard/index.html', '/dashboard/index.ts', '/dashboard/../index.ts', '/dashboard/%2e%2e/index.ts', '/dashboard/..%2f..%2fpackage.json', '/dashboard/vendor/../../../package.json', '/dashboard/vendor/preact.mjs', '/dashboard/grafana.json', '//etc/passwd', '/dashboard/__proto__', '/dashboard/app.js%00']) {
      assert.equal((await get(url)).statusCode, 404, url);
    }
  });

  it('import only one another, bare names nowhere, and name no other origin', async () => {
    for (const url of [...names.filter((n) => n.endsWith('.js')).map((n) => `/dashboard/${n}`), ...['preact.js', 'hooks.js', 'uplot.js'].map((n) => `/dashboard/vendor/${n}`)]) {
      const { body } = await get(url);
      for (const [, path] of body.matchAll(/(?:^|[\s;}])(?:from|import)\s*\(?\s*["']([^"']+)["']/gm)) {
        assert.match(path, /^\.\/[\w/]+\.js$/, `${url} imports ${path}`);
        assert.equal((await get(new URL(path, `http://x${url}`).pathname)).statusCode, 200, `${url} imports ${path}`);
      }
      assert.doesNotMatch(body, /sourceMappingURL/, url);
    }
    for (const name of names) {
      const text = readFileSync(join(folder, name), 'utf8');
      assert.doesNotMatch(text.replace('http://www.w3.org/2000/svg', ''), /https?:\/\/|@import|url\(/, name);
      assert.doesNotMatch(text, /innerHTML|dangerouslySetInnerHTML|\beval\(|document\.write/, name);
    }
  });

  it('stay small', () => {
    const scripts = names.filter((n) => n.endsWith('.js')).map((n) => readFileSync(join(folder, n))), all = names.map((n) => readFileSync(join(folder, n)));
    const bytes = scripts.reduce((sum, b) => sum + b.length, 0), packed = all.reduce((sum, b) => sum + gzipSync(b, { level: 9 }).length, 0);
    assert.ok(bytes <= OWN_BYTES, `${bytes} bytes of scripts`);
    assert.ok(packed <= OWN_PACKED_BYTES, `${packed} bytes over the wire`);
  });

  it('write amounts, counts and times as the report does', async () => {
    const own = await import(pathToFileURL(join(folder, 'format.js')).href) as Record<string, (value: unknown, other?: unknown) => unknown> & { TOKEN: string };
    assert.equal(own.TOKEN, report.TOKEN);
    const amounts = [0n, 1n, 999n, 10n ** 10n - 1n, 10n ** 10n, 123_456_789_012n, 999_500_000_000_000n, 10n ** 15n, 10n ** 18n, 123_456_789n * 10n ** 14n, 10n ** 30n + 7n, -5n * 10n ** 17n];
    for (const units of amounts) {
      assert.equal(own.formatTokens(units), report.formatTokens(units));
      assert.equal(own.formatUnits(units), report.formatUnits(units));
      assert.equal(own.parseUnits(String(units)), units);
      for (const whole of amounts) assert.equal(own.ratio(units, whole), report.ratio(units, whole));
    }
    for (const value of [0, 0.0004, 0.5, 0.9996, 1, 1.234, 9.995, 59.96, 61, 3600, 86_400, 999, 1000, 123_456, 999_600, 1e9, 1e12, NaN, Infinity, -1]) {
      for (const name of ['formatCount', 'formatSeconds', 'formatBytes', 'formatShare'] as const) assert.equal(own[name](value), report[name](value), `${name}(${value})`);
    }
    for (const text of ['0x1234', `0x${'ab'.repeat(32)}`]) assert.equal(own.shortHex(text), report.shortHex(text));
    for (const text of ['a\u202eb', '\u001b[31mred', ' two\nlines ', 'zero\u0000', 'plain <b>']) assert.equal(own.plainText(text), report.plainText(text));
    assert.equal(own.plainText(undefined), '');
    assert.equal(own.parseUnits('0x10'), 0n);
    assert.deepEqual([0, 2000, 50_000, 600_000, 7_200_000, 400_000_000].map((ms) => own.formatAgo(0, ms)), ['now', 'now', '50 s ago', '10 min ago', '2 h ago', '5 days ago']);
    assert.equal(own.formatAgo(60_000, 0), 'in 60 s');
  });
});
