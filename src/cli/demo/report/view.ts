/** What both reports show, computed once: who belongs together, where the money went, and what to be honest about. */
import type { DemoSummary, FeeParts, PayoutSummary, QuerySummary, RelationSummary } from '../../../protocol/summary.js';
import { formatCount, formatTokens, parseUnits, plainText, ratio, shortHex } from './format.js';

export interface Account {
  payout: PayoutSummary;
  name: string;
  units: bigint;
  /** Part of all payouts, from the exact units; 0 when nothing was paid. */
  share: number;
}

/** A person: one account, or several of a sybil. Sorted by total, largest first. */
export interface Person {
  name: string;
  accounts: Account[];
  units: bigint;
  share: number;
}

export interface MoneyRow {
  key: 'in' | 'paid' | 'node' | 'prover' | 'auditors' | 'refunded' | 'treasury' | 'escrow';
  label: string;
  units: bigint;
}

export interface Money {
  rows: MoneyRow[];
  escrowBalance: bigint;
  /** The chain says so, and the amounts of this report add up as well. */
  conserved: boolean;
}

export interface ProofColumn {
  title: string;
  relation: RelationSummary;
  /** Stages in order; a last "other" when they do not fill the whole time. */
  stages: [name: string, seconds: number][];
}

const KIND_LABELS: Record<string, string> = {
  honest: 'honest', flipped: 'flipped labels', duplicate: 'copy', sybil: 'one of several accounts',
};
const RELATION_SLACK = 0.02;

export function kindLabel(kind: string): string {
  return Object.hasOwn(KIND_LABELS, kind) ? KIND_LABELS[kind] : plainText(kind) || 'unknown';
}

/** The class of a kind for colours: an unknown one looks neutral. */
export function kindClass(kind: string): string {
  return Object.hasOwn(KIND_LABELS, kind) ? kind : 'other';
}

/** Why this payout: the sentence of the summary, or the counts behind it where there is none. */
export function reason({ payout }: Account): string {
  return plainText(payout.why) || counts(payout);
}

export function counts({ rows, helped, harmed }: PayoutSummary): string {
  return `${formatCount(rows)} rows, helped ${formatCount(helped)} queries, harmed ${formatCount(harmed)}`;
}

export function claimState({ payout, units }: Account): string {
  return payout.claimed ? 'claimed' : units === 0n ? 'nothing to claim' : 'not claimed';
}

function compare(a: bigint, b: bigint): number {
  return a < b ? 1 : a > b ? -1 : 0;
}

export function people(payouts: readonly PayoutSummary[]): Person[] {
  const total = payouts.reduce((sum, p) => sum + parseUnits(p.units), 0n);
  const byIdentity = new Map<string, Account[]>();
  payouts.forEach((payout, n) => {
    const units = parseUnits(payout.units);
    const account = { payout, name: plainText(payout.contributor) || `contributor ${n + 1}`, units, share: ratio(units, total) };
    const key = payout.identity === '' ? `#${n}` : `@${payout.identity}`;
    byIdentity.set(key, [...(byIdentity.get(key) ?? []), account]);
  });
  return [...byIdentity.values()].map((accounts) => {
    const units = accounts.reduce((sum, a) => sum + a.units, 0n);
    const name = accounts.length > 1 ? plainText(accounts[0].payout.identity) || accounts[0].name : accounts[0].name;
    return { name, accounts: accounts.sort((a, b) => compare(a.units, b.units)), units, share: ratio(units, total) };
  }).sort((a, b) => compare(a.units, b.units));
}

/**
 * fees in = contributors + node + prover + auditors + treasury + refunded (+ what the contracts still hold, where that closes the balance).
 * A difference overrules `summary.conserved`: a report never calls numbers conserved that do not add up.
 */
export function money(summary: DemoSummary): Money {
  const escrowBalance = parseUnits(summary.escrowBalance), feesIn = parseUnits(summary.feesIn);
  const parts: MoneyRow[] = [
    { key: 'paid', label: 'paid to contributors', units: parseUnits(summary.paidOut) },
    { key: 'node', label: 'inference node', units: parseUnits(summary.node) },
    { key: 'prover', label: 'prover', units: parseUnits(summary.prover) },
    { key: 'auditors', label: 'auditors', units: parseUnits(summary.auditors) },
    { key: 'treasury', label: 'treasury', units: parseUnits(summary.treasury) },
    { key: 'refunded', label: 'refunded to payers', units: parseUnits(summary.refunded) },
  ];
  const rest = feesIn - parts.reduce((sum, row) => sum + row.units, 0n);
  const rows: MoneyRow[] = [{ key: 'in', label: 'fees in', units: feesIn }, ...parts];
  if (rest !== 0n && rest === escrowBalance) rows.push({ key: 'escrow', label: 'not yet claimed', units: rest });
  return { rows, escrowBalance, conserved: summary.conserved && (rest === 0n || rest === escrowBalance) };
}

const PARTS: readonly (keyof FeeParts)[] = ['contributors', 'node', 'prover', 'auditors', 'treasury'];

