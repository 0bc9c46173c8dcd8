/** What the demonstration reports, and writes as JSON with --json. Amounts are base units of OPEN as decimal strings. */
export interface RelationSummary {
  constraints: number;
  proveSeconds: number;
  /** Seconds by stage, in order. */
  stages: Record<string, number>;
  proofBytes: number;
  gas: number;
  blocks: number;
  contributors: number;
}

export interface PayoutSummary {
  contributor: string;
  units: string;
  address: string;
  /** honest, flipped, duplicate, sybil. */
  kind: string;
  /** Accounts of one person share it. */
  identity: string;
  rows: number;
  /** Part of all payouts, 0..1. */
  share: number;
  /** Queries on which this contributor's influence is positive, and negative. */
  helped: number;
  harmed: number;
  claimed: boolean;
  /** Why, in one sentence. */
  why: string;
}

export interface QuerySummary {
  query: number;
  payer: string;
  fee: string;
  predicted: number;
  actual: number;
  /** 64 pixels, 0..16. */
  pixels: number[];
  /** Contributor with the largest positive influence; empty when nobody helped and the fee went back. */
  topContributor: string;
  /** The contributors' part went back to the payer. */
  refunded: boolean;
  /** How the fee was split; sums to it. */
  parts: FeeParts;
}

export type FeeParts = Record<'contributors' | 'node' | 'prover' | 'auditors' | 'treasury', string>;

/** The request that paid for the proof. */
export interface RequestSummary {
  requestId: string;
  requester: string;
  prover: string;
  minPrice: string;
  maxPrice: string;
  /** Of the lock. */
  price: string;
  collateral: string;
}

/** A case about a block whose committed activations are not the model's. */
export interface CaseSummary {
  caseId: string;
  blockId: string;
  challenger: string;
  accused: string;
  /** What the auditors' replay found. */
  finding: string;
  committee: string[];
  votesFor: number;
  votesAgainst: number;
  status: string;
  slashed: string;
  /** Fees of the block, back to their payers. */
  refunded: string;
}

/** Two receipts for one request, shown to the contract. */
export interface FactSummary {
  node: string;
  reporter: string;
  slashed: string;
}

/** Why an account was paid, in the words of the chain's events. */
export interface ExplanationSummary {
  contributor: string;
  account: string;
  credited: string;
  claimed: string;
  sentences: string[];
}

export interface AuditCheck {
  name: string;
  ok: boolean;
  detail: string;
}

export interface DemoSummary {
  verifiedOnChain: boolean;
  className: string;
  accuracy: { base: number; adapted: number };
  r1: RelationSummary;
  r2: RelationSummary & { queries: number };
  payouts: PayoutSummary[];
  queries: QuerySummary[];
  /**
   * Fees, to the last unit: feesIn = paidOut (contributors) + node + prover + auditors + treasury + refunded, when nothing is left.
   * refunded: requests that nobody served, blocks that a court rejected, contributors' parts of queries that nobody helped.
   */
  feesIn: string;
  paidOut: string;
  node: string;
  prover: string;
  auditors: string;
  treasury: string;
  refunded: string;
  /** Fees left in the contracts after every claim. */
  escrowBalance: string;
  /** Wrapped OPEN: its supply, the OPEN behind it, and what each contract holds; stakes stay. */
  wrapped: { supply: string; backing: string; held: Record<string, string> };
  conserved: boolean;
  request: RequestSummary;
  case: CaseSummary;
  fact: FactSummary;
  explained: ExplanationSummary;
  audit: { ok: boolean; checks: AuditCheck[] };
  /** Verdict of the audit of a copy with one altered number: ok = false means it was caught, finding names the file. */
  tamperedAudit: { ok: boolean; finding: string };
  /** Seconds of the phases of the run, in order. */
  phases: Record<string, number>;
  gas: Record<string, number>;
  chain: { chainId: number; jobId: string; recordId: string; datanetId: string; snapshotId: string; contracts: Record<string, string> };
  machine: { cpu: string; cores: number; node: string };
}
