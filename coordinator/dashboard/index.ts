/**
 * The dashboard: static files that read the coordinator's HTTP API. They are a fixed list, read once when it is registered:
 * no part of a URL ever names a file. Nothing of another origin is loaded, and the content policy forbids it.
 *
 *   GET /                        the page; its views are fragments (#/jobs), which are never sent
 *   GET /dashboard/{file}        our own files of public/
 *   GET /dashboard/vendor/{file} preact and uplot, from node_modules
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { packageRoot } from '../../src/files/paths.js';

const JS = 'text/javascript; charset=utf-8', CSS = 'text/css; charset=utf-8', HTML = 'text/html; charset=utf-8', SVG = 'image/svg+xml';
const OWN: Readonly<Record<string, string>> = {
  'app.js': JS, 'api.js': JS, 'attribution.js': JS, 'chart.js': JS, 'format.js': JS, 'job.js': JS, 'overview.js': JS, 'pages.js': JS, 'parts.js': JS, 'theme.js': JS, 'style.css': CSS, 'icon.svg': SVG,
};

/** No inline code, no other origin, no frames around it, and no text that becomes code. */
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  "require-trusted-types-for 'script'", "trusted-types 'none'",
].join('; ');
const HEADERS = {
  'content-security-policy': POLICY, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin',
  // Asked for again each time, answered with 304: an update of the coordinator is never mixed with old files.
  'cache-control': 'no-cache', vary: 'accept-encoding',
};

interface Asset { type: string; plain: Buffer; packed: Buffer; tag: string }

function asset(type: string, content: Buffer | string): Asset {
  const plain = Buffer.from(content);
  return { type, plain, packed: gzipSync(plain, { level: 9 }), tag: createHash('sha256').update(plain).digest('base64url').slice(0, 22) };
}

/** A module of a dependency, its bare imports replaced: browsers do not resolve them without an inline import map. */
function vendored(file: string, imports: Readonly<Record<string, string>> = {}, append = ''): Asset {
  let text = readFileSync(file, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/gm, '');
  for (const [bare, path] of Object.entries(imports)) text = text.replace(`from"${bare}"`, `from"${path}"`);
  return asset(JS, text + append);
}

/** URL -> what is served there. */
function assets(): Map<string, Asset> {
  const folder = join(packageRoot(), 'coordinator', 'dashboard', 'public'), { resolve } = createRequire(import.meta.url), plot = dirname(resolve('uplot'));
  return new Map([
    ['/', asset(HTML, readFileSync(join(folder, 'index.html')))],
    ...Object.entries(OWN).map(([name, type]): [string, Asset] => [`/dashboard/${name}`, asset(type, readFileSync(join(folder, name)))]),
    ['/dashboard/vendor/preact.js', vendored(resolve('preact'))],
    ['/dashboard/vendor/hooks.js', vendored(resolve('preact/hooks'), { preact: './preact.js' })],
    // The minified build is a script; the module of the package is three times its size.
    ['/dashboard/vendor/uplot.js', vendored(join(plot, 'uPlot.iife.min.js'), {}, '\nexport default uPlot;\n')],
    ['/dashboard/vendor/uplot.css', asset(CSS, readFileSync(join(plot, 'uPlot.min.css')))],
  ]);
}

function answer({ type, plain, packed, tag }: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const zipped = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(request.headers['accept-encoding'] ?? ''), etag = `"${tag}${zipped ? '-gz' : ''}"`;
  reply.headers({ ...HEADERS, etag });
  if ((request.headers['if-none-match'] ?? '').split(',').some((seen) => seen.trim().replace(/^W\//, '') === etag)) return reply.code(304).send();
  if (zipped) reply.header('content-encoding', 'gzip');
  return reply.type(type).send(zipped ? packed : plain);
}

/**
 * Serves the dashboard from `/` of a fastify instance that has the API of the coordinator below `/v1`.
 * @throws when a file is missing: the package is not complete
 */
export function registerDashboard(app: FastifyInstance): void {
  for (const [url, content] of assets()) {
    // Not part of the API's description (@fastify/swagger), and not counted among its requests (@fastify/rate-limit).
    app.get(url, { schema: { hide: true } as object, config: { rateLimit: false } as object }, (request, reply) => answer(content, request, reply));
  }
}
