/**
 * The whole story on embedded defaults: train, contribute and curate, register, stake, pay, infer, commit, request a proof, lock,
 * prove, deliver, a dishonest node before the courts, claim, refund, explain, audit, and an audit of an altered copy.
 */
import { readFile, rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { formatEther, parseEther, type Hex } from 'viem';
import { auditJob, type AuditReport } from '../../audit/index.js';
import { startAnvil, type Economy, type Manifest } from '../../chain/index.js';
import { writeFileAtomic } from '../../files/atomic.js';
import { buildDemoBundle, readBundle, writeBundle } from '../../models/index.js';
import type { JobFile, Registration } from '../../protocol/artifacts.js';
import type { DemoSummary, ExplanationSummary, RequestSummary } from '../../protocol/summary.js';
import { sizeClass } from '../../statement/classes.js';
import { verifierKey } from '../../verify/key.js';
import { account, economyAs, fundedAs, type ChainAccess } from '../accounts.js';
import { deploy } from '../deploy/handler.js';
import { infer } from '../infer/handler.js';
import { proofBytes, provePayout, type ProveCommandResult } from '../prove/handler.js';
import { withProving, type ProvingContext } from '../proving.js';
import { register } from '../register/handler.js';
import { verify } from '../verify/handler.js';
import { Workspace, type Progress } from '../workspace.js';
import { advanceTo } from './chainTime.js';
import { ARTIFACTS, dishonestNode, withCopy } from './court.js';
import { payoutSummaries, querySummaries } from './lines.js';
import { claimAll, openPeriod, refundUnserved, sums, type Claims } from './money.js';

export const DEMO_CLASS = '16x16';
const QUERIES = 16;
const BATCH = 4;
/** Fees differ, so that the split shows: 0.010, 0.011, .. OPEN. */
const fee = (query: number): bigint => parseEther('0.01') + BigInt(query % 7) * parseEther('0.001');
/** A request that no node serves: its fee goes back after the deadline. */
const UNSERVED_FEE = parseEther('0.005');
/** Paid for the queries that a dishonest node serves. */
const ALTERED_FEE = parseEther('0.008');
/** The price of a proof rises for so long before the prover takes it. */
const WAIT_SECONDS = 20n;
const ANVIL_ACCOUNTS = 84;

export interface DemoOptions {
  dir: string;
  port?: number;
  progress: Progress;
}

export async function demo({ dir, port, progress }: DemoOptions): Promise<DemoSummary> {
  const phases: Record<string, number> = {};
  const phase = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    progress(`== ${name}`);
    const start = performance.now();
    try {
      return await work();
    } finally {
      phases[name] = (performance.now() - start) / 1000;
    }
  };
  const workspace = new Workspace(dir), cls = sizeClass(DEMO_CLASS);
  await Promise.all([...ARTIFACTS, 'deployment.json.partial'].map((name) => rm(workspace.path(name), { recursive: true, force: true })));
  await phase('train', async () => {
    const bundle = await buildDemoBundle({ sizeClass: cls, onProgress: (stage, done, total) => { if (done === total || done === 0) progress(`train ${stage}`); } });
    await writeBundle(workspace.model, bundle);
  });
  const setupStart = performance.now();
  progress('== setup (development keys, cached)');
  return withProving(cls, undefined, progress, async (context) => {
    phases.setup = (performance.now() - setupStart) / 1000;
    const anvil = await startAnvil({ port, args: ['--accounts', String(ANVIL_ACCOUNTS)] });
    try {
      return { ...await story(workspace, context, { rpcUrl: anvil.rpcUrl, chainId: anvil.chainId }, phase), phases };
    } finally {
      await anvil.stop();
    }
  });
}

type Phase = <T>(name: string, work: () => Promise<T>) => Promise<T>;

