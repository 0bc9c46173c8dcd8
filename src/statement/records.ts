/** Statements from the data of registry and escrow: the same derivation as the contracts make. */
import { G1_INFINITY, type G1Affine } from '../curve/bn254.js';
import { padBoundaries } from '../attribution/index.js';
import { relationShape, type SizeClass } from './sizeClass.js';
import type { Commitments, Statement } from './statement.js';

const padded = <T>(values: readonly T[], length: number, filler: T): T[] => [...values, ...new Array<T>(Math.max(0, length - values.length)).fill(filler)];

/** Blocks that are not there are infinity in both tables. */
export const padBlocks = (points: readonly G1Affine[], blocks: number): G1Affine[] => padded(points, blocks, G1_INFINITY);

export interface StatementParts {
  cls: SizeClass;
  chainId: bigint;
  verifier: bigint;
  context: bigint;
  heightLog: number;
  commitments: Commitments;
  boundaries: readonly number[];
}

/** Features statement; boundaries: running sums of the contributors' rows. */
export function featuresStatement({ cls, heightLog, boundaries, commitments, ...rest }: StatementParts): Statement {
  const shape = relationShape(cls, 'features'), tokensLog = heightLog + shape.blocksLog;
  return {
    relation: 'features', cls, ...rest, tokensLog,
    commitments: { ...commitments, delta: padBlocks(commitments.delta, shape.blocks), x: padBlocks(commitments.x, shape.blocks) },
    lists: { boundaries: padBoundaries(boundaries, shape.segments, 2 ** tokensLog).map(BigInt), fees: [], payouts: [], zeroQueries: 0n },
  };
}

/** Payout statement; lists shorter than the class are padded as the verifier contract pads them. */
export function payoutStatement(
  { cls, heightLog, boundaries, commitments, ...rest }: StatementParts, lists: { fees: readonly bigint[]; payouts: readonly bigint[]; zeroQueries: bigint },
): Statement {
  const shape = relationShape(cls, 'payout'), tokensLog = heightLog + shape.blocksLog;
  return {
    relation: 'payout', cls, ...rest, tokensLog,
    commitments: { ...commitments, delta: padBlocks(commitments.delta, shape.blocks), x: padBlocks(commitments.x, shape.blocks) },
    lists: {
      boundaries: padBoundaries(boundaries, shape.segments, 2 ** tokensLog).map(BigInt), fees: padded(lists.fees, shape.queries, 0n),
      payouts: padded(lists.payouts, shape.contributors, 0n), zeroQueries: lists.zeroQueries,
    },
  };
}
