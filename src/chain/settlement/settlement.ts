import type { Hex } from 'viem';
import { ContractActions, type EconomyContext } from '../context.js';
import type { Sent } from '../send.js';
import type { Groth16Proof, Job, OpeningProof, Settlement } from '../types.js';

export interface SettleInput {
  job: Job;
  /** selector: verifier that is asked; the live one of the class without it. */
  settlement: Omit<Settlement, 'selector'> & { selector?: Hex };
  opening: OpeningProof;
  proof: Groth16Proof;
}

/** Verifies R2 for a job of blocks that nobody has reserved, and splits its fees. */
export class Settlements extends ContractActions<'settlement'> {
  constructor(context: EconomyContext) { super(context, 'settlement'); }

  /** @returns the job id */
  settle({ job, settlement, opening, proof }: SettleInput & { settlement: Settlement }): Promise<Sent<Hex>> {
    return this.write('settle', [job, settlement, opening, proof]);
  }
}
