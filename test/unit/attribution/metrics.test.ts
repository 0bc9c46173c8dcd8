import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { auc, lds, ranks, spearman } from '../../../bench/attribution/metrics.js';

describe('bench metrics', () => {
  it('average the ranks of ties', () => assert.deepEqual([...ranks([3, 1, 3, 2])], [3.5, 1, 3.5, 2]));
  it('correlate monotone lists fully, reversed ones negatively, constants not at all', () => {
    assert.equal(spearman([1, 2, 30], [5, 6, 7]), 1);
    assert.equal(spearman([1, 2, 30], [7, 6, 5]), -1);
    assert.equal(spearman([1, 1, 1], [7, 6, 5]), 0);
  });
  it('give an area of 1, 0 and one half', () => {
    assert.equal(auc([1, 2, 3, 4], [false, false, true, true]), 1);
    assert.equal(auc([1, 2, 3, 4], [true, true, false, false]), 0);
    assert.equal(auc([1, 1, 1, 1], [true, false, true, false]), 0.5);
  });
  it('score a perfectly predicted linear effect 1', () => {
    const subsets = [[1, 1, 0], [0, 1, 1], [1, 0, 1]].map((m) => Uint8Array.from(m)), scores = Float64Array.from([1, 5, 10]);
    assert.equal(lds(scores, subsets, subsets.map((m) => Float64Array.from([-(m[0] + 5 * m[1] + 10 * m[2])]))), 1);
  });
});
