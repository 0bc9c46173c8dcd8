/**
 * One suite for ArtifactStore on disk and in a bucket. No real S3 runs here: the bucket is a small HTTP server of this test that holds
 * objects in memory and checks every signature with its own computation, which AWS's published vector checks in turn.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { keccak256, toBytes, type Hex } from 'viem';
import { openArtifacts } from '../../coordinator/backend.js';
import { amzDate, authorization, sha256 } from '../../coordinator/store/artifacts/sigv4.js';
import type { ArtifactStore } from '../../coordinator/store/types.js';
import { independentSignature, startBucket, type Bucket } from './support/bucket.js';

const bytes = (text: string): { data: Uint8Array; hash: Hex } => ({ data: toBytes(text), hash: keccak256(toBytes(text)) });
const MAX = 1 << 16;
let dir: string, bucket: Bucket;
const s3 = (change = {}) => openArtifacts({ endpoint: bucket.endpoint, bucket: 'proofs', region: 'eu-test-1', prefix: 'a b/', accessKeyId: 'AKID', secretAccessKey: 'secret/+', ...change }, { maxBytes: MAX });

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'zkattr-artifacts-'));
  bucket = await startBucket({ accessKeyId: 'AKID', secretAccessKey: 'secret/+', region: 'eu-test-1' });
});
after(async () => {
  rmSync(dir, { recursive: true, force: true });
  await bucket.stop();
});

const stores: { name: string; open: () => Promise<ArtifactStore>; damage: (hash: Hex) => void }[] = [
  { name: 'disk', open: () => openArtifacts(dir, { maxBytes: MAX }), damage: (hash) => writeFileSync(join(dir, hash.slice(2, 4), hash), 'other') },
  { name: 'bucket (no real S3: a server of the test)', open: () => s3(), damage: (hash) => bucket.objects.set(`/proofs/a%20b/${hash}`, Buffer.from('other')) },
];

for (const { name, open, damage } of stores) {
  describe(`artifacts: ${name}`, () => {
    it('gives back what was put, under its hash, and knows nothing else', async () => {
      const store = await open(), one = bytes('one'), empty = bytes('');
      assert.equal(await store.has(one.hash), false);
      assert.equal(await store.get(one.hash), undefined);
      for (const { hash, data } of [one, empty]) {
        await store.put(hash, data);
        await Promise.all([store.put(hash, data), store.put(hash, data)]);
        assert.equal(await store.has(hash), true);
        assert.deepEqual(Buffer.from((await store.get(hash))!), Buffer.from(data));
      }
      assert.deepEqual(Buffer.from((await (await open()).get(one.hash))!), Buffer.from(one.data), 'opened again');
    });

    it('refuses what does not have its hash, has no hash for a name, or is too large', async () => {
      const store = await open(), { hash } = bytes('refused');
      await assert.rejects(store.put(hash, toBytes('other')), { code: 'ARTIFACT_HASH' });
      for (const path of ['../../escape', `0x${'A'.repeat(64)}`, '0x12']) await assert.rejects(store.put(path as Hex, toBytes('x')), { code: 'ARTIFACT_HASH' });
      const large = new Uint8Array(MAX + 1);
      await assert.rejects(store.put(keccak256(large), large), { code: 'ARTIFACT_SIZE' });
      assert.equal(await store.has(hash), false);
    });

    it('deletes one, which is then unknown and may come again; one that is not there is no error', async () => {
      const store = await open(), { hash, data } = bytes(`deleted ${name}`), other = bytes(`kept ${name}`);
      for (const one of [{ hash, data }, other]) await store.put(one.hash, one.data);
      for (const _ of [1, 2]) {
        await store.delete(hash);
        assert.deepEqual([await store.has(hash), await store.get(hash)], [false, undefined]);
      }
      assert.equal(await store.has(other.hash), true);
      for (const path of ['../../escape', `0x${'A'.repeat(64)}`, '', '0x12']) await assert.rejects(store.delete(path as Hex), { code: 'ARTIFACT_HASH' });
      await store.put(hash, data);
      damage(hash);
      await assert.rejects(store.get(hash), { code: 'ARTIFACT_HASH' });
      await store.delete(hash);
      assert.equal(await store.get(hash), undefined);
      await store.put(hash, data);
      assert.deepEqual(Buffer.from((await store.get(hash))!), Buffer.from(data));
    });

    it('does not give out what was damaged', async () => {
      const store = await open(), { hash, data } = bytes(`damaged ${name}`);
      await store.put(hash, data);
      damage(hash);
      await assert.rejects(store.get(hash), { code: 'ARTIFACT_HASH' });
    });
  });
}

describe('artifacts: disk only', () => {
  it('takes a damaged artifact again', async () => {
    const store = await openArtifacts(dir), { hash, data } = bytes('healed');
    await store.put(hash, data);
    writeFileSync(join(dir, hash.slice(2, 4), hash), 'other!');
    await assert.rejects(store.get(hash), { code: 'ARTIFACT_HASH' });
    await store.put(hash, data);
    assert.deepEqual(Buffer.from((await store.get(hash))!), Buffer.from(data));
  });

  it('removes at start what a crashed write left, and nothing of writers that run', async () => {
    const folder = join(dir, '77'), name = `0x${'77'.repeat(32)}`;
    mkdirSync(folder, { recursive: true });
    for (const pid of [2 ** 30, process.pid, process.ppid]) writeFileSync(join(folder, `${name}.${pid}.0123abcd.tmp`), 'half');
    const store = await openArtifacts(dir);
    assert.deepEqual(readdirSync(folder), [`${name}.${process.ppid}.0123abcd.tmp`]);
    assert.equal(await store.has(name as Hex), false);
  });

  it('says how much is free and how much is needed when there is no space', async () => {
    const store = await openArtifacts(dir, { reserveBytes: 2 ** 60 }), { hash, data } = bytes('no space');
    await assert.rejects(store.put(hash, data), { code: 'ARTIFACT_SPACE', message: /expected \d{19} bytes free, got \d+/ });
    assert.equal(await store.has(hash), false);
  });
});

describe('artifacts: bucket only', () => {
  it('signs as the published vector get-vanilla says, and so does the test\'s own computation', () => {
    const vanilla = {
      method: 'GET', url: new URL('https://example.amazonaws.com/'), headers: {}, payloadHash: sha256(''), region: 'us-east-1', service: 'service', date: '20150830T123600Z',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
    };
    const signature = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31';
    assert.equal(authorization(vanilla), `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`);
    assert.equal(independentSignature({
      secret: vanilla.credentials.secretAccessKey, date: vanilla.date, region: 'us-east-1', service: 'service',
      canonical: `GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n${sha256('')}`,
    }), signature);
    assert.equal(amzDate(Date.UTC(2015, 7, 30, 12, 36, 0, 999)), '20150830T123600Z');
  });

  it('is refused with the wrong key, and says what to check', async () => {
    const { hash, data } = bytes('forbidden');
    await assert.rejects((await s3({ secretAccessKey: 'wrong' })).put(hash, data), { code: 'ARTIFACT_STORE', message: /403.*clock/ });
  });

  it('tries again what failed for a moment, not what is final', async () => {
    const store = await s3(), { hash, data } = bytes('retried');
    bucket.failNext(503, 503);
    await store.put(hash, data);
    assert.equal(await store.has(hash), true);
    const full = bytes('full');
    bucket.failNext(404, 507);
    await assert.rejects(store.put(full.hash, full.data), { code: 'ARTIFACT_SPACE' });
  });

  it('reads no object that is larger than the limit', async () => {
    const { hash } = bytes('bomb');
    bucket.objects.set(`/proofs/a%20b/${hash}`, Buffer.alloc(MAX + 1));
    await assert.rejects((await s3()).get(hash), { code: 'ARTIFACT_SIZE' });
  });
});
