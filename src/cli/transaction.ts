import type { Hex } from 'viem';
import type { ChainClient } from '../chain/index.js';

/** What an artifact notes of a transaction that an earlier run sent. */
export async function noted({ publicClient }: ChainClient, hash: Hex): Promise<{ hash: Hex; gas: number }> {
  const { gasUsed } = await publicClient.getTransactionReceipt({ hash });
  return { hash, gas: Number(gasUsed) };
}
