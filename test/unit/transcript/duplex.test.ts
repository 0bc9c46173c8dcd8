import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidScalarError } from '../../../src/errors/field.js';
import { FIELD_MODULUS } from '../../../src/field/fr.js';
import { poseidonPermutation } from '../../../src/hash/poseidon.js';
import { DuplexTranscript } from '../../../src/transcript/duplex.js';

const draw = (calls: [bigint[], number][]): bigint[] => { const t = new DuplexTranscript(); return calls.flatMap(([words, n]) => t.absorb('test', words, n)); };

describe('the duplex transcript', () => {
  it('draws lanes 1.. of a permutation and keeps lane 0 to itself', () => {
    const lanes = poseidonPermutation([1n, 2n], 0n);
    assert.deepEqual(draw([[[1n, 2n], 2]]), lanes.slice(1));
    assert.deepEqual(draw([[[1n, 2n], 0], [[3n], 1]]), poseidonPermutation([3n], lanes[0]).slice(1));
  });
  it('draws exactly as many challenges as asked, from further permutations if need be', () => {
    for (const n of [0, 1, 15, 16, 17, 32, 33, 50]) assert.equal(draw([[[7n], n]]).length, n);
  });
  it('starts every challenge list of one call with the shorter one of another width only if the widths agree', () => {
    // One word and up to 16 challenges: the chunk is padded to the number drawn, so the width differs.
    assert.notEqual(draw([[[7n], 1]])[0], draw([[[7n], 2]])[0]);
    assert.equal(draw([[[7n], 17]])[0], draw([[[7n], 16]])[0]);
  });
  it('depends on every word, on order and on where calls end', () => {
    const base = draw([[[1n, 2n, 3n], 1]]);
    for (const other of [[[[1n, 2n, 4n], 1]], [[[2n, 1n, 3n], 1]], [[[1n, 2n], 0], [[3n], 1]], [[[1n, 2n, 3n, 0n], 1]]] as [bigint[], number][][]) assert.notDeepEqual(draw(other), base);
  });
  it('absorbs more than 16 words in chunks: a change in any of them changes the challenge', () => {
    const words = Array.from({ length: 40 }, (_, i) => BigInt(i));
    const base = draw([[words, 1]])[0];
    for (const i of [0, 15, 16, 31, 32, 39]) assert.notEqual(draw([[words.map((w, k) => (k === i ? w + 1n : w)), 1]])[0], base);
  });
  it('refuses words that are not canonical, by label and position, and calls without words', () => {
    assert.throws(() => draw([[[1n, FIELD_MODULUS], 1]]), (e: InvalidScalarError) => e instanceof InvalidScalarError && /test\[1\]/.test(e.message));
    assert.throws(() => draw([[[-1n], 1]]), InvalidScalarError);
    assert.throws(() => draw([[[], 1]]), RangeError);
  });
});
