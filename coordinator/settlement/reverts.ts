/**
 * What a revert means for an intent. Every simulation of one goes through here.
 *   wait     it can pass later, without anybody's doing here: asked again as long as it takes
 *   few      the same, but it may as well be for good: asked maxAttempts times
 *   fail     for good
 *   reprove  for good for this proof; the job can be proved again
 *   fees     the proof is not of this statement: a refund since it was made, or it is false; the settler looks at the payments
 */
import { BaseError, ContractFunctionRevertedError } from 'viem';
import { BLOCK_STATUS, RECORD_STATUS, REQUEST_STATUS, VERIFIER_STATUS } from '../../src/chain/index.js';
import type { ChainError } from '../../src/errors/chain.js';

export type Action = 'wait' | 'few' | 'fail' | 'reprove' | 'fees';
export interface Verdict {
  action: Action;
  /** Instead of REVERT_<Name>. */
  code?: string;
  hint?: string;
  /** Second of the chain up to which it will not pass. */
  until?: number;
}

type Rule = Verdict | ((args: readonly unknown[]) => Verdict);
const rule = (action: Action, code?: string, hint?: string): Verdict => ({ action, code, hint });
/** By the status that the error names, its second argument. */
const byStatus = <const N extends readonly string[]>(names: N, verdicts: Partial<Record<N[number], Verdict>>) => (args: readonly unknown[]): Verdict => verdicts[names[Number(args[1])] as N[number]] ?? rule('few');

const WAIT = rule('wait'), FEW = rule('few'), FAIL = rule('fail'), FEES = rule('fees');
const REQUEST_OVER = rule('fail', 'REQUEST_OVER', 'the request ended without this proof: settle the job for its fees alone (enqueueSettle), once its blocks are free');

export const REVERTS: Readonly<Record<string, Rule>> = {
  // Anyone: guardian, courts, governance.
  ModulePaused: WAIT,
  RecordNotProved: byStatus(RECORD_STATUS, { challenged: WAIT, revoked: rule('fail', 'RECORD_REVOKED', 'the court revoked the features record: its jobs are never settled, payers get their fees back'), unknown: FAIL }),
  NotLive: byStatus(VERIFIER_STATUS, {
    frozen: WAIT, stopped: rule('reprove', 'REPROVE', 'the verifier was stopped: prove again for the live one of the class'), removed: rule('reprove', 'REPROVE', 'the verifier was removed: prove again for the live one of the class'), unknown: FAIL,
  }),
  ClassWithoutVerifier: WAIT,
  WrongClass: FAIL,

  // Blocks and payments of a job.
  WrongBlockStatus: byStatus(BLOCK_STATUS, {
    none: FEW, challenged: WAIT, rejected: rule('fail', 'BLOCK_REJECTED', 'the court rejected the block: form the job without it, its payers get their fees back'),
    settled: rule('fail', 'BLOCK_SETTLED', 'another job settled the block: form a job of the others'),
  }),
  BlockReserved: (args) => ({ action: 'wait', until: Number(args[1]) }),
  BlockHeightMismatch: FAIL,
  NotPayable: rule('fail', 'INFERENCE_SETTLED', 'an inference of the job is paid already'),
  JobExists: FEW, // it is on chain by now: the next look finds it
  PayoutsExceedFees: FEES, InverseHintWrong: FEES, OpeningIdentity: FEES, PairingRejected: FEES, DegenerateChallenge: rule('reprove', 'REPROVE', 'prove again with fresh randomness'),
  PayoutBeyondRecord: FAIL, PayoutTooLarge: FAIL, PointBeyondVariables: FAIL, ScalarNotCanonical: FAIL, PointAtInfinity: FAIL, PointNotOnCurve: FAIL, BoundariesNotMonotone: FAIL,

  // Market.
  WrongRequestStatus: byStatus(REQUEST_STATUS, { none: FEW, refunded: REQUEST_OVER, paid: FEW }),
  RequestExpired: REQUEST_OVER,
  LockedBy: (args) => ({ action: 'wait', until: Number(args[2]) }),
  JobMismatch: FAIL,
  GasTooLow: FEW,

  // Commitments.
  NotFunded: FEW, NotActiveNode: FEW, StakeTooLow: FEW, NoFeatures: FEW, UnknownAdapter: FEW,
  CommitmentUsed: rule('fail', 'COMMITMENT_USED', 'these commitments are in a block already: under another record or split, or another block took them'),
  CommitmentExpired: rule('fail', 'COMMITMENT_EXPIRED', 'the signature is over: the node signs the block again'),
  BadSignature: FAIL, TokensOutOfRange: FAIL, ListTooLong: FAIL, ListLength: FAIL, EmptyList: FAIL, ZeroRows: FAIL, RowsOverflow: FAIL, ZeroAddress: FAIL,
};

/** @param error  of a simulation. @returns undefined when no contract said no: the chain could not be asked */
export function verdictOf(error: ChainError): (Verdict & { code: string }) | undefined {
  if (error.code === 'REVERT') return { action: 'few', code: error.code };
  const name = /^REVERT_(\w+)$/.exec(error.code)?.[1];
  if (name === undefined) return undefined;
  const found = Object.hasOwn(REVERTS, name) ? REVERTS[name] : FEW;
  const verdict = typeof found === 'function' ? found(revertArgs(error)) : found;
  return { ...verdict, code: verdict.code ?? error.code };
}

function revertArgs(error: ChainError): readonly unknown[] {
  const reverted = error.cause instanceof BaseError ? error.cause.walk((e) => e instanceof ContractFunctionRevertedError) : null;
  return reverted instanceof ContractFunctionRevertedError ? reverted.data?.args ?? [] : [];
}
