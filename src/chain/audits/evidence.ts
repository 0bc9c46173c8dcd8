import type { Hex } from 'viem';
import type { EconomyContext } from '../context.js';
import { readEvents } from '../events.js';
import { blocksOf, missing, settlementOf } from '../rewards/settledJob.js';
import type { BlockRecord, Credit } from '../types.js';

/** A settled job as a challenge takes it: what was settled and what was credited for it, in the order of the settlement. */
export interface JobEvidence {
  recordId: Hex;
  blocks: readonly BlockRecord[];
  credits: readonly Credit[];
}

/** @throws ChainError JOB_UNKNOWN, JOB_EVENTS */
export async function jobEvidence(context: EconomyContext, jobId: Hex): Promise<JobEvidence> {
  const settled = await settlementOf(context, jobId);
  const blockIds = await blocksOf(context, settled);
  const [committed, credited] = await Promise.all([
    readEvents(context, 'inferences', 'BlockCommitted', { args: { blockId: blockIds } }), readEvents(context, 'vault', 'JobCredited', { args: { jobId } }),
  ]);
  return {
    recordId: settled.args.recordId,
    blocks: blockIds.map((id) => committed.find((e) => e.args.blockId === id)?.args.data ?? (() => { throw missing('a block', id); })()),
    credits: credited.map(({ args: { account, amount, kind } }) => ({ account, amount, kind })),
  };
}
