export { addClass } from './addClass.js';
export { startAnvil, type Anvil, type AnvilOptions } from './anvil.js';
export { Court, type AuditOrder, type Case } from './audits/court.js';
export { jobEvidence, type JobEvidence } from './audits/evidence.js';
export { Facts, type BlockData, type SignedReceipt } from './audits/facts.js';
export { connectChain, type ChainClient, type ConnectOptions } from './client.js';
export { expectedCodeHash, maskedCodeHash, runtimeCode } from './code.js';
export { configJson, economyConfigSchema, localConfig, parseConfig, productionConfig, type ConfigOverrides, type EconomyConfig, type EconomyConfigInput } from './config.js';
export type { EconomyContext, Form } from './context.js';
export { CONTRACT_KEYS, CONTRACTS, type AbiOf, type Addresses, type Artifact, type ContractKey, type Deployment } from './contracts.js';
export { contractFeaturesStatement, contractPayoutStatement, contractProof } from './convert.js';
export { batchLeaf, merkleProof, merkleRoot, type BatchItem } from './datanets/batch.js';
export { Datanets, type Contribution, type Datanet, type Snapshot } from './datanets/datanets.js';
export { snapshotOrder } from './datanets/snapshot.js';
export { deployEconomy, type ClassKey, type DeployOptions } from './deploy.js';
export { deployToFile } from './deployToFile.js';
export { Economy, type BlockInput } from './economy.js';
export { readEvents, type EventFilter, type EventsOf } from './events.js';
export { Gateway, type VerifierEntry } from './governance/gateway.js';
export { Governance, PROPOSAL_STATE, SUPPORT, type Call, type Proposal, type ProposalState } from './governance/governance.js';
export { ProtocolParameters } from './governance/parameters.js';
export { Verifier } from './governance/verifier.js';
export * from './ids.js';
export { Inferences, sumOfFees, type BlockState, type PaymentState } from './inferences/inferences.js';
export { deploymentOf, manifestJson, manifestPath, manifestSchema, parseManifest, readManifest, writeManifest, type DeployedContract, type Manifest } from './manifest.js';
export { Market, type RequestState } from './market/market.js';
export { priceAt, priceReachedAt, type PriceTerms } from './market/price.js';
export { Models, type FeaturesInput, type RecordState } from './models/models.js';
export { chainError, errorsWithoutHint } from './revert.js';
export { claimable, type ClaimablePeriod } from './rewards/claimable.js';
export { explainPayment, type CreditOrigin, type ExplainedCredit, type ExplainOptions, type PaymentExplanation } from './rewards/explain.js';
export { Rewards, type ClaimInput, type JobBooking } from './rewards/rewards.js';
export { settledJob, type JobQuery, type SettledJobDetails } from './rewards/settledJob.js';
export { assertDeployed, read, send, type Sent } from './send.js';
export { Settlements, type SettleInput } from './settlement/settlement.js';
export { Stakes, type StakeState } from './stakes/stakes.js';
export { Token, type SignedPermit } from './token/token.js';
export {
  blockCommitmentTypedData, openingClaimTypedData, permitTypedData, proofRequestId, proofRequestTypedData, receiptTypedData, SIGNING_DOMAINS, SIGNING_TYPES, signTyped, type Permit,
} from './typedData.js';
export {
  BLOCK_STATUS, CASE_STATUS, CASE_SUBJECT, CONTRIBUTION_STATUS, CREDIT_KINDS, JOB_STATE, MODULES, PAYMENT_STATUS, RECORD_STATUS, REQUEST_STATUS, STAKE_ROLES, VERIFIER_STATUS,
} from './types.js';
export type * from './types.js';
export { verifyDeployment, type DeploymentCheck, type Mismatch } from './verifyDeployment.js';
export { contractKey, contractShape, developmentTauHash, vkHashOf, type KeyFile } from './verifyingKey.js';
