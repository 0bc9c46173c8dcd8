import type { Abi, Address, ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType, TransactionReceipt } from 'viem';
import { ChainError } from '../errors/chain.js';
import type { ChainClient } from './client.js';
import { contractErrorsAbi } from './generated/contracts.js';
import { chainError } from './revert.js';

/** Result of a sent transaction: what the simulation returned, and the receipt. */
export interface Sent<T> {
  result: T;
  receipt: TransactionReceipt;
  gasUsed: bigint;
}

type Write = 'nonpayable' | 'payable';

/**
 * Simulates a call, sends it with gas head room, waits for the receipt.
 * The simulation alone tells why a call reverts; an estimate alone can be too low for calls that forward 63/64 of the gas.
 * @throws ChainError REVERT_<Name>, READ_ONLY_CLIENT, TRANSACTION_FAILED, CHAIN_CALL
 */
export async function send<const A extends Abi, F extends ContractFunctionName<A, Write>>(
  client: ChainClient, abi: A, address: Address, functionName: F, args: ContractFunctionArgs<A, Write, F>, value?: bigint,
): Promise<Sent<ContractFunctionReturnType<A, Write, F>>> {
  const { walletClient, publicClient, account } = client;
  if (!walletClient || !account) throw new ChainError('client has no account', { code: 'READ_ONLY_CLIENT', where: functionName, hint: 'pass an account to connectChain' });
  const request = { abi: [...abi, ...contractErrorsAbi] as Abi, address, functionName: functionName as string, args: args as readonly unknown[], account, value };
  try {
    const { result } = await publicClient.simulateContract(request as never);
    const estimate = await publicClient.estimateContractGas(request as never);
    const hash = await walletClient.writeContract({ ...request, gas: (estimate * 13n) / 10n + 50_000n } as never);
    const receipt = await publicClient.waitForTransactionReceipt({ hash });
    if (receipt.status !== 'success') {
      throw new ChainError('transaction failed', { code: 'TRANSACTION_FAILED', where: `${functionName} ${hash}`, hint: 'the chain changed between simulation and inclusion; read its state and try again' });
    }
    return { result: result as ContractFunctionReturnType<A, Write, F>, receipt, gasUsed: receipt.gasUsed };
  } catch (cause) {
    throw chainError(functionName, cause);
  }
}

/** Reads a view function. @throws ChainError */
export async function read<const A extends Abi, F extends ContractFunctionName<A, 'view' | 'pure'>>(
  client: ChainClient, abi: A, address: Address, functionName: F, args: ContractFunctionArgs<A, 'view' | 'pure', F>,
): Promise<ContractFunctionReturnType<A, 'view' | 'pure', F>> {
  try {
    const request = { abi: [...abi, ...contractErrorsAbi] as Abi, address, functionName: functionName as string, args: args as readonly unknown[], account: client.account };
    return (await client.publicClient.readContract(request as never)) as ContractFunctionReturnType<A, 'view' | 'pure', F>;
  } catch (cause) {
    throw chainError(functionName, cause);
  }
}

/** @throws ChainError CONTRACT_MISSING when there is no code at the address */
export async function assertDeployed(client: ChainClient, name: string, address: Address): Promise<void> {
  const code = await client.publicClient.getCode({ address });
  if (!code || code === '0x') {
    throw new ChainError('no contract at this address', { code: 'CONTRACT_MISSING', where: `${name} ${address} on chain ${client.chainId}`, hint: 'deploy first, or check the chain and the deployment file' });
  }
}
