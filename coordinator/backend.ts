/** Where a coordinator keeps its queue and its memory: a folder for one process, Redis for several. */
import { EmbeddedQueue } from './queue/embedded/queue.js';
import { QUEUE_DEFAULTS } from './queue/lifecycle.js';
import type { JobQueue, QueueOptions } from './queue/types.js';
import { Database } from './store/embedded/database.js';
import { EmbeddedLeadership } from './store/embedded/leadership.js';
import { EmbeddedLog } from './store/embedded/log.js';
import { EmbeddedRecords } from './store/embedded/records.js';
import type { ChainedLog, Leadership, Records } from './store/types.js';

export interface Backend {
  queue: JobQueue;
  records: Records;
  log: ChainedLog;
  leadership: Leadership;
  /** Closes all of them. */
  close(): Promise<void>;
}

/**
 * Everything in one file below `dir`, which is made when missing.
 * @throws NetworkError STORE_LOCKED when another coordinator has it, STORE_VERSION, STORE
 */
export function openEmbedded(dir: string, options: Partial<QueueOptions> = {}): Backend {
  const database = Database.open(dir);
  return {
    queue: new EmbeddedQueue(database, { ...QUEUE_DEFAULTS, ...options }), records: new EmbeddedRecords(database), log: new EmbeddedLog(database),
    leadership: new EmbeddedLeadership(database), close: async () => database.close(),
  };
}

export interface RedisOptions extends Partial<QueueOptions> {
  /** Before every key: several networks may share one Redis. Default: zkattr. */
  prefix?: string;
  /** Told of settings of Redis that may lose jobs; default: console.warn. */
  warn?: (message: string) => void;
}

/**
 * Everything in one Redis, for any number of coordinators. ioredis and BullMQ are loaded only here.
 * @param options  without `now`, time is that of Redis
 * @throws NetworkError STORE_UNREACHABLE, STORE_SETTINGS (it may evict jobs), STORE_VERSION (another BullMQ)
 */
export async function openRedis(url: string, { prefix, warn, ...options }: RedisOptions = {}): Promise<Backend> {
  const [{ RedisConnection }, { BullQueue }, { RedisRecords }, { RedisLog }, { RedisLeadership }] = await Promise.all([
    import('./store/redis/connection.js'), import('./queue/bullmq/queue.js'), import('./store/redis/records.js'), import('./store/redis/log.js'), import('./store/redis/leadership.js'),
  ]);
  const redis = await RedisConnection.open(url, { prefix, warn }), { maxAttempts, backoffMs, maxBackoffMs } = { ...QUEUE_DEFAULTS, ...options };
  return {
    queue: new BullQueue(redis, { maxAttempts, backoffMs, maxBackoffMs, now: options.now }), records: new RedisRecords(redis), log: new RedisLog(redis),
    leadership: new RedisLeadership(redis), close: () => redis.close(),
  };
}

export { openArtifacts } from './store/artifacts/index.js';
