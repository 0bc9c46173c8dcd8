/** Verb by verb from the command line, on a chain of one's own, with interruptions where a kill -9 would leave them. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startAnvil, type Anvil } from '../../src/chain/index.js';
import { run } from '../support/cli.js';

describe('the verbs, one by one', () => {
  let dir: string, anvil: Anvil, chain: string[];
  const file = (...parts: string[]): string => join(dir, ...parts);
  const zkattr = async (...args: string[]): Promise<string> => {
    const { code, out } = await run([...args, '--dir', dir]);
    assert.equal(code, 0, out);
    return out;
  };
  /** What a process killed between sending and noting a transaction leaves. */
  const forgetTransaction = async (path: string): Promise<void> => {
    const { transaction, ...rest } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    assert.ok(transaction);
    await writeFile(path, JSON.stringify(rest));
  };
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'zkattr-verbs-'));
    anvil = await startAnvil({ args: ['--accounts', '48'] });
    chain = ['--rpc', anvil.rpcUrl];
    await zkattr('train');
    await zkattr('register', ...chain);
    await zkattr('infer', ...chain, '--count', '7');
  });
  after(async () => {
    await anvil.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('resumes a batch whose commitment was sent and not noted', async () => {
    await forgetTransaction(file('batches', '1', 'batch.json'));
    const out = await zkattr('infer', ...chain, '--from', '20', '--count', '4');
    assert.match(out, /batch 1: resume/);
    assert.ok((JSON.parse(await readFile(file('batches', '1', 'batch.json'), 'utf8')) as { transaction?: unknown }).transaction);
  });

  it('proves without settling, settles later without proving again, and verifies on chain', async () => {
    assert.match(await zkattr('prove', '--no-settle', ...chain), /not settled/);
    const proof = (JSON.parse(await readFile(file('jobs', '0', 'job.json'), 'utf8')) as { proof: unknown }).proof;
    assert.match(await zkattr('prove', ...chain), /settled job 0 of an earlier run/);
    const job = JSON.parse(await readFile(file('jobs', '0', 'job.json'), 'utf8')) as { proof: unknown; transaction?: { gas: number }; batches: string[] };
    assert.deepEqual(job.proof, proof);
    assert.ok(job.transaction!.gas > 0);
    assert.deepEqual(job.batches, ['0', '1', '2']);
    const out = await zkattr('verify', ...chain);
    assert.equal(out.match(/^ok .*contract: accepted$/gm)?.length, 2);
  });

  it('never pays twice: a settlement that was sent and not noted is only noted', async () => {
    const before = JSON.parse(await readFile(file('jobs', '0', 'job.json'), 'utf8')) as object;
    await forgetTransaction(file('jobs', '0', 'job.json'));
    assert.match(await zkattr('prove', ...chain), /settled job 0 of an earlier run/);
    const job = JSON.parse(await readFile(file('jobs', '0', 'job.json'), 'utf8')) as object;
    assert.deepEqual(job, before);
    const { code, out } = await run(['prove', ...chain, '--dir', dir]);
    assert.equal(code, 1);
    assert.match(out, /NO_BATCHES/);
  });

  it('audits the job against the chain', async () => {
    await zkattr('audit', '0', ...chain);
  });

  it('refuses a wrong chain id and an undeployed contract', async () => {
    const wrong = await run(['infer', ...chain, '--chain-id', '1337', '--dir', dir]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.out, /CHAIN_ID_MISMATCH.*expected/);
    const empty = await startAnvil();
    try {
      const { code, out } = await run(['infer', '--rpc', empty.rpcUrl, '--dir', dir]);
      assert.equal(code, 1);
      assert.match(out, /CONTRACT_MISSING/);
    } finally {
      await empty.stop();
    }
  });

  it('says that a port is in use', async () => {
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { code, out } = await run(['demo', '--quiet', '--port', String((server.address() as AddressInfo).port), '--dir', join(dir, 'demo')]);
      assert.equal(code, 1);
      assert.match(out, /PORT_IN_USE/);
    } finally {
      server.close();
    }
  });

  it('names a truncated artifact and what to do', async () => {
    const path = file('batches', '0', 'batch.json');
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 500));
    const { code, out } = await run(['verify', '--dir', dir]);
    assert.equal(code, 1);
    assert.match(out, /ARTIFACT_JSON.*batch\.json.*truncated/);
  });
});
