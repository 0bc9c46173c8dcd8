import { concatHex, isAddressEqual, keccak256, numberToHex, pad, recoverTypedDataAddress, type Address, type Hex, type LocalAccount } from 'viem';
import { ReceiptError } from '../errors/inference.js';
import { receiptSchema, receiptTypedData, signedReceiptSchema, type InferenceReceipt, type SignedReceipt } from '../protocol/receipt.js';
import type { ActivationTables } from './pack.js';
import { runtimeVersion } from './session.js';

export interface AffinePoint {
  x: bigint;
  y: bigint;
}

/** Hiding commitment to the block's table; the callback keeps rho. */
export type CommitTable = (table: Int8Array | Int16Array, role: 'X' | 'Delta') => AffinePoint | Promise<AffinePoint>;

const littleEndian = (v: Float32Array | Int32Array): Uint8Array => new Uint8Array(v.buffer, v.byteOffset, v.byteLength);

/** keccak256(row count as a word, float32 inputs little-endian). */
export const inputHashOf = (inputs: Float32Array, rows: number): Hex => keccak256(concatHex([numberToHex(rows, { size: 32 }), keccak256(littleEndian(inputs))]));

/** keccak256(row count as a word, int32 predictions). Logits are left out: their last bits differ between builds of the runtime. */
export const outputHashOf = (predictions: Int32Array): Hex =>
  keccak256(concatHex([numberToHex(predictions.length, { size: 32 }), keccak256(littleEndian(predictions))]));

/** keccak256 of what makes a request unique: (payer, model hash, input hash, nonce), one word each. */
export const requestHashOf = (payer: Address, modelHash: Hex, inputHash: Hex, nonce: bigint): Hex =>
  keccak256(concatHex([pad(payer, { size: 32 }), modelHash, inputHash, numberToHex(nonce, { size: 32 })]));

/** One query of a batch, as its payer asked for it. */
export interface ReceiptQuery {
  payer: Address;
  nonce: bigint;
  /** Base units. */
  fee: bigint;
  /** One row per token. */
  inputs: Float32Array;
  predictions: Int32Array;
}

export interface ReceiptRequest {
  chainId: number;
  /** Inference registry. */
  registry: Address;
  node: Address;
  modelHash: Hex;
  adapterId: Hex;
  heightLog: number;
  queries: readonly ReceiptQuery[];
  /** The block's tables: 2^heightLog rows, the queries' rows first. */
  tables: ActivationTables;
  commit: CommitTable;
}

const hex = (v: bigint): Hex => numberToHex(v, { size: 32 });

function check(receipt: unknown): InferenceReceipt {
  const parsed = receiptSchema.safeParse(receipt);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ReceiptError('receipt does not match its schema', { where: issue.path.join('.') || 'receipt', got: issue.message, cause: parsed.error });
  }
  return parsed.data;
}

/** Commits the block and fills the receipt. @throws ReceiptError when a value is out of range or a commitment is the point at infinity */
export async function createReceipt(request: ReceiptRequest): Promise<InferenceReceipt> {
  const { tables, heightLog } = request;
  if (tables.rows !== 2 ** heightLog) throw new ReceiptError('tables are not one block', { where: 'tables', expected: 2 ** heightLog, got: tables.rows, hint: 'run the batch with the height of its block' });
  const X = await request.commit(tables.X, 'X'), Delta = await request.commit(tables.Delta, 'Delta');
  return check({
    version: 1, runtime: runtimeVersion(), chainId: request.chainId, registry: request.registry, node: request.node, modelHash: request.modelHash, adapterId: request.adapterId,
    heightLog, X: { x: hex(X.x), y: hex(X.y) }, Delta: { x: hex(Delta.x), y: hex(Delta.y) },
    inferences: request.queries.map(({ payer, nonce, fee, inputs, predictions }) => {
      const inputHash = inputHashOf(inputs, predictions.length);
      return {
        payer, inputHash, outputHash: outputHashOf(predictions), requestHash: requestHashOf(payer, request.modelHash, inputHash, nonce),
        nonce: nonce.toString(), fee: fee.toString(), rows: predictions.length,
      };
    }),
  });
}

/** Signs as the node of the receipt. @throws ReceiptError when the account is not that node */
export async function signReceipt(receipt: InferenceReceipt, account: LocalAccount): Promise<SignedReceipt> {
  const valid = check(receipt);
  if (!isAddressEqual(account.address, valid.node)) {
    throw new ReceiptError('the account is not the node of the receipt', { where: 'node', expected: valid.node, got: account.address });
  }
  return { receipt: valid, signature: await account.signTypedData(receiptTypedData(valid)) };
}

/** Values a verifier knows by itself; only those given are compared. */
export type ExpectedReceipt = Partial<Pick<InferenceReceipt, 'chainId' | 'registry' | 'node' | 'modelHash' | 'adapterId' | 'heightLog'>>;

/**
 * Checks schema, request hash, signature and what the caller expects.
 * @returns the receipt, or why it is refused; a false receipt is a result, not an exception
 */
export async function verifyReceipt(signed: unknown, expected: ExpectedReceipt = {}): Promise<{ ok: true; receipt: InferenceReceipt } | { ok: false; error: ReceiptError }> {
  const fail = (message: string, where: string, want?: unknown, got?: unknown): { ok: false; error: ReceiptError } =>
    ({ ok: false, error: new ReceiptError(message, { where, expected: want, got }) });
  const parsed = signedReceiptSchema.safeParse(signed);
  if (!parsed.success) return fail('receipt does not match its schema', parsed.error.issues[0].path.join('.') || 'receipt', undefined, parsed.error.issues[0].message);
  const { receipt, signature } = parsed.data;
  for (const [key, want] of Object.entries(expected)) {
    const got = receipt[key as keyof ExpectedReceipt];
    if (want !== undefined && String(got).toLowerCase() !== String(want).toLowerCase()) return fail('receipt states another value', key, want, got);
  }
  for (const [i, query] of receipt.inferences.entries()) {
    const requestHash = requestHashOf(query.payer, receipt.modelHash, query.inputHash, BigInt(query.nonce));
    if (requestHash !== query.requestHash) return fail('request hash does not match its parts', `inferences[${i}].requestHash`, requestHash, query.requestHash);
  }
  let signer: Address;
  try {
    signer = await recoverTypedDataAddress({ ...receiptTypedData(receipt), signature });
  } catch (cause) {
    return { ok: false, error: new ReceiptError('signature cannot be recovered', { where: 'signature', cause }) };
  }
  if (!isAddressEqual(signer, receipt.node)) return fail('signature is not of the node', 'signature', receipt.node, signer);
  return { ok: true, receipt };
}
