/** Orders of who runs the coordinator: whose, about what, and how often. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Hex, LocalAccount } from 'viem';
import { apiErrorSchema, jobViewSchema } from '../../../../src/protocol/network/index.js';
import { ApiWorld, word } from './support.js';

describe('an order to revive', () => {
  let world: ApiWorld;
  before(async () => { world = await ApiWorld.open(); });
  after(() => world.close());
  const send = async (jobId: Hex, envelope: string): Promise<string> => {
    const response = await fetch(`${world.url}/v1/jobs/${jobId}/revive`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: envelope }), body = await response.json() as unknown;
    return response.status === 200 ? jobViewSchema.parse(body).phase : `${response.status} ${apiErrorSchema.parse(body).error.code}`;
  };
  const order = (jobId: Hex, signer: LocalAccount = world.operator, change: object = {}): Promise<string> => world.envelope(signer, 'revive', { jobId }, change);

  it('is taken from the coordinator\'s own account and from operators, of nobody else', async () => {
    const [one, two] = [await world.job('one', { phase: 'dead' }), await world.job('two', { phase: 'dead' })];
    for (const signer of [world.stranger, world.node]) assert.equal(await send(one, await order(one, signer)), '403 NOT_AN_OPERATOR');
    assert.deepEqual(world.revived, []);
    assert.equal(await send(one, await order(one, world.coordinator)), 'waiting');
    assert.equal(await send(two, await order(two, world.operator)), 'waiting');
    assert.deepEqual(world.revived, [one, two]);
  });

  it('is refused when it is of another job, kind, chain, coordinator, session or time, or altered', async () => {
    const jobId = await world.job('three', { phase: 'dead' }), good = await order(jobId), { body, ...rest } = JSON.parse(good) as { body: string };
    for (const [what, envelope, expected] of [
      ['job', await order(word('one')), '400 ENVELOPE_BODY'], ['kind', await world.envelope(world.operator, 'cancel', { jobId }), '400 ENVELOPE_BODY'], ['field', await world.envelope(world.operator, 'revive', { jobId, more: 1 }), '400 ENVELOPE_BODY'],
      ['chain', await order(jobId, world.operator, { chainId: 1 }), '403 ENVELOPE_CHAIN'], ['coordinator', await order(jobId, world.operator, { to: world.node.address }), '403 ENVELOPE_RECEIVER'],
      ['session', await order(jobId, world.operator, { session: word('s') }), '400 ENVELOPE_BODY'], ['old', await order(jobId, world.operator, { sentAt: world.now - 60_001 }), '403 ENVELOPE_CLOCK'], ['early', await order(jobId, world.operator, { sentAt: world.now + 60_001 }), '403 ENVELOPE_CLOCK'],
      ['altered', JSON.stringify({ ...rest, body: `${body} ` }), '403 NOT_AN_OPERATOR'], ['unsigned', JSON.stringify({ ...rest, body, signature: `0x${'00'.repeat(65)}` }), '403 ENVELOPE_SIGNATURE'],
    ] as const) assert.equal(await send(jobId, envelope), expected, what);
    assert.equal(await send(word('nobody'), await order(word('nobody'))), '404 JOB_UNKNOWN');
    for (const phase of ['waiting', 'proved', 'settling', 'settled', 'cancelled', 'requested', 'forming'] as const) {
      const alive = await world.job(`alive ${phase}`, { phase });
      assert.equal(await send(alive, await order(alive)), '409 JOB_NOT_DEAD', phase);
    }
    assert.equal((await world.documents.jobs.get(jobId))!.phase, 'dead');
  });

  it('is taken once: a copy does nothing, also when the job dies again', async () => {
    const jobId = await world.job('four', { phase: 'dead' }), first = await order(jobId), early = await order(jobId, world.coordinator, { sentAt: world.now - 5 });
    assert.deepEqual((await Promise.all([send(jobId, first), send(jobId, first), send(jobId, first)])).toSorted(), ['409 JOB_NOT_DEAD', '409 JOB_NOT_DEAD', 'waiting']);
    await world.documents.moveJob(jobId, ['waiting'], { phase: 'dead' });
    for (const copy of [first, early]) assert.equal(await send(jobId, copy), '409 ENVELOPE_REPLAYED');
    world.now += 1;
    assert.equal(await send(jobId, await order(jobId)), 'waiting');
  });
});
