/** Inferences of a node over HTTP: paid, asked for, and followed until their rewards are on chain. */
import { readFileSync } from 'node:fs';
import { formatEther, type Hex } from 'viem';
import { CREDIT_KINDS, type Economy } from '../../chain/index.js';
import { CliError } from '../../errors/cli.js';
import { inferRemote, parseInputs, remoteAdapters, remoteInference, type RemoteInference } from '../../inference/node/index.js';
import type { Progress } from '../workspace.js';

export interface RemoteOptions {
  nodeUrl: string;
  /** The only one that the node serves without it. */
  adapterId?: Hex;
  input: string;
  maxFee?: bigint;
  waitSeconds: number;
}

export interface RemoteResult {
  inferences: RemoteInference[];
  /** Jobs that settled them, with what was credited; fewer when the wait ended before. */
  jobs: { jobId: Hex; credits: { account: Hex; amount: bigint; kind: string }[] }[];
  /** Seconds from the payment to the last settlement. */
  seconds?: number;
}

/** Nodes answer some hundred requests a minute. */
const POLL_MS = 2000;
const END_STATES = ['settled', 'refused', 'cancelled', 'refunded', 'lapsed'];

export async function inferFromNode(economy: Economy, { nodeUrl, input, maxFee, waitSeconds, ...options }: RemoteOptions, progress: Progress): Promise<RemoteResult> {
  const adapters = (await remoteAdapters({ nodeUrl })).filter((a) => a.state !== 'refused');
  const adapter = options.adapterId ? adapters.find((a) => a.adapterId === options.adapterId) : adapters.length === 1 ? adapters[0] : undefined;
  if (!adapter) throw new CliError('which adapter is meant?', { code: 'ADAPTER', where: '--adapter', expected: adapters.map((a) => a.adapterId).join(', ') || 'one that the node serves', got: options.adapterId ?? 'none' });
  const inputs = parseInputs(readFileSync(input, 'utf8'), { width: adapter.inputWidth, name: input });
  progress(`${inputs.length} inferences of adapter ${adapter.name} at ${nodeUrl}, ${formatEther(BigInt(adapter.price))} OPEN each`);
  const start = performance.now(), inferences = await inferRemote({ nodeUrl, economy, adapterId: adapter.adapterId, inputs, maxFee });
  inferences.forEach(({ prediction, paymentKey }, i) => progress(`row ${i}: ${prediction}, payment ${paymentKey}`));

  const jobs = new Map<Hex, RemoteResult['jobs'][number]>(), last = new Map<Hex, string>(), open = new Set(inferences.map((i) => i.paymentKey));
  const deadline = Date.now() + waitSeconds * 1000;
  while (open.size > 0 && Date.now() < deadline) {
    for (const key of [...open]) {
      const view = await remoteInference({ nodeUrl, attempts: 10 }, key);
      if (last.get(key) !== view.state) progress(`payment ${key.slice(0, 10)}: ${view.state}${view.jobId ? ` in job ${view.jobId}` : ''}${view.reason ? `: ${view.reason}` : ''}`);
      last.set(key, view.state);
      if (view.state === 'settled' && view.jobId && !jobs.has(view.jobId)) jobs.set(view.jobId, { jobId: view.jobId, credits: await creditsOf(economy, view.jobId) });
      if (END_STATES.includes(view.state)) open.delete(key);
    }
    if (open.size > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { inferences, jobs: [...jobs.values()], seconds: open.size === 0 ? (performance.now() - start) / 1000 : undefined };
}

/** From the chain, not from node or coordinator. */
async function creditsOf(economy: Economy, jobId: Hex): Promise<RemoteResult['jobs'][number]['credits']> {
  const events = await economy.events('vault', 'JobCredited', { args: { jobId } });
  if (events.length === 0) throw new CliError('node says that a job is settled, the chain does not', { code: 'NOT_SETTLED', where: jobId, hint: 'ask again in some seconds; then do not trust this node' });
  return events.map(({ args }) => ({ account: args.account, amount: args.amount, kind: CREDIT_KINDS[args.kind] }));
}
