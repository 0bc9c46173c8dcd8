/**
 * Signed proof requests that come with jobs. The market owes a request's price to the prover that has it locked, so the agent locks it:
 *   proof made and checked -> lock signed, written down, sent -> locked -> proof handed in, the coordinator delivers it
 *                                                                     -> not paid in the first half of the lock: delivered from here
 * A lock ties collateral that is lost when no proof follows: it comes after the proof, and what was locked is watched until it is paid,
 * through restarts, a lost lease, a coordinator that does not deliver. A transaction is on disk before it is sent, and no second one for
 * the same thing is signed while the first may still be mined. Without a lock the job is paid by its fees alone.
 *   <dir>/<request id>.json
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeFunctionData, encodeFunctionData, isAddressEqual, keccak256, TransactionReceiptNotFoundError, type Abi, type Address, type Hex, type LocalAccount } from 'viem';
import { z } from 'zod';
import { chainError, connectChain, CONTRACTS, Economy, jobId as jobIdOf, priceAt, proofRequestId, type Deployment, type RequestState } from '../../src/chain/index.js';
import { contractErrorsAbi } from '../../src/chain/generated/contracts.js';
import { ChainError } from '../../src/errors/chain.js';
import { writeFileAtomic } from '../../src/files/atomic.js';
import { orderSchema, requestOf, type ProofJob } from '../../src/protocol/network/job.js';
import { bytes, count, word } from '../../src/protocol/words.js';
import { sleep } from './backOff.js';
import type { AgentLogger } from './logs.js';

export interface MarketOptions {
  rpcUrl: string;
  /** Contracts that are meant: nothing that a coordinator says is called. */
  deployment: Deployment;
  /** No request is locked below this price, base units; default 0. */
  minPrice?: bigint;
  /** Between two looks at the chain; and how long a lock is waited for before the proof is handed in without it. */
  pollMs?: number;
  waitMs?: number;
}

interface OrdersOptions extends MarketOptions {
  account: LocalAccount;
  dir: string;
  logger: AgentLogger;
}

const transactionSchema = z.strictObject({ nonce: count, hash: word, raw: bytes });
type Transaction = z.infer<typeof transactionSchema>;
/** delivery: calldata for the market. */
const entrySchema = z.strictObject({ version: z.literal(1), requestId: word, jobId: word, order: orderSchema, delivery: bytes, lock: transactionSchema.optional(), deliver: transactionSchema.optional() });
interface Entry extends z.infer<typeof entrySchema> {
  /** The coordinator will not deliver it. */
  alone?: boolean;
}

const POLL_MS = 2000, WAIT_MS = 60_000;
/** A request with less time is not locked: the delivery could come late. */
const LEAST_SECONDS = 20n;

export class Orders {
  readonly #entries = new Map<Hex, Entry>();
  readonly #ending = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  #turn: Promise<unknown> = Promise.resolve();
  #economy?: Economy;

  private constructor(private readonly options: OrdersOptions) {}

