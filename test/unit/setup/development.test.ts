import assert from 'node:assert/strict';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { groth16, zKey } from 'snarkjs';
import { closeSnarkjs, SnarkjsBackend, toSnarkjsProof } from '../../../prover/backends/groth16.js';
import type { CompiledCircuit } from '../../../prover/setup/circuit.js';
import { developmentZkey } from '../../../prover/setup/developmentZkey.js';
import { FixedBasePool, openFixedBase } from '../../../prover/setup/fixedBase.js';
import { writeFileAtomic } from '../../../src/files/atomic.js';
import { assertContributed, developmentKeysFor, exportVerificationKey, readContributions, readVerificationKey, readZkeyHeader, toSnarkjsKey, vkWords, writeDevelopmentPtau, writeDevelopmentZkey, writeVerificationKey, zkeyProvenance } from '../../../prover/setup/index.js';
import { readR1cs } from '../../../prover/setup/qap.js';
import { DEVELOPMENT_TAU, g2Words, readSrs } from '../../../src/commitment/srs.js';
import { G1_GENERATOR, G2_GENERATOR, g1BufferToAffine, g1Mul, g2Get, g2Mul } from '../../../src/curve/bn254.js';
import { FileError } from '../../../src/errors/files.js';
import { type SetupError, UncontributedKeyError, WitnessError } from '../../../src/errors/setup.js';
import { bigintToBytes } from '../../../src/field/buffer.js';
import { FIELD_MODULUS } from '../../../src/field/fr.js';
import { compileToy, temporaryFolder, toyInput } from './toy.js';

const ROUNDS = 1;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const tauG2 = g2Words(g2Mul(G2_GENERATOR, DEVELOPMENT_TAU));

