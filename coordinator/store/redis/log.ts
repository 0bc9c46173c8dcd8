import type { Hex } from 'viem';
import { EMPTY_HEAD, nextEntry } from '../chain.js';
import type { ChainedEntry, ChainedLog } from '../types.js';
import type { RedisConnection } from './connection.js';

const SCRIPTS = {
  /** Entries that must be there, entry. */
  append: `
if redis.call('LLEN', KEYS[1] .. 'log') ~= tonumber(ARGV[1]) then return 0 end
redis.call('RPUSH', KEYS[1] .. 'log', ARGV[2])
return 1`,
  head: "return { redis.call('LLEN', KEYS[1] .. 'log'), redis.call('LINDEX', KEYS[1] .. 'log', -1) }",
};

/** The chained log in a list. Hashes are made here, so a writer that lost the race against another process makes its entry anew. */
export class RedisLog implements ChainedLog {
  #tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly redis: RedisConnection) {
    redis.define(SCRIPTS);
  }

  /** One after the other within this process: racing against oneself would only cost round trips. */
  append(body: string): Promise<ChainedEntry> {
    const next = this.#tail.then(() => this.#append(body));
    this.#tail = next.catch(() => undefined);
    return next;
  }

  async head(): Promise<{ entries: number; hash: Hex }> {
    const [entries, last] = await this.redis.run('head') as [number, string | null];
    return last === null ? EMPTY_HEAD : { entries, hash: (JSON.parse(last) as ChainedEntry).hash };
  }

  async read(from: number, limit: number): Promise<ChainedEntry[]> {
    if (limit < 1) return [];
    return (await this.redis.call((client) => client.lrange(`${this.redis.prefix}log`, from, from + limit - 1))).map((text) => JSON.parse(text) as ChainedEntry);
  }

  async #append(body: string): Promise<ChainedEntry> {
    for (;;) {
      const head = await this.head(), entry = nextEntry(head, body);
      if (await this.redis.run('append', head.entries, JSON.stringify(entry)) === 1) return entry;
    }
  }
}
