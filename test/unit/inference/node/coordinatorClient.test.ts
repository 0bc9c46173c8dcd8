import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { keccak256, type Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { openEnvelope, uploadSchema, type JobView } from '../../../../src/protocol/network/index.js';
import { CoordinatorClient, CoordinatorError } from '../../../../src/protocol/network/client.js';

const signer = privateKeyToAccount(`0x${'11'.repeat(32)}`), chainId = 31337, word = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`;
const job = (phase: JobView['phase']): JobView => ({ jobId: word(1), phase, className: '4x4', recordId: word(2), blockIds: [word(3)], queries: 1, fees: '10', deadline: 1, createdAt: 1, updatedAt: 2, attempts: [], timeline: [] });
const stats = { chainId, coordinator: signer.address, contracts: {}, jobs: {}, blocks: {}, provers: { online: 0, known: 0 }, settled: { jobs: 0, inferences: 0, fees: '0' }, log: { entries: 0, root: word(0) } };
const zeros = (names: string[]): Record<string, number> => Object.fromEntries(names.map((n) => [n, 0]));
Object.assign(stats, { jobs: zeros(['waiting', 'leased', 'proved', 'settling', 'settled', 'dead', 'cancelled']), blocks: zeros(['received', 'committed', 'assigned', 'settled', 'refused', 'cancelled', 'refunded']) });

describe('client of the coordinator', () => {
  let server: Server, client: CoordinatorClient, handle: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void, calls: string[];
  const json = (response: ServerResponse, status: number, body: unknown): void => { response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)); };
  before(async () => {
    server = createServer((request, response) => {
      calls.push(`${request.method} ${request.url}`);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => handle(request, response, Buffer.concat(chunks)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = new CoordinatorClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, chainId, signer, pauseMs: 1 });
  });
  beforeEach(() => { calls = []; });
  after(() => { server.closeAllConnections(); server.close(); });
  const refuses = (code: string, status: number) => (error: unknown): boolean => {
    assert.ok(error instanceof CoordinatorError, String(error));
    assert.deepEqual([error.code, error.status], [code, status]);
    return true;
  };

  it('uploads an artifact under its hash, signed by an envelope to this coordinator', async () => {
    const data = Uint8Array.of(1, 2, 3);
    let sealed: unknown, sent: Buffer | undefined;
    handle = (request, response, body) => {
      if (request.url === '/v1/stats') return json(response, 200, stats);
      [sealed, sent] = [JSON.parse(Buffer.from(request.headers.authorization!.slice('zkattr '.length), 'base64url').toString()), body];
      json(response, 200, {});
    };
    assert.equal(await client.putArtifact(data), keccak256(data));
    assert.deepEqual([...sent!], [1, 2, 3]);
    const opened = await openEnvelope(sealed, { schema: uploadSchema, chainId, to: signer.address, now: Date.now(), clockSkewMs: 5000 });
    assert.ok(opened.ok);
    assert.deepEqual([opened.from, opened.body], [signer.address, { hash: keccak256(data), bytes: 3 }]);
    await client.putArtifact(data);
    assert.equal(calls.filter((c) => c === 'GET /v1/stats').length, 1, 'its address is asked once');
  });

  it('tries a busy coordinator again, a refusal never, and keeps its code and hint', async () => {
    let failures = 2;
    handle = (_, response) => (failures-- > 0 ? json(response, 503, { error: { code: 'DOWN', message: 'later' } }) : json(response, 200, job('waiting')));
    assert.equal((await client.job(word(1))).phase, 'waiting');
    assert.equal(calls.length, 3);
    handle = (_, response) => json(response, 409, { error: { code: 'BLOCK_SPLIT', message: 'another split', hint: 'sign again', where: 'split' } });
    await assert.rejects(client.submitBlock({ recordId: word(2), blockId: word(3), package: word(4) }), (error) => refuses('BLOCK_SPLIT', 409)(error) && (error as CoordinatorError).hint === 'sign again');
    assert.equal(calls.length, 4);
    handle = (_, response) => { response.writeHead(502).end('<html>'); };
    await assert.rejects(client.stats(), refuses('HTTP_502', 502));
    assert.equal(calls.length, 8, 'four tries');
    handle = (_, response) => json(response, 200, { phase: 'settled' });
    await assert.rejects(client.block(word(3)), refuses('COORDINATOR_ANSWER', 200));
    await assert.rejects(new CoordinatorClient({ url: 'http://127.0.0.1:1', chainId, attempts: 2, pauseMs: 1 }).stats(), refuses('COORDINATOR_UNREACHABLE', 0));
  });

  it('sends a cancellation once', async () => {
    handle = (_, response) => json(response, 503, { error: { code: 'DOWN', message: 'later' } });
    await assert.rejects(client.cancel(word(3)), refuses('DOWN', 503));
    assert.equal(calls.filter((c) => c.startsWith('POST')).length, 1);
    await assert.rejects(new CoordinatorClient({ url: client.url, chainId }).cancel(word(3)), { code: 'READ_ONLY_CLIENT' });
  });

  it('refuses a coordinator of another chain before anything is signed for it', async () => {
    handle = (_, response) => json(response, 200, { ...stats, chainId: 1 });
    await assert.rejects(new CoordinatorClient({ url: client.url, chainId, signer }).putArtifact(Uint8Array.of(1)), { code: 'COORDINATOR_CHAIN' });
  });

  it('follows a job over broken streams, from the last event that it saw', async () => {
    const seen: (string | undefined)[] = [], phases: string[] = [];
    handle = (request, response) => {
      if (!request.url!.endsWith('/events')) return json(response, 200, job(phases.includes('proved') ? 'proved' : 'waiting'));
      seen.push(request.headers['last-event-id'] as string | undefined);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (seen.length === 1) {
        response.write(': hello\n\nid: 7\ndata: ');
        setTimeout(() => { response.write(`${JSON.stringify(job('leased'))}\n\nid: 8\ndata: not a job\n\nid: 9\ndata: {"cut`); setTimeout(() => response.destroy(), 20); }, 10);
      } else response.end(`id: 10\r\ndata: ${JSON.stringify(job('proved'))}\r\n\r\nid: 11\ndata: ${JSON.stringify(job('settled'))}\n\n`);
    };
    const last = await client.waitJob(word(1), { onUpdate: ({ phase }) => phases.push(phase) });
    assert.equal(last.phase, 'settled');
    assert.deepEqual(seen, [undefined, '8'], 'an event that was cut off does not count');
    assert.deepEqual(phases, ['waiting', 'leased', 'waiting', 'waiting', 'proved', 'settled']);
  });

  it('polls where there is no stream, ends at the wanted state, by its signal, and at a job that nobody knows', async () => {
    let polls = 0;
    handle = (request, response) => json(response, 200, request.url!.endsWith('/events') ? {} : job(++polls < 3 ? 'waiting' : 'leased'));
    assert.equal((await client.waitJob(word(1), { until: ({ phase }) => phase === 'leased' })).phase, 'leased');
    assert.equal(polls, 3);
    await assert.rejects(client.waitJob(word(1), { signal: AbortSignal.timeout(30) }), refuses('ABORTED', 0));
    handle = (_, response) => json(response, 404, { error: { code: 'JOB_UNKNOWN', message: 'no such job' } });
    await assert.rejects(client.waitJob(word(9)), refuses('JOB_UNKNOWN', 404));
  });
});
