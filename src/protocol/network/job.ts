/** A proof job as coordinator and provers know it: references and hashes only, named by the job id of the contracts. */
import { z } from 'zod';
import type { ProofRequest } from '../../chain/types.js';
import { address, bytes, count, uint, word } from '../words.js';

/** What a prover must have for a job: the circuit of one relation and class, under one key. */
export const laneOf = (relation: 'features' | 'payout', className: string, vkHash: string): string => `${relation}/${className}/${vkHash}`;

/** Hex characters of a signature: contracts that sign (ERC-1271) may need some thousand bytes. */
const SIGNATURE_MAX = 2 + 2 * 4096;

/** A proof request as its requester signed it, in text that JSON keeps; integers are decimal, within the types of the market. */
export const orderSchema = z.strictObject({
  request: z.strictObject({
    requester: address, recordId: word, blockIds: z.array(word).min(1).max(64), minPrice: uint(96), maxPrice: uint(96), collateral: uint(96), biddingStart: uint(64), rampSeconds: z.int().min(0).max(2 ** 32 - 1),
    lockSeconds: z.int().min(0).max(2 ** 32 - 1), deadline: uint(64), nonce: uint(256),
  }),
  /** EIP-712 of the proof market; counts for nothing once the request is on chain. */
  signature: bytes.refine((v) => v.length <= SIGNATURE_MAX, 'too long'),
});
export type Order = z.infer<typeof orderSchema>;

export const orderOf = (r: ProofRequest, signature: Order['signature']): Order => ({
  request: { ...r, blockIds: [...r.blockIds], minPrice: String(r.minPrice), maxPrice: String(r.maxPrice), collateral: String(r.collateral), biddingStart: String(r.biddingStart), deadline: String(r.deadline), nonce: String(r.nonce) }, signature,
});
/** Integers of an order back to what the chain takes. */
export const requestOf = ({ request: r }: Pick<Order, 'request'>): ProofRequest => ({
  ...r, minPrice: BigInt(r.minPrice), maxPrice: BigInt(r.maxPrice), collateral: BigInt(r.collateral), biddingStart: BigInt(r.biddingStart), deadline: BigInt(r.deadline), nonce: BigInt(r.nonce),
});

export const proofJobSchema = z.strictObject({
  format: z.literal('zkattr-proof-job'),
  /** keccak of record id and block ids (src/chain/ids.ts). */
  jobId: word,
  relation: z.literal('payout'), className: z.string().max(40), vkHash: word,
  /** Verifier that will be asked, by its name in the gateway. */
  selector: word,
  chainId: z.int().positive(), verifier: address, settlement: address,
  recordId: word,
  /** Container of the record (packages.ts). */
  record: word,
  /** In the job's order. fees: the contributors' parts, decimal; 0 for an inference whose payment went back. */
  blocks: z.array(z.strictObject({ blockId: word, package: word, fees: z.array(z.string().regex(/^\d{1,30}$/)).min(1).max(64) })).min(1).max(64),
  queries: z.int().positive(),
  /** Of its inferences: what logs of node, coordinator and prover have in common. */
  paymentKeys: z.array(word).max(4096).optional(),
  /** Unix seconds: the first payment of the job that could go back. */
  deadline: count,
  /** Proof request whose price the delivery earns. */
  requestId: word.optional(),
  /** That request, signed: a prover that locks it on chain is owed its price. */
  order: orderSchema.optional(),
});
export type ProofJob = z.infer<typeof proofJobSchema>;

/** Where a job stands with its coordinator. A job is settled or cancelled once, and for good. */
export const JOB_PHASES = ['waiting', 'leased', 'proved', 'settling', 'settled', 'dead', 'cancelled'] as const;
export type JobPhase = (typeof JOB_PHASES)[number];

/** One try of one prover, as it is kept and shown. */
export const attemptSchema = z.strictObject({
  /** Fencing token of the lease. */
  token: z.int().positive(),
  prover: address,
  leasedAt: count,
  endedAt: count.optional(),
  outcome: z.enum(['running', 'completed', 'failed', 'timedOut', 'released', 'outOfMemory', 'falseProof', 'stopped']),
  code: z.string().max(80).optional(),
  message: z.string().max(2000).optional(),
});
export type Attempt = z.infer<typeof attemptSchema>;

/** What anybody may see of a job: no references to packages, whose names open them. */
export const jobViewSchema = z.strictObject({
  jobId: word, phase: z.enum(JOB_PHASES), className: z.string(), recordId: word, blockIds: z.array(word), queries: z.int().positive(),
  /** Decimal base units. */
  fees: z.string(), deadline: count, requestId: word.optional(),
  /** Milliseconds since 1970. */
  createdAt: count, updatedAt: count,
  attempts: z.array(attemptSchema),
  /** Why it waits, was skipped, or ended: newest last. */
  timeline: z.array(z.strictObject({ at: count, event: z.string().max(80), detail: z.string().max(2000) })),
  transaction: z.strictObject({ hash: word, block: z.string().optional(), confirmations: count.optional() }).optional(),
});
export type JobView = z.infer<typeof jobViewSchema>;
