/** The border between JavaScript and the native library: memory, the event loop, the end of things. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { NativeArithmetic } from '../../../prover/kernels/native/arithmetic.js';
import { loadNative } from '../../../prover/kernels/native/load.js';
import type { NativePool } from '../../../prover/kernels/native/library.js';
import { KernelsClosedError, NativeCallError } from '../../../src/errors/kernels.js';
import { runScript, testableIsas } from '../../support/native.js';
import { pointWalk, Random } from './random.js';

const { skip } = await testableIsas();

/** Points and scalars for a call of some hundred milliseconds: few of them, again and again. */
function longMsm(n = 1 << 16): { bases: Uint8Array; scalars: Uint8Array } {
  const points = pointWalk(64), some = new Random(5).frBuffer(64);
  const bases = new Uint8Array(64 * n), scalars = new Uint8Array(32 * n);
  for (let i = 0; i < n; i += 64) {
    bases.set(points, 64 * i);
    scalars.set(some, 32 * i);
  }
  return { bases, scalars };
}

describe('native calls', { skip }, async () => {
  const native = skip ? (undefined as never) : await NativeArithmetic.open({ threads: 2 });
  after(() => native.close());
  const random = new Random(3);
  const refuses = (pattern: RegExp) => (error: unknown): boolean => {
    assert.ok(error instanceof NativeCallError, String(error));
    assert.equal(error.code, 'NATIVE_ARGUMENT');
    assert.match(error.message, pattern);
    return true;
  };

  it('leave the event loop free', async () => {
    const { bases, scalars } = longMsm();
    let ticks = 0, over = false;
    const tick = (): void => {
      ticks++;
      if (!over) setImmediate(tick);
    };
    setImmediate(tick);
    await native.msmG1(bases, scalars);
    over = true;
    // A call on this thread would allow none.
    assert.ok(ticks > 10, `${ticks} turns`);
  });

  it('can be aborted while they run and while they wait, others go on', async () => {
    const { bases, scalars } = longMsm();
    const controller = new AbortController();
    const [running, waiting, other] = [
      native.msmG1(bases, scalars, 'montgomery', { signal: controller.signal }), native.msmG1(bases, scalars, 'montgomery', { signal: controller.signal }),
      native.msmG1(bases.subarray(0, 64 * 9), scalars.subarray(0, 32 * 9)),
    ];
    setImmediate(() => controller.abort(new Error('enough')));
    await Promise.all([assert.rejects(running, /^Error: enough$/), assert.rejects(waiting, /^Error: enough$/), other]);
  });

  it('end in the order in which they began', async () => {
    const { bases, scalars } = longMsm(1 << 10);
    const order: number[] = [];
    await Promise.all([4, 1, 3, 2].map((n) => native.msmG1(bases.subarray(0, n << 14), scalars.subarray(0, n << 13)).then(() => order.push(n))));
    assert.deepEqual(order, [4, 1, 3, 2]);
  });

  it('read shared memory, views at any offset and empty arrays', async () => {
    for (const n of [0, 1, 7, 8, 9, 3000]) {
      const a = random.frBuffer(n), b = random.frBuffer(n);
      const expected = await native.fieldBinary('Fr', 'mul', a, b);
      const shared = new Uint8Array(new SharedArrayBuffer(a.length));
      shared.set(a);
      assert.deepEqual(await native.fieldBinary('Fr', 'mul', shared, b), expected);
      for (const offset of [1, 8, 13]) {
        const backing = new Uint8Array(b.length + 16);
        backing.set(b, offset);
        assert.deepEqual(await native.fieldBinary('Fr', 'mul', a, backing.subarray(offset, offset + b.length)), expected, `${n} elements at ${offset}`);
      }
    }
  });

  it('refuse wrong lengths, kinds and buffers that can vanish', async () => {
    const a = random.frBuffer(4);
    const detached = random.frBuffer(4);
    structuredClone(detached, { transfer: [detached.buffer as ArrayBuffer] });
    const resizable = new Uint8Array(new (ArrayBuffer as any)(128, { maxByteLength: 256 }) as ArrayBuffer);
    const cases: [() => Promise<unknown>, RegExp][] = [
      [() => native.fieldBinary('Fr', 'mul', a.subarray(1), a), /a: expected a multiple of 32 bytes, got 127/],
      [() => native.fieldBinary('Fr', 'mul', a, a.subarray(32)), /b: expected 128 bytes, got 96/],
      [() => native.fieldBinary('Fr', 'mul', detached, a), /a: expected a buffer that is attached, got a detached one/],
      [() => native.fieldBinary('Fr', 'mul', resizable, a), /a: expected a buffer of fixed length, got a resizable one/],
      [() => native.fieldBinary('Fr', 'mul', [1, 2] as any, a), /a: expected a typed array/],
      [() => native.fieldBinary('Fr', 'mul', new Float64Array(4) as any, a), /a: expected a Uint8Array, got another typed array/],
      [() => native.fieldBinary('F7' as any, 'mul', a, a), /field: expected Fr or Fq/],
      [() => native.fieldBinary('Fr', 'div' as any, a, a), /op: expected add, sub or mul/],
      [() => native.fieldUnary('Fr', 'cube' as any, a), /op: expected/],
      [() => native.fieldBatchInverse('Fr', a.subarray(3)), /a: expected a multiple/],
      [() => native.msmG1(new Uint8Array(64 * 3), a), /bases: expected at least 4 points/],
      [() => native.msmG2(new Uint8Array(64 * 4), a), /bases: expected at least 4 points/],
      [() => native.msmG1(new Uint8Array(64 * 4), a, 'decimal' as any), /form: expected montgomery or canonical/],
      [() => native.fixedBaseG1(new Uint8Array(63), a), /base: expected 64 bytes, got 63/],
      [() => native.fixedBaseG2(new Uint8Array(128), a.subarray(5)), /scalars: expected a multiple of 32/],
      [() => native.ntt(random.frBuffer(3)), /values: expected 2\^0 to 2\^28 elements/],
      [() => native.ntt(new Uint8Array(0)), /values: expected 2\^0 to 2\^28 elements/],
      [() => native.ntt(random.frBuffer(4), { shift: random.frBuffer(2) }), /shift: expected 32 bytes, got 64/],
      [() => native.groth16Prove({} as any, a, a), /zkey: expected one of openZkey/],
      [() => native.checkPoints({} as any), /zkey: expected one of openZkey/],
    ];
    for (const [call, pattern] of cases) await assert.rejects(call(), refuses(pattern));
  });

  it('are checked below TypeScript as well', async () => {
    const { library } = await loadNative();
    const pool = new library.Pool(1), a = random.frBuffer(4), out = new Uint8Array(128), one = new Uint8Array(32);
    const fr = { kind: 'fr', data: a } as const;
    const cases: [string, () => unknown][] = [
      ['no arguments', () => (library.eqTable as any)()],
      ['no pool', () => library.eqTable({} as NativePool, a, out)],
      ['another wrapped object', () => library.eqTable(Object.create(pool) as NativePool, a, out)],
      ['out of eqTable', () => library.eqTable(pool, a, out)],
      ['too many variables', () => library.eqTable(pool, new Uint8Array(32 * 64), out)],
      ['table longer than weights allow', () => library.combineRows(pool, one, fr, one)],
      ['kind and array differ', () => library.combineRows(pool, a, { kind: 'int8', data: a } as any, out)],
      ['rowLength of dotRows', () => library.dotRows(pool, fr, one, 0, 1, out)],
      ['weights of dotRows', () => library.dotRows(pool, fr, one, 2, 1, out.subarray(64))],
      ['out of dotRows', () => library.dotRows(pool, fr, a.subarray(64), 2, 1, out)],
      ['coefficients', () => library.linearCombination(pool, one, [fr, fr], out)],
      ['longer than the result', () => library.linearCombination(pool, one, [fr], one)],
      ['tables not an array', () => library.linearCombination(pool, one, fr as any, out)],
      ['out of outer', () => library.outer(pool, a, a, out)],
      ['factor out of range', () => library.roundPolynomial(pool, 2, [a], 2, [{ sign: 1, factors: [1] }], out.subarray(32))],
      ['factor not a number', () => library.roundPolynomial(pool, 2, [a], 2, [{ sign: 1, factors: [NaN] }], out.subarray(32))],
      ['too many factors', () => library.roundPolynomial(pool, 2, [a], 2, [{ sign: 1, factors: [0, 0, 0] }], out.subarray(32))],
      ['half', () => library.roundPolynomial(pool, 3, [a], 2, [], out.subarray(32))],
      ['number of results', () => library.foldAll(pool, 2, [a], one, [])],
      ['length of a result', () => library.foldAll(pool, 2, [a], one, [one])],
      ['block', () => library.divideByBinomial(pool, a, one, out, new Uint8Array(96))],
      ['quotient', () => library.divideByLinear(pool, a, one, one, one)],
      ['h longer than g', () => library.mercuryS(pool, one, a, new Uint8Array(0), new Uint8Array(0), one, one)],
      ['product longer than g', () => library.mercuryS(pool, one, one, one, new Uint8Array(0), one, one)],
      ['flag', () => library.eqTable(pool, one, out.subarray(64), { flag: one as any })],
      ['threads', () => new library.Pool(0)],
      ['threads', () => new library.Pool(1.5)],
      ['threads', () => (library.Pool as any)(2)],
    ];
    for (const [label, call] of cases) assert.throws(call, (error: unknown) => error instanceof TypeError || error instanceof RangeError, label);
    pool.close();
    assert.throws(() => library.eqTable(pool, one, out.subarray(64)), /pool is closed/);
    pool.close();
  });

  it('of a file that is no key fail with the file named', async () => {
    await assert.rejects(native.openZkey('/nowhere/key.zkey'), (error: unknown) => error instanceof NativeCallError && /NATIVE_(SYSTEM|FORMAT)/.test(error.code) && /check the file/.test(error.message));
    await assert.rejects(native.openZkey(process.execPath), (error: unknown) => error instanceof NativeCallError && error.code === 'NATIVE_FORMAT' && error.message.includes(process.execPath));
  });

  it('are refused after close, which waits for those that run', async () => {
    const own = await NativeArithmetic.open({ threads: 2 });
    const { bases, scalars } = longMsm(1 << 12);
    const running = own.msmG1(bases, scalars);
    const closing = own.close();
    await assert.rejects(own.msmG1(bases, scalars), KernelsClosedError);
    await Promise.all([running, closing, own.close()]);
  });
});

