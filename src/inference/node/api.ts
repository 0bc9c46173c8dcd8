/**
 * HTTP API of an inference node: bodies of requests and answers, shared by server and payers. Errors are those of the coordinator's API
 * (ApiError); money and nonces are decimal text.
 *
 *   GET  /v1/adapters                   what is served, at which price
 *   POST /v1/quote                      what has to be paid for one request
 *   POST /v1/infer                      a paid request; the same request gets the same answer and receipt
 *   GET  /v1/inferences/{paymentKey}    where an answered request stands
 *   POST /v1/admin/adapters             { folder }; Authorization: Bearer <admin token>: adds or replaces an adapter
 *   GET  /healthz  /readyz  /metrics  /openapi.json
 */
import type { Address, Hex } from 'viem';
import { z } from 'zod';

// Without transforms: the OpenAPI document and the serialiser take them as they are.
const hex = (pattern: RegExp) => z.string().regex(pattern) as unknown as z.ZodType<Hex, Hex>;
const word = hex(/^0x[0-9a-f]{64}$/).describe('32 bytes, lower-case hex');
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/) as unknown as z.ZodType<Address, Address>;
const decimal = z.string().regex(/^(0|[1-9][0-9]{0,77})$/).describe('decimal integer');
export const nonceSchema = decimal.refine((v) => !/^\d+$/.test(v) || BigInt(v) >> 256n === 0n, 'below 2^256');
/** One row; the adapter says how wide. */
const row = z.array(z.number()).min(1).max(1 << 16).describe('one row of finite numbers, as wide as the adapter takes');

export const adapterViewSchema = z.strictObject({
  adapterId: word, name: z.string(), modelHash: word, recordId: word, className: z.string(), inputWidth: z.int(), classes: z.int(),
  price: decimal.describe('least fee of one inference, base units'), node: address, chainId: z.int(), registry: address.describe('inference registry: fees are paid there'),
  state: z.enum(['ready', 'loaded', 'refused']), reason: z.string().optional().describe('why it is refused'),
});
export type AdapterView = z.infer<typeof adapterViewSchema>;
export const adaptersSchema = z.strictObject({ adapters: z.array(adapterViewSchema), refused: z.array(z.strictObject({ folder: z.string(), code: z.string(), reason: z.string() })) });

export const quoteRequestSchema = z.strictObject({ adapterId: word, payer: address, inputs: row, nonce: nonceSchema.optional() });
export const quoteSchema = z.strictObject({
  adapterId: word, modelHash: word, payer: address, inputHash: word, requestHash: word, nonce: decimal, nonceRules: z.string(), fee: decimal, paymentKey: word,
  node: address, chainId: z.int(), registry: address, minRemainingSeconds: z.int().describe('a payment that goes back sooner is not served'),
});
export type Quote = z.infer<typeof quoteSchema>;

export const inferRequestSchema = z.strictObject({
  adapterId: word, payer: address, inputs: row, nonce: nonceSchema,
  signature: hex(/^0x([0-9a-f]{2}){1,4096}$/).optional().describe('by the payer, personal_sign over the 32 bytes of the payment key (ERC-1271 too); nodes may require it'),
});
export type InferRequest = z.infer<typeof inferRequestSchema>;
export const payerReceiptViewSchema = z.strictObject({
  receipt: z.strictObject({ node: address, adapterId: word, requestHash: word, nonce: decimal, outputHash: word }), signature: hex(/^0x([0-9a-f]{2})+$/),
});
export const answerSchema = z.strictObject({ prediction: z.int().nonnegative(), outputHash: word, receipt: payerReceiptViewSchema.describe('EIP-712, of the inference registry'), paymentKey: word, fee: decimal, statusUrl: z.string() });
export type Answer = z.infer<typeof answerSchema>;

export const INFERENCE_STATES = ['answered', 'inBlock', 'submitted', 'committed', 'assigned', 'settled', 'refused', 'cancelled', 'refunded', 'lapsed'] as const;
export const inferenceViewSchema = z.strictObject({
  paymentKey: word, adapterId: word, state: z.enum(INFERENCE_STATES), answeredAt: z.int(), blockId: word.optional(), jobId: word.optional(), reason: z.string().optional(),
});
export type InferenceView = z.infer<typeof inferenceViewSchema>;

export const addAdapterSchema = z.strictObject({ folder: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'a plain folder name').describe('in the folder of adapters') });
export const NONCE_RULES = 'any integer below 2^256 that this payer has not used for these inputs and this model; one payment serves one nonce, and the same request is answered once';
