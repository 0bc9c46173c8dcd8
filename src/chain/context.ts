import type { Abi, Address, ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType } from 'viem';
import { ChainError } from '../errors/chain.js';
import type { ChainClient } from './client.js';
import { CONTRACTS, type AbiOf, type ContractKey, type Deployment } from './contracts.js';
import { read, send, type Sent } from './send.js';

/** One account's view of a deployment: what every action needs. */
export interface EconomyContext {
  client: ChainClient;
  deployment: Deployment;
}

type Write = 'nonpayable' | 'payable';
type View = 'view' | 'pure';

/** Calls of one contract of a deployment, typed by its ABI: `write` simulates, sends and waits, `read` reads. All throw ChainError. */
export abstract class ContractActions<K extends ContractKey> {
  protected constructor(protected readonly context: EconomyContext, private readonly key: K) {}

  get address(): Address {
    return this.context.deployment[this.key];
  }

  protected write<F extends ContractFunctionName<AbiOf<K>, Write>>(
    functionName: F, args: ContractFunctionArgs<AbiOf<K>, Write, F>, value?: bigint,
  ): Promise<Sent<ContractFunctionReturnType<AbiOf<K>, Write, F>>> {
    return send(this.context.client, CONTRACTS[this.key].abi as Abi, this.address, functionName, args as readonly unknown[], value) as Promise<Sent<ContractFunctionReturnType<AbiOf<K>, Write, F>>>;
  }

  protected read<F extends ContractFunctionName<AbiOf<K>, View>>(
    functionName: F, args: ContractFunctionArgs<AbiOf<K>, View, F>,
  ): Promise<ContractFunctionReturnType<AbiOf<K>, View, F>> {
    return read(this.context.client, CONTRACTS[this.key].abi as Abi, this.address, functionName, args as readonly unknown[]) as Promise<ContractFunctionReturnType<AbiOf<K>, View, F>>;
  }
}

/** Address of the client's account. @throws ChainError READ_ONLY_CLIENT */
export function accountOf({ client }: Pick<EconomyContext, 'client'>, where: string): Address {
  if (!client.account) throw new ChainError('client has no account', { code: 'READ_ONLY_CLIENT', where, hint: 'pass an account to connectChain' });
  return client.account.address;
}

/** How an amount is sent: the chain's OPEN with the call, or wrapped OPEN that the contract pulls (approve it first). */
export type Form = 'native' | 'wrapped';
export const valueOf = (amount: bigint, form: Form = 'native'): bigint => (form === 'native' ? amount : 0n);
