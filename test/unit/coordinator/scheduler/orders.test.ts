/** Which prover gets a job that carries a signed order. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Order } from '../../../../src/protocol/network/index.js';
import { Station, stubJob, TestProver, word } from './station.js';

const order: Order = {
  request: { requester: `0x${'11'.repeat(20)}`, recordId: word(8), blockIds: [word(10)], minPrice: '1', maxPrice: '2', collateral: '3', biddingStart: '0', rampSeconds: 0, lockSeconds: 60, deadline: '4000000000', nonce: '1' }, signature: '0x11',
};

describe('a job with an order', () => {
  let station: Station, locks: TestProver, plain: TestProver;
  beforeEach(async () => {
    station = await Station.open();
    [locks, plain] = [new TestProver(station), new TestProver(station)];
    await locks.hello({ locksOrders: true });
    await plain.hello();
    await station.enqueue(stubJob(1, { requestId: word(5), order }), { priority: 1 });
  });
  afterEach(() => station.close());

  it('goes to a prover that can lock it while one is idle, with the order', async () => {
    const { offers, why } = await plain.lease();
    assert.deepEqual([offers.length, why.includes(`carries an order: ${locks.address}`)], [0, true], why);
    const [offer] = (await locks.lease()).offers;
    assert.deepEqual(offer.job.order, order);
  });

  it('goes to anybody when who can lock it is busy, gone, or handed it back', async () => {
    const [first] = (await locks.lease()).offers;
    await station.enqueue(stubJob(2, { requestId: word(6), order }), { priority: 1 });
    assert.equal((await plain.lease()).offers[0].job.jobId, word(2), 'busy');
    await locks.release(first.job.jobId, first.token, 'unwanted');
    const other = new TestProver(station);
    await other.hello();
    assert.equal((await other.lease()).offers[0].job.jobId, word(1), 'handed back');
    await station.enqueue(stubJob(3, { requestId: word(7), order }), { priority: 1 });
    const last = new TestProver(station);
    await last.hello();
    station.now += 30_000;
    assert.equal((await last.lease()).offers[0].job.jobId, word(3), 'gone');
  });

  it('without an order goes to anybody', async () => {
    await locks.lease();
    await station.enqueue(stubJob(4), { priority: 1 });
    await locks.hello({ locksOrders: true });
    assert.equal((await plain.lease()).offers[0].job.jobId, word(4));
  });
});
