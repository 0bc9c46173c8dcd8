import type { Economy } from '../../chain/index.js';
import { CliError } from '../../errors/cli.js';
import { isLocalChain } from '../accounts.js';

/** Lets a local chain's time pass until `timestamp`. @throws CliError LOCAL_CHAIN_ONLY */
export async function advanceTo({ client: { chainId, publicClient } }: Economy, timestamp: bigint): Promise<void> {
  if (!isLocalChain(chainId)) throw new CliError('time passes by itself on this chain', { code: 'LOCAL_CHAIN_ONLY', where: `chain ${chainId}` });
  const request = publicClient.request as unknown as (call: { method: string; params: unknown[] }) => Promise<unknown>;
  const seconds = timestamp - (await publicClient.getBlock()).timestamp;
  if (seconds > 0n) await request({ method: 'evm_increaseTime', params: [Number(seconds)] });
  await request({ method: 'evm_mine', params: [] });
}

/** Mines so many blocks on a local chain. */
export async function mine(economy: Economy, blocks: number): Promise<void> {
  const { timestamp } = await economy.client.publicClient.getBlock();
  for (let i = 0; i < blocks; i++) await advanceTo(economy, timestamp);
}
