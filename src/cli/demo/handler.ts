/** The whole story on embedded defaults: train, register, infer, prove, settle, claim, audit, and an audit of an altered copy. */
import { cp, readFile, rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseEther, type Address } from 'viem';
import { auditJob } from '../../audit/index.js';
import { startAnvil } from '../../chain/index.js';
import { writeFileAtomic } from '../../files/atomic.js';
import { buildDemoBundle, readBundle, writeBundle } from '../../models/index.js';
import type { Batch, JobFile, Registration } from '../../protocol/artifacts.js';
import type { DemoSummary, PayoutSummary, QuerySummary } from '../../protocol/summary.js';
import { sizeClass } from '../../statement/classes.js';
import { verifierKey } from '../../verify/key.js';
import { economyAs, fundLocal, account, type ChainAccess, type Role } from '../accounts.js';
import { infer } from '../infer/handler.js';
import { proofBytes, provePayout } from '../prove/handler.js';
import { withProving } from '../proving.js';
import { deploy, deploymentOf, register } from '../register/handler.js';
import { verify } from '../verify/handler.js';
import { Workspace, type Progress } from '../workspace.js';

export const DEMO_CLASS = '16x16';
const QUERIES = 16;
const BATCH = 4;
/** Fees differ, so that the split shows: 0.010, 0.011, .. OPEN. */
const fee = (query: number): bigint => parseEther('0.01') + BigInt(query % 7) * parseEther('0.001');
/** A request that no node serves: its fee goes back after the deadline. */
const UNSERVED_FEE = parseEther('0.005');
const ANVIL_ACCOUNTS = 48;

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
  const workspace = new Workspace(dir);
  const cls = sizeClass(DEMO_CLASS);
  await Promise.all(['deployment.json', 'model', 'registration', 'batches', 'jobs'].map((name) => rm(workspace.path(name), { recursive: true, force: true })));

  await phase('train', async () => {
    const bundle = await buildDemoBundle({ sizeClass: cls, onProgress: (stage, done, total) => { if (done === total || done === 0) progress(`train ${stage}`); } });
    await writeBundle(workspace.model, bundle);
  });
  const bundle = await readBundle(workspace.model);
  const setupStart = performance.now();
  progress('== setup (development keys, cached)');
  return withProving(cls, undefined, progress, async (context) => {
    phases.setup = (performance.now() - setupStart) / 1000;
    const anvil = await startAnvil({ port, args: ['--accounts', String(ANVIL_ACCOUNTS)] });
    try {
      const access: ChainAccess = { rpcUrl: anvil.rpcUrl, chainId: anvil.chainId };
      const deployment = await phase('deploy', () => deploy(workspace, access, cls, context.keys, progress));
      const registered = await phase('register', () => register(workspace, access, context, undefined));
      const inferred = await phase('infer', () => infer(workspace, access, context.srs, { from: 0, count: QUERIES, batchSize: BATCH, fee }, progress));
      const unserved = await requestWithoutService(access, deployment, registered.registration);
      const settled = await phase('prove and settle', () => provePayout(workspace, context, access));
      const money = await phase('claim', async () => {
        await refundUnserved(access, deployment, unserved);
        return claimAll(access, deployment, registered.registration, progress);
      });
      const feesIn = inferred.feesIn + UNSERVED_FEE;
      const economy = await economyAs(access, deploymentOf(deployment), 'owner');
      const escrowBalance = await economy.client.publicClient.getBalance({ address: deployment.escrow });

      const { features, payout } = context.keys;
      const keys = { features: verifierKey(features.vk), payout: verifierKey(payout.vk) };
      const verdicts = await phase('verify', () => verify(workspace, settled.folder, { features: features.vk, payout: payout.vk }, economy));
      const audit = await phase('audit', () => auditJob({ dir, job: settled.folder, srs: context.srs, keys, economy, progress: (m: string) => progress(`audit: ${m}`) }));
      const tampered = await phase('audit of an altered copy', () => auditAltered(workspace, (copy) => auditJob({ dir: copy, job: settled.folder, srs: context.srs, keys, economy })));

      const r1Stages = registered.registration.stages, r2Stages = settled.job.stages;
      const constraints = await constraintCounts([features.r1cs, payout.r1cs]);
      const sum = (stages: Record<string, number>): number => Object.values(stages).reduce((a, b) => a + b, 0);
      const conserved = feesIn === money.paidOut + money.refunded + money.treasury && escrowBalance === 0n;
      return {
        verifiedOnChain: verdicts.every((verdict) => verdict.ok) && settled.job.transaction !== undefined && registered.registration.transaction !== undefined,
        className: cls.name, accuracy: bundle.manifest.accuracy,
        r1: {
          constraints: constraints[0], proveSeconds: sum(r1Stages), stages: r1Stages, proofBytes: proofBytes(registered.registration), gas: registered.gas.registerFeatures,
          blocks: registered.registration.training.x.length, contributors: registered.registration.contributors.length,
        },
        r2: {
          constraints: constraints[1], proveSeconds: sum(r2Stages), stages: r2Stages, proofBytes: settled.proofBytes, gas: settled.gas ?? 0,
          blocks: settled.job.batches.length, queries: QUERIES, contributors: registered.registration.contributors.length,
        },
        payouts: payoutSummaries(registered.registration, settled.job, settled.scores, money.claimed, inferred.batches),
        queries: querySummaries(bundle.heldOut.inputs, inferred.batches, registered.registration, settled.job, settled.scores),
        feesIn: String(feesIn), paidOut: String(money.paidOut), refunded: String(money.refunded), treasury: String(money.treasury),
        escrowBalance: String(escrowBalance), conserved,
        audit: { ok: audit.ok, checks: audit.checks.map(({ name, ok, detail }) => ({ name, ok, detail })) },
        tamperedAudit: { ok: tampered.ok, finding: tampered.finding ?? '' },
        phases, gas: { ...registered.gas, ...inferred.gas, settle: settled.gas ?? 0, claim: money.claimGas },
        chain: { chainId: deployment.chainId, verifier: deployment.verifier, registry: deployment.registry, escrow: deployment.escrow, jobId: settled.job.jobId, recordId: registered.registration.recordId },
        machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
      };
    } finally {
      await anvil.stop();
    }
  });
}

