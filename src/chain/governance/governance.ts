import { encodeFunctionData, keccak256, stringToHex, type Address, type ContractFunctionArgs, type ContractFunctionName, type Hex } from 'viem';
import { ContractActions, type EconomyContext } from '../context.js';
import { CONTRACTS, type AbiOf, type ContractKey } from '../contracts.js';
import type { Sent } from '../send.js';

export const PROPOSAL_STATE = ['pending', 'active', 'canceled', 'defeated', 'succeeded', 'queued', 'expired', 'executed'] as const;
export type ProposalState = (typeof PROPOSAL_STATE)[number];
export const SUPPORT = ['against', 'for', 'abstain'] as const;

/** One call of the timelock. */
export interface Call {
  target: Address;
  value: bigint;
  data: Hex;
}

export interface Proposal {
  calls: readonly Call[];
  description: string;
}

type Calldata = [targets: readonly Address[], values: readonly bigint[], calldatas: readonly Hex[]];
const lists = (calls: readonly Call[]): Calldata => [calls.map((c) => c.target), calls.map((c) => c.value), calls.map((c) => c.data)];

/** Proposals of OPEN holders: voted, queued in the timelock, executed by anyone. */
export class Governance extends ContractActions<'governor'> {
  constructor(context: EconomyContext) { super(context, 'governor'); }

  /** A call of one of the deployment's contracts, for a proposal. */
  call<K extends ContractKey, F extends ContractFunctionName<AbiOf<K>, 'nonpayable' | 'payable'>>(contract: K, functionName: F, args: ContractFunctionArgs<AbiOf<K>, 'nonpayable' | 'payable', F>): Call {
    return { target: this.context.deployment[contract], value: 0n, data: encodeFunctionData({ abi: CONTRACTS[contract].abi, functionName, args } as never) };
  }

  /** @returns the proposal id */
  propose({ calls, description }: Proposal): Promise<Sent<bigint>> { return this.write('propose', [...lists(calls), description]); }
  vote(proposalId: bigint, support: (typeof SUPPORT)[number], reason?: string): Promise<Sent<bigint>> {
    const code = SUPPORT.indexOf(support);
    return reason === undefined ? this.write('castVote', [proposalId, code]) : this.write('castVoteWithReason', [proposalId, code, reason]);
  }
  queue({ calls, description }: Proposal): Promise<Sent<bigint>> { return this.write('queue', [...lists(calls), keccak256(stringToHex(description))]); }
  execute({ calls, description }: Proposal): Promise<Sent<bigint>> { return this.write('execute', [...lists(calls), keccak256(stringToHex(description))]); }
  cancel({ calls, description }: Proposal): Promise<Sent<bigint>> { return this.write('cancel', [...lists(calls), keccak256(stringToHex(description))]); }

  async state(proposalId: bigint): Promise<ProposalState> { return PROPOSAL_STATE[await this.read('state', [proposalId])]; }
  async votes(proposalId: bigint): Promise<{ against: bigint; for: bigint; abstain: bigint }> {
    const [against, inFavour, abstain] = await this.read('proposalVotes', [proposalId]);
    return { against, for: inFavour, abstain };
  }
  /** Second at which voting starts, and at which it ends. */
  async schedule(proposalId: bigint): Promise<{ start: bigint; end: bigint; executableAt: bigint }> {
    const [start, end, executableAt] = await Promise.all([this.read('proposalSnapshot', [proposalId]), this.read('proposalDeadline', [proposalId]), this.read('proposalEta', [proposalId])]);
    return { start, end, executableAt };
  }
}
