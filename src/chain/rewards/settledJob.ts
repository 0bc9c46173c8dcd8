/** One settled job, put together from events: its blocks, their inferences and payers, the record and where its rows came from. */
import { decodeFunctionData, isAddressEqual, parseEventLogs, type Address, type Hex } from 'viem';
import { ChainError } from '../../errors/chain.js';
import type { EconomyContext } from '../context.js';
import { CONTRACTS } from '../contracts.js';
import { readEvents } from '../events.js';
import { jobId as hashJob } from '../ids.js';
import { read } from '../send.js';
import { JOB_STATE, type FeeSplit, type JobState, type Settlement } from '../types.js';

export interface JobQuery {
  /** Position in the job: bit of zeroQueries. */
  query: number;
  key: Hex;
  blockId: Hex;
  node: Address;
  payer: Address;
  fee: bigint;
  rows: number;
  requestHash: Hex;
  outputHash: Hex;
  /** Contributors' part of the fee, 0 when it was refunded before the job was settled. */
  contributorPart: bigint;
  refunded: boolean;
}

export interface SettledJobDetails {
  jobId: Hex;
  transactionHash: Hex;
  blockNumber: bigint;
  prover: Address;
  fees: bigint;
  payouts: bigint;
  dust: bigint;
  /** Verifier that was asked. */
  selector: Hex;
  state: JobState;
  period: bigint;
  challengeUntil: bigint;
  queries: JobQuery[];
  /** Bit q: query q had no positive score. Undefined when another contract called the settlement. */
  zeroQueries?: bigint;
  record: {
    recordId: Hex;
    adapterId: Hex;
    adapterOwner: Address;
    modelHash: Hex;
    snapshotId: Hex;
    /** 0 when the snapshot's event is not found. */
    datanetId: bigint;
    contributors: readonly { account: Address; rows: number }[];
  };
}

export type JobSettled = Awaited<ReturnType<typeof readEvents<'settlement', 'JobSettled'>>>[number];

/** @throws ChainError JOB_UNKNOWN, JOB_EVENTS when the events of a job do not fit together */
export async function settledJob(context: EconomyContext, jobId: Hex): Promise<SettledJobDetails> {
  const { client, deployment } = context;
  const settled = await settlementOf(context, jobId);
  const { recordId, prover, fees, payouts, dust, selector } = settled.args;
  const blockIds = await blocksOf(context, settled);
  const [[state, period, challengeUntil], record, queries, zeroQueries] = await Promise.all([
    read(client, CONTRACTS.vault.abi, deployment.vault, 'job', [jobId]), recordOf(context, recordId), queriesOf(context, blockIds, settled), zeroQueriesOf(context, settled),
  ]);
  return {
    jobId, transactionHash: settled.transactionHash, blockNumber: settled.blockNumber, prover, fees, payouts, dust, selector, state: JOB_STATE[state], period, challengeUntil, queries, zeroQueries, record,
  };
}

/** @throws ChainError JOB_UNKNOWN */
export async function settlementOf(context: EconomyContext, jobId: Hex): Promise<JobSettled> {
  const [settled] = await readEvents(context, 'settlement', 'JobSettled', { args: { jobId } });
  if (!settled) throw new ChainError('no such settled job', { code: 'JOB_UNKNOWN', where: jobId, hint: 'use a node that keeps the history of events' });
  return settled;
}

export const missing = (what: string, where: Hex): ChainError => new ChainError(`events of the job are incomplete: ${what}`, { code: 'JOB_EVENTS', where, hint: 'use a node that keeps the history of events' });

/** Ids of a job's blocks: what the settlement marked just before it; the job id proves the list. */
export async function blocksOf({ client, deployment }: EconomyContext, { args, transactionHash, logIndex }: JobSettled): Promise<Hex[]> {
  const { logs } = await client.publicClient.getTransactionReceipt({ hash: transactionHash });
  const marked = parseEventLogs({ abi: CONTRACTS.inferences.abi, eventName: 'BlockSettledBy', logs })
    .filter((log) => isAddressEqual(log.address, deployment.inferences) && log.logIndex < logIndex).map((log) => log.args.blockId);
  for (let start = marked.length - 1; start >= 0; start--) {
    const list = marked.slice(start);
    if (hashJob(args.recordId, list) === args.jobId) return list;
  }
  throw missing('its blocks', args.jobId);
}