/** A payer pays for a request that nobody will serve. @returns its payment key */
async function requestWithoutService(access: ChainAccess, deployment: Parameters<typeof deploymentOf>[0], registration: Registration): Promise<`0x${string}`> {
  const payer = await economyAs(access, deploymentOf(deployment), 'payer');
  const { result } = await payer.payFee(account(access.chainId, 'node').address, registration.adapterId, `0x${'5e'.repeat(32)}`, 0n, UNSERVED_FEE);
  return result;
}

/** Lets the settlement window pass on the local chain and refunds the unserved request; anyone may do it. */
async function refundUnserved(access: ChainAccess, deployment: Parameters<typeof deploymentOf>[0], key: `0x${string}`): Promise<void> {
  const anyone = await economyAs(access, deploymentOf(deployment), 'prover');
  const { deadline } = await anyone.payment(key);
  const request = anyone.client.publicClient.request as unknown as (call: { method: string; params: unknown[] }) => Promise<unknown>;
  await request({ method: 'evm_setNextBlockTimestamp', params: [Number(deadline) + 1] });
  await request({ method: 'evm_mine', params: [] });
  await anyone.refund(key);
}

interface Money {
  paidOut: bigint;
  refunded: bigint;
  treasury: bigint;
  claimed: Set<Address>;
  claimGas: number;
}

/** Everyone with a credit claims it: contributors, payers, treasury. */
async function claimAll(access: ChainAccess, deployment: Parameters<typeof deploymentOf>[0], registration: Registration, progress: Progress): Promise<Money> {
  const money: Money = { paidOut: 0n, refunded: 0n, treasury: 0n, claimed: new Set(), claimGas: 0 };
  const claim = async (role: Role, index: number): Promise<bigint> => {
    const economy = await economyAs(access, deploymentOf(deployment), role, index);
    const { address } = economy.client.account!;
    if ((await economy.credits(address)) === 0n) return 0n;
    await fundLocal(access, address);
    const { result, gasUsed } = await economy.claim();
    money.claimed.add(address);
    money.claimGas = Math.max(money.claimGas, Number(gasUsed));
    return result;
  };
  progress('contributors claim');
  for (let c = 0; c < registration.contributors.length; c++) money.paidOut += await claim('contributor', c);
  for (let p = 0; p < 4; p++) money.refunded += await claim('payer', p);
  money.treasury = await claim('treasury', 0);
  return money;
}

