import type { Address, Hex } from 'viem';
import { ContractActions, type EconomyContext } from '../context.js';
import type { Sent } from '../send.js';
import { RELATION_CODE, type Relation } from '../../statement/sizeClass.js';
import { VERIFIER_STATUS, type FeaturesStatement, type Groth16Proof, type OpeningProof, type PayoutStatement, type VerifierStatus } from '../types.js';

export interface VerifierEntry {
  verifier: Address;
  relation: number;
  classId: number;
  version: number;
  status: VerifierStatus;
  changedAt: bigint;
  vkHash: Hex;
  codeHash: Hex;
}

/** Which verifier answers for a class. */
export class Gateway extends ContractActions<'gateway'> {
  constructor(context: EconomyContext) { super(context, 'gateway'); }

  /** The latest added that is live. */
  liveSelector(relation: Relation, classId: number): Promise<Hex> { return this.read('liveSelector', [BigInt(RELATION_CODE[relation]), BigInt(classId)]); }
  async entry(selector: Hex): Promise<VerifierEntry> {
    const { status, ...rest } = await this.read('entry', [selector]);
    return { ...rest, status: VERIFIER_STATUS[status] };
  }

  /** Guardian. */
  freeze(selector: Hex): Promise<Sent<void>> { return this.write('freeze', [selector]); }
  /** Anyone who shows an accepted proof of a false payout. */
  stopPayout(selector: Hex, statement: PayoutStatement, opening: OpeningProof, proof: Groth16Proof): Promise<Sent<void>> {
    return this.write('stopPayout', [selector, statement, opening, proof]);
  }
  /** The same for false features: boundaries all 0, but G = value [1]_1 + rho H. */
  stopFeatures(selector: Hex, statement: FeaturesStatement, g: { value: bigint; rho: bigint }, opening: OpeningProof, proof: Groth16Proof): Promise<Sent<void>> {
    return this.write('stopFeatures', [selector, statement, g.value, g.rho, opening, proof]);
  }
}
