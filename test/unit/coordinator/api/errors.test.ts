/** Every refusal has one shape, a code and a status; nothing of a failure here is told to strangers. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { errorReply } from '../../../../coordinator/api/index.js';
import { AttributionError } from '../../../../src/errors/base.js';
import { ChainError } from '../../../../src/errors/chain.js';
import { FileError } from '../../../../src/errors/files.js';
import { NetworkError } from '../../../../src/errors/network.js';
import { apiErrorSchema } from '../../../../src/protocol/network/index.js';
import { ApiWorld, word } from './support.js';

const status = (code: string): number => errorReply(new NetworkError('x', { code, where: 'y' })).status;

describe('errors of the API', () => {
  it('have the status of their code: what is missing, in conflict, not allowed, too much, or not now', () => {
    for (const [expected, codes] of [
      [404, ['JOB_UNKNOWN', 'BLOCK_UNKNOWN', 'RECORD_UNKNOWN', 'ARTIFACT_UNKNOWN']], [409, ['BLOCK_SETTLED', 'BLOCK_TAKEN', 'BLOCK_SPLIT', 'REQUEST_TAKEN', 'JOB_NOT_DEAD', 'ENVELOPE_REPLAYED']],
      [403, ['ENVELOPE_SIGNATURE', 'ENVELOPE_CLOCK', 'UPLOADER', 'NOT_THE_NODE', 'NOT_AN_OPERATOR']], [401, ['UPLOAD_AUTH']], [400, ['ENVELOPE_FORMAT', 'ENVELOPE_BODY']], [413, ['ARTIFACT_SIZE']], [429, ['UPLOAD_QUOTA']],
      [503, ['BUSY', 'STREAMS', 'DRAINING', 'STORE_RACE', 'STORE_UNREACHABLE']], [507, ['ARTIFACT_SPACE', 'STORE_SPACE']], [422, ['PACKAGE_ID', 'SOMETHING_NEW']],
    ] as const) for (const code of codes) assert.equal(status(code), expected, code);
  });

  it('say where, what was expected, what came and what to do', () => {
    const { status: code, body } = errorReply(new NetworkError('too large', { code: 'ARTIFACT_SIZE', where: 'w'.repeat(500), expected: 10n ** 30n, got: [1, 'x'], hint: 'less' }));
    assert.equal(code, 413);
    apiErrorSchema.parse(body);
    assert.deepEqual([body.error.message, body.error.hint, body.error.where], [`too large: expected "${10n ** 30n}", got [1,"x"]`, 'less', 'w'.repeat(200)]);
    assert.equal(errorReply(new NetworkError('m'.repeat(5000), { code: 'X', where: 'y' })).body.error.message.length, 1000);
  });

  it('tell nothing of files, stores or faults of the coordinator', () => {
    const secret = '/home/operator/secret.key', cause = new Error(secret);
    const faults = [
      new Error(secret), new TypeError(secret), secret, undefined, null, { message: secret }, new FileError('cannot read', { code: 'FILE_EACCES', where: secret, cause }), new NetworkError('database failed', { code: 'STORE', where: secret, got: secret }),
      new NetworkError('bucket refused', { code: 'ARTIFACT_STORE', where: secret, got: '403' }), new ChainError('RPC failed', { code: 'RPC', where: `https://user:${secret}@rpc`, cause }), Object.assign(new Error(secret), { statusCode: 500 }), Object.assign(new Error(secret), { statusCode: 503 }),
    ];
    for (const error of faults) {
      const { status: code, body } = errorReply(error);
      assert.ok(code === 500 || code === 503, `${code}`);
      apiErrorSchema.parse(body);
      assert.doesNotMatch(JSON.stringify(body), /secret/);
    }
    assert.equal(errorReply(new ChainError('x', { code: 'RPC', where: 'y' })).status, 503);
    assert.equal(errorReply(new AttributionError('odd', { code: 'INTERNAL_X', where: secret })).status, 500);
  });

  describe('over HTTP', () => {
    let world: ApiWorld;
    before(async () => { world = await ApiWorld.open(); });
    after(() => world.close());
    const refusal = async (path: string, init: RequestInit = {}): Promise<[number, string, Response]> => {
      const response = await fetch(`${world.url}${path}`, { ...init, headers: { ...(init.body ? { 'content-type': 'application/json' } : {}), ...init.headers } }), { error } = apiErrorSchema.parse(await response.json());
      return [response.status, error.code, response];
    };
    const body = JSON.stringify({ recordId: word('r'), package: word('p') });

    it('are JSON whatever went wrong, and ask to come again when that helps', async () => {
      for (const [fault, expected, retry] of [
        [new NetworkError('no', { code: 'RECORD_REVOKED', where: 'x' }), [409, 'RECORD_REVOKED'], null], [new NetworkError('later', { code: 'BUSY', where: 'x' }), [503, 'BUSY'], '1'], [new ChainError('away', { code: 'RPC', where: 'x' }), [503, 'RPC'], '1'],
        [new Error('a fault'), [500, 'INTERNAL'], null],
      ] as const) {
        world.fault = fault;
        const [code, name, response] = await refusal('/v1/records', { method: 'POST', body });
        assert.deepEqual([code, name], expected);
        assert.equal(response.headers.get('retry-after'), retry);
        assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
      }
    });

    it('name what is malformed before anything is asked', async () => {
      world.fault = new Error('was asked');
      for (const [init, expected] of [
        [{ body: '{' }, [400, 'BODY_JSON']], [{ body: '{"__proto__":1}' }, [400, 'BODY_JSON']], [{ body: `"${'x'.repeat(20_000)}"` }, [413, 'BODY_TOO_LARGE']], [{ body: '<a/>', headers: { 'content-type': 'text/xml' } }, [415, 'MEDIA_TYPE']],
        [{ body: '{}' }, [400, 'REQUEST_FORMAT']], [{ body: JSON.stringify({ recordId: word('r'), package: word('p').toUpperCase() }) }, [400, 'REQUEST_FORMAT']], [{ body: JSON.stringify({ recordId: word('r'), package: word('p'), more: 1 }) }, [400, 'REQUEST_FORMAT']],
      ] as const) assert.deepEqual((await refusal('/v1/records', { method: 'POST', ...init })).slice(0, 2), expected, init.body.slice(0, 40));
      assert.deepEqual((await refusal('/v1/nothing')).slice(0, 2), [404, 'ROUTE']);
      assert.deepEqual((await refusal('/v1/jobs/%zz')).slice(0, 2), [400, 'URL']);
      assert.deepEqual((await refusal('/v1/jobs', { method: 'DELETE' })).slice(0, 2), [404, 'ROUTE']);
    });
  });

  it('tell who asks too much', async () => {
    const world = await ApiWorld.open({ limits: { bodyBytes: 1000, perMinute: 3, eventStreams: 1 } }), codes: string[] = [];
    for (let i = 0; i < 4; i++) {
      const response = await fetch(`${world.url}/v1/jobs/${word('none')}`);
      codes.push(`${response.status} ${apiErrorSchema.parse(await response.json()).error.code}`);
    }
    assert.deepEqual(codes, [...Array<string>(3).fill('404 JOB_UNKNOWN'), '429 RATE_LIMIT']);
    for (let i = 0; i < 5; i++) assert.equal((await fetch(`${world.url}/readyz`)).status, 200, 'operators are let through');
    await world.close();
  });
});
