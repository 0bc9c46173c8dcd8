/** From planned intents to transactions: what is true already is noted, what would revert is judged, the rest goes out, several in one where they can. */
import { concatHex, type Hex } from 'viem';
import type { Economy } from '../../src/chain/index.js';
import { ChainError } from '../../src/errors/chain.js';
import type { ChainedLog } from '../store/types.js';
import { anchorBytes } from './anchor.js';
import { commitCalldata, commitmentsOf, deliverManyCalldata, deliveryOf, paymentKeysOf, simulate } from './calls.js';
import { isLate, type Effects } from './effects.js';
import type { SettlementMetrics } from './metrics.js';
import type { Outbox } from './outbox.js';
import { verdictOf } from './reverts.js';
import type { Sender } from './sender.js';
import type { Intent, OnStep, Reason } from './types.js';

export interface PlanRules {
  /** Blocks in one transaction, deliveries in one. */
  commitBatch: number;
  deliverBatch: number;
  /** Wait after the n-th refusal of one kind: retryMs * 2^(n-1), at most maxRetryMs. */
  retryMs: number;
  maxRetryMs: number;
  /** Refusals of one kind that may be for good, and reverts after inclusion, until an intent fails. */
  maxAttempts: number;
}
export const PLAN_RULES: PlanRules = { commitBatch: 8, deliverBatch: 4, retryMs: 2000, maxRetryMs: 300_000, maxAttempts: 8 };

export interface PlannerContext {
  economy: Economy;
  outbox: Outbox;
  effects: Effects;
  sender: Sender;
  rules: PlanRules;
  step: OnStep;
  now: () => number;
  metrics?: SettlementMetrics;
  trouble: (code: string, message: string) => void;
  log?: Pick<ChainedLog, 'head'>;
  onFailed: (failure: Reason & { intent: Intent }) => void | Promise<void> | undefined;
  onWaiting: (intent: Intent) => void;
}

/** Gas of an anchor's own transaction: 64 bytes of calldata at the dearest price. */
const ANCHOR_GAS = 40_000n;

export class Planner {
  #room = 0;
  #busy = new Set<Hex | undefined>();

  constructor(private readonly context: PlannerContext) {}

