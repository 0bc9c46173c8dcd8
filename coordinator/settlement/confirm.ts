/**
 * Intents against the chain: an intent is what its effect is, whoever brought it about.
 *   sent   -> mined   the effect is there, by a transaction of ours or of anybody
 *   mined  -> sent or planned   a reorganisation took it out again
 *   mined  -> final   its block has `confirmations` blocks, itself counted, and is still the chain's
 * Who is told about the end is told before it is written down: at least once, also across a crash.
 */
import type { ChainClient } from '../../src/chain/index.js';
import { isLate, type Effects } from './effects.js';
import type { SettlementMetrics } from './metrics.js';
import type { Outbox } from './outbox.js';
import type { Inclusion, Intent, OnStep } from './types.js';

export interface ConfirmContext {
  client: ChainClient;
  outbox: Outbox;
  effects: Effects;
  confirmations: number;
  step: OnStep;
  metrics?: SettlementMetrics;
  onFinal: (intent: Intent) => void | Promise<void>;
}

export async function confirm(context: ConfirmContext): Promise<void> {
  const { client: { publicClient }, outbox } = context;
  const waiting = await outbox.intents('sent', 'mined');
  if (waiting.length === 0) return;
  const head = Number(await publicClient.getBlockNumber({ cacheTime: 0 }));
  for (const intent of waiting) {
    try {
      await look(context, intent, head);
    } catch (error) {
      if (!isLate(error)) throw error;
    }
  }
}

async function look(context: ConfirmContext, intent: Intent, head: number): Promise<void> {
  const { outbox, effects } = context;
  if (intent.state === 'sent' || !intent.included) {
    const included = await effects.find(intent);
    if (included) await outbox.change(intent.id, (i) => (i.state === 'sent' ? { state: 'mined', included } : undefined));
  } else if (await isCanonical(context, intent.included, head)) {
    if (head - intent.included.blockNumber + 1 >= context.confirmations) await finish(context, intent);
  } else {
    await moved(context, intent);
  }
}

async function isCanonical({ client: { publicClient } }: ConfirmContext, { blockNumber, blockHash }: Inclusion, head: number): Promise<boolean> {
  return blockNumber <= head && (await publicClient.getBlock({ blockNumber: BigInt(blockNumber) })).hash === blockHash;
}

/** Its block is not the chain's: the effect is in another one, or is not. */
async function moved({ outbox, effects, metrics }: ConfirmContext, { id, kind, key, jobId, nonce, included: old }: Intent): Promise<void> {
  const included = await effects.find({ kind, key, jobId });
  const carrier = nonce === undefined ? undefined : await outbox.transaction(nonce), carried = carrier !== undefined && (carrier.state === 'open' || carrier.state === 'mined') && !carrier.variants[carrier.variants.length - 1].cancel;
  metrics?.reorganised();
  await outbox.change(id, (i) => {
    if (i.state !== 'mined' || i.included?.blockHash !== old?.blockHash) return undefined;
    return included ? { included } : carried ? { state: 'sent', included: undefined } : { state: 'planned', included: undefined, nonce: undefined };
  });
}

async function finish({ outbox, step, metrics, onFinal }: ConfirmContext, intent: Intent): Promise<void> {
  await onFinal({ ...intent, state: 'final' });
  await step('intent.reported', intent.id);
  await outbox.change(intent.id, (i) => (i.state === 'mined' && i.included?.blockHash === intent.included?.blockHash ? { state: 'final', reason: undefined } : undefined));
  metrics?.confirmed(intent.kind);
  await step('intent.final', intent.id);
}
