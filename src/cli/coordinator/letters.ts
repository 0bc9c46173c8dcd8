/** Dead jobs of a running coordinator: which there are and why, and how they go on. */
import type { Hex, LocalAccount } from 'viem';
import { CoordinatorClient } from '../../protocol/network/client.js';
import type { JobView } from '../../protocol/network/job.js';
import { account, type Actor } from '../accounts.js';

/** Of one request; who has more of them revives or looks at these first. */
const MOST = 200;

const reader = (url: string): CoordinatorClient => new CoordinatorClient({ url, chainId: 0 });

/** Why a job is dead: the latest word on it. */
export const whyDead = ({ timeline, attempts }: Pick<JobView, 'timeline' | 'attempts'>): string => {
  const last = attempts.at(-1);
  return timeline.findLast(({ event }) => event === 'dead')?.detail || [last?.code, last?.message].filter(Boolean).join(': ') || 'unknown';
};

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** Text of others, on one line and without control characters. */
const plain = (text: string): string => text.replace(/[\p{C}\s]+/gu, ' ').trim();

export function describeDead(jobs: readonly JobView[], now = Date.now()): string {
  if (jobs.length === 0) return 'no job is dead';
  const lines = jobs.map((job) => {
    const left = job.deadline - now / 1000;
    return `${job.jobId}  ${job.className}, ${count(job.queries, 'inference')}, ${count(job.attempts.length, 'attempt')}, ${left > 0 ? `payments can go back in ${Math.ceil(left / 60)} min` : 'payments can go back'}\n  ${plain(whyDead(job))}`;
  });
  return [...lines, ...(jobs.length === MOST ? [`the oldest ${MOST}; there may be more`] : [])].join('\n');
}

export const deadJobs = (url: string): Promise<JobView[]> => reader(url).deadLetters(MOST);

/** @throws CoordinatorError NOT_AN_OPERATOR, JOB_UNKNOWN, JOB_NOT_DEAD, ... */
export async function reviveJob(url: string, jobId: Hex, who: Actor, chainId: number): Promise<JobView> {
  const signer = account(chainId, who.role, who.index) as LocalAccount;
  return new CoordinatorClient({ url, chainId, signer }).revive(jobId);
}
