import { parseSignature, type Address, type Hex } from 'viem';
import { ContractActions, accountOf, type EconomyContext } from '../context.js';
import type { Sent } from '../send.js';
import { permitTypedData, signTyped, type Permit } from '../typedData.js';

/** A signed allowance, as calldata takes it. */
export interface SignedPermit {
  permit: Permit;
  v: number;
  r: Hex;
  s: Hex;
}

/** Wrapped OPEN: ERC-20 with permit and votes, 1 : 1 with the chain's OPEN. */
export class Token extends ContractActions<'open'> {
  constructor(context: EconomyContext) { super(context, 'open'); }

  wrap(amount: bigint): Promise<Sent<void>> { return this.write('deposit', [], amount); }
  wrapTo(account: Address, amount: bigint): Promise<Sent<void>> { return this.write('depositTo', [account], amount); }
  unwrap(amount: bigint): Promise<Sent<void>> { return this.write('withdraw', [amount]); }
  unwrapTo(to: Address, amount: bigint): Promise<Sent<void>> { return this.write('withdrawTo', [to, amount]); }
  approve(spender: Address, amount: bigint): Promise<Sent<boolean>> { return this.write('approve', [spender, amount]); }
  transfer(to: Address, amount: bigint): Promise<Sent<boolean>> { return this.write('transfer', [to, amount]); }
  /** Votes count from the next second on. */
  delegate(to: Address): Promise<Sent<void>> { return this.write('delegate', [to]); }

  totalSupply(): Promise<bigint> { return this.read('totalSupply', []); }
  balanceOf(account: Address): Promise<bigint> { return this.read('balanceOf', [account]); }
  allowance(owner: Address, spender: Address): Promise<bigint> { return this.read('allowance', [owner, spender]); }
  votes(account: Address): Promise<bigint> { return this.read('getVotes', [account]); }

  /** Signs an allowance of the client's account for `spender`. @param deadline  last second at which it may be used */
  async signPermit(spender: Address, value: bigint, deadline: bigint): Promise<SignedPermit> {
    const owner = accountOf(this.context, 'signPermit');
    const permit: Permit = { owner, spender, value, nonce: await this.read('nonces', [owner]), deadline };
    const { r, s, yParity } = parseSignature(await signTyped(this.context.client, permitTypedData(this.context.deployment, permit)));
    return { permit, v: 27 + yParity, r, s };
  }
}
