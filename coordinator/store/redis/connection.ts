/** One connection to Redis that queue, records, log and leadership share; what Redis must be set to; its errors. */
import { Redis } from 'ioredis';
import { NetworkError } from '../../../src/errors/network.js';

const CONNECT_MS = 10_000;

export interface ConnectOptions {
  /** Before every key: several networks may share one Redis. */
  prefix?: string;
  /** Told of settings that may lose jobs. */
  warn?: (message: string) => void;
}

type Scripted = Redis & Record<string, (...args: (string | number)[]) => Promise<unknown>>;

export class RedisConnection {
  private constructor(private readonly client: Redis, readonly prefix: string, private readonly where: string) {}

  /** @throws NetworkError STORE_UNREACHABLE, STORE_SETTINGS */
  static async open(url: string, { prefix = 'zkattr', warn = console.warn }: ConnectOptions): Promise<RedisConnection> {
    const client = new Redis(url, { lazyConnect: true, connectTimeout: CONNECT_MS, retryStrategy: (times) => Math.min(times * 200, 2000) });
    let last: unknown; // of the socket: connect() itself only says that the connection is closed
    client.on('error', (cause) => { last = cause; }); // it reconnects; commands that give up say so to their caller
    const { host, port } = client.options, where = `redis ${host}:${port}`;
    try {
      await client.connect();
      check(await client.info(), where, warn);
    } catch (cause) {
      client.disconnect();
      throw cause instanceof NetworkError ? cause : unreachable(where, last ?? cause);
    }
    // Braces: in a cluster all keys are in one slot, which scripts need.
    return new RedisConnection(client, `{${prefix}}:`, where);
  }

  /** Makes scripts callable by name; each gets the prefix as KEYS[1]. */
  define(scripts: Record<string, string>): void {
    for (const [name, lua] of Object.entries(scripts)) this.client.defineCommand(`zkattr:${name}`, { numberOfKeys: 1, lua });
  }

  run(script: string, ...args: (string | number)[]): Promise<unknown> {
    return this.call((client) => (client as Scripted)[`zkattr:${script}`](this.prefix, ...args));
  }

  /** @throws NetworkError STORE_UNREACHABLE, STORE_SPACE, STORE */
  async call<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await work(this.client);
    } catch (cause) {
      const message = (cause as Error).message;
      if (/^OOM|used memory > 'maxmemory'/.test(message)) throw new NetworkError('Redis is at its maxmemory', { code: 'STORE_SPACE', where: this.where, hint: 'give Redis more memory; nothing was evicted, and nothing was written', cause });
      if (/Connection is closed|ECONN|ETIMEDOUT|ENOTFOUND|max retries per request/i.test(message)) throw unreachable(this.where, cause);
      throw new NetworkError('Redis refused a command', { code: 'STORE', where: this.where, got: message, hint: 'see the cause', cause });
    }
  }

  async close(): Promise<void> {
    await this.client.quit().catch(() => this.client.disconnect()); // it may be gone already
  }
}

const unreachable = (where: string, cause: unknown): NetworkError =>
  new NetworkError('Redis does not answer', { code: 'STORE_UNREACHABLE', where, got: (cause as Error).message, hint: 'check the address, and that redis-server runs; provers keep working on what they have', cause });

/** Evicted keys are lost jobs: refused. Without the append-only file a restart of Redis loses what came since its last snapshot: said. */
function check(info: string, where: string, warn: (message: string) => void): void {
  const field = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const policy = field('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    throw new NetworkError('Redis may evict jobs', { code: 'STORE_SETTINGS', where, expected: 'maxmemory-policy noeviction', got: policy, hint: 'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf' });
  }
  if (field('aof_enabled') !== '1') warn(`${where}: appendonly is off, a restart of Redis loses jobs and tokens; set appendonly yes`);
}
