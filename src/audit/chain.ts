/** Part 6: registry, escrow and verifier say the same as the artifacts. Only events are read for data: contracts keep hashes. */
import type { Address, Hex } from 'viem';
import { attributionEscrowAbi, attributionVerifierAbi } from '../chain/generated/contracts.js';
import { contractKey, contractShape, paymentKey, read, type Economy } from '../chain/index.js';
import { g2Words } from '../commitment/srs.js';
import { AuditMismatchError } from '../errors/audit.js';
import { receiptHashOf } from '../protocol/receipt.js';
import { receiptInferences } from '../protocol/statements.js';
import { sizeClass } from '../statement/classes.js';
import { RELATION_CODE } from '../statement/sizeClass.js';
import type { VerifierKey } from '../verify/proof.js';
import type { AuditedBatch } from './batch.js';
import { assertOnChain } from './compare.js';
import type { AuditContext } from './context.js';
import type { AuditedJob } from './job.js';
import type { AuditedRegistration } from './registration.js';

const readEvents = async (economy: Economy) => {
  const [adapters, records, paid, blocks, settled, credited, claimed, refunded] = await Promise.all([
    economy.registryEvents('AdapterRegistered'), economy.registryEvents('FeaturesRegistered'), economy.escrowEvents('FeePaid'), economy.escrowEvents('BlockCommitted'),
    economy.escrowEvents('JobSettled'), economy.escrowEvents('Credited'), economy.escrowEvents('Claimed'), economy.escrowEvents('Refunded'),
  ]);
  return { economy, adapters, records, paid, blocks, settled, credited, claimed, refunded };
};
export type ChainView = Awaited<ReturnType<typeof readEvents>>;

/** All events of the deployment. */
export const readChain = ({ list }: AuditContext, economy: Economy): Promise<ChainView | undefined> =>
  list.value('chain: events', () => readEvents(economy), (c) => `${c.records.length} records, ${c.paid.length} payments, ${c.blocks.length} blocks, ${c.settled.length} jobs`);

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Payment keys whose fee went back before the job settled: they count with fee 0 in its proof. */
export function refundedBefore({ settled, refunded }: ChainView, job: Hex): ReadonlySet<string> {
  const settlement = settled.find((event) => event.args.jobId === job);
  const earlier = refunded.filter((e) => !settlement || e.blockNumber < settlement.blockNumber || (e.blockNumber === settlement.blockNumber && e.transactionIndex < settlement.transactionIndex));
  return new Set(earlier.map((e) => e.args.key));
}

/** What an artifact says of its transaction, against the event's. */
async function assertTransaction({ economy }: ChainView, artifact: string, stated: { hash: Hex; gas: number } | undefined, event: { transactionHash: Hex }): Promise<void> {
  if (!stated) return;
  assertOnChain(artifact, 'transaction.hash', event.transactionHash, stated.hash);
  assertOnChain(artifact, 'transaction.gas', Number((await economy.client.publicClient.getTransactionReceipt({ hash: event.transactionHash })).gasUsed), stated.gas);
}

async function auditDeployment({ list, deployment, keys }: AuditContext, { economy }: ChainView, className: string): Promise<void> {
  await list.check('chain: deployment', async () => {
    const file = 'deployment.json';
    if (!deployment) throw new AuditMismatchError(file, 'file', 'could not be read');
    assertOnChain(file, 'chainId', await economy.client.publicClient.getChainId(), deployment.chainId);
    for (const name of ['verifier', 'registry', 'escrow'] as const) assertOnChain(file, name, economy.deployment[name], deployment[name]);
    for (const name of ['verifier', 'registry', 'treasury'] as const) assertOnChain(file, `${name} of the escrow`, await read(economy.client, attributionEscrowAbi, deployment.escrow, name, []), deployment[name]);
    const cls = sizeClass(className);
    for (const [index, entry] of deployment.classes.entries()) assertOnChain(file, `classes[${index}].vkHash`, await economy.vkHash(entry.relation, sizeClass(entry.name).id), entry.vkHash);
    for (const relation of ['features', 'payout'] as const) {
      const [shape, vk] = await read(economy.client, attributionVerifierAbi, deployment.verifier, 'classEntry', [BigInt(RELATION_CODE[relation]), BigInt(cls.id)]);
      assertOnChain('circuits/circuits.json', `${relation} of ${cls.name}`, shape, contractShape(cls, relation));
      assertOnChain(`verification key of ${relation}`, 'key', vk, contractKey(keyWords(keys[relation])));
    }
    return `chain ${deployment.chainId}; contracts, treasury, class and verification keys equal`;
  });
}

