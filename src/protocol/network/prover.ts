/**
 * What prover and coordinator say to each other. Each request is an envelope of the prover's payout key; the answer is plain JSON on
 * the same channel, but for an offer, which the coordinator signs. Over libp2p the channel proves the peer id that `hello` names; over
 * HTTP there is none.
 *
 *   hello -> welcome | refusal            offers the profile; gives the session
 *   lease -> offer (+ wait)               a job under a fencing token, or how long to wait
 *   heartbeat -> continue | stop | switch while it works; keeps the lease
 *   result -> accepted | refusal          the proof; checked before the answer
 *   release -> accepted                   hands a job back: shut down, too large, cannot
 */
import { z } from 'zod';
import { address, count, word } from '../words.js';
import { envelopeSchema } from './envelope.js';
import { proofJobSchema } from './job.js';

/** libp2p protocol of one request and its answer: each a JSON text after its length (uint32, big-endian), at most MESSAGE_MAX bytes. */
export const PROVER_PROTOCOL = '/zkattr/prover/1';
/** libp2p protocol that fetches one artifact: the request is an envelope `artifact`, the answer its bytes in the same framing, 0 length: unknown. */
export const ARTIFACT_PROTOCOL = '/zkattr/artifact/1';
/** Gossip topic on which the coordinator says that jobs of a lane wait: a hint to ask, nothing more. */
export const ANNOUNCE_TOPIC = '/zkattr/jobs/1';
export const MESSAGE_MAX = 8 << 20;
/** Of this software's prover protocol; another major one is refused at login. */
export const PROTOCOL_VERSION = 1;

export const proverClassSchema = z.strictObject({
  className: z.string().max(40), relation: z.enum(['features', 'payout']), vkHash: word,
  /** Measured by the benchmark on join: one proof of a full job. */
  seconds: z.number().positive().max(1e6), peakBytes: count,
});

export const proverProfileSchema = z.strictObject({
  protocol: z.int(), version: z.string().max(40),
  /** libp2p peer id, when it speaks libp2p. */
  peerId: z.string().max(100).optional(),
  backend: z.string().max(80), cpu: z.string().max(200), cores: z.int().positive().max(4096), gpus: z.array(z.string().max(200)).max(64),
  /** What jobs may use together, and how many at once. */
  memoryBytes: z.int().positive(), parallel: z.int().positive().max(256),
  classes: z.array(proverClassSchema).max(64),
  /** It locks signed orders on chain: jobs that carry one go to such provers first. */
  locksOrders: z.boolean().optional(),
});
export type ProverProfile = z.infer<typeof proverProfileSchema>;

/** Bodies of the prover's messages, by kind. */
export const proverMessages = {
  hello: proverProfileSchema,
  /** running: jobs that it holds, so that a restarted coordinator adopts them; free: how many more it takes, 0 only to say what it holds. */
  lease: z.strictObject({ free: z.int().nonnegative().max(256), memoryBytes: count, running: z.array(z.strictObject({ jobId: word, token: z.int().positive() })).max(256) }),
  heartbeat: z.strictObject({ jobId: word, token: z.int().positive(), stage: z.string().max(80), progress: z.number().min(0).max(1) }),
  /** job: text of a job artifact (src/protocol/artifacts.ts, JobFile) whose batches are block ids. */
  result: z.strictObject({ jobId: word, token: z.int().positive(), seconds: z.number().nonnegative(), peakBytes: count, job: z.string().max(1 << 20) }),
  release: z.strictObject({ jobId: word, token: z.int().positive(), reason: z.enum(['shutdown', 'outOfMemory', 'error', 'unwanted', 'stopped']), code: z.string().max(80), message: z.string().max(2000) }),
  artifact: z.strictObject({ hash: word }),
} as const;
export type ProverMessageKind = keyof typeof proverMessages;
export type ProverMessage<K extends ProverMessageKind> = z.output<(typeof proverMessages)[K]>;

/** Refusal of any message: a stable code, what is wrong, what to do. retry: the same may be asked again later. */
export const refusalSchema = z.strictObject({ ok: z.literal(false), code: z.string().max(80), message: z.string().max(2000), hint: z.string().max(1000).optional(), retry: z.boolean() });
export type Refusal = z.infer<typeof refusalSchema>;

/**
 * Refusals that a prover acts on by their code. session, sequence: it says hello again; lease: the job is not its any more, it drops
 * what it made of it; protocol: it is too old or too new.
 */
export const REFUSED = { session: 'SESSION_UNKNOWN', sequence: 'SEQUENCE', lease: 'LEASE_LOST', protocol: 'PROTOCOL_VERSION' } as const;

/** Body of the coordinator's signed offer. */
export const offerSchema = z.strictObject({ job: proofJobSchema, token: z.int().positive(), attempt: z.int().positive(), leaseMs: z.int().positive(), heartbeatMs: z.int().positive() });
export type Offer = z.infer<typeof offerSchema>;

/** Answers, by the kind of the message. */
export const proverReplies = {
  hello: z.strictObject({ ok: z.literal(true), session: word, coordinator: address, heartbeatMs: z.int().positive() }),
  /** offers: signed envelopes of kind `offer`; waitMs: when to ask again if there was nothing, and why. */
  lease: z.strictObject({ ok: z.literal(true), offers: z.array(envelopeSchema), waitMs: count, why: z.string().max(500) }),
  heartbeat: z.strictObject({ ok: z.literal(true), order: z.enum(['continue', 'stop']), reason: z.string().max(500).optional(), better: envelopeSchema.optional() }),
  result: z.strictObject({ ok: z.literal(true) }),
  release: z.strictObject({ ok: z.literal(true) }),
  artifact: z.strictObject({ ok: z.literal(true) }),
} as const;
export type ProverReply<K extends ProverMessageKind> = z.output<(typeof proverReplies)[K]> | Refusal;
