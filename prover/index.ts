/** Prover: kernels, keys, proofs of both relations, workflows from a bundle to a proved record or job. */
export { drawMask, prove, type Mask, type ProveOptions, type ProveResult, type ProverKeys } from './prove.js';
export { selectKernels, KERNEL_NAMES, type KernelName, type Kernels } from './kernels/index.js';
export { SnarkjsBackend, type Groth16Backend } from './backends/groth16.js';
export { selectGroth16 } from './backends/select.js';
export * from './setup/index.js';
export { buildRegistration, type RegistrationInput, type RegistrationOutput } from './workflow/register.js';
export { buildPayout, type JobBatch, type PayoutInput, type PayoutOutput } from './workflow/payout.js';
export { fieldTable, type ActivationBlock, type RelationWitness } from './witness/witness.js';
export { type PayoutWitness } from './stages/payout.js';
