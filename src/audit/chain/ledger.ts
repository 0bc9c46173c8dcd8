/** Every wei: the vault owes what its events give, each contract holds what it owes, and wrapped OPEN is backed. */
import { formatEther, type Address, type Hex } from 'viem';
import { CASE_STATUS, CREDIT_KINDS, type ContractKey } from '../../chain/index.js';
import { AuditMismatchError } from '../../errors/audit.js';
import type { AuditContext } from '../context.js';
import { replayPayments, replayVault, type PaymentEvent, type VaultEvent } from '../ledger.js';
import { inOrder, sameAccount, sumOf, type ChainView } from './view.js';

const VAULT = 'reward vault';

const COURT_REWARD = CREDIT_KINDS.indexOf('courtReward');

async function vaultEvents(view: ChainView): Promise<VaultEvent[]> {
  const [jobCredited, credited, held, released, reversed, claimed] = await Promise.all([
    view.events('vault', 'JobCredited'), view.events('vault', 'Credited'), view.events('vault', 'JobHeld'), view.events('vault', 'JobReleased'), view.events('vault', 'JobReversed'), view.events('vault', 'Claimed'),
  ]);
  const { court } = view.economy.deployment;
  // The court's own credits refer to a case or, for the fee of an audit, to the job.
  const givesBack = ({ source, kind, ref }: { source: Address; kind: number; ref: Hex }): boolean => sameAccount(source, court) && kind !== COURT_REWARD && BigInt(ref) >> 64n > 0n;
  const at = ({ blockNumber, logIndex }: { blockNumber: bigint; logIndex: number }) => ({ blockNumber, logIndex });
  const outcome = (type: 'held' | 'released' | 'reversed', list: typeof held | typeof released | typeof reversed): VaultEvent[] => list.map((e) => ({ ...at(e), type, jobId: e.args.jobId, amount: e.args.amount }));
  return [
    ...jobCredited.map((e): VaultEvent => ({ ...at(e), type: 'jobCredited', jobId: e.args.jobId, account: e.args.account, amount: e.args.amount, period: e.args.period })),
    ...credited.map((e): VaultEvent => ({ ...at(e), type: 'credited', account: e.args.account, amount: e.args.amount, returns: givesBack(e.args) ? e.args.ref : undefined })),
    ...outcome('held', held), ...outcome('released', released), ...outcome('reversed', reversed),
    ...claimed.map((e): VaultEvent => ({ ...at(e), type: 'claimed', account: e.args.account, amount: e.args.amount, periods: e.args.periods })),
  ].sort(inOrder);
}

async function paymentEvents(view: ChainView): Promise<PaymentEvent[]> {
  const [paid, refunded, committed, settled] = await Promise.all([
    view.events('inferences', 'FeePaid'), view.events('inferences', 'Refunded'), view.events('inferences', 'BlockCommitted'), view.events('inferences', 'BlockSettledBy'),
  ]);
  const keysOf = new Map(committed.map((e) => [e.args.blockId, e.args.data.inferences.map((i): Hex => i.key)]));
  return [
    ...paid.map(({ blockNumber, logIndex, args }): PaymentEvent => ({ blockNumber, logIndex, type: 'paid', key: args.key, fee: args.fee })),
    ...refunded.map(({ blockNumber, logIndex, args }): PaymentEvent => ({ blockNumber, logIndex, type: 'refunded', key: args.key })),
    ...settled.map(({ blockNumber, logIndex, args }): PaymentEvent => ({ blockNumber, logIndex, type: 'blockSettled', keys: keysOf.get(args.blockId) ?? [] })),
  ].sort(inOrder);
}