describe('development keys', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let toy: CompiledCircuit;
  let zkey: string;
  let ptau: string;
  const backend = new SnarkjsBackend();
  before(async () => {
    folder = await temporaryFolder();
    toy = await compileToy(ROUNDS, join(folder.dir, 'circuits'));
    zkey = join(folder.dir, 'toy.zkey');
    ptau = join(folder.dir, 'dev.ptau');
    await writeDevelopmentZkey(toy.r1cs, zkey);
    await writeDevelopmentPtau(ptau, readR1cs(toy.r1cs).power + 1, { prepared: true });
  });
  after(async () => {
    await backend.close();
    await closeSnarkjs();
    await folder.remove();
  });

  it('multiply generators by any scalar, the extreme ones included', async () => {
    const scalars = [0n, 1n, 2n, 16384n, 16385n, 32767n, 32768n, (1n << 253n) + 12345n, FIELD_MODULUS - 1n, FIELD_MODULUS - 2n, DEVELOPMENT_TAU];
    const bytes = new Uint8Array(32 * scalars.length);
    scalars.forEach((s, i) => bigintToBytes(s, bytes, 32 * i));
    for (const open of [() => FixedBasePool.create(1), () => openFixedBase(1)]) {
      const pool = await open();
      try {
        const [g1, g2] = await Promise.all([pool.multiply('G1', bytes), pool.multiply('G2', bytes)]);
        assert.deepEqual(g1BufferToAffine(g1), scalars.map((s) => g1Mul(G1_GENERATOR, s)));
        scalars.forEach((s, i) => assert.deepEqual(g2Get(g2, i), g2Mul(G2_GENERATOR, s), `scalar ${s}`));
      } finally {
        await pool.close();
      }
    }
  });

  it('equal those of snarkjs on the same powers of tau, byte for byte, before the contribution', async () => {
    const ours = join(folder.dir, 'ours.zkey');
    const pool = await FixedBasePool.create(1);
    await writeFileAtomic(ours, await developmentZkey(readR1cs(toy.r1cs), pool, { uncontributed: true }));
    await pool.close();
    await zKey.newZKey(toy.r1cs, ptau, join(folder.dir, 'theirs.zkey'), silent);
    assert.ok((await readFile(ours)).equals(await readFile(join(folder.dir, 'theirs.zkey'))));
  });

  it('are accepted by snarkjs as made from circuit and powers of tau', async () => {
    assert.equal(await zKey.verifyFromR1cs(toy.r1cs, ptau, zkey, silent), true);
  });

  it('are deterministic', async () => {
    await writeDevelopmentZkey(toy.r1cs, `${zkey}.again`);
    assert.ok((await readFile(zkey)).equals(await readFile(`${zkey}.again`)));
  });

  it('prove, and snarkjs accepts the proof under the exported key', async () => {
    const vk = await exportVerificationKey(zkey, tauG2);
    const { proof, publicSignals } = await backend.prove(zkey, toy.wasm, toyInput(ROUNDS));
    assert.deepEqual(publicSignals.slice(1), [11n, 5n, 35n]);
    assert.equal(await groth16.verify(toSnarkjsKey(vk), publicSignals.map(String), toSnarkjsProof(proof)), true);
    assert.equal(await groth16.verify(toSnarkjsKey(vk), [...publicSignals.slice(0, 3), 36n].map(String), toSnarkjsProof(proof)), false);
    assert.deepEqual(toSnarkjsKey(vk).vk_delta_2, (await zKey.exportVerificationKey(zkey)).vk_delta_2);
  });

  it('prove with one backend after another one was closed', async () => {
    const other = new SnarkjsBackend();
    await other.prove(zkey, toy.wasm, toyInput(ROUNDS));
    await other.close();
    await assert.rejects(other.prove(zkey, toy.wasm, toyInput(ROUNDS)), (error: SetupError) => error.code === 'GROTH16_CLOSED');
    assert.equal((await backend.prove(zkey, toy.wasm, toyInput(ROUNDS))).publicSignals.length, 4);
  });

  it('say that they are development keys, in the file and in the verification key', async () => {
    assert.equal(readContributions(readZkeyHeader(zkey)).list[0].name, 'zkattr development key: tau and delta are public');
    assert.equal(await zkeyProvenance(zkey), 'development');
    assert.equal((await exportVerificationKey(zkey, tauG2)).provenance, 'development');
  });

  it('are recognised by their tau when the marker is absent', async () => {
    const [start, end] = [join(folder.dir, 'fresh.zkey'), join(folder.dir, 'contributed.zkey')];
    await zKey.newZKey(toy.r1cs, ptau, start, silent);
    await zKey.contribute(start, end, 'an honest name', 'entropy', silent);
    assert.equal(assertContributed(readZkeyHeader(end)).list[0].name, 'an honest name');
    // Hide alpha too: the check on tau alone must be enough.
    const bytes = await readFile(end);
    const { sections } = readZkeyHeader(end);
    bytes[(sections.get(2)?.offset ?? 0) + 84] ^= 1;
    await writeFile(end, bytes);
    assert.equal(await zkeyProvenance(end), 'development');
  });

  it('without a contribution, or with delta = gamma, are refused', async () => {
    const start = join(folder.dir, 'uncontributed.zkey');
    await zKey.newZKey(toy.r1cs, ptau, start, silent);
    await assert.rejects(exportVerificationKey(start, tauG2), UncontributedKeyError);
    await assert.rejects(backend.prove(start, toy.wasm, toyInput(ROUNDS)), UncontributedKeyError);
    const bytes = await readFile(zkey);
    const header = readZkeyHeader(zkey);
    bytes.set(header.gamma2, (header.sections.get(2)?.offset ?? 0) + 84 + 3 * 64 + 2 * 128);
    await writeFile(start, bytes);
    assert.throws(() => assertContributed(readZkeyHeader(start)), (error: UncontributedKeyError) => error instanceof UncontributedKeyError && /delta = gamma/.test(error.message));
  });

  it('give typed errors when truncated or damaged', async () => {
    const bytes = await readFile(zkey);
    const bad = join(folder.dir, 'bad.zkey');
    for (const length of [0, 10, 300, bytes.length >> 1, bytes.length - 1]) {
      await writeFile(bad, bytes);
      await truncate(bad, length);
      await assert.rejects(backend.prove(bad, toy.wasm, toyInput(ROUNDS)), (error: FileError) => error instanceof FileError && error.code === 'FILE_TRUNCATED', `cut at ${length}`);
    }
    const offset = readZkeyHeader(zkey).sections.get(2)?.offset ?? 0;
    bytes.writeUInt32LE(bytes.readUInt32LE(offset + 72) + 1, offset + 72);
    await writeFile(bad, bytes);
    assert.throws(() => readZkeyHeader(bad), /section has a wrong size/);
    await writeFile(bad, (await readFile(toy.wasm)).subarray(0, 1000));
    await assert.rejects(backend.prove(zkey, bad, toyInput(ROUNDS)), (error: FileError) => error.code === 'WASM_INVALID');
    await assert.rejects(backend.prove(join(folder.dir, 'absent.zkey'), toy.wasm, toyInput(ROUNDS)), (error: FileError) => error.code === 'FILE_ENOENT');
    const other = await compileToy(2, join(folder.dir, 'circuits'));
    await assert.rejects(backend.prove(zkey, other.wasm, toyInput(2)), (error: FileError) => error.code === 'ZKEY_CIRCUIT');
    await assert.rejects(backend.prove(zkey, toy.wasm, { ...toyInput(ROUNDS), secret: 8n }), WitnessError);
  });

  it('keep the verification key in JSON, hash included', async () => {
    const vk = await exportVerificationKey(zkey, tauG2);
    const path = join(folder.dir, 'vk.json');
    await writeVerificationKey(path, vk);
    assert.deepEqual(await readVerificationKey(path), vk);
    assert.equal(vkWords(vk).length, 2 + 4 + 4 + 4 + 2 * vk.IC.length);
    const other = { ...vk, alpha: g1Mul(G1_GENERATOR, 2n) };
    await writeVerificationKey(path, other);
    await assert.rejects(readVerificationKey(path), (error: SetupError) => error.code === 'VK_HASH');
    await writeFile(path, '{}');
    await assert.rejects(readVerificationKey(path), (error: FileError) => error.code === 'VK_FORMAT');
  });

  it('are made once for a class, also when two processes ask at the same time', async () => {
    // A cache of its own: the native kernels would be built anew in it.
    const kernels = process.env.ZKATTR_KERNELS;
    process.env.ZKATTR_HOME = join(folder.dir, 'home');
    process.env.ZKATTR_KERNELS = 'portable';
    try {
      const base = join(folder.dir, 'keys');
      const circuits = { features: toy, payout: toy };
      const [a, b] = await Promise.all([developmentKeysFor('toy', circuits, 6, base), developmentKeysFor('toy', circuits, 6, base)]);
      assert.equal(a.dir, b.dir);
      assert.equal((await readdir(base)).length, 1, 'no temporary folder is left');
      assert.equal(a.provenance, 'development');
      const srs = await readSrs(a.srs);
      assert.equal(srs.power, 6);
      assert.deepEqual(a.payout.vk.tauG2, srs.tauG2Words);
      assert.ok((await readFile(a.payout.zkey)).equals(await readFile(zkey)));
      assert.deepEqual(await developmentKeysFor('toy', circuits, 6, base), a);
    } finally {
      delete process.env.ZKATTR_HOME;
      if (kernels === undefined) delete process.env.ZKATTR_KERNELS;
      else process.env.ZKATTR_KERNELS = kernels;
    }
  });
});
