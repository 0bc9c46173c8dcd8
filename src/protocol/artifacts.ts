/**
 * Artifacts on disk: what one step hands to the next, and what an auditor replays. JSON with integers as 0x-hex strings;
 * tables beside them as raw little-endian files. `secrets.json` files hold blinding factors: for prover and auditor only.
 *
 *   <dir>/deployment.json                                   manifest of the deployment (src/chain/manifest.ts)
 *   <dir>/model/                                            bundle (src/models/bundle.ts)
 *   <dir>/registration/{registration,secrets}.json          adapter, training activations, G, proof R1
 *   <dir>/batches/<n>/order.json inputs.f32                 what is asked and paid for, before it is paid
 *   <dir>/batches/<n>/{batch,secrets,receipts}.json X.i8 Delta.i16         one signed batch each, and a receipt for every payer
 *   <dir>/jobs/<n>/{job,secrets}.json                       payouts, proof R2, what was credited
 *   <dir>/jobs/<n>/request.json                             proof request, of a job that goes through the market
 */
import type { Hex } from 'viem';
import { z } from 'zod';
import { manifestSchema, type Manifest } from '../chain/manifest.js';
import { CREDIT_KINDS } from '../chain/types.js';
import { FileError } from '../errors/files.js';
import { readFileChecked, writeFileAtomic } from '../files/atomic.js';
import { signedReceiptSchema } from './receipt.js';
import { address, count, integer, word } from './words.js';

const point = z.strictObject({ x: integer, y: integer });
const point2 = z.strictObject({ x: z.tuple([integer, integer]).readonly(), y: z.tuple([integer, integer]).readonly() });
const seconds = z.record(z.string(), z.number().nonnegative());
/** What a transaction cost; absent before it was sent. */
const transaction = z.strictObject({ hash: word, gas: count }).optional();

export const proofSchema = z.strictObject({
  gammaPrime: integer, y: integer, point: z.array(integer), tauHigh: z.array(integer), rho: integer,
  opening: z.strictObject({
    ch: point, cq: point, cg: point, cs: point, cd: point, gz: integer, gi: integer, hz: integer, hi: integer, ha: integer, sz: integer, si: integer,
    zi: integer, wz: point, wi: point, wa: point,
  }),
  groth16: z.strictObject({ a: point, b: point2, c: point }),
});

export const deploymentSchema = manifestSchema;
export type DeploymentFile = Manifest;

export const registrationSchema = z.strictObject({
  format: z.literal('zkattr-registration'), className: z.string(), chainId: count, verifier: address,
  /** Model registry. */
  models: address,
  adapterId: word, recordId: word,
  adapter: z.strictObject({ owner: address, classId: count, a: point, b: point, aStar: point, bStar: point, modelHash: word, quantisationHash: word, snapshotId: word }),
  /** Where the training rows come from: the Datanet of the adapter's snapshot, and the contributions in its order. */
  datanetId: integer, contributionIds: z.array(integer),
  training: z.strictObject({ heightLog: count, dlt: z.array(point), x: z.array(point), rows: z.array(count) }),
  /** In address order, as the snapshot has them. */
  contributors: z.array(z.strictObject({ name: z.string(), kind: z.string(), identity: z.string(), address })),
  /** Verifier of R1, by its name in the gateway. */
  selector: word,
  g: point, mask: point, proof: proofSchema, stages: seconds, transaction,
});
export type Registration = z.infer<typeof registrationSchema>;

export const registrationSecretsSchema = z.strictObject({
  format: z.literal('zkattr-registration-secrets'), recordId: word,
  a: integer, b: integer, aStar: integer, bStar: integer, g: integer, blocks: z.array(z.strictObject({ delta: integer, x: integer })),
});
export type RegistrationSecrets = z.infer<typeof registrationSecretsSchema>;

/** Queries of one batch, on disk before they are paid: an interrupted run pays them once. */
export const orderSchema = z.strictObject({
  format: z.literal('zkattr-order'), chainId: count, registry: address, node: address, payer: address, adapterId: word,
  /** First held-out row, and the block's height. */
  from: count, heightLog: count,
  queries: z.array(z.strictObject({ requestHash: word, nonce: integer, fee: integer })).min(1),
});
export type Order = z.infer<typeof orderSchema>;

