import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeErrorResult, stringToHex, ContractFunctionRevertedError } from 'viem';
import { chainError, CONTRACT_KEYS, CONTRACTS, errorsWithoutHint } from '../../../src/chain/index.js';
import { contractErrorsAbi } from '../../../src/chain/generated/contracts.js';
import { HINTS, UNREACHABLE } from '../../../src/chain/hints.js';

describe('hints of custom errors', () => {
  it('exist for every error of every contract that a caller can bring about', () => {
    assert.deepEqual(errorsWithoutHint(), []);
    const listed = new Set<string>(contractErrorsAbi.map((e) => e.name));
    for (const key of CONTRACT_KEYS) for (const item of CONTRACTS[key].abi) if (item.type === 'error') assert.ok(listed.has(item.name), `${key}: ${item.name}`);
  });

  it('name no error that is gone, and none twice', () => {
    const known = new Set<string>(contractErrorsAbi.map((e) => e.name));
    assert.deepEqual([...Object.keys(HINTS), ...UNREACHABLE].filter((name) => !known.has(name)), []);
    assert.deepEqual(UNREACHABLE.filter((name) => name in HINTS), []);
  });

  it('come with text arguments as text', () => {
    const data = encodeErrorResult({ abi: contractErrorsAbi, errorName: 'InvalidRequest', args: [stringToHex('lockSeconds', { size: 32 })] });
    const error = chainError('submit', new ContractFunctionRevertedError({ abi: contractErrorsAbi, data, functionName: 'submit' }));
    assert.match(error.message, /InvalidRequest\(lockSeconds\)/);
    const hash = encodeErrorResult({ abi: contractErrorsAbi, errorName: 'PaymentExists', args: [`0x${'6162'.repeat(15)}0001`] });
    assert.match(chainError('pay', new ContractFunctionRevertedError({ abi: contractErrorsAbi, data: hash, functionName: 'pay' })).message, /PaymentExists\(0x6162/);
  });
});