/** One sentence for each fee that was asked: how it is split, and how often. */
export function splits(queries: readonly QuerySummary[]): string[] {
  const byFee = new Map<string, QuerySummary[]>();
  for (const query of queries) byFee.set(query.fee, [...byFee.get(query.fee) ?? [], query]);
  return [...byFee.values()].map((own) => `${formatTokens(parseUnits(own[0].fee))} of ${own.length === 1 ? 'one query' : `${formatCount(own.length)} queries`} = ${PARTS.map((part) => `${formatTokens(parseUnits(own[0].parts[part]))} ${part}`).join(' + ')}`);
}

/** What happened on the market and in the courts, one sentence each. */
export function happenings({ request, case: trial, fact }: DemoSummary): { title: string; text: string }[] {
  const amount = (units: string): string => formatTokens(parseUnits(units));
  return [
    { title: 'Proof request', text: `the node offered ${amount(request.minPrice)} to ${amount(request.maxPrice)}; the prover locked it at ${amount(request.price)} with ${amount(request.collateral)} of collateral, and delivered (${shortHex(request.requestId)})` },
    { title: `Case ${trial.caseId}: ${trial.status}`, text: `another node committed a block with an altered activation; the auditors' replay said "${trial.finding}"; ${trial.votesFor} of ${trial.committee.length} drawn auditors voted to uphold; the node lost ${amount(trial.slashed)} of its stake, ${amount(trial.refunded)} of fees went back` },
    { title: 'Fact', text: `the same node had signed two different answers to one request; the contract compared the signatures, no committee was needed: it lost ${amount(fact.slashed)}` },
  ];
}

function stagesOf(relation: RelationSummary): [string, number][] {
  const stages = Object.entries(relation.stages).filter(([, seconds]) => Number.isFinite(seconds)).map(([name, s]): [string, number] => [plainText(name), s]);
  const rest = relation.proveSeconds - stages.reduce((sum, [, s]) => sum + s, 0);
  if (rest > relation.proveSeconds * RELATION_SLACK) stages.push(['other', rest]);
  return stages;
}

export function proofColumns(summary: DemoSummary): [ProofColumn, ProofColumn] {
  return [
    { title: 'R1 features', relation: summary.r1, stages: stagesOf(summary.r1) },
    { title: 'R2 payouts', relation: summary.r2, stages: stagesOf(summary.r2) },
  ];
}

/** Names of the stages of both proofs, in the order of the proof that has more of them. */
export function stageNames(columns: readonly ProofColumn[]): string[] {
  const ordered = [...columns].sort((a, b) => b.stages.length - a.stages.length);
  const names = [...new Set(ordered.flatMap((c) => c.stages.map(([name]) => name)))];
  return [...names.filter((n) => n !== 'other'), ...names.filter((n) => n === 'other')];
}

export function headline(summary: DemoSummary): string {
  return summary.verifiedOnChain ? 'Verified on chain' : 'NOT verified on chain';
}

/** Addresses and ids, by name. */
export function chainFacts({ chain }: DemoSummary): [name: string, value: string][] {
  return [['chain', String(chain.chainId)], ['Datanet', `${chain.datanetId}, snapshot ${shortHex(chain.snapshotId)}`], ['R1 record', chain.recordId], ['job', chain.jobId], ...Object.entries(chain.contracts)];
}

/** The audit of a tampered inference is good news when it fails: `ok` is what that audit said. */
export function tamperedVerdict(summary: DemoSummary): { caught: boolean; text: string } {
  const caught = !summary.tamperedAudit.ok;
  return { caught, text: caught ? 'Tampering was caught' : 'Tampering was NOT caught' };
}

export interface Note {
  title: string;
  text: string;
}

/** What a reader must know before trusting more than was shown (docs/PROTOCOL.md, section 6). */
export const NOTES: readonly Note[] = [
  { title: 'Activations are audited, not proven', text: 'Version 1 does not prove that the committed activations are those of the model, or that the curvature is the stated one. An audit replays the committed inputs and compares with the chain; a committee of staked auditors decides about what it finds, and is trusted to have an honest majority.' },
  { title: 'Influence is an estimate', text: 'Proven is the arithmetic: these payouts follow from the committed data by the stated formula. The formula approximates retraining without the data; on the digits data its rank correlation with real retraining is about 0.4.' },
  { title: 'Splitting accounts raises a share', text: 'Only positive influence is paid, and max(a, 0) + max(b, 0) is never less than max(a + b, 0): several accounts of one person earn at least as much as one, usually more. One account per identity is the duty of the curators; what each person takes in total is shown above.' },
  { title: 'Copies are paid', text: 'A Datanet refuses the same content twice, but not the same rows in another order: a copied row has the same influence as its original and is paid like it. Curators have to see it.' },
  { title: 'Development keys', text: 'The proving keys of this demonstration come from a local setup whose secret is public: anyone can forge proofs with them. The contracts refuse such keys off local chains.' },
  { title: 'Payouts are public', text: 'They reveal the fee-weighted shares of the contributors. The committed activations and features stay hidden.' },
];
