import type { Address } from 'viem';
import { ContractActions, valueOf, type EconomyContext, type Form } from '../context.js';
import type { Sent } from '../send.js';
import { enumIndex, STAKE_ROLES, type StakeRole } from '../types.js';

export interface StakeState {
  /** Counts for minimum stakes. */
  active: bigint;
  /** active - obligated. */
  free: bigint;
  obligated: bigint;
  unbonding: bigint;
  /** Second from which the unbonding part may be withdrawn; 0 without one. */
  readyAt: bigint;
  /** Open cases: nothing is withdrawn while there is one. */
  holds: bigint;
}

const role = (name: StakeRole): number => enumIndex(STAKE_ROLES, name);

/** Stakes of nodes, adapter owners, provers and auditors. */
export class Stakes extends ContractActions<'stakes'> {
  constructor(context: EconomyContext) { super(context, 'stakes'); }

  deposit(name: StakeRole, amount: bigint, form?: Form): Promise<Sent<void>> { return this.write('deposit', [role(name), amount], valueOf(amount, form)); }
  startUnbonding(name: StakeRole, amount: bigint): Promise<Sent<void>> { return this.write('startUnbonding', [role(name), amount]); }
  cancelUnbonding(name: StakeRole): Promise<Sent<void>> { return this.write('cancelUnbonding', [role(name)]); }
  /** @returns the amount, native unless `form` is wrapped */
  withdraw(name: StakeRole, form: Form = 'native'): Promise<Sent<bigint>> { return this.write('withdraw', [role(name), form === 'native']); }

  async state(name: StakeRole, account: Address): Promise<StakeState> {
    const args = [role(name), account] as const;
    const [active, free, obligated, [unbonding, readyAt], holds] = await Promise.all([
      this.read('active', args), this.read('free', args), this.read('obligated', args), this.read('unbonding', args), this.read('holds', args),
    ]);
    return { active, free, obligated, unbonding, readyAt, holds };
  }
}
