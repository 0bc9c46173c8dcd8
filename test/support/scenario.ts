/**
 * A small real job for tests: random int8/int16 activations of a size class, committed, with exact scores and payouts.
 * Deterministic for a seed, so fixtures and parity tests can repeat it.
 */
import { features, influence, padBoundaries, scoreBits, splitRewards, type RewardSplit } from '../../src/attribution/index.js';
import { commit, type Committed, type IntTable, type Table } from '../../src/commitment/kzg.js';
import type { Srs } from '../../src/commitment/srs.js';
import { FIELD_MODULUS } from '../../src/field/fr.js';
import { relationShape, type Relation, type SizeClass } from '../../src/statement/sizeClass.js';
import type { Commitments, Statement } from '../../src/statement/statement.js';
import { G1_INFINITY } from '../../src/curve/bn254.js';
import { drawMask, type Mask } from '../../prover/prove.js';
import type { Kernels } from '../../prover/kernels/types.js';
import { fieldTable, type ActivationBlock, type RelationWitness } from '../../prover/witness/witness.js';
import type { PayoutWitness } from '../../prover/stages/payout.js';

/** xorshift32: seeded, uniform enough for tables. */
export class Random {
  #state: number;
  constructor(seed: number) { this.#state = seed * 2654435761 >>> 0 || 1; }
  next(): number {
    let x = this.#state;
    x ^= x << 13; x >>>= 0; x ^= x >>> 17; x ^= x << 5; x >>>= 0;
    return (this.#state = x);
  }
  int(low: number, high: number): number { return low + (this.next() % (high - low + 1)); }
  scalar = (): bigint => {
    let x = 0n;
    for (let i = 0; i < 9; i++) x = (x << 32n) | BigInt(this.next());
    return x % FIELD_MODULUS;
  };
}

type Int8Table = Extract<IntTable, { kind: 'int8' }>;
type Int16Table = Extract<IntTable, { kind: 'int16' }>;

export interface ScenarioOptions {
  seed?: number;
  tokensLog?: number;
  trainTokensLog?: number;
  /** Boundaries of the queries; default: all tokens, evenly. */
  queryEnds?: number[];
  contributorEnds?: number[];
  fees?: bigint[];
  chainId?: bigint;
  verifier?: bigint;
  context?: bigint;
  /** Rows of query tokens to zero (no influence). */
  presentBlocks?: number;
}

export interface Scenario {
  cls: SizeClass;
  srs: Srs;
  features: { statement: Statement; witness: RelationWitness; mask: Mask };
  payout: { statement: Statement; witness: PayoutWitness & { bitsRho: bigint }; mask: Mask };
  scores: bigint[][];
  split: RewardSplit;
}

async function activationBlocks(kernels: Kernels, srs: Srs, random: Random, blocks: number, present: number, rows: number, cls: SizeClass): Promise<(ActivationBlock | undefined)[]> {
  const length = rows << (cls.layersLog + cls.widthLog);
  const out: (ActivationBlock | undefined)[] = [];
  for (let k = 0; k < blocks; k++) {
    if (k >= present) { out.push(undefined); continue; }
    const delta = Int16Array.from({ length }, () => random.int(-32768, 32767));
    const x = Int8Array.from({ length }, () => random.int(-128, 127));
    out.push({
      delta: await commit<Int16Table>(kernels, srs, { kind: 'int16', data: delta }, random.scalar()),
      x: await commit<Int8Table>(kernels, srs, { kind: 'int8', data: x }, random.scalar()),
    });
  }
  return out;
}

/** Blocks side by side as one table; absent ones are zero. */
export function stacked(blocks: readonly (ActivationBlock | undefined)[], length: number): { x: Int8Array; delta: Int16Array } {
  const x = new Int8Array(length * blocks.length), delta = new Int16Array(length * blocks.length);
  blocks.forEach((block, k) => {
    if (!block) return;
    x.set(block.x.table.data.subarray(0, length), k * length);
    delta.set(block.delta.table.data.subarray(0, length), k * length);
  });
  return { x, delta };
}

export const blockCommitments = (blocks: readonly (ActivationBlock | undefined)[]): Pick<Commitments, 'delta' | 'x'> => ({
  delta: blocks.map((b) => b?.delta.commitment ?? G1_INFINITY), x: blocks.map((b) => b?.x.commitment ?? G1_INFINITY),
});

/** Bits table, as the prover commits it. */
export const bitTable = (data: Uint8Array): Extract<Table, { kind: 'bit' }> => ({ kind: 'bit', data });

const evenly = (segments: number, tokens: number): number[] => Array.from({ length: segments }, (_, s) => Math.floor(((s + 1) * tokens) / segments));

export async function makeScenario(kernels: Kernels, srs: Srs, cls: SizeClass, options: ScenarioOptions = {}): Promise<Scenario> {
  const random = new Random(options.seed ?? 1);
  const shape1 = relationShape(cls, 'features'), shape2 = relationShape(cls, 'payout');
  const tl1 = options.trainTokensLog ?? cls.trainTokensLog, tl2 = options.tokensLog ?? Math.min(cls.tokensLog, 4);
  const width = 1 << (cls.layersLog + cls.widthLog), adapterLength = width << cls.rankLog;
  const int8 = (length: number): Int8Table => ({ kind: 'int8', data: Int8Array.from({ length }, () => random.int(-128, 127)) });
  const adapter = async (): Promise<Committed<Int8Table>> => commit(kernels, srs, int8(adapterLength), random.scalar());
  const [a, b, aStar, bStar] = [await adapter(), await adapter(), await adapter(), await adapter()];

  const training = await activationBlocks(kernels, srs, random, shape1.blocks, shape1.blocks, 2 ** (tl1 - shape1.blocksLog), cls);
  const trainRows = stacked(training, width << (tl1 - shape1.blocksLog));
  const contributorEnds = padBoundaries(options.contributorEnds ?? evenly(shape1.segments, 2 ** tl1), shape1.segments, 2 ** tl1);
  const gValues = features(a.table.data, b.table.data, trainRows.x, trainRows.delta, contributorEnds, shape1);
  const g = await commit(kernels, srs, { kind: 'fr' as const, data: fieldTable(gValues) }, random.scalar());

  const present = options.presentBlocks ?? shape2.blocks;
  const queries = await activationBlocks(kernels, srs, random, shape2.blocks, present, 2 ** (tl2 - shape2.blocksLog), cls);
  const queryRows = stacked(queries, width << (tl2 - shape2.blocksLog));
  const tokens = present * 2 ** (tl2 - shape2.blocksLog);
  const queryEnds = padBoundaries(options.queryEnds ?? evenly(shape2.segments, tokens), shape2.segments, tokens);
  const phi = features(aStar.table.data, bStar.table.data, queryRows.x, queryRows.delta, queryEnds, shape2);
  const scores = influence(phi, gValues, shape2);
  const fees = options.fees ?? Array.from({ length: shape2.queries }, (_, q) => 10n ** 15n + BigInt(q));
  const split = splitRewards(scores, fees, shape2);
  const bitsData = bitTable(scoreBits(scores, shape2));
  const bits = await commit(kernels, srs, bitsData, random.scalar());

  const common = { cls, chainId: options.chainId ?? 31337n, verifier: options.verifier ?? 0x1234n, context: options.context ?? 99n };
  const statement = (relation: Relation, tokensLog: number, mask: Mask): Statement => relation === 'features'
    ? { relation, ...common, tokensLog, commitments: { ...blockCommitments(training), a: a.commitment, b: b.commitment, g: g.commitment, mask: mask.commitment }, lists: { boundaries: contributorEnds.map(BigInt), fees: [], payouts: [], zeroQueries: 0n } }
    : { relation, ...common, tokensLog, commitments: { ...blockCommitments(queries), a: aStar.commitment, b: bStar.commitment, g: g.commitment, bits: bits.commitment, mask: mask.commitment }, lists: { boundaries: queryEnds.map(BigInt), fees: [...fees, ...new Array<bigint>(shape2.queries - fees.length).fill(0n)], payouts: split.payouts, zeroQueries: split.zeroQueries } };
  const mask1 = await drawMask(kernels, srs, cls, 'features', tl1, random.scalar);
  const mask2 = await drawMask(kernels, srs, cls, 'payout', tl2, random.scalar);
  return {
    cls, srs, scores, split,
    features: { statement: statement('features', tl1, mask1), witness: { blocks: training, a, b, g }, mask: mask1 },
    payout: { statement: statement('payout', tl2, mask2), witness: { blocks: queries, a: aStar, b: bStar, g, phi, scores, split, bits: bits.table, bitsRho: bits.rho }, mask: mask2 },
  };
}
