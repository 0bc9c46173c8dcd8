import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatHex, encodeAbiParameters, encodeErrorResult, keccak256, pad, stringToHex, type Address, type Hex } from 'viem';
import { ContractFunctionRevertedError } from 'viem';
import { blockRecord, chainError, commitmentHash, contractKey, dataHash, jobBoundaries, jobId, payoutContext, paymentKey, trainingBoundaries, vkHashOf } from '../../../src/chain/index.js';
import { contractErrorsAbi } from '../../../src/chain/generated/contracts.js';
import { blindingGenerator } from '../../../src/curve/bn254.js';
import { ChainError } from '../../../src/errors/chain.js';

const address = (n: number): Address => pad(`0x${n.toString(16)}`, { size: 20 });
const word = (n: number): Hex => pad(`0x${n.toString(16)}`, { size: 32 });

describe('ids of chain records', () => {
  it('hashes full words, addresses left padded', () => {
    assert.equal(paymentKey(address(1), word(2), word(3), 4n), keccak256(concatHex([word(1), word(2), word(3), word(4)])));
    const tag = keccak256(stringToHex('zkattr.job.v1'));
    assert.equal(jobId(word(5), [word(6), word(7)]), keccak256(concatHex([tag, word(5), keccak256(concatHex([word(6), word(7)]))])));
    assert.equal(
      payoutContext(address(1), word(2), [word(3)], word(4), address(5)),
      keccak256(concatHex([keccak256(stringToHex('zkattr.payout.v1')), word(1), word(2), keccak256(word(3)), word(4), word(5)])),
    );
  });

  it('keeps of a block its split, the hash of its data and the payment keys', () => {
    const point = { x: 1n, y: 2n }, inferences = [{ requestHash: word(3), nonce: 4n, rows: 5, outputHash: word(6) }];
    const record = blockRecord({ node: address(1), adapterId: word(2), heightLog: 7, dlt: point, x: point, inferences, receiptHash: word(8) }, 9);
    assert.deepEqual(record, { node: address(1), splitId: 9, heightLog: 7, dlt: point, x: point, dataHash: dataHash(inferences, word(8)), inferences: [{ key: paymentKey(address(1), word(2), word(3), 4n), rows: 5 }] });
    assert.equal(commitmentHash(point, { x: 3n, y: 4n }), keccak256(concatHex([word(1), word(2), word(3), word(4)])));
  });

  it('ends the last query of a block with the block', () => {
    const blocks = [{ inferences: [{ rows: 3 }, { rows: 2 }] }, { inferences: [{ rows: 8 }] }, { inferences: [{ rows: 1 }, { rows: 1 }, { rows: 1 }] }];
    assert.deepEqual(jobBoundaries(3, blocks), [3, 8, 16, 17, 18, 24]);
    assert.deepEqual(trainingBoundaries([2, 5, 1]), [2, 7, 8]);
  });
});

describe('errors of the chain', () => {
  it('names a custom error and tells what to do', () => {
    const data = encodeErrorResult({ abi: contractErrorsAbi, errorName: 'FeeTooLarge', args: [3n] });
    const reverted = new ContractFunctionRevertedError({ abi: contractErrorsAbi, data, functionName: 'settle' });
    const error = chainError('settle', reverted);
    assert.ok(error instanceof ChainError);
    assert.equal(error.code, 'REVERT_FeeTooLarge');
    assert.match(error.message, /FeeTooLarge\(3\).*2\^80/);
  });

  it('decodes an error that the called ABI does not know', () => {
    const data = encodeErrorResult({ abi: contractErrorsAbi, errorName: 'PairingRejected' });
    const error = chainError('settle', new ContractFunctionRevertedError({ abi: [], data, functionName: 'settle' }));
    assert.equal(error.code, 'REVERT_PairingRejected');
  });

  it('survives a revert without data, and any other failure', () => {
    assert.equal(chainError('x', new ContractFunctionRevertedError({ abi: [], functionName: 'x' })).code, 'REVERT');
    assert.equal(chainError('x', new Error('socket closed')).code, 'CHAIN_CALL');
    assert.equal(chainError('x', encodeAbiParameters([], [])).code, 'CHAIN_CALL');
  });
});

describe('verifying key of the contract', () => {
  const g1 = { x: 1n, y: 2n };
  const key = { alpha: g1, beta: [1n, 2n, 3n, 4n], gamma: [1n, 2n, 3n, 4n], delta: [1n, 2n, 3n, 4n], IC: [g1, g1, g1, g1], tauG2: [5n, 6n, 7n, 8n] } as const;
  it('takes over the words, and the fixed generator of blinding', () => {
    const entry = contractKey(key);
    assert.deepEqual(entry.tauG2, key.tauG2);
    assert.deepEqual(entry.blinding, blindingGenerator());
  });
  it('is named by the hash of its 22 words', () => {
    const words = [1, 2, ...[1, 2, 3, 4], ...[1, 2, 3, 4], ...[1, 2, 3, 4], 1, 2, 1, 2, 1, 2, 1, 2];
    assert.equal(words.length, 22);
    assert.equal(vkHashOf(contractKey(key)), keccak256(concatHex(words.map(word))));
  });
  it('refuses a key with another number of inputs', () => {
    assert.throws(() => contractKey({ ...key, IC: [g1] }), { code: 'VK_INPUTS' });
  });
});
