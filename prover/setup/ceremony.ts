/**
 * Keys from a ceremony: powers of tau of others (.ptau, phase 1), phase 2 by snarkjs, with a transcript.
 * As long as one contributor of each phase forgot their secret, nobody knows tau or delta.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SnarkjsLogger } from 'snarkjs';
import { AttributionError } from '../../src/errors/base.js';
import { SetupError } from '../../src/errors/setup.js';
import { readFileChecked, writeFileAtomic } from '../../src/files/atomic.js';
import { g1Equals, g1Get } from '../../src/curve/bn254.js';
import { G1_BYTES, G2_BYTES } from '../../src/field/buffer.js';
import { checkPowers, readAt, readPtauHeader, readTauG2, sectionOf, type PtauHeader } from '../../src/commitment/ptau.js';
import { isDevelopmentTau, loadSrs, readSrs, writeSrs } from '../../src/commitment/srs.js';
import type { Relation, SizeClass } from '../../src/statement/sizeClass.js';
import { closeSnarkjs } from '../backends/groth16.js';
import { compileCircuit } from './circuit.js';
import { buildFolder, copyCircuits, openSetup, relationPaths, RELATIONS, sha256File, srsPowerOf, writeManifest, type CircuitFiles, type SetupKeys, type SetupManifest } from './keys.js';
import { tauMatches, zkeyProvenance } from './provenance.js';
import { readR1cs } from './qap.js';
import { exportVerificationKey, vkWords, writeVerificationKey } from './verificationKey.js';
import { assertContributed, readZkeyHeader } from './zkey.js';

export interface Beacon {
  /** Hex, from a public source fixed before it was known (a block hash). */
  hash: string;
  /** 2^iterationsExp hashes; 10 to 63. */
  iterationsExp: number;
}

export interface CeremonyOptions {
  outDir: string;
  /** Names of the contributions made here, with entropy of the operating system. Default: one. */
  contributions?: readonly string[];
  beacon?: Beacon;
  progress?: (message: string) => void;
}