  /** Takes up what an earlier agent locked. @throws ChainError of another chain or deployment; one that does not answer is asked again later */
  static async open(options: OrdersOptions): Promise<Orders> {
    const orders = new Orders(options), { dir, logger } = options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(dir)).filter((n) => /^0x[0-9a-f]{64}\.json$/.test(n))) {
      const entry = entrySchema.safeParse(await readFile(join(dir, name), 'utf8').then((text) => JSON.parse(text) as unknown).catch(() => undefined));
      if (entry.success) orders.#entries.set(entry.data.jobId, entry.data);
    }
    try {
      await orders.#connected();
    } catch (error) {
      if (!(error instanceof ChainError) || error.code !== 'CHAIN_UNREACHABLE') throw error;
      logger.warn({ err: error }, 'orders are not locked until the chain answers');
    }
    orders.#watching = orders.#watch();
    return orders;
  }

  /** Before the proof counts as made: what a delivery without the coordinator needs. An order that is not the job's is none. */
  async keep({ jobId, requestId, order }: ProofJob, delivery: Hex): Promise<void> {
    if (!order || requestId === undefined) return;
    const request = requestOf(order), { deployment, logger } = this.options;
    if (proofRequestId(deployment, request) !== requestId || jobIdOf(request.recordId, request.blockIds) !== jobId) return logger.error({ job: jobId }, 'the order is of another job or market: not locked');
    // A lock that was sent for an earlier proof of the job is a lock.
    const known = this.#entries.get(jobId), same = known?.requestId === requestId ? known : undefined;
    await this.#write({ version: 1, requestId, jobId, order, delivery, ...(same?.lock && { lock: same.lock }), ...(same?.deliver && { deliver: same.deliver }) });
  }

  /** Locks the order of a job whose proof is made. Never throws: a job without a lock has its fees. Locks come one after the other. */
  async lock(jobId: Hex, signal: AbortSignal): Promise<void> {
    const entry = this.#entries.get(jobId), { logger, waitMs = WAIT_MS } = this.options;
    if (!entry) return;
    const log = logger.child({ job: jobId, request: entry.requestId });
    try {
      const why = await this.#inTurn(() => this.#sendLock(entry)) ?? await this.#locked(entry.jobId, AbortSignal.any([signal, this.#ending.signal, AbortSignal.timeout(waitMs)]));
      if (why === undefined) log.info('order locked');
      else log.warn(`order not locked: ${why}`);
    } catch (error) {
      log.warn({ err: error }, 'order not locked');
    }
  }

  /** The coordinator took the proof, or will not: then a lock that there is has to be served from here. */
  async handedIn(jobId: Hex, accepted: boolean): Promise<void> {
    const entry = this.#entries.get(jobId);
    if (!entry) return;
    if (!entry.lock) await this.#end(entry);
    else if (!accepted) entry.alone = true;
  }

  /** What was kept for jobs that nobody holds any more is dropped, unless it is locked. */
  async retain(held: ReadonlySet<Hex>): Promise<void> {
    for (const entry of [...this.#entries.values()]) if (!entry.lock && !held.has(entry.jobId)) await this.#end(entry);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#watching;
    await this.#turn;
  }

  get #me(): Address { return this.options.account.address; }

  /** @returns why it will not be locked */
  async #sendLock(entry: Entry): Promise<string | undefined> {
    const economy = await this.#connected(), { market, stakes, client: { publicClient } } = economy, request = requestOf(entry.order), { minPrice = 0n } = this.options;
    const state = await market.request(entry.requestId);
    if (state.status !== 'none' && state.status !== 'open') return this.#notMine(state);
    if (!entry.lock) {
      const { timestamp } = await publicClient.getBlock(), price = priceAt(request, timestamp);
      if (price < minPrice) return `its price is ${price} now, ${minPrice} is the least`;
      if (request.deadline < timestamp + LEAST_SECONDS) return `it ends at ${request.deadline}, now is ${timestamp}`;
      const { free } = await stakes.state('prover', this.#me);
      if (free < request.collateral) return `free stake is ${free}, its collateral ${request.collateral}`;
      const data = encodeFunctionData({ abi: CONTRACTS.market.abi, functionName: 'lockSigned', args: [request, entry.order.signature] });
      await this.#write(entry = { ...entry, lock: await this.#sign(economy, data) });
    }
    await this.#broadcast(entry.lock!);
    return undefined;
  }

  /** Waits for the lock that was sent. @returns why there is none */
  async #locked(jobId: Hex, signal: AbortSignal): Promise<string | undefined> {
    const { market } = await this.#connected(), { pollMs = POLL_MS } = this.options;
    for (;;) {
      const entry = this.#entries.get(jobId);
      if (!entry) return 'it ended';
      const state = await market.request(entry.requestId);
      if (state.status !== 'none' && state.status !== 'open') return this.#notMine(state);
      const fate = entry.lock && await this.#fate(entry.lock);
      if (fate === 'lost' || fate === 'reverted') return `its transaction is ${fate}`;
      if (signal.aborted) return 'its transaction waits';
      await sleep(pollMs, signal);
    }
  }

  #notMine({ status, prover }: RequestState): string | undefined {
    if (status !== 'locked') return `it is ${status}`;
    return isAddressEqual(prover, this.#me) ? undefined : `${prover} has locked it`;
  }

  async #watch(): Promise<void> {
    const { pollMs = POLL_MS, logger } = this.options, { signal } = this.#ending;
    while (!signal.aborted) {
      for (const entry of [...this.#entries.values()].filter(({ lock }) => lock)) {
        if (signal.aborted) return;
        await this.#inTurn(() => this.#look(this.#entries.get(entry.jobId))).catch((error: unknown) => logger.warn({ err: error, job: entry.jobId }, 'the order of a job could not be looked at'));
      }
      await sleep(pollMs, signal);
    }
  }

  /** One that was locked, or may still be. */
  async #look(entry: Entry | undefined): Promise<void> {
    if (!entry?.lock) return;
    const economy = await this.#connected(), { requestId, jobId } = entry, state = await economy.market.request(requestId), { timestamp } = await economy.client.publicClient.getBlock(), log = this.options.logger.child({ job: jobId, request: requestId });
    if (state.status === 'none' || state.status === 'open') {
      const fate = await this.#fate(entry.lock);
      if (fate === 'pending' && timestamp <= requestOf(entry.order).deadline) return this.#broadcast(entry.lock);
      if (fate !== 'success') await this.#end(entry); // success: the endpoint's state is behind its receipts
      return;
    }
    if (this.#notMine(state) !== undefined) {
      log.info({ status: state.status }, 'order ended');
      return this.#end(entry);
    }
    if (timestamp > requestOf(entry.order).deadline) {
      log.error('the locked order ended without a delivery: its collateral is lost');
      return this.#end(entry);
    }
    if (!entry.alone && Number(timestamp) < (state.lockedAt + state.lockDeadline) / 2) return;
    if (entry.deliver) {
      const fate = await this.#fate(entry.deliver);
      if (fate === 'success') return;
      if (fate === 'pending') return this.#broadcast(entry.deliver);
      await this.#write(entry = { ...entry, deliver: undefined });
    }
    log.warn('the coordinator has not delivered: delivered from here');
    await this.#write(entry = { ...entry, deliver: await this.#sign(economy, entry.delivery) });
    await this.#broadcast(entry.deliver!);
  }

  /** A call of the market, simulated. @throws ChainError REVERT_<Name> */
  async #sign({ client: { publicClient, chainId }, deployment: { market } }: Economy, data: Hex): Promise<Transaction> {
    const { account } = this.options, abi: Abi = [...CONTRACTS.market.abi, ...contractErrorsAbi], { functionName, args } = decodeFunctionData({ abi, data }), call = { abi, address: market, functionName, args, account };
    let gas: bigint;
    try {
      await publicClient.simulateContract(call as never); // it alone tells why a call reverts
      gas = await publicClient.estimateContractGas(call as never);
    } catch (cause) {
      throw chainError(functionName, cause);
    }
    const [latest, pending, fees] = await Promise.all([publicClient.getTransactionCount({ address: this.#me }), publicClient.getTransactionCount({ address: this.#me, blockTag: 'pending' }), publicClient.estimateFeesPerGas()]);
    const open = [...this.#entries.values()].flatMap(({ lock, deliver }) => [lock, deliver]).filter((t) => t !== undefined && t.nonce >= latest), nonce = Math.max(pending, ...open.map((t) => t!.nonce + 1));
    // Calls that forward 63/64 of their gas need more than an estimate.
    const raw = await account.signTransaction({ type: 'eip1559', chainId, nonce, to: market, data, value: 0n, gas: (gas * 13n) / 10n + 50_000n, ...fees });
    return { nonce, hash: keccak256(raw), raw };
  }

  /** What the endpoint says to it is a hint: receipts and nonce decide. */
  async #broadcast({ raw, hash }: Transaction): Promise<void> {
    const { client: { publicClient } } = await this.#connected();
    await publicClient.sendRawTransaction({ serializedTransaction: raw }).catch((error: unknown) => this.options.logger.debug({ err: error, hash }, 'not taken by the endpoint'));
  }

  async #fate({ hash, nonce }: Transaction): Promise<'pending' | 'success' | 'reverted' | 'lost'> {
    const { client: { publicClient } } = await this.#connected(), latest = await publicClient.getTransactionCount({ address: this.#me });
    try {
      return (await publicClient.getTransactionReceipt({ hash })).status;
    } catch (error) {
      if (error instanceof TransactionReceiptNotFoundError) return nonce < latest ? 'lost' : 'pending';
      throw error;
    }
  }

  async #connected(): Promise<Economy> {
    const { rpcUrl, deployment, account } = this.options;
    return (this.#economy ??= await Economy.connect(await connectChain({ rpcUrl, chainId: deployment.chainId, account }), deployment));
  }

  async #write(entry: Entry): Promise<void> {
    this.#entries.set(entry.jobId, entry);
    const { alone: _alone, ...kept } = entry;
    await writeFileAtomic(this.#path(entry), JSON.stringify(kept));
  }

  async #end(entry: Entry): Promise<void> {
    this.#entries.delete(entry.jobId);
    await rm(this.#path(entry), { force: true });
  }

  #path({ requestId }: Entry): string { return join(this.options.dir, `${requestId}.json`); }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work, work);
    this.#turn = next.catch(() => undefined);
    return next;
  }
}

/** Whether a signer of messages can sign transactions too. */
export const isLocalAccount = (account: { address: Address }): account is LocalAccount => 'signTransaction' in account && 'type' in account && account.type === 'local';
