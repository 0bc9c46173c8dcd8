/**
 * HTTP API of the coordinator: bodies of requests and answers, shared by server, SDK and dashboard. All money is decimal base units,
 * all times are milliseconds since 1970 unless they say seconds.
 *
 *   PUT  /v1/artifacts/{hash}          bytes; Authorization: zkattr <base64url JSON of an envelope `upload`>
 *   POST /v1/records                   a feature record, by its package: before its first block
 *   POST /v1/blocks                    a signed batch of inferences, by its package; idempotent by block id
 *   POST /v1/requests                  a proof request (EIP-712, ERC-1271) for blocks that were submitted; idempotent by request id
 *   GET  /v1/blocks/{blockId}          GET /v1/jobs/{jobId}   GET /v1/jobs?phase=&order=&limit=&after=
 *   GET  /v1/jobs/{jobId}/credits      who was credited how much by a settled job
 *   GET  /v1/jobs/{jobId}/events       SSE; Last-Event-ID resumes
 *   POST /v1/blocks/{blockId}/cancel   envelope `cancel` of the node: only while no job has taken it
 *   POST /v1/jobs/{jobId}/revive       envelope `revive` of the coordinator's account or an operator: a dead job goes on
 *   GET  /v1/provers   GET /v1/dead-letters   GET /v1/log?from=   GET /v1/stats   GET /v1/rewards/{account}
 *   GET  /healthz  /readyz  /metrics  /openapi.json
 *   GET  /v1/prover                    under what terms a prover may log in
 *   POST /v1/prover/{kind}             prover messages without libp2p (prover.ts)
 */
import { z } from 'zod';
import { CREDIT_KINDS } from '../../chain/types.js';
import { artifactJson, requestSchema } from '../artifacts.js';
import { address, bytes, count, word } from '../words.js';
import { JOB_PHASES } from './job.js';

export const apiErrorSchema = z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string().optional(), where: z.string().optional() }) });
export type ApiError = z.infer<typeof apiErrorSchema>;

export const uploadSchema = z.strictObject({ hash: word, bytes: count });
export const submitRecordSchema = z.strictObject({ recordId: word, package: word });

/** A batch to be proved. The block's commitment is signed by its node, so that the coordinator can commit it. */
export const submitBlockSchema = z.strictObject({
  recordId: word, blockId: word, package: word,
  /** EIP-712 signature of the BlockCommitment (src/chain/typedData.ts), and until when it is good, Unix seconds; absent for a block that is committed. */
  commitment: z.strictObject({ signature: bytes, validUntil: count }).optional(),
});
export type SubmitBlock = z.infer<typeof submitBlockSchema>;

export const submitRequestSchema = z.strictObject({ request: requestSchema.shape.request, signature: bytes });
export type SubmitRequest = z.infer<typeof submitRequestSchema>;

export const cancelSchema = z.strictObject({ blockId: word });
export const reviveSchema = z.strictObject({ jobId: word });

/** Where a block stands: taken in, on chain, in a job, paid out; or why not. */
export const BLOCK_PHASES = ['received', 'committed', 'assigned', 'settled', 'refused', 'cancelled', 'refunded'] as const;
export const blockViewSchema = z.strictObject({
  blockId: word, recordId: word, adapterId: word, node: address, phase: z.enum(BLOCK_PHASES), queries: z.int().positive(), fees: z.string(),
  /** Unix seconds: from then on payers can take their fees back. */
  deadline: count,
  receivedAt: count, jobId: word.optional(), reason: z.string().optional(),
});
export type BlockView = z.infer<typeof blockViewSchema>;

/** A page of jobs by the time they were made; `after`: the last job of the page before, in the same order. */
export const jobQuerySchema = z.strictObject({ phase: z.enum(JOB_PHASES).optional(), order: z.enum(['oldest', 'newest']).default('oldest'), limit: z.coerce.number().int().min(1).max(200).default(50), after: word.optional() });

/** GET /v1/jobs/{jobId}/credits: what the settlement credited, one line for each account and kind; empty before it is settled. */
export const jobCreditsSchema = z.strictObject({ jobId: word, credits: z.array(z.strictObject({ account: address, kind: z.enum(CREDIT_KINDS), amount: z.string().regex(/^\d{1,78}$/, 'decimal base units') })) });
export type JobCredits = z.infer<typeof jobCreditsSchema>;

export const proverViewSchema = z.strictObject({
  address, online: z.boolean(), lastSeen: count, version: z.string(), backend: z.string(), cpu: z.string(), cores: z.int(), memoryBytes: count, parallel: z.int(),
  transport: z.enum(['libp2p', 'http']), running: z.array(word),
  classes: z.array(z.strictObject({ className: z.string(), relation: z.string(), seconds: z.number(), peakBytes: count })),
  completed: count, failed: count, timedOut: count, falseProofs: count,
});
export type ProverView = z.infer<typeof proverViewSchema>;

/** What a prover must be and have to log in; what it sends is measured by the coordinator's clock. */
export const proverTermsSchema = z.strictObject({
  protocol: z.int(), classes: z.array(z.strictObject({ className: z.string(), relation: z.literal('payout'), vkHash: word })),
  /** How far its clock may be off, milliseconds. */
  clockSkewMs: count,
  /** listed: the operator admits provers by their address. */
  admission: z.enum(['open', 'listed']),
});
export type ProverTerms = z.infer<typeof proverTermsSchema>;

/** One entry of the assignment log: entry n holds the hash of entry n - 1. */
export const logEntrySchema = z.strictObject({ sequence: count, at: count, kind: z.string(), jobId: word.optional(), prover: address.optional(), detail: z.string(), previous: word, hash: word });
export type LogEntry = z.infer<typeof logEntrySchema>;

export const statsSchema = z.strictObject({
  chainId: z.int(), coordinator: address, contracts: z.record(z.string(), address),
  jobs: z.record(z.enum(JOB_PHASES), count), blocks: z.record(z.enum(BLOCK_PHASES), count),
  provers: z.strictObject({ online: count, known: count }),
  settled: z.strictObject({ jobs: count, inferences: count, fees: z.string() }),
  log: z.strictObject({ entries: count, root: word }),
});
export type Stats = z.infer<typeof statsSchema>;

export const apiJson = (value: unknown): string => artifactJson(value);
