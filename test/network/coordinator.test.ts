/** A coordinator on a local chain with the real contracts: a node's block from the HTTP client to its settlement, and every restart in between. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { mnemonicToAccount } from 'viem/accounts';
import { keccak256, toHex, type Hex } from 'viem';
import { startCoordinator, type CoordinatorConfig, type CoordinatorHandle } from '../../coordinator/index.js';
import { rewardsSchema } from '../../coordinator/api/index.js';
import { selectGroth16 } from '../../prover/backends/select.js';
import type { Groth16Backend } from '../../prover/backends/groth16.js';
import { selectKernels, type Kernels } from '../../prover/kernels/index.js';
import { developmentKeys, type SetupKeys } from '../../prover/setup/index.js';
import { describeDead } from '../../src/cli/coordinator/letters.js';
import { verifierKey } from '../../src/verify/key.js';
import { startInferenceNode, type NodeHandle } from '../../src/inference/node/index.js';
import { CoordinatorClient, CoordinatorError } from '../../src/protocol/network/client.js';
import {
  apiErrorSchema, blockViewSchema, decodeBlockPackage, jobCreditsSchema, jobViewSchema, logEntrySchema, NO_SESSION, proverViewSchema, sealEnvelope, statsSchema, type Envelope, type JobView,
} from '../../src/protocol/network/index.js';
import { batchBlock } from '../../src/protocol/statements.js';
import { addressOf, cls, PARTIES } from '../support/story.js';
import { get, infer, logger, NodeWorld, post, PRICE, until } from '../unit/inference/node/support.js';
import { TestAgent } from './testAgent.js';

const account = (party: keyof typeof PARTIES) => mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex: PARTIES[party] });

describe('a coordinator', () => {
  let world: NodeWorld, keys: SetupKeys, kernels: Kernels, groth16: Groth16Backend, handle: CoordinatorHandle | undefined, node: NodeHandle | undefined, numbers = 0, port = 0;
  const start = async (change: Partial<CoordinatorConfig> = {}): Promise<CoordinatorHandle> => {
    const { vk } = keys.payout;
    handle = await startCoordinator({
      rpcUrls: [world.story.anvil.rpcUrl], deployment: world.story.deployment, account: account('coordinator'), keys: [{ className: '4x4', vkHash: vk.vkHash, key: verifierKey(vk) }], store: world.path('coordinator'),
      http: { port }, srs: { '4x4': world.srsPath }, batch: { maxAgeMs: 50, tickMs: 50 }, settlement: { confirmations: 1, tickMs: 50, retryMs: 50 }, limits: { perMinute: 100_000 }, logger, ...change,
    });
    port = Number(new URL(handle.url).port);
    return handle;
  };
  const restart = async (): Promise<CoordinatorHandle> => {
    await handle?.close();
    return start();
  };
  const startNode = (): Promise<NodeHandle> => startInferenceNode({
    economy: world.as('node'), srs: world.srs, adaptersDir: world.adaptersDir, dataDir: world.path('node'), coordinatorUrl: handle!.url, price: PRICE, maxAgeMs: 3_600_000, logger, pollMs: 50, retryMs: 20, maxPauseMs: 100, perMinute: 100_000, drainMs: 500,
  });
  const agent = async (): Promise<TestAgent> => {
    const found = new TestAgent(handle!.url, account('prover'), { keys, kernels, groth16, world });
    await found.hello();
    return found;
  };
  const client = (party: keyof typeof PARTIES = 'node'): CoordinatorClient => new CoordinatorClient({ url: handle!.url, chainId: 31337, signer: account(party), attempts: 2, pauseMs: 20 });
  /** Paid, answered, in a block that the node hands in. */
  const serve = async (count: number): Promise<Hex> => {
    const requests = await world.paid(Array.from({ length: count }, () => ++numbers));
    let key: Hex | undefined;
    for (const request of requests) {
      const { status, body } = await infer(node!.url, request);
      assert.equal(status, 200, JSON.stringify(body));
      key = body.paymentKey;
    }
    await node!.flush();
    let blockId: Hex | undefined;
    await until('handed in', async () => {
      const { state, blockId: id } = (await get(node!.url, `/v1/inferences/${key}`)).body as { state: string; blockId?: Hex };
      blockId = id;
      return state !== 'answered' && state !== 'inBlock';
    });
    return blockId!;
  };
  const jobOf = async (blockId: Hex): Promise<Hex> => {
    let jobId: Hex | undefined;
    await until('a job', async () => (jobId = (await client().block(blockId)).jobId) !== undefined);
    return jobId!;
  };
  const settledEvents = async (jobId: Hex): Promise<number> => (await handle!.economy.events('settlement', 'JobSettled', { args: { jobId } })).length;

  before(async () => {
    [world, keys] = [await NodeWorld.begin(1), await developmentKeys(cls)];
    kernels = await selectKernels();
    groth16 = await selectGroth16(kernels.name);
    await start();
    node = await startNode();
  });
  after(async () => {
    await node?.close();
    await handle?.close();
    await groth16?.close();
    await kernels?.close();
    await world?.end();
  });

  it('takes a signed block to its settlement: committed, proved, settled once, credited', async () => {
    const blockId = await serve(2), jobId = await jobOf(blockId), a = await agent(), phases = new Set<string>();
    const followed = client().waitJob(jobId, { onUpdate: (job) => phases.add(job.phase) });
    const offer = await a.lease();
    assert.equal(offer.job.jobId, jobId);
    await a.deliver(offer, await a.prove(offer));
    const job = await followed;
    assert.equal(job.phase, 'settled');
    assert.deepEqual(job.blockIds, [blockId]);
    assert.ok(job.transaction && job.attempts.at(-1)?.outcome === 'completed');
    for (const event of ['formed', 'leased', 'proved', 'settling', 'settled']) assert.ok(job.timeline.some((entry) => entry.event === event), `${event} in ${job.timeline.map((e) => e.event).join()}`);
    assert.doesNotMatch(JSON.stringify(job), new RegExp(`${offer.job.record}|${offer.job.blocks[0].package}`), 'names of packages are nobody\'s business');
    assert.equal((await client().block(blockId)).phase, 'settled');
    assert.equal(await settledEvents(jobId), 1);

    const rewards = rewardsSchema.parse((await get(handle!.url, `/v1/rewards/${addressOf('prover')}`)).body), stats = await client().stats();
    assert.equal(rewards.byKind.prover, rewards.total);
    assert.ok(BigInt(rewards.total) > 0n);
    assert.deepEqual(stats.settled, { jobs: 1, inferences: 2, fees: String(2n * PRICE) });
    assert.equal(stats.jobs.settled, 1);
    const { credits } = jobCreditsSchema.parse((await get(handle!.url, `/v1/jobs/${job.jobId}/credits`)).body);
    assert.equal(credits.reduce((sum, { amount }) => sum + BigInt(amount), 0n), 2n * PRICE, 'every wei of the fees is somebody\'s');
    assert.deepEqual(credits.filter(({ kind }) => kind === 'prover').map(({ account, amount }) => [account, amount]), [[addressOf('prover'), rewards.total]]);
    assert.equal((await fetch(`${handle!.url}/v1/jobs/${keccak256('0x02')}/credits`)).status, 404);
    // The transaction that settled carries the log's root of then.
    const { input } = await handle!.economy.client.publicClient.getTransaction({ hash: job.transaction!.hash }), entries = (await get<{ hash: Hex }[]>(handle!.url, '/v1/log?limit=500')).body;
    assert.ok(entries.some(({ hash }) => input.endsWith(hash.slice(2))), 'anchored');
    for (const [path, schema] of [['/v1/provers', proverViewSchema], ['/v1/jobs?phase=settled', jobViewSchema], ['/v1/log', logEntrySchema]] as const) {
      const { body } = await get<unknown[]>(handle!.url, path);
      assert.ok(body.length > 0, path);
      for (const item of body) schema.parse(item);
    }
    statsSchema.parse((await get(handle!.url, '/v1/stats')).body);
  });

  it('resumes an event stream after the last number that was seen', async () => {
    const [job] = (await get<JobView[]>(handle!.url, '/v1/jobs?phase=settled')).body;
    const read = async (after?: string): Promise<number[]> => {
      const stop = new AbortController(), response = await fetch(`${handle!.url}/v1/jobs/${job.jobId}/events`, { headers: after === undefined ? {} : { 'last-event-id': after }, signal: stop.signal });
      const reader = response.body!.getReader(), timer = setTimeout(() => stop.abort(), 300);
      let text = '';
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          text += Buffer.from(value).toString();
        }
      } catch { /* aborted: the stream of a job does not end */ }
      clearTimeout(timer);
      return [...text.matchAll(/^id: (\d+)$/gm)].map((m) => Number(m[1]));
    };
    const all = await read();
    assert.deepEqual(all, all.map((_, i) => i + 1));
    assert.ok(all.length >= 5);
    assert.deepEqual(await read('3'), all.slice(3));
    assert.deepEqual(await read(String(all.length)), []);
    assert.equal((await fetch(`${handle!.url}/v1/jobs/${job.jobId}/events`, { headers: { 'last-event-id': 'x' } })).status, 400);
    assert.equal((await fetch(`${handle!.url}/v1/jobs/${keccak256('0x02')}/events`)).status, 404);
  });

  it('goes on after a restart in every phase, and settles once', async () => {
    const blockId = await serve(2);
    await restart();
    const jobId = await jobOf(blockId);
    await restart();
    const a = await agent(), offer = await a.lease();
    assert.equal(offer.job.jobId, jobId);
    await restart();
    assert.equal((await client().job(jobId)).phase, 'leased');
    await a.hello();
    await (await a.say('lease', { free: 0, memoryBytes: 0, running: [{ jobId, token: offer.token }] })).json();
    const proof = await a.prove(offer);
    await a.deliver(offer, proof);
    await restart();
    const job = await client().waitJob(jobId);
    assert.equal(job.phase, 'settled');
    await restart();
    assert.equal((await client().job(jobId)).phase, 'settled');
    await a.hello();
    await a.deliver(offer, proof); // its answer was lost, say
    await handle!.tick();
    assert.equal(await settledEvents(jobId), 1);
    assert.equal((await client().stats()).settled.jobs, 2);
  });

  it('proves again with fee 0 for a payment that went back in between', async () => {
    const snapshot = await world.story.rpc<string>('evm_snapshot');
    assert.ok(snapshot);
    const blockId = await serve(2), jobId = await jobOf(blockId), a = await agent(), first = await a.lease(), stale = await a.prove(first);
    const { deadline } = await client().block(blockId), [key] = (await handle!.economy.events('inferences', 'BlockCommitted', { args: { blockId } }))[0].args.data.inferences.map((i) => i.key);
    await world.story.advanceTo(BigInt(deadline) + 2n);
    await world.as('payer').refund([key]);
    await a.deliver(first, stale);
    const again = await a.lease();
    assert.equal(again.job.jobId, jobId);
    assert.ok(again.token > first.token);
    assert.equal(again.job.blocks[0].fees[0], '0');
    await a.deliver(again, await a.prove(again));
    const job = await client().waitJob(jobId);
    assert.equal(job.phase, 'settled');
    assert.ok(job.timeline.some(({ event }) => event === 'reprove'));
  });

  it('lets a dead job go on by an order of its account or of an operator, each taken once', async () => {
    await handle?.close();
    await start({ queue: { maxAttempts: 1 }, operators: [addressOf('payer')] });
    const jobId = await jobOf(await serve(2)), a = await agent();
    const die = async (): Promise<void> => {
      const { token } = await a.lease();
      await a.say('release', { jobId, token, reason: 'error', code: 'WITNESS', message: 'no\u001b[2J witness' });
      await until('dead', async () => (await client().job(jobId)).phase === 'dead');
    };
    await die();
    const letters = await client().deadLetters();
    assert.deepEqual(letters.map((job) => job.jobId), [jobId]);
    assert.match(describeDead(letters), new RegExp(`${jobId}  4x4, 2 inferences, 1 attempt, payments can go back in \\d+ min\\n  WITNESS: no \\[2J witness$`));
    assert.equal(describeDead([]), 'no job is dead');

    const order = async (party: keyof typeof PARTIES, change: object = {}, named = jobId): Promise<Envelope> => sealEnvelope(account(party), { kind: 'revive', chainId: 31337, to: addressOf('coordinator'), session: NO_SESSION, sequence: 0, sentAt: Date.now(), body: { jobId: named }, ...change });
    const send = async (envelope: Envelope, id = jobId): Promise<[number, string]> => {
      const { status, body } = await post(handle!.url, `/v1/jobs/${id}/revive`, envelope);
      return [status, status === 200 ? jobViewSchema.parse(body).phase : apiErrorSchema.parse(body).error.code];
    };
    const [settled] = (await get<JobView[]>(handle!.url, '/v1/jobs?phase=settled')).body, unknown = keccak256('0x02');
    assert.deepEqual(await send(await order('spammer')), [403, 'NOT_AN_OPERATOR']);
    assert.deepEqual(await send(await order('payer', { kind: 'cancel' })), [400, 'ENVELOPE_BODY']);
    assert.deepEqual(await send(await order('payer', {}, settled.jobId)), [400, 'ENVELOPE_BODY'], 'of another job');
    assert.deepEqual(await send(await order('payer', { to: addressOf('payer') })), [403, 'ENVELOPE_RECEIVER']);
    assert.deepEqual(await send(await order('payer', { sentAt: Date.now() - 120_000 })), [403, 'ENVELOPE_CLOCK']);
    assert.deepEqual(await send(await order('payer', {}, unknown), unknown), [404, 'JOB_UNKNOWN']);
    assert.deepEqual(await send(await order('payer', {}, settled.jobId), settled.jobId), [409, 'JOB_NOT_DEAD']);
    assert.equal((await client().job(jobId)).phase, 'dead');

    const used = await order('payer');
    assert.deepEqual(await send(used), [200, 'waiting']);
    assert.deepEqual(await send(used), [409, 'JOB_NOT_DEAD']);
    await die();
    assert.deepEqual(await send(used), [409, 'ENVELOPE_REPLAYED']);
    await assert.rejects(client('spammer').revive(jobId), (e) => e instanceof CoordinatorError && e.code === 'NOT_AN_OPERATOR' && e.status === 403);
    assert.equal((await client('coordinator').revive(jobId)).phase, 'waiting');
    const offer = await a.lease();
    await a.deliver(offer, await a.prove(offer));
    const job = await client().waitJob(jobId);
    assert.equal(job.phase, 'settled');
    assert.deepEqual(job.timeline.filter(({ event }) => event === 'revived').map(({ detail }) => detail), [`by ${addressOf('payer')}`, `by ${addressOf('coordinator')}`]);
    assert.equal(await settledEvents(jobId), 1);
  });

  it('lists jobs from either end, page by page', async () => {
    const list = async (query: string): Promise<Hex[]> => (await get<JobView[]>(handle!.url, `/v1/jobs?${query}`)).body.map((job) => job.jobId), oldest = await list('limit=200');
    assert.ok(oldest.length >= 4);
    assert.deepEqual(await list('limit=200&order=oldest'), oldest);
    for (const order of ['oldest', 'newest']) {
      const all = order === 'oldest' ? oldest : [...oldest].reverse(), seen: Hex[] = [];
      for (let page: Hex[] = []; (page = await list(`order=${order}&limit=1${page.length > 0 ? `&after=${page[0]}` : ''}`)).length > 0;) seen.push(...page);
      assert.deepEqual(seen, all);
      assert.deepEqual(await list(`order=${order}&phase=settled&limit=2`), all.slice(0, 2));
    }
  });

  it('refuses what is malformed, oversized, wrongly signed or replayed: a typed 4xx, and it goes on', async () => {
    const { url } = handle!, hash = toHex(7, { size: 32 }), before = process.memoryUsage().rss;
    const answers: [string, number, unknown][] = [];
    const send = async (what: string, method: string, path: string, body?: string | Uint8Array, headers: Record<string, string> = {}): Promise<void> => {
      const response = await fetch(`${url}${path}`, { method, body: body as RequestInit['body'], headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers } });
      answers.push([what, response.status, await response.json().catch(() => undefined)]);
    };
    const bodies = ['', '{', 'null', '[]', '{}', '"x"', '1e999', '{"__proto__":{}}', `{"recordId":"${hash}"}`, `{"recordId":"${hash}","blockId":"0x","package":"${hash}"}`, `{"recordId":"${hash}","blockId":"${hash}","package":"${hash}","more":1}`, `{"x":"${'y'.repeat(100_000)}"}`, '['.repeat(50_000)];
    for (const path of ['/v1/records', '/v1/blocks', '/v1/requests', `/v1/blocks/${hash}/cancel`, `/v1/jobs/${hash}/revive`]) for (const body of bodies) await send(`${path} ${body.slice(0, 30)}`, 'POST', path, body);
    for (const path of ['/v1/blocks', '/v1/jobs']) for (const id of ['0x', hash.toUpperCase(), `${hash}00`, '../../etc', '%00', hash]) await send(`${path}/${id}`, 'GET', `${path}/${encodeURIComponent(id)}`);
    for (const query of ['limit=0', 'limit=x', 'limit=1e9', 'phase=none', 'order=up', 'after=0x', `after=${hash}`]) await send(query, 'GET', `/v1/jobs?${query}`);
    for (const query of ['from=-1', 'from=x', 'limit=100000']) await send(query, 'GET', `/v1/log?${query}`);
    await send('account', 'GET', '/v1/rewards/0x12');
    await send('route', 'GET', '/v1/nothing');
    await send('method', 'DELETE', '/v1/blocks');
    await send('too large', 'POST', '/v1/blocks', `"${'x'.repeat(2 << 20)}"`);
    await send('media type', 'POST', '/v1/blocks', '{}', { 'content-type': 'text/xml' });
    await send('unknown record', 'POST', '/v1/blocks', JSON.stringify({ recordId: hash, blockId: hash, package: hash }));
    await send('unknown package', 'POST', '/v1/records', JSON.stringify({ recordId: hash, package: hash }));

    const data = new Uint8Array(1000).fill(3), name = keccak256(data), octets = { 'content-type': 'application/octet-stream' };
    const authorization = async (change: object = {}, body: object = { hash: name, bytes: 1000 }, party: keyof typeof PARTIES = 'node'): Promise<string> => {
      const envelope = await sealEnvelope(account(party), { kind: 'upload', chainId: 31337, to: addressOf('coordinator'), session: NO_SESSION, sequence: 0, sentAt: Date.now(), body, ...change });
      return `zkattr ${Buffer.from(JSON.stringify(envelope)).toString('base64url')}`;
    };
    const put = async (what: string, auth: string | undefined, bytes = data): Promise<void> => send(what, 'PUT', `/v1/artifacts/${name}`, bytes, { ...octets, ...(auth && { authorization: auth }) });
    await put('unsigned', undefined);
    await put('garbage', 'zkattr !!!!');
    await put('another scheme', 'Bearer x');
    await put('another chain', await authorization({ chainId: 1 }));
    await put('another coordinator', await authorization({ to: addressOf('node') }));
    await put('an old clock', await authorization({ sentAt: Date.now() - 120_000 }));
    await put('another kind', await authorization({ kind: 'cancel' }));
    await put('another hash', await authorization({}, { hash, bytes: 1000 }));
    await put('a stranger', await authorization({}, undefined, 'spammer'));
    await put('too many bytes announced', await authorization({}, { hash: name, bytes: 1 << 30 }));
    await put('more than announced', await authorization({}, { hash: name, bytes: 10 }));
    await put('less than announced', await authorization({}, { hash: name, bytes: 2000 }));
    await put('other bytes', await authorization(), new Uint8Array(1000).fill(4));
    await put('much more than announced', await authorization(), new Uint8Array(8 << 20));

    for (const [what, status, body] of answers) {
      const parsed = apiErrorSchema.safeParse(body);
      assert.ok(status >= 400 && status < 500 && parsed.success, `${what}: ${status} ${JSON.stringify(body)}`);
    }
    for (let i = 0; i < 300; i++) await send(`random ${i}`, 'POST', ['/v1/records', '/v1/blocks', '/v1/requests', '/v1/prover/hello'][i % 4], JSON.stringify({ [`k${i % 7}`]: Array.from({ length: i % 5 }, () => hash), recordId: i % 2 ? hash : i }));
    for (const [what, status] of answers.slice(-300)) assert.ok(status >= 400 && status < 500, what);

    // The right one, and the same envelope again: nothing changes.
    const right = await authorization();
    for (const _ of [1, 2]) assert.equal((await fetch(`${url}/v1/artifacts/${name}`, { method: 'PUT', body: data, headers: { ...octets, authorization: right } })).status, 200);
    assert.equal((await post(url, '/v1/records', { recordId: hash, package: name })).body.error.code, 'CONTAINER', 'bytes that are no package');
    await assert.rejects(client('spammer').cancel((await get<JobView[]>(url, '/v1/jobs?phase=settled')).body[0].blockIds[0]), (e) => e instanceof CoordinatorError && e.code === 'NOT_THE_NODE' && e.status === 403);
    await assert.rejects(client().cancel((await get<JobView[]>(url, '/v1/jobs?phase=settled')).body[0].blockIds[0]), { code: 'BLOCK_TAKEN', status: 409 });
    assert.equal((await get(url, '/readyz')).status, 200);
    assert.ok(process.memoryUsage().rss - before < 300 << 20, 'memory stays bounded');
  });

  it('answers the same block again as it stands, and documents every route', async () => {
    const [job] = (await get<JobView[]>(handle!.url, '/v1/jobs?phase=settled')).body, block = await client().block(job.blockIds[0]);
    const again = await client().submitBlock({ recordId: block.recordId, blockId: block.blockId, package: toHex(1, { size: 32 }) });
    assert.deepEqual(blockViewSchema.parse(again), block);

    const { body: document } = await get<{ openapi: string; paths: Record<string, Record<string, { responses: Record<string, unknown> }>> }>(handle!.url, '/openapi.json');
    assert.match(document.openapi, /^3\.1/);
    const routes = ['put /v1/artifacts/{hash}', 'post /v1/records', 'post /v1/blocks', 'post /v1/requests', 'post /v1/blocks/{blockId}/cancel', 'post /v1/jobs/{jobId}/revive', 'get /v1/blocks/{blockId}', 'get /v1/jobs/{jobId}', 'get /v1/jobs', 'get /v1/jobs/{jobId}/events', 'get /v1/provers',
      'get /v1/dead-letters', 'get /v1/log', 'get /v1/stats', 'get /v1/rewards/{account}', 'get /v1/jobs/{jobId}/credits', 'get /healthz', 'get /readyz', 'get /metrics', 'get /openapi.json', 'get /v1/prover', 'post /v1/prover/{kind}'];
    for (const route of routes) {
      const [method, path] = route.split(' ');
      assert.ok(document.paths[path]?.[method]?.responses, route);
    }
    assert.doesNotMatch(JSON.stringify(document), /"(schema|items)":\{\}/, 'no field without a type');
    assert.match(await (await fetch(`${handle!.url}/metrics`)).text(), /zkattr_jobs_settled_total [1-9]/);
  });

  it('settles nothing twice that it was told again after it had forgotten it', async () => {
    const blockId = await serve(2), jobId = await jobOf(blockId), a = await agent(), { recordId } = await client().block(blockId);
    await node!.close(); // it sleeps until everything is over
    const offer = await a.lease(), proof = await a.prove(offer), [{ package: name }] = offer.job.blocks;
    const data = new Uint8Array(await (await a.say('artifact', { hash: name })).arrayBuffer()), [{ key }] = batchBlock(decodeBlockPackage(data, '4x4').batch).inferences;
    await a.deliver(offer, proof);
    const { transaction } = await client().waitJob(jobId), before = await client().stats(), rewards = (await get<{ total: string }>(handle!.url, `/v1/rewards/${addressOf('prover')}`)).body;
    assert.ok(transaction);
    await handle!.close();

    await start({ retention: { settledDays: 1e-8, tickMs: 50 } });
    const unknown = async (path: string): Promise<boolean> => (await fetch(`${handle!.url}${path}`)).status === 404;
    for (const path of [`/v1/jobs/${jobId}`, `/v1/blocks/${blockId}`, `/v1/jobs/${jobId}/events`, `/v1/jobs/${jobId}/credits`]) await until(`${path} is gone`, () => unknown(path));
    assert.deepEqual((await get(handle!.url, '/v1/jobs?phase=settled')).body, []);
    const kept = await client().stats();
    assert.deepEqual([kept.settled, kept.log, kept.jobs.settled, kept.blocks.settled], [before.settled, kept.log, 0, 0]);
    assert.ok(kept.log.entries >= before.log.entries);
    assert.match(await (await fetch(`${handle!.url}/metrics`)).text(), /zkattr_pruned_total\{kind="job"\} [1-9]/);

    const settled = { code: 'BLOCK_SETTLED', status: 409 }, again = { recordId, blockId, package: name };
    await assert.rejects(client().submitBlock(again), settled, 'without its package');
    assert.equal(await client().putArtifact(data), name);
    await assert.rejects(client().submitBlock(again), settled, 'with it');
    await assert.rejects(client().submitBlock({ ...again, commitment: { signature: `0x${'11'.repeat(65)}`, validUntil: Math.floor(Date.now() / 1000) + 1e6 } }), settled);
    await a.hello();
    const late = await a.say('result', { jobId, token: offer.token, seconds: 1, peakBytes: 1, job: proof });
    assert.deepEqual([late.status, (await late.json() as { code: string }).code], [409, 'LEASE_LOST']);
    await assert.rejects(client('coordinator').revive(jobId), { code: 'JOB_UNKNOWN', status: 404 });

    // The node asks about its block, hands it in again, and hears how it stands.
    node = await startNode();
    await until('the node knows', async () => (await get<{ state: string }>(node!.url, `/v1/inferences/${key}`)).body.state === 'settled');
    await restart();
    for (let i = 0; i < 5; i++) await handle!.tick();
    assert.equal(await settledEvents(jobId), 1);
    assert.deepEqual((await client().stats()).settled, before.settled);
    assert.deepEqual((await get(handle!.url, `/v1/rewards/${addressOf('prover')}`)).body, rewards);
    await assert.rejects(client().block(blockId), { code: 'BLOCK_UNKNOWN' });
  });
});
