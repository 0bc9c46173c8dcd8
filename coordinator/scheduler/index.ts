export type { LogBody, LogKind } from './assignmentLog.js';
export { ProverService, type ProverServiceOptions } from './service.js';
export type { TimelineEntry } from './timeline.js';
export { LIMITS, refuse, type AcceptedKey, type Channel, type FalseProofEvent, type ProvedEvent, type SchedulerEvents, type SchedulerIdentity, type SchedulerLimits } from './types.js';
export { ThreadVerifier, type ResultVerifier } from './verifier.js';
export { verifyResult, type ResultVerdict, type VerifyTask } from './verifyResult.js';
