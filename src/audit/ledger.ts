/**
 * The money of the protocol, replayed from events alone.
 *   vault      balance[account, period] += job credits; holds take a job's credits out; direct credits go to period 0; claims empty periods
 *              owed = job credits + direct credits - claims - (released and reversed holds: their direct credits were owed before)
 *   payments   open fees = fees of payments that are neither paid nor refunded
 */
import type { Address, Hex } from 'viem';

type At = { blockNumber: bigint; logIndex: number };
/** An event of the vault, as far as it moves money. */
export type VaultEvent = At & (
  | { type: 'jobCredited'; jobId: Hex; account: Address; amount: bigint; period: bigint }
  /** returns: the job whose held credits this is a part of. */
  | { type: 'credited'; account: Address; amount: bigint; returns?: Hex }
  | { type: 'held' | 'released' | 'reversed'; jobId: Hex; amount: bigint }
  | { type: 'claimed'; account: Address; amount: bigint; periods: readonly bigint[] }
);

export interface VaultLedger {
  /** By account in lower case, then by period. */
  balances: Map<string, Map<bigint, bigint>>;
  owed: bigint;
  held: bigint;
  /** What does not add up: an event that the ones before it contradict. */
  faults: string[];
}

/** @param events  oldest first */
export function replayVault(events: readonly VaultEvent[]): VaultLedger {
  const balances = new Map<string, Map<bigint, bigint>>(), jobs = new Map<Hex, { account: Address; amount: bigint; period: bigint }[]>(), returned = new Map<Hex, bigint>(), faults: string[] = [];
  let owed = 0n, held = 0n;
  const of = (account: Address): Map<bigint, bigint> => {
    const key = account.toLowerCase();
    if (!balances.has(key)) balances.set(key, new Map());
    return balances.get(key)!;
  };
  const add = (account: Address, period: bigint, amount: bigint): void => {
    const own = of(account), next = (own.get(period) ?? 0n) + amount;
    own.set(period, next);
    if (next < 0n) faults.push(`${account}: the balance of period ${period} falls below 0`);
  };
  const expect = (what: string, got: bigint, own: bigint): void => {
    if (got !== own) faults.push(`${what} is ${got}, the other events give ${own}`);
  };
  for (const e of events) {
    switch (e.type) {
      case 'jobCredited':
        add(e.account, e.period, e.amount);
        jobs.set(e.jobId, [...jobs.get(e.jobId) ?? [], e]);
        owed += e.amount;
        break;
      case 'credited':
        add(e.account, 0n, e.amount);
        if (e.returns) returned.set(e.returns, (returned.get(e.returns) ?? 0n) + e.amount);
        owed += e.amount;
        break;
      case 'held': {
        const credits = jobs.get(e.jobId) ?? [];
        for (const { account, amount, period } of credits) add(account, period, -amount);
        expect(`hold of job ${e.jobId}`, e.amount, credits.reduce((sum, c) => sum + c.amount, 0n));
        held += e.amount;
        break;
      }
      case 'released':
      case 'reversed':
        expect(`what was given back of job ${e.jobId}`, returned.get(e.jobId) ?? 0n, e.amount);
        held -= e.amount;
        owed -= e.amount; // its direct credits counted again what was owed
        break;
      case 'claimed': {
        const own = of(e.account);
        let sum = 0n;
        for (const period of e.periods) {
          sum += own.get(period) ?? 0n;
          own.set(period, 0n);
        }
        expect(`claim of ${e.account}`, e.amount, sum);
        owed -= e.amount;
        break;
      }
    }
  }
  const total = [...balances.values()].flatMap((own) => [...own.values()]).reduce((a, b) => a + b, 0n);
  if (total + held !== owed) faults.push(`balances of ${total} and held credits of ${held} are not the ${owed} that is owed`);
  return { balances, owed, held, faults };
}

export type PaymentEvent = At & (
  | { type: 'paid'; key: Hex; fee: bigint }
  | { type: 'refunded'; key: Hex }
  | { type: 'blockSettled'; keys: readonly Hex[] }
);

/** Fees that wait in the inference registry, and those that settlements took. @param events  oldest first */
export function replayPayments(events: readonly PaymentEvent[]): { open: bigint; settled: bigint; refunded: bigint } {
  const open = new Map<Hex, bigint>();
  let settled = 0n, refunded = 0n;
  const close = (key: Hex): bigint => {
    const fee = open.get(key) ?? 0n; // a reversed job refunds fees that left before
    open.delete(key);
    return fee;
  };
  for (const e of events) {
    if (e.type === 'paid') open.set(e.key, e.fee);
    else if (e.type === 'refunded') refunded += close(e.key);
    else for (const key of e.keys) settled += close(key);
  }
  return { open: [...open.values()].reduce((a, b) => a + b, 0n), settled, refunded };
}
