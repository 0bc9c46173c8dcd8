/**
 * What a settled job must credit, computed from raw tables and nothing of the attribution code: scores row by row against row,
 *   s[q,c] = sum over rows t of q, t' of c, layers l of (sum_a u*[t,l,a] u[t',l,a]) (sum_b z*[t,l,b] z[t',l,b])
 * which never forms a feature table, and the split by its definition (docs/PROTOCOL.md section 1).
 */
import type { Address } from 'viem';
import type { JobBatch } from '../../prover/workflow/payout.js';
import { CREDIT_KINDS, type CreditKind } from '../../src/chain/index.js';
import type { ModelBundle } from '../../src/models/index.js';
import { addressOf, cls, type Party, type Served } from './story.js';

export interface SplitBps { contributors: bigint; node: bigint; prover: bigint; auditors: bigint }
export type CreditLine = [kind: CreditKind, account: Address, amount: bigint];

const L = 1 << cls.layersLog, D = 1 << cls.widthLog, R = 1 << cls.rankLog, ROW = L * D;
const BITS = 120 + cls.contributorsLog, SHIFT = 160n;

/** [l][a] = sum_j table[a,l,j] row[l,j] */
const project = (table: Int8Array, row: Int8Array | Int16Array): bigint[][] => Array.from({ length: L }, (_, l) => Array.from({ length: R }, (_, a) => {
  let sum = 0n;
  for (let j = 0; j < D; j++) sum += BigInt(table[(a * L + l) * D + j]) * BigInt(row[l * D + j]);
  return sum;
}));
const dot = (a: readonly bigint[], b: readonly bigint[]): bigint => a.reduce((sum, value, i) => sum + value * b[i], 0n);
const at = <T extends Int8Array | Int16Array>(table: T, t: number): T => table.subarray(t * ROW, (t + 1) * ROW) as T;

/** Rows of each query: its own, the last of a block all that are left. */
function queryRows({ record, tables }: JobBatch): number[][] {
  let next = 0;
  return record.inferences.map(({ rows }, i) => Array.from({ length: i === record.inferences.length - 1 ? tables.rows - next : rows }, () => next++));
}

export function scoresOf({ adapter, train, manifest }: ModelBundle, batches: readonly JobBatch[]): bigint[][] {
  const taught = manifest.boundaries.map((end, c) => Array.from({ length: end - (manifest.boundaries[c - 1] ?? 0) }, (_, i) => (manifest.boundaries[c - 1] ?? 0) + i)
    .map((t) => ({ u: project(adapter.B, at(train.Delta, t)), z: project(adapter.A, at(train.X, t)) })));
  return batches.flatMap((batch) => queryRows(batch).map((own) => {
    const asked = own.map((t) => ({ u: project(adapter.queryB, at(batch.tables.Delta, t)), z: project(adapter.queryA, at(batch.tables.X, t)) }));
    return taught.map((rows) => asked.reduce((sum, q) => sum + rows.reduce((part, c) => part + q.u.reduce((layer, u, l) => layer + dot(u, c.u[l]) * dot(q.z[l], c.z[l]), 0n), 0n), 0n));
  }));
}

/** Credits of a job in the order of the contract; zero amounts left out. @param splits  of each block */
export function creditsOf(bundle: ModelBundle, contributors: readonly Address[], blocks: readonly Served[], batches: readonly JobBatch[], splits: readonly SplitBps[], court: Address): CreditLine[] {
  const scores = scoresOf(bundle, batches);
  const queries = blocks.flatMap(({ node, queries: own }, k) => own.map(({ fee, payer }) => ({ fee, payer, node, split: splits[k] })));
  const part = (fee: bigint, bps: bigint): bigint => (fee * bps) / 10_000n;
  const sums = contributors.map(() => 0n), nodes: [Party, bigint][] = [], zeros: CreditLine[] = [];
  let prover = 0n, auditors = 0n, left = 0n;
  queries.forEach(({ fee, payer, node, split }, q) => {
    const parts = { contributors: part(fee, split.contributors), node: part(fee, split.node), prover: part(fee, split.prover), auditors: part(fee, split.auditors) };
    const positive = scores[q].map((s) => (s > 0n ? s : 0n)), total = positive.reduce((a, b) => a + b, 0n);
    if (total === 0n) zeros.push(['zeroQuery', addressOf(payer), parts.contributors]);
    else {
      const scale = BigInt(BITS - total.toString(2).length), unit = ((parts.contributors << SHIFT) / (total << scale)) << scale;
      positive.forEach((s, c) => { sums[c] += s * unit; });
    }
    if (nodes.at(-1)?.[0] === node) nodes.at(-1)![1] += parts.node;
    else nodes.push([node, parts.node]);
    prover += parts.prover;
    auditors += parts.auditors;
    left += fee - parts.node - parts.prover - parts.auditors - (total === 0n ? parts.contributors : 0n);
  });
  const payouts = sums.map((sum) => sum >> SHIFT);
  const lines: CreditLine[] = [
    ...payouts.map((amount, c): CreditLine => ['contributor', contributors[c], amount]), ...zeros, ...nodes.map(([node, amount]): CreditLine => ['node', addressOf(node), amount]),
    ['prover', addressOf('prover'), prover], ['auditors', court, auditors], ['treasury', addressOf('treasury'), left - payouts.reduce((a, b) => a + b, 0n)],
  ];
  return lines.filter(([, , amount]) => amount > 0n);
}

/** Credits as the chain tells them, in the same form. */
export const creditLines = (credits: readonly { kind: number; account: Address; amount: bigint }[]): CreditLine[] => credits.map(({ kind, account, amount }) => [CREDIT_KINDS[kind], account, amount]);