  async plan(): Promise<void> {
    const { outbox, sender, rules, now } = this.context;
    const due = (await outbox.intents('planned')).filter(({ notBefore }) => notBefore <= now());
    if (due.length === 0) return;
    this.#room = await sender.room();
    this.#busy = new Set((await outbox.intents('sent', 'mined')).map(({ jobId }) => jobId));
    const ready: Record<Intent['kind'], Intent[]> = { commit: [], deliver: [], settle: [], anchor: [] };
    for (const intent of due) {
      if (this.#room <= 0) break;
      let undone = false;
      if (this.#free(intent)) await this.#guarded([intent], async () => { undone = await this.#undone(intent); });
      if (undone) ready[intent.kind].push(intent);
    }
    for (const group of chunks(ready.commit, rules.commitBatch)) await this.#guarded(group, () => this.#commit(group));
    for (const group of chunks(ready.deliver, rules.deliverBatch)) await this.#guarded(group, () => this.#deliver(group));
    for (const intent of ready.settle) if (this.#free(intent)) await this.#guarded([intent], () => this.#settle(intent));
    for (const intent of ready.anchor) await this.#send([intent], intent.calldata, ANCHOR_GAS);
  }

  /** Another intent about the same job is under way: it decides first. */
  readonly #free = ({ jobId }: Intent): boolean => jobId === undefined || !this.#busy.has(jobId);

  /** Asked before every send. */
  async #undone(intent: Intent): Promise<boolean> {
    const { outbox, effects, rules } = this.context;
    const included = await effects.find(intent);
    if (included) await outbox.change(intent.id, (i) => (i.state === 'planned' ? { state: 'mined', included, nonce: undefined, reason: undefined } : undefined));
    else if (intent.attempts.filter(({ code }) => code === 'REVERTED' || code.startsWith('MEMBER_')).length < rules.maxAttempts) return true;
    else await this.#fail(intent, { code: 'ATTEMPTS', message: `reverted ${rules.maxAttempts} times after it passed its simulation`, hint: 'look at its transactions: gas, or a state that changes with every block', retryable: true });
    return false;
  }

  async #settle(intent: Intent): Promise<void> {
    if (intent.calldata === '0x') return this.#fail(intent, { code: 'NOT_SETTLED', message: 'what somebody else settled is settled no more', hint: 'a reorganisation: the job goes on where it was', retryable: true });
    const simulated = await simulate(this.context.economy, 'settlement', intent.calldata);
    if (!simulated.ok) return this.#refuse(intent, simulated.error);
    if (simulated.result !== intent.key) return this.#fail(intent, { code: 'JOB_ID', message: `the calldata settles job ${String(simulated.result)}`, hint: 'record and blocks are not those of the job', retryable: false });
    await this.#send([intent], await this.#anchored(intent.calldata), simulated.gas);
  }

  async #commit(list: readonly Intent[]): Promise<void> {
    const { economy } = this.context, together = (intents: readonly Intent[]): Hex => commitCalldata(intents.flatMap((i) => commitmentsOf(i.calldata)));
    const whole = await simulate(economy, 'inferences', together(list));
    let good = [...list], passed = whole;
    if (!whole.ok) {
      if (!verdictOf(whole.error)) throw whole.error;
      // Who fails alone is to blame; those that pass alone can still exclude each other: then the longest start that passes.
      good = [];
      for (const intent of list) {
        const alone = list.length === 1 ? whole : await simulate(economy, 'inferences', intent.calldata);
        if (alone.ok) good.push(intent);
        else await this.#refuse(intent, alone.error);
      }
      for (; good.length > 0; good = good.slice(0, -1)) if ((passed = await simulate(economy, 'inferences', together(good))).ok) break;
    }
    if (good.length === 0 || !passed.ok) return;
    const ids = passed.result as readonly Hex[], wrong = good.filter((intent, i) => ids[i] !== intent.key);
    for (const intent of wrong) await this.#fail(intent, { code: 'BLOCK_ID', message: `the block would be ${ids[good.indexOf(intent)]}`, hint: 'split or record changed since it was signed: submit the block again under its new id', retryable: false });
    if (wrong.length > 0) return; // the others go without them in the next round
    await this.#send(good, together(good), passed.gas);
  }