/** Copies the workspace, alters one int16 of a batch's deltas, audits the copy. */
async function auditAltered(workspace: Workspace, run: (dir: string) => ReturnType<typeof auditJob>): ReturnType<typeof auditJob> {
  const copy = new Workspace(`${workspace.dir}-altered`);
  await rm(copy.dir, { recursive: true, force: true });
  try {
    for (const name of ['deployment.json', 'model', 'registration', 'batches', 'jobs']) await cp(workspace.path(name), copy.path(name), { recursive: true });
    const path = copy.path('batches', '2', 'Delta.i16');
    const data = await readFile(path);
    data.writeInt16LE(data.readInt16LE(0) === 1234 ? 1235 : 1234, 0);
    await writeFileAtomic(path, data);
    return await run(copy.dir);
  } finally {
    await rm(copy.dir, { recursive: true, force: true });
  }
}

async function constraintCounts(paths: string[]): Promise<number[]> {
  const { readR1cs } = await import('../../../prover/setup/qap.js');
  return paths.map((path) => readR1cs(path).nConstraints);
}

function payoutSummaries(registration: Registration, job: JobFile, scores: readonly (readonly bigint[])[], claimed: Set<Address>, batches: readonly Batch[]): PayoutSummary[] {
  const total = job.payouts.reduce((a, b) => a + b, 0n);
  return registration.contributors.map(({ name, kind, identity, address }, c) => {
    const column = scores.slice(0, QUERIES).map((row) => row[c]);
    const helped = column.filter((s) => s > 0n).length, harmed = column.filter((s) => s < 0n).length;
    const rows = registration.training.rows[c];
    return {
      contributor: name, units: String(job.payouts[c]), address, kind, identity, rows, helped, harmed, claimed: claimed.has(address),
      share: total === 0n ? 0 : Number((job.payouts[c] * 1_000_000n) / total) / 1_000_000,
      why: whySentence(kind, c, scores, job.fees, batches),
    };
  });
}

/** Where the money came from: the query that paid most, and what the kind of account explains. */
function whySentence(kind: string, c: number, scores: readonly (readonly bigint[])[], fees: readonly bigint[], batches: readonly Batch[]): string {
  const digits = batches.flatMap((batch) => batch.predictions);
  let best = { q: -1, units: 0n, part: 0 };
  for (let q = 0; q < QUERIES; q++) {
    const total = scores[q].reduce((sum, s) => (s > 0n ? sum + s : sum), 0n);
    if (scores[q][c] <= 0n) continue;
    const units = (fees[q] * scores[q][c]) / total;
    if (units > best.units) best = { q, units, part: Number((scores[q][c] * 1000n) / total) / 10 };
  }
  const earned = best.q < 0 ? 'no answer was in the direction of these rows' : `most for query ${best.q}, answered ${digits[best.q]}: ${best.part.toFixed(1)}% of its fee`;
  if (kind === 'flipped') return `${earned}; false labels point away from what the model answers`;
  if (kind === 'duplicate') return `${earned}; copied rows earn like their originals, version 1 does not see copies`;
  if (kind === 'sybil') return `${earned}; one of three accounts of one person`;
  return earned;
}

function querySummaries(inputs: Float32Array, batches: readonly Batch[], registration: Registration, job: JobFile, scores: readonly (readonly bigint[])[]): QuerySummary[] {
  const flat = batches.flatMap((batch) => batch.signed.receipt.inferences.map((inference, i) => ({ inference, predicted: batch.predictions[i], actual: batch.labels[i] })));
  const scale = inputs.reduce((max, v) => Math.max(max, v), 0) || 1;
  return flat.map(({ inference, predicted, actual }, q) => {
    const top = scores[q].reduce((best, s, c) => (s > scores[q][best] ? c : best), 0);
    const refunded = ((job.zeroQueries >> BigInt(q)) & 1n) === 1n;
    return {
      query: q, payer: inference.payer, fee: inference.fee, predicted, actual, refunded,
      pixels: Array.from(inputs.slice(64 * q, 64 * (q + 1)), (v) => Math.round((v / scale) * 16)),
      topContributor: refunded ? '' : registration.contributors[top]?.name ?? '',
    };
  });
}

