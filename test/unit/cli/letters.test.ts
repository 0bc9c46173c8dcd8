/** `zkattr coordinator dead` and `revive` against the API of a coordinator. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Hex } from 'viem';
import { describeDead, whyDead } from '../../../src/cli/coordinator/letters.js';
import { jobViewSchema, type JobView } from '../../../src/protocol/network/index.js';
import { runProcess, type ScriptResult } from '../../support/native.js';
import { ApiWorld } from '../coordinator/api/support.js';

describe('dead jobs on the command line', () => {
  let world: ApiWorld, first: Hex, second: Hex;
  before(async () => {
    world = await ApiWorld.open();
    world.now = Date.now();
    [first, second] = [await world.job('first', { phase: 'dead', createdAt: world.now - 1, deadline: Math.floor(world.now / 1000) + 600 }), await world.job('second', { phase: 'dead', deadline: 1 })];
    await world.events.append(first, 'dead', 'WITNESS: no\u001b[31m\nwitness');
    await world.job('alive');
  });
  after(() => world.close());
  const coordinator = (...args: string[]): Promise<ScriptResult> => runProcess([new URL('../../../src/cli/main.js', import.meta.url).pathname, 'coordinator', ...args, '--coordinator', world.url], {});

  it('are listed with why they are, oldest first, in words or as JSON', async () => {
    const { code, stdout } = await coordinator('dead');
    assert.equal(code, 0, stdout);
    assert.match(stdout, new RegExp(`^${first}  4x4, 1 inference, 0 attempts, payments can go back in (9|10) min\n  WITNESS: no \\[31m witness\n${second}  .*, payments can go back\n  unknown\n$`));
    const json = JSON.parse((await coordinator('dead', '--json')).stdout) as JobView[];
    assert.deepEqual(json.map((job) => jobViewSchema.parse(job).jobId), [first, second]);
    const attempt = { token: 1, prover: world.node.address, leasedAt: 1, outcome: 'failed' as const, code: 'MEMORY', message: 'too little' };
    assert.equal(whyDead({ timeline: [], attempts: [attempt] }), 'MEMORY: too little');
    assert.equal(describeDead([]), 'no job is dead');
  });

  it('go on by an order of the account; what cannot is refused with its code', async () => {
    const { code, stdout, stderr } = await coordinator('revive', first);
    assert.deepEqual([code, stdout], [0, `${first} goes on: waiting\n`], stderr);
    assert.deepEqual(world.revived, [first]);
    for (const [args, pattern] of [
      [[first], /JOB_NOT_DEAD/], [[second, '--as', 'payer'], /NOT_AN_OPERATOR/], [[second, '--chain-id', '1337'], /COORDINATOR_CHAIN.*expected 1337, got 31337/],
    ] as const) {
      const refused = await coordinator('revive', ...args);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, pattern);
    }
    assert.deepEqual(world.revived, [first]);
  });
});