/** transcript.json. */
export interface CeremonyTranscript {
  className: string;
  ptau: { file: string; sha256: string; power: number; ceremonyPower: number };
  beacon?: Beacon;
  relations: Record<Relation, {
    r1csSha256: string;
    zkeySha256: string;
    /** snarkjs' hash of circuit and phase 1. */
    circuitHash: string;
    contributions: { name: string; hash: string }[];
  }>;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** snarkjs reports through its logger; what it complained about becomes part of our error. */
function collector(): { logger: SnarkjsLogger; complaints: string[] } {
  const complaints: string[] = [];
  const ignore = (): void => undefined;
  return { complaints, logger: { debug: ignore, info: ignore, log: ignore, warn: (m) => complaints.push(m), error: (m) => complaints.push(m) } };
}

/** Runs snarkjs and ends its threads, unless somebody in this process had started them before. */
async function withSnarkjs<T>(run: (snarkjs: typeof import('snarkjs')) => Promise<T>): Promise<T> {
  const mine = !(globalThis as { curve_bn128?: unknown }).curve_bn128;
  try {
    return await run(await import('snarkjs'));
  } finally {
    if (mine) await closeSnarkjs();
  }
}

function assertPtauFits(ptau: PtauHeader, needed: number, what: string): void {
  if (ptau.power < needed) {
    throw new SetupError('powers of tau are too few', { code: 'PTAU_POWER', where: ptau.path, expected: `power ${needed} for ${what}`, got: ptau.power, hint: 'take a larger file of the same ceremony' });
  }
}

/**
 * Phase 2 on given circuits.
 * @param ptauPath  prepared for phase 2
 * @throws SetupError, FileError
 */
export async function ceremonyKeysFor(className: string, circuits: Record<Relation, CircuitFiles>, srsPower: number, ptauPath: string, options: CeremonyOptions): Promise<SetupKeys> {
  const { outDir, contributions = ['first contribution'], beacon, progress } = options;
  if (existsSync(outDir)) throw new SetupError('output folder exists', { code: 'SETUP_EXISTS', where: outDir, hint: 'choose a new folder: keys are never overwritten' });
  if (contributions.length === 0 && !beacon) throw new SetupError('a ceremony without contributions', { code: 'SETUP_UNCONTRIBUTED', where: className, expected: 'at least one contribution or a beacon', hint: 'without one, anyone can forge proofs' });
  if (beacon && (!/^([0-9a-f]{2}){1,255}$/i.test(beacon.hash) || !(beacon.iterationsExp >= 10 && beacon.iterationsExp <= 63))) {
    throw new SetupError('beacon is malformed', { code: 'SETUP_BEACON', expected: 'hex without 0x, 10 <= iterationsExp <= 63', got: { ...beacon }, hint: 'correct the beacon' });
  }
  const ptau = readPtauHeader(ptauPath);
  if (!ptau.prepared) throw new SetupError('powers of tau are not prepared for phase 2', { code: 'PTAU_NOT_PREPARED', where: ptauPath, hint: 'take the "final" file of the ceremony, or run snarkjs powersoftau prepare phase2' });
  for (const relation of RELATIONS) assertPtauFits(ptau, readR1cs(circuits[relation].r1cs).power, `the circuit of ${relation}`);
  assertPtauFits(ptau, srsPower, 'the opening');

  await buildFolder(outDir, async (dir) => {
    await copyCircuits(dir, circuits);
    progress?.(`checking 2^${srsPower} powers of tau`);
    const srs = await loadSrs(ptauPath, srsPower);
    await writeSrs(join(dir, 'srs.zsrs'), srsPower, srs.g1, readTauG2(ptau).slice(G2_BYTES));
    const relations = {} as CeremonyTranscript['relations'];
    const manifest: SetupManifest = { version: 1, className, provenance: srs.provenance, srsPower, relations: {} as SetupManifest['relations'] };
    await withSnarkjs(async ({ zKey }) => {
      for (const relation of RELATIONS) {
        const paths = relationPaths(dir, relation);
        const { logger, complaints } = collector();
        const refuse = (step: string): never => {
          throw new SetupError(`snarkjs refused: ${step}`, { code: 'SETUP_PHASE2', where: relation, got: complaints.join('; '), hint: 'see what snarkjs reports' });
        };
        progress?.(`${relation}: phase 2`);
        let current = `${paths.zkey}.0`;
        const circuitHash = await zKey.newZKey(paths.r1cs, ptauPath, current, logger);
        if (circuitHash === -1) return refuse('new key');
        const done: { name: string; hash: string }[] = [];
        const step = async (name: string, apply: (from: string, to: string) => Promise<Uint8Array | false>): Promise<void> => {
          progress?.(`${relation}: ${name}`);
          const next = `${paths.zkey}.${done.length + 1}`;
          const hash = await apply(current, next);
          if (hash === false) return refuse(name);
          done.push({ name, hash: hex(hash) });
          await rm(current);
          current = next;
        };
        for (const name of contributions) await step(name, (from, to) => zKey.contribute(from, to, name, randomBytes(64).toString('hex'), logger));
        if (beacon) await step('beacon', (from, to) => zKey.beacon(from, to, 'beacon', beacon.hash, beacon.iterationsExp, logger));
        await rename(current, paths.zkey);
        const vk = await exportVerificationKey(paths.zkey, srs.tauG2Words);
        await writeVerificationKey(paths.vkPath, vk);
        const r1csSha256 = await sha256File(paths.r1cs);
        manifest.relations[relation] = { vkHash: vk.vkHash, circuitKey: circuits[relation].key, r1csSha256 };
        relations[relation] = { r1csSha256, zkeySha256: await sha256File(paths.zkey), circuitHash: hex(circuitHash), contributions: done };
      }
    });
    const transcript: CeremonyTranscript = {
      className, ptau: { file: basename(ptauPath), sha256: await sha256File(ptauPath), power: ptau.power, ceremonyPower: ptau.ceremonyPower }, ...(beacon ? { beacon } : {}), relations,
    };
    await writeFileAtomic(join(dir, 'transcript.json'), `${JSON.stringify(transcript, null, 1)}\n`);
    await writeManifest(dir, manifest);
  });
  return openSetup(outDir);
}

/** Compiles the circuits of a class and runs phase 2 on them. @throws CircuitError, SetupError, FileError */
export async function ceremonyKeys(cls: SizeClass, ptauPath: string, options: CeremonyOptions): Promise<SetupKeys> {
  const [features, payout] = await Promise.all(RELATIONS.map((relation) => compileCircuit(cls, relation, { progress: options.progress })));
  return ceremonyKeysFor(cls.name, { features, payout }, srsPowerOf(cls), ptauPath, options);
}

export interface SetupCheck {
  name: string;
  ok: boolean;
  /** Why not. */
  detail?: string;
}

/**
 * Checks a folder of keys against the powers of tau it claims to come from.
 *   srs: powers of one tau, the .ptau's      each key: contributed, made from its .r1cs and this .ptau (snarkjs),
 *   its tau is the SRS's, vk.json is its verification key, provenance as stated, hashes as in transcript.json
 * @returns every check with its outcome; a false key is a result, not an exception
 * @throws FileError when the folder or the .ptau cannot be read at all
 */
export async function verifySetup(dir: string, ptauPath: string, options: { progress?: (message: string) => void } = {}): Promise<{ ok: boolean; checks: SetupCheck[] }> {
  const setup = await openSetup(dir);
  const ptau = readPtauHeader(ptauPath);
  const tauG2 = readTauG2(ptau);
  const checks: SetupCheck[] = [];
  const check = async (name: string, run: () => Promise<string | undefined>): Promise<void> => {
    options.progress?.(name);
    let detail: string | undefined;
    try {
      detail = await run();
    } catch (error) {
      detail = error instanceof AttributionError ? error.message : String(error);
    }
    checks.push({ name, ok: detail === undefined, ...(detail === undefined ? {} : { detail }) });
  };

  await check('srs: powers of the given tau', async () => {
    const srs = await readSrs(setup.srs);
    if (srs.power !== setup.srsPower) return `2^${srs.power} powers, setup.json says 2^${setup.srsPower}`;
    await checkPowers(srs.g1, tauG2, setup.srs);
    if (Buffer.compare(srs.g1.subarray(G1_BYTES, 2 * G1_BYTES), readAt(ptauPath, sectionOf(ptau, 2).offset + G1_BYTES, G1_BYTES)) !== 0) return 'tau is not the one of the .ptau file';
    return srs.provenance === setup.provenance ? undefined : `provenance is ${srs.provenance}, setup.json says ${setup.provenance}`;
  });
  const transcriptPath = join(dir, 'transcript.json');
  let transcript: CeremonyTranscript | undefined;
  if (existsSync(transcriptPath)) {
    await check('transcript: readable', async () => {
      transcript = JSON.parse((await readFileChecked(transcriptPath)).toString('utf8')) as CeremonyTranscript;
      return transcript?.ptau && transcript.relations ? undefined : 'not a transcript';
    });
  }
  if (transcript) await check('transcript: hash of the .ptau file', async () => ((await sha256File(ptauPath)) === transcript?.ptau?.sha256 ? undefined : 'another file'));

  await withSnarkjs(async ({ zKey }) => {
    for (const relation of RELATIONS) {
      const { zkey: path, r1cs, vk } = setup[relation];
      await check(`${relation}: key is contributed to`, async () => void assertContributed(readZkeyHeader(path)));
      await check(`${relation}: key's tau is the srs's`, async () => {
        const zkey = readZkeyHeader(path);
        if (zkey.domainSize > 2 ** ptau.power) return `domain of ${zkey.domainSize} rows, the .ptau file has power ${ptau.power}`;
        const tauPower = g1Get(readAt(ptauPath, sectionOf(ptau, 2).offset + zkey.domainSize * G1_BYTES, G1_BYTES));
        return (await tauMatches(zkey, tauPower)) ? undefined : 'another tau';
      });
      await check(`${relation}: key is made from circuit and powers of tau`, async () => {
        const { logger, complaints } = collector();
        return (await zKey.verifyFromR1cs(r1cs, ptauPath, path, logger)) === true ? undefined : complaints.join('; ') || 'snarkjs refused';
      });
      await check(`${relation}: verification key belongs to the key`, async () => {
        const expected = await exportVerificationKey(path, vk.tauG2);
        const same = expected.vkHash === vk.vkHash && g1Equals(expected.alpha, vk.alpha) && vkWords(expected).every((word, i) => word === vkWords(vk)[i]);
        if (!same) return `vk hash ${vk.vkHash}, the key has ${expected.vkHash}`;
        const { tauG2Words } = await readSrs(setup.srs);
        return tauG2Words.every((word, i) => word === vk.tauG2[i]) ? undefined : 'tauG2 is not the one of the srs';
      });
      await check(`${relation}: provenance is as stated`, async () => {
        const provenance = isDevelopmentTau(tauG2.slice(G2_BYTES)) ? 'development' : await zkeyProvenance(path);
        return provenance === vk.provenance && provenance === setup.provenance ? undefined : `key is of provenance ${provenance}, vk.json says ${vk.provenance}, setup.json ${setup.provenance}`;
      });
      if (transcript) {
        await check(`${relation}: transcript`, async () => {
          const stated = transcript?.relations?.[relation];
          if (!stated) return 'relation is missing';
          if ((await sha256File(r1cs)) !== stated.r1csSha256) return 'hash of the circuit differs';
          if ((await sha256File(path)) !== stated.zkeySha256) return 'hash of the key differs';
          const found = assertContributed(readZkeyHeader(path));
          if (hex(found.circuitHash) !== stated.circuitHash) return 'circuit hash differs';
          return JSON.stringify(found.list.map(({ name, hash }) => ({ name, hash }))) === JSON.stringify(stated.contributions) ? undefined : 'contributions differ';
        });
      }
    }
  });
  return { ok: checks.every(({ ok }) => ok), checks };
}
