import { zeroHash, type Address, type Hex } from 'viem';
import { ContractActions, accountOf, valueOf, type EconomyContext, type Form } from '../context.js';
import { voteHash } from '../ids.js';
import type { Sent } from '../send.js';
import { jobEvidence, type JobEvidence } from './evidence.js';
import { CASE_STATUS, CASE_SUBJECT, type CaseStatus, type CaseSubject } from '../types.js';

export interface Case {
  subject: CaseSubject;
  status: CaseStatus;
  round: number;
  subjectId: Hex;
  challenger: Address;
  accused: Address;
  bond: bigint;
  openedAt: bigint;
  drawBlock: bigint;
  commitUntil: bigint;
  revealUntil: bigint;
  votesFor: number;
  votesAgainst: number;
  bundleHash: Hex;
  committee: readonly Address[];
}

export interface AuditOrder {
  auditor: Address;
  until: bigint;
  reported: boolean;
  sound: boolean;
  reportHash: Hex;
}

/** Challenges that a committee of staked auditors decides by commit and reveal, and paid audits. */
export class Court extends ContractActions<'court'> {
  constructor(context: EconomyContext) { super(context, 'court'); }

  join(): Promise<Sent<void>> { return this.write('join', []); }
  leave(): Promise<Sent<void>> { return this.write('leave', []); }

  /** @param bond  as the court rules say: parameters.court().bond. @returns the case id */
  challengeBlock(blockId: Hex, bundleHash: Hex, bond: bigint, form?: Form): Promise<Sent<bigint>> { return this.write('challengeBlock', [blockId, bundleHash], valueOf(bond, form)); }
  challengeRecord(recordId: Hex, bundleHash: Hex, bond: bigint, form?: Form): Promise<Sent<bigint>> { return this.write('challengeRecord', [recordId, bundleHash], valueOf(bond, form)); }
  /** @param accusedBlock  index of the block whose node is accused */
  challengeJob({ recordId, blocks, credits }: JobEvidence, accusedBlock: number, bundleHash: Hex, bond: bigint, form?: Form): Promise<Sent<bigint>> {
    return this.write('challengeJob', [recordId, blocks, BigInt(accusedBlock), credits, bundleHash], valueOf(bond, form));
  }

  /** What challengeJob and closeJob take, from the job's events. */
  evidence(jobId: Hex): Promise<JobEvidence> { return jobEvidence(this.context, jobId); }

  draw(caseId: bigint): Promise<Sent<void>> { return this.write('draw', [caseId]); }
  /** Commits the caller's vote in the case's present round; keep the salt until the reveal. */
  async commitVote(caseId: bigint, upheld: boolean, salt: Hex): Promise<Sent<void>> {
    const { round } = await this.case(caseId);
    return this.write('commitVote', [caseId, voteHash(caseId, round, accountOf(this.context, 'commitVote'), upheld, salt)]);
  }
  revealVote(caseId: bigint, upheld: boolean, salt: Hex): Promise<Sent<void>> { return this.write('revealVote', [caseId, upheld, salt]); }
  /** Closes a block or record case. */
  close(caseId: bigint): Promise<Sent<void>> { return this.write('close', [caseId]); }
  closeJob(caseId: bigint, { recordId, blocks, credits }: JobEvidence): Promise<Sent<void>> { return this.write('closeJob', [caseId, recordId, blocks, credits]); }

  orderAudit(jobId: Hex): Promise<Sent<void>> { return this.write('orderAudit', [jobId]); }
  reportAudit(jobId: Hex, sound: boolean, reportHash: Hex = zeroHash): Promise<Sent<void>> { return this.write('reportAudit', [jobId, sound, reportHash]); }

  /** Claims the auditors' shares for the audit fund; anyone. */
  collect(periods: readonly bigint[]): Promise<Sent<bigint>> { return this.write('collect', [periods]); }
  auditFund(): Promise<bigint> { return this.read('auditFund', []); }

  async case(caseId: bigint): Promise<Case> {
    const { subject, status, ...rest } = await this.read('getCase', [caseId]);
    return { ...rest, subject: CASE_SUBJECT[subject], status: CASE_STATUS[status] };
  }
  caseCount(): Promise<bigint> { return this.read('caseCount', []); }
  auditors(): Promise<readonly Address[]> { return this.read('auditors', []); }
  async audit(jobId: Hex): Promise<AuditOrder> {
    const [auditor, until, reported, sound, reportHash] = await this.read('audit', [jobId]);
    return { auditor, until, reported, sound, reportHash };
  }
}
