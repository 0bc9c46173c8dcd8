import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatBytes, formatCount, formatSeconds, formatShare, formatTokens, formatUnits, parseUnits, plainText, shortHex } from '../../../src/cli/demo/report/format.js';
import { renderHtml, renderTerminal, terminalOptions } from '../../../src/cli/demo/report/index.js';
import { bar, displayWidth, truncate, wrap } from '../../../src/cli/demo/report/textLayout.js';
import { money, people } from '../../../src/cli/demo/report/view.js';
import type { DemoSummary, PayoutSummary, QuerySummary } from '../../../src/protocol/summary.js';

const ADDRESS = '0x52908400098527886e0f7030069857d2e4169ee7';
const EVIL = '<script>alert("x")</script>\u001b[31m\u202eeve & \'co\'';

/** Of 0.01 OPEN: 60, 20, 10, 5, 5 percent. */
const PARTS = { contributors: '6000000000000000', node: '2000000000000000', prover: '1000000000000000', auditors: '500000000000000', treasury: '500000000000000' };
const HELD = { stakes: '105000000000000000000', court: '1' };

function payout(contributor: string, units: string, more: Partial<PayoutSummary> = {}): PayoutSummary {
  return { contributor, units, address: ADDRESS, kind: 'honest', identity: contributor, rows: 90, share: 0.1, helped: 12, harmed: 4, claimed: true, why: `${contributor} helped on 12 queries.`, ...more };
}

function query(n: number, more: Partial<QuerySummary> = {}): QuerySummary {
  return { query: n, payer: ADDRESS, fee: '10000000000000000', predicted: 7, actual: 7, pixels: Array.from({ length: 64 }, (_, i) => i % 17), topContributor: 'ada', refunded: false, parts: PARTS, ...more };
}

function sample(more: Partial<DemoSummary> = {}): DemoSummary {
  return {
    verifiedOnChain: true, className: 'demo', accuracy: { base: 0.683, adapted: 0.941 },
    r1: { constraints: 38237, proveSeconds: 8.4, stages: { tokens: 0.4, columns: 0.3, rows: 0.6, opening: 1.2, groth16: 5.1, witness: 0.7 }, proofBytes: 3104, gas: 498123, blocks: 1, contributors: 5 },
    r2: { constraints: 61061, proveSeconds: 14.9, stages: { scores: 0.2, bits: 0.9, tokens: 0.5, groth16: 11, witness: 1.1 }, proofBytes: 4832, gas: 731456, blocks: 2, contributors: 5, queries: 3 },
    payouts: [
      payout('ada', '12300000000000000'), payout('ivo', '0', { kind: 'flipped', claimed: false }), payout('jan', '3700000000000000', { kind: 'duplicate' }),
      payout('kim 1', '2500000000000000', { kind: 'sybil', identity: 'kim' }), payout('kim 2', '1499999999999993', { kind: 'sybil', identity: 'kim' }),
    ],
    queries: [query(0), query(1, { predicted: 3, actual: 8 }), query(2, { topContributor: '', refunded: true })],
    feesIn: '40000000000000000', paidOut: '19999999999999993', node: '6000000000000000', prover: '3000000000000000', auditors: '1000000000000000', treasury: '7', refunded: '10000000000000000',
    escrowBalance: '0', conserved: true, wrapped: { supply: '105000000000000000001', backing: '105000000000000000001', held: HELD },
    request: { requestId: `0x${'cd'.repeat(32)}`, requester: ADDRESS, prover: ADDRESS, minPrice: '500000000000000', maxPrice: '2000000000000000', price: '700000000000000', collateral: '10000000000000000' },
    case: {
      caseId: '1', blockId: `0x${'ef'.repeat(32)}`, challenger: ADDRESS, accused: ADDRESS, finding: 'batches/4/Delta.i16: row 0 differs', committee: [ADDRESS, ADDRESS, ADDRESS], votesFor: 3, votesAgainst: 0, status: 'upheld',
      slashed: '10000000000000000000', refunded: '32000000000000000',
    },
    fact: { node: ADDRESS, reporter: ADDRESS, slashed: '10000000000000000000' },
    explained: { contributor: 'ada', account: ADDRESS, credited: '12300000000000000', claimed: '12300000000000000', sentences: ['0.0123 OPEN as contributor: job 0xabababab.. of 3 queries', 'claimed 0.0123 OPEN'] },
    audit: { ok: true, checks: [{ name: 'inputs replayed', ok: true, detail: '3 of 3 queries' }, { name: 'commitments equal', ok: true, detail: '' }] },
    tamperedAudit: { ok: false, finding: 'query 1, layer 0: commitment differs from the chain' },
    phases: { train: 3.2, serve: 0.05, prove: 23.3 }, gas: { 'register model': 212345, 'claim payout': 41234 },
    chain: { chainId: 31337, jobId: `0x${'ab'.repeat(32)}`, recordId: '1', datanetId: '1', snapshotId: `0x${'12'.repeat(32)}`, contracts: { verifier: ADDRESS, vault: ADDRESS } },
    machine: { cpu: 'Some CPU', cores: 8, node: 'v20.19.0' },
    ...more,
  };
}

