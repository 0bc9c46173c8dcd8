/**
 * The whole prover: chain (sumchecks), circuit (Groth16), opening (Mercury). One proof per call; mask, rho_M and salt are fresh.
 */
import { g1Get, g1Combine, blindingGenerator, type G1Affine } from '../src/curve/bn254.js';
import { maskIndices, MASK_SIDE } from '../src/commitment/mask.js';
import { randomScalar } from '../src/commitment/kzg.js';
import type { Srs } from '../src/commitment/srs.js';
import { CommitmentError } from '../src/errors/commitment.js';
import { frBufferFrom, type G1Buffer } from '../src/field/buffer.js';
import { frAdd, frMul } from '../src/field/fr.js';
import { checkStatement, listChallenge, statementDigest, statementList, type Statement } from '../src/statement/statement.js';
import { relationShape, dimsOf, type Relation, type SizeClass } from '../src/statement/sizeClass.js';
import type { FeaturesMessages, PayoutMessages } from '../src/verify/chain.js';
import type { AttributionProof, Groth16Points } from '../src/verify/proof.js';
import type { Groth16Backend, Groth16Result } from './backends/groth16.js';
import type { Kernels } from './kernels/types.js';
import { StageClock } from './stages/clock.js';
import { proveFeaturesChain } from './stages/features.js';
import { maskedTable, proveOpening } from './stages/opening.js';
import { provePayoutChain, type PayoutWitness } from './stages/payout.js';
import { circuitInput } from './witness/circuitInput.js';
import { checkWitness, combinedBlinding, type RelationWitness } from './witness/witness.js';

/** Fresh randomness of one proof: 64 mask coefficients with their commitment, and the salt. Never reused. */
export interface Mask {
  values: bigint[];
  indices: number[];
  rho: bigint;
  commitment: G1Affine;
  salt: bigint;
}

/** @throws CommitmentError unless the string has 2^nu powers; bases beyond its end would read as infinity */
function requirePowers(srs: Srs, nu: number): void {
  if (srs.power < nu) throw new CommitmentError('reference string is too short', { code: 'SRS_TOO_SHORT', where: 'opening', expected: `2^${nu} powers`, got: `2^${srs.power}`, hint: 'take the string of the class\'s keys' });
}

/** Draws and commits a mask for a proof of this shape. It is part of the statement, so it comes first. */
export async function drawMask(kernels: Kernels, srs: Srs, cls: SizeClass, relation: Relation, tokensLog: number, random: () => bigint = randomScalar): Promise<Mask> {
  const { nu } = dimsOf(relationShape(cls, relation), tokensLog);
  requirePowers(srs, nu);
  const indices = maskIndices(nu);
  const values = Array.from({ length: MASK_SIDE * MASK_SIDE }, random);
  const bases: G1Buffer = new Uint8Array(64 * indices.length);
  indices.forEach((index, i) => bases.set(srs.g1.subarray(64 * index, 64 * (index + 1)), 64 * i));
  const rho = random();
  const sum = g1Get(await kernels.msm(bases, frBufferFrom(values)));
  return { values, indices, rho, commitment: g1Combine([sum, blindingGenerator()], [1n, rho]), salt: random() };
}

export interface ProverKeys {
  zkey: string;
  wasm: string;
}

export interface ProveOptions {
  kernels: Kernels;
  groth16: Groth16Backend;
  srs: Srs;
  keys: ProverKeys;
  progress?: (stage: string) => void;
}

export interface ProveResult {
  proof: AttributionProof;
  messages: FeaturesMessages | PayoutMessages;
  /** Seconds by stage. */
  stages: Record<string, number>;
}

/**
 * @param statement  its mask commitment must be `mask.commitment`
 * @param witness    PayoutWitness for payout, RelationWitness for features
 */
export async function prove(statement: Statement, witness: RelationWitness | (PayoutWitness & { bitsRho: bigint }), mask: Mask, options: ProveOptions): Promise<ProveResult> {
  const { kernels, groth16, srs, keys } = options;
  const { shape, dims } = checkStatement(statement);
  checkWitness(witness, shape, dims);
  requirePowers(srs, dims.nu);
  const clock = new StageClock(options.progress);
  const secrets = { salt: mask.salt, mask: mask.values };
  const payout = 'bits' in witness;
  const chain = payout
    ? await provePayoutChain(kernels, statement, witness, secrets, clock)
    : await proveFeaturesChain(kernels, statement, witness, secrets, clock);
  const { claim } = chain;
  const list = statementList(statement, statementDigest(statement), claim);
  const { gammaList, evaluation } = listChallenge(claim.gammaPrime, list);

  // rho' = rho_M + sum_k gamma'^k rho_k
  const rhos = [
    combinedBlinding(witness.blocks, chain.blockWeights, 'delta'), combinedBlinding(witness.blocks, chain.blockWeights, 'x'),
    witness.b.rho, witness.a.rho, witness.g.rho, ...(payout ? [witness.bitsRho] : []),
  ];
  const rho = frAdd(mask.rho, rhos.reduceRight((acc, value) => frMul(frAdd(acc, value), claim.gammaPrime), 0n));

  const opening = await clock.time('opening', async () => {
    const f = await maskedTable(kernels, chain.opened, claim.gammaPrime, mask.values, mask.indices, dims.nu);
    return proveOpening(kernels, srs, f, claim.point.slice(0, dims.nu), gammaList, rho);
  });
  const input = circuitInput(statement, chain.messages, { gammaPrime: claim.gammaPrime, gammaList, listEvaluation: evaluation });
  const snark = await clock.time('groth16', () => groth16.prove(keys.zkey, keys.wasm, input));
  const stages = { ...clock.seconds, witness: snark.seconds.witness, groth16: snark.seconds.prove };
  return { proof: { ...claim, rho, opening, groth16: affineProof(snark.proof) }, messages: chain.messages, stages };
}


/** Words in the order of the EVM's precompile -> affine points. */
const affineProof = ({ a, b, c }: Groth16Result['proof']): Groth16Points => ({ a: { x: a[0], y: a[1] }, b: { x: [b[1], b[0]], y: [b[3], b[2]] }, c: { x: c[0], y: c[1] } });
