/** Proof requests with the real contracts, coordinator and prover: opened, signed, cancelled, expired, locked by others; and what ends a job. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { encodeFunctionData, toHex, type Hex } from 'viem';
import type { CoordinatorHandle } from '../../coordinator/index.js';
import type { AgentHandle } from '../../prover/agent/index.js';
import { CONTRACTS, jobId as jobIdOf, proofRequestId, type ProofRequest } from '../../src/chain/index.js';
import { apiErrorSchema, jobViewSchema, type JobCredits, type JobView } from '../../src/protocol/network/index.js';
import { addressOf, hashOf, type Party } from '../support/story.js';
import { get, PRICE, until } from '../unit/inference/node/support.js';
import { NetworkWorld, startGate, type Gate } from './networkWorld.js';

describe('the market behind a coordinator', () => {
  let n: NetworkWorld, handle: CoordinatorHandle, gate: Gate, port = 0;
  const agents: AgentHandle[] = [];
  const url = (): string => handle.url;
  let usual = false;
  const restart = async (change: Parameters<NetworkWorld['coordinator']>[0] = {}): Promise<void> => {
    usual = Object.keys(change).length === 0;
    await handle?.close();
    handle = await n.coordinator({ http: { port }, ...change });
    port = Number(new URL(handle.url).port);
  };
  /** Rounds of settlement only when a test asks for them. */
  const paused = { settlement: { confirmations: 1, tickMs: 3_600_000, retryMs: 50, maxRetryMs: 200 } };
  const as = (party: Party) => n.world.as(party);
  const idOf = (request: ProofRequest): Hex => proofRequestId(n.world.story.deployment, request);
  const settledOnce = async (jobId: Hex): Promise<JobView> => {
    const job = await n.client(url()).waitJob(jobId);
    assert.equal(job.phase, 'settled', JSON.stringify(job.timeline));
    assert.equal((await as('node').events('settlement', 'JobSettled', { args: { jobId } })).length, 1);
    const { credits } = (await get<JobCredits>(url(), `/v1/jobs/${jobId}/credits`)).body;
    assert.equal(credits.reduce((sum, c) => sum + BigInt(c.amount), 0n), PRICE * BigInt(job.queries), 'every wei of the fees is somebody\'s');
    return job;
  };
  const paidOnce = async (request: ProofRequest, depositBefore: bigint, prover: Party = 'prover', late = false): Promise<bigint> => {
    const requestId = idOf(request), paid = await as('node').events('market', 'RequestPaid', { args: { requestId } });
    assert.equal(paid.length, 1);
    const { args } = paid[0], spent = depositBefore - await as('node').market.depositOf(request.requester);
    assert.deepEqual([args.prover, args.late], [addressOf(prover), late]);
    assert.ok(args.price >= request.minPrice && args.price <= request.maxPrice);
    assert.equal(spent, args.price, 'the price, once, and no more');
    assert.equal((await as('node').market.request(requestId)).status, 'paid');
    return args.price;
  };
  const prices = async (party: Party): Promise<bigint> => (await as(party).rewards.explain(addressOf(party))).credits.filter(({ kind }) => kind === 'proofPrice').reduce((sum, { amount }) => sum + amount, 0n);
  const deposit = (): Promise<bigint> => as('node').market.depositOf(addressOf('node'));
  const eventsOf = async (jobId: Hex): Promise<string[]> => (await n.client(url()).job(jobId)).timeline.map(({ event, detail }) => `${event} ${detail}`);

  before(async () => {
    n = await NetworkWorld.begin(2);
    await restart();
    gate = await startGate(handle.url);
    await n.startNode(handle.url);
  });
  beforeEach(async () => { if (!usual) await restart(); });
  afterEach(() => Promise.all(agents.splice(0).map((agent) => agent.stop())));
  after(async () => {
    await gate?.close();
    await n?.node?.close();
    await handle?.close();
    await n?.end();
  });

  it('pays an order that its requester opened, once, beside the fees', async () => {
    const blockId = await n.serve(2);
    await n.committed(url(), blockId);
    const request = await n.request([blockId]), deposited = await deposit(), earned = await prices('prover');
    await as('node').market.submit(request);
    const { status, body } = await n.order(url(), request, '0x'); // its signature counts for nothing any more
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual([body.requestId, body.jobId, body.phase], [idOf(request), jobIdOf(request.recordId, [blockId]), 'waiting']);
    const { job } = await (await n.testAgent(url())).work();
    assert.equal(job.requestId, idOf(request));
    await settledOnce(job.jobId);
    assert.equal(await prices('prover') - earned, await paidOnce(request, deposited));
  });

  it('refuses orders that cannot be served, each with a code, and takes the same one twice as one', async () => {
    const blockId = await n.serve(), other = await n.serve(1, 1), request = await n.request([blockId]), node = as('node');
    const refused = async (what: string, expected: [number, string], change: Partial<ProofRequest>, signature?: Hex): Promise<void> => {
      const { status, body } = await n.order(url(), { ...request, ...change }, signature);
      assert.deepEqual([status, apiErrorSchema.parse(body).error.code], expected, `${what}: ${JSON.stringify(body)}`);
    };
    await refused('signature of another', [403, 'REQUEST_SIGNATURE'], {}, await as('rival').market.sign(request));
    await refused('signature of other terms', [403, 'REQUEST_SIGNATURE'], { maxPrice: request.maxPrice + 1n }, await node.market.sign(request));
    await refused('no signature', [403, 'REQUEST_SIGNATURE'], {}, '0x');
    await refused('endless signature', [422, 'REQUEST_CONTENT'], {}, `0x${'11'.repeat(5000)}`);
    await refused('unknown block', [404, 'BLOCK_UNKNOWN'], { blockIds: [hashOf('no block')] });
    await refused('no block', [422, 'REQUEST_CONTENT'], { blockIds: [] });
    await refused('one block twice', [422, 'REQUEST_CONTENT'], { blockIds: [blockId, blockId] });
    await refused('block of another record', [422, 'REQUEST_CONTENT'], { blockIds: [blockId, other] });
    await refused('another record', [422, 'REQUEST_CONTENT'], { recordId: n.world.adapters[1].registration.recordId });
    await refused('stranger', [403, 'REQUEST_REQUESTER'], { requester: addressOf('rival') });
    await refused('price below the market\'s', [422, 'REQUEST_PRICE'], { minPrice: 0n });
    await refused('prices in the wrong order', [422, 'REQUEST_PRICE'], { minPrice: request.maxPrice + 1n });
    await refused('price above the market\'s', [422, 'REQUEST_PRICE'], { maxPrice: 10n ** 24n });
    await refused('price of no type', [422, 'REQUEST_CONTENT'], { maxPrice: 1n << 100n }, '0x');
    await refused('price above the deposit', [422, 'REQUEST_DEPOSIT'], { maxPrice: 60n * 10n ** 18n });
    await refused('no collateral', [422, 'REQUEST_COLLATERAL'], { collateral: 0n });
    await refused('lock too short', [422, 'REQUEST_LOCK'], { lockSeconds: 1 });
    await refused('past deadline', [422, 'REQUEST_DEADLINE'], { deadline: request.biddingStart - 1n });
    await refused('deadline too far', [422, 'REQUEST_DEADLINE'], { deadline: request.biddingStart + 1_000_000n });
    await node.market.cancelNonce(1_000_001n);
    await refused('cancelled nonce', [409, 'REQUEST_OVER'], { nonce: 1_000_001n });

    const [first, second] = [await n.order(url(), request), await n.order(url(), request)];
    assert.deepEqual([first.status, second.status, second.body.jobId], [200, 200, first.body.jobId]);
    jobViewSchema.parse(first.body);
    await refused('another order for the block', [409, 'REQUEST_TAKEN'], { nonce: 1_000_002n });
    assert.equal((await eventsOf(first.body.jobId)).filter((event) => event.startsWith('requested')).length, 1);

    // Nobody locks it: it is settled for its fees, and the requester pays nothing. The block of the other record goes on by itself.
    const deposited = await deposit(), a = await n.testAgent(url()), jobs = [(await a.work()).job.jobId, (await a.work()).job.jobId];
    assert.deepEqual(new Set(jobs), new Set([first.body.jobId, await n.jobOf(url(), other)]));
    for (const jobId of jobs) await settledOnce(jobId);
    assert.equal(await deposit(), deposited);
  });

  it('gives blocks back to ordinary jobs when their order is cancelled, or ends, before they are committed', async () => {
    await restart(paused);
    const [cancelled, ended] = [await n.serve(), await n.serve()], deposited = await deposit();
    const orders = [await n.request([cancelled]), await n.request([ended], { deadline: await n.world.story.now() + 200n })];
    const jobs: Hex[] = [];
    for (const order of orders) jobs.push((await n.order(url(), order)).body.jobId);
    await as('node').market.cancelNonce(orders[0].nonce);
    await n.world.story.advance(201n);
    for (const jobId of jobs) await until('given up', async () => (await n.client(url()).job(jobId)).phase === 'cancelled');
    assert.match((await eventsOf(jobs[0])).join(), /cancelled the request is cancelled/);
    assert.match((await eventsOf(jobs[1])).join(), /cancelled the request ended before/);
    await restart();
    const a = await n.testAgent(url());
    const proved = new Set<Hex>();
    for (const blockId of [cancelled, ended]) {
      const jobId = await n.jobOf(url(), blockId);
      if (!proved.has(jobId)) {
        const offer = await a.work();
        assert.deepEqual([offer.job.jobId, offer.job.requestId, offer.job.order], [jobId, undefined, undefined]);
        proved.add(jobId);
      }
      const job = await settledOnce(jobId);
      assert.equal(job.requestId, undefined);
    }
    assert.equal(await deposit(), deposited);
  });

  it('delivers an order that was locked after its job was to be settled for the fees', async () => {
    await restart(paused);
    const blockId = await n.serve(), request = await n.request([blockId]), signature = await as('node').market.sign(request), { body: { jobId } } = await n.order(url(), request), deposited = await deposit();
    await until('formed', async () => { await handle.tick(); return (await n.client(url()).block(blockId)).phase === 'assigned'; });
    await (await n.testAgent(url())).work();
    await until('to be settled', async () => (await n.client(url()).job(jobId)).phase === 'settling');
    await as('prover').market.lockSigned(request, signature);
    await until('delivered', async () => { await handle.tick(); return (await n.client(url()).job(jobId)).phase === 'settled'; });
    await settledOnce(jobId);
    await paidOnce(request, deposited);
  });

  it('waits for the lock of another prover, and delivers when it is over', async () => {
    const blockId = await n.serve(), request = await n.request([blockId], { lockSeconds: 200 }), signature = await as('node').market.sign(request), { body: { jobId } } = await n.order(url(), request), deposited = await deposit();
    await until('committed', async () => (await as('node').inferences.block(blockId)).status === 'committed');
    await as('rival').market.lockSigned(request, signature);
    await (await n.testAgent(url())).work();
    await until('waits', async () => (await n.client(url()).job(jobId)).phase === 'settling');
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal((await n.client(url()).job(jobId)).phase, 'settling');
    await n.world.story.advance(201n);
    await settledOnce(jobId);
    await paidOnce(request, deposited, 'prover', true);
    assert.equal((await as('rival').stakes.state('prover', addressOf('rival'))).active, 5n * 10n ** 18n - request.collateral, 'the rival is slashed');
  });

  it('settles for the fees alone when the lock of another prover lasts until the order ends', async () => {
    const now = await n.world.story.now(), blockId = await n.serve(), request = await n.request([blockId], { lockSeconds: 3600, deadline: now + 400n }), signature = await as('node').market.sign(request), { body: { jobId } } = await n.order(url(), request), deposited = await deposit();
    await until('committed', async () => (await as('node').inferences.block(blockId)).status === 'committed');
    await as('rival').market.lockSigned(request, signature);
    await (await n.testAgent(url())).work();
    await until('waits', async () => (await n.client(url()).job(jobId)).phase === 'settling');
    await n.world.story.advanceTo(request.deadline + 1n);
    await settledOnce(jobId);
    assert.match((await eventsOf(jobId)).join(), /REQUEST_OVER/);
    await as('spammer').market.expire(request);
    assert.equal(await deposit(), deposited);
  });

  it('takes in a block that its node committed under another split, and settles it under that id', async () => {
    await restart(paused);
    const blockId = await n.serve(2), { timelock, parameters } = n.world.story.deployment, { story } = n.world;
    const { keys: [key] } = await blockOf(blockId);
    await n.node!.close();
    await story.rpc('anvil_impersonateAccount', timelock);
    await story.rpc('anvil_setBalance', timelock, toHex(10n ** 18n));
    const data = encodeFunctionData({ abi: CONTRACTS.parameters.abi, functionName: 'addSplit', args: [{ contributors: 7000, node: 1000, prover: 1000, auditors: 500, treasury: 500 }] });
    await story.rpc('eth_sendTransaction', { from: timelock, to: parameters, data, gas: toHex(1_000_000) });
    await story.advance(1n);
    await n.startNode('none'); // and now commits what it signed by itself
    await until('committed', async () => (await as('node').inferences.payment(key)).status === 'committed');
    await n.node!.close();
    const [{ args: { blockId: onChain, data: { splitId } } }] = (await as('node').events('inferences', 'BlockCommitted', { args: { node: addressOf('node') } })).slice(-1);
    assert.notEqual(onChain, blockId);
    assert.equal(splitId, 2);
    await until('adopted', async () => { await handle.tick(); return (await n.client(url()).block(blockId)).phase === 'refused'; });
    assert.match((await n.client(url()).block(blockId)).reason!, new RegExp(`BLOCK_SPLIT: it was committed as ${onChain}`));
    await restart();
    const { job } = await (await n.testAgent(url())).work();
    assert.deepEqual(job.blocks.map((b) => b.blockId), [onChain]);
    assert.equal(BigInt(job.blocks[0].fees[0]), PRICE * 7n / 10n);
    await settledOnce(job.jobId);
    await n.startNode(url());
  });

  it('goes on with the other blocks of a job when the court rejects one', async () => {
    const blocks = [await n.serve(), await n.serve()], a = await n.testAgent(url()), offer = await a.lease();
    assert.deepEqual(new Set(offer.job.blocks.map((b) => b.blockId)), new Set(blocks), 'one job of both');
    const proof = await a.prove(offer), [bad, good] = blocks;
    await reject(bad);
    await a.deliver(offer, proof);
    await until('given up', async () => (await n.client(url()).job(offer.job.jobId)).phase === 'cancelled');
    assert.match((await eventsOf(offer.job.jobId)).join(), /BLOCK_REJECTED/);
    const again = await a.work();
    assert.deepEqual(again.job.blocks.map((b) => b.blockId), [good]);
    await settledOnce(again.job.jobId);
    assert.deepEqual([(await n.client(url()).block(bad)).phase, (await n.client(url()).block(good)).phase], ['refunded', 'settled']);
    assert.equal((await as('node').events('settlement', 'JobSettled', { args: { jobId: offer.job.jobId } })).length, 0);
  });

  it('gives up a job that waits when the court rejects a block, before anybody proves it', async () => {
    const [bad, good] = [await n.serve(), await n.serve()], jobId = await n.jobOf(url(), bad);
    assert.equal(await n.jobOf(url(), good), jobId, 'one job of both');
    await reject(bad);
    await until('given up', async () => (await n.client(url()).job(jobId)).phase === 'cancelled');
    const { job, attempt } = await (await n.testAgent(url())).work();
    assert.deepEqual([job.blocks.map((b) => b.blockId), attempt], [[good], 1]);
    await settledOnce(job.jobId);
  });

  it('locks a signed order by the prover that proved it, and delivers it for its price', async () => {
    const blockId = await n.serve(2), request = await n.request([blockId], { minPrice: 2n * 10n ** 15n }), deposited = await deposit(), earned = await prices('prover');
    const { body: { jobId } } = await n.order(url(), request), sent = await sentBy('prover'), plain = await n.testAgent(url(), 'rival');
    agents.push(await n.agent(url()));
    await plain.say('lease', { free: 1, memoryBytes: 2 ** 31, running: [] });
    await settledOnce(jobId);
    assert.equal(await prices('prover') - earned, await paidOnce(request, deposited));
    assert.deepEqual((await as('node').events('market', 'RequestLocked', { args: { requestId: idOf(request) } })).map(({ args }) => args.prover), [addressOf('prover')]);
    assert.equal(await sentBy('prover') - sent, 1, 'the lock is all that the prover sends');
    const { free, active } = await as('prover').stakes.state('prover', addressOf('prover'));
    assert.equal(free, active, 'collateral is free again');
  });

  it('proves without a lock below the least price of the prover, and the requester pays the fees alone', async () => {
    const blockId = await n.serve(), request = await n.request([blockId]), deposited = await deposit(), { body: { jobId } } = await n.order(url(), request), { rpcUrl } = n.world.story.anvil;
    agents.push(await n.agent(url(), 'prover', { market: { rpcUrl, deployment: n.world.story.deployment, minPrice: request.maxPrice + 1n } }));
    await settledOnce(jobId);
    assert.deepEqual([(await as('node').market.request(idOf(request))).status, await deposit()], ['none', deposited]);
  });

  it('locks once when the agent is killed between lock and handing in, and is paid', async () => {
    const blockId = await n.serve(), request = await n.request([blockId]), deposited = await deposit(), { body: { jobId } } = await n.order(url(), request), sent = await sentBy('prover'), dir = n.world.path('killed');
    gate.closed = /prover\/result/;
    const child = await n.agentProcess(gate.url, dir);
    await until('locked', async () => (await as('node').market.request(idOf(request))).status === 'locked');
    child.kill('SIGKILL');
    gate.closed = undefined;
    agents.push(await n.agent(gate.url, 'prover', { dataDir: dir }));
    await settledOnce(jobId);
    await paidOnce(request, deposited);
    assert.equal(await sentBy('prover') - sent, 1);
    assert.equal((await as('node').events('market', 'RequestLocked', { args: { requestId: idOf(request) } })).length, 1);
  });

  it('delivers what it locked by itself when its coordinator does not, and the coordinator sees it', async () => {
    const blockId = await n.serve(), request = await n.request([blockId], { lockSeconds: 600 }), deposited = await deposit(), { body: { jobId } } = await n.order(url(), request), sent = await sentBy('prover');
    gate.closed = /prover\/result/;
    agents.push(await n.agent(gate.url));
    await until('locked', async () => (await as('node').market.request(idOf(request))).status === 'locked');
    assert.equal((await as('node').market.request(idOf(request))).status, 'locked', 'the coordinator has the first half of the lock');
    await n.world.story.advance(301n);
    await until('delivered', async () => (await as('node').market.request(idOf(request))).status === 'paid');
    await settledOnce(jobId); // the coordinator sees it on chain; the proof is not handed in yet
    gate.closed = undefined;
    await paidOnce(request, deposited);
    assert.equal(await sentBy('prover') - sent, 2);
  });

  /** By a receipt of the node that says something else. */
  async function reject(blockId: Hex): Promise<void> {
    const { args: { recordId, data, inferences, receiptHash } } = (await as('challenger').events('inferences', 'BlockCommitted', { args: { blockId } }))[0], [{ requestHash, nonce }] = inferences;
    const receipt = { node: addressOf('node'), adapterId: n.world.adapters[0].registration.adapterId, requestHash, nonce, outputHash: hashOf('another output') };
    await as('challenger').facts.proveReceiptMismatch({ receipt, signature: await as('node').inferences.signReceipt(receipt) }, { recordId, data, inferences, receiptHash }, 0);
    assert.equal((await as('node').inferences.block(blockId)).status, 'rejected');
  }

  const sentBy = (party: Party): Promise<number> => as('node').client.publicClient.getTransactionCount({ address: addressOf(party) });
  /** Payment keys of a block that nobody has committed yet: those of its node that are not in a block. */
  async function blockOf(blockId: Hex): Promise<{ keys: Hex[] }> {
    const paid = await as('node').events('inferences', 'FeePaid', { args: { node: addressOf('node') } }), open: Hex[] = [];
    for (const { args: { key } } of paid) if ((await as('node').inferences.payment(key)).status === 'funded') open.push(key);
    assert.ok(open.length > 0, blockId);
    return { keys: open };
  }
});
