/** What the prover-facing side is made of and what it tells its owner. */
import type { Address, Hex } from 'viem';
import type { MessageSigner, ProofJob, Refusal } from '../../src/protocol/network/index.js';
import type { JobFile } from '../../src/protocol/artifacts.js';
import type { VerifierKey } from '../../src/verify/proof.js';
import type { QueueJob } from '../queue/types.js';

/** Where a message came in. libp2p proves the peer, HTTP nothing. */
export interface Channel {
  transport: 'libp2p' | 'http';
  remotePeer?: string;
}

/** A key of the payout relation whose proofs are taken; a class may have several while governance replaces one. */
export interface AcceptedKey {
  className: string;
  vkHash: Hex;
  key: VerifierKey;
}

/** A job that was proved: its artifact is stored, and the queue has it as done. May come again after a restart. */
export interface ProvedEvent {
  job: ProofJob;
  prover: Address;
  token: number;
  /** Hash of the artifact: the text of the job file. */
  artifact: Hex;
  file: JobFile;
  seconds: number;
}

export interface FalseProofEvent {
  jobId: Hex;
  prover: Address;
  token: number;
  code: string;
  message: string;
  /** Of the envelope with the proof: in the log, and as an artifact under `artifact`. */
  envelope: Hex;
  artifact: Hex;
}

export interface SchedulerEvents {
  proved?: (event: ProvedEvent) => void | Promise<void>;
  falseProof?: (event: FalseProofEvent) => void | Promise<void>;
  /** A job was leased, ended an attempt, or waits again. */
  changed?: (jobId: Hex) => void;
}

export interface SchedulerIdentity {
  chainId: number;
  signer: MessageSigner;
}

/** All of them tuned for provers that take between one second and some minutes for a proof. */
export interface SchedulerLimits {
  clockSkewMs: number;
  /** A lease lasts 1.5 times the prover's own seconds, within these bounds; it is asked to report four times in that. */
  minLeaseMs: number;
  maxLeaseMs: number;
  /** An attempt that takes this many times its measured seconds (and a minute) is ended, even though the prover reports. */
  overrun: number;
  /** A prover counts as online for so long after its last message. */
  onlineMs: number;
  /** A prover of a false proof gets nothing for so long. */
  falseProofBanMs: number;
  /** First pause after a time-out while others could do the work; doubles with each of the last ten minutes. */
  timeoutPauseMs: number;
  /** A job that a prover did not want is not offered to it again for so long. */
  declinedMs: number;
  minPollMs: number;
  maxPollMs: number;
  sessions: number;
  sessionsPerProver: number;
  /** Messages that are worked on at once, and proofs that are checked or wait for it. */
  concurrency: number;
  verifications: number;
  verifierThreads: number;
  /** Messages of one session: at once, and a second after that. Logins of all: the same. */
  burst: number;
  perSecond: number;
  helloBurst: number;
  hellosPerSecond: number;
  timelineJobs: number;
  timelineEntries: number;
}

export const LIMITS: SchedulerLimits = {
  clockSkewMs: 60_000, minLeaseMs: 15_000, maxLeaseMs: 120_000, overrun: 8, onlineMs: 60_000, falseProofBanMs: 24 * 3_600_000, timeoutPauseMs: 5000, declinedMs: 30_000,
  minPollMs: 1000, maxPollMs: 10_000, sessions: 20_000, sessionsPerProver: 4, concurrency: 512, verifications: 64, verifierThreads: 1,
  // A job of 64 blocks is fetched with 65 messages.
  burst: 256, perSecond: 20, helloBurst: 2000, hellosPerSecond: 200, timelineJobs: 4096, timelineEntries: 64,
};

export const refuse = (code: string, message: string, { hint, retry = false }: { hint?: string; retry?: boolean } = {}): Refusal =>
  ({ ok: false, code, message: message.slice(0, 2000), ...(hint === undefined ? {} : { hint: hint.slice(0, 1000) }), retry });

/** Prover of the latest lease. */
export const holderOf = (job: QueueJob): Address | undefined => job.lease?.prover ?? job.attempts.at(-1)?.prover;
