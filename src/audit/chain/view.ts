/** The chain as one block leaves it: state and events up to that block, so that parts of an audit cannot contradict each other. */
import type { Abi, ContractEventArgs, ContractEventName, ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType } from 'viem';
import { chainError, CONTRACTS, readEvents, type AbiOf, type ContractKey, type Economy, type EventsOf } from '../../chain/index.js';

/** Place of an event in the chain. */
export interface EventPlace {
  blockNumber: bigint;
  logIndex: number;
}

export const isBefore = (a: EventPlace, b: EventPlace): boolean => a.blockNumber < b.blockNumber || (a.blockNumber === b.blockNumber && a.logIndex < b.logIndex);
export const inOrder = (a: EventPlace, b: EventPlace): number => (isBefore(a, b) ? -1 : 1);
export const sameAccount = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
export const sumOf = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

export class ChainView {
  private readonly timestamps = new Map<bigint, Promise<bigint>>();
  private readonly queries = new Map<string, Promise<unknown>>();

  private constructor(readonly economy: Economy, readonly blockNumber: bigint) {}

  /** The view of the latest block. @throws ChainError */
  static async open(economy: Economy): Promise<ChainView> {
    return new ChainView(economy, await economy.client.publicClient.getBlockNumber());
  }

  /** A view call, as of the view's block. @throws ChainError */
  async read<K extends ContractKey, F extends ContractFunctionName<AbiOf<K>, 'view' | 'pure'>>(
    contract: K, functionName: F, args: ContractFunctionArgs<AbiOf<K>, 'view' | 'pure', F>,
  ): Promise<ContractFunctionReturnType<AbiOf<K>, 'view' | 'pure', F>> {
    const { client: { publicClient }, deployment } = this.economy;
    try {
      return await publicClient.readContract({
        abi: CONTRACTS[contract].abi as Abi, address: deployment[contract], functionName: functionName as string, args: args as readonly unknown[], blockNumber: this.blockNumber,
      }) as ContractFunctionReturnType<AbiOf<K>, 'view' | 'pure', F>;
    } catch (cause) {
      throw chainError(`${contract}.${functionName}`, cause);
    }
  }

  /** Events from the deployment's first block to the view's, oldest first; asked once. @param args  indexed ones */
  events<K extends ContractKey, N extends ContractEventName<AbiOf<K>>>(contract: K, eventName: N, args?: ContractEventArgs<AbiOf<K>, N>): Promise<EventsOf<K, N>> {
    // Nodes take an empty list of topics for any.
    if (args && Object.values(args).some((value) => Array.isArray(value) && value.length === 0)) return Promise.resolve([] as unknown as EventsOf<K, N>);
    const query = JSON.stringify([contract, eventName, args], (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v));
    let found = this.queries.get(query);
    if (!found) this.queries.set(query, (found = readEvents(this.economy, contract, eventName, { args, toBlock: this.blockNumber })));
    return found as Promise<EventsOf<K, N>>;
  }

  /** Seconds of a block. */
  timestamp(blockNumber: bigint): Promise<bigint> {
    let found = this.timestamps.get(blockNumber);
    if (!found) this.timestamps.set(blockNumber, (found = this.economy.client.publicClient.getBlock({ blockNumber }).then((block) => block.timestamp)));
    return found;
  }
}

/** The last of `events` before `place`: what was in force there. */
export const inForce = <T extends EventPlace>(events: readonly T[], place: EventPlace): T | undefined => events.filter((e) => isBefore(e, place)).sort(inOrder).at(-1);
