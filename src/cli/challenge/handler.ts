/** Cases of the audit court and facts, from the artifacts of a workspace. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { keccak256, toHex, type Hex } from 'viem';
import { z } from 'zod';
import type { CaseSubject, Economy } from '../../chain/index.js';
import { CliError } from '../../errors/cli.js';
import { payerReceiptSchema, readArtifact, writeArtifact, type PayerReceipt } from '../../protocol/artifacts.js';
import { ensureStake, leastStake } from '../stake/handler.js';
import type { Workspace } from '../workspace.js';

/** Stakes the account as auditor and enters it into the pool that committees are drawn from. */
export async function joinAuditors(auditor: Economy): Promise<void> {
  await ensureStake(auditor, 'auditor', await leastStake(auditor, 'auditor'));
  const { address } = auditor.client.account!;
  if (!(await auditor.court.auditors()).includes(address)) await auditor.court.join();
}

/** Opens a case with the court's bond. @returns its id */
export async function openCase(challenger: Economy, subject: CaseSubject, subjectId: Hex, { bundleHash, accusedBlock = 0 }: { bundleHash: Hex; accusedBlock?: number }): Promise<bigint> {
  const { court } = challenger, { bond } = await challenger.parameters.court();
  if (subject === 'block') return (await court.challengeBlock(subjectId, bundleHash, bond)).result;
  if (subject === 'record') return (await court.challengeRecord(subjectId, bundleHash, bond)).result;
  return (await court.challengeJob(await court.evidence(subjectId), accusedBlock, bundleHash, bond)).result;
}

/** Closes a case of any subject; a job's data is read from its events. */
export async function closeCase({ court }: Economy, caseId: bigint): Promise<void> {
  const { subject, subjectId } = await court.case(caseId);
  if (subject === 'job') await court.closeJob(caseId, await court.evidence(subjectId));
  else await court.close(caseId);
}

const word = z.custom<Hex>((v) => typeof v === 'string' && /^0x[0-9a-f]{64}$/.test(v), 'a 32-byte lower-case hex word');
const voteSchema = z.strictObject({ format: z.literal('zkattr-vote'), chainId: z.int(), court: z.string(), caseId: z.string(), round: z.int(), auditor: z.string(), upheld: z.boolean(), salt: word });

const voteFile = (workspace: Workspace, economy: Economy, caseId: bigint, round: number): string =>
  workspace.path('votes', `${economy.deployment.chainId}-${economy.deployment.court}-${caseId}-${round}-${economy.client.account!.address}.json`);

/** Commits to a vote. Its salt is on disk before the commitment is sent: without it nothing can be revealed. */
export async function commitVote(workspace: Workspace, auditor: Economy, caseId: bigint, upheld: boolean): Promise<void> {
  const { round } = await auditor.court.case(caseId), path = voteFile(workspace, auditor, caseId, round);
  const earlier = existsSync(path) ? await readArtifact(path, voteSchema) : undefined;
  const salt = earlier?.upheld === upheld ? earlier.salt : toHex(randomBytes(32));
  await writeArtifact(path, { format: 'zkattr-vote', chainId: auditor.deployment.chainId, court: auditor.deployment.court, caseId: String(caseId), round, auditor: auditor.client.account!.address, upheld, salt });
  await auditor.court.commitVote(caseId, upheld, salt);
}

/** @throws CliError VOTE_MISSING */
export async function revealVote(workspace: Workspace, auditor: Economy, caseId: bigint): Promise<boolean> {
  const { round } = await auditor.court.case(caseId), path = voteFile(workspace, auditor, caseId, round);
  if (!existsSync(path)) throw new CliError('no vote of this account to reveal', { code: 'VOTE_MISSING', where: path, hint: 'commit it first, in the same --dir' });
  const { upheld, salt } = await readArtifact(path, voteSchema);
  await auditor.court.revealVote(caseId, upheld, salt);
  return upheld;
}

/** One signed receipt, as receipts.json lists them. */
export const readReceipt = (path: string): Promise<PayerReceipt> => readArtifact(path, payerReceiptSchema);

/** What a challenge points to: the hash of the file with the evidence. */
export const evidenceHash = (content: Uint8Array): Hex => keccak256(content);
