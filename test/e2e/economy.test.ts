/**
 * The whole economy as one story, on a local chain with real proofs of class 4x4: every party acts by its own account through the
 * SDK. Steps build on each other, in order.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { parseEther, type Address, type Hex } from 'viem';
import { contractProof, merkleRoot, priceAt, proofRequestId, type Credit, type Delivery, type Proposal, type ProofRequest, type SettleInput, type Snapshot } from '../../src/chain/index.js';
import type { ModelBundle } from '../../src/models/index.js';
import type { JobBatch } from '../../prover/workflow/payout.js';
import type { RegistrationOutput } from '../../prover/workflow/register.js';
import { reverts } from '../contracts/refuses.js';
import { accounted } from '../support/accounting.js';
import { creditLines, creditsOf, scoresOf, type SplitBps } from '../support/split.js';
import { addressOf, AUDITORS, hashOf, Story, type Party, type Served } from '../support/story.js';

const OPEN = parseEther('1');
const FIRST: SplitBps = { contributors: 6000n, node: 2000n, prover: 1000n, auditors: 500n };
const SECOND: SplitBps = { contributors: 5000n, node: 2500n, prover: 1500n, auditors: 500n };
const total = (list: readonly bigint[]): bigint => list.reduce((a, b) => a + b, 0n);

describe('the economy with real proofs', () => {
  let story: Story, snapshot: Snapshot, bundle: ModelBundle, registered: RegistrationOutput;
  let datanetId: bigint, recordId: Hex, adapterId: Hex;
  /** Jobs of the story: delivered through the market; reversed; under two splits. */
  let first: Served[], third: Served[];
  let firstBatches: JobBatch[], firstSettle: SettleInput & { settlement: { selector: Hex } }, firstJob: Hex, secondJob: Hex, thirdJob: Hex;
  let request: ProofRequest;

  const as = (party: Party) => story.as(party);
  const balance = (party: Party, period = 0n): Promise<bigint> => as(party).rewards.balanceOf(addressOf(party), period);
  const stake = async (role: 'node' | 'prover', party: Party): Promise<bigint> => (await as(party).stakes.state(role, addressOf(party))).active;
  const evidence = (jobId: Hex) => as('challenger').court.evidence(jobId);
  const credits = async (jobId: Hex): Promise<readonly Credit[]> => (await evidence(jobId)).credits;
  const payAll = async (blocks: readonly Served[], payer: Party): Promise<void> => { await as(payer).pay(story.payments(blocks, payer)); };

  /** Steps build on each other: after a failed one the others are skipped. */
  let failed = false;
  const step = (title: string, act: () => Promise<void>): void => void it(title, async (t: TestContext) => {
    if (failed) return t.skip('an earlier step failed');
    failed = true;
    await act();
    failed = false;
  });

  before(async () => { story = await Story.begin(); });
  after(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await story?.end();
  });

  step('wraps OPEN one to one, and whoever holds it lends its votes', async () => {
    await as('holder').token.wrap(100n * OPEN);
    await as('secondPayer').token.wrap(50n * OPEN);
    await as('holder').token.delegate(addressOf('holder'));
    await as('secondPayer').token.delegate(addressOf('holder'));
    assert.equal(await as('rival').token.votes(addressOf('holder')), 150n * OPEN);
    await as('secondPayer').token.unwrap(10n * OPEN);
    assert.equal(await as('rival').token.votes(addressOf('holder')), 140n * OPEN);
  });

  step('takes contributions of people, single and in batches, and keeps what the curator rejects out of the snapshot', async () => {
    ({ result: datanetId } = await as('datanetOwner').datanets.create(hashOf('policy'), 'ipfs://policy'));
    await as('datanetOwner').datanets.setCurator(datanetId, addressOf('curator'), true);
    const contribute = async (party: Party, rows: number): Promise<bigint> => (await as(party).datanets.contribute(datanetId, hashOf(`rows of ${party}`), rows, '')).result;
    const items = [{ contentHash: hashOf('item 0'), rows: 1 }, { contentHash: hashOf('item 1'), rows: 2 }, { contentHash: hashOf('item 2'), rows: 1 }];
    const ids = [await contribute('contributor0', 3), (await as('contributor1').datanets.contributeBatch(datanetId, items, '')).result, await contribute('contributor2', 1)];
    const spam = await contribute('spammer', 5);
    await assert.rejects(as('spammer').datanets.contribute(datanetId, merkleRoot(items), 4, ''), reverts('DuplicateContent'));
    assert.ok(await as('rival').datanets.verifyItem(ids[1], items, 1));
    await assert.rejects(as('spammer').datanets.accept([spam]), reverts('NotCurator'));
    await as('curator').datanets.accept(ids);
    await as('curator').datanets.reject(spam, 'copied');
    const { result: snapshotId } = await as('curator').datanets.createSnapshot(datanetId);
    snapshot = (await as('trainer').datanets.snapshot(snapshotId))!;
    const rows = new Map<Address, number>([[addressOf('contributor0'), 3], [addressOf('contributor1'), 4], [addressOf('contributor2'), 1]]);
    assert.deepEqual(snapshot.contributors, [...rows.keys()].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)));
    assert.deepEqual(snapshot.rows, snapshot.contributors.map((account) => rows.get(account)));
    bundle = story.bundle(snapshot);
  });

  step('registers an adapter with stake, and its features by a proof of R1 that nobody else can use', async () => {
    const trainer = as('trainer');
    await as('deployer').models.registerModel(bundle.manifest.modelHash, '');
    registered = await story.registration(bundle, snapshot);
    const { registration: { adapter, training, g, mask: m, proof, ...ids } } = registered;
    ({ adapterId, recordId } = ids);
    await trainer.registerAdapter(adapter);
    const input = { adapter, training, contributors: snapshot.contributors, g, m, ...contractProof(proof) };
    await assert.rejects(trainer.registerFeatures(input), reverts('StakeTooLow'));
    await trainer.stakes.deposit('adapter', 5n * OPEN);
    await assert.rejects(as('rival').registerFeatures(input), reverts('NotAdapterOwner'));
    assert.equal((await trainer.registerFeatures(input)).result, recordId);
    assert.equal(await trainer.currentRecord(adapterId), recordId);
  });

  step('lets nodes serve that have put up their stake', async () => {
    await assert.rejects(as('node').inferences.registerNode(addressOf('coordinator'), ''), reverts('NotActiveNode'));
    for (const [party, amount] of [['node', 30n], ['secondNode', 20n]] as const) {
      await as(party).stakes.deposit('node', amount * OPEN);
      await as(party).inferences.registerNode(addressOf('coordinator'), `https://${party}.example`);
    }
    assert.ok(await as('payer').inferences.isActiveNode(addressOf('node')));
  });

  step('takes payments in native OPEN and, with a signed permit, in wrapped OPEN', async () => {
    first = [
      await story.serve('node', adapterId, 101, [{ payer: 'secondPayer', fee: 2n * OPEN + 1n, empty: true }, { payer: 'payer', fee: OPEN }]),
      await story.serve('secondNode', adapterId, 102, [{ payer: 'secondPayer', fee: 777n }, { payer: 'payer', fee: OPEN / 3n }]),
    ];
    const unserved = await story.serve('node', adapterId, 103, [{ payer: 'payer', fee: 5n }]);
    await as('payer').pay(story.payments([...first, unserved], 'payer'));
    const { token, inferences } = as('secondPayer'), list = story.payments(first, 'secondPayer'), sum = total(list.map((p) => p.fee)), before = await token.balanceOf(addressOf('secondPayer'));
    await inferences.payWithPermit(list, await token.signPermit(inferences.address, sum, await story.now() + 60n));
    assert.equal(await token.balanceOf(addressOf('secondPayer')), before - sum);
    await assert.rejects(as('payer').pay(story.payments(first, 'payer')), reverts('PaymentExists'));
  });

  step('takes blocks from their node, or from anybody with the signature of the node', async () => {
    const [own, relayed] = first;
    firstBatches = first.map((block) => story.batch(block, recordId, 1, FIRST.contributors));
    assert.equal((await as('node').commitBlock(own.commitment)).result, firstBatches[0].blockId);
    const signature = await as('secondNode').inferences.signCommitment(relayed.commitment);
    await assert.rejects(as('relayer').inferences.commitSigned([{ commitment: { ...relayed.commitment, receiptHash: hashOf('another') }, signature }]), reverts('BadSignature'));
    assert.deepEqual((await as('relayer').inferences.commitSigned([{ commitment: relayed.commitment, signature }])).result, [firstBatches[1].blockId]);
    await assert.rejects(as('relayer').inferences.commitSigned([{ commitment: relayed.commitment, signature }]), reverts('CommitmentUsed'));
  });

  step('locks a request that was signed off chain for a prover with stake, and for no other', async () => {
    await as('coordinator').market.deposit(5n * OPEN);
    const start = await story.now();
    request = {
      requester: addressOf('coordinator'), recordId, blockIds: firstBatches.map((b) => b.blockId), minPrice: OPEN / 10n, maxPrice: OPEN / 2n, collateral: OPEN, biddingStart: start, rampSeconds: 100,
      lockSeconds: 600, deadline: start + 3000n, nonce: 1n,
    };
    const signature = await as('coordinator').market.sign(request);
    await assert.rejects(as('rival').market.lockSigned(request, signature), reverts('StakeTooLow'));
    await assert.rejects(as('prover').market.lockSigned({ ...request, minPrice: request.maxPrice }, signature), reverts('BadSignature'));
    await as('prover').stakes.deposit('prover', 2n * OPEN);
    await story.advance(50n);
    const { result: id, receipt: { blockNumber } } = await as('prover').market.lockSigned(request, signature);
    assert.equal(id, proofRequestId(story.deployment, request));
    const { price, prover } = await as('rival').market.request(id), { timestamp } = await as('rival').client.publicClient.getBlock({ blockNumber });
    assert.equal(prover, addressOf('prover'));
    assert.equal(price, priceAt(request, timestamp));
    assert.ok(price > request.minPrice && price < request.maxPrice);
    await as('rival').stakes.deposit('prover', OPEN);
    await assert.rejects(as('rival').market.lockSigned(request, signature), reverts('RequestExists'));
    await assert.rejects(as('rival').market.lock(request), reverts('WrongRequestStatus'));
  });

  step('gives a rival nothing for the proof of another', async () => {
    const { settle, payout } = await story.prove(bundle, registered, firstBatches);
    [firstSettle, firstJob] = [settle, payout.job.jobId];
    const { job, settlement, opening, proof } = settle, rival = as('rival'), own = { ...job, prover: addressOf('rival') };
    const delivery = (changed: typeof job): Delivery => ({ request, job: changed, settlement, opening, proof, gasLimit: 3_000_000n });
    await assert.rejects(rival.settle(settle), reverts('BlockReserved'));
    await assert.rejects(rival.market.deliver(delivery(own)), reverts('LockedBy'));
    const { result } = await rival.market.deliverMany([delivery(own)]);
    assert.deepEqual(result, [false]);
    // Without market and lock: only the proof itself is in the way.
    const state = await story.rpc<Hex>('evm_snapshot');
    await story.advanceTo(request.deadline + 1n);
    await assert.rejects(rival.settle({ ...settle, job: own }), reverts('InverseHintWrong'));
    await story.rpc('evm_revert', state);
    assert.equal((await rival.market.request(proofRequestId(story.deployment, request))).status, 'locked');
  });

  step('pays price and fees for a delivery that anybody sends, each part as an independent computation gives it', async () => {
    const { job, settlement, opening, proof } = firstSettle, id = proofRequestId(story.deployment, request), { price } = await as('prover').market.request(id);
    const { result } = await as('relayer').market.deliver({ request, job, settlement, opening, proof, gasLimit: 3_000_000n });
    assert.equal(result, firstJob);
    const expected = creditsOf(bundle, snapshot.contributors, first, firstBatches, [FIRST, FIRST], story.deployment.court);
    assert.deepEqual(creditLines(await credits(firstJob)), expected);
    assert.equal(total(expected.map(([, , amount]) => amount)), total(first.flatMap((b) => b.queries.map((q) => q.fee))));
    assert.deepEqual(expected.filter(([kind]) => kind === 'zeroQuery'), [['zeroQuery', addressOf('secondPayer'), ((2n * OPEN + 1n) * 6000n) / 10_000n]]);
    assert.ok(expected.filter(([kind]) => kind === 'contributor').length >= 2, 'the split is worth looking at');
    assert.equal(await balance('prover'), price);
    assert.equal(await balance('relayer'), 0n);
    assert.equal((await as('prover').stakes.state('prover', addressOf('prover'))).obligated, 0n);
    assert.equal(await as('coordinator').market.depositOf(addressOf('coordinator')), 5n * OPEN - price);
  });

  /** A committee is drawn and votes. @returns it */
  async function verdict(caseId: bigint, upheld: boolean): Promise<Party[]> {
    await story.rpc('anvil_mine', '0x3');
    await as('relayer').court.draw(caseId);
    const { committee, commitUntil } = await as('challenger').court.case(caseId), members = committee.map((account) => story.partyOf(account)), salt = (party: Party) => hashOf(`${party} ${caseId}`);
    for (const party of members) await as(party).court.commitVote(caseId, upheld, salt(party));
    await assert.rejects(as(members[0]).court.revealVote(caseId, upheld, salt(members[0])), reverts('TooEarly'));
    await story.advanceTo(commitUntil + 1n);
    for (const party of members) await as(party).court.revealVote(caseId, upheld, salt(party));
    return members;
  }

  step('holds the credits of a challenged job until a drawn committee has voted, and releases them when it finds nothing', async () => {
    for (const party of AUDITORS) {
      await as(party).stakes.deposit('auditor', 20n * OPEN);
      await as(party).court.join();
    }
    await story.advance(2n); // who joins in the second of a challenge is not drawn
    const evidenceOfJob = await evidence(firstJob), booked = await credits(firstJob), { period } = await as('challenger').rewards.job(firstJob);
    const { result: caseId } = await as('challenger').court.challengeJob(evidenceOfJob, 0, hashOf('bundle'), OPEN);
    assert.equal(await balance('contributor0', period), 0n);
    const before = await balance('contributor0'), members = await verdict(caseId, false);
    assert.ok(members.length === 3 && new Set(members).size === 3 && members.every((party) => party.startsWith('auditor')));
    await as('relayer').court.closeJob(caseId, evidenceOfJob);
    assert.equal((await as('challenger').court.case(caseId)).status, 'dismissed');
    const own = total(booked.filter((c) => c.account === addressOf('contributor0')).map((c) => c.amount));
    assert.equal(await balance('contributor0') - before, own);
    // The bond: a quarter to the committee, the rest to the accused.
    const each = OPEN / 4n / 3n;
    for (const party of members) assert.equal(await balance(party), each);
    assert.equal(await balance('challenger'), 0n);
    assert.equal(await balance('node') - total(booked.filter((c) => c.account === addressOf('node')).map((c) => c.amount)), OPEN - 3n * each);
    assert.equal(await stake('node', 'node'), 30n * OPEN);
  });

  step('reverses a job that a committee finds false: payers get all their fees back, the node loses stake', async () => {
    const second = [await story.serve('node', adapterId, 201, [{ payer: 'payer', fee: OPEN }, { payer: 'secondPayer', fee: 3n * OPEN }])];
    for (const payer of ['payer', 'secondPayer'] as const) await payAll(second, payer);
    await as('node').commitBlock({ ...second[0].commitment, validUntil: undefined });
    const { settle, payout } = await story.prove(bundle, registered, second.map((block) => story.batch(block, recordId, 1, FIRST.contributors)));
    secondJob = payout.job.jobId;
    await as('prover').settle(settle);
    const before = { payer: await balance('payer'), secondPayer: await balance('secondPayer'), challenger: await balance('challenger') };
    const evidenceOfJob = await evidence(secondJob), { result: caseId } = await as('challenger').court.challengeJob(evidenceOfJob, 0, hashOf('false outputs'), OPEN);
    await verdict(caseId, true);
    await as('relayer').court.closeJob(caseId, evidenceOfJob);
    assert.equal((await as('challenger').rewards.job(secondJob)).state, 'reversed');
    assert.equal(await balance('payer') - before.payer, OPEN);
    assert.equal(await balance('secondPayer') - before.secondPayer, 3n * OPEN);
    assert.equal(await stake('node', 'node'), 20n * OPEN);
    assert.equal(await balance('challenger') - before.challenger, OPEN + 5n * OPEN, 'bond and half of the slash');
    await assert.rejects(as('prover').settle(settle), reverts('WrongBlockStatus'));
    await assert.rejects(as('challenger').court.challengeJob(evidenceOfJob, 0, hashOf('again'), OPEN), reverts('WrongJobState'));
  });

  step('convicts a node of two outputs for one request by its own signatures, without a committee', async () => {
    const { inferences } = as('secondNode'), receipt = { node: addressOf('secondNode'), adapterId, requestHash: hashOf('request'), nonce: 1n, outputHash: hashOf('one') }, other = { ...receipt, outputHash: hashOf('two') };
    const pair = [{ receipt, signature: await inferences.signReceipt(receipt) }, { receipt: other, signature: await inferences.signReceipt(other) }] as const;
    await as('payer').facts.proveEquivocation(...pair);
    assert.equal(await stake('node', 'secondNode'), 10n * OPEN);
    await assert.rejects(as('rival').facts.proveEquivocation(pair[1], pair[0]), reverts('AlreadyDecided'));
    const { credits: told } = await as('payer').rewards.explain(addressOf('payer'));
    assert.ok(told.some((c) => c.kind === 'slashed' && c.amount === 5n * OPEN && c.origin.type === 'fact'));
  });

  step('changes the split by a vote of OPEN holders: for blocks committed later, not for those that are there', async () => {
    third = [
      await story.serve('node', adapterId, 301, [{ payer: 'payer', fee: OPEN }]), await story.serve('node', adapterId, 302, [{ payer: 'payer', fee: OPEN }, { payer: 'secondPayer', fee: 4321n }]),
    ];
    for (const payer of ['payer', 'secondPayer'] as const) await payAll(third, payer);
    await as('node').commitBlock({ ...third[0].commitment, validUntil: undefined });
    const { governance } = as('holder');
    const proposal: Proposal = { description: 'more for nodes and provers', calls: [governance.call('parameters', 'addSplit', [{ contributors: 5000, node: 2500, prover: 1500, auditors: 500, treasury: 500 }])] };
    await assert.rejects(as('rival').governance.propose(proposal), reverts('GovernorInsufficientProposerVotes'));
    const { result: id } = await governance.propose(proposal), { start, end } = await governance.schedule(id);
    await story.advanceTo(start + 1n);
    await governance.vote(id, 'for');
    await story.advanceTo(end + 1n);
    await as('rival').governance.queue(proposal);
    await assert.rejects(as('rival').governance.execute(proposal), reverts('TimelockUnexpectedOperationState'));
    await story.advanceTo((await governance.schedule(id)).executableAt + 1n);
    assert.equal(await governance.state(id), 'queued');
    await as('rival').governance.execute(proposal);
    assert.equal(await as('rival').parameters.currentSplitId(), 2);
    await as('node').commitBlock({ ...third[1].commitment, validUntil: undefined });
    await assert.rejects(as('rival').settle({ ...firstSettle, job: { ...firstSettle.job, blocks: [story.batch(third[0], recordId, 2, SECOND.contributors).record] } }), reverts('WrongBlockStatus'));
  });

  step('settles once, also when the chain is reorganised and the same transaction comes again', async () => {
    const batches = [story.batch(third[0], recordId, 1, FIRST.contributors), story.batch(third[1], recordId, 2, SECOND.contributors)];
    const { settle, payout } = await story.prove(bundle, registered, batches), { publicClient } = as('prover').client;
    thirdJob = payout.job.jobId;
    const owed = await as('prover').rewards.owed(), fork = await story.rpc<Hex>('evm_snapshot');
    const { receipt: { transactionHash } } = await as('prover').settle(settle), transaction = await story.rpc<Hex>('eth_getRawTransactionByHash', transactionHash), told = await credits(thirdJob);
    assert.ok(await story.rpc<boolean>('evm_revert', fork));
    assert.equal((await as('prover').rewards.job(thirdJob)).state, 'none');
    assert.equal(await as('prover').rewards.owed(), owed);

    assert.equal(await publicClient.sendRawTransaction({ serializedTransaction: transaction }), transactionHash);
    // checkReplacement: looking for a replacement, viem can miss the one block that a quiet chain makes.
    assert.equal((await publicClient.waitForTransactionReceipt({ hash: transactionHash, checkReplacement: false })).status, 'success');
    await assert.rejects(publicClient.sendRawTransaction({ serializedTransaction: transaction }));
    await assert.rejects(as('prover').settle(settle), reverts('WrongBlockStatus'));
    assert.equal((await as('prover').events('settlement', 'JobSettled', { args: { jobId: thirdJob } })).length, 1);
    assert.deepEqual(await credits(thirdJob), told);
    assert.deepEqual(creditLines(told), creditsOf(bundle, snapshot.contributors, third, batches, [FIRST, SECOND], story.deployment.court));
    assert.equal(await as('prover').rewards.owed() - owed, 2n * OPEN + 4321n);
    assert.ok(scoresOf(bundle, batches).every((row) => row.some((s) => s > 0n)), 'no zero query here');
  });

  step('pays nobody before the period of the job opens, then whoever asks, to the wei', async () => {
    const contributor = as('contributor1'), { period } = await contributor.rewards.job(thirdJob), booked = await credits(thirdJob);
    const sumOf = (party: Party): bigint => total(booked.filter((c) => c.account === addressOf(party)).map((c) => c.amount));
    await assert.rejects(as('prover').claim({ periods: [period] }), reverts('PeriodClosed'));
    await story.advanceTo(await contributor.rewards.opensAt(period));
    for (const party of ['prover', 'node', 'contributor0', 'contributor1', 'contributor2'] as const) {
      const native = (): Promise<bigint> => as(party).client.publicClient.getBalance({ address: addressOf(party) });
      const before = await native(), open = await balance(party); // period 0 is claimed with it
      const { result, receipt } = await as(party).claim();
      assert.equal(result, open + sumOf(party));
      assert.equal(await native(), before + result - receipt.gasUsed * receipt.effectiveGasPrice);
      await assert.rejects(as(party).claim(), reverts('NothingToClaim'));
    }
    await as('challenger').court.collect([period, 0n]);
    assert.equal(await as('challenger').court.auditFund(), total([...booked, ...await credits(firstJob)].filter((c) => c.account === story.deployment.court).map((c) => c.amount)));
  });

  step('says why a contributor and a prover were paid, back to queries and rows', async () => {
    const [account] = snapshot.contributors, contributor = await as('rival').rewards.explain(account);
    for (const { kind, origin, sentence } of contributor.credits) {
      assert.ok(kind === 'contributor' && origin.type === 'job');
      assert.deepEqual(origin.contributor, { index: 0, rows: snapshot.rows[0] });
      assert.match(sentence, new RegExp(`, contributor 0 with ${snapshot.rows[0]} training rows of record`));
    }
    const last = contributor.credits.map((c) => (c.origin.type === 'job' ? c.origin.job : assert.fail())).find((job) => job.jobId === thirdJob)!;
    assert.deepEqual(last.queries.map((q) => [q.fee, q.contributorPart, q.payer]), [
      [OPEN, (OPEN * 6n) / 10n, addressOf('payer')], [OPEN, OPEN / 2n, addressOf('payer')], [4321n, 2160n, addressOf('secondPayer')],
    ]);
    assert.deepEqual([last.record.snapshotId, last.record.datanetId, last.record.contributors.map((c) => c.account)], [snapshot.snapshotId, datanetId, snapshot.contributors]);
    assert.equal(contributor.credited, contributor.claimed);
    const { credits: told, credited, claimed } = await as('rival').rewards.explain(addressOf('prover'));
    assert.equal(credited, claimed);
    const price = told.find((c) => c.kind === 'proofPrice')!;
    assert.ok(price.origin.type === 'request' && price.origin.jobId === firstJob && price.origin.outcome === 'paid' && price.origin.late === false);
    assert.match(told.find((c) => c.origin.type === 'job' && c.origin.job.jobId === secondJob)!.sentence, /taken back, the job was reversed/);
    const parts = (await credits(thirdJob)).filter((c) => c.account === addressOf('prover'));
    assert.deepEqual(parts.map((c) => c.amount), [OPEN / 10n + (OPEN * 15n) / 100n + (4321n * 15n) / 100n]);
  });

  step('accounts for every wei of OPEN at the end, with a case, a payment and a deposit still open', async () => {
    const doubtful = await story.serve('node', adapterId, 401, [{ payer: 'payer', fee: 99n }]);
    await payAll([doubtful], 'payer');
    const { result: blockId } = await as('node').commitBlock({ ...doubtful.commitment, validUntil: undefined });
    await as('challenger').court.challengeBlock(blockId, hashOf('doubt'), OPEN);
    const { wrapped, native, held } = await accounted(story);
    assert.equal(wrapped.backing, wrapped.supply);
    assert.equal(total(Object.values(held).map((h) => h.balance)), wrapped.supply);
    for (const [holder, { balance: has, accounted: explained }] of Object.entries(held)) assert.equal(has, explained, `${holder}: every wei has an owner`);
    assert.equal(held.inferences.balance, 5n + 99n);
    assert.equal(held.court.balance - await as('rival').court.auditFund(), OPEN);
    assert.equal(native, story.initialSupply, 'OPEN of accounts, fees of transactions and what is wrapped');
  });
});
