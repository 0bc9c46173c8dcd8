import type { Abi, ContractEventArgs, ContractEventName, GetContractEventsReturnType } from 'viem';
import { CONTRACTS, type AbiOf, type ContractKey } from './contracts.js';
import type { EconomyContext } from './context.js';
import { chainError } from './revert.js';

export type EventsOf<K extends ContractKey, N extends ContractEventName<AbiOf<K>>> = GetContractEventsReturnType<AbiOf<K>, N, true>;

export interface EventFilter<K extends ContractKey, N extends ContractEventName<AbiOf<K>>> {
  /** Indexed arguments. */
  args?: ContractEventArgs<AbiOf<K>, N>;
  /** The deployment's first block without it. */
  fromBlock?: bigint;
  /** Last block, included; the latest without it. */
  toBlock?: bigint;
}

/**
 * Events of one contract, oldest first. Data of adapters, records and blocks is only there: contracts keep hashes.
 * Asks in ranges of `client.logRange` blocks where the node limits them. @throws ChainError CHAIN_CALL
 */
export async function readEvents<K extends ContractKey, N extends ContractEventName<AbiOf<K>>>(
  { client, deployment }: EconomyContext, contract: K, eventName: N, { args, fromBlock = BigInt(deployment.fromBlock), toBlock }: EventFilter<K, N> = {},
): Promise<EventsOf<K, N>> {
  const { publicClient, logRange } = client;
  const query = async (from: bigint, to: bigint | 'latest'): Promise<readonly unknown[]> =>
    publicClient.getContractEvents({ abi: CONTRACTS[contract].abi as Abi, address: deployment[contract], eventName: eventName as string, args: args as never, fromBlock: from, toBlock: to, strict: true });
  try {
    if (logRange === undefined) return await query(fromBlock, toBlock ?? 'latest') as EventsOf<K, N>;
    const last = toBlock ?? await publicClient.getBlockNumber();
    const found: unknown[] = [];
    for (let from = fromBlock; from <= last; from += logRange) {
      const to = from + logRange - 1n;
      found.push(...await query(from, to < last ? to : last));
    }
    return found as unknown as EventsOf<K, N>;
  } catch (cause) {
    throw chainError(`events ${String(eventName)}`, cause);
  }
}
