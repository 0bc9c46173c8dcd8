import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { artifactsAt } from '../../../src/cli/coordinator/artifacts.js';

const KEYS = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };

describe('where a coordinator keeps artifacts', () => {
  it('takes a folder as it is', () => assert.equal(artifactsAt('/var/lib/zkattr', {}), '/var/lib/zkattr'));
  it('reads a bucket from its URL and the keys from the environment', () => {
    assert.deepEqual(artifactsAt('s3+https://minio.example:9000/jobs', KEYS), { endpoint: 'https://minio.example:9000', bucket: 'jobs', region: 'us-east-1', accessKeyId: 'id', secretAccessKey: 'secret' });
    assert.deepEqual(artifactsAt('s3+http://127.0.0.1:9000/jobs/net/one', { ...KEYS, AWS_REGION: 'eu-1' }), { endpoint: 'http://127.0.0.1:9000', bucket: 'jobs', prefix: 'net/one/', region: 'eu-1', accessKeyId: 'id', secretAccessKey: 'secret' });
  });
  it('refuses a bucket without name, with keys in the URL, of another protocol, or without keys', () => {
    for (const place of ['s3+https://host', 's3+https://id:secret@host/bucket', 's3+ftp://host/bucket', 's3+nonsense', 's3+https://host/bucket?x=1']) assert.throws(() => artifactsAt(place, KEYS), { code: 'ARTIFACTS_PLACE' }, place);
    assert.throws(() => artifactsAt('s3+https://host/bucket', {}), { code: 'ARTIFACTS_PLACE' });
  });
});
