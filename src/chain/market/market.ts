import type { Address, Hex } from 'viem';
import { ContractActions, valueOf, type EconomyContext, type Form } from '../context.js';
import type { Sent } from '../send.js';
import { proofRequestTypedData, signTyped } from '../typedData.js';
import { REQUEST_STATUS, type Delivery, type ProofRequest, type RequestStatus } from '../types.js';

export interface RequestState {
  status: RequestStatus;
  prover: Address;
  lockedAt: number;
  lockDeadline: number;
  price: bigint;
  collateral: bigint;
}

/** Proof requests: escrowed price, reverse Dutch auction, locks with collateral. */
export class Market extends ContractActions<'market'> {
  constructor(context: EconomyContext) { super(context, 'market'); }

  deposit(amount: bigint, form?: Form): Promise<Sent<void>> { return this.write('deposit', [amount], valueOf(amount, form)); }
  withdrawDeposit(amount: bigint, form: Form = 'native'): Promise<Sent<void>> { return this.write('withdrawDeposit', [amount, form === 'native']); }
  /** @param value  native OPEN that is added to the caller's deposit; maxPrice is taken from it. @returns the request id */
  submit(request: ProofRequest, value = 0n): Promise<Sent<Hex>> { return this.write('submit', [request], value); }
  sign(request: ProofRequest): Promise<Hex> { return signTyped(this.context.client, proofRequestTypedData(this.context.deployment, request)); }
  /** Opens a request that its requester signed, and locks it for the caller. */
  lockSigned(request: ProofRequest, signature: Hex): Promise<Sent<Hex>> { return this.write('lockSigned', [request, signature]); }
  lock(request: ProofRequest): Promise<Sent<void>> { return this.write('lock', [request]); }
  /** @returns the job id */
  deliver(delivery: Delivery): Promise<Sent<Hex>> { return this.write('deliver', [delivery]); }
  /** A failing member is an event, DeliveryFailed. @returns which were delivered */
  deliverMany(deliveries: readonly Delivery[]): Promise<Sent<readonly boolean[]>> { return this.write('deliverMany', [deliveries]); }
  expire(request: ProofRequest): Promise<Sent<void>> { return this.write('expire', [request]); }
  cancel(request: ProofRequest): Promise<Sent<void>> { return this.write('cancel', [request]); }
  cancelNonce(nonce: bigint): Promise<Sent<void>> { return this.write('cancelNonce', [nonce]); }

  async request(id: Hex): Promise<RequestState> {
    const { status, ...rest } = await this.read('request', [id]);
    return { ...rest, status: REQUEST_STATUS[status] };
  }
  requestId(request: ProofRequest): Promise<Hex> { return this.read('requestId', [request]); }
  depositOf(requester: Address): Promise<bigint> { return this.read('depositOf', [requester]); }
  nonceCancelled(requester: Address, nonce: bigint): Promise<boolean> { return this.read('nonceCancelled', [requester, nonce]); }
}
