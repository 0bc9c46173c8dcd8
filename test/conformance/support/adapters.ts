/** Every backend behind one face, for suites that run on all of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded, openRedis, type Backend } from '../../../coordinator/backend.js';
import type { QueueOptions } from '../../../coordinator/queue/types.js';
import { NO_REDIS, startRedis, type RedisServer } from '../../support/redisServer.js';

/** One empty store: open, close, open again. */
export interface Place {
  open(options?: Partial<QueueOptions>): Promise<Backend>;
  remove(): Promise<void>;
}

export interface Adapter {
  name: string;
  /** Why it cannot run here. */
  skip?: string;
  /** Several processes may have one store open. */
  shared: boolean;
  start(): Promise<void>;
  place(): Place;
  stop(): Promise<void>;
}

const embedded: Adapter = {
  name: 'embedded', shared: false, start: async () => {}, stop: async () => {},
  place: () => {
    const dir = mkdtempSync(join(tmpdir(), 'zkattr-queue-'));
    return { open: async (options) => openEmbedded(dir, options), remove: async () => rmSync(dir, { recursive: true, force: true }) };
  },
};

function redis(): Adapter {
  let server: RedisServer | undefined, places = 0;
  return {
    name: 'bullmq on Redis', shared: true, ...(NO_REDIS && { skip: NO_REDIS }),
    start: async () => { server = await startRedis(); },
    stop: async () => server?.stop(),
    place: () => {
      const prefix = `test${places++}`;
      return { open: (options) => openRedis(server!.url, { ...options, prefix, warn: () => {} }), remove: async () => {} };
    },
  };
}

export const adapters = (): Adapter[] => [embedded, redis()];
