import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { G1_GENERATOR, G1_INFINITY, g1Mul } from '../../../src/curve/bn254.js';
import { InvalidScalarError } from '../../../src/errors/field.js';
import { StatementError } from '../../../src/errors/statement.js';
import { FIELD_MODULUS } from '../../../src/field/fr.js';
import { keccakScalar } from '../../../src/hash/keccak.js';
import { dimsOf, domainWord, relationShape, type SizeClass } from '../../../src/statement/sizeClass.js';
import { checkStatement, listChallenge, listWords, orderedCommitments, statementDigest, statementList, type OpeningClaim, type Statement } from '../../../src/statement/statement.js';
import { changed, copy } from '../../support/adversary.js';
import { loadClass } from '../../support/system.js';

const point = (k: number) => g1Mul(G1_GENERATOR, BigInt(k));
let cls: SizeClass, payout: Statement, features: Statement;
before(async () => {
  cls = await loadClass('4x4');
  const base = { cls, chainId: 31337n, verifier: 7n, context: 9n };
  payout = {
    ...base, relation: 'payout', tokensLog: 4,
    commitments: { delta: [point(1), point(2)], x: [point(3), point(4)], b: point(5), a: point(6), g: point(7), bits: point(8), mask: point(9) },
    lists: { boundaries: [4n, 8n, 8n, 16n], fees: [1n, 2n, 3n, 4n], payouts: [4n, 3n, 2n, 1n], zeroQueries: 4n },
  };
  const { bits, ...rest } = payout.commitments;
  assert.ok(bits);
  features = { ...base, relation: 'features', tokensLog: 6, commitments: rest, lists: { boundaries: [4n, 8n, 8n, 64n], fees: [], payouts: [], zeroQueries: 0n } };
});
const rejects = (statement: Statement, code: string, where?: RegExp): void =>
  assert.throws(() => checkStatement(statement), (e: StatementError) => e instanceof StatementError && e.code === code && (where?.test(e.where ?? '') ?? true));
const withLists = (s: Statement, lists: Partial<Statement['lists']>): Statement => ({ ...s, lists: { ...s.lists, ...lists } });
const withCommitments = (s: Statement, c: Partial<Statement['commitments']>): Statement => ({ ...s, commitments: { ...s.commitments, ...c } });

describe('size classes', () => {
  it('derive H, nu and the dims word from the token count', () => {
    const shape = relationShape(cls, 'payout');
    assert.deepEqual([shape.J, shape.nuG, shape.nuB, shape.heightFloor, shape.heightMax], [5, 7, 11, 6, 7]);
    assert.deepEqual(dimsOf(shape, 4), { tokensLog: 4, H: 6, nu: 11, word: 4n + 6n * 256n + 11n * 65536n });
    assert.equal(dimsOf(shape, 8).H, 7);
    assert.equal(dimsOf(relationShape(cls, 'features'), 6).nu, 10);
  });
  it('refuse token counts outside the class', () => {
    for (const [relation, tokensLog] of [['payout', 0], ['payout', 9], ['payout', 2.5], ['features', 7], ['features', NaN]] as const) {
      assert.throws(() => dimsOf(relationShape(cls, relation), tokensLog), (e: StatementError) => e instanceof StatementError && e.code === 'DIMS');
    }
  });
  it('have one domain word a relation and class', () => {
    const words = [domainWord('features', 1), domainWord('payout', 1), domainWord('features', 2), domainWord('payout', 2)];
    assert.equal(new Set(words).size, 4);
    assert.equal(words[1] >> 96n, 0x7a6b61747472n);
  });
  it('agree with every class of circuits.json on the length of the list', async () => {
    for (const name of ['4x4', '16x16', '64x64']) {
      const c = await loadClass(name);
      const { J, heightMax, blocksLog, queries, contributors, listLength } = relationShape(c, 'payout');
      assert.equal(listLength, 4 + J + heightMax + blocksLog + 2 * queries + contributors);
    }
  });
});

