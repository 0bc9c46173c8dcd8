/**
 * Who signs. On a local development chain (31337, 1337) every role has its own account of the public test mnemonic;
 * anywhere else the key comes from the environment variable ZKATTR_PRIVATE_KEY and nothing is assumed.
 */
import { parseEther, type Account, type Address, type Hex } from 'viem';
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts';
import { connectChain, Economy, type ChainClient, type Deployment } from '../chain/index.js';
import { CliError } from '../errors/cli.js';

const MNEMONIC = 'test test test test test test test test test test test junk';
export const LOCAL_CHAINS = [31337, 1337];
export const isLocalChain = (chainId: number): boolean => LOCAL_CHAINS.includes(chainId);

/** Account indices of the roles on a local chain. */
export const ROLES = { owner: 0, node: 2, prover: 3, payer: 4, treasury: 9, contributor: 20 } as const;
export type Role = keyof typeof ROLES;

export function account(chainId: number, role: Role, index = 0): Account {
  if (isLocalChain(chainId)) return mnemonicToAccount(MNEMONIC, { addressIndex: ROLES[role] + index });
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
export const economyAs = async (access: ChainAccess, deployment: Deployment, role: Role, index = 0): Promise<Economy> => Economy.connect(await connectAs(access, role, index), deployment);

/** Gives a fresh local account some OPEN for gas. */
export async function fundLocal(access: ChainAccess, address: Address): Promise<void> {
  if (!isLocalChain(access.chainId)) return;
  const client = await connectAs(access, 'owner');
  if ((await client.publicClient.getBalance({ address })) > 0n) return;
  const hash = await client.walletClient!.sendTransaction({ to: address, value: parseEther('1') });
  await client.publicClient.waitForTransactionReceipt({ hash });
}
