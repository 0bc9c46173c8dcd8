/**
 * Portable and native kernels equal the reference byte for byte: every method, seeded inputs, edges, several numbers of threads;
 * native on every instruction set that this CPU has.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createNativeKernels } from '../../prover/kernels/native/index.js';
import { createPortableKernels } from '../../prover/kernels/portable/index.js';
import { createReferenceKernels } from '../../prover/kernels/reference/index.js';
import type { IntTable, Kernels, ProductTerm, Table } from '../../prover/kernels/types.js';
import { g1BufferFrom, g1Neg, g1Get } from '../../src/curve/bn254.js';
import { KernelShapeError, KernelsClosedError } from '../../src/errors/kernels.js';
import { frBufferFrom } from '../../src/field/buffer.js';
import { FIELD_MODULUS } from '../../src/field/fr.js';
import { testableIsas } from '../support/native.js';
import { awkwardPoints, pointWalk, Random } from '../unit/kernels/random.js';

const reference = createReferenceKernels();
const { isas, skip } = await testableIsas();
const BACKENDS: readonly { name: string; create: () => Promise<Kernels> }[] = [
  ...[1, 2].map((threads) => ({ name: `portable kernels, ${threads} thread(s)`, create: () => createPortableKernels({ threads }) })),
  ...isas.flatMap((isa) => [1, 2, 3].map((threads) => ({ name: `native kernels (${isa}), ${threads} thread(s)`, create: () => createNativeKernels({ isa, threads }) }))),
];
const MINUS_ONE = FIELD_MODULUS - 1n;
const KINDS = ['int8', 'int16', 'bit', 'fr'] as const;

/** Shared and plain memory compare alike: by content, long ones by their hash. */
const bytes = (value: unknown): unknown =>
  value instanceof Uint8Array ? (value.length > 1024 ? createHash('sha256').update(value).digest('hex') : Buffer.from(value).toString('hex'))
    : Array.isArray(value) ? value.map(bytes)
      : value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, bytes(v)])) : value;

/** What the reference says, by label: slow, and the same for all. */
const expected = new Map<string, Promise<unknown>>();

it('native kernels are among them', { skip }, () => assert.ok(isas.length > 0));

