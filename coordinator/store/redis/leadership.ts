import { randomUUID } from 'node:crypto';
import type { Leadership } from '../types.js';
import type { RedisConnection } from './connection.js';

const SCRIPTS = {
  /** Who, for how many ms. */
  lead: `
local key, leader = KEYS[1] .. 'leader', redis.call('GET', KEYS[1] .. 'leader')
if leader == ARGV[1] then
  redis.call('PEXPIRE', key, ARGV[2])
  return tonumber(redis.call('GET', KEYS[1] .. 'term'))
end
if leader or not redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2]) then return nil end
return redis.call('INCR', KEYS[1] .. 'term')`,
  /** Who. */
  resign: "if redis.call('GET', KEYS[1] .. 'leader') == ARGV[1] then redis.call('DEL', KEYS[1] .. 'leader') end",
};

/** A key that runs out by the clock of Redis. Who lets it run out and takes it again leads under a new term: another one may have led between. */
export class RedisLeadership implements Leadership {
  readonly #me = randomUUID();

  constructor(private readonly redis: RedisConnection) {
    redis.define(SCRIPTS);
  }

  async acquire(ttlMs: number): Promise<number | undefined> {
    return (await this.redis.run('lead', this.#me, ttlMs) as number | null) ?? undefined;
  }

  async release(): Promise<void> {
    await this.redis.run('resign', this.#me);
  }
}