describe('a statement', () => {
  it('is accepted with lists padded to the class', () => {
    assert.equal(checkStatement(payout).dims.nu, 11);
    assert.equal(checkStatement(features).dims.nu, 10);
    checkStatement(withCommitments(payout, { delta: [point(1), G1_INFINITY], x: [point(3), G1_INFINITY] }));
  });
  it('names the list with a wrong length: more queries, contributors or blocks than the class has', () => {
    for (const [name, list] of [['boundaries', [4n, 8n, 16n]], ['fees', [1n, 2n, 3n, 4n, 5n]], ['payouts', []]] as const) rejects(withLists(payout, { [name]: list }), 'LIST_LENGTH', new RegExp(name));
    rejects(withCommitments(payout, { delta: [point(1)] }), 'LIST_LENGTH', /delta/);
    rejects(withCommitments(payout, { x: [point(1), point(2), point(3)] }), 'LIST_LENGTH', /x/);
    rejects(withLists(features, { fees: [0n, 0n, 0n, 0n] }), 'LIST_LENGTH', /fees/);
  });
  it('names the entry that is out of range', () => {
    rejects(withLists(payout, { fees: [1n, 1n << 80n, 3n, 4n] }), 'LIST_RANGE', /fees\[1\]/);
    rejects(withLists(payout, { fees: [-1n, 2n, 3n, 4n] }), 'LIST_RANGE', /fees\[0\]/);
    rejects(withLists(payout, { payouts: [0n, 0n, 0n, 1n << 86n] }), 'LIST_RANGE', /payouts\[3\]/);
    rejects(withLists(payout, { zeroQueries: 16n }), 'LIST_RANGE', /zeroQueries/);
    rejects(withLists(features, { zeroQueries: 1n }), 'LIST_RANGE', /zeroQueries/);
  });
  it('has boundaries that neither fall nor pass 2^tl', () => {
    rejects(withLists(payout, { boundaries: [4n, 3n, 8n, 16n] }), 'BOUNDARIES', /\[1\]/);
    rejects(withLists(payout, { boundaries: [4n, 8n, 8n, 17n] }), 'BOUNDARIES', /\[3\]/);
    rejects(withLists(payout, { boundaries: [-1n, 8n, 8n, 16n] }), 'BOUNDARIES', /\[0\]/);
  });
  it('has bits exactly in the payout relation, blocks absent in both tables, and no other infinity', () => {
    rejects(withCommitments(payout, { bits: undefined }), 'COMMITMENTS');
    rejects(withCommitments(features, { bits: point(8) }), 'COMMITMENTS');
    rejects(withCommitments(payout, { delta: [point(1), G1_INFINITY] }), 'COMMITMENTS', /block 1/);
    for (const role of ['a', 'b', 'g', 'mask', 'bits'] as const) rejects(withCommitments(payout, { [role]: G1_INFINITY }), 'COMMITMENTS');
  });
  it('has a context of 256 and an address of 160 bits', () => {
    for (const change of [{ context: 1n << 256n }, { context: -1n }, { verifier: 1n << 160n }, { verifier: -1n }]) rejects({ ...payout, ...change }, 'CONTEXT');
  });
});

describe('digest and list', () => {
  const claim = (): OpeningClaim => ({ gammaPrime: 5n, y: 6n, point: [...Array.from({ length: 11 }, (_, i) => BigInt(i + 1)), 0n], tauHigh: [3n] });

  it('order commitments by role and block', () => {
    assert.deepEqual(orderedCommitments(payout.commitments), [1, 2, 3, 4, 5, 6, 7, 8, 9].map(point));
    assert.deepEqual(orderedCommitments(features.commitments), [1, 2, 3, 4, 5, 6, 7, 9].map(point));
  });
  it('order the list as digest, dims, y, point, tau_hi, lists', () => {
    const list = statementList(payout, 99n, claim());
    assert.deepEqual(list, [99n, dimsOf(relationShape(cls, 'payout'), 4).word, 6n, ...claim().point, 3n, ...listWords(payout)]);
    assert.deepEqual(listWords(payout), [4n, 8n, 8n, 16n, 1n, 2n, 3n, 4n, 4n, 3n, 2n, 1n, 4n]);
    assert.deepEqual(listWords(features), features.lists.boundaries);
  });
  it('change with every word of the statement', () => {
    const digest = statementDigest(payout);
    const entries: Statement[] = [
      { ...payout, chainId: 1n }, { ...payout, verifier: 8n }, { ...payout, context: 10n }, { ...payout, tokensLog: 5 }, { ...payout, cls: { ...cls, id: 2 } },
      withLists(payout, { fees: [1n, 2n, 3n, 5n] }), withLists(payout, { payouts: [4n, 3n, 2n, 2n] }), withLists(payout, { zeroQueries: 5n }), withLists(payout, { boundaries: [4n, 8n, 9n, 16n] }),
      withCommitments(payout, { mask: point(10) }), withCommitments(payout, { bits: point(10) }), withCommitments(payout, { x: [point(4), point(3)] }),
    ];
    assert.equal(new Set([digest, ...entries.map(statementDigest)]).size, entries.length + 1);
    assert.equal(statementDigest(copy(payout)), digest);
  });
  it('refuse a claim of another shape, beyond nu or not canonical', () => {
    const code = (change: Partial<OpeningClaim>): string => {
      try { statementList(payout, 0n, { ...claim(), ...change }); return 'accepted'; } catch (e) { return (e as StatementError).code; }
    };
    assert.equal(code({ point: claim().point.slice(1) }), 'LIST_LENGTH');
    assert.equal(code({ tauHigh: [] }), 'LIST_LENGTH');
    assert.equal(code({ point: [...claim().point.slice(0, 11), 1n] }), 'POINT_BEYOND_VARIABLES');
    assert.equal(code({ y: FIELD_MODULUS }), new InvalidScalarError('', {}).code);
    assert.equal(code({}), 'accepted');
  });
  it('evaluate the list at a challenge that depends on gamma\' and every word', () => {
    const list = statementList(payout, 99n, claim());
    const { gammaList, evaluation } = listChallenge(5n, list);
    assert.equal(gammaList, keccakScalar([5n, ...list]));
    assert.equal(evaluation, list.reduce((sum, word, i) => (sum + word * gammaList ** BigInt(i)) % FIELD_MODULUS, 0n));
    assert.notEqual(listChallenge(6n, list).gammaList, gammaList);
    assert.notEqual(listChallenge(5n, changed({ list }, ['list', 4], (x) => x + 1n).list).gammaList, gammaList);
  });
});