for (const { name, create } of BACKENDS) {
  let kernels: Kernels;
  let title = '', calls = 0;
  const test = (what: string, run: () => Promise<void>): unknown => it(what, () => {
    [title, calls] = [what, 0];
    return run();
  });
  /** Inputs are seeded: the n-th comparison of a test is the same for every back end. */
  const same = async (label: string, run: (k: Kernels) => Promise<unknown>): Promise<void> => {
    const key = `${title} ${calls++}`;
    if (!expected.has(key)) expected.set(key, run(reference).then(bytes));
    assert.deepEqual(bytes(await run(kernels)), await expected.get(key), label);
  };

  describe(`${name} equal the reference`, () => {
    before(async () => {
      kernels = await create();
    });
    after(() => kernels.close());

    test('msm, on awkward points and scalars, here and on threads', async () => {
      const random = new Random(11);
      for (const n of [0, 1, 2, 3, 17, 51, 52, 130, 700]) {
        const bases = awkwardPoints(n);
        const scalars = random.frBuffer(n);
        await same(`n = ${n}`, (k) => k.msm(bases, scalars));
      }
      const bases = pointWalk(96);
      for (const x of [0n, 1n, 2n, MINUS_ONE, 1n << 253n, (1n << 253n) - 1n, FIELD_MODULUS >> 1n]) {
        await same(`one scalar ${x}`, (k) => k.msm(bases, frBufferFrom([x])));
        await same(`all scalars ${x}`, (k) => k.msm(bases, frBufferFrom(new Array<bigint>(96).fill(x))));
      }
    });

    test('msm cancels: P and -P in one bucket', async () => {
      const P = g1Get(pointWalk(1));
      const bases = g1BufferFrom([P, g1Neg(P), P, P, g1Neg(P), g1Neg(P)]);
      await same('sum is infinity', (k) => k.msm(bases, frBufferFrom([5n, 5n, 7n, 1n, 7n, 1n])));
      await same('doubling', (k) => k.msm(bases, frBufferFrom([5n, 0n, 5n, 5n, 0n, 0n])));
    });

    test('msmSmall, on bits, int8 and int16, below and above the thread threshold', async () => {
      const random = new Random(12);
      for (const n of [0, 1, 2, 5, 33, 257, 2100]) {
        for (const kind of ['bit', 'int8', 'int16'] as const) {
          const table = random.table(kind, n) as IntTable;
          await same(`${kind} ${n}`, (k) => k.msmSmall(awkwardPoints(n), table));
        }
      }
      await same('extremes', (k) => k.msmSmall(awkwardPoints(6), { kind: 'int16', data: Int16Array.of(-32768, 32767, -1, 1, 0, -32768) }));
      await same('zeros', (k) => k.msmSmall(awkwardPoints(6), { kind: 'int8', data: new Int8Array(6) }));
    });

    test('eqTable and outer', async () => {
      const random = new Random(13);
      for (const n of [0, 1, 2, 5, 14, 15]) await same(`eq ${n}`, (k) => k.eqTable(random.edgy.call(new Random(n), n)));
      for (const [a, b] of [[1, 1], [3, 5], [0, 4], [128, 150], [2, 9000]]) {
        const [high, low] = [random.frBuffer(a), random.frBuffer(b)];
        await same(`outer ${a} x ${b}`, (k) => k.outer(high, low));
      }
    });

    test('combineRows, tables full, short and ragged', async () => {
      const random = new Random(14);
      for (const kind of KINDS) {
        for (const [rows, rowLength, length] of [[1, 1, 1], [3, 5, 15], [4, 6, 13], [4, 6, 0], [2, 1500, 2700], [67, 300, 67 * 300 - 7], [1, 17000, 17000], [300, 400, 300 * 400]]) {
          if (kind !== 'int8' && rows * rowLength > 30000) continue;
          const [weights, table] = [random.frBuffer(rows), random.table(kind, length)];
          await same(`${kind} ${rows} x ${rowLength}, ${length}`, (k) => k.combineRows(weights, table, rowLength));
        }
      }
    });

    test('dotRows, with periods', async () => {
      const random = new Random(15);
      for (const kind of KINDS) {
        for (const [rows, rowLength, period] of [[1, 1, 1], [5, 3, 1], [6, 4, 3], [7, 4, 3], [0, 3, 2], [61, 300, 4], [2, 9000, 2], [300, 401, 7]]) {
          if (kind !== 'int16' && rows * rowLength > 30000) continue;
          const [table, weights] = [random.table(kind, rows * rowLength), random.frBuffer(period * rowLength)];
          await same(`${kind} ${rows} x ${rowLength} / ${period}`, (k) => k.dotRows(table, weights, rowLength, period));
        }
      }
    });

    test('lanes do not overflow: the largest weights and integers, beyond the terms that a lane holds', async () => {
      const n = 33000;
      const table: Table = { kind: 'int16', data: new Int16Array(n).fill(-32768) };
      const weights = frBufferFrom(new Array<bigint>(n).fill(MINUS_ONE));
      await same('dot', (k) => k.dotRows(table, weights, n, 1));
      await same('combine', (k) => k.combineRows(weights, table, 1));
    });

    test('linearCombination of mixed tables of different lengths', async () => {
      const random = new Random(16);
      for (const length of [0, 1, 7, 1025, 5000, 9001]) {
        const tables = KINDS.flatMap((kind) => [random.table(kind, length), random.table(kind, length >> 1), random.table(kind, 0)]);
        await same(`length ${length}`, (k) => k.linearCombination(random.edgy.call(new Random(length), tables.length), tables, length));
      }
      await same('no tables', (k) => k.linearCombination([], [], 3));
    });

    test('roundPolynomial, all term shapes, both degrees', async () => {
      const random = new Random(17);
      const shapes: ProductTerm[][] = [
        [], [{ sign: 1, factors: [0] }], [{ sign: -1, factors: [2] }], [{ sign: 1, factors: [0, 1] }], [{ sign: -1, factors: [1, 1] }],
        [{ sign: 1, factors: [0, 1] }, { sign: 1, factors: [2] }, { sign: -1, factors: [2, 2] }, { sign: 1, factors: [0, 0] }],
      ];
      const cubic: ProductTerm[][] = [
        [{ sign: 1, factors: [0, 1, 2] }], [{ sign: -1, factors: [0, 0, 0] }],
        [{ sign: 1, factors: [0, 1, 2] }, { sign: -1, factors: [0, 1] }, { sign: 1, factors: [2] }, { sign: -1, factors: [1, 1, 2] }],
      ];
      for (const n of [2, 4, 64, 1024, 8192]) {
        const tables = [random.frBuffer(n), random.frBuffer(n), random.frBuffer(n)];
        for (const terms of shapes) await same(`degree 2, n = ${n}`, (k) => k.roundPolynomial(tables, terms, 2));
        for (const terms of [...shapes, ...cubic]) await same(`degree 3, n = ${n}`, (k) => k.roundPolynomial(tables, terms, 3));
      }
      await same('no tables', (k) => k.roundPolynomial([], [], 2));
    });

    test('foldAll, and folding what was folded', async () => {
      const random = new Random(18);
      for (const n of [2, 4, 512, 16384]) {
        const tables = [random.frBuffer(n), random.frBuffer(n), random.frBuffer(n)];
        for (const r of [0n, 1n, MINUS_ONE, random.fr()]) await same(`n = ${n}`, (k) => k.foldAll(tables, r));
      }
      const tables = [random.frBuffer(16384), random.frBuffer(16384), random.frBuffer(16384), random.frBuffer(16384)];
      await same('twice', async (k) => k.foldAll(await k.foldAll(tables, 5n), 7n));
      await same('none', (k) => k.foldAll([], 7n));
    });

    test('divisions and mercuryS', async () => {
      const random = new Random(19);
      for (const [blo, bhi] of [[1, 1], [1, 5], [4, 1], [4, 4], [8, 3], [128, 130]]) {
        const f = random.frBuffer(blo * bhi);
        for (const alpha of [0n, 1n, MINUS_ONE, random.fr()]) await same(`binomial ${blo} x ${bhi}`, (k) => k.divideByBinomial(f, blo, alpha));
      }
      for (const n of [0, 1, 2, 1023, 1024, 1025, 17000]) {
        const f = random.frBuffer(n);
        for (const z of [0n, 1n, random.fr()]) await same(`linear ${n}`, (k) => k.divideByLinear(f, z));
      }
      for (const [low, high] of [[0, 0], [1, 0], [1, 1], [4, 3], [4, 4], [10, 9]]) {
        const [g, h, uLow, uHigh, gamma] = [random.frBuffer(2 ** low), random.frBuffer(2 ** high), random.edgy(low), random.edgy(high), random.fr()];
        await same(`mercuryS ${low}, ${high}`, (k) => k.mercuryS(g, h, uLow, uHigh, gamma));
      }
    });

    test('leaves inputs as they were, and reads views at an offset', async () => {
      const random = new Random(20);
      const n = 32768;
      const backing = random.frBuffer(n + 3);
      const before = backing.slice();
      const view = backing.subarray(96);
      await same('fold of a view', (k) => k.foldAll([view], 3n));
      await same('round of a view', (k) => k.roundPolynomial([view], [{ sign: 1, factors: [0, 0] }], 2));
      await same('division of a view', (k) => k.divideByLinear(view, 9n));
      assert.deepEqual(backing, before);
    });

    test('runs calls at once without mixing them up', async () => {
      const random = new Random(21);
      const tables = Array.from({ length: 6 }, () => random.frBuffer(32768));
      const together = await Promise.all(tables.map((table) => kernels.foldAll([table], 11n)));
      for (const [i, table] of tables.entries()) assert.deepEqual(bytes(together[i]), bytes(await reference.foldAll([table], 11n)));
    });

    test('refuses wrong shapes in the reference\'s words', async () => {
      const random = new Random(22);
      const wrong: ((k: Kernels) => Promise<unknown>)[] = [
        (k) => k.msm(pointWalk(2), random.frBuffer(3)),
        (k) => k.msmSmall(pointWalk(2), { kind: 'bit', data: new Uint8Array(3) }),
        (k) => k.combineRows(frBufferFrom([1n]), { kind: 'int8', data: new Int8Array(5) }, 4),
        (k) => k.dotRows({ kind: 'int8', data: new Int8Array(5) }, frBufferFrom([1n, 1n]), 2, 1),
        (k) => k.dotRows({ kind: 'int8', data: new Int8Array(4) }, frBufferFrom([1n]), 2, 1),
        (k) => k.linearCombination([1n], [], 2),
        (k) => k.linearCombination([1n], [{ kind: 'bit', data: new Uint8Array(3) }], 2),
        (k) => k.roundPolynomial([frBufferFrom([1n, 2n, 3n])], [], 2),
        (k) => k.roundPolynomial([frBufferFrom([1n, 2n])], [{ sign: 1, factors: [0, 0, 0] }], 2),
        (k) => k.roundPolynomial([frBufferFrom([1n, 2n])], [{ sign: 1, factors: [1] }], 2),
        (k) => k.foldAll([frBufferFrom([1n])], 2n),
        (k) => k.foldAll([frBufferFrom([1n, 2n]), frBufferFrom([1n, 2n, 3n, 4n])], 2n),
        (k) => k.divideByBinomial(frBufferFrom([1n, 2n, 3n]), 2, 2n),
        (k) => k.mercuryS(frBufferFrom([1n]), frBufferFrom([1n, 2n]), [], [], 1n),
        (k) => k.mercuryS(frBufferFrom([1n, 2n]), frBufferFrom([1n, 2n]), [1n, 2n], [], 1n),
      ];
      for (const [i, call] of wrong.entries()) {
        const messages = await Promise.all([kernels, reference].map((k) => call(k).then(() => assert.fail(`case ${i} was accepted`), (error: unknown) => {
          assert.ok(error instanceof KernelShapeError, `case ${i}: ${String(error)}`);
          return error.message;
        })));
        assert.equal(messages[0], messages[1]);
      }
    });
  });
}

for (const { name, create } of BACKENDS.filter((_, i, all) => i === 1 || i === all.length - 1)) {
  describe(`${name}: life cycle`, () => {
    it('refuses calls after close, with threads that ran and threads that never did', async () => {
      const kernels = await create();
      await kernels.foldAll([new Random(1).frBuffer(32768)], 3n);
      await kernels.close();
      await assert.rejects(kernels.eqTable([1n]), KernelsClosedError);
      const idle = await create();
      await idle.close();
      await assert.rejects(idle.msm(pointWalk(1), frBufferFrom([1n])), KernelsClosedError);
    });
  });
}
