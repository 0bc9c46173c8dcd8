/** A dishonest node on the demonstration's chain: a case about an altered block, and a fact about two answers to one request. */
import { cp, rm } from 'node:fs/promises';
import { keccak256, stringToHex } from 'viem';
import type { AuditReport } from '../../audit/index.js';
import type { Economy } from '../../chain/index.js';
import type { Srs } from '../../commitment/srs.js';
import { CliError } from '../../errors/cli.js';
import { payerReceiptsSchema, readArtifact, type Batch } from '../../protocol/artifacts.js';
import { batchBlock } from '../../protocol/statements.js';
import type { CaseSummary, FactSummary } from '../../protocol/summary.js';
import { fundedAs, type ChainAccess, type Role } from '../accounts.js';
import { closeCase, commitVote, evidenceHash, joinAuditors, openCase, revealVote } from '../challenge/handler.js';
import { infer } from '../infer/handler.js';
import { ensureStake } from '../stake/handler.js';
import { Workspace, type Progress } from '../workspace.js';
import { advanceTo, mine } from './chainTime.js';

export const ARTIFACTS = ['deployment.json', 'model', 'registration', 'batches', 'jobs'] as const;
/** One more than a committee has seats: the lot decides. */
const AUDITORS = 4;
const SERVER: Role = 'secondNode';

/** Runs `work` on a copy of the workspace, and removes the copy. */
export async function withCopy<T>(workspace: Workspace, name: string, work: (copy: Workspace) => Promise<T>): Promise<T> {
  const copy = new Workspace(`${workspace.dir}-${name}`);
  await rm(copy.dir, { recursive: true, force: true });
  try {
    for (const artifact of ARTIFACTS) await cp(workspace.path(artifact), copy.path(artifact), { recursive: true });
    return await work(copy);
  } finally {
    await rm(copy.dir, { recursive: true, force: true });
  }
}

export interface Dishonest {
  case: CaseSummary;
  fact: FactSummary;
  /** Fees that were paid for the altered block. */
  feesIn: bigint;
}

export interface CourtOptions {
  srs: Srs;
  /** Replays a workspace, as every auditor does. */
  audit: (dir: string) => Promise<AuditReport>;
  fee: bigint;
  from: number;
  progress: Progress;
}

/**
 * Another node serves four queries and alters one activation before it commits them. A challenger opens a case, the auditors that
 * are drawn replay the batch, vote, and the node is slashed. Then a payer shows two answers that the node signed to one request.
 */
export async function dishonestNode(workspace: Workspace, access: ChainAccess, { srs, audit, fee, from, progress }: CourtOptions): Promise<Dishonest> {
  const manifest = await workspace.deployment(), { stakes, court } = manifest.config;
  const pool: Economy[] = [];
  for (let i = 0; i < AUDITORS; i++) pool.push(await fundedAs(access, manifest, 'auditor', i, stakes.auditor));
  progress(`${AUDITORS} auditors stake`);
  for (const auditor of pool) await joinAuditors(auditor);
  // Enough to lose for the case and for the fact.
  const node = await fundedAs(access, manifest, SERVER, 0, stakes.node + 2n * court.nodeSlash);
  await ensureStake(node, 'node', stakes.node + 2n * court.nodeSlash);

  return withCopy(workspace, 'dishonest', async (copy) => {
    const served = await infer(copy, access, srs, {
      from, count: 4, batchSize: 4, fee: () => fee, server: SERVER, alter: ({ Delta }) => { Delta[0] = Delta[0] === 1234 ? 1235 : 1234; },
    }, progress);
    const [batch] = served.batches, [folder] = served.folders;
    const trial = await tryBlock(copy, access, pool, batch, folder, audit, progress);
    return { case: trial, fact: await proveFact(copy, access, node, folder, progress), feesIn: served.feesIn };
  });
}

async function tryBlock(copy: Workspace, access: ChainAccess, pool: readonly Economy[], batch: Batch, folder: string, audit: CourtOptions['audit'], progress: Progress): Promise<CaseSummary> {
  const manifest = await copy.deployment(), { court } = manifest.config;
  const challenger = await fundedAs(access, manifest, 'challenger', 0, court.bond);
  // A replay gives every auditor the same: it runs once here, for all of them.
  const { finding = '', ok } = await audit(copy.dir);
  const named = !ok && finding.includes(`batches/${folder}/`);
  progress(`challenge block ${batch.blockId}`);
  // Drawn are those who joined in an earlier second.
  await advanceTo(challenger, (await challenger.client.publicClient.getBlock()).timestamp + 1n);
  const caseId = await openCase(challenger, 'block', batch.blockId, { bundleHash: evidenceHash(new TextEncoder().encode(finding)) });
  await mine(challenger, 2);
  await challenger.court.draw(caseId);
  const drawn = await challenger.court.case(caseId);
  const committee = drawn.committee.map((address) => pool.find((auditor) => auditor.client.account!.address === address)!);
  progress(`committee of ${committee.length} votes`);
  for (const auditor of committee) await commitVote(copy, auditor, caseId, named);
  await advanceTo(challenger, drawn.commitUntil + 1n);
  for (const auditor of committee) await revealVote(copy, auditor, caseId);
  await closeCase(challenger, caseId);
  const [closed] = await challenger.events('court', 'CaseClosed', { args: { caseId } });
  const { status, votesFor, votesAgainst, accused } = await challenger.court.case(caseId);
  let refunded = 0n;
  if (status === 'upheld') {
    const record = batchBlock(batch), { recordId } = await copy.registration();
    await challenger.inferences.refundRejected(recordId, record);
    refunded = batch.signed.receipt.inferences.reduce((sum, i) => sum + BigInt(i.fee), 0n);
  }
  return {
    caseId: String(caseId), blockId: batch.blockId, challenger: challenger.client.account!.address, accused, finding, committee: [...drawn.committee], votesFor, votesAgainst, status,
    slashed: String(closed.args.slashed), refunded: String(refunded),
  };
}

/** The node gave its payer one answer, and signs another for the same request. */
async function proveFact(copy: Workspace, access: ChainAccess, node: Economy, folder: string, progress: Progress): Promise<FactSummary> {
  const { receipts: [first] } = await readArtifact(copy.path('batches', folder, 'receipts.json'), payerReceiptsSchema);
  const other = { ...first.receipt, outputHash: keccak256(stringToHex('another answer')) };
  const second = { receipt: other, signature: await node.inferences.signReceipt(other) };
  progress('prove that the node signed two answers to one request');
  const payer = await fundedAs(access, await copy.deployment(), 'payer');
  const { receipt } = await payer.facts.proveEquivocation(first, second);
  const [proved] = await payer.events('facts', 'FactProved', { fromBlock: receipt.blockNumber });
  if (!proved) throw new CliError('the fact has no event', { code: 'FACT', where: receipt.transactionHash });
  return { node: proved.args.node, reporter: payer.client.account!.address, slashed: String(proved.args.slashed) };
}
