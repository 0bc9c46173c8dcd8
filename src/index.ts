/** zkattr SDK: exact attribution, statements, commitments, verification, records of the chain, models, audit. The prover is `zkattr/prover`. */
export { AttributionError, type AttributionErrorOptions } from './errors/base.js';
export { features, influence, padBoundaries, scoreBits, splitRewards, type RewardSplit } from './attribution/index.js';
export { sizeClass, sizeClasses } from './statement/classes.js';
export { dimsOf, relationShape, type Dims, type Relation, type RelationShape, type SizeClass } from './statement/sizeClass.js';
export { featuresStatement, payoutStatement, type StatementParts } from './statement/records.js';
export { listChallenge, statementDigest, statementList, type Commitments, type OpeningClaim, type PublicLists, type Statement } from './statement/statement.js';
export { commit, commitIntegers, randomScalar, type Committed, type CommitmentKernels, type Table } from './commitment/kzg.js';
export { loadSrs, readSrs, type Provenance, type Srs } from './commitment/srs.js';
export { readPtauHeader } from './commitment/ptau.js';
export { verifyFeaturesChain, verifyPayoutChain, type FeaturesMessages, type PayoutMessages } from './verify/chain.js';
export { verifierKey, type KeyWords } from './verify/key.js';
export { verifyProof, type AttributionProof, type VerifierKey } from './verify/proof.js';
export { type VerifyResult } from './verify/result.js';
export {
  addClass, claimable, connectChain, contractKey, contractProof, deployEconomy, deploymentOf, deployToFile, Economy, explainPayment, localConfig, parseConfig, priceAt, productionConfig, readManifest, startAnvil,
  verifyDeployment, type ChainClient, type ClaimablePeriod, type ClassKey, type Deployment, type EconomyConfig, type Manifest, type Mismatch, type PaymentExplanation,
} from './chain/index.js';
export { buildDemoBundle, readBundle, writeBundle, type ModelBundle } from './models/index.js';
export { quantize, scaleFor } from './quantize/index.js';
export {
  batchSchema, deploymentSchema, jobSchema, proofSchema, readArtifact, registrationSchema, writeArtifact, type Batch, type DeploymentFile, type JobFile, type Registration,
} from './protocol/artifacts.js';
export { receiptHashOf, receiptSchema, signedReceiptSchema, type InferenceReceipt, type SignedReceipt } from './protocol/receipt.js';
export { batchBlock, batchFees, jobStatement, registrationStatement } from './protocol/statements.js';
export { auditJob, renderReport } from './audit/index.js';
