import type { Address } from 'viem';
import type { EconomyContext } from '../context.js';
import { CONTRACTS } from '../contracts.js';
import { readEvents } from '../events.js';
import { read } from '../send.js';

export interface ClaimablePeriod {
  /** 0: refunds, prices, awards; always open. */
  period: bigint;
  amount: bigint;
  /** Second from which it can be claimed. */
  opensAt: bigint;
  open: boolean;
}

/** Periods in which an account has a balance, oldest first, and when they open. @throws ChainError */
export async function claimable(context: EconomyContext, account: Address): Promise<ClaimablePeriod[]> {
  const { client, deployment } = context;
  const { abi } = CONTRACTS.vault;
  const [credited, head] = await Promise.all([readEvents(context, 'vault', 'JobCredited', { args: { account } }), client.publicClient.getBlock()]);
  const periods = [...new Set([0n, ...credited.map((e) => e.args.period)])].sort((a, b) => (a < b ? -1 : 1));
  const all = await Promise.all(periods.map(async (period): Promise<ClaimablePeriod> => {
    const [amount, opensAt] = await Promise.all([
      read(client, abi, deployment.vault, 'balanceOf', [account, period]),
      period === 0n ? 0n : read(client, abi, deployment.vault, 'opensAt', [period]),
    ]);
    return { period, amount, opensAt, open: opensAt <= head.timestamp };
  }));
  return all.filter((p) => p.amount > 0n);
}
