import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Address } from 'viem';
import { account, ROLES } from '../../../src/cli/accounts.js';
import { requireContributors, type TrainingSnapshot } from '../../../src/cli/datanet/handler.js';
import { actor } from '../../../src/cli/options.js';

const CHAIN = 31337;
const contributors = Array.from({ length: ROLES.contributor[1] }, (_, c) => account(CHAIN, 'contributor', c).address);
const code = (expected: string) => (error: unknown): boolean => (error as { code: string }).code === expected;

describe('accounts of a local chain', () => {
  it('gives contributors in ascending order of their addresses, whatever their number', () => {
    contributors.slice(1).forEach((address, i) => assert.ok(BigInt(contributors[i]) < BigInt(address), `contributor ${i + 1}`));
    assert.equal(new Set(contributors).size, contributors.length);
  });

  it('keeps the roles apart', () => {
    const own = Object.entries(ROLES).flatMap(([role, [, count]]) => Array.from({ length: count }, (_, i) => account(CHAIN, role as keyof typeof ROLES, i).address));
    assert.equal(new Set(own).size, own.length);
    assert.throws(() => account(CHAIN, 'node', 1), code('ROLE_INDEX'));
  });

  it('asks for a key on any other chain', () => {
    const before = process.env.ZKATTR_PRIVATE_KEY;
    delete process.env.ZKATTR_PRIVATE_KEY;
    try {
      assert.throws(() => account(1, 'owner'), code('NO_PRIVATE_KEY'));
    } finally {
      if (before !== undefined) process.env.ZKATTR_PRIVATE_KEY = before;
    }
  });

  it('reads who signs from the command line', () => {
    assert.deepEqual([actor('payer:2'), actor('owner')], [{ role: 'payer', index: 2 }, { role: 'owner', index: 0 }]);
    for (const bad of ['nobody', 'payer:-1', 'payer:x', 'constructor', '']) assert.throws(() => actor(bad));
  });
});

describe('contributors of a snapshot', () => {
  const snapshot: TrainingSnapshot = { datanetId: 1n, snapshotId: `0x${'11'.repeat(32)}`, contributionIds: [1n, 2n, 3n], contributors: contributors.slice(0, 3) };
  const check = (list: readonly Address[]): void => requireContributors(list, snapshot, '--payouts');

  it('are accepted in the order of the snapshot', () => check(contributors.slice(0, 3)));

  it('are refused out of order, with what to do', () => {
    assert.throws(() => check([contributors[1], contributors[0], contributors[2]]), (error: Error) => code('CONTRIBUTOR_ORDER')(error) && /sort the contributors of the training plan by address/.test(error.message));
    assert.throws(() => check([contributors[0], contributors[0], contributors[2]]), code('CONTRIBUTOR_ORDER'));
  });

  it('are refused when they are others, fewer or more', () => {
    for (const list of [contributors.slice(1, 4), contributors.slice(0, 2), contributors.slice(0, 4)]) assert.throws(() => check(list), code('CONTRIBUTORS'));
  });
});
