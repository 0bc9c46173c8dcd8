import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatHex, type Hex } from 'viem';
import { ANCHOR_BYTES, anchorBytes, anchorOf } from '../../../../coordinator/settlement/index.js';

describe('anchor of the log', () => {
  const root: Hex = `0x${'5a'.repeat(32)}`, by = '0x00000000000000000000000000000000000000aA' as const;

  it('is 64 bytes behind any calldata, and is read back', () => {
    assert.equal(anchorBytes(root), `0x7a6b617474726c67${'00'.repeat(24)}${'5a'.repeat(32)}`);
    assert.equal(anchorBytes(root).length / 2 - 1, ANCHOR_BYTES);
    for (const call of ['0x', '0x12345678', `0x${'77'.repeat(100)}`] as const) assert.equal(anchorOf({ input: concatHex([call, anchorBytes(root)]), from: by }, by), root);
  });

  it('is not found in other calldata, or in a transaction of somebody else', () => {
    assert.equal(anchorOf({ input: '0x' }), undefined);
    assert.equal(anchorOf({ input: `0x${'00'.repeat(64)}` }), undefined);
    assert.equal(anchorOf({ input: concatHex([anchorBytes(root), '0x00']) }), undefined);
    assert.equal(anchorOf({ input: anchorBytes(root), from: '0x00000000000000000000000000000000000000bb' }, by), undefined);
  });

  it('refuses a root that is no word', () => {
    assert.throws(() => anchorBytes('0x12'), RangeError);
  });
});
