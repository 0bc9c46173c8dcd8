import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseEther, type Hex } from 'viem';
import { adapterId, blockId, connectChain, Economy, jobId, paymentKey, recordId, startAnvil, type Anvil } from '../../src/chain/index.js';
import { reverts, withCode } from './refuses.js';
import {
  actor, adapter, advance, advanceTo, block, commitInput, contributorsPart, datanet, featuresInput, inference, MODEL, RECEIPT, settleInput, world, type CommittedBlock, type JobInput, type Served, type World,
} from './scenario.js';

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const milli = (n: bigint): bigint => n * 10n ** 15n;

describe('economy on a local chain, with proofs simulated from the trapdoor', () => {
  let anvil: Anvil;
  let w: World;
  let served: Served;
  let blocks: CommittedBlock[];
  let input: JobInput;
  const heightLog = 7;
  const fees = [1000n, 2000n, 3000n].map(milli);
  const parts = fees.map(contributorsPart);
  const payouts = [420n, 180n, 1199n].map(milli);

  before(async () => {
    anvil = await startAnvil();
    w = await world(anvil.rpcUrl, anvil.chainId);
  });
  after(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await anvil?.stop();
  });

  const held = (): Promise<bigint> => w.owner.token.balanceOf(w.deployment.inferences);

  it('registers an adapter of a known model and snapshot, under the id that TypeScript computes', async () => {
    const contributed = await datanet(w);
    const tables = adapter(w, contributed.snapshotId);
    await assert.rejects(w.owner.registerAdapter(tables.data), reverts('UnknownModel'));
    await w.owner.models.registerModel(MODEL, 'ipfs://model');
    await assert.rejects(w.owner.registerAdapter({ ...tables.data, snapshotId: RECEIPT }), reverts('UnknownSnapshot'));
    await assert.rejects(w.payer.registerAdapter(tables.data), reverts('NotAdapterOwner'));
    const { result, gasUsed } = await w.owner.registerAdapter(tables.data);
    assert.equal(result, adapterId(w.models, tables.data));
    console.log(`registerAdapter gas ${gasUsed}`);
    served = { contributed, tables, adapterId: result } as Served;
  });

  it('registers features that R1 proves, with stake, and refuses any other proof', async () => {
    const { tables, contributed } = served;
    const { input: features, record, g } = featuresInput(w, tables, contributed);
    await assert.rejects(w.owner.registerFeatures(features), reverts('StakeTooLow'));
    await w.owner.stakes.deposit('adapter', parseEther('5'));
    const shifted = [features.training.rows[0] + 1, features.training.rows[1] - 1, features.training.rows[2]];
    await assert.rejects(w.owner.registerFeatures({ ...features, training: { ...features.training, rows: shifted } }), reverts('LayoutMismatch'));
    await assert.rejects(w.owner.registerFeatures({ ...features, m: features.g }), reverts('InverseHintWrong'));
    const { result, gasUsed } = await w.owner.registerFeatures(features);
    console.log(`registerFeatures gas ${gasUsed}`);
    assert.equal(result, recordId(w.models, record));
    assert.equal(await w.owner.currentRecord(served.adapterId), result);
    assert.deepEqual(await w.owner.models.record(result), { adapterId: served.adapterId, status: 'proved', challengedAt: 0n });
    served = { ...served, record, recordId: result, g };
  });

  it('takes fees and commits blocks of paid inferences of active nodes only', async () => {
    const node = w.node.client.account!.address;
    const inferences = [inference(0, 50), inference(1, 60), inference(2, 100)];
    const payments = inferences.map((i, q) => ({ node, adapterId: served.adapterId, requestHash: i.requestHash, nonce: i.nonce, fee: fees[q] }));
    const { result: keys } = await w.payer.pay(payments);
    assert.deepEqual(keys, inferences.map((i) => paymentKey(node, served.adapterId, i.requestHash, i.nonce)));
    assert.equal(await held(), sum(fees));
    blocks = [block(w, served.tables, heightLog, inferences.slice(0, 2), 'block 0'), block(w, served.tables, heightLog, inferences.slice(2), 'block 1')];
    await assert.rejects(w.node.commitBlock(commitInput(served, blocks[0])), reverts('NotActiveNode'));
    await w.node.stakes.deposit('node', parseEther('20'));
    await w.node.inferences.registerNode(actor(0).address, 'https://node.example');
    for (const b of blocks) {
      await assert.rejects(w.node.commitBlock({ ...commitInput(served, b), inferences: [inference(7, 1)] }), reverts('NotFunded'));
      const { result, gasUsed } = await w.node.commitBlock(commitInput(served, b));
      console.log(`commitBlock gas ${gasUsed}`);
      assert.equal(result, blockId(w.inferences, served.recordId, b.record));
      await assert.rejects(w.node.commitBlock(commitInput(served, b)), reverts('CommitmentUsed'));
      assert.equal((await w.node.inferences.block(result)).status, 'committed');
    }
    assert.equal((await w.payer.inferences.payment(keys[0])).status, 'committed');
    const events = await w.prover.events('inferences', 'BlockCommitted');
    assert.deepEqual(events.map((e) => e.args.data), blocks.map((b) => b.record));
    const [features] = await w.prover.events('models', 'FeaturesRegistered');
    assert.deepEqual(features.args.record, served.record);
  });

  it('refuses a false settlement and changes nothing', async () => {
    input = settleInput(w, served, blocks, { fees: parts, payouts, zeroQueries: 0b1000n });
    const stolen = { ...input, job: { ...input.job, prover: actor(8).address } };
    await assert.rejects(w.prover.settle(stolen), reverts('InverseHintWrong'));
    const greedy = { ...input, settlement: { ...input.settlement, payouts: [payouts[0] + 1n, ...payouts.slice(1)] } };
    await assert.rejects(w.prover.settle(greedy), reverts('InverseHintWrong'));
    const forged = { ...input, proof: { ...input.proof, c: input.proof.a } };
    await assert.rejects(w.prover.settle(forged), reverts('PairingRejected'));
    const overdrawn = { ...input, settlement: { ...input.settlement, payouts: [10n ** 20n] } };
    await assert.rejects(w.prover.settle(overdrawn), reverts('PayoutsExceedFees'));
    const beyond = { ...input, settlement: { ...input.settlement, payouts: [0n, 0n, 0n, 1n] } };
    await assert.rejects(w.prover.settle(beyond), reverts('PayoutBeyondRecord'));
    const twice = { ...input, job: { ...input.job, blocks: [input.job.blocks[0], input.job.blocks[0]] } };
    await assert.rejects(w.prover.settle(twice), reverts('WrongBlockStatus'));
    const otherClass = { ...input, settlement: { ...input.settlement, selector: await w.owner.gateway.liveSelector('features', w.cls.id) } };
    await assert.rejects(w.prover.settle(otherClass), reverts('WrongClass'));
    assert.equal(await w.prover.rewards.owed(), 0n);
  });

  it('settles: every part of every fee is credited, that of zero queries to their payers', async () => {
    await assert.rejects(w.prover.settle({ ...input, settlement: { ...input.settlement, zeroQueries: 0b1010n } }), reverts('InverseHintWrong'));
    const zeroPayouts = [300n, 100n, 1199n].map(milli);
    input = settleInput(w, served, blocks, { fees: parts, payouts: zeroPayouts, zeroQueries: 0b1010n });
    const { result, gasUsed, receipt } = await w.prover.settle(input);
    console.log(`settle gas ${gasUsed} (first credits), calldata ${(await w.prover.client.publicClient.getTransaction({ hash: receipt.transactionHash })).input.length / 2 - 1} bytes`);
    assert.equal(result, input.jobId);
    assert.equal(result, jobId(served.recordId, blocks.map((b) => blockId(w.inferences, served.recordId, b.record))));
    const { period, state } = await w.prover.rewards.job(result);
    assert.equal(state, 'settled');
    const of = (account: Hex): Promise<bigint> => w.prover.rewards.balanceOf(account, period);
    assert.deepEqual(await Promise.all(served.contributed.contributors.map(of)), zeroPayouts);
    assert.equal(await of(w.payer.client.account!.address), parts[1]);
    assert.equal(await of(w.node.client.account!.address), sum(fees) * 2000n / 10_000n);
    assert.equal(await of(w.prover.client.account!.address), sum(fees) * 1000n / 10_000n);
    assert.equal(await of(w.deployment.court), sum(fees) * 500n / 10_000n);
    assert.equal(await of(w.treasury), sum(fees) * 500n / 10_000n + parts[0] + parts[2] - sum(zeroPayouts));
    assert.equal(await w.prover.rewards.owed(), sum(fees));
    assert.equal(await w.prover.token.balanceOf(w.deployment.vault), sum(fees));
    assert.equal(await held(), 0n);
    await assert.rejects(w.prover.settle(input), reverts('WrongBlockStatus'));
  });

  it('pays claims when the period has opened, to the payout address, native or wrapped', async () => {
    const [first, second] = served.contributed.contributors, views = await Promise.all([4, 5, 6].map(w.as));
    const viewOf = (account: string): Economy => views.find((v) => v.client.account!.address === account)!;
    const [waiting] = await w.prover.rewards.claimable(first);
    assert.equal(waiting.open, false);
    await assert.rejects(viewOf(first).claim({ periods: [waiting.period] }), reverts('PeriodClosed'));
    await assert.rejects(viewOf(first).claim(), reverts('NothingToClaim'));
    await advanceTo(w.prover, waiting.opensAt);
    assert.equal((await w.prover.rewards.claimable(first))[0].open, true);
    assert.equal((await viewOf(first).claim()).result, waiting.amount);
    await assert.rejects(viewOf(first).claim(), reverts('NothingToClaim'));

    const cold = actor(30).address;
    await viewOf(second).rewards.setPayoutAddress(cold);
    const [amount] = await w.prover.rewards.claimable(second);
    await assert.rejects(w.payer.claim({ account: second }), reverts('NotPayee'));
    await viewOf(second).claim({ form: 'wrapped' });
    assert.equal(await w.prover.token.balanceOf(cold), amount.amount);
  });

  it('explains every credit back to queries, record and contributions', async () => {
    const [first] = served.contributed.contributors;
    const mine = await w.prover.rewards.explain(first);
    assert.equal(mine.credited, milli(300n));
    assert.equal(mine.claimed, milli(300n));
    const [{ kind, origin, sentence }] = mine.credits;
    assert.equal(kind, 'contributor');
    assert.ok(origin.type === 'job');
    assert.deepEqual(origin.contributor, { index: 0, rows: served.contributed.rows[0] });
    assert.equal(origin.job.jobId, input.jobId);
    assert.equal(origin.job.record.datanetId, served.contributed.datanetId);
    assert.equal(origin.job.record.snapshotId, served.contributed.snapshotId);
    assert.deepEqual(origin.job.queries.map((q) => q.fee), fees);
    assert.deepEqual(origin.job.queries.map((q) => q.contributorPart), parts);
    assert.match(sentence, /0\.3 OPEN as contributor.*contributor 0 with \d+ training rows/);

    const payer = await w.prover.rewards.explain(w.payer.client.account!.address);
    const [refund] = payer.credits;
    assert.equal(refund.kind, 'zeroQuery');
    assert.ok(refund.origin.type === 'job');
    assert.deepEqual(refund.origin.queries?.map((q) => q.query), [1]);
    const node = await w.prover.rewards.explain(w.node.client.account!.address);
    assert.equal(node.credits.length, 1);
    assert.match(node.credits[0].sentence, /served query 0, query 1, query 2/);
  });

  it('settles blocks that their node signed and another account committed, near the gas target', async () => {
    const node = w.node.client.account!.address;
    const inferences = [10, 11, 12, 13].map((i) => inference(i, 40));
    const list = inferences.map((i) => ({ node, adapterId: served.adapterId, requestHash: i.requestHash, nonce: i.nonce, fee: parseEther('1') }));
    await w.payer.token.wrap(parseEther('4'));
    const { timestamp } = await w.payer.client.publicClient.getBlock();
    await w.payer.inferences.payWithPermit(list, await w.payer.token.signPermit(w.deployment.inferences, parseEther('4'), timestamp + 600n));
    const more = [block(w, served.tables, heightLog, inferences.slice(0, 2), 'block 2'), block(w, served.tables, heightLog, inferences.slice(2), 'block 3')];
    const commitments = more.map((b) => ({ ...commitInput(served, b), node, validUntil: timestamp + 600n }));
    const signed = await Promise.all(commitments.map(async (commitment) => ({ commitment, signature: await w.node.inferences.signCommitment(commitment) })));
    await assert.rejects(w.prover.inferences.commitSigned([signed[0], { ...signed[1], signature: signed[0].signature }]), reverts('BadSignature'));
    const { result: ids, gasUsed: committed } = await w.prover.inferences.commitSigned(signed);
    assert.deepEqual(ids, more.map((b) => blockId(w.inferences, served.recordId, b.record)));
    console.log(`commitSigned gas ${committed} (2 blocks)`);
    const part = contributorsPart(parseEther('1'));
    const second = settleInput(w, served, more, { fees: inferences.map(() => part), payouts: [part, part, part * 19n / 10n], zeroQueries: 0n });
    const { gasUsed } = await w.prover.settle(second);
    console.log(`settle gas ${gasUsed} (4 queries, 3 contributors, 2 blocks)`);
    assert.ok(gasUsed < 1_200_000n);
  });

  it('refunds after the deadline, to the open balance of the payer', async () => {
    const late = inference(99, 1), node = w.node.client.account!.address;
    const { result: [key] } = await w.payer.pay([{ node, adapterId: served.adapterId, requestHash: late.requestHash, nonce: late.nonce, fee: 5n }]);
    await assert.rejects(w.prover.refund([key]), reverts('BeforeDeadline'));
    await advance(w.prover, w.manifest.config.windows.settlementSeconds + 1);
    await w.prover.refund([key]);
    assert.equal((await w.prover.inferences.payment(key)).status, 'refunded');
    await assert.rejects(w.prover.refund([key]), reverts('NotRefundable'));
    const open = (await w.prover.rewards.claimable(w.payer.client.account!.address)).find((p) => p.period === 0n);
    assert.deepEqual(open, { period: 0n, amount: 5n, opensAt: 0n, open: true });
    const { credits } = await w.prover.rewards.explain(w.payer.client.account!.address);
    const refund = credits.at(-1)!;
    assert.equal(refund.kind, 'refund');
    assert.ok(refund.origin.type === 'inference');
    assert.equal(refund.origin.key, key);
  });

  it('stops new payments when the guardian pauses them, and nothing that is owed', async () => {
    await (await w.as(8)).parameters.pause('payments');
    await assert.rejects(w.payer.pay([{ node: actor(2).address, adapterId: served.adapterId, requestHash: RECEIPT, nonce: 1n, fee: 1n }]), reverts('ModulePaused'));
    await w.payer.claim({ periods: [0n] });
    await assert.rejects(w.payer.parameters.pause('settlements'), reverts('NotGuardian'));
  });

  it('tells a wrong chain, a missing contract and a taken port apart', async () => {
    await assert.rejects(connectChain({ rpcUrl: anvil.rpcUrl, chainId: 1 }), withCode('CHAIN_ID_MISMATCH'));
    await assert.rejects(connectChain({ rpcUrl: 'http://127.0.0.1:1', chainId: 1 }), withCode('CHAIN_UNREACHABLE'));
    await assert.rejects(Economy.connect(w.owner.client, { ...w.deployment, vault: actor(7).address }), withCode('CONTRACT_MISSING'));
    await assert.rejects(startAnvil({ port: anvil.port }), withCode('PORT_IN_USE'));
  });
});
