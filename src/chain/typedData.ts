/**
 * What people sign (EIP-712), equal to the digests of the contracts.
 *   inference registry: BlockCommitment, Receipt, OpeningClaim (a node);  proof market: ProofRequest (a requester)
 *   wrapped OPEN: Permit (ERC-2612)
 */
import { hashTypedData, type Address, type Hex, type TypedDataDomain } from 'viem';
import { ChainError } from '../errors/chain.js';
import type { ChainClient } from './client.js';
import type { Deployment } from './contracts.js';
import type { BlockCommitment, OpeningClaim, ProofRequest, Receipt } from './types.js';

/** Names and versions in the domains of the contracts. */
export const SIGNING_DOMAINS = {
  inferences: { name: 'zkattr inference', version: '1' },
  market: { name: 'zkattr market', version: '1' },
  open: { name: 'Wrapped OPEN', version: '1' },
} as const;

/** Field order is part of the format. */
export const SIGNING_TYPES = {
  G1Point: [{ name: 'x', type: 'uint256' }, { name: 'y', type: 'uint256' }],
  Inference: [{ name: 'requestHash', type: 'bytes32' }, { name: 'nonce', type: 'uint256' }, { name: 'rows', type: 'uint32' }, { name: 'outputHash', type: 'bytes32' }],
  BlockCommitment: [
    { name: 'node', type: 'address' }, { name: 'adapterId', type: 'bytes32' }, { name: 'heightLog', type: 'uint8' }, { name: 'dlt', type: 'G1Point' }, { name: 'x', type: 'G1Point' },
    { name: 'inferences', type: 'Inference[]' }, { name: 'receiptHash', type: 'bytes32' }, { name: 'validUntil', type: 'uint64' },
  ],
  Receipt: [
    { name: 'node', type: 'address' }, { name: 'adapterId', type: 'bytes32' }, { name: 'requestHash', type: 'bytes32' }, { name: 'nonce', type: 'uint256' }, { name: 'outputHash', type: 'bytes32' },
  ],
  OpeningClaim: [
    { name: 'blockId', type: 'bytes32' }, { name: 'table', type: 'uint8' }, { name: 'z', type: 'uint256' }, { name: 'value', type: 'uint256' }, { name: 'rho', type: 'uint256' }, { name: 'w', type: 'G1Point' },
  ],
  ProofRequest: [
    { name: 'requester', type: 'address' }, { name: 'recordId', type: 'bytes32' }, { name: 'blockIds', type: 'bytes32[]' }, { name: 'minPrice', type: 'uint96' }, { name: 'maxPrice', type: 'uint96' },
    { name: 'collateral', type: 'uint96' }, { name: 'biddingStart', type: 'uint64' }, { name: 'rampSeconds', type: 'uint32' }, { name: 'lockSeconds', type: 'uint32' }, { name: 'deadline', type: 'uint64' },
    { name: 'nonce', type: 'uint256' },
  ],
  Permit: [{ name: 'owner', type: 'address' }, { name: 'spender', type: 'address' }, { name: 'value', type: 'uint256' }, { name: 'nonce', type: 'uint256' }, { name: 'deadline', type: 'uint256' }],
} as const;

export interface Permit {
  owner: Address;
  spender: Address;
  value: bigint;
  nonce: bigint;
  deadline: bigint;
}

type Scope = Pick<Deployment, 'chainId'>;
const domain = (contract: keyof typeof SIGNING_DOMAINS, chainId: number, verifyingContract: Address) => ({ ...SIGNING_DOMAINS[contract], chainId, verifyingContract }) satisfies TypedDataDomain;

export const blockCommitmentTypedData = (deployment: Scope & Pick<Deployment, 'inferences'>, message: BlockCommitment) =>
  ({ domain: domain('inferences', deployment.chainId, deployment.inferences), types: SIGNING_TYPES, primaryType: 'BlockCommitment', message }) as const;

export const receiptTypedData = (deployment: Scope & Pick<Deployment, 'inferences'>, message: Receipt) =>
  ({ domain: domain('inferences', deployment.chainId, deployment.inferences), types: SIGNING_TYPES, primaryType: 'Receipt', message }) as const;

export const openingClaimTypedData = (deployment: Scope & Pick<Deployment, 'inferences'>, message: OpeningClaim) =>
  ({ domain: domain('inferences', deployment.chainId, deployment.inferences), types: SIGNING_TYPES, primaryType: 'OpeningClaim', message }) as const;

export const proofRequestTypedData = (deployment: Scope & Pick<Deployment, 'market'>, message: ProofRequest) =>
  ({ domain: domain('market', deployment.chainId, deployment.market), types: SIGNING_TYPES, primaryType: 'ProofRequest', message }) as const;

export const permitTypedData = (deployment: Scope & Pick<Deployment, 'open'>, message: Permit) =>
  ({ domain: domain('open', deployment.chainId, deployment.open), types: SIGNING_TYPES, primaryType: 'Permit', message }) as const;

/** Id of a proof request: its typed-data hash. */
export const proofRequestId = (deployment: Scope & Pick<Deployment, 'market'>, request: ProofRequest): Hex => hashTypedData(proofRequestTypedData(deployment, request));

/** Signs with the client's account; a key that the node holds signs by eth_signTypedData_v4. @throws ChainError READ_ONLY_CLIENT */
export async function signTyped({ account, walletClient }: ChainClient, data: { domain: TypedDataDomain; types: object; primaryType: string; message: object }): Promise<Hex> {
  if (!account || !walletClient) throw new ChainError('client has no account', { code: 'READ_ONLY_CLIENT', where: 'sign', hint: 'pass an account to connectChain' });
  return account.type === 'local' ? account.signTypedData(data as never) : walletClient.signTypedData({ ...data, account } as never);
}
