import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createProgram } from '../../src/cli/program.js';
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

  const units = (text: string): bigint => BigInt(text);
  const sum = (list: Iterable<string>): bigint => [...list].reduce((total, text) => total + BigInt(text), 0n);

  it('verifies both proofs on chain and conserves the money to the last unit', () => {
    assert.equal(summary.verifiedOnChain, true);
    assert.equal(summary.conserved, true);
    const { feesIn, paidOut, node, prover, auditors, treasury, refunded, wrapped } = summary;
    assert.equal(units(feesIn), sum([paidOut, node, prover, auditors, treasury, refunded]));
    assert.equal(summary.escrowBalance, '0');
    assert.equal(units(paidOut), sum(summary.payouts.map((p) => p.units)));
    assert.equal(wrapped.supply, wrapped.backing);
    assert.equal(units(wrapped.supply), sum(Object.values(wrapped.held)));
    assert.deepEqual(Object.keys(wrapped.held).sort(), ['court', 'stakes']);
    assert.equal(wrapped.held.court, auditors, 'the auditors\' part waits for audits');
  });

  it('splits every fee without a rest, and pays the parts', () => {
    for (const { fee, parts } of summary.queries) assert.equal(units(fee), sum(Object.values(parts)));
    const part = (name: 'node' | 'prover' | 'auditors'): bigint => sum(summary.queries.map((q) => q.parts[name]));
    for (const name of ['node', 'prover', 'auditors'] as const) assert.equal(units(summary[name]), part(name));
    assert.ok(summary.payouts.every((p) => p.claimed === (p.units !== '0')));
  });

  it('gives back the fee of the request that nobody served, and those of the rejected block', () => {
    const zero = sum(summary.queries.filter((q) => q.refunded).map((q) => q.parts.contributors));
    assert.equal(units(summary.refunded), 5n * 10n ** 15n + units(summary.case.refunded) + zero);
    assert.ok(units(summary.case.refunded) > 0n);
  });

  it('has the proof delivered through the market at a price between the bounds', () => {
    const { price, minPrice, maxPrice, requester, prover } = summary.request;
    assert.ok(units(minPrice) <= units(price) && units(price) <= units(maxPrice));
    assert.notEqual(requester, prover);
  });

  it('has a committee uphold the case about the altered block, and the contract convict by two signatures', () => {
    const { status, finding, committee, votesFor, accused, slashed } = summary.case;
    assert.deepEqual([status, votesFor, new Set(committee).size], ['upheld', 3, 3]);
    assert.match(finding, /batches\/4\/Delta\.i16/);
    assert.equal(summary.fact.node, accused);
    assert.ok(units(slashed) > 0n && units(summary.fact.slashed) > 0n);
  });

  it('explains a payment back to its job, and the sum is what was paid', () => {
    const { contributor, credited, claimed, sentences } = summary.explained;
    assert.equal(credited, summary.payouts.find((p) => p.contributor === contributor)!.units);
    assert.equal(claimed, credited);
    assert.match(sentences.join('\n'), /as contributor: job 0x.* of 16 queries/);
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
    const { commands } = createProgram();
    assert.deepEqual(commands.map((c) => c.name()).sort(), ['setup', 'train', 'deploy', 'datanet', 'stake', 'register', 'infer', 'prove', 'market', 'rewards', 'challenge', 'govern', 'verify', 'audit', 'coordinator', 'prover', 'node', 'localnet', 'demo', 'doctor'].sort());
    for (const command of commands) assert.ok(command.description().length > 10, command.name());
    const { code, out } = await run(['prove', '--help']);
    assert.equal(code, 0);
    assert.match(out, /Usage: zkattr prove/);
  });

  it('says where, what was expected and what to do when a step is missing', async () => {
    const { code, out } = await run(['prove', '--dir', join(tmpdir(), 'zkattr-nothing-here')]);
    assert.equal(code, 1);
    assert.match(out, /error \[STEP_MISSING\].*zkattr-nothing-here.*Hint: run `zkattr register` first/);
  });
});
