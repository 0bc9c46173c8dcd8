import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { features, influence, padBoundaries, scoreBits, splitRewards, bitLength } from '../../../src/attribution/index.js';
import { AttributionRangeError, AttributionShapeError, FeatureOverflowError, ScoreOverflowError } from '../../../src/errors/attribution.js';
import { relationShape, SCORE_BITS, type SizeClass } from '../../../src/statement/sizeClass.js';

const tiny: SizeClass = {
  id: 900, name: 'tiny', queriesLog: 2, contributorsLog: 2, layersLog: 1, rankLog: 1, widthLog: 3, tokensLog: 6, blocksLog: 1, trainTokensLog: 6, trainBlocksLog: 1,
};
const payout = relationShape(tiny, 'payout');

function random(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), s | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const fill8 = (n: number, next: () => number): Int8Array => Int8Array.from({ length: n }, () => Math.floor(next() * 256) - 128);
const fill16 = (n: number, next: () => number): Int16Array => Int16Array.from({ length: n }, () => Math.floor(next() * 65536) - 32768);

function brute(A: Int8Array, B: Int8Array, X: Int8Array, D: Int16Array, bounds: number[], cls: SizeClass, segments: number): bigint[] {
  const L = 1 << cls.layersLog, d = 1 << cls.widthLog, r = 1 << cls.rankLog;
  const out = new Array<bigint>(segments * L * r * r).fill(0n);
  bounds.forEach((to, c) => {
    for (let t = c === 0 ? 0 : bounds[c - 1]; t < to; t++)
      for (let l = 0; l < L; l++)
        for (let a = 0; a < r; a++)
          for (let b = 0; b < r; b++) {
            let u = 0n, z = 0n;
            for (let j = 0; j < d; j++) {
              u += BigInt(B[(a * L + l) * d + j]) * BigInt(D[(t * L + l) * d + j]);
              z += BigInt(A[(b * L + l) * d + j]) * BigInt(X[(t * L + l) * d + j]);
            }
            out[((c * L + l) * r + a) * r + b] += u * z;
          }
  });
  return out;
}
const grid = (next: (q: number, c: number) => bigint): bigint[][] =>
  Array.from({ length: payout.queries }, (_, q) => Array.from({ length: payout.contributors }, (_, c) => next(q, c)));
const randomBits = (bits: number, next: () => number): bigint => {
  let v = 0n;
  for (let i = 0; i < bits; i += 16) v = (v << 16n) | BigInt(Math.floor(next() * 65536));
  return v & ((1n << BigInt(bits)) - 1n);
};

