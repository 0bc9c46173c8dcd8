import type { ContractFunctionArgs } from 'viem';
import type { attributionEscrowAbi, attributionRegistryAbi, attributionVerifierAbi } from './generated/contracts.js';

type Verifier = typeof attributionVerifierAbi;
type Registry = typeof attributionRegistryAbi;
type Escrow = typeof attributionEscrowAbi;

/** Contract structs, as their generated ABI says: words are bigint, hashes and addresses hex strings. */
export type VerifyPayoutArgs = ContractFunctionArgs<Verifier, 'view', 'verifyPayout'>;
export type VerifyFeaturesArgs = ContractFunctionArgs<Verifier, 'view', 'verifyFeatures'>;
export type PayoutStatement = VerifyPayoutArgs[0];
export type FeaturesStatement = VerifyFeaturesArgs[0];
export type OpeningProof = VerifyPayoutArgs[1];
export type Groth16Proof = VerifyPayoutArgs[2];
export type AddClassArgs = ContractFunctionArgs<Verifier, 'nonpayable', 'addClass'>;
export type ClassShape = AddClassArgs[2];
export type VerifyingKey = AddClassArgs[3];
export type RegisterFeaturesArgs = ContractFunctionArgs<Registry, 'nonpayable', 'registerFeatures'>;
export type AdapterData = RegisterFeaturesArgs[0];
export type TrainingData = RegisterFeaturesArgs[1];
export type G1Point = RegisterFeaturesArgs[3];
export type SettleArgs = ContractFunctionArgs<Escrow, 'nonpayable', 'settle'>;
export type Job = SettleArgs[0];
export type Settlement = SettleArgs[1];
export type FeatureRecord = Job['record'];
export type BlockRecord = Job['blocks'][number];
export type BlockInference = BlockRecord['inferences'][number];
export type Inference = ContractFunctionArgs<Escrow, 'nonpayable', 'commitBlock'>[4][number];
export type Payment = ContractFunctionArgs<Escrow, 'payable', 'payMany'>[0][number];
