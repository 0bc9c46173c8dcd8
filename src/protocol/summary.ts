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
  refunded: boolean;
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
  feesIn: string;
  paidOut: string;
  refunded: string;
  treasury: string;
  /** Balance left in the escrow after every claim: what is not yet claimed or settled. */
  escrowBalance: string;
  conserved: boolean;
  audit: { ok: boolean; checks: AuditCheck[] };
  /** Verdict of the audit of a copy with one altered number: ok = false means it was caught, finding names the file. */
  tamperedAudit: { ok: boolean; finding: string };
  /** Seconds of the phases of the run, in order. */
  phases: Record<string, number>;
  gas: Record<string, number>;
  chain: { chainId: number; verifier: string; registry: string; escrow: string; jobId: string; recordId: string };
  machine: { cpu: string; cores: number; node: string };
}
