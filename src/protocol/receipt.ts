/**
 * Inference receipt: what a node signs about one batch of inferences, so that it can be committed, paid, and replayed in an audit.
 * Numbers above 2^53 are decimal strings on the wire; hashes are 32-byte words; points two words, never infinity.
 */
import { hashTypedData, type Hex } from 'viem';
import { z } from 'zod';
import { address, signature, uint, word } from './words.js';

const point = z.strictObject({ x: word, y: word }).refine((p) => BigInt(p.x) !== 0n || BigInt(p.y) !== 0n, 'the point at infinity is refused');

/** One query of the batch: who asked what, paid how much, and got what. */
export const receiptInferenceSchema = z.strictObject({
  payer: address,
  /** keccak256 of the input row, and of the prediction. */
  inputHash: word,
  outputHash: word,
  requestHash: word,
  nonce: uint(256),
  /** Base units. */
  fee: uint(80),
  /** Tokens: rows of the block that belong to it, in order. */
  rows: z.int().positive().max(2 ** 24),
});
export type ReceiptInference = z.infer<typeof receiptInferenceSchema>;

export const receiptSchema = z.strictObject({
  version: z.literal(1),
  /** Runtime, its version, platform: a replay needs the same build for equal floats. */
  runtime: z.string().min(1).max(200),
  chainId: z.int().positive(),
  /** Inference registry: fees are paid and blocks are committed there. */
  registry: address,
  node: address,
  /** keccak256 of the served model. */
  modelHash: word,
  /** Adapter as the model registry knows it. */
  adapterId: word,
  /** The batch is one block of 2^heightLog rows; rows that belong to no query are zero. */
  heightLog: z.int().min(0).max(24),
  /** Hiding commitments to the block's activations. */
  X: point,
  Delta: point,
  inferences: z.array(receiptInferenceSchema).min(1).max(64),
}).refine((r) => r.inferences.reduce((n, i) => n + i.rows, 0) <= 2 ** r.heightLog, 'more rows than the block holds');
export type InferenceReceipt = z.infer<typeof receiptSchema>;

export const signedReceiptSchema = z.strictObject({
  receipt: receiptSchema,
  signature,
});
export type SignedReceipt = z.infer<typeof signedReceiptSchema>;

/** EIP-712 types; field order is part of the format. */
export const RECEIPT_TYPES = {
  Inference: [
    { name: 'payer', type: 'address' }, { name: 'inputHash', type: 'bytes32' }, { name: 'outputHash', type: 'bytes32' },
    { name: 'requestHash', type: 'bytes32' }, { name: 'nonce', type: 'uint256' }, { name: 'fee', type: 'uint256' }, { name: 'rows', type: 'uint32' },
  ],
  InferenceReceipt: [
    { name: 'runtime', type: 'string' }, { name: 'node', type: 'address' }, { name: 'modelHash', type: 'bytes32' }, { name: 'adapterId', type: 'bytes32' },
    { name: 'heightLog', type: 'uint8' }, { name: 'xX', type: 'uint256' }, { name: 'xY', type: 'uint256' }, { name: 'deltaX', type: 'uint256' }, { name: 'deltaY', type: 'uint256' },
    { name: 'inferences', type: 'Inference[]' },
  ],
} as const;

/** EIP-712 payload of a receipt: domain zkattr, version 1, its chain and inference registry. */
export function receiptTypedData(receipt: InferenceReceipt) {
  return {
    domain: { name: 'zkattr', version: String(receipt.version), chainId: receipt.chainId, verifyingContract: receipt.registry },
    types: RECEIPT_TYPES,
    primaryType: 'InferenceReceipt',
    message: {
      runtime: receipt.runtime, node: receipt.node, modelHash: receipt.modelHash, adapterId: receipt.adapterId, heightLog: receipt.heightLog,
      xX: BigInt(receipt.X.x), xY: BigInt(receipt.X.y), deltaX: BigInt(receipt.Delta.x), deltaY: BigInt(receipt.Delta.y),
      inferences: receipt.inferences.map((i) => ({ ...i, nonce: BigInt(i.nonce), fee: BigInt(i.fee) })),
    },
  } as const;
}

/** What the block keeps of a receipt: its EIP-712 hash. */
export const receiptHashOf = (receipt: InferenceReceipt): Hex => hashTypedData(receiptTypedData(receipt));
