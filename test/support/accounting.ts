/** Where all OPEN of a story is: what each contract holds, and what its own books and events say that it should hold. */
import { CONTRACT_KEYS, STAKE_ROLES, type ContractKey } from '../../src/chain/index.js';
import type { Address, Hex } from 'viem';
import type { Story } from './story.js';

export interface Held {
  /** Wrapped OPEN. */
  balance: bigint;
  accounted: bigint;
}

export interface Accounts {
  wrapped: { supply: bigint; backing: bigint };
  /** Native OPEN of all accounts, of who builds the blocks, and of all contracts. */
  native: bigint;
  /** By contract; `people`: all accounts together, whose wrapped OPEN is their own. */
  held: Record<ContractKey | 'people', Held>;
}

const sum = (list: readonly bigint[]): bigint => list.reduce((a, b) => a + b, 0n);
const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];

export async function accounted(story: Story): Promise<Accounts> {
  const { deployment, accounts } = story, economy = story.as('deployer'), { publicClient } = economy.client;
  const books: Partial<Record<ContractKey, () => Promise<bigint>>> = {
    vault: async () => {
      const [byJob, direct] = [await economy.events('vault', 'JobCredited'), await economy.events('vault', 'Credited')];
      const places = unique([...byJob.map(({ args }) => `${args.account} ${args.period}`), ...direct.map(({ args }) => `${args.account} 0`), ...byJob.map(({ args }) => `${args.account} 0`)]);
      const owed = sum(await Promise.all(places.map((place) => { const [account, period] = place.split(' '); return economy.rewards.balanceOf(account as Address, BigInt(period)); })));
      const jobs = await Promise.all((await economy.events('vault', 'JobOpened')).map(async ({ args }) => ({ state: (await economy.rewards.job(args.jobId)).state, amount: args.amount })));
      const all = owed + sum(jobs.filter((j) => j.state === 'held').map((j) => j.amount));
      if (all !== await economy.rewards.owed()) throw new Error(`the vault says that it owes ${await economy.rewards.owed()}, its balances sum to ${all}`);
      return all;
    },
    inferences: async () => {
      const paid = await economy.events('inferences', 'FeePaid'), states = await Promise.all(paid.map(({ args }) => economy.inferences.payment(args.key)));
      return sum(states.filter(({ status }) => status === 'funded' || status === 'committed').map((s) => s.feeWei));
    },
    stakes: async () => {
      const staked = await economy.events('stakes', 'Staked'), owners = unique(staked.map(({ args }) => `${args.role} ${args.account}`));
      const states = await Promise.all(owners.map((owner) => { const [role, account] = owner.split(' '); return economy.stakes.state(STAKE_ROLES[Number(role)], account as Address); }));
      return sum(states.map((s) => s.active + s.unbonding));
    },
    market: async () => {
      const requesters = unique((await economy.events('market', 'Deposited')).map(({ args }) => args.requester)), opened = await economy.events('market', 'RequestOpened');
      const states = await Promise.all(opened.map(async ({ args }) => ({ status: (await economy.market.request(args.requestId)).status, price: args.request.maxPrice })));
      return sum(await Promise.all(requesters.map((r) => economy.market.depositOf(r)))) + sum(states.filter(({ status }) => status === 'open' || status === 'locked').map((s) => s.price));
    },
    court: async () => {
      const cases = await Promise.all(Array.from({ length: Number(await economy.court.caseCount()) }, (_, i) => economy.court.case(BigInt(i + 1))));
      return await economy.court.auditFund() + sum(cases.filter(({ status }) => status === 'opened' || status === 'drawn').map((c) => c.bond));
    },
  };
  const held = {} as Accounts['held'];
  for (const key of CONTRACT_KEYS) held[key] = { balance: await economy.token.balanceOf(deployment[key]), accounted: await (books[key]?.() ?? 0n) };
  const own = sum(await Promise.all(accounts.map((account) => economy.token.balanceOf(account))));
  held.people = { balance: own, accounted: own };
  const { miner } = await story.rpc<{ miner: Address }>('eth_getBlockByNumber', 'latest', false);
  const everybody = unique([...accounts, miner, ...CONTRACT_KEYS.map((key) => deployment[key])] as Hex[]);
  const native = sum(await Promise.all(everybody.map((address) => publicClient.getBalance({ address }))));
  return { wrapped: { supply: await economy.token.totalSupply(), backing: await publicClient.getBalance({ address: deployment.open }) }, native, held };
}
