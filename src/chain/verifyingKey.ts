import type { SizeClass } from '../statement/sizeClass.js';
import { relationShape, type Relation } from '../statement/sizeClass.js';
import { ChainError } from '../errors/chain.js';
import type { ClassShape, G1Point, VerifyingKey } from './types.js';

type Num = string | number | bigint;
/** snarkjs' verification_key.json; G2 coordinates are [c0, c1]. */
export interface SnarkjsVerifyingKey {
  nPublic: number;
  vk_alpha_1: readonly Num[];
  vk_beta_2: readonly (readonly Num[])[];
  vk_gamma_2: readonly (readonly Num[])[];
  vk_delta_2: readonly (readonly Num[])[];
  IC: readonly (readonly Num[])[];
}

const g1 = (p: readonly Num[]): G1Point => ({ x: BigInt(p[0]), y: BigInt(p[1]) });
/** The precompile's order is x.c1, x.c0, y.c1, y.c0. */
export const g2Words = (p: readonly (readonly Num[])[]): readonly [bigint, bigint, bigint, bigint] =>
  [BigInt(p[0][1]), BigInt(p[0][0]), BigInt(p[1][1]), BigInt(p[1][0])];

/**
 * snarkjs' key and the setup of the opening -> the contract's entry.
 * @param tauG2 [tau]_2 of the same setup, words in the precompile's order
 * @param blinding H, the generator of blinding
 */
export function contractVerifyingKey(key: SnarkjsVerifyingKey, tauG2: readonly [bigint, bigint, bigint, bigint], blinding: G1Point): VerifyingKey {
  if (key.nPublic !== 3 || key.IC.length !== 4) {
    throw new ChainError('verifying key of another circuit', { code: 'VK_INPUTS', expected: 3, got: key.nPublic, hint: "public inputs are gamma', gamma_L and E" });
  }
  const ic = key.IC.map(g1);
  return {
    alpha: g1(key.vk_alpha_1), beta: g2Words(key.vk_beta_2), gamma: g2Words(key.vk_gamma_2), delta: g2Words(key.vk_delta_2),
    ic: [ic[0], ic[1], ic[2], ic[3]], tauG2, blinding,
  };
}

export function contractShape(cls: SizeClass, relation: Relation): ClassShape {
  const shape = relationShape(cls, relation);
  return {
    queriesLog: cls.queriesLog, contributorsLog: cls.contributorsLog, layersLog: cls.layersLog, rankLog: cls.rankLog, widthLog: cls.widthLog,
    tokensLog: shape.tokensLogMax, blocksLog: shape.blocksLog,
  };
}
