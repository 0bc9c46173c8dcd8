import type { Address } from 'viem';
import { ContractActions, type EconomyContext } from '../context.js';
import type { Sent } from '../send.js';
import { enumIndex, MODULES, type CourtRules, type FeeSplit, type MarketRules, type Module, type StakeRules, type WindowRules } from '../types.js';

/** Every governed number; the guardian's pause. Setters belong to the timelock: propose them (Governance.propose). */
export class ProtocolParameters extends ContractActions<'parameters'> {
  constructor(context: EconomyContext) { super(context, 'parameters'); }

  currentSplitId(): Promise<number> { return this.read('currentSplitId', []); }
  split(id: number): Promise<FeeSplit> { return this.read('split', [id]); }
  stakes(): Promise<StakeRules> { return this.read('stakes', []); }
  windows(): Promise<WindowRules> { return this.read('windows', []); }
  market(): Promise<MarketRules> { return this.read('market', []); }
  court(): Promise<CourtRules> { return this.read('court', []); }
  treasury(): Promise<Address> { return this.read('treasury', []); }
  guardian(): Promise<Address> { return this.read('guardian', []); }
  paused(module: Module): Promise<boolean> { return this.read('paused', [enumIndex(MODULES, module)]); }

  /** Guardian only. */
  pause(module: Module): Promise<Sent<void>> { return this.write('pause', [enumIndex(MODULES, module)]); }
}
