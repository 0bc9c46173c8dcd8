/**
 * Protocol section 8: non-boolean bits, flipped signs, split values out of range or not canonical, zero queries.
 * The liar commits to his own bits and computes every sumcheck honestly over them, so that only the attacked check stands.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RewardSplit } from '../../src/attribution/index.js';
import { FIELD_MODULUS as P, frFrom, frInv, frMul } from '../../src/field/fr.js';
import { relationShape, SIGN_BIT } from '../../src/statement/sizeClass.js';
import { listChallenge } from '../../src/statement/statement.js';
import { verifyProof } from '../../src/verify/proof.js';
import { copy, play, STAGES } from '../support/adversary.js';
import { LOCAL_STATEMENT, OnchainVerifier } from '../support/onchain.js';
import { acceptedByChainAndCircuit, refusedByChainAndCircuit } from '../support/refusal.js';
import type { Scenario } from '../support/scenario.js';
import { System } from '../support/system.js';

let system: System, chain: OnchainVerifier, job: Scenario, negative: Scenario;
const at = (q: number, c: number, k: number): number => ((4 * q + c) << 7) + k;
before(async () => {
  system = await System.open();
  chain = await OnchainVerifier.start(system.cls, system.keys);
  job = await system.scenario({ seed: 3, ...LOCAL_STATEMENT });
  negative = await system.scenario({ seed: 8, ...LOCAL_STATEMENT });
});
after(async () => {
  await chain.stop();
  await system.close();
});

describe('bits of the scores', () => {
  const bitsOf = (): Uint8Array => copy([...job.payout.witness.bits.data]) as unknown as Uint8Array;
  const withBits = (bits: Uint8Array, scores = job.scores): Promise<Scenario['payout']> => system.withScores(job.payout, scores, { bits: Uint8Array.from(bits) });
  const refusedAt = async (lie: Scenario['payout'], where: string): Promise<void> =>
    refusedByChainAndCircuit(system, lie.statement, play(lie.statement, await system.chainMessages(lie)), { code: 'SUMCHECK_CLAIM', where, fault: /^Payout line/ });

  it('must be boolean: 2 in place of a carry has the same weighted sum', async () => {
    const bits = bitsOf();
    const k = Array.from({ length: 100 }, (_, i) => i).find((i) => bits[at(0, 0, i)] === 0 && bits[at(0, 0, i + 1)] === 1)!;
    bits[at(0, 0, k)] = 2;
    bits[at(0, 0, k + 1)] = 0;
    await refusedAt(await withBits(bits), 'bits');
  });

  it('must be boolean: one entry must not carry a whole score', async () => {
    const scores = copy(job.scores);
    scores[1][2] = 200n;
    const bits = (await system.withScores(job.payout, scores)).witness.bits.data;
    for (let k = 0; k < 120; k++) bits[at(1, 2, k)] = 0;
    bits[at(1, 2, 0)] = 200;
    await refusedAt(await withBits(bits, scores), 'bits');
  });

  it('must be boolean: a sign of 3 is refused', async () => {
    const bits = bitsOf();
    bits[at(0, 1, SIGN_BIT)] = 3;
    await refusedAt(await withBits(bits), 'bits');
  });

  it('of another magnitude than the split claims break the scores', async () => {
    const bits = bitsOf();
    bits[at(2, 1, 7)] ^= 1;
    await refusedAt(await withBits(bits), 'bits');
  });

  it('between the magnitude and the sign are free, and change nothing', async () => {
    const bits = bitsOf();
    for (let k = 120; k < 127; k++) bits[at(3, 3, k)] = 1;
    const lie = await withBits(bits);
    await acceptedByChainAndCircuit(system, lie.statement, play(lie.statement, await system.chainMessages(lie)));
    assert.deepEqual(lie.statement.lists, job.payout.statement.lists);
  });

  it('of a flipped sign pay a harmful contributor only until the influence is checked', async () => {
    const scores = copy(job.scores);
    const [q, c] = [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].map((k) => [i, k])).find(([i, k]) => scores[i][k] < 0n)!;
    scores[q][c] = -scores[q][c];
    await refusedAt(await system.withScores(job.payout, scores), 'influence');
  });

  it('of a flipped sign under unchanged payouts break the scores', async () => {
    const bits = bitsOf();
    bits[at(0, 0, SIGN_BIT)] ^= 1;
    await refusedAt(await withBits(bits), 'bits');
  });

  it('of invented scores break the influence', async () => {
    const scores = copy(job.scores);
    scores[0][0] += 1n;
    await refusedAt(await system.withScores(job.payout, scores), 'influence');
  });
});

describe('the reward split', () => {
  const DB = 122;
  const top = 1n << 160n;
  /** Changes the split of query 0; mu, payouts and remainders follow from it as integers mod p. */
  const cheat = async (change: (split: RewardSplit, fee: bigint) => void, from = job): Promise<Scenario['payout']> => system.withScores(from.payout, from.scores, {
    split: (canonical) => {
      const split = copy(canonical);
      change(split, from.payout.statement.lists.fees[0]);
      split.mus = split.lambdas.map((lambda, q) => frFrom(lambda << BigInt(split.shifts[q])));
      const values = from.scores[0].map((_, c) => frFrom(from.scores.reduce((sum, row, q) => (row[c] > 0n ? sum + row[c] * split.mus[q] : sum), 0n)));
      split.payouts = values.map((v) => v >> 160n);
      split.payoutRemainders = values.map((v) => v % top);
      return split;
    },
  });
  const divisor = (split: RewardSplit, shift = split.shifts[0]): bigint => split.totals[0] << BigInt(shift);
  /** Every sumcheck claim of the lie holds: nothing but the attacked check refuses it. */
  const refusedBySplitAlone = async (lie: Scenario['payout'], code: RegExp, fault = /^(ShareRate|PayoutValue|Num2Bits)/): Promise<void> => {
    const messages = await system.chainMessages(lie);
    const attack = play(lie.statement, messages);
    assert.deepEqual(play(lie.statement, messages, { repair: STAGES.filter((s) => s !== 'bits') }).messages, attack.messages);
    await refusedByChainAndCircuit(system, lie.statement, attack, { code, fault });
  };

  it('is accepted when the same tools make it honestly', async () => {
    const lie = await cheat(() => undefined);
    await acceptedByChainAndCircuit(system, lie.statement, play(lie.statement, await system.chainMessages(lie)));
  });

  const canonical: [string, (split: RewardSplit, fee: bigint) => void][] = [
    ['lambda one below the floor, its remainder not below the divisor', (s) => { s.lambdas[0] -= 1n; s.queryRemainders[0] += divisor(s); }],
    ['lambda one above the floor, its remainder negative', (s) => { s.lambdas[0] += 1n; s.queryRemainders[0] = frFrom(s.queryRemainders[0] - divisor(s)); }],
    ['lambda doubled, its remainder negative', (s, fee) => { s.lambdas[0] *= 2n; s.queryRemainders[0] = frFrom((fee << 160n) - s.lambdas[0] * divisor(s)); }],
    ['lambda 0, the fee kept in the remainder', (s, fee) => { s.lambdas[0] = 0n; s.queryRemainders[0] = fee << 160n; }],
    ['a shift one too small, with its own floor', (s, fee) => { s.shifts[0] -= 1; s.lambdas[0] = (fee << 160n) / divisor(s); s.queryRemainders[0] = (fee << 160n) % divisor(s); }],
    ['a shift one too large, with its own floor', (s, fee) => { s.shifts[0] += 1; s.lambdas[0] = (fee << 160n) / divisor(s); s.queryRemainders[0] = (fee << 160n) % divisor(s); }],
    ['no shift at all', (s, fee) => { s.shifts[0] = 0; s.lambdas[0] = (fee << 160n) / divisor(s); s.queryRemainders[0] = (fee << 160n) % divisor(s); }],
    ['a shift of 8 bits', (s) => { s.shifts[0] += 128; s.lambdas[0] = frMul(s.lambdas[0], frInv(frFrom(1n << 128n))); }],
  ];
  for (const [name, change] of canonical) it(`refuses ${name}`, async () => refusedBySplitAlone(await bounded(cheat(change)), /^SPLIT/));

  it('refuses a lambda beyond its bits, which fits any remainder mod p', async () => {
    const { statement } = job.payout;
    const messages = await system.chainMessages(job.payout);
    const D = messages.totals[0] << messages.shifts[0];
    messages.feeRemainders[0] = 12345n;
    messages.lambdas[0] = frMul(frFrom((statement.lists.fees[0] << 160n) - 12345n), frInv(frFrom(D)));
    assert.ok(messages.lambdas[0] >> BigInt(241 - DB) > 0n);
    await refusedByChainAndCircuit(system, statement, play(statement, messages, { repair: STAGES }), { code: 'SPLIT_RANGE', fault: /Num2Bits.*ShareRate|ShareRate/ });
  });

  it('refuses a total beyond its bits', async () => {
    const { statement } = job.payout;
    const messages = await system.chainMessages(job.payout);
    messages.totals[0] += 1n << BigInt(DB);
    await refusedByChainAndCircuit(system, statement, play(statement, messages, { repair: STAGES }), { code: 'SPLIT_RANGE', fault: /ShareRate/ });
  });

  it('refuses a total that is not the sum of the positive scores, with its own canonical rate', async () => {
    const lie = await cheat((s, fee) => { s.totals[0] += 1n; s.lambdas[0] = (fee << 160n) / divisor(s); s.queryRemainders[0] = (fee << 160n) % divisor(s); });
    await refusedByChainAndCircuit(system, lie.statement, play(lie.statement, await system.chainMessages(lie)), { code: 'SUMCHECK_CLAIM', where: 'scores', fault: /^Payout line/ });
  });

  const value = (c: number, payout: bigint, remainder: (rem: bigint) => bigint) => async (): Promise<void> => {
    const lie = await system.withScores(job.payout, job.scores, {
      split: (canonicalSplit) => {
        const split = copy(canonicalSplit);
        split.payouts[c] += payout;
        split.payoutRemainders[c] = frFrom(remainder(split.payoutRemainders[c]));
        return split;
      },
    });
    await refusedBySplitAlone(lie, /^SPLIT_RANGE$/, /PayoutValue/);
  };
  it('refuses one unit more, its remainder negative', value(0, 1n, (rem) => rem - top));
  it('refuses one unit less, its remainder too large', value(0, -1n, (rem) => rem + top));
  it('refuses a thousand units more, its remainder negative', value(2, 1000n, (rem) => rem - 1000n * top));
  it('refuses the same value plus p in 94 bits of payout', async () => {
    const { statement } = job.payout;
    const messages = await system.chainMessages(job.payout);
    const v = (statement.lists.payouts[0] << 160n) + messages.payoutRemainders[0] + P;
    messages.payoutRemainders[0] = v % top;
    const lie = { ...statement, lists: { ...statement.lists, payouts: statement.lists.payouts.map((x, c) => (c === 0 ? v >> 160n : x)) } };
    await refusedByChainAndCircuit(system, lie, play(lie, messages, { repair: STAGES }), { code: 'LIST_RANGE', where: /payouts\[0\]/, fault: /PayoutValue/ });
  });

  /** Payouts beyond their range would be refused before the split is looked at. */
  async function bounded(lie: Promise<Scenario['payout']>): Promise<Scenario['payout']> {
    const { statement, ...rest } = await lie;
    assert.ok(statement.lists.payouts.every((x) => x >> 86n === 0n), 'the lie must stay within the payouts\' range');
    return { statement, ...rest };
  }
});

