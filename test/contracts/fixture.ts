/**
 * Fixtures of the forge tests: calldata that the verifier must accept.
 * Addresses are those of verifier-contracts/test/support/Fixture.sol: the verifier is the first contract of DEPLOYER on
 * chain 31337, and context is any word (it is the caller's).
 */
import { encodeAbiParameters, encodeFunctionData, getContractAddress, keccak256, stringToHex, type AbiParameter, type Address, type Hex } from 'viem';
import { attributionVerifierAbi } from '../../src/chain/generated/contracts.js';
import { contractShape, type FeaturesStatement, type PayoutStatement, type VerifyingKey } from '../../src/chain/index.js';
import { dimsOf, RELATION_CODE, relationShape, type Relation, type SizeClass } from '../../src/statement/sizeClass.js';
import { randomTable, seeded, simulateFeatures, simulatePayout, trapdoorKey, type Simulated } from './trapdoor.js';

export const FIXTURE_DEPLOYER: Address = '0x00000000000000000000000000000000000A77e5';
export const FIXTURE_CHAIN_ID = 31337;
export const FIXTURE_VERIFIER: Address = getContractAddress({ from: FIXTURE_DEPLOYER, nonce: 0n });
export const FIXTURE_CONTEXT: Hex = keccak256(stringToHex('fixture context'));

export interface Fixture {
  provenance: string;
  chainId: number;
  deployer: Address;
  verifier: Address;
  relation: number;
  classId: number;
  /** abi.encode(ClassShape, VerifyingKey) */
  entry: Hex;
  /** verifyPayout or verifyFeatures, whole. */
  calldata: Hex;
}

const inputs = attributionVerifierAbi.find((item) => item.type === 'function' && item.name === 'addClass')!.inputs as readonly AbiParameter[];

/** @param proven a statement with FIXTURE_CONTEXT, proved for FIXTURE_VERIFIER on FIXTURE_CHAIN_ID */
export function encodeFixture(
  provenance: string, cls: SizeClass, key: VerifyingKey, proven: ({ relation: 'payout' } & Simulated<PayoutStatement>) | ({ relation: 'features' } & Simulated<FeaturesStatement>),
): Fixture {
  const calldata = proven.relation === 'payout'
    ? encodeFunctionData({ abi: attributionVerifierAbi, functionName: 'verifyPayout', args: [proven.statement, proven.opening, proven.proof] })
    : encodeFunctionData({ abi: attributionVerifierAbi, functionName: 'verifyFeatures', args: [proven.statement, proven.opening, proven.proof] });
  return {
    provenance, chainId: FIXTURE_CHAIN_ID, deployer: FIXTURE_DEPLOYER, verifier: FIXTURE_VERIFIER, relation: RELATION_CODE[proven.relation], classId: cls.id,
    entry: encodeAbiParameters([inputs[2], inputs[3]], [contractShape(cls, proven.relation), key]), calldata,
  };
}

/** A fixture whose proof is simulated from the trapdoor; one that comes from the prover takes its place unchanged. */
export function simulatedFixture(cls: SizeClass, relation: Relation): Fixture {
  const trap = trapdoorKey('setup', relation);
  const draw = seeded(`fixture ${cls.name} ${relation}`);
  const table = (length: number, hiding = true): ReturnType<typeof randomTable> => randomTable(trap, draw, length, hiding);
  const common = { trap, cls, context: FIXTURE_CONTEXT, chainId: FIXTURE_CHAIN_ID, verifier: FIXTURE_VERIFIER, seed: `fixture ${cls.name}` };
  const tables = { dlt: [table(64), table(64)], x: [table(64), table(64)], b: table(64, false), a: table(64, false), g: table(64), m: table(Math.min(2048, 2 ** dimsOf(relationShape(cls, relation), relation === 'payout' ? cls.tokensLog : cls.trainTokensLog).nu)) };
  const provenance = 'simulated from the trapdoor of a test key (test/contracts/trapdoor.ts)';
  if (relation === 'features') {
    const simulated = simulateFeatures({ ...common, tokensLog: cls.trainTokensLog, tables, lists: { boundaries: [20n, 41n, 60n] } });
    return encodeFixture(provenance, cls, trap.key, { relation, ...simulated });
  }
  const simulated = simulatePayout({
    ...common, tokensLog: cls.tokensLog, tables: { ...tables, bt: table(1024) },
    lists: { boundaries: [50n, 128n, 256n], fees: [1000n, 2000n, 3000n], payouts: [900n, 1100n, 1999n], zeroQueries: 0b1000n },
  });
  return encodeFixture(provenance, cls, trap.key, { relation, ...simulated });
}
