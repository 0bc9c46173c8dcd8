/**
 * Settles proved jobs, delivers proofs to their requests and commits signed blocks: each effect once, whatever fails in between.
 * One round: hold what was sent against the chain (sender.ts), confirm (confirm.ts), plan what is left (planner.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hex } from 'viem';
import { contractProof, featureRecord, jobId as jobIdOf, blockId as blockIdOf, proofRequestId, recordId as recordIdOf, type Economy, type ProofRequest } from '../../src/chain/index.js';
import { ChainError } from '../../src/errors/chain.js';
import type { Batch, JobFile, Registration } from '../../src/protocol/artifacts.js';
import { batchBlock } from '../../src/protocol/statements.js';
import type { ChainedLog, Records } from '../store/types.js';
import { anchorBytes } from './anchor.js';
import { commitCalldata, deliverCalldata, settleCalldata, type CompleteSettlement, type SignedCommitment } from './calls.js';
import { confirm } from './confirm.js';
import { Effects, isLate } from './effects.js';
import type { SettlementMetrics } from './metrics.js';
import { Outbox, type NewIntent } from './outbox.js';
import { PLAN_RULES, Planner, type PlanRules } from './planner.js';
import type { FailoverClient } from './rpc.js';
import { SEND_RULES, Sender, type SendRules } from './sender.js';
import { INTENT_STATES, type Intent, type IntentState, type OnStep, type Reason } from './types.js';

/** How an intent ended without its effect. code REPROVE: the job can be proved again, queries that were refunded count with fee 0. */
export type Failure = Reason & { intent: Intent };

export interface SettlerOptions {
  /** With a local account: the only user of its nonces. */
  economy: Economy;
  records: Records;
  rules?: Partial<SendRules & PlanRules>;
  /** The log whose root goes on chain with whatever settles. */
  log?: Pick<ChainedLog, 'head'>;
  metrics?: SettlementMetrics;
  /** Both at least once for each intent; after a crash, or a reorganisation deeper than `confirmations`, again. */
  onFinal?: (intent: Intent) => void | Promise<void>;
  onFailed?: (failure: Failure) => void | Promise<void>;
  /** An intent that waits for somebody else: a case, the guardian, a lock. */
  onWaiting?: (intent: Intent) => void;
  onTrouble?: (code: string, message: string) => void;
  onStep?: OnStep;
  /** Whether this process leads at this moment, asked where that is decided. Default: it is the only one. */
  fence?: () => Promise<boolean>;
  now?: () => number;
}

/** Signed by its node, under the id that it has with the record and split that the node saw. */
export type CommitInput = SignedCommitment & { blockId: Hex };

export class Settler {
  readonly outbox: Outbox;
  readonly #sender: Sender;
  readonly #planner: Planner;
  readonly #effects: Effects;
  readonly #rules: SendRules;
  readonly #now: () => number;
  readonly #step: OnStep;
  readonly #trouble: (code: string, message: string) => void;
  #ticking?: Promise<void>;

