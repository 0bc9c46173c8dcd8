import { formatEther } from 'viem';
import type { ExplainedCredit } from './explain.js';

const short = (hex: string): string => `${hex.slice(0, 10)}..`;
const KINDS: Record<ExplainedCredit['kind'], string> = {
  contributor: 'as contributor', node: 'as inference node', prover: 'as prover', auditors: 'for audits', treasury: "as the treasury's part",
  zeroQuery: 'back, because no contributor helped the answer', refund: 'as refund', proofPrice: 'as price of a proof', slashed: 'from a slashed stake', bond: 'as returned bond',
  courtReward: 'as reward of a case', deposit: 'as returned deposit',
};

/** One credit in words: amount, role, where it comes from. */
export function sentenceOf({ kind, amount, origin, withdrawn }: Omit<ExplainedCredit, 'sentence'>): string {
  const head = `${formatEther(amount)} OPEN ${KINDS[kind]}`;
  switch (origin.type) {
    case 'job': {
      const { job, contributor, queries } = origin;
      const state = job.state === 'held' ? '; held while a case is open' : withdrawn ? `; taken back, the job was ${job.state}` : job.state === 'settled' ? '' : `; the job was ${job.state}`;
      const part = contributor ? `, contributor ${contributor.index} with ${contributor.rows} training rows of record ${short(job.record.recordId)}`
        : queries ? `, ${kind === 'node' ? 'served' : 'asked'} ${queries.map((q) => `query ${q.query}`).join(', ')}` : '';
      return `${head}: job ${short(job.jobId)} of ${job.queries.length} queries with fees of ${formatEther(job.fees)} OPEN, proved by ${job.prover}${part}${state}`;
    }
    case 'inference': return `${head}: inference ${short(origin.key)} of node ${origin.node} was not settled; its fee was ${formatEther(origin.fee)} OPEN`;
    case 'request': return `${head}: proof request ${short(origin.requestId)} of ${origin.requester} for job ${short(origin.jobId)}, ${origin.outcome}${origin.late ? ' late' : ''}`;
    case 'case': return `${head}: case ${origin.caseId} of ${origin.challenger} against ${origin.accused} about ${origin.subject} ${short(origin.subjectId)}, ${origin.status}`;
    case 'fact': return `${head}: fault of node ${origin.node} proved by ${origin.reporter}, fact ${short(origin.factId)}`;
    case 'other': return `${head}: from ${origin.contract ?? origin.source}, reference ${short(origin.ref)}`;
  }
}
