import {
  createPublicClient, createWalletClient, defineChain, http, type Account, type Chain, type HttpTransport, type PublicClient, type WalletClient,
} from 'viem';
import { ChainError } from '../errors/chain.js';

/** Reading and, with an account, writing access to one chain. */
export interface ChainClient {
  chainId: number;
  rpcUrl: string;
  publicClient: PublicClient<HttpTransport, Chain>;
  account?: Account;
  walletClient?: WalletClient<HttpTransport, Chain, Account>;
  /** Blocks that one query of events may span; unlimited without it. */
  logRange?: bigint;
}

export interface ConnectOptions {
  rpcUrl: string;
  /** The chain that is meant; another one behind the URL is refused. */
  chainId: number;
  account?: Account;
  pollingIntervalMs?: number;
  logRange?: bigint;
}

/** @throws ChainError CHAIN_UNREACHABLE, CHAIN_ID_MISMATCH */
export async function connectChain({ rpcUrl, chainId, account, pollingIntervalMs, logRange }: ConnectOptions): Promise<ChainClient> {
  const chain = defineChain({ id: chainId, name: `chain ${chainId}`, nativeCurrency: { name: 'OPEN', symbol: 'OPEN', decimals: 18 }, rpcUrls: { default: { http: [rpcUrl] } } });
  const transport = http(rpcUrl);
  const local = /^https?:\/\/(127\.|localhost)/.test(rpcUrl);
  const pollingInterval = pollingIntervalMs ?? (local ? 50 : 1000);
  const publicClient = createPublicClient({ chain, transport, pollingInterval });
  let actual: number;
  try {
    actual = await publicClient.getChainId();
  } catch (cause) {
    throw new ChainError('chain does not answer', { code: 'CHAIN_UNREACHABLE', where: rpcUrl, hint: 'is the node running, is the URL right?', cause });
  }
  if (actual !== chainId) {
    throw new ChainError('wrong chain', { code: 'CHAIN_ID_MISMATCH', where: rpcUrl, expected: chainId, got: actual, hint: 'the digest of every proof names the chain: use the URL and deployment of one chain' });
  }
  const walletClient = account && createWalletClient({ chain, transport, account, pollingInterval });
  return { chainId, rpcUrl, publicClient, account, walletClient, logRange };
}
