/** Intents as calls: their calldata, simulation with the reason of a revert, gas. */
import { decodeFunctionData, encodeFunctionData, type Abi, type Hex } from 'viem';
import { CONTRACTS, chainError, type BlockCommitment, type ContractKey, type Delivery, type Economy, type SettleInput } from '../../src/chain/index.js';
import { contractErrorsAbi } from '../../src/chain/generated/contracts.js';
import type { ChainError } from '../../src/errors/chain.js';

export type CompleteSettlement = SettleInput & { settlement: { selector: Hex } };
export interface SignedCommitment {
  commitment: BlockCommitment;
  signature: Hex;
}

export const settleCalldata = ({ job, settlement, opening, proof }: CompleteSettlement): Hex => encodeFunctionData({ abi: CONTRACTS.settlement.abi, functionName: 'settle', args: [job, settlement, opening, proof] });
export const deliverCalldata = (delivery: Delivery): Hex => encodeFunctionData({ abi: CONTRACTS.market.abi, functionName: 'deliver', args: [delivery] });
export const deliverManyCalldata = (deliveries: readonly Delivery[]): Hex => encodeFunctionData({ abi: CONTRACTS.market.abi, functionName: 'deliverMany', args: [deliveries] });
export const commitCalldata = (list: readonly SignedCommitment[]): Hex =>
  encodeFunctionData({ abi: CONTRACTS.inferences.abi, functionName: 'commitSigned', args: [list.map((c) => c.commitment), list.map((c) => c.signature)] });

export function deliveryOf(calldata: Hex): Delivery {
  return (decodeFunctionData({ abi: CONTRACTS.market.abi, data: calldata }).args as unknown as [Delivery])[0];
}
export function commitmentsOf(calldata: Hex): SignedCommitment[] {
  const [commitments, signatures] = decodeFunctionData({ abi: CONTRACTS.inferences.abi, data: calldata }).args as unknown as [BlockCommitment[], Hex[]];
  return commitments.map((commitment, i) => ({ commitment, signature: signatures[i] }));
}
/** Payment keys of the job that a settlement or delivery settles, in its order. */
export function paymentKeysOf(kind: 'settle' | 'deliver', calldata: Hex): Hex[] {
  const job = kind === 'deliver' ? deliveryOf(calldata).job : (decodeFunctionData({ abi: CONTRACTS.settlement.abi, data: calldata }).args as unknown as [SettleInput['job']])[0];
  return job.blocks.flatMap((block) => block.inferences.map((i) => i.key));
}

export type Simulated = { ok: true; result: unknown; gas: bigint } | { ok: false; error: ChainError };

/** Simulates calldata on a contract and estimates its gas with head room: calls that forward 63/64 of it need more than an estimate. */
export async function simulate({ client: { publicClient, account }, deployment }: Economy, contract: ContractKey, calldata: Hex): Promise<Simulated> {
  const abi = CONTRACTS[contract].abi as Abi, { functionName, args } = decodeFunctionData({ abi, data: calldata });
  const request = { abi: [...abi, ...contractErrorsAbi] as Abi, address: deployment[contract], functionName, args, account };
  try {
    const { result } = await publicClient.simulateContract(request as never);
    return { ok: true, result, gas: ((await publicClient.estimateContractGas({ ...request, blockTag: 'latest' } as never)) * 13n) / 10n + 50_000n };
  } catch (cause) {
    return { ok: false, error: chainError(functionName, cause) };
  }
}