  async #deliver(list: readonly Intent[]): Promise<void> {
    const { economy } = this.context, good: { intent: Intent; gas: bigint }[] = [];
    for (const intent of list) {
      const alone = await simulate(economy, 'market', intent.calldata);
      if (!alone.ok) await this.#refuse(intent, alone.error);
      else if (alone.result !== intent.jobId) await this.#fail(intent, { code: 'JOB_ID', message: `the delivery settles job ${String(alone.result)}`, retryable: false });
      else good.push({ intent, gas: alone.gas });
    }
    let members = good; // of several, or the first alone
    while (members.length > 1) {
      const calldata = deliverManyCalldata(members.map(({ intent, gas }) => ({ ...deliveryOf(intent.calldata), gasLimit: gas })));
      const simulated = await simulate(economy, 'market', calldata);
      if (!simulated.ok) {
        if (!verdictOf(simulated.error)) throw simulated.error;
        break;
      }
      const delivered = simulated.result as readonly boolean[];
      if (delivered.every(Boolean)) return this.#send(members.map((m) => m.intent), await this.#anchored(calldata), simulated.gas);
      members = members.filter((_, i) => delivered[i]); // one excludes another: that one is asked again later
    }
    for (const { intent, gas } of members.slice(0, 1)) await this.#send([intent], await this.#anchored(intent.calldata), gas);
  }

  async #anchored(calldata: Hex): Promise<Hex> {
    const head = await this.context.log?.head();
    return head && head.entries > 0 ? concatHex([calldata, anchorBytes(head.hash)]) : calldata;
  }

  async #send(intents: readonly Intent[], data: Hex, gas: bigint): Promise<void> {
    if (this.#room <= 0) return;
    this.#room--;
    for (const { jobId } of intents) this.#busy.add(jobId);
    await this.context.sender.send({ intents, to: intents[0].to, data, gas });
  }

  /** A chain that cannot be asked about these intents must not stop the others for ever: they come later, the round ends. */
  async #guarded(intents: readonly Intent[], work: () => Promise<void>): Promise<void> {
    if (this.#room <= 0) return;
    try {
      await work();
    } catch (error) {
      if (error instanceof ChainError) for (const { id } of intents) await this.context.outbox.change(id, (i) => (i.state === 'planned' ? { notBefore: this.context.now() + this.context.rules.retryMs } : undefined));
      if (!isLate(error)) throw error;
    }
  }

  async #refuse(intent: Intent, error: ChainError): Promise<void> {
    const verdict = verdictOf(error);
    if (!verdict) throw error;
    const { code, action } = verdict, hint = verdict.hint ?? error.hint, reason = { code, message: error.shortMessage, hint };
    if (action === 'fees') return this.#fail(intent, await this.#refundedSince(intent) ?? { ...reason, code: 'PROOF_REJECTED', retryable: false, message: `${error.code}: ${error.shortMessage}` });
    if (action === 'fail' || action === 'reprove') return this.#fail(intent, { ...reason, retryable: false });
    const again = trailing(intent.attempts, code) + 1;
    if (action === 'few' && again >= this.context.rules.maxAttempts) return this.#fail(intent, { ...reason, retryable: true });
    await this.#wait(intent, { ...reason, retryable: true }, again, verdict.until);
  }

  /** Longer each time, but not past the second from which it may pass: what follows a lock has the rest of the request's time alone. */
  async #wait(intent: Intent, reason: Reason, times: number, until?: number): Promise<void> {
    const { outbox, rules, now, onWaiting } = this.context, left = until === undefined ? Infinity : Math.max(rules.retryMs, await this.#msAfter(until));
    const notBefore = now() + Math.min(rules.retryMs * 2 ** Math.min(times - 1, 30), rules.maxRetryMs, left);
    const waiting = await outbox.change(intent.id, (i) => (i.state === 'planned' ? { notBefore, reason, attempts: [...i.attempts, { at: now(), code: reason.code, message: reason.message }] } : undefined));
    if (waiting) onWaiting(waiting);
  }

  /** Until the second after this one begins on chain. */
  async #msAfter(second: number): Promise<number> {
    const { timestamp } = await this.context.economy.client.publicClient.getBlock();
    return (second + 1 - Number(timestamp)) * 1000;
  }

  async #fail(intent: Intent, reason: Reason): Promise<void> {
    const { outbox, metrics, step, onFailed, now } = this.context;
    await onFailed({ ...reason, intent });
    await step('intent.reported', intent.id);
    await outbox.change(intent.id, (i) => (i.state === 'planned' ? { state: 'failed', reason, attempts: [...i.attempts, { at: now(), code: reason.code, message: reason.message }] } : undefined));
    metrics?.failed(intent.kind, reason.code);
    await step('intent.failed', intent.id);
  }

  /** A fee that went back counts 0 in the settlement: a proof of other fees is not of this statement. */
  async #refundedSince({ kind, calldata, parts }: Intent): Promise<Reason | undefined> {
    if (kind !== 'settle' && kind !== 'deliver') return undefined;
    const { inferences } = this.context.economy, keys = paymentKeysOf(kind, calldata), states = await Promise.all(keys.map((key) => inferences.payment(key)));
    const query = states.findIndex(({ status }, q) => status === 'refunded' && parts?.[q] !== '0');
    return query < 0 ? undefined : { code: 'REPROVE', message: `the fee of query ${query} went back after the proof was made`, hint: 'prove the job again: the query then counts with fee 0', retryable: false };
  }
}

function trailing(attempts: Intent['attempts'], code: string): number {
  let n = 0;
  while (n < attempts.length && attempts[attempts.length - 1 - n].code === code) n++;
  return n;
}

const chunks = <T>(list: readonly T[], size: number): T[][] => Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
