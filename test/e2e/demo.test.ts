import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../support/cli.js';
import type { DemoSummary } from '../../src/protocol/summary.js';

describe('the demonstration', () => {
  let dir: string, summary: DemoSummary, result: { code: number | null; out: string };
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'zkattr-demo-'));
    result = await run(['demo', '--dir', join(dir, 'work'), '--json', join(dir, 'demo.json')]);
    assert.equal(result.code, 0, result.out);
    summary = JSON.parse(await readFile(join(dir, 'demo.json'), 'utf8')) as DemoSummary;
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('verifies both proofs on chain and conserves the money to the last unit', () => {
    assert.equal(summary.verifiedOnChain, true);
    assert.equal(BigInt(summary.feesIn), BigInt(summary.paidOut) + BigInt(summary.refunded) + BigInt(summary.treasury));
    assert.equal(summary.escrowBalance, '0');
    assert.equal(BigInt(summary.paidOut), summary.payouts.reduce((sum, p) => sum + BigInt(p.units), 0n));
    assert.ok(BigInt(summary.refunded) > 0n, 'the fee of the unserved request goes back');
  });

  it('pays the mislabelled contributor less a row than every honest one', () => {
    const rate = (p: DemoSummary['payouts'][number]): number => Number(BigInt(p.units) / BigInt(p.rows));
    const flipped = summary.payouts.filter((p) => p.kind === 'flipped'), honest = summary.payouts.filter((p) => p.kind === 'honest');
    assert.equal(flipped.length, 1);
    for (const p of honest) assert.ok(rate(flipped[0]) < rate(p), p.contributor);
  });

  it('passes its own audit, and the audit of an altered copy names the altered file', () => {
    assert.equal(summary.audit.ok, true);
    assert.ok(summary.audit.checks.length > 10 && summary.audit.checks.every((check) => check.ok));
    assert.equal(summary.tamperedAudit.ok, false);
    assert.match(summary.tamperedAudit.finding, /batches\/2\/Delta\.i16/);
  });

  it('leaves a report that needs nothing from outside', async () => {
    const html = await readFile(join(dir, 'work', 'report.html'), 'utf8');
    assert.doesNotMatch(html, /(src|href)="https?:/);
  });

  it('verifies the written proofs again off chain', async () => {
    const { code, out } = await run(['verify', '--dir', join(dir, 'work')]);
    assert.equal(code, 0, out);
    assert.equal(out.match(/^ok {3}.*accepted$/gm)?.length, 2);
  });

  it('audits from the command line, and without the chain', async () => {
    const { code, out } = await run(['audit', '0', '--dir', join(dir, 'work')]);
    assert.equal(code, 0, out);
  });
});

describe('the command line', () => {
  it('explains every verb', async () => {
    for (const verb of ['setup', 'train', 'register', 'infer', 'prove', 'verify', 'audit', 'demo']) {
      const { code, out } = await run([verb, '--help']);
      assert.equal(code, 0);
      assert.match(out, new RegExp(`Usage: zkattr ${verb}`));
    }
  });

  it('says where, what was expected and what to do when a step is missing', async () => {
    const { code, out } = await run(['prove', '--dir', join(tmpdir(), 'zkattr-nothing-here')]);
    assert.equal(code, 1);
    assert.match(out, /error \[STEP_MISSING\].*zkattr-nothing-here.*Hint: run `zkattr register` first/);
  });
});
