import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertOnChain, assertRange, assertSameList, assertSameTable, mismatch, placeOf } from '../../../src/audit/compare.js';
import { Checklist, renderReport } from '../../../src/audit/report.js';
import { FileError } from '../../../src/errors/files.js';

const shape = { layersLog: 1, widthLog: 3 };
const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing thrown';
};

describe('comparisons of an audit', () => {
  it('place an index as row, layer and column', () => {
    assert.deepEqual(placeOf(16 * 3 + 8 + 5, shape), { row: 3, layer: 1, column: 5 });
  });

  it('name artifact, place and both values of the first difference', () => {
    const a = new Int16Array(64), b = new Int16Array(64);
    a[16 + 8 + 2] = 5;
    b[16 + 8 + 2] = 6;
    assert.equal(messageOf(() => assertSameTable('batches/2/Delta.i16', shape, a, b)), 'batches/2/Delta.i16: row 1, layer 1, column 2: replay gives 5, artifact has 6');
    b[60] = 1;
    assert.match(messageOf(() => assertSameTable('t', shape, a, b)), /\(2 of 64 entries differ\)$/);
    assert.match(messageOf(() => assertSameTable('t', shape, a, b.subarray(1))), /^t: length: replay gives 64, artifact has 63$/);
    assert.match(messageOf(() => assertSameList('j', 'fees', [1n, 2n], [1n, 3n])), /^j: fees\[1\]: replay gives 2, artifact has 3$/);
    assert.match(messageOf(() => assertRange('x', shape, Int8Array.of(0, -128), 127)), /^x: row 0, layer 0, column 1: -128 is not in -127\.\.127$/);
  });

  it('shorten long words unless that would hide the difference', () => {
    const a = 0x1111111111112222222222223333333333334444444444n;
    assert.match(mismatch('f', 'p', a, a + (1n << 180n)).message, /0x111111\.\.444444, artifact has 0x[0-9a-f]{6}\.\./);
    assert.match(mismatch('f', 'p', a, a + (1n << 80n)).message, /replay gives 0x1111111111112222/);
  });

  it('compare chain data field by field and ignore the case of addresses', () => {
    assertOnChain('f', 'p', { a: [1n, '0xAB'] }, { a: [1n, '0xab'] });
    assert.equal(messageOf(() => assertOnChain('f', 'p', { a: [1n, 2n] }, { a: [1n, 3n] })), 'f: p.a[1]: chain has 2, artifact has 3');
    assert.equal(messageOf(() => assertOnChain('f', 'p', [1], [1, 2])), 'f: p: length: chain has 1, artifact has 2');
  });
});

describe('the report', () => {
  it('keeps going after a failure, shortens paths, and states the first finding', async () => {
    const list = new Checklist('/w');
    assert.equal(await list.check('one', () => 'fine'), true);
    assert.equal(await list.check('two', () => { throw new FileError('cannot read file', { code: 'FILE_ENOENT', where: '/w/batches/0/X.i8' }); }), false);
    assert.equal(await list.value('three', () => Promise.reject(new TypeError('boom')), String), undefined);
    list.skip('four', 'two failed');
    const report = list.report();
    assert.deepEqual(report.checks.map((c) => c.ok), [true, false, false, false]);
    assert.equal(report.finding, 'batches/0/X.i8: cannot read file');
    const text = renderReport(report);
    assert.match(text, /^ok {4}one/m);
    assert.match(text, /^FAIL {2}four +not checked: two failed$/m);
    assert.match(text, /audit failed: 3 of 4 checks\nfinding: batches\/0\/X\.i8/);
  });

  it('has no finding when every check passes', async () => {
    const list = new Checklist('/w');
    await list.check('one', () => 'fine');
    assert.deepEqual(list.report(), { ok: true, checks: [{ name: 'one', ok: true, detail: 'fine' }] });
    assert.match(renderReport(list.report()), /audit passed: 1 checks$/);
  });
});
