/** What became of the money: claims of everyone, and the sums of the demonstration, from events and balances. */
import { isAddressEqual, type Address, type Hex } from 'viem';
import { CONTRACT_KEYS, CREDIT_KINDS, type ContractKey, type CreditKind, type Economy, type Manifest } from '../../chain/index.js';
import { fundedAs, type ChainAccess, type Role } from '../accounts.js';
import type { Progress } from '../workspace.js';
import { advanceTo } from './chainTime.js';

export interface Claims {
  /** Who claimed, and the gas of the dearest claim. */
  claimed: Set<Address>;
  gas: number;
}

/** Whoever may have a credit, as accounts of a local chain. */
const claimants = (contributors: number): [Role, number][] => [
  ...Array.from({ length: contributors }, (_, c): [Role, number] => ['contributor', c]), ['node', 0], ['secondNode', 0], ['prover', 0], ['treasury', 0], ['challenger', 0],
  ...Array.from({ length: 8 }, (_, i): [Role, number] => ['auditor', i]), ...Array.from({ length: 4 }, (_, i): [Role, number] => ['payer', i]),
];

/** Everyone with an open balance claims it; the auditors' shares go to the audit fund; the node takes back the rest of its deposit. */
export async function claimAll(access: ChainAccess, manifest: Manifest, contributors: number, period: bigint, progress: Progress): Promise<Claims> {
  const claims: Claims = { claimed: new Set(), gas: 0 };
  progress('contributors, node, prover, payers, auditors and treasury claim');
  for (const [role, index] of claimants(contributors)) {
    const economy = await fundedAs(access, manifest, role, index), { address } = economy.client.account!;
    if (!(await economy.rewards.claimable(address)).some((p) => p.open)) continue;
    const { gasUsed } = await economy.claim();
    claims.claimed.add(address);
    claims.gas = Math.max(claims.gas, Number(gasUsed));
  }
  const node = await fundedAs(access, manifest, 'node'), { address } = node.client.account!;
  if ((await node.rewards.balanceOf(node.deployment.court, period)) > 0n) await node.court.collect([period]);
  const deposit = await node.market.depositOf(address);
  if (deposit > 0n) await node.market.withdrawDeposit(deposit);
  return claims;
}

/** Lets the time of a local chain pass until a period can be claimed. */
export const openPeriod = async (economy: Economy, period: bigint): Promise<void> => advanceTo(economy, await economy.rewards.opensAt(period));

/** Lets the settlement window pass and refunds a request that nobody served; anyone may do it. */
export async function refundUnserved(anyone: Economy, key: Hex): Promise<void> {
  await advanceTo(anyone, (await anyone.inferences.payment(key)).deadline + 1n);
  await anyone.refund([key]);
}

export interface Sums {
  /** Fees by what became of them: credits of settled jobs, and refunds. */
  fees: Record<'paidOut' | 'node' | 'prover' | 'auditors' | 'treasury' | 'refunded', bigint>;
  /** Fees that are still in the registry or the vault. */
  left: bigint;
  wrapped: { supply: bigint; backing: bigint; held: Partial<Record<ContractKey, bigint>> };
  /** Every unit that was paid is accounted for, nothing is left, and wrapped OPEN is held and backed to the unit. */
  conserved: boolean;
}

export async function sums(economy: Economy, feesIn: bigint): Promise<Sums> {
  const { deployment, client: { publicClient } } = economy;
  const [byJob, direct] = await Promise.all([economy.events('vault', 'JobCredited'), economy.events('vault', 'Credited')]);
  const ofJobs = (kind: CreditKind): bigint => byJob.filter((e) => CREDIT_KINDS[e.args.kind] === kind).reduce((sum, e) => sum + e.args.amount, 0n);
  const refunds = direct.filter((e) => isAddressEqual(e.args.source, deployment.inferences)).reduce((sum, e) => sum + e.args.amount, 0n);
  const fees = {
    paidOut: ofJobs('contributor'), node: ofJobs('node'), prover: ofJobs('prover'), auditors: ofJobs('auditors'), treasury: ofJobs('treasury'), refunded: ofJobs('zeroQuery') + refunds,
  };
  const held: Partial<Record<ContractKey, bigint>> = {};
  for (const key of CONTRACT_KEYS) {
    const balance = await economy.token.balanceOf(deployment[key]);
    if (balance > 0n) held[key] = balance;
  }
  const supply = await economy.token.totalSupply(), backing = await publicClient.getBalance({ address: deployment.open });
  const left = (held.inferences ?? 0n) + (held.vault ?? 0n);
  const total = (values: Iterable<bigint>): bigint => [...values].reduce((sum, v) => sum + v, 0n);
  const conserved = feesIn === total(Object.values(fees)) && left === 0n && (await economy.rewards.owed()) === 0n && supply === backing && supply === total(Object.values(held));
  return { fees, left, wrapped: { supply, backing, held }, conserved };
}