describe('features', () => {
  it('equals bigint brute force on random shapes, tables and boundaries', () => {
    const next = random(1);
    for (let trial = 0; trial < 30; trial++) {
      const cls: SizeClass = { ...tiny, rankLog: trial % 3, layersLog: trial % 2, widthLog: 1 + (trial % 4) };
      const shape = relationShape(cls, trial % 2 ? 'payout' : 'features');
      const row = 1 << (cls.layersLog + cls.widthLog), tokens = Math.floor(next() * 20);
      const n = row << cls.rankLog;
      const A = fill8(n, next), B = fill8(n, next), X = fill8(tokens * row, next), D = fill16(tokens * row, next);
      const bounds = Array.from({ length: Math.floor(next() * 5) }, () => Math.floor(next() * (tokens + 1))).sort((p, q) => p - q);
      assert.deepEqual(features(A, B, X, D, bounds, shape), brute(A, B, X, D, bounds, cls, shape.segments));
    }
  });

  it('is exact at the extreme integers of the largest width', () => {
    const cls: SizeClass = { ...tiny, layersLog: 0, rankLog: 0, widthLog: 10 };
    const tokens = 64, d = 1 << 10;
    const A = new Int8Array(d).fill(-128), X = new Int8Array(d * tokens).fill(-128), D = new Int16Array(d * tokens).fill(-32768);
    const got = features(A, A, X, D, [tokens], relationShape(cls, 'payout'))[0];
    assert.equal(got, BigInt(tokens) * (BigInt(d) << 22n) * (BigInt(d) << 14n));
    D[5] = 32767;
    D[d] = 1;
    const want = brute(A, A, X, D, [tokens], cls, 4);
    assert.deepEqual(features(A, A, X, D, [tokens], relationShape(cls, 'payout')), want);
  });

  it('is exact above width 2^15, where float64 products would not be', () => {
    const cls: SizeClass = { ...tiny, layersLog: 0, rankLog: 0, widthLog: 17 };
    const d = 1 << 17, next = random(4);
    const A = fill8(d, next).map((v) => v | 1), B = fill8(d, next).fill(127), X = A.map((v) => (v < 0 ? -127 : 127)), D = new Int16Array(d).fill(32767);
    assert.deepEqual(features(A, B, X, D, [1], relationShape(cls, 'payout')), brute(A, B, X, D, [1], cls, 4));
  });

  it('throws FeatureOverflowError that names segment and layer', () => {
    const cls: SizeClass = { ...tiny, layersLog: 0, rankLog: 0, widthLog: 20, trainTokensLog: 6 };
    const tokens = 64, d = 1 << 20;
    const A = new Int8Array(d).fill(-128), X = new Int8Array(d * tokens).fill(-128), D = new Int16Array(d * tokens).fill(-32768);
    assert.throws(() => features(A, A, X, D, [0, tokens], relationShape(cls, 'features')), (e) =>
      e instanceof FeatureOverflowError && e.segment === 1 && e.layer === 0 && /2\^80/.test(e.message));
  });

  it('refuses tables and boundaries that do not fit', () => {
    const shape = relationShape(tiny, 'payout');
    const A = new Int8Array(32), X = new Int8Array(32), D = new Int16Array(32);
    const bad = (f: () => unknown): void => { assert.throws(f, AttributionShapeError); };
    bad(() => features(A.subarray(1), A, X, D, [1], shape));
    bad(() => features(A, A.subarray(1), X, D, [1], shape));
    bad(() => features(A, A, X.subarray(1), D.subarray(1), [1], shape));
    bad(() => features(A, A, X, D.subarray(16), [1], shape));
    bad(() => features(A, A, X, D, [3], shape));
    bad(() => features(A, A, X, D, [1, 0], shape));
    bad(() => features(A, A, X, D, [0.5], shape));
    bad(() => features(A, A, X, D, [0, 0, 0, 0, 0], shape));
    assert.deepEqual(padBoundaries([1, 2], 4, 2), [1, 2, 2, 2]);
  });

  it('handles 1024 rows of width 64 in well under a second', () => {
    const next = random(9);
    const cls: SizeClass = { ...tiny, contributorsLog: 4, rankLog: 3, widthLog: 6 };
    const A = fill8(1024, next), X = fill8(1024 * 128, next), D = fill16(1024 * 128, next);
    const started = performance.now();
    features(A, A, X, D, [100, 300, 1024], relationShape(cls, 'features'));
    assert.ok(performance.now() - started < 3000);
  });
});

describe('influence', () => {
  it('is the inner product of the features', () => {
    const next = random(3);
    const stride = 8;
    const phi = Array.from({ length: 4 * stride }, () => randomBits(50, next) - (1n << 49n));
    const g = Array.from({ length: 4 * stride }, () => randomBits(50, next) - (1n << 49n));
    const s = influence(phi, g, payout);
    for (let q = 0; q < 4; q++)
      for (let c = 0; c < 4; c++) {
        let sum = 0n;
        for (let i = 0; i < stride; i++) sum += phi[q * stride + i] * g[c * stride + i];
        assert.equal(s[q][c], sum);
      }
  });

  it('accepts 2^120 - 1 and refuses 2^120, naming query and contributor', () => {
    const zeros = (): bigint[] => new Array<bigint>(32).fill(0n);
    const phi = zeros(), g = zeros();
    phi[2 * 8] = 1n;
    g[3 * 8] = -((1n << 120n) - 1n);
    assert.equal(influence(phi, g, payout)[2][3], g[24]);
    g[3 * 8] = -(1n << 120n);
    assert.throws(() => influence(phi, g, payout), (e) => e instanceof ScoreOverflowError && e.query === 2 && e.contributor === 3);
    assert.throws(() => influence(phi.slice(1), g, payout), AttributionShapeError);
  });
});

describe('scoreBits', () => {
  it('recomposes to the scores, with a sign bit only below zero', () => {
    const next = random(5);
    const top = (1n << 120n) - 1n;
    const scores = grid((q, c) => (q === 0 ? [0n, top, -top, -1n][c] : (next() < 0.5 ? -1n : 1n) * randomBits(120, next)));
    const bits = scoreBits(scores, payout);
    assert.equal(bits.length, 4 * 4 * 128);
    scores.forEach((row, q) => row.forEach((s, c) => {
      let v = 0n;
      for (let k = 0; k < SCORE_BITS; k++) v += BigInt(bits[(q * 4 + c) * 128 + k]) << BigInt(k);
      for (let k = SCORE_BITS; k < 127; k++) assert.equal(bits[(q * 4 + c) * 128 + k], 0);
      assert.equal(bits[(q * 4 + c) * 128 + 127] ? -v : v, s);
      if (s === 0n) assert.equal(bits[(q * 4 + c) * 128 + 127], 0);
    }));
  });
});

