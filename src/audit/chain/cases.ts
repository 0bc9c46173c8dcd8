/** What was brought against the audited items: cases, facts, slashes, ordered audits. A list, not a verdict: the court judges. */
import type { Address, Hex } from 'viem';
import { CASE_STATUS, CASE_SUBJECT, STAKE_ROLES } from '../../chain/index.js';
import type { AuditContext } from '../context.js';
import { sameAccount, type ChainView } from './view.js';

export interface AuditedItems {
  recordId: Hex;
  blockIds: readonly Hex[];
  jobIds: readonly Hex[];
  /** Whose stakes answer for them. */
  owner: Address;
  nodes: readonly Address[];
  provers: readonly Address[];
}

export async function auditCases({ list }: AuditContext, view: ChainView, { recordId, blockIds, jobIds, owner, nodes, provers }: AuditedItems): Promise<void> {
  await list.check('chain: cases and slashes', async () => {
    const notes: string[] = [];
    const subjects = [recordId, ...blockIds, ...jobIds];
    const [cases, closed, facts, slashed, ordered, reported] = await Promise.all([
      view.events('court', 'CaseOpened', { subjectId: subjects }), view.events('court', 'CaseClosed'), view.events('facts', 'FactProved', { node: [...nodes] }),
      view.events('stakes', 'Slashed', { account: [owner, ...nodes, ...provers] }), view.events('court', 'AuditOrdered', { jobId: [...jobIds] }), view.events('court', 'AuditReported', { jobId: [...jobIds] }),
    ]);
    for (const { args: { caseId, subject, subjectId, challenger, accused } } of cases) {
      const end = closed.find((e) => e.args.caseId === caseId);
      notes.push(`case ${caseId} of ${challenger} against ${accused} about ${CASE_SUBJECT[subject]} ${subjectId}: ${end ? `${CASE_STATUS[end.args.status]}, ${end.args.slashed} slashed` : 'open'}`);
    }
    for (const { args: { factId, node, reporter, slashed: amount } } of facts) notes.push(`fact ${factId} against ${node} by ${reporter}: ${amount} slashed`);
    const roleOf: [string, readonly Address[]][] = [['adapter', [owner]], ['node', nodes], ['prover', provers]];
    for (const { args: { role, account, amount, controller } } of slashed) {
      const name = STAKE_ROLES[role];
      if (roleOf.some(([own, accounts]) => own === name && accounts.some((a) => sameAccount(a, account)))) notes.push(`stake of ${name} ${account} slashed by ${amount}, by ${controller}`);
    }
    for (const { args: { jobId, auditor } } of ordered) {
      const report = reported.find((e) => e.args.jobId === jobId);
      notes.push(`audit of job ${jobId} by ${auditor}: ${report ? (report.args.sound ? 'sound' : 'not sound') : 'no report yet'}`);
    }
    return notes.length === 0 ? 'none about record, blocks, jobs, node, owner, provers' : notes.join('; ');
  });
}
