import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concatHex, keccak256, pad, type Address, type Hex } from 'viem';
import { batchLeaf, merkleProof, merkleRoot, snapshotOrder, type BatchItem } from '../../../src/chain/index.js';

const address = (n: number): Address => pad(`0x${n.toString(16)}`, { size: 20 });
const items = (n: number): BatchItem[] => Array.from({ length: n }, (_, i) => ({ contentHash: pad(`0x${(i + 1).toString(16)}`, { size: 32 }), rows: i + 1 }));
const climb = (leaf: Hex, proof: readonly Hex[]): Hex => proof.reduce((node, sibling) => keccak256(node < sibling ? concatHex([node, sibling]) : concatHex([sibling, node])), leaf);

describe('batches of contributions', () => {
  it('prove each item up to the root, for any number of items', () => {
    for (let n = 1; n <= 17; n++) {
      const list = items(n), root = merkleRoot(list);
      list.forEach((item, i) => assert.equal(climb(batchLeaf(i, item), merkleProof(list, i)), root));
    }
  });
  it('have at least one item', () => {
    assert.throws(() => merkleRoot([]), { code: 'EMPTY_BATCH' });
  });
});

describe('order of a snapshot', () => {
  it('is by contributor, then by contribution', () => {
    const list = [{ id: 3n, contributor: address(9) }, { id: 10n, contributor: address(2) }, { id: 1n, contributor: address(9) }, { id: 2n, contributor: address(0xa0) }, { id: 4n, contributor: address(2) }];
    assert.deepEqual(snapshotOrder(list), [4n, 10n, 1n, 3n, 2n]);
  });
});
