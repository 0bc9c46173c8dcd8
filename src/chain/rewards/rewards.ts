import type { Address, Hex } from 'viem';
import { ContractActions, accountOf, type EconomyContext, type Form } from '../context.js';
import type { Sent } from '../send.js';
import { JOB_STATE, type JobState } from '../types.js';
import { claimable, type ClaimablePeriod } from './claimable.js';
import { explainPayment, type ExplainOptions, type PaymentExplanation } from './explain.js';

export interface JobBooking {
  state: JobState;
  period: bigint;
  challengeUntil: bigint;
  creditsHash: Hex;
}

export interface ClaimInput {
  /** Periods to claim; without it all that are open and hold something. */
  periods?: readonly bigint[];
  /** Another account's claim, paid to its own payout address. */
  account?: Address;
  form?: Form;
}

/** What is owed to people: pull payments, by period. */
export class Rewards extends ContractActions<'vault'> {
  constructor(context: EconomyContext) { super(context, 'vault'); }

  /** Pays an account's open balances to its payout address. @returns the amount */
  async claim({ periods, account, form = 'native' }: ClaimInput = {}): Promise<Sent<bigint>> {
    const caller = accountOf(this.context, 'claim');
    const chosen = periods ?? (await this.claimable(account ?? caller)).filter((p) => p.open).map((p) => p.period);
    // Nothing open: period 0, always open, lets the contract say so.
    const list = chosen.length > 0 ? chosen : [0n];
    return account === undefined || account === caller ? this.write('claim', [list, form === 'native']) : this.write('claimFor', [account, list, form === 'native']);
  }
  /** Where the caller's claims go from now on; the zero address = the account itself. */
  setPayoutAddress(to: Address): Promise<Sent<void>> { return this.write('setPayoutAddress', [to]); }

  /** Balances by period, and when each opens. */
  claimable(account: Address): Promise<ClaimablePeriod[]> { return claimable(this.context, account); }
  /** Why an account was credited, back to the inferences, proofs, cases that it comes from. */
  explain(account: Address, options?: ExplainOptions): Promise<PaymentExplanation> { return explainPayment(this.context, account, options); }

  payoutAddress(account: Address): Promise<Address> { return this.read('payoutAddress', [account]); }
  balanceOf(account: Address, period: bigint): Promise<bigint> { return this.read('balanceOf', [account, period]); }
  currentPeriod(): Promise<bigint> { return this.read('currentPeriod', []); }
  opensAt(period: bigint): Promise<bigint> { return this.read('opensAt', [period]); }
  /** All that the vault owes. */
  owed(): Promise<bigint> { return this.read('owed', []); }
  async job(jobId: Hex): Promise<JobBooking> {
    const [state, period, challengeUntil, creditsHash] = await this.read('job', [jobId]);
    return { state: JOB_STATE[state], period, challengeUntil, creditsHash };
  }
}
