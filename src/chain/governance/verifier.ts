import type { Hex } from 'viem';
import { RELATION_CODE, type Relation } from '../../statement/sizeClass.js';
import { ContractActions, type EconomyContext } from '../context.js';
import type { FeaturesStatement, Groth16Proof, OpeningProof, PayoutStatement } from '../types.js';

/** The verifier contract, asked without a transaction. */
export class Verifier extends ContractActions<'verifier'> {
  constructor(context: EconomyContext) { super(context, 'verifier'); }

  /** Returns when the contract accepts; throws the reason otherwise. */
  async verifyPayout(statement: PayoutStatement, opening: OpeningProof, proof: Groth16Proof): Promise<void> { await this.read('verifyPayout', [statement, opening, proof]); }
  async verifyFeatures(statement: FeaturesStatement, opening: OpeningProof, proof: Groth16Proof): Promise<void> { await this.read('verifyFeatures', [statement, opening, proof]); }
  vkHash(relation: Relation, classId: number): Promise<Hex> { return this.read('vkHash', [BigInt(RELATION_CODE[relation]), BigInt(classId)]); }
}