describe('zero queries', () => {
  it('are proved when every score is negative: their fees are left out, on chain and off it', async () => {
    assert.equal(negative.split.zeroQueries, 5n);
    assert.ok(negative.scores[0].every((s) => s < 0n));
    const { proof } = await system.provePayout(negative);
    assert.deepEqual(verifyProof(negative.payout.statement, proof, system.vk.payout), { ok: true });
    assert.equal(await chain.verdict(negative.payout.statement, proof), 'accepted');
    for (let bit = 0; bit < 4; bit++) {
      const lie = { ...negative.payout.statement, lists: { ...negative.payout.statement.lists, zeroQueries: 5n ^ (1n << BigInt(bit)) } };
      assert.equal(verifyProof(lie, proof, system.vk.payout).ok, false);
      assert.notEqual(await chain.verdict(lie, proof), 'accepted');
    }
  });

  it('are flagged by the circuit itself: no other Z has a witness', async () => {
    for (const scenario of [job, negative]) {
      const messages = await system.chainMessages(scenario.payout);
      for (let bit = 0; bit < 4; bit++) {
        const { statement } = scenario.payout;
        const lie = { ...statement, lists: { ...statement.lists, zeroQueries: statement.lists.zeroQueries ^ (1n << BigInt(bit)) } };
        const attack = play(lie, messages, { repair: STAGES });
        const list = [...attack.list.slice(0, -1), lie.lists.zeroQueries];
        const { gammaList, evaluation } = listChallenge(attack.claim.gammaPrime, list);
        await refusedByChainAndCircuit(system, lie, { ...attack, input: { ...attack.input, gammaList, listEvaluation: evaluation } }, { code: 'ZERO_QUERIES', fault: /^Payout line/ });
      }
    }
  });

  it('cannot be invented: a total of 0 beside positive scores breaks the scores', async () => {
    const lie = await system.withScores(job.payout, job.scores, {
      split: (canonical) => {
        const split = copy(canonical);
        for (const list of [split.totals, split.lambdas, split.mus, split.queryRemainders]) list[0] = 0n;
        split.shifts[0] = 0;
        split.zeroQueries |= 1n;
        const values = job.scores[0].map((_, c) => job.scores.reduce((sum, row, q) => (row[c] > 0n ? sum + row[c] * split.mus[q] : sum), 0n));
        split.payouts = values.map((v) => v >> 160n);
        split.payoutRemainders = values.map((v) => v % (1n << 160n));
        return split;
      },
    });
    await refusedByChainAndCircuit(system, lie.statement, play(lie.statement, await system.chainMessages(lie)), { code: 'SUMCHECK_CLAIM', where: 'scores', fault: /^Payout line/ });
  });

  const hidden: [string, (split: RewardSplit) => void][] = [
    ['a rate', (s) => { s.lambdas[0] = 1n; s.mus[0] = 1n; }],
    ['a shift', (s) => { s.shifts[0] = 3; }],
    ['a remainder', (s) => { s.queryRemainders[0] = 1n; }],
    ['a remainder of one below p', (s) => { s.queryRemainders[0] = P - 1n; }],
  ];
  for (const [name, change] of hidden) {
    it(`have no ${name.slice(2)}`, async () => {
      const lie = await system.withScores(negative.payout, negative.scores, { split: (canonical) => { const split = copy(canonical); change(split); return split; } });
      const attack = play(lie.statement, await system.chainMessages(lie));
      await refusedByChainAndCircuit(system, lie.statement, attack, { code: /^SPLIT/, fault: /ShareRate/ });
    });
  }

  it('cannot claim a total: a query without positive scores has none', async () => {
    const lie = await system.withScores(negative.payout, negative.scores, {
      split: (canonical) => {
        const split = copy(canonical);
        const D = 1n << BigInt(relationShape(system.cls, 'payout').totalBits - 1);
        split.totals[0] = 1n;
        split.shifts[0] = 121;
        split.lambdas[0] = (negative.payout.statement.lists.fees[0] << 160n) / D;
        split.mus[0] = split.lambdas[0] << 121n;
        split.queryRemainders[0] = (negative.payout.statement.lists.fees[0] << 160n) % D;
        split.zeroQueries ^= 1n;
        return split;
      },
    });
    await refusedByChainAndCircuit(system, lie.statement, play(lie.statement, await system.chainMessages(lie)), { code: 'SUMCHECK_CLAIM', where: 'scores', fault: /^Payout line/ });
  });
});
