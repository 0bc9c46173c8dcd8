import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { parseEther, parseGwei, type Hex } from 'viem';
import { anchorOf, SettlementMetrics, type Failure, type Intent, type Settler, type Step } from '../../coordinator/settlement/index.js';
import { openEmbedded } from '../../coordinator/backend.js';
import { type Economy, type ProofRequest } from '../../src/chain/index.js';
import { artifactJson } from '../../src/protocol/artifacts.js';
import { addressOf, PARTIES } from '../support/story.js';
import { CONFIRMATIONS, drive, SettlementWorld, startProxy, store, type Fault } from './settlementWorld.js';

describe('settlement on a local chain with real proofs', () => {
  let w: SettlementWorld, economy: Economy, startNonce: number;
  const closers: (() => Promise<unknown>)[] = [];
  const jobId = (): Hex => w.jobs[0].file.jobId;
  const mine = (): Promise<unknown> => w.mine();

  before(async () => {
    w = await SettlementWorld.begin();
    economy = await w.economy();
    startNonce = await w.nonce();
  });
  beforeEach(async () => {
    for (const close of closers.splice(0)) await close();
    await w.reset();
  });
  after(async () => {
    for (const close of closers) await close();
    await w?.end();
  });

  const open = async (): Promise<Awaited<ReturnType<typeof store>>> => {
    const opened = await store();
    closers.push(opened.close);
    return opened;
  };

  /** One event, all fees of the job in the vault, the registry empty but for the blocks that wait. */
  async function settledOnce(transactions = 1, jobs = 1): Promise<void> {
    const events = await w.settledEvents();
    assert.equal(events.length, jobs, 'one JobSettled a job');
    assert.equal(await economy.rewards.owed(), w.jobs.slice(0, jobs).reduce((sum, job) => sum + job.fees, 0n));
    assert.equal(await w.nonce() - startNonce, transactions, 'transactions of the account');
    const held = await economy.token.balanceOf(w.story.deployment.inferences);
    assert.equal(held, w.jobs[0].fees * BigInt(w.jobs.length + w.signed.length - jobs));
  }

  it('settles a job once, final after its confirmations, with the root of the log in the calldata', async () => {
    const { backend } = await open(), finals: Intent[] = [], registry = new Registry();
    const { hash: root } = await backend.log.append('{"kind":"assigned"}');
    const settler = w.settler(economy, backend.records, { log: backend.log, metrics: new SettlementMetrics(registry), onFinal: (intent) => { finals.push(intent); } });
    const intent = await w.enqueue(settler);
    assert.deepEqual([intent.id, intent.state], [`settle:${jobId()}`, 'planned']);
    await settler.tick();
    await settler.tick();
    assert.equal((await settler.intent(intent.id))!.state, 'mined', `final needs ${CONFIRMATIONS} blocks`);
    await drive(settler, { mine });
    await w.enqueue(settler);
    await drive(settler, { mine });
    await settledOnce();
    const { hash, blockHash } = finals[0].included!, transaction = await economy.client.publicClient.getTransaction({ hash });
    assert.equal(finals.length, 1);
    assert.equal(transaction.blockHash, blockHash);
    assert.equal(anchorOf(transaction, w.account.address), root);
    assert.equal(anchorOf(transaction, addressOf('rival')), undefined);
    const text = await registry.metrics();
    assert.match(text, /zkattr_settlement_confirmed_total\{kind="settle"\} 1/);
    assert.match(text, /zkattr_settlement_sent_total\{kind="settle"\} 1/);
    assert.match(text, /zkattr_settlement_rpc_usable\{endpoint="127.0.0.1:\d+"\} 1/);
    assert.match(text, /zkattr_settlement_intents\{state="final"\} 1/);
  });

  it('settles once after a crash between any two steps', async () => {
    const steps: Step[] = [], dry = await open(), whole = w.settler(economy, dry.backend.records, { onStep: (step) => { steps.push(step); } });
    await w.enqueue(whole);
    await drive(whole, { mine });
    for (const needed of ['intent.planned', 'transaction.signed', 'transaction.stored', 'intents.sent', 'transaction.broadcast', 'transaction.noted', 'transaction.mined', 'intents.mined', 'transaction.final', 'intent.final'] as const) assert.ok(steps.includes(needed), needed);
    for (let crash = 0; crash < steps.length; crash++) {
      await w.reset();
      const { backend } = await open();
      let at = 0, finals = 0;
      const doomed = w.settler(economy, backend.records, { onStep: () => { if (at++ === crash) throw new Error('crash'); } });
      await assert.rejects(async () => { await w.enqueue(doomed); await drive(doomed, { mine }); }, /crash/, `at ${steps[crash]}`);
      const next = w.settler(economy, backend.records, { onFinal: () => { finals++; } });
      await w.enqueue(next);
      await drive(next, { mine });
      await settledOnce();
      assert.ok(finals === 1 || crash >= steps.lastIndexOf('intent.final'), `told of the end after ${steps[crash]}`);
      assert.equal((await next.intent(`settle:${jobId()}`))!.hashes.length, 1, `one transaction after ${steps[crash]}`);
    }
  });

  for (const step of ['transaction.stored', 'transaction.broadcast', 'intents.mined'] as const) {
    it(`settles once after its process was killed at ${step}`, async () => {
      const { backend, dir } = await open();
      await backend.close();
      closers.pop();
      const file = join(dir, 'world.json'), { job, registration, batches } = { job: w.jobs[0].file, registration: w.registration, batches: w.jobs[0].batches };
      await writeFile(file, artifactJson({ rpcUrl: w.rpcUrl, deployment: w.story.deployment, mnemonic: 'test test test test test test test test test test test junk', index: PARTIES.relayer, job, registration, batches }));
      const child = spawn(process.execPath, [fileURLToPath(new URL('settlementChild.js', import.meta.url)), file, dir, step], { stdio: ['ignore', 'inherit', 'inherit'] });
      const signal = await new Promise((resolve) => child.once('exit', (_, how) => resolve(how)));
      assert.equal(signal, 'SIGKILL');
      const again = openEmbedded(dir);
      closers.push(() => again.close());
      const settler = w.settler(economy, again.records);
      await drive(settler, { mine });
      await settledOnce();
    });
  }

  describe('with an endpoint that fails', () => {
    for (const fault of ['drop', 'blind', 'twice', 'late'] as const) {
      it(`settles once when the first sends are met with: ${fault}`, async () => {
        let left = fault === 'late' ? 1 : 2;
        const proxy = await startProxy(w.rpcUrl, (method): Fault => (method === 'eth_sendRawTransaction' && left-- > 0 ? fault : undefined));
        closers.push(() => proxy.close());
        const settler = w.settler(await w.economy([proxy.url], { timeoutMs: fault === 'late' ? 2500 : 60_000 }), (await open()).backend.records);
        await w.enqueue(settler);
        await drive(settler, { mine, tolerate: true });
        await settledOnce();
      });
    }

    it('settles once when a third of all requests fail in one way or another', async () => {
      let state = 7;
      const next = (): number => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
      const kinds: Fault[] = ['drop', 'blind', 'twice'];
      const proxy = await startProxy(w.rpcUrl), client = await w.economy([proxy.url], { cooldownMs: 1, checkMs: 100 });
      closers.push(() => proxy.close());
      proxy.fault = () => (next() < 0.33 ? kinds[Math.floor(next() * 3)] : undefined);
      const settler = w.settler(client, (await open()).backend.records);
      await w.enqueue(settler);
      await drive(settler, { mine, tolerate: true, rounds: 200 });
      await settledOnce();
    });

    it('goes on with a second endpoint', async () => {
      const failovers: string[] = [], [first, second] = [await startProxy(w.rpcUrl), await startProxy(w.rpcUrl)];
      closers.push(() => first.close(), () => second.close());
      const settler = w.settler(await w.economy([first.url, second.url], { onFailover: (endpoint) => { failovers.push(endpoint); }, cooldownMs: 60_000 }), (await open()).backend.records);
      await w.enqueue(settler);
      await settler.tick();
      first.fault = () => 'drop';
      await drive(settler, { mine });
      await settledOnce();
      assert.deepEqual(failovers, [new URL(first.url).host]);
      assert.ok(second.seen.length > 0);
    });
  });

  it('raises the fees of a transaction that waits, up to the cap, and one of its variants is included', async () => {
    await w.story.rpc('evm_setAutomine', false);
    let now = Date.now();
    const troubles: string[] = [], settler = w.settler(economy, (await open()).backend.records, {
      now: () => now, rules: { bumpAfterMs: 1000, maxFeePerGasWei: parseGwei('3') }, onTrouble: (code) => { troubles.push(code); },
    });
    const { id } = await w.enqueue(settler);
    await settler.tick();
    await settler.tick();
    assert.equal((await settler.intent(id))!.hashes.length, 1, 'not before its time');
    for (let n = 0; n < 12; n++) {
      now += 1001;
      await settler.tick();
    }
    const [{ variants }] = await settler.outbox.transactions('open');
    assert.ok(variants.length > 1);
    for (const [i, v] of variants.entries()) {
      assert.ok(BigInt(v.maxFeePerGas) <= parseGwei('3'));
      if (i > 0) assert.ok(BigInt(v.maxFeePerGas) * 1000n >= BigInt(variants[i - 1].maxFeePerGas) * 1125n && BigInt(v.maxPriorityFeePerGas) * 1000n >= BigInt(variants[i - 1].maxPriorityFeePerGas) * 1125n, `variant ${i}`);
    }
    assert.ok(troubles.includes('STUCK') && troubles.includes('FEE_CAP'));
    await drive(settler, { mine });
    await settledOnce();
    assert.equal((await settler.intent(id))!.included!.hash, variants[variants.length - 1].hash);
  });

  it('settles once after a crash between any two steps of a replacement', async () => {
    for (const fatal of ['variant.signed', 'variant.stored', 'variant.broadcast'] as const) {
      await w.reset();
      await w.story.rpc('evm_setAutomine', false);
      let now = Date.now();
      const { backend } = await open(), rules = { bumpAfterMs: 1000 };
      const doomed = w.settler(economy, backend.records, { rules, now: () => now, onStep: (step) => { if (step === fatal) throw new Error('crash'); } });
      await w.enqueue(doomed);
      await doomed.tick();
      now += 1001;
      await assert.rejects(doomed.tick(), /crash/);
      const next = w.settler(economy, backend.records, { rules, now: () => now });
      await drive(next, { mine });
      await settledOnce();
    }
  });

  /** An empty transaction of the same account that the settler knows nothing of. */
  const foreign = async (nonce: number, maxFeePerGas = parseGwei('10')): Promise<Hex> => economy.client.publicClient.sendRawTransaction({
    serializedTransaction: await w.account.signTransaction({ type: 'eip1559', chainId: w.story.deployment.chainId, nonce, to: w.account.address, value: 0n, gas: 21_000n, maxFeePerGas, maxPriorityFeePerGas: maxFeePerGas }),
  });

  it('fills a gap that another tool of the account left behind', async () => {
    await w.story.rpc('evm_setAutomine', false);
    const dropped = await foreign(startNonce), settler = w.settler(economy, (await open()).backend.records);
    await w.enqueue(settler);
    await settler.tick();
    assert.deepEqual((await settler.outbox.transactions('open')).map((t) => t.nonce), [startNonce + 1], 'it goes behind what is in the pool');
    await w.story.rpc('anvil_dropTransaction', dropped);
    await drive(settler, { mine });
    await settledOnce(2);
  });

  it('sends again under a new nonce when another transaction of the account took its own', async () => {
    await w.story.rpc('evm_setAutomine', false);
    const settler = w.settler(economy, (await open()).backend.records), { id } = await w.enqueue(settler);
    await settler.tick();
    const [hash] = (await settler.intent(id))!.hashes;
    await w.story.rpc('anvil_dropTransaction', hash);
    await foreign(startNonce);
    await w.mine();
    await drive(settler, { mine });
    await settledOnce(2);
    assert.ok((await settler.intent(id))!.attempts.some(({ code }) => code === 'NONCE_LOST'));
  });

  it('broadcasts the same transaction again when it fell out of the pool', async () => {
    await w.story.rpc('evm_setAutomine', false);
    const settler = w.settler(economy, (await open()).backend.records), { id } = await w.enqueue(settler);
    await settler.tick();
    await w.story.rpc('anvil_dropTransaction', (await settler.intent(id))!.hashes[0]);
    await drive(settler, { mine });
    await settledOnce();
    assert.equal((await settler.intent(id))!.hashes.length, 1);
  });

  it('settles again with the same transaction after a reorganisation took it out', async () => {
    const finals: string[] = [], settler = w.settler(economy, (await open()).backend.records, { rules: { confirmations: 4 }, onFinal: ({ id }) => { finals.push(id); } }), { id } = await w.enqueue(settler);
    await settler.tick();
    await settler.tick();
    assert.equal((await settler.intent(id))!.state, 'mined');
    await w.story.rpc('evm_setAutomine', false);
    await w.story.rpc('anvil_reorg', 1, []);
    assert.equal((await w.settledEvents()).length, 0, 'the reorganisation took it out');
    await settler.tick();
    const { state, included, hashes } = (await settler.intent(id))!;
    assert.deepEqual([state, included, hashes.length, finals.length], ['sent', undefined, 1, 0]);
    await drive(settler, { mine });
    await settledOnce();
    assert.deepEqual([finals, (await settler.intent(id))!.hashes.length], [[id], 1]);
  });

  it('takes a settlement by somebody else for its own, without sending', async () => {
    const { receipt } = await w.story.as('rival').settle(w.jobs[0].settlement);
    const settler = w.settler(economy, (await open()).backend.records), { id } = await w.enqueue(settler);
    await drive(settler, { mine });
    await settledOnce(0);
    assert.equal((await settler.intent(id))!.included!.hash, receipt.transactionHash);
  });

  it('takes a settlement that overtook its own transaction', async () => {
    await w.story.rpc('evm_setAutomine', false);
    const settler = w.settler(economy, (await open()).backend.records), { id } = await w.enqueue(settler);
    await settler.tick();
    const { calldata, hashes: [own] } = (await settler.intent(id))!, rival = w.story.as('rival').client;
    const overtaking = await rival.walletClient!.sendTransaction({ to: w.story.deployment.settlement, data: calldata, gas: 3_000_000n, maxFeePerGas: parseGwei('50'), maxPriorityFeePerGas: parseGwei('50') });
    await w.story.rpc('anvil_dropTransaction', own);
    await w.mine();
    await drive(settler, { mine });
    await settler.tick();
    await w.mine(2);
    await settler.tick();
    assert.equal((await settler.intent(id))!.included!.hash, overtaking);
    assert.equal((await settler.outbox.transactions('open')).length, 0, 'its nonce is free again');
    await settledOnce(1);
  });

  it('commits signed blocks in one transaction, and refuses a bad one alone', async () => {
    const failures: Failure[] = [], settler = w.settler(economy, (await open()).backend.records, { onFailed: (failure) => { failures.push(failure); } });
    const [a, b, c] = w.signed, bad = { ...b, signature: a.signature };
    await settler.enqueueCommit([a, bad, c]);
    await drive(settler, { mine });
    assert.deepEqual(failures.map(({ code, retryable, intent }) => [code, retryable, intent.key]), [['REVERT_BadSignature', false, bad.blockId]]);
    assert.ok(failures[0].hint);
    for (const { blockId } of [a, c]) assert.equal((await economy.inferences.block(blockId)).status, 'committed');
    assert.equal(await w.nonce() - startNonce, 1);
    await settler.enqueueCommit([b, a]);
    await drive(settler, { mine });
    assert.deepEqual((await settler.outbox.intents('final')).map(({ key }) => key).sort(), w.signed.map(({ blockId }) => blockId).sort());
  });

  it('refuses a block whose id would be another than its node saw', async () => {
    const failures: Failure[] = [], settler = w.settler(economy, (await open()).backend.records, { onFailed: (failure) => { failures.push(failure); } });
    await settler.enqueueCommit([{ ...w.signed[0], blockId: w.signed[1].blockId }, w.signed[2]]);
    await drive(settler, { mine });
    assert.deepEqual(failures.map(({ code }) => code), ['BLOCK_ID']);
    assert.equal((await economy.inferences.block(w.signed[2].blockId)).status, 'committed');
  });

  const requestOf = async (index: number): Promise<ProofRequest> => {
    const now = await w.story.now();
    const request: ProofRequest = {
      requester: addressOf('coordinator'), recordId: w.registration.recordId, blockIds: [w.jobs[index].batches[0].blockId], minPrice: parseEther('0.1'), maxPrice: parseEther('0.5'), collateral: parseEther('1'),
      biddingStart: now, rampSeconds: 100, lockSeconds: 300, deadline: now + 1800n, nonce: BigInt(index),
    };
    await w.story.as('coordinator').market.submit(request);
    return request;
  };
  const deliver = (settler: Settler, index: number, request: ProofRequest): Promise<Intent> => settler.enqueueDeliver(w.jobs[index].file, w.registration, w.jobs[index].batches, request);

  it('delivers several jobs in one transaction, and the last one alone when the other request is over', async () => {
    const { backend } = await open(), settler = w.settler(economy, backend.records, { log: backend.log }), { hash: root } = await backend.log.append('{}');
    const requests = [await requestOf(0), await requestOf(1)];
    for (const [i, request] of requests.entries()) await deliver(settler, i, request);
    await drive(settler, { mine });
    const finals = await settler.outbox.intents('final');
    assert.equal(new Set(finals.map(({ included }) => included!.hash)).size, 1);
    assert.equal(anchorOf(await economy.client.publicClient.getTransaction({ hash: finals[0].included!.hash })), root);
    assert.equal((await w.settledEvents()).length, 2);
    assert.equal((await economy.events('market', 'RequestPaid')).length, 2);

    await w.reset();
    const failures: Failure[] = [], second = w.settler(economy, (await open()).backend.records, { onFailed: (failure) => { failures.push(failure); } });
    const again = [await requestOf(0), await requestOf(1)];
    for (const [i, request] of again.entries()) await deliver(second, i, request);
    await w.story.as('coordinator').market.cancel(again[0]);
    await drive(second, { mine });
    assert.deepEqual(failures.map(({ code, intent }) => [code, intent.jobId]), [['REQUEST_OVER', jobId()]]);
    await w.enqueue(second); // for its fees alone
    await drive(second, { mine });
    assert.equal((await w.settledEvents()).length, 2);
    assert.equal((await economy.events('market', 'RequestPaid')).length, 1);
  });

  it('waits for a reserved block, and takes the delivery for the settlement', async () => {
    const waiting: Intent[] = [], request = await requestOf(0), settler = w.settler(economy, (await open()).backend.records, { onWaiting: (intent) => { waiting.push(intent); } });
    await w.enqueue(settler);
    await settler.tick();
    assert.equal(waiting[0].reason!.code, 'REVERT_BlockReserved');
    await deliver(settler, 0, request);
    await drive(settler, { mine });
    assert.deepEqual((await settler.outbox.intents('final')).map(({ kind }) => kind).sort(), ['deliver', 'settle']);
    assert.equal((await w.settledEvents()).length, 1);
  });

  it('asks for a new proof when a fee went back since the proof was made', async () => {
    const failures: Failure[] = [], settler = w.settler(economy, (await open()).backend.records, { onFailed: (failure) => { failures.push(failure); } });
    const [key] = w.jobs[0].settlement.job.blocks[0].inferences.map((i) => i.key);
    await w.story.advanceTo((await economy.inferences.payment(key)).deadline + 1n);
    await w.story.as('payer').refund([key]);
    await w.enqueue(settler);
    await drive(settler, { mine });
    assert.deepEqual(failures.map(({ code, retryable }) => [code, retryable]), [['REPROVE', false]]);
    assert.equal(await w.nonce(), startNonce, 'nothing was sent');
  });

  it('tells a false proof from a stale one, and takes a good one later', async () => {
    const failures: Failure[] = [], settler = w.settler(economy, (await open()).backend.records, { onFailed: (failure) => { failures.push(failure); } }), [job] = w.jobs;
    await settler.enqueueSettlement(jobId(), { ...job.settlement, proof: { ...job.settlement.proof, c: job.settlement.proof.a } }, job.file.fees);
    await drive(settler, { mine });
    assert.deepEqual(failures.map(({ code }) => code), ['PROOF_REJECTED']);
    await w.enqueue(settler);
    await drive(settler, { mine });
    await settledOnce();
  });

  it('waits while the guardian has paused settlements or frozen the verifier', async () => {
    await w.story.as('guardian').gateway.freeze(w.jobs[0].file.selector);
    const settler = w.settler(economy, (await open()).backend.records), { id } = await w.enqueue(settler);
    for (let n = 0; n < 12; n++) {
      await settler.tick();
      await new Promise((resolve) => setTimeout(resolve, 8));
    }
    const { state, reason, attempts } = (await settler.intent(id))!;
    assert.deepEqual([state, reason!.code, reason!.retryable], ['planned', 'REVERT_NotLive', true]);
    assert.ok(attempts.length > 8, 'more often than maxAttempts');
  });

  it('settles two jobs and anchors a root by itself, nonce after nonce', async () => {
    const settler = w.settler(economy, (await open()).backend.records), root: Hex = `0x${'ab'.repeat(32)}`;
    for (const job of w.jobs) await w.enqueue(settler, job);
    const { id } = await settler.enqueueAnchor({ entries: 3, hash: root });
    await drive(settler, { mine });
    await settledOnce(3, 2);
    assert.equal(anchorOf(await economy.client.publicClient.getTransaction({ hash: (await settler.intent(id))!.included!.hash }), w.account.address), root);
  });
});