async function story(workspace: Workspace, context: ProvingContext, access: ChainAccess, phase: Phase): Promise<Omit<DemoSummary, 'phases'>> {
  const { progress, srs, keys } = context, cls = sizeClass(DEMO_CLASS), bundle = await readBundle(workspace.model);
  const manifest = await phase('deploy', () => deploy(workspace, access, cls, keys, progress));
  const { registration, gas } = await phase('contribute and register', () => register(workspace, access, context));
  const inferred = await phase('infer', () => infer(workspace, access, srs, { from: 0, count: QUERIES, batchSize: BATCH, fee }, progress));
  const unserved = await requestWithoutService(access, manifest, registration);
  const economy = await economyAs(access, manifest, 'owner');
  const beforeLock = async (): Promise<void> => advanceTo(economy, (await economy.client.publicClient.getBlock()).timestamp + WAIT_SECONDS);
  const settled = await phase('request, prove, deliver', () => provePayout(workspace, context, access, { settle: true, market: { beforeLock } }));
  const { period } = await economy.rewards.job(settled.job.jobId);

  const verifierKeys = { features: verifierKey(keys.features.vk), payout: verifierKey(keys.payout.vk) };
  const audit = (dir: string, job?: string): Promise<AuditReport> => auditJob({ dir, job, srs, keys: verifierKeys, economy, progress: (m: string) => progress(`audit: ${m}`) });
  const courts = await phase('a dishonest node', () => dishonestNode(workspace, access, { srs, audit: (dir) => audit(dir), fee: ALTERED_FEE, from: QUERIES, progress }));
  const feesIn = inferred.feesIn + UNSERVED_FEE + courts.feesIn, contributors = registration.contributors.length;
  const claims = await phase('claim', async () => {
    await openPeriod(economy, period);
    const first = await claimAll(access, manifest, contributors, period, progress);
    await refundUnserved(await economyAs(access, manifest, 'prover'), unserved);
    const second = await claimAll(access, manifest, contributors, period, progress);
    return { claimed: new Set([...first.claimed, ...second.claimed]), gas: Math.max(first.gas, second.gas) } satisfies Claims;
  });
  const money = await sums(economy, feesIn);
  const explained = await explain(economy, registration, settled.job);

  const verdicts = await phase('verify', () => verify(workspace, settled.folder, { features: keys.features.vk, payout: keys.payout.vk }, economy));
  const replay = await phase('audit', () => audit(workspace.dir, settled.folder));
  const tampered = await phase('audit of an altered copy', () => withCopy(workspace, 'altered', async (copy) => {
    await alterDelta(copy, '2');
    return audit(copy.dir, settled.folder);
  }));

  const r1Stages = registration.stages, r2Stages = settled.job.stages;
  const constraints = await constraintCounts([keys.features.r1cs, keys.payout.r1cs]);
  const sum = (stages: Record<string, number>): number => Object.values(stages).reduce((a, b) => a + b, 0);
  const { fees } = money, text = (units: bigint): string => String(units);
  return {
    verifiedOnChain: verdicts.every((verdict) => verdict.ok) && settled.job.transaction !== undefined && registration.transaction !== undefined,
    className: cls.name, accuracy: bundle.manifest.accuracy,
    r1: {
      constraints: constraints[0], proveSeconds: sum(r1Stages), stages: r1Stages, proofBytes: proofBytes(registration), gas: gas.registerFeatures, blocks: registration.training.x.length, contributors,
    },
    r2: {
      constraints: constraints[1], proveSeconds: sum(r2Stages), stages: r2Stages, proofBytes: settled.proofBytes, gas: settled.gas ?? 0, blocks: settled.job.batches.length, queries: QUERIES, contributors,
    },
    payouts: payoutSummaries(registration, settled.job, settled.scores.slice(0, QUERIES), claims.claimed, inferred.batches),
    queries: querySummaries(bundle.heldOut.inputs, inferred.batches, registration, settled.job, settled.scores.slice(0, QUERIES), manifest.config.split),
    feesIn: text(feesIn), paidOut: text(fees.paidOut), node: text(fees.node), prover: text(fees.prover), auditors: text(fees.auditors), treasury: text(fees.treasury), refunded: text(fees.refunded),
    escrowBalance: text(money.left), conserved: money.conserved,
    wrapped: { supply: text(money.wrapped.supply), backing: text(money.wrapped.backing), held: Object.fromEntries(Object.entries(money.wrapped.held).map(([name, units]) => [name, text(units)])) },
    request: await requestSummary(economy, settled), case: courts.case, fact: courts.fact, explained,
    audit: { ok: replay.ok, checks: replay.checks.map(({ name, ok, detail }) => ({ name, ok, detail })) },
    tamperedAudit: { ok: tampered.ok, finding: tampered.finding ?? '' },
    gas: { ...gas, ...inferred.gas, deliver: settled.gas ?? 0, claim: claims.gas },
    chain: {
      chainId: manifest.chainId, jobId: settled.job.jobId, recordId: registration.recordId, datanetId: text(registration.datanetId), snapshotId: registration.adapter.snapshotId,
      contracts: Object.fromEntries(Object.entries(manifest.contracts).map(([key, { address }]) => [key, address])),
    },
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
  };
}

/** A payer pays for a request that nobody will serve. @returns its payment key */
async function requestWithoutService(access: ChainAccess, manifest: Manifest, { adapterId }: Registration): Promise<Hex> {
  const payer = await fundedAs(access, manifest, 'payer', 0, UNSERVED_FEE);
  const { result: [key] } = await payer.pay([{ node: account(access.chainId, 'node').address, adapterId, requestHash: `0x${'5e'.repeat(32)}`, nonce: 0n, fee: UNSERVED_FEE }]);
  return key;
}

/** Changes one int16 of a batch's deltas. */
async function alterDelta(workspace: Workspace, batch: string): Promise<void> {
  const path = workspace.path('batches', batch, 'Delta.i16'), data = await readFile(path);
  data.writeInt16LE(data.readInt16LE(0) === 1234 ? 1235 : 1234, 0);
  await writeFileAtomic(path, data);
}

/** Why the contributor with the largest payout was paid. */
async function explain(economy: Economy, { contributors }: Registration, { payouts }: JobFile): Promise<ExplanationSummary> {
  const best = payouts.slice(0, contributors.length).reduce((top, units, c, all) => (units > all[top] ? c : top), 0);
  const { name, address } = contributors[best], { credits, claims, credited, claimed } = await economy.rewards.explain(address);
  return {
    contributor: name, account: address, credited: String(credited), claimed: String(claimed),
    sentences: [...credits.map((c) => c.sentence), ...claims.map((c) => `claimed ${formatEther(c.amount)} OPEN to ${c.to}`)],
  };
}

async function requestSummary({ market }: Economy, { request, job }: ProveCommandResult): Promise<RequestSummary> {
  const { requester, minPrice, maxPrice, collateral } = request!.request, { price } = await market.request(request!.requestId);
  return { requestId: request!.requestId, requester, prover: job.prover, minPrice: String(minPrice), maxPrice: String(maxPrice), price: String(price), collateral: String(collateral) };
}

async function constraintCounts(paths: string[]): Promise<number[]> {
  const { readR1cs } = await import('../../../prover/setup/qap.js');
  return paths.map((path) => readR1cs(path).nConstraints);
}
