import type { Address, Hex } from 'viem';
import { ContractActions, type EconomyContext } from '../context.js';
import type { Sent } from '../send.js';
import { RECORD_STATUS, type AdapterData, type G1Point, type Groth16Proof, type OpeningProof, type RecordStatus, type TrainingData } from '../types.js';

export interface FeaturesInput {
  adapter: AdapterData;
  training: TrainingData;
  contributors: readonly Address[];
  g: G1Point;
  m: G1Point;
  /** Verifier that is asked; the live one of the class without it. */
  selector?: Hex;
  opening: OpeningProof;
  proof: Groth16Proof;
}

export interface RecordState {
  adapterId: Hex;
  status: RecordStatus;
  /** Last challenge, 0 for none. */
  challengedAt: bigint;
}

/** Base models, adapters, and the features records that R1 proved for them. */
export class Models extends ContractActions<'models'> {
  constructor(context: EconomyContext) { super(context, 'models'); }

  registerModel(modelHash: Hex, uri: string): Promise<Sent<void>> { return this.write('registerModel', [modelHash, uri]); }
  registerAdapter(data: AdapterData): Promise<Sent<Hex>> { return this.write('registerAdapter', [data]); }
  registerFeatures({ adapter, training, contributors, g, m, selector, opening, proof }: FeaturesInput & { selector: Hex }): Promise<Sent<Hex>> {
    return this.write('registerFeatures', [adapter, training, contributors, g, m, selector, opening, proof]);
  }

  async adapter(adapterId: Hex): Promise<{ owner: Address; classId: number }> {
    const [owner, classId] = await this.read('adapter', [adapterId]);
    return { owner, classId };
  }
  /** 0 without one, or when the latest was revoked. */
  currentRecord(adapterId: Hex): Promise<Hex> { return this.read('currentRecord', [adapterId]); }
  async record(recordId: Hex): Promise<RecordState> {
    const [adapterId, status, challengedAt] = await this.read('record', [recordId]);
    return { adapterId, status: RECORD_STATUS[status], challengedAt };
  }
  /** Zero address for a model that nobody registered. */
  modelRegistrant(modelHash: Hex): Promise<Address> { return this.read('modelRegistrant', [modelHash]); }
}
