/**
 * Verification keys as this project keeps them: points in the EVM's order, with provenance and hash.
 *   vkHash = keccak256(alpha (2), beta (4), gamma (4), delta (4), IC (2 each)), 32-byte big-endian words
 * In JSON every word is a 0x string of 64 digits.
 */
import { keccak256 } from 'viem/utils';
import { FileError } from '../../src/errors/files.js';
import { SetupError } from '../../src/errors/setup.js';
import { readFileChecked, writeFileAtomic } from '../../src/files/atomic.js';
import { g1BufferToAffine, g1Get, g2Get, type G1Affine } from '../../src/curve/bn254.js';
import { g2Words, type G2Words, type Provenance } from '../../src/commitment/srs.js';
import { zkeyProvenance } from './provenance.js';
import { assertContributed, readIC, readZkeyHeader } from './zkey.js';

export interface VerificationKey {
  protocol: 'groth16';
  curve: 'bn254';
  alpha: G1Affine;
  beta: G2Words;
  gamma: G2Words;
  delta: G2Words;
  /** One more than public inputs. */
  IC: G1Affine[];
  provenance: Provenance;
  /** [tau]_2 of the same setup, for the opening that is checked in the same pairing call. */
  tauG2: G2Words;
  vkHash: `0x${string}`;
}

type KeyPoints = Pick<VerificationKey, 'alpha' | 'beta' | 'gamma' | 'delta' | 'IC'>;

/** alpha, beta, gamma, delta, IC as EVM words; G2 in the order x.c1, x.c0, y.c1, y.c0. */
export const vkWords = ({ alpha, beta, gamma, delta, IC }: KeyPoints): bigint[] =>
  [alpha.x, alpha.y, ...beta, ...gamma, ...delta, ...IC.flatMap(({ x, y }) => [x, y])];

const hex = (x: bigint): string => x.toString(16).padStart(64, '0');
const hashOf = (points: KeyPoints): `0x${string}` => keccak256(`0x${vkWords(points).map(hex).join('')}`);

/**
 * Takes the verification key out of a .zkey.
 * @param tauG2  [tau]_2 of the SRS it is used with
 * @throws FileError, UncontributedKeyError
 */
export async function exportVerificationKey(zkeyPath: string, tauG2: G2Words): Promise<VerificationKey> {
  const zkey = readZkeyHeader(zkeyPath);
  assertContributed(zkey);
  const points: KeyPoints = {
    alpha: g1Get(zkey.alpha1), beta: g2Words(g2Get(zkey.beta2)), gamma: g2Words(g2Get(zkey.gamma2)), delta: g2Words(g2Get(zkey.delta2)),
    IC: g1BufferToAffine(readIC(zkey)),
  };
  return { protocol: 'groth16', curve: 'bn254', ...points, provenance: await zkeyProvenance(zkeyPath), tauG2, vkHash: hashOf(points) };
}

/** snarkjs' form, for its verifier and for contract entries. */
export function toSnarkjsKey({ alpha, beta, gamma, delta, IC }: KeyPoints): {
  protocol: string; curve: string; nPublic: number; vk_alpha_1: string[]; vk_beta_2: string[][]; vk_gamma_2: string[][]; vk_delta_2: string[][]; IC: string[][];
} {
  const g1 = ({ x, y }: G1Affine): string[] => [String(x), String(y), '1'];
  const g2 = ([x1, x0, y1, y0]: G2Words): string[][] => [[x0, x1].map(String), [y0, y1].map(String), ['1', '0']];
  return { protocol: 'groth16', curve: 'bn128', nPublic: IC.length - 1, vk_alpha_1: g1(alpha), vk_beta_2: g2(beta), vk_gamma_2: g2(gamma), vk_delta_2: g2(delta), IC: IC.map(g1) };
}

export const writeVerificationKey = (path: string, vk: VerificationKey): Promise<void> =>
  writeFileAtomic(path, `${JSON.stringify(vk, (_, value: unknown) => (typeof value === 'bigint' ? `0x${hex(value)}` : value), 1)}\n`);

/** Reads vk.json and checks its hash. @throws FileError, SetupError */
export async function readVerificationKey(path: string): Promise<VerificationKey> {
  const text = (await readFileChecked(path)).toString('utf8');
  let vk: VerificationKey;
  try {
    vk = JSON.parse(text, (key, value: unknown) => (key !== 'vkHash' && typeof value === 'string' && value.startsWith('0x') ? BigInt(value) : value)) as VerificationKey;
    if (vk.protocol !== 'groth16' || vk.curve !== 'bn254') throw new Error('protocol or curve');
    vkWords(vk);
  } catch (cause) {
    throw new FileError('not a verification key', { code: 'VK_FORMAT', where: path, hint: 'export it from the .zkey again', cause });
  }
  if (hashOf(vk) !== vk.vkHash) throw new SetupError('hash of the verification key does not match', { code: 'VK_HASH', where: path, expected: vk.vkHash, got: hashOf(vk), hint: 'the file was changed: export it from the .zkey again' });
  return vk;
}
