/** Which blocks become a job together, and when: pure, so that its rules can be tested on any input. */
import type { Hex } from 'viem';

export interface BatchBlock {
  blockId: Hex;
  recordId: Hex;
  className: string;
  heightLog: number;
  queries: number;
  /** Sum of its fees. */
  fees: bigint;
  /** Milliseconds: since when it waits; from when payers can take their fees back; until when it is kept for somebody else. */
  since: number;
  deadline: number;
  heldUntil?: number;
}

export interface BatchLimits {
  /** Of a job of the class. @returns undefined for a class that nobody proves */
  ofClass: (className: string) => { blocks: number; queries: number } | undefined;
  /** No block waits longer for others. */
  maxAgeMs: number;
  /** A block with less time to its deadline waits for nobody. */
  urgentMs: number;
  /** A job with so much in fees goes at once. */
  feeTarget?: bigint;
}

export interface JobPlan {
  recordId: Hex;
  className: string;
  heightLog: number;
  /** In the job's order. */
  blockIds: Hex[];
  /** Why it goes now. */
  reason: 'full' | 'fees' | 'urgent' | 'age';
}

const compare = (a: BatchBlock, b: BatchBlock): number => a.deadline - b.deadline || a.since - b.since || (a.blockId < b.blockId ? -1 : 1);

/**
 * Groups blocks of one record and one height, earliest deadline first, each into the first job with room. A job goes when it is full
 * (or something did not fit into it), its fees reach the target, one of its blocks is urgent, or the oldest has waited maxAgeMs.
 * Blocks past their deadline are apart: a refund makes the proof of its whole job stale.
 */
export function formJobs(blocks: readonly BatchBlock[], limits: BatchLimits, now: number): JobPlan[] {
  const groups = new Map<string, BatchBlock[]>();
  for (const block of new Map(blocks.map((b) => [b.blockId, b])).values()) {
    if ((block.heldUntil ?? 0) > now || !limits.ofClass(block.className)) continue;
    const key = `${block.recordId} ${block.className} ${block.heightLog} ${block.deadline <= now ? 'late' : 'timely'}`;
    groups.set(key, [...groups.get(key) ?? [], block]);
  }
  return [...groups.values()].flatMap((group) => pack(group.sort(compare), limits, now));
}

interface Bin { blocks: BatchBlock[]; queries: number; full: boolean }

function pack(group: readonly BatchBlock[], limits: BatchLimits, now: number): JobPlan[] {
  const [{ recordId, className, heightLog }] = group, most = limits.ofClass(className)!, bins: Bin[] = [];
  for (const block of group) {
    if (block.queries > most.queries || block.queries < 1) continue; // was refused when it came in
    const room = bins.find((bin) => bin.blocks.length < most.blocks && bin.queries + block.queries <= most.queries);
    if (room) {
      room.blocks.push(block);
      room.queries += block.queries;
    } else {
      for (const bin of bins) bin.full = true;
      bins.push({ blocks: [block], queries: block.queries, full: false });
    }
  }
  return bins.flatMap((bin): JobPlan[] => {
    const reason = why(bin, most, limits, now);
    return reason ? [{ recordId, className, heightLog, blockIds: bin.blocks.map((b) => b.blockId), reason }] : [];
  });
}

function why({ blocks, queries, full }: Bin, most: { blocks: number; queries: number }, { maxAgeMs, urgentMs, feeTarget }: BatchLimits, now: number): JobPlan['reason'] | undefined {
  if (full || blocks.length === most.blocks || queries === most.queries) return 'full';
  if (feeTarget !== undefined && blocks.reduce((sum, b) => sum + b.fees, 0n) >= feeTarget) return 'fees';
  if (blocks.some((b) => b.deadline - now <= urgentMs)) return 'urgent';
  return blocks.some((b) => now - b.since >= maxAgeMs) ? 'age' : undefined;
}
