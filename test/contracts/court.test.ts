import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseEther, type Hex } from 'viem';
import { blockId, startAnvil, type Anvil, type Economy } from '../../src/chain/index.js';
import { reverts } from './refuses.js';
import { actor, advance, advanceTo, contributorsPart, hashOf, paidBlocks, serve, settleInput, world, type CommittedBlock, type Served, type World } from './scenario.js';

const AUDITORS = [10, 11, 12, 13], CHALLENGER = 14;

describe('courts on a local chain', () => {
  let anvil: Anvil;
  let w: World;
  let served: Served;
  let challenger: Economy;
  const auditors = new Map<string, Economy>();
  const bundle = hashOf('bundle'), bond = parseEther('1'), fee = parseEther('1');

  before(async () => {
    anvil = await startAnvil({ args: ['--accounts', '20'] });
    w = await world(anvil.rpcUrl, anvil.chainId);
    served = await serve(w);
    await w.node.stakes.deposit('node', parseEther('40'));
    challenger = await w.as(CHALLENGER);
    for (const index of AUDITORS) {
      const auditor = await w.as(index);
      await auditor.stakes.deposit('auditor', parseEther('20'));
      await auditor.court.join();
      auditors.set(actor(index).address, auditor);
    }
    await advance(challenger, 2); // who joins in the second of a challenge is not drawn
  });
  after(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await anvil?.stop();
  });

  const idOf = (b: CommittedBlock): Hex => blockId(w.inferences, served.recordId, b.record);

  /** Draws, votes and waits for the end of the reveal. @returns the committee */
  async function vote(caseId: bigint, upheld: boolean): Promise<readonly Hex[]> {
    await challenger.client.publicClient.request({ method: 'anvil_mine' as never, params: ['0x3'] as never });
    await challenger.court.draw(caseId);
    const { committee, commitUntil } = await challenger.court.case(caseId);
    assert.equal(committee.length, 3);
    const salt = hashOf(`salt ${caseId}`);
    for (const account of committee) await auditors.get(account)!.court.commitVote(caseId, upheld, salt);
    await assert.rejects(auditors.get(committee[0])!.court.revealVote(caseId, upheld, salt), reverts('TooEarly'));
    await advanceTo(challenger, commitUntil + 1n);
    await assert.rejects(auditors.get(committee[0])!.court.revealVote(caseId, !upheld, salt), reverts('WrongReveal'));
    for (const account of committee) await auditors.get(account)!.court.revealVote(caseId, upheld, salt);
    return committee;
  }

  it('rejects a block that the committee finds false: node slashed, payer refunded, everybody told why', async () => {
    const [block] = await paidBlocks(w, served, 0, [[fee]]);
    const { result: caseId } = await challenger.court.challengeBlock(idOf(block), bundle, bond);
    assert.equal((await w.node.inferences.block(idOf(block))).status, 'challenged');
    const part = contributorsPart(fee);
    await assert.rejects(w.prover.settle(settleInput(w, served, [block], { fees: [part], payouts: [part], zeroQueries: 0n })), reverts('WrongBlockStatus'));
    const committee = await vote(caseId, true);
    await challenger.court.close(caseId);
    assert.equal((await challenger.court.case(caseId)).status, 'upheld');
    assert.equal((await w.node.stakes.state('node', w.node.client.account!.address)).active, parseEther('50'));
    await w.payer.inferences.refundRejected(served.recordId, block.record);

    const accuser = await challenger.rewards.explain(actor(CHALLENGER).address);
    assert.deepEqual(accuser.credits.map((c) => [c.kind, c.amount]).sort(), [['bond', bond], ['slashed', parseEther('5')]]);
    assert.ok(accuser.credits.every((c) => c.origin.type === 'case' && c.origin.caseId === caseId && c.origin.status === 'upheld'));
    const juror = await challenger.rewards.explain(committee[0]);
    assert.equal(juror.credits[0].kind, 'courtReward');
    const payer = await challenger.rewards.explain(w.payer.client.account!.address);
    assert.deepEqual(payer.credits.map((c) => [c.kind, c.amount, c.origin.type]), [['refund', fee, 'inference']]);
  });

  it("holds a challenged job's credits, and releases them when the challenge fails", async () => {
    const blocks = await paidBlocks(w, served, 10, [[fee], [fee]]);
    const part = contributorsPart(fee);
    const { result: jobId } = await w.prover.settle(settleInput(w, served, blocks, { fees: [part, part], payouts: [part, part], zeroQueries: 0n }));
    const evidence = await challenger.court.evidence(jobId);
    assert.deepEqual(evidence.blocks, blocks.map((b) => b.record));
    const { result: caseId } = await challenger.court.challengeJob(evidence, 1, bundle, bond);
    const [first] = served.contributed.contributors;
    let explained = await challenger.rewards.explain(first);
    assert.equal(explained.credited, 0n);
    assert.match(explained.credits[0].sentence, /held while a case is open/);
    await vote(caseId, false);
    await assert.rejects(challenger.court.close(caseId), reverts('SubjectMismatch'));
    await challenger.court.closeJob(caseId, evidence);
    assert.equal((await challenger.rewards.job(jobId)).state, 'released');
    explained = await challenger.rewards.explain(first);
    assert.equal(explained.credited, part);
    assert.deepEqual(explained.credits.map((c) => [c.withdrawn, c.period === 0n]), [[true, false], [false, true]]);
    assert.deepEqual((await challenger.rewards.claimable(first)).map((p) => [p.period, p.amount, p.open]), [[0n, part, true]]);
  });

  it('reverses a job that the committee finds false: all fees go back', async () => {
    const blocks = await paidBlocks(w, served, 20, [[fee, fee]]);
    const part = contributorsPart(fee);
    const before = await challenger.rewards.balanceOf(w.payer.client.account!.address, 0n);
    const { result: jobId } = await w.prover.settle(settleInput(w, served, blocks, { fees: [part, part], payouts: [part], zeroQueries: 0n }));
    const evidence = await challenger.court.evidence(jobId);
    const { result: caseId } = await challenger.court.challengeJob(evidence, 0, bundle, bond);
    await vote(caseId, true);
    await challenger.court.closeJob(caseId, evidence);
    assert.equal(await challenger.rewards.balanceOf(w.payer.client.account!.address, 0n) - before, 2n * fee);
    const { credits } = await challenger.rewards.explain(w.payer.client.account!.address);
    const back = credits.filter((c) => c.origin.type === 'job' && c.origin.job.jobId === jobId);
    assert.deepEqual(back.map((c) => [c.kind, c.amount]), [['refund', fee], ['refund', fee]]);
    assert.match(back[0].sentence, /the job was reversed/);
  });

  it('convicts a node by two receipts for one request, without a committee', async () => {
    const receipt = { node: w.node.client.account!.address, adapterId: served.adapterId, requestHash: hashOf('request'), nonce: 1n, outputHash: hashOf('one') };
    const other = { ...receipt, outputHash: hashOf('two') };
    const [a, b] = [{ receipt, signature: await w.node.inferences.signReceipt(receipt) }, { receipt: other, signature: await w.node.inferences.signReceipt(other) }];
    await assert.rejects(challenger.facts.proveEquivocation(a, a), reverts('NotEquivocation'));
    await assert.rejects(challenger.facts.proveEquivocation(a, { ...b, signature: a.signature }), reverts('BadSignature'));
    await challenger.facts.proveEquivocation(a, b);
    await assert.rejects(challenger.facts.proveEquivocation(b, a), reverts('AlreadyDecided'));
    const { credits } = await challenger.rewards.explain(actor(CHALLENGER).address);
    const last = credits.at(-1)!;
    assert.equal(last.kind, 'slashed');
    assert.ok(last.origin.type === 'fact' && last.origin.node === receipt.node);
  });

  it('convicts a node by a receipt that its block contradicts, and by a false opening', async () => {
    const [block, second] = await paidBlocks(w, served, 30, [[fee], [fee]]);
    const [inference] = block.inferences, node = w.node.client.account!.address;
    const receipt = { node, adapterId: served.adapterId, requestHash: inference.requestHash, nonce: inference.nonce, outputHash: hashOf('another output') };
    const { args: { recordId, data, inferences, receiptHash } } = (await challenger.events('inferences', 'BlockCommitted', { args: { blockId: idOf(block) } }))[0];
    await challenger.facts.proveReceiptMismatch({ receipt, signature: await w.node.inferences.signReceipt(receipt) }, { recordId, data, inferences, receiptHash }, 0);
    assert.equal((await w.node.inferences.block(idOf(block))).status, 'rejected');

    const claim = { blockId: idOf(second), table: 0, z: 5n, value: 7n, rho: 0n, w: second.dlt.point };
    const selector = await challenger.gateway.liveSelector('payout', w.cls.id);
    await challenger.facts.proveWrongOpening(claim, await w.node.inferences.signOpening(claim), { recordId: served.recordId, data: second.record }, selector);
    assert.equal((await w.node.inferences.block(idOf(second))).status, 'rejected');
  });
});
