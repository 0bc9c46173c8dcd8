/** Results are checked against the coordinator's own packages: a real proof, and what happens when one word of it is another. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import type { ProvedEvent } from '../../../../coordinator/scheduler/index.js';
import { verifyResult, type VerifyTask } from '../../../../coordinator/scheduler/verifyResult.js';
import { jobSchema, type JobFile } from '../../../../src/protocol/artifacts.js';
import { decodeBlockPackage, decodeRecordPackage } from '../../../../src/protocol/network/index.js';
import { makeProvedJob, type ProvedJob } from './proved.js';
import { Station, TestProver } from './station.js';

type Json = Record<string, unknown>;

describe('results', () => {
  let made: ProvedJob, station: Station, prover: TestProver, task: VerifyTask, proved: ProvedEvent[];
  before(async () => {
    proved = [];
    const account = privateKeyToAccount(generatePrivateKey());
    made = await makeProvedJob(account.address);
    station = await Station.open({ keys: [made.key], events: { proved: (event) => { proved.push(event); } } });
    prover = new TestProver(station, account);
    for (const [hash, data] of made.packages) await station.artifacts.put(hash, data);
    task = {
      text: made.text, job: made.job, prover: account.address, key: made.key.key, registration: decodeRecordPackage(made.packages.get(made.job.record)!).registration,
      batches: made.job.blocks.map((block) => decodeBlockPackage(made.packages.get(block.package)!, '4x4').batch),
    };
  });
  after(() => station.close());
  const altered = (change: (job: Json & { proof: Json & { opening: Json } }) => void): string => {
    const json = JSON.parse(made.text) as Json & { proof: Json & { opening: Json } };
    change(json);
    return JSON.stringify(json);
  };
  const plusOne = (value: unknown): string => `0x${(BigInt(value as string) + 1n).toString(16)}`;
  const verdict = (text: string, change: Partial<VerifyTask> = {}): string => {
    const result = verifyResult({ ...task, ...change, text });
    return result.ok ? 'ok' : result.fault;
  };

  it('of an honest prover hold', () => assert.equal(verdict(made.text), 'ok'));

  it('with another payout, commitment or proof word are false', () => {
    const lies: ((job: Json & { proof: Json & { opening: Json } }) => void)[] = [
      (j) => { j.payouts = (j.payouts as string[]).map((p, i) => (i === 0 ? plusOne(p) : p)); }, (j) => { j.zeroQueries = plusOne(j.zeroQueries); }, (j) => { j.bits = j.mask; },
      (j) => { j.proof.rho = plusOne(j.proof.rho); }, (j) => { j.proof.opening.gz = plusOne(j.proof.opening.gz); }, (j) => { j.proof.point = (j.proof.point as string[]).slice(1); },
    ];
    for (const lie of lies) assert.equal(verdict(altered(lie)), 'FALSE_PROOF');
  });

  it('that name another job, prover, fee or block are not of this job', () => {
    const others: Json[] = [
      { jobId: `0x${'99'.repeat(32)}` }, { prover: `0x${'99'.repeat(20)}` }, { batches: ['0', '1'] }, { selector: `0x${'99'.repeat(32)}` }, { tokensLog: 5 }, { chainId: 1 }, { className: '16x16' },
      { fees: ['0x1', '0x2', '0x0', '0x0'] }, { boundaries: ['0x1', '0x10', '0x10', '0x10'] }, { context: `0x${'99'.repeat(32)}` }, { requestId: `0x${'99'.repeat(32)}` },
    ];
    for (const other of others) assert.equal(verdict(altered((j) => Object.assign(j, other))), 'RESULT_MISMATCH', JSON.stringify(other));
    assert.equal(verdict('{}'), 'RESULT_FORMAT');
    assert.equal(verdict('nonsense'), 'RESULT_FORMAT');
  });

  it('are of the prover that holds the lease and of the fees that the job has', () => {
    assert.equal(verdict(made.text, { prover: `0x${'98'.repeat(20)}` }), 'RESULT_MISMATCH');
    const blocks = made.job.blocks.map((block, i) => ({ ...block, fees: i === 0 ? ['0'] : block.fees }));
    assert.equal(verdict(made.text, { job: { ...made.job, blocks } }), 'RESULT_MISMATCH');
    // The prover states the lower fees too: the proof was made for the others.
    const text = altered((j) => { j.fees = ['0x0', ...(j.fees as string[]).slice(1)]; });
    assert.equal(verdict(text, { job: { ...made.job, blocks } }), 'FALSE_PROOF');
  });

  it('are checked on a thread and taken: false, then true, as the service sees them', async () => {
    const { job } = made, classes = [{ className: '4x4', relation: 'payout' as const, vkHash: job.vkHash, seconds: 5, peakBytes: 1 << 20 }];
    await station.enqueue(job);
    const liar = new TestProver(station);
    assert.ok((await liar.hello({ classes })).ok && (await prover.hello({ classes })).ok);
    const [first] = (await liar.lease()).offers;
    // Somebody else's proof is not the liar's: its context pays another.
    const stolen = await liar.result(job.jobId, first.token, made.text);
    assert.equal((stolen as { code: string }).code, 'RESULT_MISMATCH');
    const [second] = (await prover.lease()).offers;
    const data = await station.service.artifact(await prover.seal('artifact', { hash: job.blocks[1].package }), prover.channel);
    assert.ok(data.ok && data.data.length > 1000);
    const reply = await prover.result(job.jobId, second.token, made.text);
    assert.ok(reply.ok, JSON.stringify(reply));
    const done = (await station.backend.queue.get(job.jobId))!;
    assert.deepEqual([done.state, done.attempts.map(({ outcome }) => outcome)], ['done', ['failed', 'completed']]);
    const stored = jobSchema.parse(JSON.parse(new TextDecoder().decode(await station.artifacts.get(proved[0].artifact)))) as JobFile;
    assert.equal(stored.prover, prover.address);
    assert.equal(done.result, proved[0].artifact);
  });

  it('that are false cost the lease and name the prover', async () => {
    const { job: other } = made, fresh = await Station.open({ keys: [made.key] });
    try {
      for (const [hash, bytes] of made.packages) await fresh.artifacts.put(hash, bytes);
      await fresh.enqueue(other);
      const liar = new TestProver(fresh, prover.account);
      assert.ok((await liar.hello({ classes: [{ className: '4x4', relation: 'payout', vkHash: other.vkHash, seconds: 5, peakBytes: 1 << 20 }] })).ok);
      const [{ token }] = (await liar.lease()).offers;
      const reply = await liar.result(other.jobId, token, altered((j) => { j.proof.rho = plusOne(j.proof.rho); }));
      assert.equal((reply as { code: string }).code, 'FALSE_PROOF');
      assert.equal((await fresh.backend.queue.get(other.jobId))?.attempts[0].outcome, 'falseProof');
    } finally {
      await fresh.close();
    }
  });
});
