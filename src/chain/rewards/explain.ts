/** Why was an account paid: every credit of the vault, back to the job, inference, proof request, case or fact that it comes from. */
import { isAddressEqual, type Address, type Hex } from 'viem';
import type { EconomyContext } from '../context.js';
import { CONTRACT_KEYS, type ContractKey } from '../contracts.js';
import { readEvents } from '../events.js';
import { CASE_STATUS, CASE_SUBJECT, CREDIT_KINDS, type CaseStatus, type CaseSubject, type CreditKind, type ProofRequest } from '../types.js';
import { sentenceOf } from './sentence.js';
import { settledJob, type JobQuery, type SettledJobDetails } from './settledJob.js';

export type CreditOrigin =
  /** A settled job. contributor: index and rows, for a contributor. queries: those that the account served, or that had no positive score. */
  | { type: 'job'; job: SettledJobDetails; contributor?: { index: number; rows: number }; queries?: JobQuery[] }
  /** A fee that went back to its payer. */
  | { type: 'inference'; key: Hex; node: Address; adapterId: Hex; requestHash: Hex; nonce: bigint; fee: bigint }
  /** A proof request: its price, its refund, a collateral. */
  | { type: 'request'; requestId: Hex; requester: Address; jobId: Hex; request: ProofRequest; outcome: 'open' | 'paid' | 'refunded'; late?: boolean }
  | { type: 'case'; caseId: bigint; subject: CaseSubject; subjectId: Hex; challenger: Address; accused: Address; status: CaseStatus; slashed?: bigint }
  | { type: 'fact'; factId: Hex; node: Address; reporter: Address; slashed: bigint }
  /** Paid by another account, or by a contract whose reference is not resolved. */
  | { type: 'other'; source: Address; contract?: ContractKey; ref: Hex };

export interface ExplainedCredit {
  kind: CreditKind;
  amount: bigint;
  /** 0: open at once. */
  period: bigint;
  transactionHash: Hex;
  blockNumber: bigint;
  origin: CreditOrigin;
  /** Taken back with its job when that was challenged; what came of it is another credit. */
  withdrawn: boolean;
  /** The same in one sentence. */
  sentence: string;
}

export interface PaymentExplanation {
  account: Address;
  /** Oldest first. */
  credits: ExplainedCredit[];
  claims: { amount: bigint; to: Address; periods: readonly bigint[]; transactionHash: Hex; blockNumber: bigint }[];
  /** Sums; withdrawn credits left out. */
  credited: bigint;
  claimed: bigint;
}

export interface ExplainOptions {
  fromBlock?: bigint;
  toBlock?: bigint;
  /** Only credits of this transaction. */
  transactionHash?: Hex;
}

/** @throws ChainError JOB_EVENTS, CHAIN_CALL */
export async function explainPayment(context: EconomyContext, account: Address, { fromBlock, toBlock, transactionHash }: ExplainOptions = {}): Promise<PaymentExplanation> {
  const range = { args: { account }, fromBlock, toBlock };
  const [byJob, direct, claims] = await Promise.all([
    readEvents(context, 'vault', 'JobCredited', range), readEvents(context, 'vault', 'Credited', range), readEvents(context, 'vault', 'Claimed', range),
  ]);
  const chosen = <T extends { transactionHash: Hex }>(list: readonly T[]): T[] => list.filter((e) => transactionHash === undefined || e.transactionHash === transactionHash);
  const jobs = new Map<Hex, Promise<SettledJobDetails>>();
  const jobOf = (id: Hex): Promise<SettledJobDetails> => {
    if (!jobs.has(id)) jobs.set(id, settledJob(context, id));
    return jobs.get(id)!;
  };
  const explained = await Promise.all([
    ...chosen(byJob).map(async ({ args, logIndex, ...at }) => entry(CREDIT_KINDS[args.kind], args.amount, args.period, at, logIndex, jobOrigin(account, CREDIT_KINDS[args.kind], await jobOf(args.jobId)))),
    ...chosen(direct).map(async ({ args, logIndex, ...at }) => entry(CREDIT_KINDS[args.kind], args.amount, 0n, at, logIndex, await directOrigin(context, account, CREDIT_KINDS[args.kind], args.source, args.ref, jobOf))),
  ]);
  explained.sort((a, b) => (a.credit.blockNumber === b.credit.blockNumber ? a.logIndex - b.logIndex : a.credit.blockNumber < b.credit.blockNumber ? -1 : 1));
  const credits = explained.map((e) => e.credit);
  const paid = chosen(claims).map(({ args, transactionHash: hash, blockNumber }) => ({ amount: args.amount, to: args.to, periods: args.periods, transactionHash: hash, blockNumber }));
  return { account, credits, claims: paid, credited: sum(credits.filter((c) => !c.withdrawn)), claimed: sum(paid) };
}

