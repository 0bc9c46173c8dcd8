/**
 * One chain behind several RPC endpoints. The first usable one answers, in the order given; the next one takes over when it fails.
 *   down       failed the last request or check; asked again after cooldownMs
 *   wrongChain answers for another chain id: never asked
 *   behind     its head is more than maxLag blocks below the highest: not asked, since what is read decides what is sent
 *   forked     another block than most endpoints at a height that all have: not asked (a tie goes to the one named first)
 * A signed transaction goes to every endpoint of the right chain, behind or not: more of them see it, and the same one twice does no harm.
 */
import { createPublicClient, createTransport, createWalletClient, defineChain, http, type Account, type Chain, type EIP1193Parameters, type Hex, type HttpTransport } from 'viem';
import type { ChainClient } from '../../src/chain/index.js';
import { ChainError } from '../../src/errors/chain.js';

export type EndpointState = 'unknown' | 'up' | 'down' | 'wrongChain' | 'behind' | 'forked';

export interface EndpointHealth {
  /** Host and port: paths and queries of an URL hold keys. */
  endpoint: string;
  state: EndpointState;
  head?: bigint;
  latencyMs?: number;
  /** In a row. */
  failures: number;
  lastError?: string;
}

export interface FailoverOptions {
  urls: readonly string[];
  chainId: number;
  account?: Account;
  timeoutMs?: number;
  /** Blocks that an endpoint may be behind the highest. Less than the confirmations that make an intent final. */
  maxLag?: number;
  /** How long what a check found is believed. */
  checkMs?: number;
  cooldownMs?: number;
  pollingIntervalMs?: number;
  logRange?: bigint;
  /** Another endpoint had to answer. */
  onFailover?: (endpoint: string, error: string) => void;
}

export interface FailoverClient extends ChainClient {
  endpoints: Endpoints;
}

interface Ask { (request: { method: string; params?: unknown }): Promise<unknown> }
interface Endpoint extends EndpointHealth {
  ask: Ask;
  /** Milliseconds since 1970. */
  downUntil: number;
}
type Rules = Required<Pick<FailoverOptions, 'chainId' | 'maxLag' | 'checkMs' | 'cooldownMs'>> & Pick<FailoverOptions, 'onFailover'>;

export class Endpoints {
  readonly #list: Endpoint[];
  #checkedAt = -Infinity;
  #checking?: Promise<void>;

  constructor(urls: readonly string[], private readonly rules: Rules, askOf: (url: string) => Ask) {
    this.#list = urls.map((url) => ({ endpoint: hostOf(url), state: 'unknown', failures: 0, ask: askOf(url), downUntil: 0 }));
  }

  health(): EndpointHealth[] {
    return this.#list.map(({ endpoint, state, head, latencyMs, failures, lastError }) => ({ endpoint, state, head, latencyMs, failures, lastError }));
  }

  /** Asks all for chain id, head, and a block that all should share. Never throws. */
  check(): Promise<void> {
    return (this.#checking ??= this.#check().finally(() => { this.#checking = undefined; }));
  }

  async request({ method, params }: { method: string; params?: unknown }): Promise<unknown> {
    if (Date.now() - this.#checkedAt > this.rules.checkMs) await this.check();
    return method === 'eth_sendRawTransaction' ? this.#broadcast({ method, params }) : this.#first({ method, params });
  }

  async #first(request: { method: string; params?: unknown }): Promise<unknown> {
    let last: unknown;
    for (const round of [0, 1]) {
      for (const endpoint of this.#list) {
        if (endpoint.state !== 'up') continue;
        try {
          const answer = await endpoint.ask(request);
          endpoint.failures = 0;
          return answer;
        } catch (error) {
          if (isAnswer(error)) throw error;
          last = error;
          this.#failed(endpoint, error);
        }
      }
      if (round === 0) await this.check();
    }
    throw last ?? new ChainError('no usable endpoint', { code: 'CHAIN_UNREACHABLE', where: this.#list.map((e) => `${e.endpoint} ${e.state}`).join(', '), hint: 'are the nodes running and in step?' });
  }

  async #broadcast(request: { method: string; params?: unknown }): Promise<unknown> {
    const right = this.#list.filter((e) => e.state !== 'wrongChain'), alive = right.filter((e) => e.state !== 'down'), targets = alive.length > 0 ? alive : right;
    const asked = targets.map(async (endpoint) => {
      try {
        return await endpoint.ask(request);
      } catch (error) {
        if (!isAnswer(error)) this.#failed(endpoint, error);
        throw error;
      }
    });
    try {
      return await Promise.any(asked);
    } catch (error) {
      const reasons = (error as AggregateError).errors as unknown[];
      throw reasons.find(isAnswer) ?? reasons[0] ?? new ChainError('no usable endpoint', { code: 'CHAIN_UNREACHABLE', where: request.method });
    }
  }

  #failed(endpoint: Endpoint, error: unknown): void {
    const failed = endpoint.state === 'up';
    endpoint.failures++;
    endpoint.lastError = firstLine(error);
    if (endpoint.state !== 'wrongChain') endpoint.state = 'down';
    endpoint.downUntil = Date.now() + this.rules.cooldownMs;
    if (failed) this.rules.onFailover?.(endpoint.endpoint, endpoint.lastError);
  }

  async #check(): Promise<void> {
    const now = Date.now(), none = !this.#list.some((e) => e.state === 'up'), asked = this.#list.filter((e) => none || e.state !== 'down' || now >= e.downUntil);
    await Promise.all(asked.map(async (e) => {
      const start = Date.now();
      try {
        const [id, head] = await Promise.all([e.ask({ method: 'eth_chainId' }), e.ask({ method: 'eth_blockNumber' })]);
        e.head = BigInt(head as Hex);
        e.latencyMs = Date.now() - start;
        e.state = Number(id) === this.rules.chainId ? 'up' : 'wrongChain';
        e.failures = 0;
        if (e.state === 'wrongChain') e.lastError = `chain ${Number(id)}, expected ${this.rules.chainId}`;
      } catch (error) {
        this.#failed(e, error);
      }
    }));
    const up = this.#list.filter((e) => e.state === 'up'), highest = up.reduce((max, e) => (e.head! > max ? e.head! : max), 0n);
    for (const e of up) if (highest - e.head! > BigInt(this.rules.maxLag)) e.state = 'behind';
    await this.#compare(up.filter((e) => e.state === 'up'));
    this.#checkedAt = Date.now();
  }

