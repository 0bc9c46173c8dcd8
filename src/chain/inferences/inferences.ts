import type { Address, Hex } from 'viem';
import { ContractActions, valueOf, type EconomyContext, type Form } from '../context.js';
import type { Sent } from '../send.js';
import type { SignedPermit } from '../token/token.js';
import { blockCommitmentTypedData, openingClaimTypedData, receiptTypedData, signTyped } from '../typedData.js';
import {
  BLOCK_STATUS, PAYMENT_STATUS, type BlockCommitment, type BlockRecord, type BlockStatus, type OpeningClaim, type Payment, type PaymentStatus, type Receipt,
} from '../types.js';

export interface PaymentState {
  payer: Address;
  feeWei: bigint;
  status: PaymentStatus;
  deadline: bigint;
}

export interface BlockState {
  node: Address;
  status: BlockStatus;
  /** Least deadline of its payments. */
  refundableFrom: number;
  reservedUntil: number;
  committedAt: number;
  challengedAt: number;
}

export const sumOfFees = (list: readonly Payment[]): bigint => list.reduce((sum, p) => sum + p.fee, 0n);

/** Inference nodes, payments for inferences, blocks of committed inferences. */
export class Inferences extends ContractActions<'inferences'> {
  constructor(context: EconomyContext) { super(context, 'inferences'); }

  /** @param operator  who may request proofs of the node's blocks besides the node; zero address for none */
  registerNode(operator: Address, uri: string): Promise<Sent<void>> { return this.write('registerNode', [operator, uri]); }
  updateNode(operator: Address, uri: string): Promise<Sent<void>> { return this.write('updateNode', [operator, uri]); }
  retireNode(): Promise<Sent<void>> { return this.write('retireNode', []); }
  isActiveNode(node: Address): Promise<boolean> { return this.read('isActiveNode', [node]); }
  nodeOperator(node: Address): Promise<Address> { return this.read('nodeOperator', [node]); }

  /** @returns payment keys */
  pay(list: readonly Payment[], form?: Form): Promise<Sent<readonly Hex[]>> { return this.write('pay', [list], valueOf(sumOfFees(list), form)); }
  /** Pays with wrapped OPEN by a signed allowance (Token.signPermit for this registry). */
  payWithPermit(list: readonly Payment[], { permit, v, r, s }: SignedPermit): Promise<Sent<readonly Hex[]>> {
    return this.write('payWithPermit', [list, permit.deadline, v, r, s]);
  }
  refund(keys: readonly Hex[]): Promise<Sent<void>> { return this.write('refund', [keys]); }
  refundRejected(recordId: Hex, data: BlockRecord): Promise<Sent<void>> { return this.write('refundRejected', [recordId, data]); }

  /** Commits a block of the caller. @returns the block id */
  commitBlock(commitment: BlockCommitment): Promise<Sent<Hex>> { return this.write('commitBlock', [commitment]); }
  /** Commits blocks that their nodes signed; all or none. */
  commitSigned(list: readonly { commitment: BlockCommitment; signature: Hex }[]): Promise<Sent<readonly Hex[]>> {
    return this.write('commitSigned', [list.map((c) => c.commitment), list.map((c) => c.signature)]);
  }

  signCommitment(commitment: BlockCommitment): Promise<Hex> { return signTyped(this.context.client, blockCommitmentTypedData(this.context.deployment, commitment)); }
  signReceipt(receipt: Receipt): Promise<Hex> { return signTyped(this.context.client, receiptTypedData(this.context.deployment, receipt)); }
  signOpening(claim: OpeningClaim): Promise<Hex> { return signTyped(this.context.client, openingClaimTypedData(this.context.deployment, claim)); }

  async payment(key: Hex): Promise<PaymentState> {
    const { payer, fee, status, deadline } = await this.read('payment', [key]);
    return { payer, feeWei: fee, status: PAYMENT_STATUS[status], deadline };
  }
  async block(id: Hex): Promise<BlockState> {
    const { status, ...rest } = await this.read('blockState', [id]);
    return { ...rest, status: BLOCK_STATUS[status] };
  }
}
