import type { ContractFunctionArgs, ContractFunctionReturnType } from 'viem';
import type { AbiOf } from './contracts.js';

/** Contract structs, as their generated ABI says: words are bigint, hashes and addresses hex strings. */
export type VerifyPayoutArgs = ContractFunctionArgs<AbiOf<'verifier'>, 'view', 'verifyPayout'>;
export type VerifyFeaturesArgs = ContractFunctionArgs<AbiOf<'verifier'>, 'view', 'verifyFeatures'>;
export type PayoutStatement = VerifyPayoutArgs[0];
export type FeaturesStatement = VerifyFeaturesArgs[0];
export type OpeningProof = VerifyPayoutArgs[1];
export type Groth16Proof = VerifyPayoutArgs[2];
export type AddClassArgs = ContractFunctionArgs<AbiOf<'verifier'>, 'nonpayable', 'addClass'>;
export type ClassShape = AddClassArgs[2];
export type VerifyingKey = AddClassArgs[3];
export type RegisterFeaturesArgs = ContractFunctionArgs<AbiOf<'models'>, 'nonpayable', 'registerFeatures'>;
export type AdapterData = RegisterFeaturesArgs[0];
export type TrainingData = RegisterFeaturesArgs[1];
export type G1Point = RegisterFeaturesArgs[3];
export type SettleArgs = ContractFunctionArgs<AbiOf<'settlement'>, 'nonpayable', 'settle'>;
export type Job = SettleArgs[0];
export type Settlement = SettleArgs[1];
export type FeatureRecord = Job['record'];
export type BlockRecord = Job['blocks'][number];
export type BlockInference = BlockRecord['inferences'][number];
export type BlockCommitment = ContractFunctionArgs<AbiOf<'inferences'>, 'nonpayable', 'commitBlock'>[0];
export type Inference = BlockCommitment['inferences'][number];
export type Payment = ContractFunctionArgs<AbiOf<'inferences'>, 'payable', 'pay'>[0][number];
export type Receipt = ContractFunctionArgs<AbiOf<'inferences'>, 'view', 'receiptDigest'>[0];
export type OpeningClaim = ContractFunctionArgs<AbiOf<'inferences'>, 'view', 'openingDigest'>[0];
export type ProofRequest = ContractFunctionArgs<AbiOf<'market'>, 'view', 'requestId'>[0];
export type Delivery = ContractFunctionArgs<AbiOf<'market'>, 'nonpayable', 'deliver'>[0];
export type Credit = ContractFunctionArgs<AbiOf<'court'>, 'payable', 'challengeJob'>[3][number];
export type FeeSplit = ContractFunctionReturnType<AbiOf<'parameters'>, 'view', 'split'>;
export type StakeRules = ContractFunctionReturnType<AbiOf<'parameters'>, 'view', 'stakes'>;
export type WindowRules = ContractFunctionReturnType<AbiOf<'parameters'>, 'view', 'windows'>;
export type MarketRules = ContractFunctionReturnType<AbiOf<'parameters'>, 'view', 'market'>;
export type CourtRules = ContractFunctionReturnType<AbiOf<'parameters'>, 'view', 'court'>;

// Enums of the contracts, by index.
export const STAKE_ROLES = ['node', 'adapter', 'prover', 'auditor'] as const;
export type StakeRole = (typeof STAKE_ROLES)[number];
export const MODULES = ['payments', 'commitments', 'registrations', 'requests', 'settlements', 'challenges'] as const;
export type Module = (typeof MODULES)[number];
export const CREDIT_KINDS = [
  'contributor', 'node', 'prover', 'auditors', 'treasury', 'zeroQuery', 'refund', 'proofPrice', 'slashed', 'bond', 'courtReward', 'deposit',
] as const;
export type CreditKind = (typeof CREDIT_KINDS)[number];
export const PAYMENT_STATUS = ['none', 'funded', 'committed', 'paid', 'refunded'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUS)[number];
export const BLOCK_STATUS = ['none', 'committed', 'challenged', 'rejected', 'settled'] as const;
export type BlockStatus = (typeof BLOCK_STATUS)[number];
export const RECORD_STATUS = ['unknown', 'proved', 'challenged', 'revoked'] as const;
export type RecordStatus = (typeof RECORD_STATUS)[number];
export const JOB_STATE = ['none', 'settled', 'held', 'released', 'reversed'] as const;
export type JobState = (typeof JOB_STATE)[number];
export const REQUEST_STATUS = ['none', 'open', 'locked', 'paid', 'refunded'] as const;
export type RequestStatus = (typeof REQUEST_STATUS)[number];
export const CASE_SUBJECT = ['block', 'record', 'job'] as const;
export type CaseSubject = (typeof CASE_SUBJECT)[number];
export const CASE_STATUS = ['none', 'opened', 'drawn', 'upheld', 'dismissed', 'void'] as const;
export type CaseStatus = (typeof CASE_STATUS)[number];
export const CONTRIBUTION_STATUS = ['none', 'pending', 'accepted', 'rejected'] as const;
export type ContributionStatus = (typeof CONTRIBUTION_STATUS)[number];
export const VERIFIER_STATUS = ['unknown', 'live', 'frozen', 'stopped', 'removed'] as const;
export type VerifierStatus = (typeof VERIFIER_STATUS)[number];

/** Index of an enum's member, as calldata. */
export const enumIndex = <const T extends readonly string[]>(names: T, name: T[number]): number => names.indexOf(name);
