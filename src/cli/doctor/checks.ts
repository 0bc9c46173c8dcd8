/** What a prover needs of its machine, a coordinator and a chain: each check is one line that says how it stands, and what to do. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { existsSync } from 'node:fs';
import type { Hex } from 'viem';
import { AttributionError } from '../../errors/base.js';
import { apiErrorSchema, proverTermsSchema, statsSchema, type ProverTerms, type Stats } from '../../protocol/network/api.js';
import { PROTOCOL_VERSION } from '../../protocol/network/prover.js';

export interface Check {
  name: string;
  level: 'ok' | 'warn' | 'fail';
  text: string;
  hint?: string;
}
const line = (level: Check['level']) => (name: string, text: string, hint?: string): Check => ({ name, level, text, ...(hint !== undefined && { hint }) });
export const [ok, warn, fail] = [line('ok'), line('warn'), line('fail')];

export const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

/** One proof of a full job, resident, bytes: bench/results/classes.json, native kernels on two cores; more threads take some more. */
export const PEAKS: Readonly<Record<string, number>> = { '4x4': 317 * 2 ** 20, '16x16': 383 * 2 ** 20, '64x64': 674 * 2 ** 20 };
/** As the agent divides it (prover/agent): the rest is for everything else. */
const MEMORY_SHARE = 0.8;
/** Packages that the agent keeps, and what it may not start without. */
const CACHE_BYTES = 4 * 2 ** 30, LEAST_BYTES = 2 ** 30;
const ASK_MS = 10_000, LATE_BLOCK_S = 600, NODE_MAJOR = 20;

export function checkNode(version: string): Check {
  const major = Number(/^v(\d+)\./.exec(version)?.[1]);
  return major >= NODE_MAJOR ? ok('node', version) : fail('node', version, `Node ${NODE_MAJOR} or newer is needed: https://nodejs.org`);
}

/** @param peaks  measured ones, by class, before those of the table */
export function checkMemory(freeBytes: number, classes: readonly string[], peaks: Readonly<Record<string, number>> = {}): Check {
  const usable = freeBytes * MEMORY_SHARE, needs = classes.map((name) => ({ name, bytes: peaks[name] ?? PEAKS[name] })), known = needs.filter(({ bytes }) => bytes !== undefined);
  const text = `${gib(freeBytes)} free, ${mib(usable)} of it for jobs; ${needs.map(({ name, bytes }) => `${name} needs ${bytes === undefined ? 'an unknown amount' : mib(bytes)}`).join(', ')}`;
  const short = known.filter(({ bytes }) => bytes > usable), hint = `it is not enough for ${short.map(({ name }) => name).join(', ')}: free some, or name smaller classes with --classes`;
  if (short.length === 0) return ok('memory', text);
  return short.length === known.length ? fail('memory', text, hint) : warn('memory', text, hint);
}

/** Of the folder, or of the next one above it that is there. */
export async function checkDisk(dir: string): Promise<Check> {
  let place = dir;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  const { bavail, bsize } = await statfs(place), free = bavail * bsize, text = `${gib(free)} free for ${dir}`;
  if (free < LEAST_BYTES) return fail('disk', text, `packages, proofs and keys need ${gib(LEAST_BYTES)}: free some, or name another folder with --data`);
  return free < CACHE_BYTES ? warn('disk', text, `the prover keeps up to ${gib(CACHE_BYTES)} of packages`) : ok('disk', text);
}

export const checkGpus = (gpus: readonly string[]): Check =>
  (gpus.length === 0 ? ok('gpu', 'none found by nvidia-smi; none is needed: proofs run on the CPU') : ok('gpu', `${gpus.join('; ')}: named to the coordinator; proofs run on the CPU`));

export interface KeysHere {
  className: string;
  vkHash: Hex;
}

/**
 * Asks a coordinator all that decides whether this machine could log in.
 * @param keys  of this machine; undefined: they were not looked for
 * @param want  classes that were named; none: any that both have
 */
