import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseEther, type Hex } from 'viem';
import { blockId, priceAt, proofRequestId, startAnvil, type Anvil, type Delivery, type ProofRequest } from '../../src/chain/index.js';
import { reverts } from './refuses.js';
import { actor, advance, advanceTo, contributorsPart, paidBlocks, serve, settleInput, world, type CommittedBlock, type Served, type World } from './scenario.js';

const OPERATOR = 7, RIVAL = 8;

describe('proof market on a local chain', () => {
  let anvil: Anvil;
  let w: World;
  let served: Served;
  let nonce = 0n;
  const fee = parseEther('1');

  before(async () => {
    anvil = await startAnvil();
    w = await world(anvil.rpcUrl, anvil.chainId);
    served = await serve(w, actor(OPERATOR).address);
    await w.prover.stakes.deposit('prover', parseEther('2'));
    await (await w.as(OPERATOR)).market.deposit(parseEther('5'));
  });
  after(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await anvil?.stop();
  });

  const now = async (): Promise<bigint> => (await w.owner.client.publicClient.getBlock()).timestamp;
  const idOf = (b: CommittedBlock): Hex => blockId(w.inferences, served.recordId, b.record);
  const request = async (blocks: readonly CommittedBlock[], change: Partial<ProofRequest> = {}): Promise<ProofRequest> => {
    const start = await now();
    return {
      requester: actor(OPERATOR).address, recordId: served.recordId, blockIds: blocks.map(idOf), minPrice: parseEther('0.1'), maxPrice: parseEther('0.5'), collateral: parseEther('1'),
      biddingStart: start + 10n, rampSeconds: 100, lockSeconds: 300, deadline: start + 1800n, nonce: nonce++, ...change,
    };
  };
  const delivery = async (r: ProofRequest, blocks: CommittedBlock[], prover = w.prover.client.account!.address): Promise<Delivery> => {
    const part = contributorsPart(fee);
    const { job, settlement, opening, proof } = settleInput(w, served, blocks, { fees: blocks.map(() => part), payouts: [part / 2n], zeroQueries: 0n }, prover);
    return { request: r, job, settlement: { ...settlement, selector: await w.prover.gateway.liveSelector('payout', w.cls.id) }, opening, proof, gasLimit: 3_000_000n };
  };

  it('locks a signed request at its price, and pays price and share for the proof', async () => {
    const blocks = await paidBlocks(w, served, 0, [[fee]]);
    const r = await request(blocks), id = proofRequestId(w.deployment, r);
    assert.equal(await w.prover.market.requestId(r), id);
    const operator = await w.as(OPERATOR), signature = await operator.market.sign(r);
    await assert.rejects(w.prover.market.lockSigned({ ...r, maxPrice: r.maxPrice - 1n }, signature), reverts('BadSignature'));
    await advanceTo(w.prover, r.biddingStart + 49n);
    const { result, receipt } = await w.prover.market.lockSigned(r, signature);
    assert.equal(result, id);
    const { timestamp } = await w.prover.client.publicClient.getBlock({ blockNumber: receipt.blockNumber });
    const state = await w.prover.market.request(id);
    assert.equal(state.status, 'locked');
    assert.equal(state.price, priceAt(r, timestamp));
    assert.ok(state.price > r.minPrice && state.price < r.maxPrice);
    const stake = await w.prover.stakes.state('prover', actor(3).address);
    assert.deepEqual([stake.active, stake.obligated, stake.free], [parseEther('2'), parseEther('1'), parseEther('1')]);

    const d = await delivery(r, blocks);
    await assert.rejects(w.prover.settle({ ...d, settlement: d.settlement }), reverts('BlockReserved'));
    const stolen = await delivery(r, blocks, actor(RIVAL).address);
    await assert.rejects((await w.as(RIVAL)).market.deliver(stolen), reverts('LockedBy'));
    const { result: jobId, gasUsed } = await w.prover.market.deliver(d);
    console.log(`deliver gas ${gasUsed}`);
    assert.equal((await w.prover.market.request(id)).status, 'paid');
    assert.equal((await w.prover.stakes.state('prover', actor(3).address)).obligated, 0n);
    assert.equal(await w.prover.rewards.balanceOf(actor(3).address, 0n), state.price);
    assert.equal(await operator.market.depositOf(actor(OPERATOR).address), parseEther('5') - state.price);

    const { credits } = await w.prover.rewards.explain(actor(3).address);
    assert.deepEqual(credits.map((c) => c.kind).sort(), ['proofPrice', 'prover']);
    const price = credits.find((c) => c.kind === 'proofPrice')!;
    assert.ok(price.origin.type === 'request');
    assert.deepEqual([price.origin.requestId, price.origin.jobId, price.origin.outcome, price.origin.late], [id, jobId, 'paid', false]);
    const share = credits.find((c) => c.kind === 'prover')!;
    assert.ok(share.origin.type === 'job' && share.origin.job.jobId === jobId);
    assert.equal(share.origin.job.zeroQueries, 0n);
  });

  it('takes the collateral of a prover that delivers nothing, and returns the price to the requester', async () => {
    const blocks = await paidBlocks(w, served, 10, [[fee]]);
    const r = await request(blocks), id = proofRequestId(w.deployment, r), operator = await w.as(OPERATOR);
    const before = await operator.market.depositOf(actor(OPERATOR).address);
    await operator.market.submit(r);
    await w.prover.market.lock(r);
    await assert.rejects(operator.market.cancel(r), reverts('WrongRequestStatus'));
    await assert.rejects((await w.as(RIVAL)).market.expire(r), reverts('NotExpired'));
    await advanceTo(w.prover, r.deadline + 1n);
    await (await w.as(RIVAL)).market.expire(r);
    assert.equal((await w.prover.market.request(id)).status, 'refunded');
    assert.equal(await operator.market.depositOf(actor(OPERATOR).address), before);
    assert.equal((await w.prover.stakes.state('prover', actor(3).address)).active, parseEther('1'));
    const { credits: [reward] } = await w.prover.rewards.explain(actor(RIVAL).address);
    assert.equal(reward.kind, 'slashed');
    assert.equal(reward.amount, parseEther('1') * 500n / 10_000n);
    assert.ok(reward.origin.type === 'request' && reward.origin.outcome === 'refunded');
    // The blocks are free again, and their fees are not lost.
    const d = await delivery(r, blocks);
    await w.prover.settle({ ...d, settlement: d.settlement });
  });

  it('delivers a batch: a failing member is named, the others are paid', async () => {
    const blocks = await paidBlocks(w, served, 20, [[fee], [fee]]);
    const operator = await w.as(OPERATOR);
    const requests = [await request([blocks[0]]), await request([blocks[1]])];
    for (const r of requests) await operator.market.submit(r);
    const [good, bad] = [await delivery(requests[0], [blocks[0]]), await delivery(requests[1], [blocks[1]])];
    const { result, receipt } = await w.prover.market.deliverMany([{ ...bad, proof: { ...bad.proof, c: bad.proof.a } }, good]);
    assert.deepEqual(result, [false, true]);
    const failed = (await w.prover.events('market', 'DeliveryFailed')).filter((e) => e.transactionHash === receipt.transactionHash);
    assert.deepEqual(failed.map((e) => e.args.index), [0n]);
    await w.prover.market.deliver(bad);
    const { credits } = await w.prover.rewards.explain(served.contributed.contributors[0], { transactionHash: receipt.transactionHash });
    assert.equal(credits.length, 1);
    assert.ok(credits[0].origin.type === 'job');
    assert.equal(credits[0].origin.job.zeroQueries, 0n);
    assert.deepEqual(credits[0].origin.job.queries.map((q) => q.blockId), [idOf(blocks[0])]);
  });

  it('refuses requests of strangers and beyond the bounds, and cancelled orders', async () => {
    const blocks = await paidBlocks(w, served, 30, [[fee]]);
    const operator = await w.as(OPERATOR), r = await request(blocks);
    const stranger = await w.as(RIVAL);
    await stranger.market.deposit(parseEther('1'));
    await assert.rejects(stranger.market.submit({ ...r, requester: actor(RIVAL).address }), reverts('NotOperator'));
    await assert.rejects(operator.market.submit({ ...r, lockSeconds: 1 }), (error: Error) => reverts('InvalidRequest')(error) && /InvalidRequest\(lockSeconds\)/.test(error.message));
    await operator.market.cancelNonce(r.nonce);
    await assert.rejects(w.prover.market.lockSigned(r, await operator.market.sign(r)), reverts('OrderCancelled'));
    await operator.market.submit(r);
    await operator.market.cancel(r);
    await assert.rejects(w.prover.market.lock(r), reverts('WrongRequestStatus'));
    await advance(w.prover, 1);
    await operator.market.withdrawDeposit(parseEther('1'), 'wrapped');
    assert.equal(await operator.token.balanceOf(actor(OPERATOR).address), parseEther('1'));
  });
});