const plain = (summary: DemoSummary, width = 80): string => renderTerminal(summary, { width, color: false });
const hasNoHoles = (text: string): void => assert.doesNotMatch(text, /NaN|undefined|Infinity|\[object/);

describe('format', () => {
  it('shows tokens with four decimals, small ones with three digits, dust in units', () => {
    const cases: [bigint, string][] = [
      [0n, '0 OPEN'], [12_300_000_000_000_000n, '0.0123 OPEN'], [1_234_567_890_000_000_000_000n, '1,234.5679 OPEN'], [1_234_000_000_000_000n, '0.0012 OPEN'], [123_400_000_000_000n, '0.000123 OPEN'],
      [12_345_000_000n, '0.0000000123 OPEN'], [1n, '1 unit'], [9_999_999_999n, '9,999,999,999 units'], [-5n, '-5 units'], [9_999_900_000_000_000n, '0.0100 OPEN'], [999_990_000_000_000n, '0.0010 OPEN'], [10n ** 10n, '0.0000000100 OPEN'],
    ];
    for (const [units, text] of cases) assert.equal(formatTokens(units), text);
    assert.equal(formatUnits(12_300_000_000_000_000n), '12,300,000,000,000,000 units');
  });

  it('shows seconds, bytes, counts and shares in steps a person reads', () => {
    assert.deepEqual([0, 0.0004, 0.1234, 0.9999, 9.999, 12.34, 59.97, 125, 3725].map(formatSeconds), ['0 s', '<1 ms', '123 ms', '1.00 s', '10.0 s', '12.3 s', '1 min 00 s', '2 min 05 s', '1 h 02 min']);
    assert.deepEqual([0, 832, 1950, 99_960, 24_100_000].map(formatBytes), ['0 B', '832 B', '1.95 kB', '100 kB', '24.1 MB']);
    assert.deepEqual([0, 999, 96339, -1200, 1e21].map(formatCount), ['0', '999', '96,339', '-1,200', '1,000,000,000,000,000,000,000']);
    assert.deepEqual([0, 0.0001, 0.1234, 0.9996, 1].map(formatShare), ['0%', '<0.1%', '12.3%', '100%', '100%']);
    for (const show of [formatSeconds, formatBytes, formatCount, formatShare]) for (const value of [NaN, Infinity]) assert.equal(show(value), '–');
  });

  it('refuses an amount that is not an integer, with its value', () => {
    for (const bad of ['', '1.5', '0x10', '1e18', 'NaN']) assert.throws(() => parseUnits(bad), { code: 'REPORT_AMOUNT' });
  });

  it('takes escape sequences, line breaks and direction overrides out of text', () => {
    assert.equal(plainText('a\u001b[2Jb\nc\u202ed\u0000e\u001b]0;title\u0007f\u009bg'), 'ab cdefg');
    assert.equal(plainText('Zoë 李 👩‍👩‍👧'), 'Zoë 李 👩‍👩‍👧');
    assert.equal(shortHex(ADDRESS), '0x5290…9ee7');
  });
});

describe('text layout', () => {
  it('measures, cuts and wraps by cells', () => {
    assert.deepEqual(['abc', '李', 'e\u0301', '\u001b[31mred\u001b[0m', '👩‍👩‍👧'].map(displayWidth), [3, 2, 1, 3, 2]);
    assert.deepEqual([truncate('abcdef', 4), truncate('李李李', 4), truncate('abc', 3), truncate('abc', 0)], ['abc…', '李…', 'abc', '']);
    assert.deepEqual(wrap('one two  three abcdefghij', 7), ['one two', 'three', 'abcdefg', 'hij']);
    assert.deepEqual(wrap('', 10), []);
  });

  it('draws bars in eighths, never longer than their room, never empty when not zero', () => {
    assert.deepEqual([bar(0, 8), bar(1, 3), bar(0.5, 3), bar(1e-9, 8), bar(7, 2), bar(NaN, 8)], ['', '███', '█▌', '▏', '██', '']);
  });
});

describe('view of the summary', () => {
  it('groups the accounts of one person and sorts by total', () => {
    const all = people(sample().payouts);
    assert.deepEqual(all.map((p) => [p.name, p.accounts.length, p.units]), [['ada', 1, 12_300_000_000_000_000n], ['kim', 2, 3_999_999_999_999_993n], ['jan', 1, 3_700_000_000_000_000n], ['ivo', 1, 0n]]);
    assert.ok(Math.abs(all.reduce((s, p) => s + p.share, 0) - 1) < 1e-5);
  });

  it('keeps contributors without an identity apart', () => {
    assert.equal(people([payout('a', '1', { identity: '' }), payout('b', '1', { identity: '' })]).length, 2);
  });

  it('does not call numbers conserved that differ by one unit, whatever the summary says', () => {
    assert.equal(money(sample()).conserved, true);
    assert.equal(money(sample({ treasury: '8' })).conserved, false);
    assert.equal(money(sample({ conserved: false })).conserved, false);
    assert.match(plain(sample({ treasury: '8' })), /does NOT add up/);
    assert.match(renderHtml(sample({ treasury: '8' })), /NOT conserved/);
  });

  it('counts what the escrow still holds as part of the balance', () => {
    const open = money(sample({ paidOut: '19999999999999990', escrowBalance: '3' }));
    assert.deepEqual([open.conserved, open.rows.at(-1)?.key, open.rows.at(-1)?.units], [true, 'escrow', 3n]);
  });
});

describe('terminal report', () => {
  it('says what was verified, paid, measured and found', () => {
    const text = plain(sample(), 100);
    for (const part of [
      'Verified on chain', 'conserved to the last unit', '0.0400 OPEN', '40,000,000,000,000,000 units', '0.0200 OPEN', 'inference node', '0.0060 OPEN', '0.0100 OPEN', '7 units', '0.0123 OPEN', '61.5%', 'kim (2 accounts)', '20.0%',
      'flipped labels, nothing to claim', 'copy, claimed', 'ada helped on 12 queries.', '38,237', '61,061', '8.40 s', '14.9 s', '3.10 kB', '498,123', '731,456', 'groth16', '5.10 s', 'register model', '212,345',
      'prove', '26.6 s', 'inputs replayed: 3 of 3 queries', 'Tampering was caught: query 1, layer 0', '68.3% before, 94.1%', ADDRESS, 'Development keys', 'Splitting accounts', 'audited, not proven',
      'Why ada was paid', 'job 0xabababab..', '0.000700', 'Case 1: upheld', 'row 0 differs', 'drawn auditors', '10.0000 OPEN',
    ]) assert.ok(text.includes(part), `"${part}" is missing`);
    hasNoHoles(text);
  });

  it('keeps every line within the width, at each width, with long, wide and hostile names', () => {
    const long = sample({
      payouts: [payout('x'.repeat(300), '77371252455336267181195263', { why: 'y'.repeat(500) }), payout('李'.repeat(60), '1'), payout(EVIL, '5'), ...sample().payouts],
      gas: { ['long name '.repeat(30)]: 1e12 }, phases: { ['phase'.repeat(40)]: 5000, short: 1 },
      feesIn: '77371252455336267181195263', tamperedAudit: { ok: false, finding: 'z'.repeat(400) },
      chain: { ...sample().chain, contracts: { verifier: 'v'.repeat(200) } }, explained: { ...sample().explained, contributor: '李'.repeat(80), sentences: ['w'.repeat(300)] },
    });
    for (let width = 40; width <= 130; width++) {
      for (const summary of [sample(), long]) {
        for (const line of plain(summary, width).split('\n')) assert.ok(displayWidth(line) <= width, `${displayWidth(line)} > ${width}: ${line}`);
      }
    }
    for (const width of [0, -5, NaN, 39]) assert.ok(plain(long, width).split('\n').every((l) => displayWidth(l) <= (Number.isNaN(width) ? 80 : 40)));
  });

  it('colours only when asked, without changing a character', () => {
    const coloured = renderTerminal(sample(), { width: 80, color: true });
    assert.match(coloured, /\u001b\[/);
    assert.doesNotMatch(plain(sample({ payouts: [payout(EVIL, '5')] })), /[\u001b\u202e]/);
    const strip = (text: string): string => text.replace(/\u001b\[[\d;]*m/g, '').replace(/ +$/gm, '');
    assert.equal(strip(coloured), plain(sample()));
  });

  it('respects NO_COLOR, dumb terminals and pipes', () => {
    assert.deepEqual(terminalOptions({ isTTY: true, columns: 120 }, {}), { width: 120, color: true });
    assert.deepEqual(terminalOptions({ isTTY: true, columns: 90 }, { NO_COLOR: '1' }), { width: 90, color: false });
    assert.equal(terminalOptions({ isTTY: true }, { NO_COLOR: '' }).color, true);
    assert.equal(terminalOptions({ isTTY: true }, { TERM: 'dumb' }).color, false);
    assert.deepEqual(terminalOptions({}, {}), { width: 80, color: false });
  });

  it('says plainly what failed', () => {
    const text = plain(sample({ verifiedOnChain: false, audit: { ok: false, checks: [{ name: 'commitments', ok: false, detail: 'layer 1' }] }, tamperedAudit: { ok: true, finding: 'nothing' } }));
    for (const part of ['✗ NOT verified on chain', '✗ commitments: layer 1', '✗ Tampering was NOT caught: nothing', 'replay FAILED']) assert.ok(text.includes(part), part);
  });
});

describe('html report', () => {
  it('shows the numbers, exact units in titles, and a digit a query', () => {
    const page = renderHtml(sample());
    for (const part of ['✓ Verified on chain', 'title="12,300,000,000,000,000 units">0.0123 OPEN<', '38,237', '61,061', '731,456 gas', '3.10 kB', 'one person, 2 accounts', 'flipped labels', 'refunded', 'nobody helped', 'How each fee was split', 'Market and courts', 'Why ada was paid', 'reads 3', 'is 8', 'class="query miss"', '= paid to contributors', 'inputs replayed', 'Tampering was caught', '23.3 s', 'Some CPU', '31337', '0.0060 OPEN contributors']) {
      assert.ok(page.includes(part), `"${part}" is missing`);
    }
    assert.equal(page.match(/<svg /g)?.length, 3);
    const inked = sample().queries[0].pixels.filter((v) => v > 0).length;
    assert.equal(page.match(/<rect /g)?.length, 3 * inked);
    hasNoHoles(page);
  });

  it('asks for nothing outside itself', () => {
    const page = renderHtml(sample());
    assert.doesNotMatch(page, /https?:|\/\/[a-z]|<script|@import|url\(/i);
    assert.match(page, /default-src 'none'/);
  });

  it('escapes every string of the summary', () => {
    const evil = <T>(value: T): T => (typeof value === 'string' ? (/^\d+$/.test(value) ? value : EVIL) : Array.isArray(value) ? value.map(evil)
      : value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, evil(v)])) : value) as T;
    const page = renderHtml({ ...evil(sample()), phases: { [EVIL]: 1 }, gas: { [EVIL]: 1 }, r1: { ...sample().r1, stages: { [EVIL]: 1, ['__proto__']: 2, constructor: 3 } } });
    assert.doesNotMatch(page, /<script|[\u001b\u202e]|alert\("|'co'/);
    assert.match(page, /&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt;eve &amp; &#39;co&#39;/);
    hasNoHoles(page);
  });

  it('balances its tags', () => {
    const page = renderHtml(sample());
    for (const tag of ['div', 'section', 'span', 'table', 'tr', 'td', 'th', 'ul', 'li', 'details', 'dl', 'svg', 'p', 'b', 'i', 'main', 'html']) {
      assert.equal(page.match(new RegExp(`<${tag}[ >]`, 'g'))?.length ?? 0, page.match(new RegExp(`</${tag}>`, 'g'))?.length ?? 0, tag);
    }
  });
});

describe('both reports', () => {
  const empty = { constraints: 0, proveSeconds: 0, stages: {}, proofBytes: 0, gas: 0, blocks: 0, contributors: 0 };
  const edges: Record<string, DemoSummary> = {
    'nobody is paid': sample({ payouts: sample().payouts.map((p) => ({ ...p, units: '0', share: NaN })), feesIn: '0', paidOut: '0', node: '0', prover: '0', auditors: '0', refunded: '0', treasury: '0' }),
    'one contributor': sample({ payouts: [payout('ada', '19999999999999993')] }),
    'nothing at all': sample({ payouts: [], queries: [], phases: {}, gas: {}, r1: empty, r2: { ...empty, queries: 0 }, audit: { ok: true, checks: [] } }),
    'numbers are missing': sample({ accuracy: { base: NaN, adapted: NaN }, r1: { ...empty, proveSeconds: NaN, constraints: NaN, stages: { opening: NaN } }, phases: { a: NaN, b: 1 }, gas: { a: NaN }, queries: [query(0, { pixels: [NaN, -1, 99] }), query(NaN, { predicted: NaN })] }),
    'an unknown kind, empty names': sample({ payouts: [payout('', '5', { kind: 'constructor', identity: '' }), payout('', '5', { kind: '', identity: '', why: '' })] }),
  };
  for (const [name, summary] of Object.entries(edges)) {
    it(`render when ${name}`, () => {
      hasNoHoles(plain(summary, 40));
      hasNoHoles(renderHtml(summary));
      assert.match(plain(summary), /Verified on chain/);
    });
  }
});
