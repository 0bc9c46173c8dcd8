/** The lines of the summary about contributors and queries. */
import type { Address } from 'viem';
import { feeParts } from '../../audit/credits.js';
import type { FeeSplit } from '../../chain/index.js';
import type { Batch, JobFile, Registration } from '../../protocol/artifacts.js';
import type { FeeParts, PayoutSummary, QuerySummary } from '../../protocol/summary.js';

export function payoutSummaries(registration: Registration, job: JobFile, scores: readonly (readonly bigint[])[], claimed: Set<Address>, batches: readonly Batch[]): PayoutSummary[] {
  const total = job.payouts.reduce((a, b) => a + b, 0n);
  return registration.contributors.map(({ name, kind, identity, address }, c) => {
    const column = scores.map((row) => row[c]);
    const helped = column.filter((s) => s > 0n).length, harmed = column.filter((s) => s < 0n).length;
    const rows = registration.training.rows[c];
    return {
      contributor: name, units: String(job.payouts[c]), address, kind, identity, rows, helped, harmed, claimed: claimed.has(address),
      share: total === 0n ? 0 : Number((job.payouts[c] * 1_000_000n) / total) / 1_000_000,
      why: whySentence(kind, c, scores, job.fees, batches),
    };
  });
}

/** Where the money came from: the query that paid most, and what the kind of account explains. */
function whySentence(kind: string, c: number, scores: readonly (readonly bigint[])[], fees: readonly bigint[], batches: readonly Batch[]): string {
  const digits = batches.flatMap((batch) => batch.predictions);
  let best = { q: -1, units: 0n, part: 0 };
  for (let q = 0; q < scores.length; q++) {
    const total = scores[q].reduce((sum, s) => (s > 0n ? sum + s : sum), 0n);
    if (scores[q][c] <= 0n) continue;
    const units = (fees[q] * scores[q][c]) / total;
    if (units > best.units) best = { q, units, part: Number((scores[q][c] * 1000n) / total) / 10 };
  }
  const earned = best.q < 0 ? 'no answer was in the direction of these rows' : `most for query ${best.q}, answered ${digits[best.q]}: ${best.part.toFixed(1)}% of the contributors' part`;
  if (kind === 'flipped') return `${earned}; false labels point away from what the model answers`;
  if (kind === 'duplicate') return `${earned}; copied rows earn like their originals, a Datanet refuses the same content twice, but not in another order`;
  if (kind === 'sybil') return `${earned}; one of three accounts of one person`;
  return earned;
}

export function querySummaries(inputs: Float32Array, batches: readonly Batch[], registration: Registration, job: JobFile, scores: readonly (readonly bigint[])[], split: FeeSplit): QuerySummary[] {
  const flat = batches.flatMap((batch) => batch.signed.receipt.inferences.map((inference, i) => ({ inference, predicted: batch.predictions[i], actual: batch.labels[i] })));
  const scale = inputs.reduce((max, v) => Math.max(max, v), 0) || 1;
  return flat.map(({ inference, predicted, actual }, q) => {
    const top = scores[q].reduce((best, s, c) => (s > scores[q][best] ? c : best), 0);
    const refunded = ((job.zeroQueries >> BigInt(q)) & 1n) === 1n;
    return {
      query: q, payer: inference.payer, fee: inference.fee, predicted, actual, refunded,
      pixels: Array.from(inputs.slice(64 * q, 64 * (q + 1)), (v) => Math.round((v / scale) * 16)),
      parts: Object.fromEntries(Object.entries(feeParts(BigInt(inference.fee), split)).map(([name, units]) => [name, String(units)])) as FeeParts,
      topContributor: refunded ? '' : registration.contributors[top]?.name ?? '',
    };
  });
}