const keyWords = ({ alpha, beta, gamma, delta, ic, tauG2 }: VerifierKey): Parameters<typeof contractKey>[0] =>
  ({ alpha, beta: g2Words(beta), gamma: g2Words(gamma), delta: g2Words(delta), IC: ic, tauG2: g2Words(tauG2) });

async function auditRecord({ list }: AuditContext, chain: ChainView, { registration: r, record }: AuditedRegistration): Promise<void> {
  const file = 'registration/registration.json';
  await list.check('chain: registration', async () => {
    const adapter = chain.adapters.find((e) => e.args.adapterId === r.adapterId), features = chain.records.find((e) => e.args.recordId === r.recordId);
    if (!adapter) throw new AuditMismatchError(file, 'adapterId', `${r.adapterId} is not registered on chain`);
    assertOnChain(file, 'adapter', adapter.args.data, r.adapter);
    if (!features) throw new AuditMismatchError(file, 'recordId', `${r.recordId} is not registered on chain`);
    if (!record) throw new AuditMismatchError(file, 'record', 'its values do not fit the contract: see the check of the registration');
    assertOnChain(file, 'record', features.args.record, record);
    assertOnChain(file, 'training', features.args.training, r.training);
    await assertTransaction(chain, file, r.transaction, features);
    const current = await chain.economy.currentRecord(r.adapterId);
    return `adapter and record registered with this data${same(current, r.recordId) ? ', the current record' : `; a later record is current: ${current}`}`;
  });
}

async function auditBlock({ list }: AuditContext, chain: ChainView, { registration: r }: AuditedRegistration, { folder, batch, record }: AuditedBatch, job: AuditedJob | undefined): Promise<void> {
  const file = `batches/${folder}/batch.json`, { receipt } = batch.signed;
  await list.check(`chain: batch ${folder}`, async () => {
    const event = chain.blocks.find((e) => e.args.blockId === batch.blockId);
    if (!event) {
      if (batch.transaction || job) throw new AuditMismatchError(file, 'blockId', `${batch.blockId} is not committed on chain`);
      return 'not committed yet: no transaction in the file, none on chain';
    }
    const { args } = event;
    assertOnChain(file, 'block', { node: args.node, recordId: args.recordId, adapterId: args.adapterId, receiptHash: args.receiptHash }, { node: receipt.node, recordId: r.recordId, adapterId: receipt.adapterId, receiptHash: receiptHashOf(receipt) });
    assertOnChain(file, 'block', args.data, record);
    assertOnChain(file, 'inferences', args.inferences, receiptInferences(receipt));
    await assertTransaction(chain, file, batch.transaction, event);
    const settled = job && chain.settled.some((e) => e.args.jobId === job.job.jobId);
    const first = job ? job.batches.slice(0, job.job.batches.indexOf(folder)).reduce((n, b) => n + b.record.inferences.length, 0) : 0;
    const earlier = job ? refundedBefore(chain, job.job.jobId) : new Set<string>();
    const counts = new Map<string, number>();
    for (const [i, inference] of receipt.inferences.entries()) {
      const key = paymentKey(receipt.node, receipt.adapterId, inference.requestHash, BigInt(inference.nonce)), payment = await chain.economy.payment(key);
      assertOnChain(file, `inferences[${i}].payer`, payment.payer, inference.payer);
      assertOnChain(file, `inferences[${i}].fee`, payment.feeWei, BigInt(inference.fee));
      // A block whose job is not audited here may be in any later state.
      const expected = !job ? ['committed', 'paid', 'refunded'] : earlier.has(key) ? ['refunded'] : !settled ? ['committed'] : (job.job.zeroQueries >> BigInt(first + i)) & 1n ? ['refunded'] : ['paid'];
      if (!expected.includes(payment.status)) {
        throw new AuditMismatchError(file, `inferences[${i}]`, `its payment is ${payment.status} on chain, expected ${expected.join(' or ')}`);
      }
      counts.set(payment.status, (counts.get(payment.status) ?? 0) + 1);
    }
    return `block committed with this data; payments: ${[...counts].map(([status, n]) => `${n} ${status}`).join(', ')}`;
  });
}