describe('splitRewards', () => {
  const check = (scores: bigint[][], fees: bigint[]): ReturnType<typeof splitRewards> => {
    const split = splitRewards(scores, fees, payout);
    const DB = BigInt(payout.totalBits);
    let payable = 0n;
    for (let q = 0; q < 4; q++) {
      const D = split.totals[q], fee = fees[q] ?? 0n;
      const isZero = (split.zeroQueries >> BigInt(q)) & 1n;
      assert.equal(isZero, D === 0n ? 1n : 0n);
      if (D === 0n) {
        assert.deepEqual([split.shifts[q], split.lambdas[q], split.mus[q], split.queryRemainders[q]], [0, 0n, 0n, 0n]);
        continue;
      }
      payable += fee;
      const scaled = D << BigInt(split.shifts[q]);
      assert.ok(split.shifts[q] >= 0 && split.shifts[q] < 128);
      assert.ok(scaled >= 1n << (DB - 1n) && scaled < 1n << DB, 'D\' is normalised');
      assert.equal(split.lambdas[q] * scaled + split.queryRemainders[q], fee << 160n);
      assert.ok(split.queryRemainders[q] >= 0n && split.queryRemainders[q] < scaled);
      assert.ok(bitLength(split.lambdas[q]) <= 241 - payout.totalBits);
    }
    for (let c = 0; c < 4; c++) {
      let sum = 0n;
      for (let q = 0; q < 4; q++) if (scores[q][c] > 0n) sum += scores[q][c] * split.mus[q];
      assert.equal(split.payouts[c] * (1n << 160n) + split.payoutRemainders[c], sum);
      assert.ok(split.payoutRemainders[c] < 1n << 160n);
    }
    const paid = split.payouts.reduce((p, v) => p + v, 0n);
    assert.ok(paid <= payable, 'never pays more than the fees');
    return split;
  };

  it('is canonical and never pays more than the fees on random scores', () => {
    const next = random(7);
    for (let trial = 0; trial < 200; trial++) {
      const bits = 1 + Math.floor(next() * 120);
      check(grid(() => (next() < 0.4 ? -1n : 1n) * randomBits(bits, next)), grid(() => randomBits(1 + Math.floor(next() * 80), next))[0]);
    }
  });

  it('loses at most K units a job to rounding when fees are far below 2^80', () => {
    const next = random(8);
    const scores = grid(() => 1n + randomBits(60, next));
    const fees = [10n ** 18n, 10n ** 18n, 5n, 10n ** 6n];
    const paid = check(scores, fees).payouts.reduce((p, v) => p + v, 0n);
    const total = fees.reduce((p, v) => p + v, 0n);
    assert.ok(total - paid <= 4n);
  });

  it('returns the fees of all-negative and of zero queries', () => {
    const split = check(grid((q) => (q === 0 ? -5n : q === 1 ? 0n : q === 2 ? 1n : -1n)), [10n, 20n, 40n, 80n]);
    assert.equal(split.zeroQueries, 0b1011n);
    assert.ok(split.payouts.every((p) => p <= 10n));
  });

  it('pays ties alike', () => {
    const split = check(grid((_, c) => (c < 2 ? 7n : 3n)), [1000n, 1000n]);
    assert.equal(split.payouts[0], split.payouts[1]);
    assert.equal(split.payouts[2], split.payouts[3]);
  });

  it('holds at maximal scores and fees, and at score 1', () => {
    const max = (1n << 80n) - 1n;
    check(grid(() => (1n << 120n) - 1n), [max, max, max, max]);
    check(grid((_, c) => (c === 0 ? 1n : 0n)), [max, max, max, max]);
    check(grid((q, c) => (q === c ? 1n : 1n << 119n)), [max, 0n, 1n, max]);
  });

  it('refuses fees and scores out of range', () => {
    const one = grid(() => 1n);
    assert.throws(() => splitRewards(one, [1n << 80n], payout), AttributionRangeError);
    assert.throws(() => splitRewards(one, [-1n], payout), AttributionRangeError);
    assert.throws(() => splitRewards(one, [1n, 1n, 1n, 1n, 1n], payout), AttributionShapeError);
    assert.throws(() => splitRewards(one.slice(1), [1n], payout), AttributionShapeError);
    assert.throws(() => splitRewards(grid(() => 1n << 120n), [1n], payout), ScoreOverflowError);
  });
});
