/**
 * Which tau a Groth16 key was made with, from the key alone.
 *   H_i = [L_(2i+1)(tau)]_1 / delta over the domain of size 2n, and  sum_i L_(2i+1)(x) = (1 - x^n) / 2
 *   (one on odd, zero on even points; also without the power 2n - 1, since the odd points add up to zero)
 *   so   e(2 sum_i H_i, delta_2) = e([1 - tau^n]_1, [1]_2)
 * which tells tau up to an n-th root of unity with n additions and one pairing check.
 */
import { readAt, sectionOf } from '../../src/commitment/ptau.js';
import { DEVELOPMENT_TAU, type Provenance } from '../../src/commitment/srs.js';
import { G1_GENERATOR, G2_GENERATOR, g1Add, g1BufferFrom, g1Get, g1Mul, g1Neg, g2Get, pairingProductIsOne, type G1Affine } from '../../src/curve/bn254.js';
import { G1_BYTES } from '../../src/field/buffer.js';
import { frPow } from '../../src/field/fr.js';
import { bn254Curve, bn254Instance } from './bn254Wasm.js';
import { DEVELOPMENT_ALPHA, DEVELOPMENT_CONTRIBUTION } from './developmentZkey.js';
import { readContributions, readZkeyHeader, type ZkeyHeader } from './zkey.js';

async function sumH(zkey: ZkeyHeader): Promise<G1Affine> {
  const w = await bn254Instance((await bn254Curve()).tm.code);
  const points = w.put(readAt(zkey.path, sectionOf(zkey, 9).offset, zkey.domainSize * G1_BYTES));
  const sum = w.alloc(96);
  w.call.g1m_zero(sum);
  for (let i = 0; i < zkey.domainSize; i++) w.call.g1m_addMixed(sum, points + i * G1_BYTES, sum);
  w.call.g1m_toAffine(sum, sum);
  return g1Get(w.get(sum, G1_BYTES));
}

/** Whether the key's tau has this n-th power. @param tauPower  [tau^n]_1, n = domain size of the key */
export async function tauMatches(zkey: ZkeyHeader, tauPower: G1Affine): Promise<boolean> {
  const sum = await sumH(zkey);
  return pairingProductIsOne([
    { g1: g1Add(sum, sum), g2: g2Get(zkey.delta2) },
    { g1: g1Add(tauPower, g1Neg(G1_GENERATOR)), g2: G2_GENERATOR },
  ]);
}

/**
 * 'development' when a contribution carries our marker, or tau or alpha are those of development keys.
 * A ceremony cannot be recognised, only the opposite: 'ceremony' is a claim that `verifySetup` checks.
 * @throws FileError
 */
export async function zkeyProvenance(path: string): Promise<Provenance> {
  const zkey = readZkeyHeader(path);
  if (readContributions(zkey).list.some(({ name }) => name === DEVELOPMENT_CONTRIBUTION)) return 'development';
  if (Buffer.compare(zkey.alpha1, g1BufferFrom([g1Mul(G1_GENERATOR, DEVELOPMENT_ALPHA)])) === 0) return 'development';
  const tauPower = g1Mul(G1_GENERATOR, frPow(DEVELOPMENT_TAU, BigInt(zkey.domainSize)));
  return (await tauMatches(zkey, tauPower)) ? 'development' : 'ceremony';
}
