/** The native Groth16 prover gives snarkjs' points for the same randomness, proofs that snarkjs accepts, and snarkjs' refusals. */
import assert from 'node:assert/strict';
import { readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { groth16, zKey } from 'snarkjs';
import { calculateWitness, compileGenerator } from '../../prover/backends/witness.js';
import { closeSnarkjs, SnarkjsBackend, toSnarkjsProof, type Groth16Points } from '../../prover/backends/groth16.js';
import { NativeBackend } from '../../prover/backends/native.js';
import { selectGroth16 } from '../../prover/backends/select.js';
import { selectKernels } from '../../prover/kernels/index.js';
import type { Isa } from '../../prover/kernels/native/build/isa.js';
import type { CompiledCircuit } from '../../prover/setup/circuit.js';
import { developmentKeys, exportVerificationKey, readZkeyHeader, toSnarkjsKey, writeDevelopmentPtau, writeDevelopmentZkey } from '../../prover/setup/index.js';
import { RELATIONS } from '../../prover/setup/keys.js';
import { readR1cs } from '../../prover/setup/qap.js';
import { DEVELOPMENT_TAU, g2Words } from '../../src/commitment/srs.js';
import { G2_GENERATOR, g2Mul } from '../../src/curve/bn254.js';
import type { FileError } from '../../src/errors/files.js';
import { type SetupError, UncontributedKeyError, WitnessError } from '../../src/errors/setup.js';
import { bigintToBytes } from '../../src/field/buffer.js';
import { FIELD_MODULUS } from '../../src/field/fr.js';
import { classInputs } from '../support/classInput.js';
import { testableIsas } from '../support/native.js';
import { loadClass } from '../support/system.js';
import { compileToy, temporaryFolder, toyInput } from '../unit/setup/toy.js';

const { isas, skip } = await testableIsas();
const ROUNDS = 3;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const tauG2 = g2Words(g2Mul(G2_GENERATOR, DEVELOPMENT_TAU));

/** snarkjs' points with its two draws of randomness replaced: r, then s. */
async function snarkjsPoints(zkey: string, wtns: Uint8Array, draws: readonly bigint[]): Promise<Groth16Points> {
  // The curve exists once a proof was made; all later ones use it.
  await groth16.prove(zkey, { type: 'mem', data: wtns });
  const { Fr } = (globalThis as unknown as { curve_bn128: { Fr: { random(): unknown; e(x: bigint): unknown } } }).curve_bn128;
  const random = Fr.random.bind(Fr), rest = [...draws];
  Fr.random = () => Fr.e(rest.shift()!);
  try {
    const { pi_a: a, pi_b: b, pi_c: c } = (await groth16.prove(zkey, { type: 'mem', data: wtns })).proof;
    assert.equal(rest.length, 0);
    return { a: [BigInt(a[0]), BigInt(a[1])], b: [BigInt(b[0][1]), BigInt(b[0][0]), BigInt(b[1][1]), BigInt(b[1][0])], c: [BigInt(c[0]), BigInt(c[1])] };
  } finally {
    Fr.random = random;
  }
}

function blindingOf(values: readonly bigint[]): Uint8Array {
  const out = new Uint8Array(64);
  values.forEach((x, i) => bigintToBytes(x, out, 32 * i));
  return out;
}

describe('native Groth16', { skip }, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>, toy: CompiledCircuit, zkey: string, wtns: Uint8Array, backend: NativeBackend;
  const open = (isa?: Isa, threads?: number): Promise<NativeBackend> => NativeBackend.open({ isa, threads, witness: 'wasm' });
  before(async () => {
    folder = await temporaryFolder();
    toy = await compileToy(ROUNDS, join(folder.dir, 'circuits'));
    zkey = join(folder.dir, 'toy.zkey');
    await writeDevelopmentZkey(toy.r1cs, zkey);
    wtns = await calculateWitness(await compileGenerator(await readFile(toy.wasm)), toyInput(ROUNDS), toy.wasm);
    backend = await open();
  });
  after(async () => {
    await backend.close();
    await closeSnarkjs();
    await folder.remove();
  });

  it('gives the points of snarkjs for the same r and s, on every instruction set and number of threads', async () => {
    for (const draws of [[0n, 0n], [FIELD_MODULUS - 1n, 1n], [DEVELOPMENT_TAU, 12345n]]) {
      const expected = await snarkjsPoints(zkey, wtns, draws);
      for (const isa of isas) for (const threads of [1, 2, 3]) {
        const native = await open(isa, threads);
        try {
          const { proof, publicSignals } = await native.proveWitness(zkey, wtns, blindingOf(draws));
          assert.deepEqual(proof, expected, `${isa}, ${threads} threads`);
          assert.deepEqual(publicSignals.slice(1), [11n, 5n, 35n]);
        } finally {
          await native.close();
        }
      }
    }
  });

  it('blinds every proof afresh, and snarkjs accepts them', async () => {
    const vk = toSnarkjsKey(await exportVerificationKey(zkey, tauG2));
    const [one, two] = await Promise.all([1, 2].map(() => backend.prove(zkey, toy.wasm, toyInput(ROUNDS))));
    assert.notDeepEqual(one.proof, two.proof);
    for (const { proof, publicSignals } of [one, two]) {
      assert.equal(await groth16.verify(vk, publicSignals.map(String), toSnarkjsProof(proof)), true);
      assert.equal(await groth16.verify(vk, [...publicSignals.slice(0, 3), 36n].map(String), toSnarkjsProof(proof)), false);
    }
  });

  it('proves both relations of class 4x4, and snarkjs accepts the proofs', async () => {
    const cls = await loadClass('4x4'), kernels = await selectKernels('portable');
    try {
      const [keys, inputs] = await Promise.all([developmentKeys(cls), classInputs(kernels, cls, 1)]);
      for (const relation of RELATIONS) {
        const { proof, publicSignals } = await backend.prove(keys[relation].zkey, keys[relation].wasm, inputs[relation]);
        assert.equal(await groth16.verify(toSnarkjsKey(keys[relation].vk), publicSignals.map(String), toSnarkjsProof(proof)), true, relation);
      }
    } finally {
      await kernels.close();
    }
  });

  it('makes proofs that do not verify from a witness that is false', async () => {
    const wrong = wtns.slice();
    wrong[wrong.length - 32] ^= 1;
    const { proof, publicSignals } = await backend.proveWitness(zkey, wrong);
    assert.equal(await groth16.verify(toSnarkjsKey(await exportVerificationKey(zkey, tauG2)), publicSignals.map(String), toSnarkjsProof(proof)), false);
  });

  it('refuses keys that are truncated, damaged, of another circuit or absent', async () => {
    const bytes = await readFile(zkey), bad = join(folder.dir, 'bad.zkey');
    const prove = (path: string): Promise<unknown> => backend.prove(path, toy.wasm, toyInput(ROUNDS));
    for (const length of [0, 10, 300, bytes.length >> 1, bytes.length - 1]) {
      await writeFile(bad, bytes);
      await truncate(bad, length);
      await assert.rejects(prove(bad), (error: FileError) => error.code === 'FILE_TRUNCATED', `cut at ${length}`);
    }
    const coefficients = readZkeyHeader(zkey).sections.get(4)!.offset;
    bytes.writeUInt32LE(2, coefficients + 4);
    await writeFile(bad, bytes);
    await assert.rejects(prove(bad), (error: FileError) => error.code === 'ZKEY_FORMAT' && /entry 0: matrix, expected below 2, got 2/.test(error.message));
    await assert.rejects(prove(join(folder.dir, 'absent.zkey')), (error: FileError) => error.code === 'FILE_ENOENT');
    const other = await compileToy(2, join(folder.dir, 'circuits'));
    await assert.rejects(backend.prove(zkey, other.wasm, toyInput(2)), (error: FileError) => error.code === 'ZKEY_CIRCUIT');
    await writeFile(bad, (await readFile(toy.wasm)).subarray(0, 1000));
    await assert.rejects(backend.prove(zkey, bad, toyInput(ROUNDS)), (error: FileError) => error.code === 'WASM_INVALID');
  });

  it('refuses keys without a contribution', async () => {
    const ptau = join(folder.dir, 'dev.ptau'), start = join(folder.dir, 'uncontributed.zkey');
    await writeDevelopmentPtau(ptau, readR1cs(toy.r1cs).power + 1, { prepared: true });
    await zKey.newZKey(toy.r1cs, ptau, start, silent);
    await assert.rejects(backend.prove(start, toy.wasm, toyInput(ROUNDS)), UncontributedKeyError);
  });

  it('refuses witnesses of a wrong length or form, and blinding factors above the modulus', async () => {
    const refused = (bytes: Uint8Array, blinding?: Uint8Array): Promise<unknown> => backend.proveWitness(zkey, bytes, blinding);
    await assert.rejects(refused(wtns.subarray(0, 40)), (error: FileError) => error.code === 'ZKEY_CIRCUIT');
    await assert.rejects(refused(wtns.subarray(0, wtns.length - 32)), (error: SetupError) => error.code === 'GROTH16_PROVE' && /beyond the file/.test(error.message));
    const large = wtns.slice();
    bigintToBytes(FIELD_MODULUS, large, large.length - 32);
    await assert.rejects(refused(large), (error: SetupError) => error.code === 'GROTH16_PROVE' && /below the modulus/.test(error.message));
    await assert.rejects(refused(wtns, blindingOf([FIELD_MODULUS, 0n])), (error: SetupError) => error.code === 'GROTH16_PROVE');
    await assert.rejects(backend.prove(zkey, toy.wasm, { ...toyInput(ROUNDS), secret: 8n }), WitnessError);
  });

  it('follows a key file that is replaced', async () => {
    const path = join(folder.dir, 'replaced.zkey');
    await writeFile(path, await readFile(zkey));
    await backend.proveWitness(path, wtns);
    const other = await compileToy(1, join(folder.dir, 'circuits'));
    const next = `${path}.next`;
    await writeDevelopmentZkey(other.r1cs, next);
    await rename(next, path);
    await assert.rejects(backend.proveWitness(path, wtns), (error: FileError) => error.code === 'ZKEY_CIRCUIT');
  });

  it('is what goes with native kernels; a closed one refuses', async () => {
    const native = await selectGroth16('native', { threads: 1 }), portable = await selectGroth16('portable');
    assert.deepEqual([native.name, portable.name], ['native', 'snarkjs']);
    assert.ok(portable instanceof SnarkjsBackend);
    await Promise.all([native.close(), portable.close()]);
    await native.close();
    await assert.rejects(native.prove(zkey, toy.wasm, toyInput(ROUNDS)), (error: SetupError) => error.code === 'GROTH16_CLOSED');
  });
});
