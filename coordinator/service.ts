/** A whole coordinator: store, chain, provers, intake, settlement and API, started and ended together. */
import type { Hex } from 'viem';
import type { Economy } from '../src/chain/index.js';
import { NetworkError } from '../src/errors/network.js';
import { parseCoordinatorConfig, type CoordinatorConfig } from './config.js';

export interface CoordinatorHandle {
  /** Of the HTTP API, with the port that was bound. */
  url: string;
  /** Where provers dial, with the peer id; none without libp2p. */
  addresses: string[];
  economy: Economy;
  leads(): boolean;
  /** One round of batching and settling now, beside the timers: for tests and for who cannot wait. */
  tick(): Promise<void>;
  /** A dead job goes on: proved again, or settled again. @returns false when it is not dead */
  revive(jobId: Hex): Promise<boolean>;
  /** Takes nothing new, lets requests end, gives leadership back, closes the store. */
  close(): Promise<void>;
}

/** @throws NetworkError CONFIG, STORE_LOCKED, ...; ChainError when the chain is another or does not answer */
export async function startCoordinator(config: CoordinatorConfig): Promise<CoordinatorHandle> {
  parseCoordinatorConfig(config);
  throw new NetworkError('not there yet', { code: 'COORDINATOR', where: 'startCoordinator' });
}
