import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address } from 'viem';
import { assertCredits, feeParts, jobCredits, type CreditedJob, type SettledQuery } from '../../../src/audit/credits.js';
import { refundedBefore } from '../../../src/audit/chain/settlement.js';
import { CREDIT_KINDS, creditsHash, type Credit, type FeeSplit } from '../../../src/chain/index.js';
import { Random } from '../../support/scenario.js';

const account = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}`;
const [alice, bob, node, rival, prover, court, treasury, payer] = [1, 2, 3, 4, 5, 6, 7, 8].map(account);
const split: FeeSplit = { contributors: 6000, node: 2000, prover: 1000, auditors: 500, treasury: 500 };
const query = (fee: bigint, refunded = false): SettledQuery => ({ payer, fee, refunded });
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const text = (credits: readonly Credit[]): [string, Address, bigint][] => credits.map((c) => [CREDIT_KINDS[c.kind], c.account, c.amount]);

const job = (change: Partial<CreditedJob> = {}): CreditedJob => ({
  blocks: [{ node, split, queries: [query(1000n), query(2000n)] }, { node, split, queries: [query(3000n)] }],
  contributors: [alice, bob], payouts: [700n, 1000n], zeroQueries: 0b010n, prover, court, treasury, ...change,
});

describe('parts of a fee', () => {
  it('are rounded down, and sum to the fee with the treasury', () => {
    assert.deepEqual(feeParts(19n, split), { contributors: 11n, node: 3n, prover: 1n, auditors: 0n, treasury: 4n });
    const random = new Random(3);
    for (let i = 0; i < 200; i++) {
      const fee = BigInt(random.int(0, 2 ** 30)), contributors = random.int(1000, 9000), nodes = random.int(0, 10_000 - contributors);
      const parts = feeParts(fee, { contributors, node: nodes, prover: 10_000 - contributors - nodes, auditors: 0, treasury: 0 });
      assert.equal(sum(Object.values(parts)), fee);
    }
  });
});

describe('credits of a job', () => {
  it('come in the order of the settlement, neighbouring blocks of one node merged, dust to the treasury', () => {
    const { credits, fees, payouts, dust, contributorParts } = jobCredits(job());
    assert.deepEqual(text(credits), [
      ['contributor', alice, 700n], ['contributor', bob, 1000n], ['zeroQuery', payer, 1200n], ['node', node, 1200n], ['prover', prover, 600n], ['auditors', court, 300n], ['treasury', treasury, 300n + 700n],
    ]);
    assert.deepEqual({ fees, payouts, dust, contributorParts }, { fees: 6000n, payouts: 1700n, dust: 700n, contributorParts: [600n, 1200n, 1800n] });
  });

  it('keep nodes apart that are no neighbours, each block under its own split', () => {
    const other: FeeSplit = { contributors: 10_000, node: 0, prover: 0, auditors: 0, treasury: 0 };
    const { credits } = jobCredits(job({
      blocks: [{ node, split, queries: [query(1000n)] }, { node: rival, split, queries: [query(1000n)] }, { node, split, queries: [query(1000n)] }, { node: rival, split: other, queries: [query(1000n)] }], zeroQueries: 0n, payouts: [0n, 2800n],
    }));
    assert.deepEqual(text(credits), [
      ['contributor', bob, 2800n], ['node', node, 200n], ['node', rival, 200n], ['node', node, 200n], ['prover', prover, 300n], ['auditors', court, 150n], ['treasury', treasury, 150n],
    ]);
  });

  it('leave out fees that went back before, and amounts of 0', () => {
    const { credits, fees } = jobCredits(job({ blocks: [{ node, split, queries: [query(1000n, true), query(2000n, true)] }, { node, split, queries: [query(3000n)] }], payouts: [1800n], zeroQueries: 0b011n }));
    assert.deepEqual(text(credits), [['contributor', alice, 1800n], ['node', node, 600n], ['prover', prover, 300n], ['auditors', court, 150n], ['treasury', treasury, 150n]]);
    assert.equal(fees, 3000n);
  });

  it('sum to the fees, whatever split, payouts and zero queries', () => {
    const random = new Random(11);
    for (let i = 0; i < 100; i++) {
      const blocks = Array.from({ length: random.int(1, 4) }, () => ({ node: account(random.int(3, 4)), split, queries: Array.from({ length: random.int(1, 4) }, () => query(BigInt(random.int(1, 1e9)), random.int(0, 3) === 0)) }));
      const zeroQueries = BigInt(random.int(0, 255));
      const { contributorParts } = jobCredits(job({ blocks, payouts: [], zeroQueries }));
      const pot = contributorParts.reduce((total, part, q) => total + ((zeroQueries >> BigInt(q)) & 1n ? 0n : part), 0n);
      const { credits, fees } = jobCredits(job({ blocks, payouts: [pot / 3n, pot / 2n], zeroQueries }));
      assert.equal(sum(credits.map((c) => c.amount)), fees);
    }
  });
});

describe('booked credits against the recomputed ones', () => {
  const { credits } = jobCredits(job());
  const messageOf = (booked: readonly Credit[]): string => {
    try {
      assertCredits('jobs/0/job.json', booked, credits, 'chain has');
    } catch (error) {
      return (error as Error).message;
    }
    return 'equal';
  };

  it('are equal when nothing was altered', () => assert.equal(messageOf(credits), 'equal'));

  it('name a credit that is missing, and whose it is', () => {
    for (const at of credits.keys()) {
      const message = messageOf(credits.filter((_, i) => i !== at));
      assert.equal(message, `jobs/0/job.json: credits[${at}]: replay gives 7 credits, chain has 6: missing is ${CREDIT_KINDS[credits[at].kind]} ${credits[at].account} ${credits[at].amount}`);
    }
  });

  it('name the first that differs in account, amount or kind', () => {
    const change = (at: number, by: Partial<Credit>): Credit[] => credits.map((c, i) => (i === at ? { ...c, ...by } : c));
    assert.match(messageOf(change(2, { amount: 1201n })), /^jobs\/0\/job\.json: credits\[2\]: replay gives zeroQuery 0x\w+8 1200, chain has zeroQuery 0x\w+8 1201$/);
    assert.match(messageOf(change(1, { account: alice })), /credits\[1\]: replay gives contributor 0x\w+2 1000, chain has contributor 0x\w+1 1000$/);
    assert.match(messageOf(change(5, { kind: CREDIT_KINDS.indexOf('treasury') })), /credits\[5\]: replay gives auditors .* chain has treasury/);
    assert.match(messageOf([...credits, credits[0]]), /credits: length: replay gives 7, chain has 8$/);
  });

  it('have another hash when anything differs', () => {
    assert.notEqual(creditsHash(credits), creditsHash(credits.slice(1)));
    assert.notEqual(creditsHash(credits), creditsHash([credits[1], credits[0], ...credits.slice(2)]));
  });
});

describe('refunds before a settlement', () => {
  it('are those of earlier events, or all while the job is not settled', () => {
    const at = (blockNumber: bigint, logIndex: number, key: string) => ({ blockNumber, logIndex, args: { key } });
    const refunded = [at(4n, 9, 'a'), at(5n, 0, 'b'), at(5n, 8, 'same block, later'), at(6n, 0, 'later')];
    assert.deepEqual([...refundedBefore(refunded, { blockNumber: 5n, logIndex: 7 })], ['a', 'b']);
    assert.equal(refundedBefore(refunded, undefined).size, 4);
  });
});