  /** Below the tip, where endpoints in step have the same block. */
  async #compare(up: readonly Endpoint[]): Promise<void> {
    if (up.length < 2) return;
    const lowest = up.reduce((min, e) => (e.head! < min ? e.head! : min), up[0].head!), height = lowest > BigInt(this.rules.maxLag) ? lowest - BigInt(this.rules.maxLag) : 0n;
    const hashes = await Promise.all(up.map(async (e) => {
      try {
        return ((await e.ask({ method: 'eth_getBlockByNumber', params: [`0x${height.toString(16)}`, false] })) as { hash: Hex } | null)?.hash;
      } catch (error) {
        this.#failed(e, error);
        return undefined;
      }
    }));
    const votes = (hash: Hex): number => hashes.filter((other) => other === hash).length;
    const chosen = hashes.reduce<Hex | undefined>((best, hash) => (hash !== undefined && (best === undefined || votes(hash) > votes(best)) ? hash : best), undefined);
    up.forEach((e, i) => {
      if (hashes[i] === undefined || hashes[i] === chosen) return;
      e.state = 'forked';
      e.lastError = `block ${height}: ${hashes[i]}, others ${chosen}`;
    });
  }
}

/** A node's answer that another one would give too; everything else may be the node's own trouble. */
function isAnswer(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: string };
  if (code === -32000) return !/header not found|missing trie node|unknown block|block not found|not available|overload|busy/i.test(message ?? '');
  return code === 3 || code === -32003 || code === -32602 || code === -32601 || code === -32604;
}

const firstLine = (error: unknown): string => ((error as { shortMessage?: string }).shortMessage ?? (error instanceof Error ? error.message : String(error))).split('\n')[0];
const hostOf = (url: string): string => { try { return new URL(url).host; } catch { throw new ChainError('not an URL', { code: 'CHAIN_UNREACHABLE', where: 'urls', hint: 'an RPC endpoint is http://host:port or https://host/path' }); } };

/** The client of a chain behind several endpoints, for Economy. @throws ChainError CHAIN_UNREACHABLE, CHAIN_ID_MISMATCH when no endpoint is of the chain */
export async function connectFailover({ urls, chainId, account, timeoutMs = 10_000, maxLag = 2, checkMs = 5000, cooldownMs = 5000, pollingIntervalMs = 1000, logRange, onFailover }: FailoverOptions): Promise<FailoverClient> {
  if (urls.length === 0) throw new ChainError('no endpoint', { code: 'CHAIN_UNREACHABLE', where: 'urls', hint: 'name at least one RPC endpoint' });
  const chain: Chain = defineChain({ id: chainId, name: `chain ${chainId}`, nativeCurrency: { name: 'OPEN', symbol: 'OPEN', decimals: 18 }, rpcUrls: { default: { http: [...urls] } } });
  const endpoints = new Endpoints(urls, { chainId, maxLag, checkMs, cooldownMs, onFailover }, (url) => http(url, { timeout: timeoutMs, retryCount: 0 })({ chain }).request as unknown as Ask);
  await endpoints.check();
  const health = endpoints.health();
  if (!health.some(({ state }) => state === 'up')) {
    const wrong = health.some(({ state }) => state === 'wrongChain'), where = health.map((e) => `${e.endpoint}: ${e.lastError ?? e.state}`).join('; ');
    throw wrong
      ? new ChainError('wrong chain', { code: 'CHAIN_ID_MISMATCH', where, expected: chainId, hint: 'the digest of every proof names the chain: use the URLs and deployment of one chain' })
      : new ChainError('chain does not answer', { code: 'CHAIN_UNREACHABLE', where, hint: 'are the nodes running, are the URLs right?' });
  }
  const transport = (() => createTransport({
    key: 'failover', name: 'RPC endpoints with failover', type: 'http', retryCount: 0, timeout: timeoutMs, request: (async (request: EIP1193Parameters) => endpoints.request(request)) as never,
  }, { url: urls[0] })) as unknown as HttpTransport;
  return {
    chainId, rpcUrl: urls[0], account, logRange, endpoints, publicClient: createPublicClient({ chain, transport, pollingInterval: pollingIntervalMs }),
    walletClient: account && createWalletClient({ chain, transport, account, pollingInterval: pollingIntervalMs }),
  };
}
