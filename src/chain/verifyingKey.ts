import { encodeAbiParameters, keccak256, type Hex } from 'viem';
import { DEVELOPMENT_TAU, g2Words, type G2Words } from '../commitment/srs.js';
import { blindingGenerator, g2Mul, G2_GENERATOR, type G1Affine } from '../curve/bn254.js';
import { ChainError } from '../errors/chain.js';
import { relationShape, type Relation, type SizeClass } from '../statement/sizeClass.js';
import type { ClassShape, VerifyingKey } from './types.js';

/** The part of vk.json that the contract keeps; G2 words in the precompile's order. */
export interface KeyFile {
  alpha: G1Affine;
  beta: G2Words;
  gamma: G2Words;
  delta: G2Words;
  IC: readonly G1Affine[];
  tauG2: G2Words;
}

/** vk.json (as parsed: words are bigint) -> the contract's entry. @throws ChainError VK_INPUTS */
export function contractKey({ alpha, beta, gamma, delta, IC, tauG2 }: KeyFile): VerifyingKey {
  if (IC.length !== 4) {
    throw new ChainError('verifying key of another circuit', { code: 'VK_INPUTS', where: 'IC', expected: 4, got: IC.length, hint: "public inputs are gamma', gamma_L and E" });
  }
  return { alpha, beta, gamma, delta, ic: [IC[0], IC[1], IC[2], IC[3]], tauG2, blinding: blindingGenerator() };
}

export function contractShape(cls: SizeClass, relation: Relation): ClassShape {
  const shape = relationShape(cls, relation);
  return {
    queriesLog: cls.queriesLog, contributorsLog: cls.contributorsLog, layersLog: cls.layersLog, rankLog: cls.rankLog, widthLog: cls.widthLog,
    tokensLog: shape.tokensLogMax, blocksLog: shape.blocksLog,
  };
}

const G1 = { type: 'tuple', components: [{ name: 'x', type: 'uint256' }, { name: 'y', type: 'uint256' }] } as const;
const KEY_WORDS = [G1, { type: 'uint256[4]' }, { type: 'uint256[4]' }, { type: 'uint256[4]' }, { ...G1, type: 'tuple[4]' }] as const;
/** keccak256 of alpha, beta, gamma, delta, IC: what the verifier calls vkHash. */
export const vkHashOf = ({ alpha, beta, gamma, delta, ic }: VerifyingKey): Hex => keccak256(encodeAbiParameters(KEY_WORDS, [alpha, beta, gamma, delta, ic]));

/** keccak256 of the words of the development setup's [tau]_2: the verifier refuses it off local chains. */
export const developmentTauHash = (): `0x${string}` =>
  keccak256(`0x${g2Words(g2Mul(G2_GENERATOR, DEVELOPMENT_TAU)).map((word) => word.toString(16).padStart(64, '0')).join('')}`);
