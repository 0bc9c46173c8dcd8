/** A malformed proof is a typed result that names the stage; only misuse throws. What is false is in test/soundness. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { AttributionError } from '../../../src/errors/base.js';
import { FIELD_MODULUS as P, frAdd, frInv } from '../../../src/field/fr.js';
import { eqTable, innerProduct } from '../../../src/poly/multilinear.js';
import { relationShape } from '../../../src/statement/sizeClass.js';
import { verifyFeaturesChain, verifyPayoutChain, type FeaturesMessages, type PayoutMessages } from '../../../src/verify/chain.js';
import { maskedValue } from '../../../src/verify/rows.js';
import { g2FromWords, verifierKey } from '../../../src/verify/key.js';
import { binomialProduct, requireRegular } from '../../../src/verify/opening.js';
import { resultOf } from '../../../src/verify/result.js';
import { verifySplit } from '../../../src/verify/split.js';
import { verifySumcheck } from '../../../src/verify/sumcheck.js';
import { ProofRejectedError } from '../../../src/errors/verify.js';
import { DuplexTranscript } from '../../../src/transcript/duplex.js';
import { copy } from '../../support/adversary.js';
import { Random, type Scenario } from '../../support/scenario.js';
import { System } from '../../support/system.js';

let system: System, job: Scenario, payout: PayoutMessages, features: FeaturesMessages;
before(async () => {
  system = await System.open();
  job = await system.scenario({ seed: 3 });
  payout = await system.chainMessages(job.payout);
  features = await system.chainMessages(job.features);
});
after(() => system.close());

const refusedPayout = (change: Partial<PayoutMessages>): AttributionError => {
  const result = verifyPayoutChain(job.payout.statement, { ...copy(payout), ...change });
  assert.ok(!result.ok);
  return result.error;
};

describe('the chain verifier', () => {
  it('accepts honest messages and returns the opening claim', () => {
    const result = verifyPayoutChain(job.payout.statement, payout);
    assert.ok(result.ok);
    assert.deepEqual([result.claim.point.length, result.claim.tauHigh.length], [12, 1]);
    assert.ok(verifyFeaturesChain(job.features.statement, features).ok);
  });

  it('names the stage whose messages have the wrong shape', () => {
    const shapes: [Partial<PayoutMessages>, string][] = [
      [{ scoresMessage: payout.scoresMessage.slice(1) }, 'scores'], [{ scoresMessage: payout.scoresMessage.map((m) => m.slice(1)) }, 'scores'],
      [{ bitsMessage: [...payout.bitsMessage, [0n, 0n, 0n]] }, 'bits'], [{ influenceMessage: [] }, 'influence'], [{ tokensMessage: payout.tokensMessage.slice(0, 5) }, 'tokens'],
      [{ columnsMessage: [] }, 'columns'], [{ rowsMessage: payout.rowsMessage.map((m) => [...m, 0n]) }, 'rows'],
      [{ v: payout.v.slice(1) }, 'columns'], [{ w: [...payout.w, 0n] }, 'rows'],
    ];
    for (const [change, where] of shapes) {
      const error = refusedPayout(change);
      assert.deepEqual([error.code, error.where], ['PROOF_SHAPE', where]);
      assert.ok(error instanceof ProofRejectedError);
    }
  });

  it('names the list of the split with a wrong length', () => {
    for (const name of ['totals', 'shifts', 'lambdas', 'feeRemainders', 'payoutRemainders'] as const) {
      for (const list of [payout[name].slice(1), [...payout[name], 0n], []]) {
        const error = refusedPayout({ [name]: list });
        assert.equal(error.code, 'PROOF_SHAPE');
        assert.match(error.where ?? '', new RegExp(name));
      }
    }
  });

  it('refuses words that are not canonical', () => {
    for (const change of [{ sigma: payout.sigma + P }, { salt: -1n }, { u: payout.u + P }, { v: payout.v.map((x, i) => (i === 3 ? x + P : x)) }, { w: payout.w.map((x) => x + P) }, { m: payout.m + P }, { g: payout.g + P }, { bt: payout.bt + P }]) {
      assert.equal(refusedPayout(change).code, 'INVALID_SCALAR');
    }
  });

  it('hands back what is wrong with the statement before it looks at messages', () => {
    const result = verifyPayoutChain({ ...job.payout.statement, tokensLog: 99 }, payout);
    assert.ok(!result.ok && result.error.code === 'DIMS');
  });
});

describe('split', () => {
  it('gives rates and values of the canonical split, and the flags of empty queries', () => {
    const shape = relationShape(system.cls, 'payout');
    const { mus, values, zeroQueries } = verifySplit(shape, job.payout.statement.lists, payout);
    assert.deepEqual(mus, job.split.mus);
    assert.equal(zeroQueries, job.split.zeroQueries);
    values.forEach((v, c) => assert.equal(v >> 160n, job.split.payouts[c]));
  });
});

describe('sumcheck', () => {
  it('leaves the value of the polynomial at the point', () => {
    // f(x0, x1) over 4 values: one round message (c0, c2 = 0) a variable, top first
    const random = new Random(1), table = Array.from({ length: 4 }, random.scalar);
    const first = frAdd(table[0], table[1]);
    const claim = table.reduce(frAdd, 0n);
    const probe = new DuplexTranscript();
    const [r1] = probe.absorb('x round 1', [first, 0n], 1);
    const low = innerProduct([1n - r1, r1].map((x) => (x + P) % P), [table[0], table[2]]);
    const result = verifySumcheck(new DuplexTranscript(), 'x', claim, [[low, 0n], [first, 0n]], 2, [true, true]);
    assert.equal(result.claim, innerProduct(eqTable(result.point), table));
  });
  it('keeps the claim and the coordinate 0 in an inactive round', () => {
    const { claim, point } = verifySumcheck(new DuplexTranscript(), 'x', 5n, [[1n, 2n], [3n, 4n]], 2, [false, false]);
    assert.deepEqual([claim, ...point], [5n, 0n, 0n]);
  });
});

describe('opening', () => {
  it('evaluates the product of binomials as the extension of eq', () => {
    const random = new Random(2), u = Array.from({ length: 4 }, random.scalar), x = random.scalar();
    let power = 1n;
    const powers = eqTable(u).map(() => { const p = power; power = (power * x) % P; return p; });
    assert.equal(binomialProduct(u, x), innerProduct(eqTable(u), powers));
  });
  it('refuses the challenges at which its identities lose their meaning', () => {
    requireRegular(5n, 7n);
    for (const [alpha, z] of [[5n, 0n], [5n, 1n], [5n, P - 1n], [7n, 7n], [frInv(7n), 7n]]) {
      assert.throws(() => requireRegular(alpha, z), (e: ProofRejectedError) => e.code === 'DEGENERATE_CHALLENGE');
    }
  });
});

describe('results and keys', () => {
  it('turn what a verifier refuses into a result and let bugs pass', () => {
    assert.deepEqual(resultOf(() => ({ x: 1 })), { ok: true, x: 1 });
    const error = new ProofRejectedError('no', { code: 'X' });
    assert.deepEqual(resultOf(() => { throw error; }), { ok: false, error });
    assert.throws(() => resultOf(() => { throw new TypeError('bug'); }), TypeError);
  });
  it('read G2 in the order of the EVM', () => {
    assert.deepEqual(g2FromWords([1n, 2n, 3n, 4n]), { x: [2n, 1n], y: [4n, 3n] });
    const { delta, IC } = system.keys.payout.vk;
    assert.deepEqual(verifierKey(system.keys.payout.vk).delta, g2FromWords(delta));
    assert.equal(verifierKey(system.keys.payout.vk).ic.length, IC.length);
  });
  it('combine m and w by powers of gamma\' from the first on', () => assert.equal(maskedValue(5n, [1n, 2n, 3n], 10n), 5n + 10n + 200n + 3000n));
});
