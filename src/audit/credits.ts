/**
 * What a settled job credits, recomputed: the twin of FeeSplit.sol, InferenceRegistry.takeBlocks and AttributionSettlement.
 *   part_r(f) = floor(f split_r / 10000) for contributors, node, prover, auditors; the treasury gets the rest of f
 *   contributors, in record order      payouts, as R2 proves them
 *   payers of zero queries             the contributors' part of their fee
 *   nodes, in block order              their parts; neighbouring blocks of one node make one credit
 *   prover, auditors, treasury         their parts; the treasury also what the payouts leave of the contributors' parts (dust)
 * Credits of 0 are left out; a query that was refunded before has fee 0. They sum to the fees of the other queries.
 */
import type { Address } from 'viem';
import { CREDIT_KINDS, type Credit, type CreditKind, type FeeSplit } from '../chain/index.js';
import { AuditMismatchError } from '../errors/audit.js';
import type { JobFile, Registration } from '../protocol/artifacts.js';
import type { AuditedBatch } from './batch.js';

const WHOLE = 10_000n;

/** The parts of one fee. */
export function feeParts(fee: bigint, split: FeeSplit): Record<keyof FeeSplit, bigint> {
  const floor = (part: number): bigint => (fee * BigInt(part)) / WHOLE;
  const [contributors, node, prover, auditors] = [split.contributors, split.node, split.prover, split.auditors].map(floor);
  return { contributors, node, prover, auditors, treasury: fee - contributors - node - prover - auditors };
}

export interface SettledQuery {
  payer: Address;
  fee: bigint;
  /** Its fee went back before the settlement. */
  refunded: boolean;
}

export interface SettledBlock {
  node: Address;
  split: FeeSplit;
  queries: readonly SettledQuery[];
}

export interface CreditedJob {
  /** In the job's order. */
  blocks: readonly SettledBlock[];
  /** Of the record. */
  contributors: readonly Address[];
  payouts: readonly bigint[];
  /** Bit q: query q has no positive score. */
  zeroQueries: bigint;
  prover: Address;
  /** Where the auditors' part goes. */
  court: Address;
  /** As it was when the job was settled. */
  treasury: Address;
}

export interface JobCredits {
  /** In the order of the settlement. */
  credits: Credit[];
  /** Of queries that were not refunded. */
  fees: bigint;
  payouts: bigint;
  dust: bigint;
  /** Contributors' part of every fee: what R2 divides. */
  contributorParts: bigint[];
}

export function jobCredits({ blocks, contributors, payouts, zeroQueries, prover, court, treasury }: CreditedJob): JobCredits {
  const credits: Credit[] = [];
  const put = (account: Address, amount: bigint, kind: CreditKind): void => {
    if (amount > 0n) credits.push({ account, amount, kind: CREDIT_KINDS.indexOf(kind) });
  };
  const queries = blocks.flatMap(({ node, split, queries: own }, block) => own.map((q) => ({ ...q, block, node, parts: feeParts(q.refunded ? 0n : q.fee, split) })));
  const isZero = (q: number): boolean => ((zeroQueries >> BigInt(q)) & 1n) === 1n;
  const sum = (of: (query: (typeof queries)[number], q: number) => bigint): bigint => queries.reduce((total, query, q) => total + of(query, q), 0n);

  payouts.forEach((amount, c) => { put(contributors[c], amount, 'contributor'); });
  queries.forEach(({ payer, parts }, q) => { if (isZero(q)) put(payer, parts.contributors, 'zeroQuery'); });
  for (let k = 0, from = 0; k < blocks.length; k++) {
    if (k + 1 < blocks.length && blocks[k + 1].node.toLowerCase() === blocks[k].node.toLowerCase()) continue;
    const first = from;
    put(blocks[k].node, sum(({ block, parts }) => (block >= first && block <= k ? parts.node : 0n)), 'node');
    from = k + 1;
  }
  put(prover, sum(({ parts }) => parts.prover), 'prover');
  put(court, sum(({ parts }) => parts.auditors), 'auditors');
  const paid = payouts.reduce((a, b) => a + b, 0n);
  const dust = sum(({ parts }, q) => (isZero(q) ? 0n : parts.contributors)) - paid;
  put(treasury, sum(({ parts }) => parts.treasury) + dust, 'treasury');
  return { credits, fees: sum(({ fee, refunded }) => (refunded ? 0n : fee)), payouts: paid, dust, contributorParts: queries.map(({ parts }) => parts.contributors) };
}

/** An audited job as its settlement takes it. @param splits  by id  @param refunded  payment keys whose fee went back before */
export const creditedJob = ({ registration, job, batches, refunded, splits, court, treasury }: {
  registration: Pick<Registration, 'contributors'>; job: Pick<JobFile, 'payouts' | 'zeroQueries' | 'prover'>; batches: readonly AuditedBatch[]; refunded: ReadonlySet<string>;
  splits: (id: number) => FeeSplit; court: Address; treasury: Address;
}): CreditedJob => ({
  blocks: batches.map(({ batch: { signed: { receipt } }, record }) => ({
    node: record.node, split: splits(record.splitId),
    queries: receipt.inferences.map(({ payer, fee }, i) => ({ payer, fee: BigInt(fee), refunded: refunded.has(record.inferences[i].key) })),
  })),
  contributors: registration.contributors.map((c) => c.address), payouts: job.payouts, zeroQueries: job.zeroQueries, prover: job.prover, court, treasury,
});

/**
 * Credits against the recomputed ones: one that is missing is named as such.
 * @param source  whose credits they are: "chain has", "artifact has"
 * @throws AuditMismatchError
 */
export function assertCredits(file: string, credits: readonly Credit[], own: readonly Credit[], source: string): void {
  const same = (a: Credit | undefined, b: Credit): boolean => a !== undefined && a.kind === b.kind && a.account.toLowerCase() === b.account.toLowerCase() && a.amount === b.amount;
  const text = ({ kind, account, amount }: Credit): string => `${CREDIT_KINDS[kind]} ${account} ${amount}`;
  const at = own.findIndex((credit, i) => !same(credits[i], credit));
  if (credits.length < own.length) throw new AuditMismatchError(file, `credits[${at}]`, `replay gives ${own.length} credits, ${source} ${credits.length}: missing is ${text(own[at])}`);
  if (credits.length > own.length) throw new AuditMismatchError(file, 'credits: length', `replay gives ${own.length}, ${source} ${credits.length}`);
  if (at >= 0) throw new AuditMismatchError(file, `credits[${at}]`, `replay gives ${text(own[at])}, ${source} ${text(credits[at])}`);
}
