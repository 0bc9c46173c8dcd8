/** Event streams over real sockets: where they go on, who reads slowly, how they end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get as httpGet, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Hex } from 'viem';
import { JobEvents } from '../../../../coordinator/intake/index.js';
import { jobViewSchema, type JobView } from '../../../../src/protocol/network/index.js';
import { until } from '../../inference/node/support.js';
import { closeWithin } from '../../../../src/protocol/network/closing.js';
import { ApiWorld, word } from './support.js';

class Reader {
  text = '';
  ended = false;
  private constructor(readonly response: IncomingMessage) {
    response.setEncoding('utf8').on('data', (part: string) => { this.text += part; }).on('close', () => { this.ended = true; }).on('error', () => undefined);
  }
  static async open(url: string, jobId: Hex, after?: string, agent?: Agent): Promise<Reader> {
    const request = httpGet(`${url}/v1/jobs/${jobId}/events`, { agent, headers: after === undefined ? {} : { 'last-event-id': after } });
    const [response] = await once(request, 'response') as [IncomingMessage];
    request.on('error', () => undefined);
    return new Reader(response);
  }
  get ids(): number[] { return [...this.text.matchAll(/^id: (\d+)$/gm)].map((m) => Number(m[1])); }
  get views(): JobView[] { return [...this.text.matchAll(/^data: (.*)$/gm)].map((m) => jobViewSchema.parse(JSON.parse(m[1]))); }
  close(): void { this.response.destroy(); }
}

describe('an event stream', () => {
  let world: ApiWorld, jobId: Hex;
  beforeEach(async () => {
    world = await ApiWorld.open();
    jobId = await world.job('followed');
    for (let n = 1; n <= 5; n++) await world.events.append(jobId, `event ${n}`);
  });
  afterEach(() => world.close());

  it('tells every number from the start, and the job as it is now with the latest', async () => {
    const reader = await Reader.open(world.url, jobId);
    assert.match(reader.response.headers['content-type'] ?? '', /^text\/event-stream/);
    await until('five', () => reader.ids.length === 5);
    assert.deepEqual(reader.ids, [1, 2, 3, 4, 5]);
    assert.deepEqual(reader.views.map(({ phase, timeline }) => [phase, timeline.length]), [['waiting', 5]]);
    await world.documents.moveJob(jobId, ['waiting'], { phase: 'dead' });
    await world.events.append(jobId, 'dead', 'two\nlines');
    await until('six', () => reader.ids.length === 6);
    assert.deepEqual(reader.views.map(({ phase }) => phase), ['waiting', 'dead']);
    assert.match(reader.text, /^retry: 1000\n\n/);
    reader.close();
  });

  it('goes on after the last number that was seen, tells what other coordinators note, and nothing twice', async () => {
    const reader = await Reader.open(world.url, jobId, '3'), ahead = await Reader.open(world.url, jobId, '5');
    await until('two', () => reader.ids.length === 2);
    await new JobEvents(world.backend.records, () => world.now).append(jobId, 'by another process');
    await until('another one\'s', () => reader.ids.length === 3 && ahead.ids.length === 1);
    assert.deepEqual([reader.ids, ahead.ids], [[4, 5, 6], [6]]);
    for (const one of [reader, ahead]) one.close();
    for (const bad of ['x', '-1', '1.5', '9999999999']) assert.equal((await fetch(`${world.url}/v1/jobs/${jobId}/events`, { headers: { 'last-event-id': bad } })).status, 400, bad);
    assert.equal((await fetch(`${world.url}/v1/jobs/${word('none')}/events`)).status, 404);
  });

  it('waits for a slow reader: what happens meanwhile does not pile up, and comes when it reads again', async () => {
    const socket: Socket = connect({ port: Number(new URL(world.url).port), host: '127.0.0.1' });
    await once(socket, 'connect');
    const waiting = new Promise((resolve) => world.app.server.once('request', (_, response) => { response.on('pipe', resolve); resolve(response); })) as Promise<{ writableLength: number }>;
    socket.pause();
    socket.write(`GET /v1/jobs/${jobId}/events HTTP/1.1\r\nhost: x\r\n\r\n`);
    const response = await waiting, detail = 'd'.repeat(2000);
    let most = 0;
    for (let n = 6; n <= 400; n++) {
      await world.events.append(jobId, `event ${n}`, detail);
      if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      most = Math.max(most, response.writableLength);
    }
    const one = 300 * 2200;
    assert.ok(most < 2 * one, `${most} bytes wait to be sent`);
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => { text += part; });
    socket.resume();
    const ids = (): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map((m) => Number(m[1]));
    await until('the last', () => ids().at(-1) === 400);
    assert.deepEqual(ids(), Array.from({ length: 400 }, (_, n) => n + 1), 'every number, once');
    socket.destroy();
  });

  it('ends at shutdown, of readers that do not read and of connections that stay open too', async () => {
    const agent = new Agent({ keepAlive: true }), reader = await Reader.open(world.url, jobId, undefined, agent), socket = connect({ port: Number(new URL(world.url).port), host: '127.0.0.1' });
    socket.on('error', () => undefined).pause();
    socket.write(`GET /v1/jobs/${jobId}/events HTTP/1.1\r\nhost: x\r\n\r\n`);
    for (let n = 6; n <= 400; n++) await world.events.append(jobId, `event ${n}`, 'd'.repeat(2000));
    await until('the reader has it', () => reader.ids.at(-1) === 400);
    const started = Date.now();
    world.shutdown.abort();
    await closeWithin(world.app, 10_000);
    assert.ok(Date.now() - started < 3000, `${Date.now() - started} ms`);
    await until('it heard the end', () => reader.ended);
    agent.destroy();
    socket.destroy();
  });

  it('ends when its job is removed, and is one of a bounded number', async () => {
    const [one, two] = [await Reader.open(world.url, jobId), await Reader.open(world.url, jobId)], third = await fetch(`${world.url}/v1/jobs/${jobId}/events`);
    assert.deepEqual([third.status, (await third.json() as { error: { code: string } }).error.code, third.headers.get('retry-after')], [503, 'STREAMS', '1']);
    two.close();
    await until('its place is free', async () => {
      const again = await Reader.open(world.url, jobId);
      again.close();
      return again.response.statusCode === 200;
    });
    await world.documents.jobs.remove(jobId, () => true);
    await world.events.append(jobId, 'too late');
    await until('the end', () => one.ended);
  });
});