/** One settlement: sums, credits of contributors and treasury, refunds of zero queries, event by event. */
async function auditSettlement({ list }: AuditContext, chain: ChainView, { registration: r }: AuditedRegistration, { folder, job, batches }: AuditedJob): Promise<void> {
  const file = `jobs/${folder}/job.json`;
  await list.check(`chain: job ${folder}`, async () => {
    const event = chain.settled.find((e) => e.args.jobId === job.jobId);
    if (!event) {
      if (job.transaction) throw new AuditMismatchError(file, 'jobId', `${job.jobId} is not settled on chain, but the file names transaction ${job.transaction.hash}`);
      return 'not settled yet: no transaction in the file, none on chain';
    }
    await assertTransaction(chain, file, job.transaction, event);
    const earlier = refundedBefore(chain, job.jobId), inferences = batches.flatMap((b) => b.batch.signed.receipt.inferences), keys = batches.flatMap((b) => b.record.inferences.map((i) => i.key));
    const isZero = (q: number): boolean => ((job.zeroQueries >> BigInt(q)) & 1n) === 1n;
    const back = keys.flatMap((key, q) => (isZero(q) && !earlier.has(key) ? [{ key, payer: inferences[q].payer, fee: job.fees[q] }] : []));
    const fees = sum(keys.map((_, q) => (isZero(q) ? 0n : job.fees[q]))), payouts = sum(job.payouts);
    assertOnChain(file, 'settlement', { recordId: event.args.recordId, prover: event.args.prover, fees: event.args.fees, payouts: event.args.payouts, dust: event.args.dust },
      { recordId: job.recordId, prover: job.prover, fees, payouts, dust: fees - payouts });
    const credits: { account: Address; amount: bigint }[] = job.payouts.flatMap((amount, c) => (amount > 0n ? [{ account: r.contributors[c].address, amount }] : []));
    if (fees > payouts) credits.push({ account: await treasuryOf(chain), amount: fees - payouts });
    assertOnChain(file, 'credits', chain.credited.filter((e) => e.args.jobId === job.jobId).map((e) => ({ account: e.args.account, amount: e.args.amount })), credits);
    assertOnChain(file, 'refunds of zero queries', chain.refunded.filter((e) => e.transactionHash === event.transactionHash).map(({ args: { key, payer, fee } }) => ({ key, payer, fee })), back);
    return `settled in block ${event.blockNumber}: fees ${fees}, payouts ${payouts}, dust ${fees - payouts}, ${back.length} refunds, each credit equal`;
  });
}

const treasuryOf = ({ economy }: ChainView): Promise<Address> => read(economy.client, attributionEscrowAbi, economy.deployment.escrow, 'treasury', []);

/** What the escrow owes each contributor is what it credited and has not paid out; its balance covers fees and credits. */
async function auditLedger({ list }: AuditContext, chain: ChainView, { registration: r }: AuditedRegistration): Promise<void> {
  const { economy, credited, claimed, refunded, paid } = chain;
  await list.check('chain: ledger', async () => {
    const accounts = [...new Set([...r.contributors.map((c) => c.address), await treasuryOf(chain)])];
    for (const account of accounts) {
      const owed = sum(credited.filter((e) => same(e.args.account, account)).map((e) => e.args.amount)) + sum(refunded.filter((e) => same(e.args.payer, account)).map((e) => e.args.fee))
        - sum(claimed.filter((e) => same(e.args.account, account)).map((e) => e.args.amount));
      const credits = await economy.credits(account);
      if (credits !== owed) throw new AuditMismatchError('escrow', account, `credits are ${credits}, its events give ${owed}`);
    }
    const balance = await economy.client.publicClient.getBalance({ address: economy.deployment.escrow }), due = sum(paid.map((e) => e.args.fee)) - sum(claimed.map((e) => e.args.amount));
    if (balance < due) throw new AuditMismatchError('escrow', 'balance', `${balance} is less than fees minus claims, ${due}`);
    return `${accounts.length} accounts: credited and refunded less claimed equals credits; escrow holds ${balance}`;
  });
}

export async function auditChain(context: AuditContext, chain: ChainView, registered: AuditedRegistration, batches: readonly AuditedBatch[], jobs: readonly AuditedJob[]): Promise<void> {
  await auditDeployment(context, chain, registered.registration.className);
  await auditRecord(context, chain, registered);
  const isSettled = ({ job }: AuditedJob): boolean => chain.settled.some((e) => e.args.jobId === job.jobId);
  for (const batch of batches) {
    const ofBatch = jobs.filter(({ job }) => job.batches.includes(batch.folder));
    await auditBlock(context, chain, registered, batch, ofBatch.find(isSettled) ?? ofBatch[0]);
  }
  for (const job of jobs) await auditSettlement(context, chain, registered, job);
  await auditLedger(context, chain, registered);
}
