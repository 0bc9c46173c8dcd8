import { STAKE_ROLES, type Economy, type StakeRole, type StakeState } from '../../chain/index.js';

/** Least stakes of the roles that have one; provers put up what the requests ask for. */
export async function leastStake(economy: Economy, role: StakeRole): Promise<bigint> {
  const rules = await economy.parameters.stakes();
  return role === 'prover' ? 0n : rules[role];
}

/** Deposits what the account's active stake lacks. @returns what it deposited */
export async function ensureStake(economy: Economy, role: StakeRole, least: bigint): Promise<bigint> {
  const { active } = await economy.stakes.state(role, economy.client.account!.address);
  if (active >= least) return 0n;
  await economy.stakes.deposit(role, least - active);
  return least - active;
}

export interface StakeLine extends StakeState {
  role: StakeRole;
  least: bigint;
}

/** Stakes of an account by role; roles without any left out. */
export async function stakesOf(economy: Economy, address: `0x${string}`): Promise<StakeLine[]> {
  const lines = await Promise.all(STAKE_ROLES.map(async (role) => ({ role, least: await leastStake(economy, role), ...await economy.stakes.state(role, address) })));
  return lines.filter(({ active, unbonding, obligated, holds }) => active > 0n || unbonding > 0n || obligated > 0n || holds > 0n);
}
