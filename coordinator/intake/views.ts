/** What anybody may see: no names of packages, since a name opens its package. */
import type { Hex } from 'viem';
import { CREDIT_KINDS } from '../../src/chain/index.js';
import type { BlockView, JobCredits, JobPhase, JobView } from '../../src/protocol/network/index.js';
import type { JobQueue } from '../queue/types.js';
import type { ProverService } from '../scheduler/index.js';
import type { Settler } from '../settlement/index.js';
import type { ChainView } from './chainView.js';
import type { BlockEntry, Documents, JobEntry } from './documents.js';
import type { JobEvents } from './events.js';

const TIMELINE = 300, CREDITS_REMEMBERED = 1000;

export const blockView = ({ blockId, recordId, adapterId, node, phase, keys, fees, deadline, receivedAt, jobId, reason }: BlockEntry): BlockView =>
  ({ blockId, recordId, adapterId, node, phase, queries: keys.length, fees, deadline, receivedAt, ...(jobId && { jobId }), ...(reason !== undefined && { reason }) });

export interface ViewParts {
  documents: Documents;
  events: JobEvents;
  queue: JobQueue;
  provers: Pick<ProverService, 'timeline'>;
  settler: Pick<Settler, 'intent'>;
  chain: ChainView;
}

export class JobViews {
  /** Least recently asked first. */
  readonly #credits = new Map<Hex, JobCredits['credits']>();

  constructor(private readonly parts: ViewParts) {}

  async get(jobId: Hex): Promise<JobView | undefined> {
    const entry = await this.parts.documents.jobs.get(jobId);
    return entry && this.of(entry);
  }

  /** Who was credited for a settled job, from the chain, once; nobody before that. */
  async credits(jobId: Hex): Promise<JobCredits | undefined> {
    const { documents, chain } = this.parts, entry = await documents.jobs.get(jobId);
    if (!entry) return undefined;
    if (entry.phase !== 'settled') return { jobId, credits: [] };
    const known = this.#credits.get(jobId) ?? (await chain.economy.court.evidence(jobId)).credits.map(({ account, kind, amount }) => ({ account, kind: CREDIT_KINDS[kind], amount: String(amount) }));
    this.#credits.delete(jobId);
    this.#credits.set(jobId, known);
    if (this.#credits.size > CREDITS_REMEMBERED) this.#credits.delete(this.#credits.keys().next().value!);
    return { jobId, credits: known };
  }

  /** @param brief  without timeline: for lists */
  async of(entry: JobEntry, { brief = false } = {}): Promise<JobView> {
    const { queue, events, provers } = this.parts, { jobId, className, recordId, blockIds, queries, fees, deadline, requestId, createdAt, updatedAt } = entry;
    const queued = await queue.get(jobId), transaction = await this.#transaction(entry);
    const [stored, noted] = brief ? [[], []] : await Promise.all([events.since(jobId, 0, TIMELINE), provers.timeline(jobId)]);
    // The scheduler's notes name attempts that stored events name too: those of the store are kept.
    const own = stored.map(({ at, event, detail }) => ({ at, event, detail })), said = new Set(own.map(({ event }) => event));
    const timeline = [...own, ...noted.filter(({ event }) => !said.has(event) && event !== 'enqueued')].sort((a, b) => a.at - b.at).slice(-TIMELINE);
    const times = [updatedAt, ...(queued?.attempts.flatMap((a) => [a.leasedAt, a.endedAt ?? 0]) ?? [])];
    return {
      jobId, phase: phaseOf(entry, queued?.state), className, recordId, blockIds, queries, fees, deadline, ...(requestId && { requestId }), createdAt, updatedAt: Math.max(...times), attempts: queued?.attempts ?? [], timeline,
      ...(transaction && { transaction }),
    };
  }

  async #transaction({ jobId, phase, transaction, requestId, direct }: JobEntry): Promise<JobView['transaction']> {
    if (phase !== 'settling' && phase !== 'settled') return undefined;
    const { settler, chain } = this.parts;
    let found = transaction;
    if (!found) {
      const intent = (requestId !== undefined && !direct ? await settler.intent(`deliver:${requestId}`) : undefined) ?? await settler.intent(`settle:${jobId}`), hash = intent?.included?.hash ?? intent?.hashes.at(-1);
      if (hash === undefined) return undefined;
      found = { hash, ...(intent?.included && { block: String(intent.included.blockNumber) }) };
    }
    if (found.block === undefined) return found;
    const head = await chain.clock().catch(() => undefined); // a chain that is away does not hide the job
    return { ...found, ...(head && { confirmations: Math.max(0, head.block - Number(found.block) + 1) }) };
  }
}

export function phaseOf({ phase }: Pick<JobEntry, 'phase'>, queued?: string): JobPhase {
  if (phase === 'requested' || phase === 'forming') return 'waiting';
  return phase === 'waiting' && queued === 'leased' ? 'leased' : phase;
}
