import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeDevelopmentPtau } from '../../../prover/setup/index.js';
import { checkPowers, readPtauHeader, readTauG1, readTauG2, sectionOf } from '../../../src/commitment/ptau.js';
import { DEVELOPMENT_TAU, g2Words, loadSrs, readSrs, writeSrs } from '../../../src/commitment/srs.js';
import { G1_GENERATOR, G2_GENERATOR, g1Get, g1Mul, g1Neg, g1Set, g2BufferFrom, g2Mul } from '../../../src/curve/bn254.js';
import { FileError } from '../../../src/errors/files.js';
import { bytesToBigint, bigintToBytes, G1_BYTES, G2_BYTES } from '../../../src/field/buffer.js';
import { frPow } from '../../../src/field/fr.js';
import { temporaryFolder } from '../setup/toy.js';

const POWER = 5;

describe('powers of tau', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let path: string;
  let bytes: Buffer;
  before(async () => {
    folder = await temporaryFolder();
    path = join(folder.dir, 'dev.ptau');
    await writeDevelopmentPtau(path, POWER);
    bytes = await readFile(path);
  });
  after(() => folder.remove());

  const changed = async (edit: (copy: Buffer) => Buffer | void): Promise<string> => {
    const copy = Buffer.from(bytes);
    const file = join(folder.dir, `changed-${Math.random()}.ptau`);
    await writeFile(file, edit(copy) ?? copy);
    return file;
  };
  const refused = (code: string, message?: RegExp) => (error: FileError): boolean => {
    assert.ok(error instanceof FileError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.where && error.hint, 'says where, and what to do');
    if (message) assert.match(error.message, message);
    return true;
  };

  it('gives powers of one tau, and [tau]_2 in the order of the EVM', async () => {
    const srs = await loadSrs(path, POWER);
    assert.equal(srs.g1.byteLength, 2 ** POWER * G1_BYTES);
    for (const i of [0, 1, 2, 2 ** POWER - 1]) assert.deepEqual(g1Get(srs.g1, i), g1Mul(G1_GENERATOR, frPow(DEVELOPMENT_TAU, BigInt(i))), `power ${i}`);
    const tau2 = g2Mul(G2_GENERATOR, DEVELOPMENT_TAU);
    assert.deepEqual(srs.tauG2, tau2);
    assert.deepEqual(srs.tauG2Words, [tau2.x[1], tau2.x[0], tau2.y[1], tau2.y[0]]);
    assert.equal(srs.provenance, 'development');
  });

  it('takes fewer powers than the file has, and refuses more', async () => {
    assert.equal((await loadSrs(path, 2)).g1.byteLength, 4 * G1_BYTES);
    await assert.rejects(loadSrs(path, POWER + 1), refused('PTAU_POWER', /use a file of power/));
  });

  it('refuses a file cut at any place', async () => {
    for (const length of [0, 3, 11, 12, 20, 60, 100, bytes.length - 1]) {
      const file = await changed((copy) => copy.subarray(0, length));
      assert.throws(() => readPtauHeader(file), (error: FileError) => error instanceof FileError && error.code === 'FILE_TRUNCATED', `cut at ${length}`);
    }
  });

  it('refuses another magic, version, curve, power, and trailing bytes', async () => {
    const header = sectionOf(readPtauHeader(path), 1).offset;
    const cases: [string, (copy: Buffer) => Buffer | void][] = [
      ['FILE_MAGIC', (c) => void c.write('zkey')],
      ['FILE_VERSION', (c) => void c.writeUInt32LE(2, 4)],
      ['PTAU_CURVE', (c) => void (c[header + 4] ^= 1)],
      ['FILE_SECTION_SIZE', (c) => [36, 40].forEach((at) => c.writeUInt32LE(POWER + 1, header + at))],
      ['PTAU_POWER', (c) => void c.writeUInt32LE(POWER - 1, header + 40)],
      ['FILE_SECTIONS', (c) => Buffer.concat([c, Buffer.alloc(1)])],
    ];
    for (const [code, edit] of cases) {
      const file = await changed(edit);
      assert.throws(() => readPtauHeader(file), refused(code), code);
    }
  });

  it('reports a missing file with its path', () => {
    assert.throws(() => readPtauHeader(join(folder.dir, 'absent.ptau')), refused('FILE_ENOENT', /absent\.ptau/));
  });

  describe('points', () => {
    let g1: Uint8Array;
    let g2: Uint8Array;
    before(() => {
      const ptau = readPtauHeader(path);
      g1 = readTauG1(ptau, 2 ** POWER);
      g2 = readTauG2(ptau);
    });
    const refusedPowers = async (message: RegExp, edit: (a: Uint8Array, b: Uint8Array) => void): Promise<void> => {
      const [a, b] = [g1.slice(), g2.slice()];
      edit(a, b);
      await assert.rejects(checkPowers(a, b, 'test'), refused('PTAU_POINT', message));
    };

    it('accepts the true powers', () => checkPowers(g1, g2, 'test'));
    it('refuses a first point that is not the generator', async () => {
      await refusedPowers(/tauG1\[0\]/, (a) => a.copyWithin(0, G1_BYTES, 2 * G1_BYTES));
      await refusedPowers(/tauG2\[0\]/, (_, b) => b.copyWithin(0, G2_BYTES));
    });
    it('refuses a point off the curve, at infinity, or with an unreduced coordinate, wherever it stands', async () => {
      for (const i of [1, 7, 2 ** POWER - 1]) {
        await refusedPowers(new RegExp(`tauG1\\[${i}\\].*not on the curve`), (a) => void (a[i * G1_BYTES] ^= 1));
        await refusedPowers(new RegExp(`tauG1\\[${i}\\]`), (a) => void a.fill(0, i * G1_BYTES, (i + 1) * G1_BYTES));
      }
      const q = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
      await refusedPowers(/not reduced/, (a) => bigintToBytes(bytesToBigint(a, G1_BYTES) + q, a, G1_BYTES));
      await refusedPowers(/tauG2\[1\]/, (_, b) => void (b[G2_BYTES] ^= 1));
    });
    it('refuses a power that is on the curve but wrong', async () => {
      for (const i of [1, 5, 2 ** POWER - 1]) await refusedPowers(/not those of one tau/, (a) => g1Set(a, i, g1Neg(g1Get(a, i))));
      await refusedPowers(/not those of one tau/, (a) => { // two swapped
        const [x, y] = [g1Get(a, 3), g1Get(a, 4)];
        g1Set(a, 3, y);
        g1Set(a, 4, x);
      });
    });
    it('refuses [tau]_2 of another tau', () => refusedPowers(/not those of one tau/, (_, b) => b.set(g2BufferFrom([g2Mul(G2_GENERATOR, DEVELOPMENT_TAU + 1n)]), G2_BYTES)));
  });

  it('keeps an SRS in a smaller file and finds damage in it', async () => {
    const ptau = readPtauHeader(path);
    const file = join(folder.dir, 'dev.zsrs');
    const g1 = readTauG1(ptau, 2 ** POWER);
    await writeSrs(file, POWER, g1, readTauG2(ptau).slice(G2_BYTES));
    const srs = await readSrs(file);
    assert.deepEqual(srs, await loadSrs(path, POWER));
    assert.deepEqual(srs.tauG2Words, g2Words(srs.tauG2));
    const damaged = await readFile(file);
    damaged[200] ^= 1;
    await writeFile(file, damaged);
    await assert.rejects(readSrs(file), refused('SRS_CHECKSUM'));
    await writeFile(file, damaged.subarray(0, 500));
    await assert.rejects(readSrs(file), refused('FILE_TRUNCATED'));
  });
});