/** @param accounts  whose balances, beside those of court and treasury, are compared period by period; those of all others by their sum */
export async function auditLedger({ list }: AuditContext, view: ChainView, accounts: readonly Address[]): Promise<void> {
  await list.check('chain: reward vault', async () => {
    const ledger = replayVault(await vaultEvents(view));
    if (ledger.faults.length > 0) throw new AuditMismatchError(VAULT, 'events', ledger.faults[0]);
    let compared = 0;
    const treasury = await view.read('parameters', 'treasury', []);
    for (const account of new Map([...accounts, view.economy.deployment.court, treasury].map((a) => [a.toLowerCase(), a])).values()) {
      for (const [period, own] of ledger.balances.get(account.toLowerCase()) ?? []) {
        const balance = await view.read('vault', 'balanceOf', [account, period]);
        if (balance !== own) throw new AuditMismatchError(VAULT, `${account}, period ${period}`, `balance is ${balance}, its events give ${own}`);
        compared++;
      }
    }
    const [owed, held] = await Promise.all([view.read('vault', 'owed', []), view.read('vault', 'held', [])]);
    if (owed !== ledger.owed) throw new AuditMismatchError(VAULT, 'owed', `the vault says ${owed}, its events give ${ledger.owed}`);
    if (held !== ledger.held) throw new AuditMismatchError(VAULT, 'held', `the vault says ${held}, its events give ${ledger.held}`);
    return `credits, claims, holds and reversals of ${ledger.balances.size} accounts give owed ${owed}, of it held ${held}; ${compared} balances equal`;
  });
  await list.check('chain: solvency', async () => {
    const payments = replayPayments(await paymentEvents(view));
    const settled = sumOf((await view.events('settlement', 'JobSettled')).map((e) => e.args.fees));
    if (settled !== payments.settled) throw new AuditMismatchError('settlement', 'fees', `jobs settled ${settled}, their blocks held ${payments.settled}`);
    const due: [ContractKey, string, bigint][] = [
      ['vault', 'what it owes', await view.read('vault', 'owed', [])],
      ['inferences', 'open fees', payments.open],
      ['stakes', 'stakes', await stakesOf(view)],
      ['market', 'deposits and open requests', await marketOf(view)],
      ['court', 'bonds and audit fund', await courtOf(view)],
    ];
    const notes: string[] = [];
    for (const [contract, what, amount] of due) {
      const balance = await view.read('open', 'balanceOf', [view.economy.deployment[contract]]);
      if (balance < amount) throw new AuditMismatchError(contract, 'balance', `${balance} of wrapped OPEN is less than ${what}, ${amount}`);
      notes.push(`${contract} ${formatEther(amount)}${balance > amount ? ` and ${balance - amount} wei that somebody sent there` : ''}`);
    }
    const [backing, supply] = await Promise.all([
      view.economy.client.publicClient.getBalance({ address: view.economy.deployment.open, blockNumber: view.blockNumber }), view.read('open', 'totalSupply', []),
    ]);
    if (backing < supply) throw new AuditMismatchError('wrapped OPEN', 'balance', `${backing} is less than its supply, ${supply}`);
    return `OPEN held for what is owed: ${notes.join(', ')}; ${formatEther(supply)} wrapped OPEN backed by ${formatEther(backing)}`;
  });
}

const amounts = (events: readonly { args: { amount: bigint } }[]): bigint => sumOf(events.map((e) => e.args.amount));

async function stakesOf(view: ChainView): Promise<bigint> {
  const [staked, withdrawn, slashed] = await Promise.all([view.events('stakes', 'Staked'), view.events('stakes', 'Withdrawn'), view.events('stakes', 'Slashed')]);
  return amounts(staked) - amounts(withdrawn) - amounts(slashed);
}

/** Deposits less what was withdrawn or paid for proofs: unspent prices return to the deposits. */
async function marketOf(view: ChainView): Promise<bigint> {
  const [deposited, withdrawn, paid] = await Promise.all([view.events('market', 'Deposited'), view.events('market', 'DepositWithdrawn'), view.events('market', 'RequestPaid')]);
  return amounts(deposited) - amounts(withdrawn) - sumOf(paid.map((e) => e.args.price));
}

async function courtOf(view: ChainView): Promise<bigint> {
  const [opened, closed, fund] = await Promise.all([view.events('court', 'CaseOpened'), view.events('court', 'CaseClosed'), view.read('court', 'auditFund', [])]);
  const over = new Set(closed.filter((e) => CASE_STATUS[e.args.status] !== 'opened').map((e) => e.args.caseId));
  return fund + sumOf(opened.filter((e) => !over.has(e.args.caseId)).map((e) => e.args.bond));
}