export const batchSchema = z.strictObject({
  format: z.literal('zkattr-batch'), signed: signedReceiptSchema, blockId: word,
  /** The split of the fees that was in force when the block was committed: its id, and the contributors' part in basis points. */
  split: z.strictObject({ id: count, contributors: count.max(10_000) }),
  predictions: z.array(count),
  /** Labels of held-out rows, where known: for the report only. */
  labels: z.array(z.int()), transaction,
});
export type Batch = z.infer<typeof batchSchema>;

/** What the node signs for each payer (EIP-712, of the inference registry): two with different outputs convict it. */
export const payerReceiptSchema = z.strictObject({
  receipt: z.strictObject({ node: address, adapterId: word, requestHash: word, nonce: integer, outputHash: word }),
  signature: z.custom<Hex>((v) => typeof v === 'string' && /^0x([0-9a-f]{2})+$/.test(v), 'a signature'),
});
export const payerReceiptsSchema = z.strictObject({ format: z.literal('zkattr-receipts'), receipts: z.array(payerReceiptSchema) });
export type PayerReceipt = z.infer<typeof payerReceiptSchema>;
export type PayerReceipts = z.infer<typeof payerReceiptsSchema>;

export const batchSecretsSchema = z.strictObject({ format: z.literal('zkattr-batch-secrets'), blockId: word, delta: integer, x: integer });
export type BatchSecrets = z.infer<typeof batchSecretsSchema>;

export const jobSchema = z.strictObject({
  format: z.literal('zkattr-job'), className: z.string(), chainId: count, verifier: address,
  /** The settlement contract. */
  settlement: address,
  jobId: word, recordId: word, prover: address,
  /** Batch folders in block order. */
  batches: z.array(z.string()), tokensLog: count, context: word,
  /** Verifier of R2, by its name in the gateway. */
  selector: word,
  bits: point, mask: point,
  /** fees: the contributors' parts of the fees (batchFees), which R2 divides. */
  boundaries: z.array(integer), fees: z.array(integer), payouts: z.array(integer), zeroQueries: integer,
  proof: proofSchema, stages: seconds,
  /** Request whose price the delivery earned: request.json. Absent for a job that was settled without the market. */
  requestId: word.optional(),
  /** What the settlement credited, in its order; written with the transaction. */
  credits: z.array(z.strictObject({ account: address, amount: integer, kind: z.enum(CREDIT_KINDS) })).optional(),
  transaction,
});
export type JobFile = z.infer<typeof jobSchema>;

/** A proof request, on disk before it is sent: another one for the same blocks is never made. */
export const requestSchema = z.strictObject({
  format: z.literal('zkattr-request'), chainId: count, market: address, requestId: word,
  /** Batch folders in block order. */
  batches: z.array(z.string()),
  request: z.strictObject({
    requester: address, recordId: word, blockIds: z.array(word), minPrice: integer, maxPrice: integer, collateral: integer,
    biddingStart: integer, rampSeconds: count, lockSeconds: count, deadline: integer, nonce: integer,
  }),
});
export type RequestFile = z.infer<typeof requestSchema>;

export const jobSecretsSchema = z.strictObject({ format: z.literal('zkattr-job-secrets'), jobId: word, bits: integer });
export type JobSecrets = z.infer<typeof jobSecretsSchema>;

/** JSON text with bigints as 0x-hex. */
export const artifactJson = (value: unknown): string =>
  `${JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `0x${v.toString(16)}` : v), 1)}\n`;

/** Writes an artifact, complete or not at all. @throws FileError */
export const writeArtifact = (path: string, value: unknown): Promise<void> => writeFileAtomic(path, artifactJson(value));

/** Reads an artifact of the given schema. @throws FileError: missing, truncated, of another format; names the field */
export async function readArtifact<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
  const text = (await readFileChecked(path)).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FileError('artifact is not JSON', { code: 'ARTIFACT_JSON', where: path, expected: 'a complete JSON file', got: `${text.length} characters`, hint: 'it is truncated: run the step that writes it again', cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FileError('artifact does not match its format', { code: 'ARTIFACT_FORMAT', where: `${path}: ${issue.path.join('.') || 'whole file'}`, got: issue.message, hint: 'it was altered or written by another version: run the step that writes it again', cause: parsed.error });
  }
  return parsed.data;
}
