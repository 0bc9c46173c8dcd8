/** Circuits and keys: compile, make development keys, run and verify a ceremony. */
export { ceremonyKeys, ceremonyKeysFor, verifySetup, type Beacon, type CeremonyOptions, type CeremonyTranscript, type SetupCheck } from './ceremony.js';
export { compileCircuit, compileSource, type CompiledCircuit, type CompileOptions, type OptimisationLevel } from './circuit.js';
export { developmentKeys, developmentKeysFor, developmentSrs, writeDevelopmentPtau, writeDevelopmentSrs, writeDevelopmentZkey, type DevelopmentOptions } from './developmentKeys.js';
export { openSetup, srsPowerOf, type CircuitFiles, type RelationKeys, type SetupKeys } from './keys.js';
export { zkeyProvenance } from './provenance.js';
export { exportVerificationKey, readVerificationKey, toSnarkjsKey, vkWords, writeVerificationKey, type VerificationKey } from './verificationKey.js';
export { assertContributed, readContributions, readZkeyHeader, type Contribution, type ZkeyHeader } from './zkey.js';
