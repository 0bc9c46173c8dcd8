/**
 * Inference receipt: what a node signs about one inference, so that it can be committed, paid, and replayed in an audit.
 * Numbers above 2^53 are decimal strings on the wire; hashes are 32-byte words; points two words, never infinity.
 */
import { getAddress, isAddress, type Address, type Hex } from 'viem';
import { z } from 'zod';

const word = z.custom<Hex>((v) => typeof v === 'string' && /^0x[0-9a-f]{64}$/.test(v), 'a 32-byte lower-case hex word');
const address = z.custom<Address>((v) => typeof v === 'string' && isAddress(v, { strict: false }), 'an address').transform((v) => getAddress(v));
const uint = (bits: number) => z.string().regex(/^(0|[1-9][0-9]{0,77})$/, 'a decimal integer').refine((v) => !/^\d+$/.test(v) || BigInt(v) >> BigInt(bits) === 0n, `below 2^${bits}`);
const point = z.strictObject({ x: word, y: word }).refine((p) => BigInt(p.x) !== 0n || BigInt(p.y) !== 0n, 'the point at infinity is refused');

export const activationBlockSchema = z.strictObject({
  /** Rows of the block that belong to inputs; the rest are zero. */
  rows: z.int().positive().max(2 ** 24),
  X: point,
  Delta: point,
});

export const receiptSchema = z.strictObject({
  version: z.literal(1),
  /** Runtime, its version, platform: a replay needs the same build for equal floats. */
  runtime: z.string().min(1).max(200),
  chainId: z.int().positive(),
  escrow: address,
  node: address,
  payer: address,
  /** keccak256 of the served model. */
  modelHash: word,
  adapterId: word,
  /** keccak256 of the input rows, and of the predictions. */
  inputHash: word,
  outputHash: word,
  requestHash: word,
  nonce: uint(256),
  /** Base units. */
  fee: uint(80),
  blocks: z.array(activationBlockSchema).min(1).max(64),
});
export type InferenceReceipt = z.infer<typeof receiptSchema>;

export const signedReceiptSchema = z.strictObject({
  receipt: receiptSchema,
  signature: z.custom<Hex>((v) => typeof v === 'string' && /^0x[0-9a-f]{130}$/.test(v), 'a 65-byte signature'),
});
export type SignedReceipt = z.infer<typeof signedReceiptSchema>;

/** EIP-712 types; field order is part of the format. */
export const RECEIPT_TYPES = {
  Block: [
    { name: 'rows', type: 'uint32' }, { name: 'xX', type: 'uint256' }, { name: 'xY', type: 'uint256' }, { name: 'deltaX', type: 'uint256' }, { name: 'deltaY', type: 'uint256' },
  ],
  InferenceReceipt: [
    { name: 'runtime', type: 'string' }, { name: 'node', type: 'address' }, { name: 'payer', type: 'address' },
    { name: 'modelHash', type: 'bytes32' }, { name: 'adapterId', type: 'bytes32' }, { name: 'inputHash', type: 'bytes32' }, { name: 'outputHash', type: 'bytes32' },
    { name: 'requestHash', type: 'bytes32' }, { name: 'nonce', type: 'uint256' }, { name: 'fee', type: 'uint256' }, { name: 'blocks', type: 'Block[]' },
  ],
} as const;

/** EIP-712 payload of a receipt: domain zkattr, version 1, its chain and escrow. */
export function receiptTypedData(receipt: InferenceReceipt) {
  return {
    domain: { name: 'zkattr', version: String(receipt.version), chainId: receipt.chainId, verifyingContract: receipt.escrow },
    types: RECEIPT_TYPES,
    primaryType: 'InferenceReceipt',
    message: {
      runtime: receipt.runtime, node: receipt.node, payer: receipt.payer, modelHash: receipt.modelHash, adapterId: receipt.adapterId,
      inputHash: receipt.inputHash, outputHash: receipt.outputHash, requestHash: receipt.requestHash, nonce: BigInt(receipt.nonce), fee: BigInt(receipt.fee),
      blocks: receipt.blocks.map((b) => ({ rows: b.rows, xX: BigInt(b.X.x), xY: BigInt(b.X.y), deltaX: BigInt(b.Delta.x), deltaY: BigInt(b.Delta.y) })),
    },
  } as const;
}
