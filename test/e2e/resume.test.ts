/** Each verb by itself, and what an interrupted run leaves: the next one goes on, and nothing is paid twice. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Hex } from 'viem';
import { paymentKey, startAnvil, type Anvil, type Economy } from '../../src/chain/index.js';
import { economyAs, type ChainAccess } from '../../src/cli/accounts.js';
import { advanceTo } from '../../src/cli/demo/chainTime.js';
import { lockRequest, submitRequest, writeRequest } from '../../src/cli/market/handler.js';
import { nextBatches } from '../../src/cli/prove/blocks.js';
import { Workspace } from '../../src/cli/workspace.js';
import { inputHashOf, requestHashOf } from '../../src/inference/index.js';
import { orderSchema, readArtifact, writeArtifact, type JobFile, type RequestFile } from '../../src/protocol/artifacts.js';
import { run } from '../support/cli.js';

interface Noted { transaction?: { hash: Hex; gas: number } }

describe('the verbs, one by one', () => {
  let dir: string, anvil: Anvil, chain: string[], access: ChainAccess, workspace: Workspace;
  const file = (...parts: string[]): string => join(dir, ...parts);
  const json = async <T>(...parts: string[]): Promise<T> => JSON.parse(await readFile(file(...parts), 'utf8')) as T;
  const zkattr = async (...args: string[]): Promise<string> => {
    const { code, out } = await run([...args, '--dir', dir]);
    assert.equal(code, 0, out);
    return out;
  };
  const as = async (role: 'owner' | 'node' | 'prover' | 'payer', index = 0): Promise<Economy> => economyAs(access, await workspace.deployment(), role, index);
  /** What a process killed between sending and noting a transaction leaves. */
  const forgetTransaction = async (...parts: string[]): Promise<void> => {
    const { transaction, credits: _, ...rest } = await json<Noted & { credits?: unknown }>(...parts);
    assert.ok(transaction);
    await writeFile(file(...parts), JSON.stringify(rest));
  };
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'zkattr-verbs-'));
    workspace = new Workspace(dir);
    anvil = await startAnvil();
    access = { rpcUrl: anvil.rpcUrl, chainId: anvil.chainId };
    chain = ['--rpc', anvil.rpcUrl];
    await zkattr('train');
    await zkattr('register', ...chain);
    await zkattr('infer', ...chain, '--count', '7');
  });
  after(async () => {
    await anvil?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('registers once: Datanet, contributions, adapter and record of an earlier run are found', async () => {
    const before = await json<Noted>('registration', 'registration.json');
    await forgetTransaction('registration', 'registration.json');
    await zkattr('register', ...chain);
    assert.deepEqual(await json('registration', 'registration.json'), before);
    const owner = await as('owner');
    for (const [contract, event, count] of [['datanets', 'DatanetCreated', 1], ['datanets', 'Contributed', 13], ['datanets', 'SnapshotCreated', 1], ['models', 'FeaturesRegistered', 1]] as const) {
      assert.equal((await owner.events(contract, event as never)).length, count, event);
    }
  });

  it('resumes a batch whose commitment was sent and not noted', async () => {
    await forgetTransaction('batches', '1', 'batch.json');
    const out = await zkattr('infer', ...chain, '--from', '20', '--count', '4');
    assert.match(out, /batch 1: resume/);
    assert.ok((await json<Noted>('batches', '1', 'batch.json')).transaction);
  });

  it('resumes a batch that was asked, and one that was paid and not served: each is paid once', async () => {
    const order = await readArtifact(file('batches', '0', 'order.json'), orderSchema);
    const { adapter } = await workspace.registration(), inputs = new Float32Array(Uint8Array.from(await readFile(file('batches', '0', 'inputs.f32'))).buffer);
    const width = inputs.length / order.queries.length, keys: Hex[] = [];
    for (const [folder, nonce, paid] of [['10', 1000n, false], ['11', 2000n, true]] as const) {
      const queries = order.queries.map((q, i) => ({ ...q, nonce: nonce + BigInt(i), requestHash: requestHashOf(order.payer, adapter.modelHash, inputHashOf(inputs.slice(i * width, (i + 1) * width), 1), nonce + BigInt(i)) }));
      await cp(file('batches', '0', 'inputs.f32'), file('batches', folder, 'inputs.f32'));
      await writeArtifact(file('batches', folder, 'order.json'), { ...order, queries });
      if (paid) await (await as('payer')).pay(queries.map((q) => ({ node: order.node, adapterId: order.adapterId, ...q })));
      keys.push(...queries.map((q) => paymentKey(order.node, order.adapterId, q.requestHash, q.nonce)));
    }
    const out = await zkattr('infer', ...chain, '--from', '30', '--count', '1');
    assert.match(out, /batch 10: resume[^]*batch 11: resume/);
    const owner = await as('owner');
    assert.equal((await owner.events('inferences', 'FeePaid', { args: { key: keys } })).length, keys.length);
    for (const key of keys) assert.equal((await owner.inferences.payment(key)).status, 'committed');
    for (const folder of ['10', '11', '12']) assert.ok((await json<Noted>('batches', folder, 'batch.json')).transaction);
  });

  it('proves without settling, settles later without proving again, and verifies on chain', async () => {
    assert.match(await zkattr('prove', '--no-settle', ...chain), /not settled/);
    const { proof } = await json<{ proof: unknown }>('jobs', '0', 'job.json');
    assert.match(await zkattr('prove', ...chain), /settled job 0 of an earlier run/);
    const job = await json<Noted & { proof: unknown; batches: string[]; credits: { amount: Hex }[] }>('jobs', '0', 'job.json');
    assert.deepEqual(job.proof, proof);
    assert.ok(job.transaction!.gas > 0);
    assert.deepEqual(job.batches, ['0', '1', '2', '10']);
    assert.equal(job.credits.reduce((sum, c) => sum + BigInt(c.amount), 0n), 15n * 10n ** 16n, 'credits sum to the fees');
    const out = await zkattr('verify', ...chain);
    assert.equal(out.match(/^ok .*contract: accepted$/gm)?.length, 2);
  });

  it('never pays twice: a settlement that was sent and not noted is only noted', async () => {
    const before = await json<object>('jobs', '0', 'job.json');
    await forgetTransaction('jobs', '0', 'job.json');
    assert.match(await zkattr('prove', ...chain), /settled job 0 of an earlier run/);
    assert.deepEqual(await json('jobs', '0', 'job.json'), before);
    assert.match(await zkattr('prove', ...chain), /^job 1: /m);
    const { code, out } = await run(['prove', ...chain, '--dir', dir]);
    assert.equal(code, 1);
    assert.match(out, /NO_BATCHES/);
  });

  it('audits the job against the chain', async () => {
    await zkattr('audit', '0', ...chain);
  });

  describe('through the market', () => {
    let row = 100;
    const request = (folder: string): Promise<RequestFile> => json('jobs', folder, 'request.json');
    /** The request was opened, locked and paid or refunded as often as this, and its job settled once. */
    async function assertOnce(folder: string, expected: { paid: number }): Promise<void> {
      const owner = await as('owner'), { requestId } = await request(folder), { jobId } = await json<JobFile>('jobs', folder, 'job.json');
      const count = async (name: 'RequestOpened' | 'RequestLocked' | 'RequestPaid'): Promise<number> => (await owner.events('market', name, { args: { requestId } })).length;
      assert.deepEqual([await count('RequestOpened'), await count('RequestLocked'), await count('RequestPaid')], [1, 1, expected.paid]);
      assert.equal((await owner.events('market', 'RequestOpened', { args: { jobId } })).length, 1);
      assert.equal((await owner.events('settlement', 'JobSettled', { args: { jobId } })).length, 1);
      assert.ok((await json<Noted>('jobs', folder, 'job.json')).transaction);
    }

    it('requests, locks, proves and delivers in one go', async () => {
      await zkattr('infer', ...chain, '--from', String(row++), '--count', '1');
      assert.match(await zkattr('prove', '--market', ...chain), /job 2: .* delivered for request 0x/);
      await assertOnce('2', { paid: 1 });
    });

    for (const [stage, ...steps] of [['written'], ['opened', 'submit'], ['locked', 'submit', 'lock']] as const) {
      it(`goes on with a request that was ${stage}`, async () => {
        await zkattr('infer', ...chain, '--from', String(row++), '--count', '1');
        const node = await as('node'), folder = workspace.next('jobs'), written = await writeRequest(workspace, folder, node, await nextBatches(workspace));
        if ((steps as readonly string[]).includes('submit')) await submitRequest(node, written);
        if ((steps as readonly string[]).includes('lock')) await lockRequest(await as('prover'), written.requestId, written.request);
        const { requestId } = await request(folder);
        assert.match(await zkattr('prove', ...chain), new RegExp(`resume a request without a proof[^]*settled job ${folder} of an earlier run`));
        assert.equal((await request(folder)).requestId, requestId, 'no other request was made');
        await assertOnce(folder, { paid: 1 });
      });
    }

    it('delivers a proof that was not sent, and only notes one that was', async () => {
      await zkattr('infer', ...chain, '--from', String(row++), '--count', '1');
      await zkattr('prove', '--market', '--no-settle', ...chain);
      const folder = String(Number(workspace.next('jobs')) - 1);
      assert.match(await zkattr('prove', ...chain), new RegExp(`settled job ${folder}`));
      await assertOnce(folder, { paid: 1 });
      const before = await json<object>('jobs', folder, 'job.json');
      await forgetTransaction('jobs', folder, 'job.json');
      await zkattr('prove', ...chain);
      assert.deepEqual(await json('jobs', folder, 'job.json'), before);
      await assertOnce(folder, { paid: 1 });
    });

    it('settles for its fees alone what was locked and whose time is over', async () => {
      await zkattr('infer', ...chain, '--from', String(row++), '--count', '1');
      await zkattr('prove', '--market', '--no-settle', ...chain);
      const folder = String(Number(workspace.next('jobs')) - 1), { request: { deadline }, requestId } = await request(folder);
      await advanceTo(await as('owner'), BigInt(deadline) + 1n);
      await zkattr('prove', ...chain);
      await assertOnce(folder, { paid: 0 });
      await zkattr('market', 'expire', requestId, ...chain);
      assert.equal((await (await as('owner')).market.request(requestId)).status, 'refunded');
      assert.match(await zkattr('market', 'list', ...chain), /no request waits/);
    });

    it('refuses a proof of fees that went back since, and proves again without them', async () => {
      await zkattr('infer', ...chain, '--from', '200', '--count', '2');
      await zkattr('prove', '--no-settle', ...chain);
      const folder = String(Number(workspace.next('jobs')) - 1), { batches: [batch] } = await json<JobFile>('jobs', folder, 'job.json');
      const { node, adapterId, queries: [query] } = await readArtifact(file('batches', batch, 'order.json'), orderSchema);
      const key = paymentKey(node, adapterId, query.requestHash, query.nonce), owner = await as('owner');
      await advanceTo(owner, (await owner.inferences.payment(key)).deadline + 1n);
      await owner.refund([key]);
      const { code, out } = await run(['prove', ...chain, '--dir', dir]);
      assert.equal(code, 1);
      assert.match(out, /PROOF_STALE.*query 0.*remove jobs/);
      await rm(file('jobs', folder), { recursive: true });
      await zkattr('prove', ...chain);
      const { fees, credits } = await json<{ fees: Hex[]; credits: { amount: Hex }[] }>('jobs', folder, 'job.json');
      assert.deepEqual(fees.slice(0, 2).map(BigInt), [0n, 6n * 10n ** 15n]);
      assert.equal(credits.reduce((sum, c) => sum + BigInt(c.amount), 0n), 10n ** 16n);
    });

    it('audits all of it', async () => {
      await zkattr('audit', '2', ...chain);
    });
  });

  it('refuses a wrong chain id and an undeployed contract', async () => {
    const wrong = await run(['infer', ...chain, '--chain-id', '1337', '--dir', dir]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.out, /CHAIN_ID_MISMATCH.*expected/);
    const empty = await startAnvil();
    try {
      const { code, out } = await run(['infer', '--rpc', empty.rpcUrl, '--dir', dir]);
      assert.equal(code, 1);
      assert.match(out, /CONTRACT_MISSING/);
    } finally {
      await empty.stop();
    }
  });

  it('says that a port is in use', async () => {
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { code, out } = await run(['demo', '--quiet', '--port', String((server.address() as AddressInfo).port), '--dir', join(dir, 'demo')]);
      assert.equal(code, 1);
      assert.match(out, /PORT_IN_USE/);
    } finally {
      server.close();
    }
  });

  it('names a truncated artifact and what to do', async () => {
    const path = file('batches', '0', 'batch.json');
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 500));
    const { code, out } = await run(['verify', '--dir', dir]);
    assert.equal(code, 1);
    assert.match(out, /ARTIFACT_JSON.*batch\.json.*truncated/);
  });
});