  /** @throws ChainError LOCAL_ACCOUNT, BUMP */
  constructor(private readonly options: SettlerOptions) {
    const { economy, records, rules, metrics, log } = options;
    this.#now = options.now ?? Date.now;
    this.#step = options.onStep ?? (() => undefined);
    this.#trouble = options.onTrouble ?? (() => undefined);
    this.#rules = { ...SEND_RULES, ...rules };
    this.#effects = new Effects(economy);
    this.outbox = new Outbox(records, economy.client.chainId, economy.client.account?.address ?? '0x');
    const shared = { outbox: this.outbox, effects: this.#effects, step: this.#step, now: this.#now, metrics, trouble: this.#trouble };
    this.#sender = new Sender({ ...shared, client: economy.client, rules: this.#rules, fence: options.fence ?? (() => Promise.resolve(true)) });
    this.#planner = new Planner({
      ...shared, economy, log, sender: this.#sender, rules: { ...PLAN_RULES, ...rules }, onFailed: (failure) => options.onFailed?.(failure), onWaiting: (intent) => options.onWaiting?.(intent),
    });
  }

  /** Settles a proved job for its fees. A job that is known is not planned twice; one that failed is, with this proof. @throws ChainError JOB_ID, CHAIN_ID_MISMATCH */
  enqueueSettle(job: JobFile, registration: Registration, batches: readonly Batch[]): Promise<Intent> {
    return this.enqueueSettlement(job.jobId, this.#calldata(job, registration, batches), job.fees);
  }

  /** Delivers a proved job to its request, for price and fees. @throws ChainError as enqueueSettle */
  async enqueueDeliver(job: JobFile, registration: Registration, batches: readonly Batch[], request: ProofRequest): Promise<Intent> {
    return this.enqueueDelivery(job.jobId, this.#calldata(job, registration, batches), request, job.fees);
  }

  /** @param parts  contributors' parts of the fees, as the proof divides them */
  enqueueSettlement(jobId: Hex, settlement: CompleteSettlement, parts: readonly bigint[]): Promise<Intent> {
    return this.#add({ id: `settle:${jobId}`, kind: 'settle', key: jobId, jobId, to: this.options.economy.deployment.settlement, calldata: settleCalldata(settlement), parts: parts.map(String) });
  }

  enqueueDelivery(jobId: Hex, settlement: CompleteSettlement, request: ProofRequest, parts: readonly bigint[]): Promise<Intent> {
    const { deployment } = this.options.economy, key = proofRequestId(deployment, request);
    return this.#add({ id: `deliver:${key}`, kind: 'deliver', key, jobId, to: deployment.market, calldata: deliverCalldata({ request, ...settlement, gasLimit: 0n }), parts: parts.map(String) });
  }

  /** Commits blocks that their nodes signed, several in one transaction. */
  async enqueueCommit(list: readonly CommitInput[]): Promise<Intent[]> {
    return Promise.all(list.map(({ blockId, ...signed }) => this.#add({ id: `commit:${blockId}`, kind: 'commit', key: blockId, to: this.options.economy.deployment.inferences, calldata: commitCalldata([signed]) })));
  }

  /** Watches a job that somebody else has settled until it is final, as an intent without a call. @returns undefined when it is not settled */
  async follow(jobId: Hex): Promise<Intent | undefined> {
    const wanted = { id: `settle:${jobId}`, kind: 'settle', key: jobId, jobId, to: this.options.economy.deployment.settlement, calldata: '0x' } as const;
    try {
      return await this.#effects.find(wanted) && await this.#add(wanted);
    } catch (error) {
      if (isLate(error)) return undefined;
      throw error;
    }
  }

  /** Puts a root of the log on chain by itself, in a transaction of the account to itself: for a log that grows while nothing settles. */
  enqueueAnchor({ entries, hash }: { entries: number; hash: Hex }): Promise<Intent> {
    return this.#add({ id: `anchor:${entries}`, kind: 'anchor', key: hash, to: this.#sender.address, calldata: anchorBytes(hash) });
  }

  /** @param id  settle:<job id>, deliver:<request id>, commit:<block id>, anchor:<entries> */
  intent(id: string): Promise<Intent | undefined> {
    return this.outbox.intent(id);
  }

  async counts(): Promise<Record<IntentState, number>> {
    const counts = await this.outbox.counts();
    return Object.fromEntries(INTENT_STATES.map((state) => [state, counts[state] ?? 0])) as Record<IntentState, number>;
  }

  /** Advances everything as far as it goes now. @throws ChainError, NetworkError: the chain or the store could not be asked; the next round goes on */
  tick(): Promise<void> {
    return (this.#ticking ??= this.#tick().finally(() => { this.#ticking = undefined; }));
  }

  /** Rounds until the signal; an error ends its round only. */
  async run(signal: AbortSignal, intervalMs = 1000): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.tick();
      } catch (error) {
        this.#trouble((error as { code?: string }).code ?? 'TICK', error instanceof Error ? error.message : String(error));
      }
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #tick(): Promise<void> {
    const { economy: { client }, metrics } = this.options;
    await this.#sender.requireLead();
    await this.#sender.reconcile();
    await confirm({
      client, outbox: this.outbox, effects: this.#effects, confirmations: this.#rules.confirmations, step: this.#step, metrics, onFinal: async (intent) => this.options.onFinal?.(intent),
    });
    await this.#planner.plan();
    metrics?.pending(await this.outbox.counts());
    if (metrics && 'endpoints' in client) for (const { endpoint, state } of (client as FailoverClient).endpoints.health()) metrics.usable(endpoint, state === 'up');
  }

  async #add(input: NewIntent): Promise<Intent> {
    const intent = await this.outbox.add(input, this.#now());
    await this.#step('intent.planned', intent.id);
    return intent;
  }

  /** Job, settlement and proof as the contracts take them. */
  #calldata(job: JobFile, { adapter, training, contributors, g, chainId, models }: Registration, batches: readonly Batch[]): CompleteSettlement {
    const { deployment } = this.options.economy;
    if (job.chainId !== deployment.chainId || job.settlement !== deployment.settlement) {
      throw new ChainError('job of another deployment', { code: 'CHAIN_ID_MISMATCH', where: job.jobId, expected: `chain ${deployment.chainId}, settlement ${deployment.settlement}`, got: `chain ${job.chainId}, settlement ${job.settlement}` });
    }
    const record = featureRecord({ chainId, address: models }, adapter, training, contributors.map((c) => c.address), g), blocks = batches.map(batchBlock);
    const id = recordIdOf({ chainId, address: models }, record), computed = jobIdOf(id, blocks.map((block) => blockIdOf({ chainId, address: deployment.inferences }, id, block)));
    if (computed !== job.jobId) throw new ChainError('record and batches are not those of the job', { code: 'JOB_ID', where: 'settlement', expected: job.jobId, got: computed, hint: "hand in the job's own registration, and its batches in its order" });
    return { job: { record, blocks, prover: job.prover }, settlement: { bt: job.bits, m: job.mask, payouts: job.payouts, zeroQueries: job.zeroQueries, selector: job.selector }, ...contractProof(job.proof) };
  }
}
