/** An inference node on a local chain with the real contracts: what it serves, refuses, signs, and hands in. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeFunctionData, hashTypedData, keccak256, toHex, type Hex } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { CONTRACTS, paymentKey, read, receiptTypedData, type Receipt } from '../../src/chain/index.js';
import { NetworkError } from '../../src/errors/network.js';
import { outputHashOf, verifyReceipt } from '../../src/inference/index.js';
import { AdapterPool } from '../../src/inference/node/adapters.js';
import { inferRemote, NodeMetrics, remoteInference, startInferenceNode, type Answer, type InferenceNodeOptions, type NodeHandle } from '../../src/inference/node/index.js';
import { batchSchema, readArtifact } from '../../src/protocol/artifacts.js';
import { apiErrorSchema } from '../../src/protocol/network/index.js';
import type { ChildOptions } from '../unit/inference/node/child.js';
import { get, infer, logger, NodeWorld, OneBlockCoordinator, post, PRICE, until, WIDTH } from '../unit/inference/node/support.js';
import { addressOf, PARTIES } from '../support/story.js';

const NODE_KEY = toHex(mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex: PARTIES.node }).getHdKey().privateKey!);
const CHILD = fileURLToPath(new URL('../unit/inference/node/child.js', import.meta.url));

describe('an inference node', () => {
  let world: NodeWorld, coordinator: OneBlockCoordinator, handle: NodeHandle | undefined, counter = 0, folder: string;
  /** Requests are numbered: the nonce of each is used once. */
  const next = (count: number): number[] => Array.from({ length: count }, () => ++counter);
  const options = (more: Partial<InferenceNodeOptions> = {}): InferenceNodeOptions => ({
    economy: world.as('node'), srs: world.srs, adaptersDir: world.adaptersDir, dataDir: folder, coordinatorUrl: coordinator.url, price: PRICE, maxAgeMs: 3_600_000, logger, pollMs: 50, retryMs: 20, maxPauseMs: 100, perMinute: 100_000, drainMs: 2000, ...more,
  });
  const start = async (more: Partial<InferenceNodeOptions> = {}): Promise<NodeHandle> => (handle = await startInferenceNode(options(more)));
  const answered = async (url: string, requests: readonly object[]): Promise<Answer[]> => {
    const replies = await Promise.all(requests.map((r) => infer(url, r)));
    for (const { status, body } of replies) assert.equal(status, 200, JSON.stringify(body));
    return replies.map((r) => r.body);
  };
  /** Payment keys of all blocks of the folder, in order. */
  const blocked = async (): Promise<Hex[][]> => {
    const names = await readdir(`${folder}/blocks`).catch((): string[] => []);
    return Promise.all(names.map(async (name) => {
      const { signed: { receipt } } = await readArtifact(`${folder}/blocks/${name}/batch.json`, batchSchema);
      return receipt.inferences.map((i) => paymentKey(receipt.node, receipt.adapterId, i.requestHash, BigInt(i.nonce)));
    }));
  };
  const committed = async (keys: readonly Hex[]): Promise<boolean> => (await Promise.all(keys.map((key) => world.as('node').inferences.payment(key)))).every((p) => p.status === 'committed');

  before(async () => {
    world = await NodeWorld.begin();
    coordinator = await OneBlockCoordinator.start(world);
    folder = world.path('data-0');
  });
  let tests = 0;
  afterEach(async () => {
    await handle?.close();
    handle = undefined;
    coordinator.down = false;
    folder = world.path(`data-${++tests}`);
  });
  after(async () => {
    await coordinator?.stop();
    await world?.end();
  });

  it('lists what it serves, quotes, answers a paid request, and signs a receipt that the registry knows', async () => {
    const { url } = await start();
    const { body: { adapters, refused } } = await get(url, '/v1/adapters');
    assert.deepEqual(refused, []);
    assert.deepEqual(adapters.map((a: { name: string; inputWidth: number; classes: number; price: string; state: string }) => [a.name, a.inputWidth, a.classes, a.price, a.state]), [0, 1].map((i) => [`adapter${i}`, WIDTH, 3, PRICE.toString(), 'ready']));
    const [n] = next(1), request = world.request(n), payment = world.payment(request), key = paymentKey(payment.node, payment.adapterId, payment.requestHash, payment.nonce);
    const { body: quote } = await post(url, '/v1/quote', request);
    assert.deepEqual([quote.requestHash, quote.paymentKey, quote.fee, quote.node], [payment.requestHash, key, PRICE.toString(), addressOf('node')]);
    const { nonce: _, ...without } = request;
    assert.match((await post(url, '/v1/quote', without)).body.nonce, /^\d{60,}$/);

    await world.as('payer').pay([payment]);
    const [answer] = await answered(url, [request]);
    assert.equal(answer.paymentKey, key);
    assert.equal(answer.outputHash, outputHashOf(Int32Array.of(answer.prediction)));
    const receipt: Receipt = { ...answer.receipt.receipt, nonce: BigInt(answer.receipt.receipt.nonce) };
    const { client, deployment } = world.as('payer');
    assert.equal(await read(client, CONTRACTS.inferences.abi, deployment.inferences, 'receiptDigest', [receipt]), hashTypedData(receiptTypedData(deployment, receipt)));
    assert.ok(await client.publicClient.verifyTypedData({ address: addressOf('node'), ...receiptTypedData(deployment, receipt), signature: answer.receipt.signature }));

    // The same request again, at once and later, also after a restart: the same bytes.
    for (const again of await answered(url, Array.from({ length: 5 }, () => request))) assert.deepEqual(again, answer);
    assert.equal((await get(url, answer.statusUrl)).body.state, 'answered');
    await handle!.flush();
    const { state, blockId } = (await get(url, answer.statusUrl)).body;
    assert.ok(['inBlock', 'submitted', 'committed'].includes(state as string));
    await until('committed', () => committed([key]));
    await until('seen as committed', async () => (await get(url, answer.statusUrl)).body.state === 'committed');
    assert.ok(coordinator.blocks.has(blockId as Hex));
    await handle!.close();
    const { url: second } = await start();
    assert.deepEqual((await answered(second, [request]))[0], answer);
    assert.equal((await blocked()).flat().filter((k) => k === key).length, 1);
    const pack = coordinator.packages.get(blockId as Hex)!;
    assert.ok((await verifyReceipt(pack.batch.signed, { node: addressOf('node') })).ok);
    coordinator.blocks.set(blockId as Hex, { ...coordinator.blocks.get(blockId as Hex)!, phase: 'settled', jobId: keccak256('0x01') });
    await until('settled', async () => (await remoteInference({ nodeUrl: second }, key)).state === 'settled');
    await until('nothing open', () => handle!.backlog().blocks === 0);
  });

  it('answers payers of the client library, who check what they get, and never pay twice', async () => {
    const { url } = await start({ requireSignature: true }), [a, b] = next(2), inputs = [world.row(a), world.row(b)], nonces = [BigInt(a), BigInt(b)];
    const ask = { nodeUrl: url, economy: world.as('payer'), adapterId: world.adapters[1].registration.adapterId, inputs, nonces, sign: true };
    await assert.rejects(inferRemote({ ...ask, sign: false }), { code: 'SIGNATURE', status: 403 });
    const first = await inferRemote(ask), block = await world.as('payer').client.publicClient.getBlockNumber();
    assert.deepEqual(await inferRemote(ask), first);
    assert.equal(await world.as('payer').client.publicClient.getBlockNumber(), block, 'nothing was sent');
    await assert.rejects(inferRemote({ ...ask, nonces: undefined, maxFee: PRICE - 1n }), { code: 'FEE' });
    await assert.rejects(inferRemote({ ...ask, adapterId: keccak256('0x02') }), { code: 'ADAPTER_UNKNOWN' });
    const lying: typeof fetch = async (input, init) => {
      const response = await fetch(input, init), text = await response.text();
      return new Response(String(input).endsWith('/v1/infer') ? text.replace(/"prediction":(\d)/, (_, p) => `"prediction":${(Number(p) + 1) % 3}`) : text, response);
    };
    await assert.rejects(inferRemote({ ...ask, fetch: lying }), { code: 'ANSWER' });
  });

  it('refuses what is not paid, or not as asked, by code', async () => {
    const { url } = await start(), [unpaid, low, wrong, width, old] = next(5);
    const code = async (request: object): Promise<[number, string]> => { const { status, body } = await infer(url, request); assert.ok(body.error?.hint, JSON.stringify(body)); return [status, body.error.code]; };
    assert.deepEqual(await code(world.request(unpaid)), [402, 'PAYMENT_MISSING']);
    assert.deepEqual(await code((await world.paid([low], { fee: PRICE - 1n }))[0]), [402, 'PAYMENT_TOO_LOW']);
    const others = world.request(wrong, { payer: 'secondPayer' });
    await world.as('payer').pay([world.payment(others)]);
    assert.deepEqual(await code(others), [403, 'PAYER_MISMATCH']);
    assert.deepEqual(await code({ ...world.request(width), inputs: [1, 2] }), [422, 'INPUT_WIDTH']);
    assert.deepEqual(await code({ ...world.request(width), inputs: [1, 2, 3, 4, 5, 1e39] }), [422, 'INPUT_NOT_FINITE']);
    assert.deepEqual(await code({ ...world.request(width), inputs: [1, 2, 3, 4, 5, NaN] }), [400, 'INPUT_NOT_FINITE']);
    assert.deepEqual(await code({ ...world.request(width), adapterId: keccak256('0x03') }), [404, 'ADAPTER_UNKNOWN']);
    const signature = await world.as('secondPayer').client.walletClient!.signMessage({ message: { raw: '0x12' } });
    assert.deepEqual(await code({ ...(await world.paid([width]))[0], signature }), [403, 'SIGNATURE']);
    const raw = `{"adapterId":"${world.adapters[0].registration.adapterId}","payer":"${addressOf('payer')}","nonce":"1","inputs":[1,2,3,4,5,1e999]}`;
    assert.equal((await post(url, '/v1/infer', raw)).body.error.code, 'INPUT_NOT_FINITE');

    const state = await world.story.rpc<Hex>('evm_snapshot'), [late] = await world.paid([old]);
    const { settlementSeconds } = await world.as('node').parameters.windows();
    await world.story.advance(BigInt(settlementSeconds) - 300n);
    assert.deepEqual(await code(late), [410, 'PAYMENT_EXPIRED']);
    await world.story.advance(600n);
    const { node, adapterId, requestHash, nonce } = world.payment(late);
    await world.as('payer').refund([paymentKey(node, adapterId, requestHash, nonce)]);
    assert.deepEqual(await code(late), [410, 'PAYMENT_REFUNDED']);
    await world.story.rpc('evm_revert', state);
    // What another node folder has answered is not answered again.
    const [request] = await world.paid(next(1));
    await answered(url, [request]);
    await handle!.flush();
    await until('committed', () => committed((coordinator.blocks.size, [paymentKey(addressOf('node'), request.adapterId, world.payment(request).requestHash, BigInt(request.nonce))])));
    await handle!.close();
    folder = world.path('lost');
    const { url: other } = await start();
    assert.deepEqual([(await infer(other, request)).body.error?.code], ['PAYMENT_USED']);
  });

  it('cuts full blocks at once, the rest by age, and each query is in one block', async () => {
    const { url } = await start({ maxAgeMs: 700 }), requests = await world.paid(next(9)), answers = await answered(url, requests);
    await until('two full blocks', async () => (await blocked().catch(() => [])).length >= 2);
    assert.deepEqual((await blocked()).map((keys) => keys.length).slice(0, 2), [4, 4]);
    await until('all committed', () => committed(answers.map((a) => a.paymentKey)));
    const keys = (await blocked()).flat();
    assert.deepEqual([...keys].sort(), answers.map((a) => a.paymentKey).sort());
    assert.deepEqual((await blocked()).map((k) => k.length), [4, 4, 1]);
    assert.equal(coordinator.calls.filter((c) => c === 'POST /v1/records').length <= 4, true, 'a record is handed in once for all its blocks of a folder');
  });

  it('cuts a block when a payment comes near its deadline', async () => {
    const { settlementSeconds } = await world.as('node').parameters.windows();
    const { url } = await start({ deadlineMarginSeconds: settlementSeconds - 2 }), [answer] = await answered(url, await world.paid(next(1)));
    await until('committed', () => committed([answer.paymentKey]));
  });

  it('keeps two adapters within the memory of one: one is let go for the other, but not while it is in use', async () => {
    const metrics = new NodeMetrics(), [a, b] = world.adapters.map((w) => w.registration.adapterId), economy = world.as('node');
    const probe = await AdapterPool.open({ dir: world.adaptersDir, economy, memoryBytes: 1, srsPower: world.srs.power, logger, metrics });
    await assert.rejects(probe.use(a, () => Promise.resolve()), { code: 'ADAPTER_TOO_LARGE' });
    const pool = await AdapterPool.open({ dir: world.adaptersDir, economy, memoryBytes: Math.max(probe.get(a).bytes, probe.get(b).bytes), waitMs: 150, srsPower: world.srs.power, logger, metrics });
    const row = Float32Array.from(world.row(1)), loads = async (): Promise<number> => (await metrics.loads.get()).values[0].value;
    // Requests at once load it once; the other waits until it is free.
    const first = await Promise.all(Array.from({ length: 6 }, () => pool.use(a, async (loaded) => [...(await loaded.run(row)).logits])));
    assert.deepEqual([await loads(), pool.loadedCount], [1, 1]);
    assert.ok(first.every((logits) => String(logits) === String(first[0])));
    let release!: () => void;
    const holding = pool.use(a, () => new Promise<void>((resolve) => { release = resolve; }));
    await assert.rejects(pool.use(b, () => Promise.resolve()), { code: 'OVERLOADED' });
    const waiting = pool.use(b, async (loaded) => [...(await loaded.run(row)).logits]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(pool.list().find((s) => s.adapter.id === a)!.state, 'loaded', 'in use');
    release();
    await holding;
    assert.notDeepEqual(await waiting, first[0], 'the other model');
    assert.deepEqual(pool.list().map((s) => s.state).sort(), ['loaded', 'ready']);
    assert.deepEqual([...(await pool.use(a, (loaded) => loaded.run(row))).logits], first[0], 'loaded again, the same');
    assert.equal(await loads(), 3);
    // Many at once on both: bounded, and all are served.
    const outcomes = await Promise.allSettled(Array.from({ length: 24 }, (_, i) => pool.use(i % 2 ? a : b, async (loaded) => { await loaded.run(row); assert.ok(pool.loadedBytes <= pool.options.memoryBytes); })));
    assert.ok(outcomes.every((o) => o.status === 'fulfilled'));
    await pool.close();
    assert.equal(pool.loadedBytes, 0);
    await assert.rejects(pool.use(a, () => Promise.resolve()), { code: 'DRAINING' });
  });

  it('takes adapters while it runs, refuses a damaged one by name with the reason, and serves on', async () => {
    const dir = world.path('swap'), name = 'adapter0';
    await mkdir(dir, { recursive: true });
    await cp(`${world.adaptersDir}/${name}`, `${dir}/${name}`, { recursive: true });
    await cp(`${world.adaptersDir}/adapter1`, `${dir}/twin`, { recursive: true });
    await rm(`${dir}/twin/model/manifest.json`);
    const { url } = await start({ adaptersDir: dir, adminToken: 'secret' }), admin = { authorization: 'Bearer secret' };
    const { body } = await get(url, '/v1/adapters');
    assert.equal(body.adapters.length, 1);
    assert.deepEqual([body.refused[0].folder, body.refused[0].code], ['twin', 'FILE_ENOENT']);
    assert.equal((await post(url, '/v1/admin/adapters', { folder: 'twin' })).status, 401);
    assert.equal((await post(url, '/v1/admin/adapters', { folder: '../adapters' }, admin)).status, 400);
    assert.ok((await post(url, '/v1/admin/adapters', { folder: 'twin' }, admin)).status >= 400);
    await cp(`${world.adaptersDir}/adapter1`, `${dir}/twin`, { recursive: true });
    assert.equal((await post(url, '/v1/admin/adapters', { folder: 'twin' }, admin)).status, 200);
    await answered(url, await world.paid(next(1), { adapter: 1 }));
    // A model that was cut off: its requests are refused by name, the others go on; repaired, it is taken back.
    await truncate(`${dir}/${name}/model/model.onnx`, 100);
    const [request] = await world.paid(next(1)), refused = await infer(url, request);
    assert.deepEqual([refused.status, refused.body.error?.code], [503, 'ADAPTER_REFUSED']);
    assert.match(refused.body.error!.message, /adapter0.*altered/);
    assert.match((await get(url, '/v1/adapters')).body.adapters.find((x: { name: string }) => x.name === name).reason, /altered/);
    await answered(url, await world.paid(next(1), { adapter: 1 }));
    await cp(`${world.adaptersDir}/${name}`, `${dir}/${name}`, { recursive: true });
    await handle!.addAdapter(name);
    await answered(url, [request]);
    await cp(`${world.adaptersDir}/${name}`, `${dir}/copy`, { recursive: true });
    await assert.rejects(handle!.addAdapter('copy'), { code: 'ADAPTER_TWICE' });
    await writeFile(`${dir}/copy/registration/registration.json`, '{}');
    await assert.rejects(handle!.addAdapter('copy'), { code: 'ARTIFACT_FORMAT' });
  });

  it('gives a block its new id when the split of fees changes before it is committed', async () => {
    const state = await world.story.rpc<Hex>('evm_snapshot');
    coordinator.down = true;
    const { url } = await start(), [answer] = await answered(url, await world.paid(next(1)));
    await handle!.flush();
    const before = (await get(url, answer.statusUrl)).body.blockId as Hex;
    const { timelock, parameters } = world.story.deployment;
    await world.story.rpc('anvil_impersonateAccount', timelock);
    await world.story.rpc('anvil_setBalance', timelock, toHex(10n ** 18n));
    const data = encodeFunctionData({ abi: CONTRACTS.parameters.abi, functionName: 'addSplit', args: [{ contributors: 7000, node: 1000, prover: 1000, auditors: 500, treasury: 500 }] });
    await world.story.rpc('eth_sendTransaction', { from: timelock, to: parameters, data, gas: toHex(1_000_000) });
    await world.story.advance(1n);
    coordinator.down = false;
    await until('committed', () => committed([answer.paymentKey]));
    await until('the folder has the new id', async () => (await get(url, answer.statusUrl)).body.blockId !== before);
    const { blockId } = (await get(url, answer.statusUrl)).body;
    assert.equal((await world.as('node').inferences.block(blockId as Hex)).status, 'committed');
    const pack = coordinator.packages.get(blockId as Hex)!;
    assert.deepEqual([pack.batch.split.contributors, pack.secrets.blockId], [7000, blockId]);
    await handle!.close();
    handle = undefined;
    await world.story.rpc('evm_revert', state);
  });

  it('without a coordinator commits its blocks itself, once, also when it had not noted it', async () => {
    const { url } = await start({ coordinatorUrl: 'none' }), answers = await answered(url, await world.paid(next(5)));
    await handle!.flush();
    const keys = answers.map((a) => a.paymentKey);
    await until('committed', () => committed(keys));
    await until('noted', async () => (await Promise.all(keys.map((key) => get(url, `/v1/inferences/${key}`)))).every((r) => r.body.state === 'committed'));
    await handle!.close();
    for (const name of await readdir(`${folder}/blocks`)) await rm(`${folder}/blocks/${name}/state.json`);
    const { url: second } = await start({ coordinatorUrl: 'none' });
    await until('noted again', async () => (await Promise.all(keys.map((key) => get(second, `/v1/inferences/${key}`)))).every((r) => r.body.state === 'committed'));
    assert.equal((await world.as('node').events('inferences', 'BlockCommitted', { args: { node: addressOf('node') } })).filter((e) => e.args.data.inferences.some((i) => keys.includes(i.key))).length, 2);
  });

  it('sets the queries of a block free that can never be committed, and leaves out what went back', async () => {
    const state = await world.story.rpc<Hex>('evm_snapshot');
    coordinator.down = true;
    const { url } = await start(), early = await answered(url, await world.paid(next(1))), { settlementSeconds } = await world.as('node').parameters.windows();
    await world.story.advance(1000n);
    const late = await answered(url, await world.paid(next(1)));
    await handle!.flush();
    await world.story.advance(BigInt(settlementSeconds) - 500n);
    await world.as('payer').refund([early[0].paymentKey]);
    coordinator.down = false;
    // The queries come back to the batcher by themselves; nothing is due, so they are cut here.
    await until('dropped', () => handle!.backlog().queries > 0);
    await handle!.flush();
    await until('the late one is committed', () => committed([late[0].paymentKey]));
    assert.deepEqual((await get(url, early[0].statusUrl)).body.state, 'lapsed');
    await handle!.close();
    handle = undefined;
    await world.story.rpc('evm_revert', state);
  });

  it('refuses to start without stake, on a folder in use, and without a key', async () => {
    await assert.rejects(startInferenceNode(options({ economy: world.as('secondNode') })), (error) => error instanceof NetworkError && error.code === 'NODE_INACTIVE' && /zkattr stake/.test(error.message));
    await start();
    await assert.rejects(startInferenceNode(options()), { code: 'NODE_RUNNING' });
    const economy = world.as('node'), { account: _, ...client } = economy.client;
    await assert.rejects(startInferenceNode(options({ economy: Object.assign(Object.create(economy), { client }), dataDir: world.path('other') })), { code: 'NODE_KEY' });
  });

  it('tells its health, metrics and schemas, and ends running requests before it closes', async () => {
    const { url } = await start(), requests = await world.paid(next(3));
    assert.deepEqual([(await get(url, '/healthz')).status, (await get(url, '/readyz')).status], [200, 200]);
    const { body } = await get(url, '/openapi.json');
    assert.deepEqual(Object.keys(body.paths).sort(), ['/v1/adapters', '/v1/infer', '/v1/inferences/{paymentKey}', '/v1/quote']);
    assert.ok(body.paths['/v1/infer'].post.requestBody.content['application/json'].schema);
    const running = answered(url, requests);
    const count = (text: string, name: RegExp): number => [...text.matchAll(name)].reduce((n, m) => n + Number(m[1]), 0);
    await until('they run', async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return count(text, /^zkattr_node_inferences_total\{outcome="answered"\} (\d+)/gm) + count(text, /^zkattr_node_requests_running (\d+)/gm) >= 3;
    });
    const closing = handle!.close();
    const answers = await running;
    await closing;
    await until('closing made a block and handed it in', () => committed(answers.map((a) => a.paymentKey)), 2000);
    assert.equal((await blocked()).length, 1);
    handle = undefined;
  });

  describe('killed', () => {
    let child: ChildProcess | undefined;
    const run = async (more: Partial<ChildOptions> = {}): Promise<string> => {
      const { deployment, anvil } = world.story;
      const given: ChildOptions = { rpcUrl: anvil.rpcUrl, deployment, key: NODE_KEY, srsPath: world.srsPath, price: PRICE.toString(), adaptersDir: world.adaptersDir, dataDir: folder, coordinatorUrl: coordinator.url, maxAgeMs: 3_600_000, pollMs: 50, retryMs: 20, maxPauseMs: 100, ...more };
      child = spawn(process.execPath, [CHILD, JSON.stringify(given)], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = await once(child.stdout!.setEncoding('utf8'), 'data') as [string];
      return line.trim();
    };
    const kill = async (): Promise<void> => {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
    afterEach(kill);

    it('between answer and block, and between block and submission: each answered query ends in exactly one block', async () => {
      const requests = await world.paid(next(2)), url = await run(), answers = await answered(url, requests);
      await kill();
      assert.deepEqual(await blocked(), []);
      coordinator.down = true;
      const again = await run({ maxAgeMs: 1 });
      await until('block is signed', async () => (await blocked().catch(() => [])).length === 1);
      assert.deepEqual(await answered(again, requests), answers, 'the same receipts');
      await kill();
      assert.ok(!await committed(answers.map((a) => a.paymentKey)));
      // What a kill inside the writing of a block leaves.
      await mkdir(`${folder}/blocks/7`, { recursive: true });
      await writeFile(`${folder}/blocks/7/inputs.f32`, 'half');
      coordinator.down = false;
      await start();
      await until('committed', () => committed(answers.map((a) => a.paymentKey)));
      assert.deepEqual((await blocked()).map((keys) => [...keys].sort()), [answers.map((a) => a.paymentKey).sort()]);
    });

    it('at any moment under load: what was answered is answered the same, and is in one block', async () => {
      const requests = await world.paid(next(16)), told = new Map<string, Answer>();
      for (const delay of [15, 60]) {
        const url = await run({ maxAgeMs: 30 });
        const asking = requests.map(async (request) => {
          const reply = await infer(url, request).catch(() => undefined);
          if (reply?.status !== 200) return;
          const before = told.get(request.nonce);
          if (before) assert.deepEqual(reply.body, before);
          told.set(request.nonce, reply.body);
        });
        await new Promise((resolve) => setTimeout(resolve, delay));
        await kill();
        await Promise.all(asking);
      }
      const { url } = await start({ maxAgeMs: 30 }), answers = await answered(url, requests), keys = answers.map((a) => a.paymentKey);
      for (const [i, request] of requests.entries()) if (told.has(request.nonce)) assert.deepEqual(answers[i], told.get(request.nonce));
      await until('all committed', () => committed(keys));
      const all = (await blocked()).flat();
      assert.deepEqual([...all].sort(), [...keys].sort());
      assert.equal(new Set(all).size, all.length);
    });
  });

  it('answers malformed requests with a coded refusal, whatever they are', async () => {
    const { url } = await start({ bodyBytes: 4096 }), good = world.request(next(1)[0]);
    const values: unknown[] = [null, '', 'x', -1, 1.5, 1e300, [], {}, [[]], true, `0x${'0'.repeat(64)}`, '0x', '\u0000', '1'.repeat(78), '99999999999999999999999999999999999999999999999999999999999999999999999999999', [1, 'a'], Array(10).fill(null), { $ne: 1 }, '__proto__'];
    let seed = 5;
    const random = (n: number): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % n;
    const bodies: (string | Uint8Array)[] = [];
    for (const field of ['adapterId', 'payer', 'inputs', 'nonce', 'signature', 'extra', '__proto__']) for (const value of values) bodies.push(JSON.stringify({ ...good, [field]: value }));
    for (const field of ['adapterId', 'payer', 'inputs', 'nonce']) bodies.push(JSON.stringify({ ...good, [field]: undefined }));
    const text = JSON.stringify(good);
    for (let i = 0; i < 150; i++) bodies.push(text.slice(0, random(text.length)));
    for (let i = 0; i < 150; i++) { const bytes = Buffer.from(text); bytes[random(bytes.length)] = random(256); bodies.push(bytes); }
    bodies.push(JSON.stringify({ ...good, inputs: [1, 2] }), '', 'null', '[]', '1', '"x"', '[[', '{'.repeat(2000), '['.repeat(3000), JSON.stringify({ ...good, inputs: Array(2000).fill(1) }), 'x'.repeat(10_000));
    const codes = new Map<string, number>();
    for (let i = 0; i < bodies.length; i += 40) {
      await Promise.all(bodies.slice(i, i + 40).flatMap((body) => ['/v1/infer', '/v1/quote'].map(async (path) => {
        const { status, body: reply } = await post(url, path, body);
        if (status === 200 && path === '/v1/quote') return; // some change nothing that matters to a quote
        assert.ok(status >= 400 && status < 500, `${status} for ${path} ${String(body).slice(0, 200)}: ${JSON.stringify(reply)}`);
        const { error } = apiErrorSchema.parse(reply);
        assert.match(error.code, /^[A-Z][A-Z_]+$/);
        codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
      })));
    }
    for (const code of ['REQUEST_FORMAT', 'BODY_JSON', 'BODY_TOO_LARGE', 'INPUT_NOT_FINITE', 'INPUT_WIDTH', 'PAYMENT_MISSING']) assert.ok(codes.has(code), `${code} in ${[...codes].join(' ')}`);
    for (const [path, status] of [['/nothing', 404], ['/v1/inferences/0x12', 400], [`/v1/inferences/0x${'00'.repeat(32)}`, 404], [`/v1/inferences/${'%00'.repeat(30)}`, 400], ['/v1/infer', 404]] as const) {
      const reply = await get(url, path);
      assert.equal(reply.status, status, path);
      apiErrorSchema.parse(reply.body);
    }
    assert.equal((await fetch(`${url}/v1/infer`, { method: 'POST', body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status, 415);
    assert.equal((await get(url, '/readyz')).status, 200);
    await handle!.close();
    const { url: slow } = await start({ perMinute: 3 }), replies = await Promise.all(Array.from({ length: 8 }, () => get(slow, '/v1/adapters')));
    assert.ok(replies.some((r) => r.status === 429 && r.body.error.code === 'RATE_LIMIT'));
    assert.equal(replies.filter((r) => r.status === 200).length, 3);
    assert.equal((await readFile(`${folder}/node.lock`, 'utf8')), String(process.pid));
  });
});