async function recordOf(context: EconomyContext, recordId: Hex): Promise<SettledJobDetails['record']> {
  const [features] = await readEvents(context, 'models', 'FeaturesRegistered', { args: { recordId } });
  if (!features) throw missing('the features record', recordId);
  const { adapterId, record, training } = features.args;
  const [adapter] = await readEvents(context, 'models', 'AdapterRegistered', { args: { adapterId } });
  if (!adapter) throw missing('the adapter', adapterId);
  const { owner, data: { modelHash, snapshotId } } = adapter.args;
  const [snapshot] = await readEvents(context, 'datanets', 'SnapshotCreated', { args: { snapshotId } });
  return {
    recordId, adapterId, adapterOwner: owner, modelHash, snapshotId, datanetId: snapshot?.args.datanetId ?? 0n,
    contributors: record.contributors.map((account, c) => ({ account, rows: training.rows[c] })),
  };
}

async function queriesOf(context: EconomyContext, blockIds: readonly Hex[], settled: JobSettled): Promise<JobQuery[]> {
  const { client, deployment } = context;
  const committed = await readEvents(context, 'inferences', 'BlockCommitted', { args: { blockId: [...blockIds] } });
  const blocks = blockIds.map((id) => committed.find((e) => e.args.blockId === id)?.args ?? (() => { throw missing('a block', id); })());
  const keys = blocks.flatMap((b) => b.data.inferences.map((i) => i.key));
  const [paid, refunded] = await Promise.all([readEvents(context, 'inferences', 'FeePaid', { args: { key: keys } }), readEvents(context, 'inferences', 'Refunded', { args: { key: keys } })]);
  const before = new Set(refunded.filter((e) => e.blockNumber < settled.blockNumber || (e.blockNumber === settled.blockNumber && e.logIndex < settled.logIndex)).map((e) => e.args.key));
  const splits = new Map<number, FeeSplit>();
  for (const { data: { splitId } } of blocks) if (!splits.has(splitId)) splits.set(splitId, await read(client, CONTRACTS.parameters.abi, deployment.parameters, 'split', [splitId]));
  let query = 0;
  return blocks.flatMap(({ blockId, node, data, inferences }) => data.inferences.map(({ key, rows }, i): JobQuery => {
    const payment = paid.find((e) => e.args.key === key);
    if (!payment) throw missing('a payment', key);
    const { payer, fee, requestHash } = payment.args, gone = before.has(key);
    return {
      query: query++, key, blockId, node, payer, fee, rows, requestHash, outputHash: inferences[i].outputHash, refunded: gone,
      contributorPart: gone ? 0n : (fee * BigInt(splits.get(data.splitId)!.contributors)) / 10_000n,
    };
  }));
}

/** The calldata says which queries had no positive score; no event does. */
async function zeroQueriesOf({ client, deployment }: EconomyContext, { args, transactionHash }: JobSettled): Promise<bigint | undefined> {
  const { to, input } = await client.publicClient.getTransaction({ hash: transactionHash });
  const found = (list: readonly { job: { prover: Address }; settlement: Settlement }[]): bigint | undefined => (list.length === 1 && isAddressEqual(list[0].job.prover, args.prover) ? list[0].settlement.zeroQueries : undefined);
  try {
    if (to && isAddressEqual(to, deployment.settlement)) {
      const call = decodeFunctionData({ abi: CONTRACTS.settlement.abi, data: input });
      if (call.functionName === 'settle') return found([{ job: call.args[0], settlement: call.args[1] }]);
    }
    if (to && isAddressEqual(to, deployment.market)) {
      const call = decodeFunctionData({ abi: CONTRACTS.market.abi, data: input });
      if (call.functionName === 'deliver') return found([call.args[0]]);
      // The request names record and blocks, hence the job.
      if (call.functionName === 'deliverMany') return found(call.args[0].filter(({ request }) => hashJob(request.recordId, request.blockIds) === args.jobId).slice(0, 1));
    }
  } catch {
    // calldata of another form: unknown
  }
  return undefined;
}
