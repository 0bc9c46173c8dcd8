import { BaseError, ContractFunctionRevertedError, decodeErrorResult, type Hex } from 'viem';
import { ChainError } from '../errors/chain.js';
import { contractErrorsAbi } from './generated/contracts.js';

/** What to do about a custom error, by its name. */
const HINTS: Record<string, string> = {
  ScalarNotCanonical: 'a word of the statement or proof is at least p; encode scalars canonically',
  PointNotOnCurve: 'a commitment or proof point is damaged',
  PointAtInfinity: 'infinity stands only for a block that is absent in both Dlt and X',
  DegenerateChallenge: 'prove again with fresh mask, rho and salt',
  InverseHintWrong: 'zi must be the inverse of the challenge z: the statement differs from the one that was proved',
  OpeningIdentity: 'the opening does not fit the statement: another job, prover, verifier address or commitment than was proved',
  PairingRejected: 'the proof is false, or belongs to another key or statement',
  ListTooLong: 'more queries, contributors or blocks than the size class holds; use a larger class or a smaller job',
  ListLength: 'two lists that belong together differ in length, or p* and tau_hi are not of the class',
  FeeTooLarge: 'fees are below 2^80 wei',
  PayoutTooLarge: 'payouts are below 2^86 wei',
  TokensOutOfRange: 'the row count does not fit the size class',
  UnknownClass: 'the verifier has no key for this relation and class: add it with addClass',
  ClassExists: 'an entry never changes; deploy a new verifier or use another class id',
  ClassMismatch: 'both relations of a class need the same tables and the same setup',
  UncontributedKey: 'run a ceremony contribution: anyone can forge proofs of this key',
  DevelopmentKey: 'development keys are for chain ids 31337 and 1337 only',
  BlindingMismatch: 'the generator of blinding is fixed: blindingGenerator()',
  GammaNotGenerator: 'gamma_2 must be the generator, as in keys of snarkjs',
  UnknownAdapter: 'register the adapter first, or hand in its data unchanged',
  NotAdapterOwner: 'only the owner of the adapter may do this',
  NoFeatures: 'register the features of the training rows before blocks are committed',
  RowsOverflow: 'more rows than the blocks hold',
  FeeOutOfRange: 'a fee is at least 1 wei and below 2^80',
  PaymentExists: 'use another nonce',
  NotFunded: 'the inference is not paid for, or is in a block already',
  NotPayable: 'the inference is settled already',
  NotRefundable: 'the payment is unknown, settled or refunded already',
  BeforeDeadline: 'refunds open after the deadline',
  UnknownBlock: 'the block was not committed with this record; hand in its record unchanged',
  BlockSettled: 'the block is settled, or is twice in this job',
  PayoutsExceedFees: 'the proof promises more than the fees: inputs differ from the chain',
  PayoutBeyondRecord: 'a payout has no contributor in the record',
  NothingToClaim: 'the account has no credit',
  OwnableUnauthorizedAccount: 'only the owner of the verifier adds classes',
  ReentrancyGuardReentrantCall: 'the contract was called from inside itself',
};

/** Any failure of a contract call -> ChainError that names the custom error (code `REVERT_<Name>`). */
export function chainError(where: string, cause: unknown): ChainError {
  if (cause instanceof ChainError) return cause;
  const reverted = cause instanceof BaseError ? cause.walk((e) => e instanceof ContractFunctionRevertedError) : null;
  if (reverted instanceof ContractFunctionRevertedError) {
    const decoded = reverted.data ?? decodeRevert(reverted.raw);
    if (decoded) {
      const args = (decoded.args ?? []).map(String).join(', ');
      return new ChainError(`reverted with ${decoded.errorName}(${args})`, { code: `REVERT_${decoded.errorName}`, where, hint: HINTS[decoded.errorName], cause });
    }
    return new ChainError(`reverted: ${reverted.reason ?? 'without a reason'}`, { code: 'REVERT', where, cause });
  }
  const message = cause instanceof BaseError ? cause.shortMessage : cause instanceof Error ? cause.message : String(cause);
  return new ChainError(message.split('\n')[0], { code: 'CHAIN_CALL', where, cause });
}

function decodeRevert(raw: Hex | undefined): { errorName: string; args?: readonly unknown[] } | undefined {
  if (!raw || raw === '0x') return undefined;
  try {
    return decodeErrorResult({ abi: contractErrorsAbi, data: raw }) as { errorName: string; args?: readonly unknown[] };
  } catch {
    return undefined;
  }
}
