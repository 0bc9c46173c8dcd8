/**
 * Who signs. On a local development chain (31337, 1337) every role has its own account of the public test mnemonic;
 * anywhere else the key comes from the environment variable ZKATTR_PRIVATE_KEY and nothing is assumed.
 */
import { parseEther, type Account, type Address, type Hex } from 'viem';
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts';
import { LOCAL_CHAIN_IDS } from '../chain/deploy.js';
import { connectChain, deploymentOf, Economy, type ChainClient, type Manifest } from '../chain/index.js';
import { CliError } from '../errors/cli.js';

const MNEMONIC = 'test test test test test test test test test test test junk';
export const isLocalChain = (chainId: number): boolean => LOCAL_CHAIN_IDS.includes(chainId);

/** Account indices of the roles on a local chain, and how many there are of each. */
export const ROLES = {
  owner: [0, 1], secondNode: [1, 1], node: [2, 1], prover: [3, 1], payer: [4, 4], coordinator: [8, 1], treasury: [9, 1], auditor: [10, 8], challenger: [18, 1], contributor: [20, 64], networkProver: [84, 16],
} as const;
export type Role = keyof typeof ROLES;

/** A role's account; of a role that many have, the one at `index`. */
export interface Actor {
  role: Role;
  index: number;
}

let contributors: Account[] | undefined;
/**
 * Local accounts of contributors, in address order: that is the order of a Datanet's snapshot, so contributor c of a training
 * plan is the c-th of them.
 */
const localContributors = (): Account[] => contributors ??= Array.from({ length: ROLES.contributor[1] }, (_, i) => mnemonicToAccount(MNEMONIC, { addressIndex: ROLES.contributor[0] + i }))
  .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));

export function account(chainId: number, role: Role, index = 0): Account {
  const [first, count] = ROLES[role];
  if (isLocalChain(chainId)) {
    if (index >= count) throw new CliError('a local chain has no such account', { code: 'ROLE_INDEX', where: `${role}:${index}`, expected: `an index below ${count}` });
    return role === 'contributor' ? localContributors()[index] : mnemonicToAccount(MNEMONIC, { addressIndex: first + index });
  }
  const key = process.env.ZKATTR_PRIVATE_KEY;
  if (!key || !/^0x[0-9a-fA-F]{64}$/.test(key)) {
    throw new CliError('no key to sign with', { code: 'NO_PRIVATE_KEY', where: 'ZKATTR_PRIVATE_KEY', expected: 'a 0x-hex private key', hint: 'off local chains the signing key comes from this environment variable' });
  }
  return privateKeyToAccount(key as Hex);
}

export interface ChainAccess {
  rpcUrl: string;
  chainId: number;
}

export const connectAs = (access: ChainAccess, role: Role, index = 0): Promise<ChainClient> => connectChain({ ...access, account: account(access.chainId, role, index) });
export const economyAs = async (access: ChainAccess, manifest: Manifest, role: Role, index = 0): Promise<Economy> => Economy.connect(await connectAs(access, role, index), deploymentOf(manifest));
/** Reads only. */
export const economyOf = async (access: ChainAccess, manifest: Manifest): Promise<Economy> => Economy.connect(await connectChain(access), deploymentOf(manifest));

/** A local account gets OPEN until it has `least`; elsewhere people fund their accounts. */
export async function fundLocal(access: ChainAccess, address: Address, least = parseEther('1')): Promise<void> {
  if (!isLocalChain(access.chainId)) return;
  const client = await connectAs(access, 'owner');
  const balance = await client.publicClient.getBalance({ address });
  if (balance >= least || address === client.account!.address) return;
  const hash = await client.walletClient!.sendTransaction({ to: address, value: least - balance });
  await client.publicClient.waitForTransactionReceipt({ hash });
}

/** The view of an account that can pay `spends` and some gas. */
export async function fundedAs(access: ChainAccess, manifest: Manifest, role: Role, index = 0, spends = 0n): Promise<Economy> {
  await fundLocal(access, account(access.chainId, role, index).address, spends + parseEther('1'));
  return economyAs(access, manifest, role, index);
}
