/** Uploads over real sockets: bounds, wrong bytes, senders that go or stall; nothing half is kept, and memory stays bounded. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { keccak256, type Hex } from 'viem';
import { apiErrorSchema } from '../../../../src/protocol/network/index.js';
import { until } from '../../inference/node/support.js';
import { closeWithin } from '../../../../src/protocol/network/closing.js';
import { ApiWorld, MAX, RECEIVING } from './support.js';

const bytes = (length: number, fill = 1): Uint8Array => new Uint8Array(length).fill(fill);

describe('uploads', () => {
  let world: ApiWorld;
  beforeEach(async () => { world = await ApiWorld.open(); });
  afterEach(() => world.close());
  const put = async (data: Uint8Array, authorization: string | undefined, hash: Hex = keccak256(data)): Promise<string> => {
    const response = await fetch(`${world.url}/v1/artifacts/${hash}`, { method: 'PUT', body: data as RequestInit['body'], headers: { 'content-type': 'application/octet-stream', ...(authorization && { authorization }) } });
    const body = await response.json() as unknown;
    return response.status === 200 ? 'ok' : `${response.status} ${apiErrorSchema.parse(body).error.code}`;
  };
  const files = (): string[] => readdirSync(join(world.dir, 'artifacts'), { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('0x'));
  /** Sends head and part of the body, and leaves the rest open. */
  const begin = async (data: Uint8Array, sent: number, hash: Hex = keccak256(data)): Promise<Socket> => {
    const socket = connect(Number(new URL(world.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(`PUT /v1/artifacts/${hash} HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${data.length}\r\nauthorization: ${await world.authorization(data, { hash })}\r\n\r\n`);
    socket.write(data.subarray(0, sent));
    return socket;
  };

  it('are kept under their hash, once', async () => {
    const data = bytes(1000), auth = await world.authorization(data);
    assert.equal(await put(data, auth), 'ok');
    assert.equal(await put(data, auth), 'ok', 'the same envelope again');
    assert.deepEqual(Buffer.from((await world.artifacts.get(keccak256(data)))!), Buffer.from(data));
    assert.equal(files().length, 1);
    assert.deepEqual(await world.documents.uploads.get(keccak256(data)), { hash: keccak256(data), at: world.now, state: 'unused' }, 'until a document names it');
    assert.equal(await put(bytes(MAX, 2), await world.authorization(bytes(MAX, 2))), 'ok', 'the largest');
  });

  it('are refused by what their envelope says, before a byte is read', async () => {
    const data = bytes(500), hash = keccak256(data), other = bytes(500, 9);
    for (const [what, auth, expected] of [
      ['nothing', undefined, '401 UPLOAD_AUTH'], ['scheme', 'Bearer x', '401 UPLOAD_AUTH'], ['length', `zkattr ${'A'.repeat(9000)}`, '401 UPLOAD_AUTH'], ['text', 'zkattr !!!', '400 ENVELOPE_FORMAT'], ['account', await world.authorization(data, { signer: world.stranger }), '403 UPLOADER'],
      ['hash', await world.authorization(other), '400 ENVELOPE_BODY'], ['kind', await world.authorization(data, { kind: 'cancel' }), '400 ENVELOPE_BODY'], ['time', await world.authorization(data, { sentAt: world.now - 60_001 }), '403 ENVELOPE_CLOCK'],
      ['none', await world.authorization(data, { bytes: 0 }), '413 ARTIFACT_SIZE'], ['too many', await world.authorization(data, { bytes: MAX + 1 }), '413 ARTIFACT_SIZE'],
    ] as const) assert.equal(await put(data, auth, hash), expected, what);
    assert.deepEqual([files(), world.uploads.receiving], [[], 0]);
  });

  it('leave nothing when the bytes are others, fewer or more than was said', async () => {
    const data = bytes(2000), hash = keccak256(data), auth = await world.authorization(data);
    assert.equal(await put(bytes(2000, 7), auth, hash), '422 ARTIFACT_HASH');
    assert.equal(await put(bytes(1999), auth, hash), '413 ARTIFACT_SIZE');
    assert.equal(await put(bytes(2001), auth, hash), '413 ARTIFACT_SIZE');
    assert.deepEqual([files(), world.uploads.receiving, await world.artifacts.has(hash)], [[], 0, false]);
    assert.equal(await put(data, auth), 'ok', 'and may come again');
  });

  it('leave nothing when their sender goes in the middle', async () => {
    const data = bytes(100_000), hash = keccak256(data);
    for (const sent of [0, 1, 50_000, 99_999]) {
      const socket = await begin(data, sent);
      await until('it is being received', () => world.uploads.receiving === data.length);
      socket.destroy();
      await until('it is given up', () => world.uploads.receiving === 0);
    }
    assert.deepEqual([files(), await world.artifacts.has(hash)], [[], false]);
    assert.equal(await put(data, await world.authorization(data)), 'ok');
  });

  it('take no more memory together than they may; who comes then is told to come again', async () => {
    const sockets: Socket[] = [], at = MAX / 2;
    for (let i = 0; i < RECEIVING / MAX; i++) sockets.push(await begin(bytes(MAX, 10 + i), at));
    await until('both are being received', () => world.uploads.receiving === RECEIVING);
    const data = bytes(1, 99);
    assert.equal(await put(data, await world.authorization(data)), '503 BUSY');
    assert.equal(world.uploads.receiving, RECEIVING);
    sockets[0].end(bytes(MAX, 10).subarray(at));
    await until('one is done', () => world.artifacts.has(keccak256(bytes(MAX, 10))));
    await until('its memory is free', () => world.uploads.receiving === RECEIVING - MAX);
    assert.equal(await put(data, await world.authorization(data)), 'ok');
    for (const socket of sockets) socket.destroy();
    await until('all are over', () => world.uploads.receiving === 0);
  });

  it('are bounded by account and hour, whoever else uploads', async () => {
    await world.close();
    world = await ApiWorld.open({}, { bytesPerHour: 3000 });
    const send = async (fill: number, signer = world.node): Promise<string> => put(bytes(1000, fill), await world.authorization(bytes(1000, fill), { signer }));
    for (const fill of [1, 2, 3]) assert.equal(await send(fill), 'ok');
    assert.equal(await send(4), '429 UPLOAD_QUOTA');
    assert.equal(await send(3), 'ok', 'what is here costs nothing');
    assert.equal(await send(5, world.coordinator), 'ok', 'another account');
    world.now += 3_600_000;
    assert.equal(await send(4), 'ok', 'an hour later');
  });

  it('of senders that stall do not hold up the end of the server', async () => {
    const socket = await begin(bytes(5000), 10);
    await until('it is being received', () => world.uploads.receiving === 5000);
    const started = Date.now(), closing = closeWithin(world.app, 10_000);
    setTimeout(() => world.app.server.closeAllConnections(), 200); // what the service does after its drain time
    await closing;
    assert.ok(Date.now() - started < 5000);
    await until('memory is free', () => world.uploads.receiving === 0);
    socket.destroy();
    assert.deepEqual(files(), []);
  });
});
