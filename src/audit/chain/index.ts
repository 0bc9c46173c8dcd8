/** Part 6: the contracts say the same as the artifacts, and the money adds up. Data is read from events: contracts keep hashes. */
import type { Economy } from '../../chain/index.js';
import type { AuditedBatch } from '../batch.js';
import type { AuditContext, AuditedModel } from '../context.js';
import type { AuditedJob } from '../job.js';
import type { AuditedRegistration } from '../registration.js';
import { auditBlock } from './block.js';
import { auditCases } from './cases.js';
import { auditDeployment, auditVerifiers } from './deployment.js';
import { auditLedger } from './ledger.js';
import { auditRequests } from './market.js';
import { auditRecord } from './record.js';
import { auditSettlement, type JobEvents } from './settlement.js';
import { auditSnapshot } from './snapshot.js';
import { ChainView } from './view.js';

export { jobEvents, type JobEvents } from './settlement.js';
export { ChainView } from './view.js';

/** The chain at its latest block. */
export const openChain = ({ list }: AuditContext, economy: Economy): Promise<ChainView | undefined> =>
  list.value('chain: view', () => ChainView.open(economy), (view) => `chain ${economy.deployment.chainId} at block ${view.blockNumber}`);

/** What was replayed, and what the chain is to say of it. */
export interface Replayed {
  model?: AuditedModel;
  registered: AuditedRegistration;
  batches: readonly AuditedBatch[];
  jobs: readonly AuditedJob[];
  /** By job folder. */
  events: ReadonlyMap<string, JobEvents>;
}

export async function auditChain(context: AuditContext, view: ChainView, { model, registered, batches, jobs, events }: Replayed): Promise<void> {
  const { registration: r } = registered;
  await auditDeployment(context, view);
  await auditVerifiers(context, view, r.className);
  await auditSnapshot(context, view, model, registered);
  await auditRecord(context, view, registered);
  const known = jobs.filter(({ folder }) => events.has(folder)), settled = ({ folder }: AuditedJob): boolean => events.get(folder)!.settled !== undefined;
  for (const batch of batches) {
    const ofBatch = known.filter(({ job }) => job.batches.includes(batch.folder)), own = ofBatch.find(settled) ?? ofBatch[0];
    await auditBlock(context, view, registered, batch, own && { jobId: own.job.jobId, settled: settled(own) }, own ? events.get(own.folder)!.refundedBefore : new Set());
  }
  for (const job of known) {
    await auditRequests(context, view, job);
    await auditSettlement(context, view, registered, job, events.get(job.folder)!.refundedBefore);
  }
  const receipts = batches.map((b) => b.batch.signed.receipt), nodes = [...new Set(receipts.map((receipt) => receipt.node))], provers = [...new Set(jobs.map(({ job }) => job.prover))];
  await auditLedger(context, view, [...r.contributors.map((c) => c.address), ...receipts.flatMap((receipt) => receipt.inferences.map((i) => i.payer)), ...nodes, ...provers]);
  await auditCases(context, view, {
    recordId: r.recordId, blockIds: batches.map((b) => b.batch.blockId), jobIds: jobs.map(({ job }) => job.jobId), owner: r.adapter.owner, nodes, provers,
  });
}
