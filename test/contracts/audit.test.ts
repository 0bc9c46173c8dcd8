/** The chain part of an audit, on a whole economy with simulated proofs: what it accepts, and what it finds. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { encodeFunctionData, numberToHex, parseEther, zeroAddress, type Hex } from 'viem';
import type { AuditedBatch } from '../../src/audit/batch.js';
import { auditChain, ChainView, jobEvents, type JobEvents } from '../../src/audit/chain/index.js';
import type { AuditContext } from '../../src/audit/context.js';
import type { AuditedJob } from '../../src/audit/job.js';
import type { AuditedRegistration } from '../../src/audit/registration.js';
import { Checklist, renderReport, type AuditReport } from '../../src/audit/report.js';
import { blockId, blockRecord, CONTRACTS, CREDIT_KINDS, proofRequestId, startAnvil, type Anvil, type BlockRecord, type Economy, type Manifest, type ProofRequest } from '../../src/chain/index.js';
import type { InferenceReceipt } from '../../src/protocol/receipt.js';
import { receiptHashOf } from '../../src/protocol/receipt.js';
import { verifierKey } from '../../src/verify/key.js';
import {
  actor, advance, advanceTo, block, commitInput, contributorsPart, featuresInput, hashOf, inference, serve, settleInput, world, type CommittedBlock, type JobInput, type Served, type World,
} from './scenario.js';

const AUDITORS = [10, 11, 12, 13], CHALLENGER = 14, OPERATOR = 7;
const fee = parseEther('1'), bond = parseEther('1'), bundle = hashOf('bundle');

describe('audit of the chain', () => {
  let anvil: Anvil, w: World, served: Served, registered: AuditedRegistration, challenger: Economy;
  const auditors = new Map<string, Economy>(), batches: AuditedBatch[] = [], jobs: AuditedJob[] = [];

  before(async () => {
    anvil = await startAnvil({ args: ['--accounts', '20'] });
    w = await world(anvil.rpcUrl, anvil.chainId);
    served = await serve(w, actor(OPERATOR).address);
    await w.node.stakes.deposit('node', parseEther('40'));
    await w.prover.stakes.deposit('prover', parseEther('2'));
    await (await w.as(OPERATOR)).market.deposit(parseEther('5'));
    challenger = await w.as(CHALLENGER);
    for (const index of AUDITORS) {
      const auditor = await w.as(index);
      await auditor.stakes.deposit('auditor', parseEther('20'));
      await auditor.court.join();
      auditors.set(actor(index).address, auditor);
    }
    await advance(challenger, 2);
    const { input } = featuresInput(w, served.tables, served.contributed);
    registered = {
      cls: w.cls, record: served.record,
      registration: {
        className: w.cls.name, adapterId: served.adapterId, recordId: served.recordId, adapter: served.tables.data, training: input.training,
        contributors: served.contributed.contributors.map((address) => ({ address })), datanetId: served.contributed.datanetId, contributionIds: await contributionIds(), selector: await w.owner.gateway.liveSelector('features', w.cls.id),
      } as unknown as AuditedRegistration['registration'],
    };
  });
  after(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await anvil?.stop();
  });

  const contributionIds = async (): Promise<readonly bigint[]> => (await w.owner.datanets.snapshot(served.contributed.snapshotId))!.contributionIds;

  /** Pays and commits one block, as an artifact. */
  async function batch(first: number, fees: readonly bigint[], split = { id: 1, contributors: 6000 }): Promise<CommittedBlock> {
    const node = w.node.client.account!.address, payer = w.payer.client.account!.address, folder = String(batches.length);
    const made = block(w, served.tables, 7, fees.map((_, i) => inference(first + i, 20)), `audited ${first}`);
    const point = (p: { x: bigint; y: bigint }): { x: Hex; y: Hex } => ({ x: numberToHex(p.x, { size: 32 }), y: numberToHex(p.y, { size: 32 }) });
    const receipt: InferenceReceipt = {
      version: 1, runtime: 'test', chainId: anvil.chainId, registry: w.deployment.inferences, node, modelHash: served.tables.data.modelHash, adapterId: served.adapterId, heightLog: 7,
      X: point(made.x.point), Delta: point(made.dlt.point),
      inferences: made.inferences.map(({ requestHash, nonce, rows, outputHash }, i) => ({ payer, inputHash: hashOf(`input ${first + i}`), outputHash, requestHash, nonce: String(nonce), fee: String(fees[i]), rows })),
    };
    const receiptHash = receiptHashOf(receipt);
    const record: BlockRecord = blockRecord({ node, adapterId: served.adapterId, heightLog: 7, dlt: made.dlt.point, x: made.x.point, inferences: made.inferences, receiptHash }, split.id);
    await w.payer.pay(made.inferences.map(({ requestHash, nonce }, i) => ({ node, adapterId: served.adapterId, requestHash, nonce, fee: fees[i] })));
    const { result, receipt: { transactionHash: hash }, gasUsed } = await w.node.commitBlock({ ...commitInput(served, made), receiptHash });
    assert.equal(result, blockId(w.inferences, served.recordId, record));
    batches.push({ folder, record, batch: { blockId: result, signed: { receipt }, split, transaction: { hash, gas: Number(gasUsed) } } as unknown as AuditedBatch['batch'] });
    return { ...made, record };
  }

  async function job(input: JobInput, own: readonly AuditedBatch[], sent: { receipt: { transactionHash: Hex }; gasUsed: bigint }, fees: bigint[], asked?: { requestId: Hex; request: ProofRequest }): Promise<void> {
    jobs.push({
      folder: String(jobs.length), batches: [...own], request: asked as AuditedJob['request'],
      job: {
        jobId: input.jobId, recordId: served.recordId, prover: input.job.prover, batches: own.map((b) => b.folder), payouts: input.settlement.payouts, zeroQueries: input.settlement.zeroQueries, fees,
        requestId: asked?.requestId, selector: await w.prover.gateway.liveSelector('payout', w.cls.id),
        credits: (await w.prover.court.evidence(input.jobId)).credits.map((c) => ({ ...c, kind: CREDIT_KINDS[c.kind] })),
        transaction: { hash: sent.receipt.transactionHash, gas: Number(sent.gasUsed) },
      } as unknown as AuditedJob['job'],
    });
  }

  interface View {
    registered: AuditedRegistration;
    batches: readonly AuditedBatch[];
    jobs: readonly AuditedJob[];
    manifest: Manifest;
    economy: Economy;
  }

  /** Everything so far, with alterations. */
  async function audit(change: Partial<View> = {}): Promise<AuditReport> {
    const { economy, manifest, ...replayed }: View = { registered, batches, jobs, manifest: w.manifest, economy: w.owner, ...change };
    const { alpha, beta, gamma, delta, ic, tauG2 } = w.payout.key, features = w.features.key;
    const context = {
      dir: '/w', list: new Checklist('/w'), deployment: manifest,
      keys: {
        features: verifierKey({ ...features, IC: features.ic }), payout: verifierKey({ alpha, beta, gamma, delta, IC: ic, tauG2 }),
      },
    } as unknown as AuditContext;
    const view = await ChainView.open(economy), events = new Map<string, JobEvents>();
    for (const { folder, job: { jobId } } of replayed.jobs) events.set(folder, await jobEvents(view, jobId));
    await auditChain(context, view, { ...replayed, events });
    const { checks } = context.list;
    // Nobody replays a model here.
    assert.match(checks.find((c) => c.name === 'chain: contents of the training rows')?.detail ?? '', /not checked/);
    const rest = checks.filter((c) => c.name !== 'chain: contents of the training rows'), finding = rest.find((c) => !c.ok)?.detail;
    return { ok: finding === undefined, checks: rest, ...(finding === undefined ? {} : { finding }) };
  }
  const passes = async (change?: Partial<View>): Promise<AuditReport> => {
    const report = await audit(change);
    assert.ok(report.ok, renderReport(report));
    return report;
  };
  const detail = (report: AuditReport, name: string): string => report.checks.find((c) => c.name === name)?.detail ?? renderReport(report);
  const finds = async (name: string, expected: RegExp, change: Partial<View>): Promise<void> => {
    const report = await audit(change), found = report.checks.find((c) => !c.ok);
    assert.equal(found?.name, name, renderReport(report));
    assert.match(found.detail, expected);
  };
  const altered = <T>(value: T, edit: (copy: any) => void): T => {
    const copy = structuredClone(value);
    edit(copy);
    return copy;
  };
  const alteredJob = (edit: (job: any) => void): Partial<View> => ({ jobs: jobs.map((j, i) => (i === 0 ? { ...j, job: altered(j.job, edit) } : j)) });

  it('accepts a record, a batch that waits, and a settled job with a zero query', async () => {
    const blocks = [await batch(0, [fee, 2n * fee]), await batch(10, [fee])];
    const waiting = await passes();
    assert.match(detail(waiting, 'chain: batch 0'), /under split 1, now committed; payments: 2 committed/);
    const parts = [fee, 2n * fee, fee].map(contributorsPart);
    const input = settleInput(w, served, blocks, { fees: parts, payouts: [parts[0] / 3n, parts[2] / 2n], zeroQueries: 0b010n });
    await job(input, batches.slice(0, 2), await w.prover.settle(input), parts);
    const report = await passes();
    assert.match(detail(report, 'chain: deployment'), /15 contracts equal/);
    assert.match(detail(report, 'chain: job 0'), /each of 7 credits and their hash equal, period \d+, settled$/);
    assert.match(detail(report, 'chain: record status'), /^proved$/);
    assert.match(detail(report, 'chain: Datanet snapshot'), /3 accepted contributions/);
    assert.equal(detail(report, 'chain: cases and slashes'), 'none about record, blocks, jobs, node, owner, provers');
    assert.equal(detail(report, 'chain: proof requests of job 0'), 'none');
  });

  it('accepts a job that the market paid for, at the price of the lock', async () => {
    const made = await batch(20, [fee]), own = batches.slice(-1), start = (await w.owner.client.publicClient.getBlock()).timestamp;
    const request: ProofRequest = {
      requester: actor(OPERATOR).address, recordId: served.recordId, blockIds: own.map((b) => b.batch.blockId), minPrice: parseEther('0.1'), maxPrice: parseEther('0.5'), collateral: parseEther('1'),
      biddingStart: start, rampSeconds: 1000, lockSeconds: 300, deadline: start + 1800n, nonce: 0n,
    };
    await (await w.as(OPERATOR)).market.submit(request);
    await advance(w.prover, 100);
    await w.prover.market.lock(request);
    const part = contributorsPart(fee), input = settleInput(w, served, [made], { fees: [part], payouts: [0n, part], zeroQueries: 0n });
    const { job: contractJob, settlement, opening, proof } = input;
    const sent = await w.prover.market.deliver({ request, job: contractJob, settlement: { ...settlement, selector: await w.prover.gateway.liveSelector('payout', w.cls.id) }, opening, proof, gasLimit: 3_000_000n });
    await job(input, own, sent, [part], { requestId: proofRequestId(w.deployment, request), request });
    const report = await passes();
    assert.ok(detail(report, 'chain: proof requests of job 1').startsWith(`${proofRequestId(w.deployment, request)} of ${actor(OPERATOR).address} paid 1`));
    assert.match(detail(report, 'chain: solvency'), /market 4\.\d+,/);
  });

  it('counts a query that was refunded before its job with fee 0, and says where fees are', async () => {
    const made = await batch(30, [fee, fee]);
    await advance(w.prover, w.manifest.config.windows.settlementSeconds + 1);
    await w.prover.refund([made.record.inferences[0].key]);
    const part = contributorsPart(fee), input = settleInput(w, served, [made], { fees: [0n, part], payouts: [part], zeroQueries: 0n });
    await job(input, batches.slice(-1), await w.prover.settle(input), [0n, part]);
    const report = await passes();
    assert.match(detail(report, 'chain: batch 3'), /payments: 1 refunded, 1 paid/);
  });

  describe('finds', () => {
    it('another selector in the manifest', () => finds('chain: deployment', /^deployment\.json: selector, payout of class 4x4 in the manifest/,
      { manifest: altered(w.manifest, (m) => { m.classes[1].selector = m.classes[0].selector; }) }));
    it('another key in the manifest', () => finds('chain: deployment', /^deployment\.json: (vkHash|selector)/, { manifest: altered(w.manifest, (m) => { m.classes[1].vkHash = m.classes[0].vkHash; }) }));
    it('another configuration in the manifest', () => finds('chain: deployment', /^deployment\.json: creation, parameters: constructorArguments: expected \.\.0+709\w*\.\., got \.\.0+708\w*\.\.$/, { manifest: altered(w.manifest, (m) => { m.config.windows.challengeSeconds++; }) }));
    it('another contract in the manifest', () => finds('chain: deployment', /^deployment\.json: contracts\.vault\.address: chain has/, { manifest: altered(w.manifest, (m) => { m.contracts.vault.address = m.contracts.court.address; }) }));

    const inRegistration = (edit: (r: any) => void): Partial<View> => ({ registered: { ...registered, registration: altered(registered.registration, edit) } });
    it('another snapshot', () => finds('chain: Datanet snapshot', /^registration\/registration\.json: adapter\.snapshotId: 0x2b.* is no snapshot on chain$/, inRegistration((r) => { r.adapter.snapshotId = `0x${'2b'.repeat(32)}`; })));
    it('another order of contributors than the snapshot has', () => finds('chain: Datanet snapshot', /^registration\/registration\.json: contributors\[0\]\.address|contributors\[0\]: chain has/, inRegistration((r) => { r.contributors.reverse(); })));
    it('other rows than the snapshot has', () => finds('chain: Datanet snapshot', /^registration\/registration\.json: training\.rows\[0\]: chain has/, inRegistration((r) => { r.training.rows[0]++; })));

    it('other contributions than the snapshot has', () => finds('chain: Datanet snapshot', /^registration\/registration\.json: contributionIds\[1\]: chain has/, inRegistration((r) => { r.contributionIds[1] += 1n; })));
    it('another Datanet', () => finds('chain: Datanet snapshot', /^registration\/registration\.json: datanetId: chain has 1, artifact has 2$/, inRegistration((r) => { r.datanetId = 2n; })));
    it('another selector of the features', () => finds('chain: registration', /^registration\/registration\.json: selector: chain has/, inRegistration((r) => { r.selector = w.manifest.classes[1].selector; })));

    const inBatch = (edit: (b: any) => void): Partial<View> => ({ batches: batches.map((b, i) => (i === 0 ? altered(b, edit) : b)) });
    it('another split id', () => finds('chain: batch 0', /^batches\/0\/batch\.json: (block\.splitId|split\.id): chain has 1, artifact has 2$/, inBatch((b) => { b.batch.split.id = b.record.splitId = 2; })));
    it('another part for the contributors', () => finds('chain: batch 0', /^batches\/0\/batch\.json: split\.contributors: chain has 6000, artifact has 7000$/, inBatch((b) => { b.batch.split.contributors = 7000; })));
    it('another fee', () => finds('chain: batch 0', /^batches\/0\/batch\.json: block\.receiptHash: chain has/, inBatch((b) => { b.batch.signed.receipt.inferences[0].fee = '7'; })));

    it('a payout more', () => finds('chain: job 0', /^jobs\/0\/job\.json: settlement\.payouts: chain has/, alteredJob((j) => { j.payouts[0]++; })));
    it('payouts that are swapped', () => finds('chain: job 0', /^jobs\/0\/job\.json: credits\[0\]: replay gives contributor .*, chain has contributor /, alteredJob((j) => { j.payouts.reverse(); })));
    it('another zero query', () => finds('chain: job 0', /^jobs\/0\/job\.json: settlement\.dust: chain has/, alteredJob((j) => { j.zeroQueries = 1n; })));
    it('another prover', () => finds('chain: job 0', /^jobs\/0\/job\.json: settlement\.prover: chain has/, alteredJob((j) => { j.prover = zeroAddress; })));
    it('another transaction', () => finds('chain: job 0', /^jobs\/0\/job\.json: transaction\.hash: chain has/, alteredJob((j) => { j.transaction.hash = `0x${'22'.repeat(32)}`; })));
    it('a contributors\' part that is not the split\'s', () => finds('chain: job 0', /^jobs\/0\/job\.json: fees\[1\]: chain has/, alteredJob((j) => { j.fees[1]++; })));

    it('another selector of the payouts', () => finds('chain: job 0', /^jobs\/0\/job\.json: selector: chain has/, alteredJob((j) => { j.selector = w.manifest.classes[0].selector; })));
    it('a credit that the file leaves out', () => finds('chain: job 0', /^jobs\/0\/job\.json: credits\[2\]: replay gives 7 credits, artifact has 6: missing is zeroQuery /, alteredJob((j) => { j.credits.splice(2, 1); })));
    it('a credit to another account', () => finds('chain: job 0', /^jobs\/0\/job\.json: credits\[4\]: replay gives prover .*, artifact has prover 0x0{40}/, alteredJob((j) => { j.credits[4].account = zeroAddress; })));
    it('a request that the job does not name, or that is another', async () => {
      const second = (edit: (own: any) => void): Partial<View> => ({ jobs: jobs.map((j, i) => (i === 1 ? altered(j, edit) : j)) });
      await finds('chain: proof requests of job 1', /^jobs\/1\/job\.json: requestId: chain has paid 0x\w+, artifact has none$/, second((j) => { delete j.job.requestId; }));
      await finds('chain: proof requests of job 1', /^jobs\/1\/request\.json: request\.maxPrice: chain has/, second((j) => { j.request.request.maxPrice++; }));
      await finds('chain: proof requests of job 1', /^jobs\/1\/request\.json: requestId: 0x0 was not opened on chain$/, second((j) => { j.request.requestId = '0x0'; }));
    });

    /** The same chain, seen through a node that hides an event. */
    const without = (hide: (log: any) => boolean): Economy => {
      const { publicClient } = w.owner.client;
      const filtered = new Proxy(publicClient, { get: (target, name) => (name !== 'getContractEvents' ? Reflect.get(target, name) : async (query: never) => (await target.getContractEvents(query)).filter((log) => !hide(log))) });
      return Object.assign(Object.create(Object.getPrototypeOf(w.owner) as object) as Economy, w.owner, { client: { ...w.owner.client, publicClient: filtered } });
    };
    it('a credit that is missing', () => {
      return finds('chain: job 0', /^jobs\/0\/job\.json: credits\[6\]: replay gives 7 credits, chain has 6: missing is treasury 0x\w+ \d+$/,
        { economy: without((log) => log.eventName === 'JobCredited' && log.args.jobId === jobs[0].job.jobId && log.args.kind === 4) });
    });
    it('a claim that no event tells of', async () => {
      const [open] = await w.payer.rewards.claimable(w.payer.client.account!.address);
      assert.equal(open.period, 0n);
      await w.payer.claim({ periods: [0n] });
      await finds('chain: reward vault', /^reward vault: 0x\w+, period 0: balance is 0, its events give \d+$/, { economy: without((log) => log.eventName === 'Claimed') });
      await passes();
    });
  });

  /** Draws a committee and has all of it vote. */
  async function verdict(caseId: bigint, upheld: boolean): Promise<void> {
    await challenger.client.publicClient.request({ method: 'anvil_mine' as never, params: ['0x3'] as never });
    await challenger.court.draw(caseId);
    const { committee, commitUntil } = await challenger.court.case(caseId), salt = hashOf(`salt ${caseId}`);
    for (const account of committee) await auditors.get(account)!.court.commitVote(caseId, upheld, salt);
    await advanceTo(challenger, commitUntil + 1n);
    for (const account of committee) await auditors.get(account)!.court.revealVote(caseId, upheld, salt);
  }
  async function settled(first: number): Promise<JobInput> {
    const made = await batch(first, [fee]), part = contributorsPart(fee), input = settleInput(w, served, [made], { fees: [part], payouts: [part], zeroQueries: 0n });
    await job(input, batches.slice(-1), await w.prover.settle(input), [part]);
    return input;
  }

  it('lists a case, follows the credits of a held job, and of a released one', async () => {
    const { jobId } = await settled(40), evidence = await challenger.court.evidence(jobId);
    const { result: caseId } = await challenger.court.challengeJob(evidence, 0, bundle, bond);
    const held = await passes(), name = `chain: job ${jobs.length - 1}`;
    assert.match(detail(held, name), /held$/);
    assert.match(detail(held, 'chain: cases and slashes'), new RegExp(`case ${caseId} of .* about job ${jobId}: open`));
    await verdict(caseId, false);
    await challenger.court.closeJob(caseId, evidence);
    assert.match(detail(await passes(), name), /released$/);
  });

  it('finds a job that the court has reversed, with money and slashes accounted for', async () => {
    const { jobId } = await settled(50), evidence = await challenger.court.evidence(jobId);
    const { result: caseId } = await challenger.court.challengeJob(evidence, 0, bundle, bond);
    await verdict(caseId, true);
    await challenger.court.closeJob(caseId, evidence);
    const report = await audit(), failed = report.checks.filter((c) => !c.ok);
    assert.deepEqual(failed.map((c) => [c.name, c.detail]), [[`chain: job ${jobs.length - 1}`, `jobs/${jobs.length - 1}/job.json: jobId: the job is reversed on chain`]], renderReport(report));
    assert.match(detail(report, `chain: batch ${batches.length - 1}`), /now rejected; payments: 1 refunded/);
    assert.match(detail(report, 'chain: cases and slashes'), new RegExp(`case ${caseId} .*: upheld, 10000000000000000000 slashed; stake of node .* slashed by 10000000000000000000`));
    jobs.pop();
    batches.pop();
    const view = await ChainView.open(w.owner);
    assert.equal((await view.events('court', 'CaseOpened')).length, 2);
    assert.deepEqual(await view.events('court', 'CaseOpened', { subjectId: [] }), []);
  });

  it('names what governance has changed since, and takes a block under the split of its time', async () => {
    const { publicClient } = w.owner.client, { timelock, parameters } = w.deployment;
    const split = { contributors: 5000, node: 2500, prover: 1500, auditors: 500, treasury: 500 }, windows = { ...w.manifest.config.windows, challengeSeconds: 600 };
    await publicClient.request({ method: 'anvil_impersonateAccount' as never, params: [timelock] as never });
    await publicClient.request({ method: 'anvil_setBalance' as never, params: [timelock, '0xde0b6b3a7640000'] as never });
    for (const data of [encodeFunctionData({ abi: CONTRACTS.parameters.abi, functionName: 'addSplit', args: [split] }), encodeFunctionData({ abi: CONTRACTS.parameters.abi, functionName: 'setWindows', args: [windows] })]) {
      const hash = await publicClient.request({ method: 'eth_sendTransaction' as never, params: [{ from: timelock, to: parameters, data }] as never }) as Hex;
      assert.equal((await publicClient.waitForTransactionReceipt({ hash })).status, 'success');
    }
    const made = await batch(35, [fee], { id: 2, contributors: 5000 }), part = fee / 2n, input = settleInput(w, served, [made], { fees: [part], payouts: [part], zeroQueries: 0n });
    await job(input, batches.slice(-1), await w.prover.settle(input), [part]);
    const report = await passes();
    assert.match(detail(report, 'chain: deployment'), /; changed by governance since: (currentSplitId, windows|windows, currentSplitId)$/);
    assert.match(detail(report, `chain: batch ${batches.length - 1}`), /under split 2, now settled/);
    const first = batches.length - 1;
    await finds(`chain: batch ${first}`, /split\.contributors: chain has 5000, artifact has 6000$/, { batches: batches.map((b, i) => (i === first ? altered(b, (copy) => { copy.batch.split.contributors = 6000; }) : b)) });
  });
});
