/** One settled job: every credit recomputed from fees, splits, payouts and zero queries, against what the vault booked. */
import type { Hex } from 'viem';
import { creditsHash, CREDIT_KINDS, JOB_STATE, verifierSelector, type FeeSplit } from '../../chain/index.js';
import { AuditMismatchError } from '../../errors/audit.js';
import { assertOnChain } from '../compare.js';
import type { AuditContext } from '../context.js';
import { assertCredits, creditedJob, jobCredits } from '../credits.js';
import type { AuditedJob } from '../job.js';
import type { AuditedRegistration } from '../registration.js';
import { splitOf } from './block.js';
import { assertTransaction } from './record.js';
import { inForce, isBefore, sameAccount, type ChainView, type EventPlace } from './view.js';

export interface JobEvents {
  settled?: EventPlace & { transactionHash: Hex };
  /** Payment keys whose fee went back before the job was settled; all, while it is not. */
  refundedBefore: ReadonlySet<string>;
}

/** What the chain says of a job before it is replayed: refunded queries count with fee 0 in its proof. */
export async function jobEvents(view: ChainView, jobId: Hex): Promise<JobEvents> {
  const [[settled], refunded] = await Promise.all([view.events('settlement', 'JobSettled', { jobId }), view.events('inferences', 'Refunded')]);
  return { settled, refundedBefore: refundedBefore(refunded, settled) };
}

export const refundedBefore = (refunded: readonly (EventPlace & { args: { key: string } })[], settled: EventPlace | undefined): ReadonlySet<string> =>
  new Set(refunded.filter((e) => !settled || isBefore(e, settled)).map((e) => e.args.key));

export async function auditSettlement(
  { list, deployment }: AuditContext, view: ChainView, { registration: r }: AuditedRegistration, { folder, job, batches }: AuditedJob, earlier: ReadonlySet<string>,
): Promise<void> {
  const file = `jobs/${folder}/job.json`;
  await list.check(`chain: job ${folder}`, async () => {
    const [event] = await view.events('settlement', 'JobSettled', { jobId: job.jobId });
    if (!event) {
      if (job.transaction) throw new AuditMismatchError(file, 'jobId', `${job.jobId} is not settled on chain, but the file names transaction ${job.transaction.hash}`);
      return 'not settled yet: no transaction in the file, none on chain';
    }
    await assertTransaction(view, file, job.transaction, event);
    const { args: { recordId, prover, fees, payouts, dust, selector } } = event;
    assertOnChain(file, 'selector', selector, job.selector);
    const entry = await view.read('gateway', 'entry', [selector]);
    assertOnChain('deployment.json', 'selector of the settlement', selector, verifierSelector('payout', r.adapter.classId, entry.version, entry.vkHash));

    const beyond = job.payouts.findIndex((amount, c) => amount > 0n && c >= r.contributors.length);
    if (beyond >= 0) throw new AuditMismatchError(file, `payouts[${beyond}]`, 'the record has no such contributor');
    const splits = new Map<number, FeeSplit>();
    for (const { record: { splitId } } of batches) if (!splits.has(splitId)) splits.set(splitId, await splitOf(view, splitId));
    const treasury = inForce(await view.events('parameters', 'TreasurySet'), event);
    const own = jobCredits(creditedJob({ registration: r, job, batches, refunded: earlier, splits: (id) => splits.get(id)!, court: view.economy.deployment.court, treasury: treasury!.args.treasury }));
    assertOnChain(file, 'settlement', { recordId, prover, fees, payouts, dust }, { recordId: job.recordId, prover: job.prover, fees: own.fees, payouts: own.payouts, dust: own.dust });
    assertOnChain(file, 'fees', own.contributorParts, job.fees.slice(0, own.contributorParts.length));

    const [credited, [opened], [state, period, challengeUntil, hash]] = await Promise.all([
      view.events('vault', 'JobCredited', { jobId: job.jobId }), view.events('vault', 'JobOpened', { jobId: job.jobId }), view.read('vault', 'job', [job.jobId]),
    ]);
    assertCredits(file, credited.map(({ args }) => args), own.credits, 'chain has');
    if (job.credits) assertCredits(file, job.credits.map(({ account, amount, kind }) => ({ account, amount, kind: CREDIT_KINDS.indexOf(kind) })), own.credits, 'artifact has');
    const booked = await bookingOf(view, event);
    assertOnChain('reward vault', `job ${job.jobId}`, { amount: opened?.args.amount, period, challengeUntil, creditsHash: hash, opened: opened?.args.creditsHash },
      { amount: own.fees, ...booked, creditsHash: creditsHash(own.credits), opened: creditsHash(own.credits) });
    for (const { args } of credited) assertOnChain('reward vault', `period of a credit of job ${job.jobId}`, args.period, period);
    const text = JOB_STATE[state];
    if (text === 'reversed' || text === 'none') throw new AuditMismatchError(file, 'jobId', `the job is ${text} on chain`);
    const names = deployment?.classes.some((c) => sameAccount(c.selector, selector)) ? '' : ` to verifier ${selector}, which the manifest does not name`;
    return `settled in block ${event.blockNumber}${names}: fees ${fees}, payouts ${payouts}, dust ${dust}; each of ${credited.length} credits and their hash equal, period ${period}, ${text}`;
  });
}

/** Period and end of the challenge window that a settlement of that block gets. */
async function bookingOf(view: ChainView, settled: EventPlace): Promise<{ period: bigint; challengeUntil: bigint }> {
  const [timestamp, length, windows] = await Promise.all([view.timestamp(settled.blockNumber), view.read('vault', 'PERIOD', []), view.events('parameters', 'WindowsSet')]);
  return { period: timestamp / length + 1n, challengeUntil: timestamp + BigInt(inForce(windows, settled)!.args.rules.challengeSeconds) };
}
