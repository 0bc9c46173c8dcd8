/** The coordinator's side over real connections: HTTP and libp2p, honest provers and strangers. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { multiaddr } from '@multiformats/multiaddr';
import Fastify, { type FastifyInstance } from 'fastify';
import pino from 'pino';
import { ProverNetwork, proverRoutes } from '../../coordinator/network/index.js';
import { exchange } from '../../src/protocol/network/framing.js';
import { ANNOUNCE_TOPIC, ARTIFACT_PROTOCOL, MESSAGE_MAX, PROVER_PROTOCOL, proverReplies, refusalSchema, type Envelope, type ProverReply } from '../../src/protocol/network/index.js';
import { createPeer, type Peer } from '../../src/protocol/network/peer.js';
import { profile, Station, stubJob, TestProver, word } from '../unit/coordinator/scheduler/station.js';
import { Random } from '../support/scenario.js';

const LIMITS = { max: MESSAGE_MAX, timeoutMs: 5000 };
const MUTATIONS = 300;

describe('coordinator and provers over the wire', () => {
  let station: Station, app: FastifyInstance, url: string, network: ProverNetwork, peer: Peer;
  before(async () => {
    station = await Station.open({ limits: { burst: 100_000, helloBurst: 100_000 } });
    app = Fastify();
    await app.register(proverRoutes(station.service));
    url = await app.listen({ host: '127.0.0.1', port: 0 });
    const key = await generateKeyPair('Ed25519');
    network = await ProverNetwork.open({ service: station.service, queue: station.backend.queue, key, listen: ['/ip4/127.0.0.1/tcp/0'], logger: pino({ level: 'silent' }), announceMs: 20 });
    peer = await createPeer();
  });
  after(async () => {
    await peer.stop();
    await network.close();
    await app.close();
    await station.close();
  });

  const post = (kind: string, body: string | Uint8Array, type = 'application/json'): Promise<Response> => fetch(`${url}/v1/prover/${kind}`, { method: 'POST', headers: { 'content-type': type }, body: typeof body === 'string' ? body : Buffer.from(body) });
  const dial = async (data: Uint8Array, protocol = PROVER_PROTOCOL): Promise<Uint8Array> => {
    const connection = await peer.dial(multiaddr(network.addresses[0]));
    return exchange(await connection.newStream(protocol), data, LIMITS);
  };
  const overHttp = async (kind: string, envelope: unknown): Promise<ProverReply<'hello'>> => (await post(kind, JSON.stringify(envelope))).json() as Promise<ProverReply<'hello'>>;
  const overLibp2p = async (envelope: unknown): Promise<ProverReply<'hello'>> => JSON.parse(new TextDecoder().decode(await dial(new TextEncoder().encode(JSON.stringify(envelope))))) as ProverReply<'hello'>;
  const libp2pProver = async (): Promise<TestProver> => {
    const prover = new TestProver(station), reply = await overLibp2p(await prover.seal('hello', profile({ peerId: peer.peerId.toString() })));
    assert.ok(reply.ok, JSON.stringify(reply));
    prover.session = reply.session;
    return prover;
  };
  const httpProver = async (): Promise<TestProver> => {
    const prover = new TestProver(station), reply = await overHttp('hello', await prover.seal('hello', profile()));
    assert.ok(reply.ok, JSON.stringify(reply));
    prover.session = reply.session;
    return prover;
  };
  const lease = { free: 1, memoryBytes: 1 << 30, running: [] };

  it('log in, lease, fetch and report over both', async () => {
    const job = stubJob(1), data = new Uint8Array(3 << 20).map((_, i) => i % 251);
    station.artifacts.data.set(job.record, data);
    await station.enqueue(job);
    const a = await libp2pProver(), reply = await overLibp2p(await a.seal('lease', lease)) as unknown as { offers: Envelope[] };
    const { token } = await a.opened(reply.offers[0]);
    assert.deepEqual(await dial(new TextEncoder().encode(JSON.stringify(await a.seal('artifact', { hash: job.record }))), ARTIFACT_PROTOCOL), data);
    assert.equal((await dial(new TextEncoder().encode(JSON.stringify(await a.seal('artifact', { hash: word(77) }))), ARTIFACT_PROTOCOL)).length, 0);
    assert.equal((await overLibp2p(await a.seal('heartbeat', { jobId: job.jobId, token, stage: 'x', progress: 0 })) as unknown as { order: string }).order, 'continue');
    assert.ok((await overLibp2p(await a.seal('release', { jobId: job.jobId, token, reason: 'shutdown', code: 'X', message: '' }))).ok);

    const b = await httpProver(), { offers } = await overHttp('lease', await b.seal('lease', lease)) as unknown as { offers: Envelope[] }, offer = await b.opened(offers[0]);
    const fetched = await post('artifact', JSON.stringify(await b.seal('artifact', { hash: job.record })));
    assert.equal(fetched.headers.get('content-type'), 'application/octet-stream');
    assert.deepEqual(new Uint8Array(await fetched.arrayBuffer()), data);
    assert.equal((await post('artifact', JSON.stringify(await b.seal('artifact', { hash: word(77) })))).status, 404);
    assert.ok((await overHttp('release', await b.seal('release', { jobId: job.jobId, token: offer.token, reason: 'shutdown', code: 'X', message: '' }))).ok);
  });

  it('refuse a peer id that the connection does not prove', async () => {
    const reply = await overLibp2p(await new TestProver(station).seal('hello', profile({ peerId: network.peerId })));
    assert.equal((reply as { code: string }).code, 'PEER_ID');
  });

  it('refuse what is too long, not JSON, of another type, or cut', async () => {
    const long = new Uint8Array(MESSAGE_MAX + 1).fill(32), response = await post('hello', long);
    assert.equal(response.status, 413);
    assert.equal((await response.json() as { code: string }).code, 'SIZE');
    await assert.rejects(dial(long), 'the stream is reset');
    for (const text of ['', '{', '[]', '"x"', 'null', '{"kind":"hello"}', `${'['.repeat(50_000)}`]) {
      const refused = await post('hello', text);
      assert.ok(refused.status >= 400 && refused.status < 500, `${text.slice(0, 20)}: ${refused.status}`);
      refusalSchema.parse(await refused.json());
      refusalSchema.parse(JSON.parse(new TextDecoder().decode(await dial(new TextEncoder().encode(text)))));
    }
    assert.equal((await post('hello', 'x', 'application/x-other')).status, 415);
    const connection = await peer.dial(multiaddr(network.addresses[0])), stream = await connection.newStream(PROVER_PROTOCOL);
    stream.send(Uint8Array.of(0, 0, 1, 0, 1, 2, 3));
    await stream.close();
    assert.ok((await overLibp2p(await new TestProver(station).seal('hello', profile({ peerId: peer.peerId.toString() })))).ok, 'others are served');
  });

  it(`answer ${MUTATIONS} altered envelopes on each transport with a refusal of the protocol, and stay small`, async () => {
    const random = new Random(5), [a, b] = [await httpProver(), await libp2pProver()];
    const bodies: Record<string, unknown> = {
      hello: profile(), lease, heartbeat: { jobId: word(1), token: 1, stage: 's', progress: 0.5 }, result: { jobId: word(1), token: 1, seconds: 1, peakBytes: 1, job: '{}' },
      release: { jobId: word(1), token: 1, reason: 'error', code: 'c', message: 'm' }, artifact: { hash: word(1) },
    };
    const kinds = Object.keys(bodies), encode = (text: string): Uint8Array => new TextEncoder().encode(text);
    const heap = (): number => { (globalThis as { gc?: () => void }).gc?.(); return process.memoryUsage().heapUsed; };
    const start = heap(), seen = new Set<string>();
    for (let i = 0; i < 2 * MUTATIONS; i++) {
      const kind = kinds[(i >> 1) % kinds.length], overWire = i % 2 === 0, prover = overWire ? a : b;
      const envelope = await prover.seal(kind, bodies[kind]), altered = mutate(envelope, random);
      const bytes = encode(JSON.stringify(altered));
      if (random.int(0, 4) === 0) bytes[random.int(0, bytes.length - 1)] ^= 1 << random.int(0, 7);
      const text = overWire ? await post(kind, bytes).then((r) => r.text()) : new TextDecoder().decode(await dial(bytes, kind === 'artifact' ? ARTIFACT_PROTOCOL : PROVER_PROTOCOL));
      if (text === '' && kind === 'artifact') continue;
      const reply = JSON.parse(text) as { ok: boolean; code?: string };
      if (reply.ok) proverReplies[kind as 'lease'].safeParse(reply); // a change that JSON does not show
      else seen.add(refusalSchema.parse(reply).code);
      assert.notEqual(reply.code, 'INTERNAL', JSON.stringify(altered).slice(0, 500));
    }
    assert.ok(seen.size >= 6, [...seen].join());
    assert.ok(heap() - start < 150 << 20, `${heap() - start} bytes more`);
    assert.ok((await overHttp('lease', await a.seal('lease', lease))).ok, 'the session was not hurt');
    assert.equal((await station.log()).filter(({ kind }) => kind === 'falseProof').length, 0);
  });

  it('announce lanes that wait; what others publish on the topic is rejected', async () => {
    const heard: string[] = [], { pubsub } = peer.services;
    pubsub.subscribe(ANNOUNCE_TOPIC);
    pubsub.addEventListener('message', ({ detail }) => { if (detail.topic === ANNOUNCE_TOPIC && detail.type === 'signed') heard.push(detail.from.toString()); });
    await peer.dial(multiaddr(network.addresses[0]));
    await station.enqueue(stubJob(5));
    for (let i = 0; i < 50 && heard.length === 0; i++) {
      network.announce();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.equal(heard[0], network.peerId);
    await pubsub.publish(ANNOUNCE_TOPIC, new TextEncoder().encode('{"lanes":{}}'));
    for (let i = 0; i < 50 && network.rejected.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.match(network.rejected[0].reason, new RegExp(`published by ${peer.peerId.toString()}`));
  });
});

/** One field is another value, is missing, or there is one more; or a body that does not fit its signature. */
function mutate(envelope: Envelope, random: Random): unknown {
  const altered: Record<string, unknown> = { ...envelope }, names = Object.keys(envelope), name = names[random.int(0, names.length - 1)], value = altered[name];
  const values: unknown[] = [null, -1, 1e300, '', 'x'.repeat(random.int(1, 5000)), {}, [[]], true, `0x${'ff'.repeat(random.int(0, 70))}`, Number.MAX_SAFE_INTEGER, typeof value === 'string' ? value.slice(1) : Number(value) + 1, typeof value === 'string' ? value.toUpperCase() : '5'];
  switch (random.int(0, 5)) {
    case 0: delete altered[name]; break;
    case 1: altered[`${name}x`] = value; break;
    case 2: altered.body = envelope.body.replace(/\d/, (d) => String((Number(d) + 1) % 10)).replace('}', random.int(0, 1) ? '}' : ',"z":1}'); break;
    case 3: return values[random.int(0, values.length - 1)];
    default: altered[name] = values[random.int(0, values.length - 1)];
  }
  return altered;
}
