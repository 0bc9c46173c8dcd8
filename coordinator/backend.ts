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
