import type { Direction, Doc, PutOptions, Records } from '../types.js';
import type { RedisConnection } from './connection.js';

/**
 * Keys: doc:<collection>:<id> hash | docs:<collection>:<state> zset, order -> id: equal ones are sorted by id, as Records says |
 * states:<collection> set. Paging goes on behind a place, not a document: an absent one is put there for a moment to learn its rank.
 */
const SCRIPTS = {
  /** collection, id, value, state, order, expected version. */
  put: `
local key, sets = KEYS[1] .. 'doc:' .. ARGV[1] .. ':' .. ARGV[2], KEYS[1] .. 'docs:' .. ARGV[1] .. ':'
local old = redis.call('HMGET', key, 'version', 'state')
if (old[1] or '0') ~= ARGV[6] then return 0 end
if old[2] and old[2] ~= ARGV[4] then
  redis.call('ZREM', sets .. old[2], ARGV[2])
  -- Where each subject is a state of its own, they would pile up.
  if redis.call('EXISTS', sets .. old[2]) == 0 then redis.call('SREM', KEYS[1] .. 'states:' .. ARGV[1], old[2]) end
end
redis.call('ZADD', sets .. ARGV[4], ARGV[5], ARGV[2])
redis.call('SADD', KEYS[1] .. 'states:' .. ARGV[1], ARGV[4])
redis.call('HSET', key, 'id', ARGV[2], 'value', ARGV[3], 'state', ARGV[4], 'order', ARGV[5], 'version', string.format('%.0f', ARGV[6] + 1))
return 1`,
  /** collection, id, expected version. */
  delete: `
local key = KEYS[1] .. 'doc:' .. ARGV[1] .. ':' .. ARGV[2]
local old = redis.call('HMGET', key, 'version', 'state')
if not old[1] or old[1] ~= ARGV[3] then return 0 end
local set = KEYS[1] .. 'docs:' .. ARGV[1] .. ':' .. old[2]
redis.call('ZREM', set, ARGV[2])
if redis.call('EXISTS', set) == 0 then redis.call('SREM', KEYS[1] .. 'states:' .. ARGV[1], old[2]) end
redis.call('DEL', key)
return 1`,
  /** collection, state, limit, direction, order and id behind which to go on. */
  documents: `
local set, from, docs, rising = KEYS[1] .. 'docs:' .. ARGV[1] .. ':' .. ARGV[2], 0, {}, ARGV[4] == 'rising'
if ARGV[5] then
  local real, place = redis.call('ZSCORE', set, ARGV[6]), tonumber(ARGV[5])
  redis.call('ZADD', set, ARGV[5], ARGV[6])
  from = redis.call(rising and 'ZRANK' or 'ZREVRANK', set, ARGV[6])
  if real and tonumber(real) == place then from = from + 1
  elseif real then
    redis.call('ZADD', set, real, ARGV[6])
    -- It lies on the side that was passed.
    if (tonumber(real) < place) == rising then from = from + 1 end
  else redis.call('ZREM', set, ARGV[6]) end
end
for i, id in ipairs(redis.call(rising and 'ZRANGE' or 'ZREVRANGE', set, from, from + ARGV[3] - 1)) do
  docs[i] = redis.call('HMGET', KEYS[1] .. 'doc:' .. ARGV[1] .. ':' .. id, 'id', 'value', 'state', 'order', 'version')
end
return docs`,
};

type Fields = [id: string, value: string, state: string, order: string, version: string];
const doc = <T>([id, value, state, order, version]: Fields): Doc<T> => ({ id, value: JSON.parse(value) as T, state, order: Number(order), version: Number(version) });

/** Documents in Redis. Collections and states are names without a colon. */
export class RedisRecords implements Records {
  constructor(private readonly redis: RedisConnection) {
    redis.define(SCRIPTS);
  }

  async get<T>(collection: string, id: string): Promise<Doc<T> | undefined> {
    const fields = await this.redis.call((client) => client.hmget(`${this.redis.prefix}doc:${collection}:${id}`, 'id', 'value', 'state', 'order', 'version'));
    return fields[0] === null ? undefined : doc<T>(fields as Fields);
  }

  async put<T>(collection: string, id: string, value: T, { state, order, expected }: PutOptions): Promise<boolean> {
    return await this.redis.run('put', collection, id, JSON.stringify(value), state, order, expected) === 1;
  }

  async delete(collection: string, id: string, expected: number): Promise<boolean> {
    return await this.redis.run('delete', collection, id, expected) === 1;
  }

  async list<T>(collection: string, state: string, limit: number, after?: { order: number; id: string }, direction: Direction = 'rising'): Promise<Doc<T>[]> {
    return (await this.redis.run('documents', collection, state, limit, direction, ...(after ? [after.order, after.id] : [])) as Fields[]).map((fields) => doc<T>(fields));
  }

  async counts(collection: string): Promise<Record<string, number>> {
    const { prefix } = this.redis, states = await this.redis.call((client) => client.smembers(`${prefix}states:${collection}`));
    const sizes = await this.redis.call((client) => Promise.all(states.map((state) => client.zcard(`${prefix}docs:${collection}:${state}`))));
    return Object.fromEntries(states.map((state, i) => [state, sizes[i]] as const).filter(([, n]) => n > 0));
  }

  /** Nothing of its own: the connection is closed by whoever opened it. */
  async close(): Promise<void> {}
}
