import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { numberToHex, type Hex } from 'viem';
import { formJobs, type BatchBlock, type BatchLimits } from '../../../../coordinator/intake/index.js';
import { Random } from '../../../support/scenario.js';

const word = (n: number): Hex => numberToHex(n, { size: 32 });
const CLASSES: Record<string, { blocks: number; queries: number }> = { '4x4': { blocks: 2, queries: 4 }, '16x16': { blocks: 4, queries: 16 }, '64x64': { blocks: 16, queries: 64 } };
const limits: BatchLimits = { ofClass: (name) => CLASSES[name], maxAgeMs: 10_000, urgentMs: 60_000 };
const NOW = 1_700_000_000_000;
const block = (n: number, change: Partial<BatchBlock> = {}): BatchBlock => ({ blockId: word(n), recordId: word(1000), className: '16x16', heightLog: 2, queries: 4, fees: 10n, since: NOW, deadline: NOW + 3_600_000, ...change });
const ids = (...numbers: number[]): Hex[] => numbers.map(word);

describe('batching', () => {
  it('forms a full job at once, and lets the rest wait until it is old', () => {
    const blocks = [1, 2, 3, 4, 5].map((n) => block(n, { since: NOW + n }));
    assert.deepEqual(formJobs(blocks, limits, NOW + 100).map((j) => [j.blockIds, j.reason]), [[ids(1, 2, 3, 4), 'full']]);
    assert.deepEqual(formJobs(blocks.slice(4), limits, NOW + 10_004), []);
    assert.deepEqual(formJobs(blocks.slice(4), limits, NOW + 10_005).map((j) => j.reason), ['age']);
  });

  it('puts the earliest deadline first, and does not let an urgent block wait', () => {
    const [job] = formJobs([block(1), block(2, { deadline: NOW + 50_000 })], limits, NOW);
    assert.deepEqual([job.blockIds, job.reason], [ids(2, 1), 'urgent']);
  });

  it('goes early for its fees', () => {
    assert.deepEqual(formJobs([block(1), block(2)], { ...limits, feeTarget: 20n }, NOW).map((j) => j.reason), ['fees']);
    assert.deepEqual(formJobs([block(1), block(2)], { ...limits, feeTarget: 21n }, NOW), []);
  });

  it('never mixes records, heights, classes, or blocks past their deadline with others', () => {
    const old = { since: NOW - 20_000 };
    const jobs = formJobs([block(1, old), block(2, { ...old, heightLog: 3 }), block(3, { ...old, recordId: word(7) }), block(4, { ...old, deadline: NOW - 1 }), block(5, { ...old, className: '4x4' })], limits, NOW);
    assert.deepEqual(jobs.map((j) => j.blockIds).sort(), ids(1, 2, 3, 4, 5).map((id) => [id]));
  });

  it('leaves out what is held for somebody, what nobody proves, and what no job could hold', () => {
    const old = { since: 0 };
    assert.deepEqual(formJobs([block(1, { ...old, heldUntil: NOW + 1 }), block(2, { ...old, className: 'none' }), block(3, { ...old, queries: 17 })], limits, NOW), []);
    assert.equal(formJobs([block(1, { ...old, heldUntil: NOW })], limits, NOW).length, 1);
  });

  it('keeps its rules on random input', () => {
    const random = new Random(77);
    for (let round = 0; round < 400; round++) {
      const feeTarget = random.int(0, 1) ? BigInt(random.int(1, 300)) : undefined, rules = { ...limits, feeTarget };
      const blocks = Array.from({ length: random.int(0, 60) }, (_, n) => block(n + 1, {
        className: ['4x4', '16x16', '64x64', 'none'][random.int(0, 3)], recordId: word(1000 + random.int(0, 1)), heightLog: random.int(2, 3), queries: random.int(1, 6), fees: BigInt(random.int(1, 50)),
        since: NOW - random.int(0, 15_000), deadline: NOW + random.int(-100_000, 200_000), ...(random.int(0, 5) === 0 && { heldUntil: NOW + random.int(-5, 5) }),
      }));
      const jobs = formJobs(blocks, rules, NOW), byId = new Map(blocks.map((b) => [b.blockId, b])), taken = jobs.flatMap((j) => j.blockIds);
      assert.equal(new Set(taken).size, taken.length, 'each block in at most one job');
      for (const job of jobs) {
        const members = job.blockIds.map((id) => byId.get(id)!), most = CLASSES[job.className];
        assert.ok(members.length >= 1 && members.length <= most.blocks && members.reduce((n, b) => n + b.queries, 0) <= most.queries, 'no job over its class');
        assert.ok(members.every((b) => b.recordId === job.recordId && b.heightLog === job.heightLog && b.className === job.className));
        assert.ok(members.every((b) => (b.deadline <= NOW) === (members[0].deadline <= NOW)));
      }
      for (const b of blocks) {
        const servable = CLASSES[b.className] && b.queries <= CLASSES[b.className].queries && (b.heldUntil ?? 0) <= NOW;
        if (taken.includes(b.blockId)) assert.ok(servable);
        else if (servable) assert.ok(NOW - b.since < limits.maxAgeMs && b.deadline - NOW > limits.urgentMs, 'nothing waits longer than maxAge, or when it is urgent');
      }
      assert.deepEqual(formJobs([...blocks].reverse(), rules, NOW).map((j) => j.blockIds.join()).sort(), jobs.map((j) => j.blockIds.join()).sort(), 'the order of arrival of documents does not matter');
    }
  });
});