const sum = (list: readonly { amount: bigint }[]): bigint => list.reduce((total, { amount }) => total + amount, 0n);

function entry(kind: CreditKind, amount: bigint, period: bigint, at: { transactionHash: Hex; blockNumber: bigint }, logIndex: number, origin: CreditOrigin): { credit: ExplainedCredit; logIndex: number } {
  // Of a challenged job, what its period held is gone; released or reversed, it comes back to the open balance.
  const withdrawn = period > 0n && origin.type === 'job' && origin.job.state !== 'settled';
  const credit = { kind, amount, period, transactionHash: at.transactionHash, blockNumber: at.blockNumber, origin, withdrawn };
  return { logIndex, credit: { ...credit, sentence: sentenceOf(credit) } };
}

function jobOrigin(account: Address, kind: CreditKind, job: SettledJobDetails): CreditOrigin {
  if (kind === 'contributor') {
    const index = job.record.contributors.findIndex((c) => isAddressEqual(c.account, account));
    return { type: 'job', job, contributor: { index, rows: job.record.contributors[index]?.rows ?? 0 } };
  }
  if (kind === 'node') return { type: 'job', job, queries: job.queries.filter((q) => isAddressEqual(q.node, account) && !q.refunded) };
  if (kind === 'refund') return { type: 'job', job, queries: job.queries.filter((q) => isAddressEqual(q.payer, account) && !q.refunded) };
  if (kind === 'zeroQuery') {
    const { zeroQueries } = job;
    return { type: 'job', job, queries: job.queries.filter((q) => isAddressEqual(q.payer, account) && !q.refunded && (zeroQueries === undefined || (zeroQueries >> BigInt(q.query)) & 1n)) };
  }
  return { type: 'job', job };
}

/** Case ids count from 1; every other reference is a hash. */
const isCaseId = (ref: Hex): boolean => BigInt(ref) < 1n << 64n;

/** References of the contracts: a payment key, a request id, a case id, a fact id, and from the court the id of a job that it decided or had audited. */
async function directOrigin(
  context: EconomyContext, account: Address, kind: CreditKind, source: Address, ref: Hex, jobOf: (id: Hex) => Promise<SettledJobDetails>,
): Promise<CreditOrigin> {
  const contract = CONTRACT_KEYS.find((key) => isAddressEqual(context.deployment[key], source));
  if (contract === 'court' && !isCaseId(ref)) return jobOrigin(account, kind, await jobOf(ref));
  return (contract && await resolve(context, contract, ref)) ?? { type: 'other', source, contract, ref };
}

async function resolve(context: EconomyContext, contract: ContractKey, ref: Hex): Promise<CreditOrigin | undefined> {
  if (contract === 'inferences') {
    const [paid] = await readEvents(context, 'inferences', 'FeePaid', { args: { key: ref } });
    if (!paid) return undefined;
    const { node, adapterId, requestHash, nonce, fee } = paid.args;
    return { type: 'inference', key: ref, node, adapterId, requestHash, nonce, fee };
  }
  if (contract === 'market') {
    const [[opened], [paid], [refunded]] = await Promise.all([
      readEvents(context, 'market', 'RequestOpened', { args: { requestId: ref } }), readEvents(context, 'market', 'RequestPaid', { args: { requestId: ref } }), readEvents(context, 'market', 'RequestRefunded', { args: { requestId: ref } }),
    ]);
    if (!opened) return undefined;
    const { requester, jobId, request } = opened.args;
    return { type: 'request', requestId: ref, requester, jobId, request, outcome: paid ? 'paid' : refunded ? 'refunded' : 'open', late: paid?.args.late };
  }
  if (contract === 'court') {
    const caseId = BigInt(ref);
    const [[opened], [closed]] = await Promise.all([readEvents(context, 'court', 'CaseOpened', { args: { caseId } }), readEvents(context, 'court', 'CaseClosed', { args: { caseId } })]);
    if (!opened) return undefined;
    const { subject, subjectId, challenger, accused } = opened.args;
    return { type: 'case', caseId, subject: CASE_SUBJECT[subject], subjectId, challenger, accused, status: closed ? CASE_STATUS[closed.args.status] : 'opened', slashed: closed?.args.slashed };
  }
  if (contract === 'facts') {
    const [fact] = await readEvents(context, 'facts', 'FactProved', { args: { factId: ref } });
    return fact && { type: 'fact', factId: ref, node: fact.args.node, reporter: fact.args.reporter, slashed: fact.args.slashed };
  }
  return undefined;
}
