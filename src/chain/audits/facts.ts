import type { Hex } from 'viem';
import { ContractActions, type EconomyContext } from '../context.js';
import type { Sent } from '../send.js';
import type { BlockRecord, Inference, OpeningClaim, Receipt } from '../types.js';

export interface SignedReceipt {
  receipt: Receipt;
  signature: Hex;
}

/** A committed block as its event says. */
export interface BlockData {
  recordId: Hex;
  data: BlockRecord;
  inferences: readonly Inference[];
  receiptHash: Hex;
}

/** Faults that the contract checks itself, without a committee. */
export class Facts extends ContractActions<'facts'> {
  constructor(context: EconomyContext) { super(context, 'facts'); }

  /** Two receipts of one node for the same request with different outputs. */
  proveEquivocation(first: SignedReceipt, second: SignedReceipt): Promise<Sent<void>> {
    return this.write('proveEquivocation', [first.receipt, first.signature, second.receipt, second.signature]);
  }
  /** A receipt whose output is not that of inference `index` in the node's block. */
  proveReceiptMismatch({ receipt, signature }: SignedReceipt, { recordId, data, inferences, receiptHash }: BlockData, index: number): Promise<Sent<void>> {
    return this.write('proveReceiptMismatch', [receipt, signature, recordId, data, inferences, receiptHash, BigInt(index)]);
  }
  /** An opening of a committed table that the pairing refuses. @param selector  a verifier of the class, for its setup */
  proveWrongOpening(claim: OpeningClaim, signature: Hex, { recordId, data }: Pick<BlockData, 'recordId' | 'data'>, selector: Hex): Promise<Sent<void>> {
    return this.write('proveWrongOpening', [claim, signature, recordId, data, selector]);
  }
}
