export { ANCHOR_BYTES, anchorBytes, anchorOf } from './anchor.js';
export type { CompleteSettlement, SignedCommitment } from './calls.js';
export { SettlementMetrics } from './metrics.js';
export { PLAN_RULES, type PlanRules } from './planner.js';
export { REVERTS, verdictOf, type Action, type Verdict } from './reverts.js';
export { connectFailover, Endpoints, type EndpointHealth, type EndpointState, type FailoverClient, type FailoverOptions } from './rpc.js';
export { SEND_RULES, type SendRules } from './sender.js';
export { Settler, type CommitInput, type Failure, type SettlerOptions } from './settler.js';
export { INTENT_STATES, type Inclusion, type Intent, type IntentKind, type IntentState, type OnStep, type OutboxTransaction, type Reason, type Step } from './types.js';
