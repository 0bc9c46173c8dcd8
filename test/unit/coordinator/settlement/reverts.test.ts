import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContractFunctionRevertedError, ContractFunctionExecutionError, encodeErrorResult, type Abi } from 'viem';
import { REVERTS, verdictOf } from '../../../../coordinator/settlement/index.js';
import { broadcastAnswer } from '../../../../coordinator/settlement/sender.js';
import { BLOCK_STATUS, chainError, RECORD_STATUS, REQUEST_STATUS, VERIFIER_STATUS } from '../../../../src/chain/index.js';
import { contractErrorsAbi } from '../../../../src/chain/generated/contracts.js';
import { ChainError } from '../../../../src/errors/chain.js';

const WORD = `0x${'11'.repeat(32)}`;
/** As a simulation throws it. */
function reverted(errorName: string, args: readonly unknown[]): ChainError {
  const abi = contractErrorsAbi as Abi, data = encodeErrorResult({ abi, errorName, args });
  return chainError('settle', new ContractFunctionExecutionError(new ContractFunctionRevertedError({ abi, data, functionName: 'settle' }), { abi, functionName: 'settle' }));
}
const verdict = (name: string, ...args: unknown[]): string => {
  const found = verdictOf(reverted(name, args))!;
  return `${found.action} ${found.code}`;
};

describe('what a revert means', () => {
  it('is said of errors that exist', () => {
    const names = new Set<string>(contractErrorsAbi.map((e) => e.name));
    assert.deepEqual(Object.keys(REVERTS).filter((name) => !names.has(name)), []);
  });

  it('depends on the status that the error names', () => {
    const of = (name: string, statuses: readonly string[]): Record<string, string> => Object.fromEntries(statuses.map((status, i) => [status, verdict(name, WORD, i)]));
    assert.deepEqual(of('WrongBlockStatus', BLOCK_STATUS), {
      none: 'few REVERT_WrongBlockStatus', committed: 'few REVERT_WrongBlockStatus', challenged: 'wait REVERT_WrongBlockStatus', rejected: 'fail BLOCK_REJECTED', settled: 'fail BLOCK_SETTLED',
    });
    assert.deepEqual(of('RecordNotProved', RECORD_STATUS), {
      unknown: 'fail REVERT_RecordNotProved', proved: 'few REVERT_RecordNotProved', challenged: 'wait REVERT_RecordNotProved', revoked: 'fail RECORD_REVOKED',
    });
    assert.deepEqual(of('NotLive', VERIFIER_STATUS), {
      unknown: 'fail REVERT_NotLive', live: 'few REVERT_NotLive', frozen: 'wait REVERT_NotLive', stopped: 'reprove REPROVE', removed: 'reprove REPROVE',
    });
    assert.deepEqual(of('WrongRequestStatus', REQUEST_STATUS), {
      none: 'few REVERT_WrongRequestStatus', open: 'few REVERT_WrongRequestStatus', locked: 'few REVERT_WrongRequestStatus', paid: 'few REVERT_WrongRequestStatus', refunded: 'fail REQUEST_OVER',
    });
  });

  it('is to wait for what others end, to fail for what nobody can mend', () => {
    assert.equal(verdict('ModulePaused', 4), 'wait REVERT_ModulePaused');
    assert.equal(verdict('BlockReserved', WORD, 5n), 'wait REVERT_BlockReserved');
    assert.equal(verdict('RequestExpired', WORD, 5n), 'fail REQUEST_OVER');
    assert.equal(verdict('CommitmentExpired', 5n), 'fail COMMITMENT_EXPIRED');
    assert.equal(verdict('CommitmentUsed', WORD), 'fail COMMITMENT_USED');
    assert.equal(verdict('InverseHintWrong'), 'fees REVERT_InverseHintWrong');
    assert.equal(verdict('NotFunded', WORD), 'few REVERT_NotFunded');
    assert.equal(verdict('TransferFailed'), 'few REVERT_TransferFailed', 'one that the table does not name');
  });

  it('is nothing when no contract was asked', () => {
    assert.equal(verdictOf(new ChainError('HTTP request failed.', { code: 'CHAIN_CALL' })), undefined);
    assert.equal(verdictOf(new ChainError('reverted: without a reason', { code: 'REVERT' }))!.action, 'few');
  });
});

describe("a node's answer to a transaction", () => {
  it('is read in the words of several nodes', () => {
    for (const text of ['already known', 'transaction already imported', 'Known transaction', 'already in mempool']) assert.equal(broadcastAnswer(text), 'taken', text);
    for (const text of ['nonce too low', 'Nonce provided for the transaction is lower than the current nonce of the account']) assert.equal(broadcastAnswer(text), 'stale', text);
    for (const text of ['replacement transaction underpriced', 'transaction underpriced', 'max fee per gas less than block base fee']) assert.equal(broadcastAnswer(text), 'underpriced', text);
    assert.equal(broadcastAnswer('insufficient funds for gas * price + value'), 'funds');
    assert.equal(broadcastAnswer('socket hang up'), 'unknown');
  });
});