export async function checkCoordinator(url: string, { keys, want, now = Date.now, get = fetch }: { keys?: readonly KeysHere[]; want?: readonly string[]; now?: () => number; get?: typeof fetch }): Promise<{ checks: Check[]; stats?: Stats; terms?: ProverTerms }> {
  const base = url.replace(/\/+$/, ''), ask = (path: string): Promise<Response> => get(`${base}${path}`, { signal: AbortSignal.timeout(ASK_MS) });
  if (!/^https?:\/\//.test(url)) return { checks: [fail('coordinator', `${url} is no HTTP URL`, 'give its HTTP address here, also when the prover comes over libp2p')] };
  let ready: Response, body: unknown, sentAt: number, gotAt: number;
  try {
    sentAt = now();
    ready = await ask('/readyz');
    gotAt = now();
    body = await ready.json().catch(() => undefined);
  } catch (error) {
    return { checks: [fail('coordinator', `${base} does not answer: ${((error as Error).cause as Error | undefined)?.message ?? (error as Error).message}`, 'is the URL right, does it run, does a firewall stand between?')] };
  }
  const refusal = apiErrorSchema.safeParse(body), checks: Check[] = [];
  if (ready.ok) checks.push(ok('coordinator', `${base} is ready`));
  else if (refusal.success) checks.push(fail('coordinator', `${base} is not ready: ${refusal.data.error.code}: ${refusal.data.error.message}`, refusal.data.error.hint));
  else return { checks: [fail('coordinator', `${base} answers ${ready.status}, not as a coordinator does`, 'is this the address of its API, or of a proxy before it?')] };

  const [stats, terms] = await Promise.all([read(ask, '/v1/stats', statsSchema), read(ask, '/v1/prover', proverTermsSchema)]);
  checks.push(checkClock(ready.headers.get('date'), (sentAt + gotAt) / 2, (gotAt - sentAt) / 2, terms?.clockSkewMs));
  if (stats) checks.push(ok('network', `chain ${stats.chainId}, coordinator ${stats.coordinator}; ${stats.provers.online} provers online, ${stats.jobs.waiting} jobs wait`));
  else checks.push(fail('network', `${base}/v1/stats is not what a coordinator says`, 'it is of another version, or no coordinator'));
  if (terms) checks.push(...checkTerms(terms, keys, want));
  else checks.push(warn('login', 'it does not say under what terms provers log in', 'it is older than this program; `zkattr prover run --dry-run` tells'));
  return { checks, stats, terms };
}

async function read<T>(ask: (path: string) => Promise<Response>, path: string, schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } }): Promise<T | undefined> {
  try {
    const response = await ask(path), parsed = schema.safeParse(await response.json());
    return response.ok && parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** @param at  middle of the request, ms; its half is what the answer may be older or younger, and the header has whole seconds */
export function checkClock(date: string | null, at: number, halfMs: number, allowedMs = 60_000): Check {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return warn('clock', 'the coordinator does not say its time', 'messages of a clock that is off are refused: use NTP');
  const off = at - (theirs + 500), sure = Math.max(0, Math.abs(off) - halfMs - 500), text = `${(off / 1000).toFixed(1)} s off the coordinator's; ${allowedMs / 1000} s are allowed`;
  if (sure > allowedMs) return fail('clock', text, 'its messages would be refused: set the clock (NTP)');
  return sure > allowedMs / 2 ? warn('clock', text, 'set the clock (NTP) before it is too late') : ok('clock', text);
}

export function checkTerms({ protocol, classes, admission }: ProverTerms, keys?: readonly KeysHere[], want?: readonly string[]): Check[] {
  const checks: Check[] = [], served = classes.map(({ className }) => className).join(', ');
  checks.push(protocol === PROTOCOL_VERSION ? ok('protocol', `version ${protocol}, as here`) : fail('protocol', `it speaks version ${protocol}, this program ${PROTOCOL_VERSION}`, protocol > PROTOCOL_VERSION ? 'update this program' : 'use the version of this program that the coordinator runs'));
  const missing = want?.filter((name) => !classes.some(({ className }) => className === name)) ?? [];
  if (missing.length > 0) checks.push(fail('classes', `it has no jobs of ${missing.join(', ')}; it has of ${served}`, 'name one of its classes with --classes'));
  else checks.push(ok('classes', `jobs of ${served}`));
  if (keys) {
    const ours = classes.filter(({ className }) => (want === undefined || want.includes(className))), same = ours.filter(({ className, vkHash }) => keys.some((key) => key.className === className && key.vkHash === vkHash));
    const other = ours.filter((c) => !same.some(({ className }) => className === c.className) && keys.some(({ className }) => className === c.className));
    if (other.length > 0) checks.push(fail('keys', `those of ${other.map(({ className }) => className).join(', ')} are of another setup`, 'use the keys of this deployment: its manifest names their hashes'));
    else if (same.length > 0) checks.push(ok('keys', `those of ${same.map(({ className }) => className).join(', ')} are the ones it takes`));
    else checks.push(warn('keys', 'none of its classes are here', 'local chains: `zkattr prover run --classes` makes them; elsewhere --keys names those of the ceremony'));
  }
  checks.push(admission === 'open' ? ok('login', 'any account may log in') : warn('login', 'its operator admits accounts one by one', 'ask to have yours admitted'));
  return checks;
}

/** @param expected  chain of the coordinator, or the one that was named */
export async function checkRpc(url: string, expected?: number, { now = Date.now, get = fetch }: { now?: () => number; get?: typeof fetch } = {}): Promise<Check[]> {
  const call = async (method: string, params: unknown[]): Promise<unknown> => {
    const response = await get(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), signal: AbortSignal.timeout(ASK_MS) });
    const { result, error } = await response.json() as { result?: unknown; error?: { message?: string } };
    if (result === undefined || result === null) throw new Error(error?.message ?? `${method} answered ${response.status} without a result`);
    return result;
  };
  let chainId: number, block: { number: Hex; timestamp: Hex };
  try {
    chainId = Number(await call('eth_chainId', []));
    block = await call('eth_getBlockByNumber', ['latest', false]) as typeof block;
  } catch (error) {
    return [fail('rpc', `${hostOf(url)} does not answer: ${((error as Error).cause as Error | undefined)?.message ?? (error as Error).message}`, 'check --rpc: is it a JSON-RPC endpoint that answers from here?')];
  }
  const late = Math.round(now() / 1000 - Number(block.timestamp)), text = `chain ${chainId}, block ${Number(block.number)}`;
  if (expected !== undefined && chainId !== expected) return [fail('rpc', `it is of chain ${chainId}; ${expected} is meant`, 'name an endpoint of the coordinator\'s chain')];
  return [late > LATE_BLOCK_S ? warn('rpc', `${text}, ${late} s old`, 'the endpoint lags, or the chain stands still') : ok('rpc', text)];
}

/** Paths and users of URLs hold keys. */
const hostOf = (url: string): string => {
  try { return new URL(url).host; } catch { return 'it'; }
};

/** Classes that keys are here for. Development keys of older circuits are made anew. */
export async function keysHere(chainId: number, keysDir?: string): Promise<KeysHere[] | Check> {
  try {
    const { openClasses } = await import('../../../prover/agent/keys.js');
    return (await openClasses({ chainId, keysDir })).map(({ cls, keys }) => ({ className: cls.name, vkHash: keys.payout.vk.vkHash }));
  } catch (error) {
    if (!(error instanceof AttributionError)) throw error;
    return error.code === 'NO_CLASSES' || error.code === 'KEYS_DEVELOPMENT' ? [] : fail('keys', error.message, error.hint);
  }
}
