import assert from 'node:assert/strict';
import { copyFile, cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { groth16 } from 'snarkjs';
import { closeSnarkjs, SnarkjsBackend, toSnarkjsProof } from '../../../prover/backends/groth16.js';
import type { CompiledCircuit } from '../../../prover/setup/circuit.js';
import { ceremonyKeysFor, toSnarkjsKey, verifySetup, writeDevelopmentPtau, writeDevelopmentZkey, type CeremonyTranscript, type SetupKeys } from '../../../prover/setup/index.js';
import { SetupError } from '../../../src/errors/setup.js';
import { compileToy, temporaryFolder, toyInput } from './toy.js';

const SRS_POWER = 6;
const BEACON = { hash: '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20', iterationsExp: 10 };

describe('ceremony', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let [one, two]: CompiledCircuit[] = [];
  let ptau: string;
  let setup: SetupKeys;
  before(async () => {
    folder = await temporaryFolder();
    [one, two] = [await compileToy(1, folder.dir), await compileToy(2, folder.dir)];
    ptau = join(folder.dir, 'prepared.ptau');
    await writeDevelopmentPtau(ptau, 9, { prepared: true });
    setup = await ceremonyKeysFor('toy', { features: one, payout: two }, SRS_POWER, ptau, { outDir: join(folder.dir, 'out'), contributions: ['alice', 'bob'], beacon: BEACON });
  });
  after(async () => {
    await closeSnarkjs();
    await folder.remove();
  });
  const changed = async (name: string, edit: (dir: string) => Promise<unknown>): Promise<{ ok: boolean; failed: string[] }> => {
    const dir = join(folder.dir, name);
    await cp(setup.dir, dir, { recursive: true });
    await edit(dir);
    const { ok, checks } = await verifySetup(dir, ptau);
    return { ok, failed: checks.filter((check) => !check.ok).map((check) => check.name) };
  };

  it('leaves keys, SRS and transcript, and no intermediate key', async () => {
    assert.deepEqual((await readdir(setup.dir)).sort(), ['features', 'payout', 'setup.json', 'srs.zsrs', 'transcript.json']);
    assert.deepEqual((await readdir(join(setup.dir, 'payout'))).sort(), ['circuit.r1cs', 'circuit.wasm', 'circuit.zkey', 'vk.json']);
    const transcript = JSON.parse(await readFile(join(setup.dir, 'transcript.json'), 'utf8')) as CeremonyTranscript;
    assert.deepEqual(transcript.relations.payout.contributions.map(({ name }) => name), ['alice', 'bob', 'beacon']);
    assert.equal(transcript.ptau.power, 9);
  });

  it('passes verification', async () => {
    const { ok, checks } = await verifySetup(setup.dir, ptau);
    assert.ok(ok, JSON.stringify(checks.filter((check) => !check.ok)));
  });

  it('cannot turn public powers of tau into secret ones', () => {
    assert.equal(setup.provenance, 'development');
    assert.equal(setup.payout.vk.provenance, 'development');
  });

  it('makes keys that prove', async () => {
    const backend = new SnarkjsBackend();
    const { proof, publicSignals } = await backend.prove(setup.payout.zkey, setup.payout.wasm, toyInput(2));
    assert.equal(await groth16.verify(toSnarkjsKey(setup.payout.vk), publicSignals.map(String), toSnarkjsProof(proof)), true);
    await backend.close();
  });

  it('fails verification with the key of another circuit', async () => {
    const { ok, failed } = await changed('swapped', (dir) => copyFile(join(dir, 'features/circuit.zkey'), join(dir, 'payout/circuit.zkey')));
    assert.ok(!ok);
    assert.ok(failed.includes('payout: key is made from circuit and powers of tau'), failed.join());
    assert.ok(failed.includes('payout: verification key belongs to the key'));
    assert.ok(failed.includes('payout: transcript'));
  });

  it('fails verification with a development key in place of the contributed one', async () => {
    const { ok, failed } = await changed('replaced', (dir) => writeDevelopmentZkey(two.r1cs, join(dir, 'payout/circuit.zkey')));
    assert.ok(!ok);
    assert.ok(failed.includes('payout: verification key belongs to the key'), failed.join());
  });

  it('fails verification with a claimed provenance', async () => {
    const { failed } = await changed('claimed', async (dir) => {
      const path = join(dir, 'setup.json');
      await writeFile(path, (await readFile(path, 'utf8')).replace('"development"', '"ceremony"'));
    });
    assert.ok(failed.includes('payout: provenance is as stated'), failed.join());
  });

  it('refuses unprepared or too small powers of tau, a missing contribution, a malformed beacon, an existing folder', async () => {
    const circuits = { features: one, payout: two };
    const raw = join(folder.dir, 'raw.ptau');
    const small = join(folder.dir, 'small.ptau');
    await writeDevelopmentPtau(raw, 9);
    await writeDevelopmentPtau(small, 7, { prepared: true });
    const run = (file: string, options: object = {}, power = SRS_POWER): Promise<SetupKeys> => ceremonyKeysFor('toy', circuits, power, file, { outDir: join(folder.dir, 'refused'), ...options });
    const code = (expected: string) => (error: SetupError): boolean => error instanceof SetupError && error.code === expected;
    await assert.rejects(run(raw), code('PTAU_NOT_PREPARED'));
    await assert.rejects(run(small), code('PTAU_POWER'));
    await assert.rejects(run(ptau, {}, 10), code('PTAU_POWER'));
    await assert.rejects(run(ptau, { contributions: [] }), code('SETUP_UNCONTRIBUTED'));
    await assert.rejects(run(ptau, { beacon: { hash: '0x00', iterationsExp: 10 } }), code('SETUP_BEACON'));
    await assert.rejects(run(ptau, { outDir: setup.dir }), code('SETUP_EXISTS'));
    assert.ok(!(await readdir(folder.dir)).some((name) => name.startsWith('refused')));
  });
});
