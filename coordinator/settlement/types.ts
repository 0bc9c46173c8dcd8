/** What the settlement keeps: intents (what is to be true on chain) and transactions (one for each nonce of the account). JSON only. */
import type { Address, Hex } from 'viem';

export const INTENT_KINDS = ['commit', 'settle', 'deliver', 'anchor'] as const;
export type IntentKind = (typeof INTENT_KINDS)[number];

export const INTENT_STATES = ['planned', 'sent', 'mined', 'final', 'failed'] as const;
export type IntentState = (typeof INTENT_STATES)[number];

/** A transaction in a block of the chain. */
export interface Inclusion {
  hash: Hex;
  blockNumber: number;
  blockHash: Hex;
}

/** Why an intent waits or failed. retryable: the same intent may pass when it is handed in again later. */
export interface Reason {
  code: string;
  message: string;
  hint?: string;
  retryable: boolean;
}

/** One effect that is to happen once. Its id is a hash of what is to be done, so that asking twice is asking once. */
export interface Intent {
  /** commit:<block id>, settle:<job id>, deliver:<request id>, anchor:<entries of the log> */
  id: string;
  kind: IntentKind;
  /** Block, job or request id; root of the log. */
  key: Hex;
  /** Job that it settles: two intents about one job are never under way together. */
  jobId?: Hex;
  to: Address;
  /** Wei, decimal. */
  value: string;
  /** The call for this intent alone; a transaction may carry several. */
  calldata: Hex;
  /** Contributors' parts of the fees that the proof divides, decimal: a refund since then makes it stale. */
  parts?: string[];
  state: IntentState;
  createdAt: number;
  /** Not tried before, milliseconds since 1970. */
  notBefore: number;
  /** Of the transaction that carries it, and all its replacements. */
  nonce?: number;
  hashes: Hex[];
  firstSentAt?: number;
  /** Where the effect is on chain, by whomever it came. */
  included?: Inclusion;
  /** Tries that came to nothing, the latest 20. */
  attempts: { at: number; code: string; message: string }[];
  reason?: Reason;
}

/** One signed form of a transaction. Stored before it is sent: its hash is known whatever happens next. */
export interface Variant {
  hash: Hex;
  raw: Hex;
  /** Wei, decimal. */
  maxFeePerGas: string;
  maxPriorityFeePerGas: string;
  signedAt: number;
  /** A node took it. */
  sentAt?: number;
  /** An empty transfer to the account itself, which frees the nonce. */
  cancel?: boolean;
}

export const TRANSACTION_STATES = ['open', 'mined', 'final', 'lost'] as const;
export type TransactionState = (typeof TRANSACTION_STATES)[number];

/** All that was ever signed for one nonce; lost: another one's transaction used the nonce up. */
export interface OutboxTransaction {
  from: Address;
  nonce: number;
  to: Address;
  value: string;
  data: Hex;
  /** Decimal. */
  gas: string;
  /** Ids of what it carries; none for a cancel that fills a gap. */
  intents: string[];
  state: TransactionState;
  variants: Variant[];
  mined?: Inclusion & { success: boolean; gasUsed: string; gasPrice: string };
  /** The node wants a higher fee than the latest variant's, now. */
  underpriced?: boolean;
  trouble?: string;
}

/** Where the code is, between any two writes or sends: for logs, and for tests that end the process right there. */
export type Step =
  | 'intent.planned' | 'transaction.signed' | 'transaction.stored' | 'intents.sent' | 'transaction.broadcast' | 'transaction.noted' | 'variant.signed' | 'variant.stored' | 'variant.broadcast'
  | 'transaction.mined' | 'intents.mined' | 'transaction.final' | 'transaction.lost' | 'transaction.reopened' | 'intent.reported' | 'intent.final' | 'intent.failed';
export type OnStep = (step: Step, subject: string) => void | Promise<void>;