describe('a process with native calls', { skip }, () => {
  const url = new URL('../../../prover/kernels/native/arithmetic.js', import.meta.url).href;
  const OPEN = `const { NativeArithmetic } = await import('${url}');
    const native = await NativeArithmetic.open({ threads: 2 });
    const long = () => native.ntt(new Uint8Array(32 << 21), {}, { progress() {} });`;

  it('ends when nothing is left to do, without close', async () => {
    assert.deepEqual(await runScript(`${OPEN} await native.fieldBinary('Fr', 'mul', new Uint8Array(32 << 13), new Uint8Array(32 << 13)); console.log('done');`), { code: 0, stdout: 'done\n', stderr: '' });
  });

  it('lives until pending calls have settled', async () => {
    assert.deepEqual(await runScript(`${OPEN} long().then(() => console.log('settled'));`), { code: 0, stdout: 'settled\n', stderr: '' });
  });

  it('may end in the middle of calls', async () => {
    assert.deepEqual(await runScript(`${OPEN} void long(); void long(); setTimeout(() => process.exit(7), 20);`), { code: 7, stdout: '', stderr: '' });
    const { code, stderr } = await runScript(`${OPEN} void long(); setTimeout(() => { throw new Error('mine'); }, 20);`);
    assert.equal(code, 1);
    assert.match(stderr, /Error: mine/);
  });

  it('may end worker threads in the middle of calls, and use the library afterwards', async () => {
    const result = await runScript(`import { Worker } from 'node:worker_threads';
      for (const _ of [1, 2, 3]) {
        const worker = new Worker(${JSON.stringify(`import('node:worker_threads').then(async ({ parentPort }) => { ${OPEN} void long(); void long(); parentPort.postMessage('runs'); });`)}, { eval: true });
        await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
        await worker.terminate();
      }
      ${OPEN} await long(); console.log('done');`);
    assert.deepEqual(result, { code: 0, stdout: 'done\n', stderr: '' });
  });
});
