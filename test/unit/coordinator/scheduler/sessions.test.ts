import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ProverReply, Refusal } from '../../../../src/protocol/network/index.js';
import { HTTP, OTHER_VK, profile, Station, TestProver, VK, word } from './station.js';

const refused = (reply: { ok: boolean }, code: string, pattern?: RegExp): Refusal => {
  assert.equal(reply.ok, false, JSON.stringify(reply));
  assert.equal((reply as Refusal).code, code, JSON.stringify(reply));
  if (pattern) assert.match(`${(reply as Refusal).message} ${(reply as Refusal).hint ?? ''}`, pattern);
  return reply as Refusal;
};

describe('sessions of provers', () => {
  let station: Station;
  before(async () => { station = await Station.open({ limits: { burst: 30, perSecond: 10 } }); });
  after(() => station.close());
  const lease = { free: 1, memoryBytes: 1 << 30, running: [] };

  it('begin with a login, which gives a random session', async () => {
    const a = new TestProver(station), first = await a.hello(), second = await a.hello();
    assert.ok(first.ok && second.ok);
    assert.match(first.session, /^0x[0-9a-f]{64}$/);
    assert.notEqual(first.session, second.session);
    assert.equal(first.coordinator, station.coordinator.address);
  });

  it('refuse another protocol with what to do, also when its profile looks different', async () => {
    refused(await new TestProver(station).hello({ protocol: 0 }), 'PROTOCOL_VERSION', /protocol 0, this coordinator 1.*too old: update/);
    refused(await new TestProver(station).send('hello', { ...profile(), protocol: 9, news: true }), 'PROTOCOL_VERSION', /coordinator is older/);
  });

  it('refuse a class under another key with both hashes, and a prover without any class', async () => {
    refused(await new TestProver(station).hello({ classes: [{ className: '4x4', relation: 'payout', vkHash: OTHER_VK, seconds: 1, peakBytes: 1 }] }), 'VK_HASH', new RegExp(`${OTHER_VK}.*${VK}.*manifest`));
    refused(await new TestProver(station).hello({ classes: [{ className: '9x9', relation: 'payout', vkHash: OTHER_VK, seconds: 1, peakBytes: 1 }] }), 'NO_CLASS', /payout 9x9/);
  });

  it('over libp2p belong to the peer that the profile names and the connection proves', async () => {
    const channel = { transport: 'libp2p' as const, remotePeer: '12D3KooWA' };
    refused(await new TestProver(station, undefined, channel).hello({ peerId: '12D3KooWB' }), 'PEER_ID', /12D3KooWB.*12D3KooWA/);
    refused(await new TestProver(station, undefined, channel).hello(), 'PEER_ID');
    const a = new TestProver(station, undefined, channel);
    assert.ok((await a.hello({ peerId: '12D3KooWA' })).ok);
    a.channel = { transport: 'libp2p', remotePeer: '12D3KooWC' };
    refused(await a.send('lease', lease), 'SESSION_CHANNEL');
    a.channel = HTTP;
    refused(await a.send('lease', lease), 'SESSION_CHANNEL');
  });

  it('refuse clocks that are off, another receiver, another chain', async () => {
    const a = new TestProver(station);
    refused(await a.send('hello', profile(), { sentAt: station.now - 61_000 }), 'ENVELOPE_CLOCK', /61000|set the clock/);
    refused(await a.send('hello', profile(), { to: a.address }), 'ENVELOPE_RECEIVER');
    refused(await a.send('hello', profile(), { chainId: 1 }), 'ENVELOPE_CHAIN');
  });

  it('take each message once, in rising order', async () => {
    const a = new TestProver(station);
    await a.hello();
    const once = await a.seal('lease', lease), later = await a.seal('lease', lease);
    assert.ok((await station.service.handle('lease', later, HTTP)).ok);
    refused(await station.service.handle('lease', later, HTTP), 'SEQUENCE', /above/);
    refused(await station.service.handle('lease', once, HTTP), 'SEQUENCE');
  });

  it('take a login once: its replay gives nobody a session', async () => {
    const a = new TestProver(station), envelope = await a.seal('hello', profile());
    assert.ok((await station.service.handle('hello', envelope, HTTP)).ok);
    refused(await station.service.handle('hello', envelope, HTTP), 'HELLO_REPLAYED');
  });

  it('refuse other signers, kinds that were not signed, and sessions that nobody gave', async () => {
    const a = new TestProver(station), b = new TestProver(station);
    await a.hello();
    b.session = a.session;
    b.sequence = 1000;
    refused(await b.send('lease', lease), 'SESSION_SIGNER');
    refused(await station.service.handle('release', await a.seal('lease', lease), HTTP), 'ENVELOPE_FORMAT');
    refused(await station.service.handle('nonsense', await a.seal('nonsense', {}), HTTP), 'KIND');
    a.session = word(5);
    refused(await a.send('lease', lease), 'SESSION_UNKNOWN');
  });

  it('bound the messages of one session, and give back with time', async () => {
    const a = new TestProver(station);
    await a.hello();
    const replies: ProverReply<'lease'>[] = [];
    for (let i = 0; i < 32; i++) replies.push(await a.send('lease', lease));
    assert.ok(replies.slice(0, 30).every((reply) => reply.ok));
    assert.ok(refused(replies[31], 'RATE').retry);
    station.now += 1000;
    assert.ok((await a.send('lease', lease)).ok);
  });

  it('are unknown after a restart: an old message does nothing, a login begins anew', async () => {
    const a = new TestProver(station);
    await a.hello();
    const before = await a.seal('lease', lease);
    await station.service.close();
    station.restart();
    refused(await station.service.handle('lease', before, HTTP), 'SESSION_UNKNOWN', /log in/);
    assert.ok((await a.hello()).ok);
    assert.ok((await a.send('lease', lease)).ok);
  });

  it('are bounded: a full house refuses while all are online, and drops who went silent', async () => {
    const small = await Station.open({ limits: { sessions: 2 } });
    try {
      const [a, b, c] = [1, 2, 3].map(() => new TestProver(small));
      assert.ok((await a.hello()).ok && (await b.hello()).ok);
      assert.ok(refused(await c.hello(), 'BUSY').retry);
      small.now += 61_000;
      assert.ok((await c.hello()).ok);
      refused(await a.send('lease', lease), 'SESSION_UNKNOWN');
    } finally {
      await small.close();
    }
  });
  it('are for whom the operator admits', async () => {
    const closed = await Station.open({ admit: async () => 'no stake' });
    try {
      refused(await new TestProver(closed).hello(), 'NOT_ADMITTED', /no stake/);
    } finally {
      await closed.close();
    }
  });
});
