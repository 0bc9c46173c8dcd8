/**
 * Size classes: the compile-time constants from which circuit, keys and verifier entry are generated
 * (one line of circuits/circuits.json each), and every shape derived from them.
 *
 *   J = layersLog + widthLog        columns (l, j) of an activation or adapter table
 *   nuG = contributorsLog + layersLog + 2 rankLog, nuB = queriesLog + contributorsLog + 7, both at least J
 *   H = max(tl - lR, rankLog, nuG - J, nuB - J)      rows of the tallest opened table, log2; (nuB - J only for payout)
 *   nu = J + H                                       variables of the opened table
 * Only tl (log2 of the padded token count) varies below its class maximum, and with it H and nu.
 */
import { StatementError } from '../errors/statement.js';

export interface SizeClass {
  id: number;
  name: string;
  queriesLog: number;
  contributorsLog: number;
  layersLog: number;
  rankLog: number;
  widthLog: number;
  /** Largest log2 of query tokens, and log2 of the number of row blocks (payout relation). */
  tokensLog: number;
  blocksLog: number;
  /** The same for training tokens (features relation). */
  trainTokensLog: number;
  trainBlocksLog: number;
}

export const PROTOCOL_VERSION = 1;
/** features (R1): G is the sum of the registered rows' features. payout (R2): fees are split by influence. */
export type Relation = 'features' | 'payout';
export const RELATION_CODE: Record<Relation, number> = { features: 1, payout: 2 };
/** Bits of |score| (B), index of the sign bit, variables of the bit axis. */
export const SCORE_BITS = 120;
export const SIGN_BIT = 127;
export const BIT_AXIS_LOG = 7;
export const FEE_BITS = 80;
export const PAYOUT_BITS = 86;
export const SPLIT_SHIFT = 160;

/** Constants of one relation in one class. */
export interface RelationShape {
  relation: Relation;
  cls: SizeClass;
  domain: bigint;
  J: number;
  /** Variables of G and of the bit table, padded up to J. */
  nuG: number;
  nuB: number;
  /** H without the token part, and its class maximum. */
  heightFloor: number;
  heightMax: number;
  tokensLogMax: number;
  blocksLog: number;
  blocks: number;
  /** Segments: queries (payout) or contributors (features). */
  segmentsLog: number;
  segments: number;
  queries: number;
  contributors: number;
  /** DB = B + log2 K. */
  totalBits: number;
  /** Opened tables, in the order of gamma and gamma': Dlt, X, B, A, G and, for payout, Bt. */
  openedTables: number;
  listLength: number;
}

/** "zkattr" in ASCII above version, relation and class: the first word of every transcript. */
export const domainWord = (relation: Relation, classId: number): bigint =>
  (0x7a6b61747472n << 96n) | (BigInt(PROTOCOL_VERSION) << 64n) | (BigInt(RELATION_CODE[relation]) << 32n) | BigInt(classId);

export function relationShape(cls: SizeClass, relation: Relation): RelationShape {
  const payout = relation === 'payout';
  const J = cls.layersLog + cls.widthLog;
  const nuG = Math.max(J, cls.contributorsLog + cls.layersLog + 2 * cls.rankLog);
  const nuB = Math.max(J, cls.queriesLog + cls.contributorsLog + BIT_AXIS_LOG);
  const tokensLogMax = payout ? cls.tokensLog : cls.trainTokensLog;
  const blocksLog = payout ? cls.blocksLog : cls.trainBlocksLog;
  const heightFloor = Math.max(cls.rankLog, nuG - J, payout ? nuB - J : 0);
  const heightMax = Math.max(heightFloor, tokensLogMax - blocksLog);
  const queries = 1 << cls.queriesLog;
  const contributors = 1 << cls.contributorsLog;
  const segmentsLog = payout ? cls.queriesLog : cls.contributorsLog;
  const segments = 1 << segmentsLog;
  return {
    relation, cls, domain: domainWord(relation, cls.id), J, nuG, nuB, heightFloor, heightMax, tokensLogMax, blocksLog,
    blocks: 1 << blocksLog, segmentsLog, segments, queries, contributors, totalBits: SCORE_BITS + cls.contributorsLog,
    openedTables: payout ? 6 : 5,
    listLength: 3 + J + heightMax + blocksLog + segments + (payout ? queries + contributors + 1 : 0),
  };
}

/** Sizes that follow from the actual tl: dims = tl + 2^8 H + 2^16 nu. */
export interface Dims {
  tokensLog: number;
  H: number;
  nu: number;
  word: bigint;
}

/** @throws StatementError unless blocksLog <= tokensLog <= class maximum */
export function dimsOf(shape: RelationShape, tokensLog: number): Dims {
  if (!Number.isInteger(tokensLog) || tokensLog < shape.blocksLog || tokensLog > shape.tokensLogMax) {
    throw new StatementError('token count does not fit the size class', {
      code: 'DIMS', where: `${shape.relation} ${shape.cls.name}`, expected: `${shape.blocksLog} <= log2 tokens <= ${shape.tokensLogMax}`, got: tokensLog,
      hint: 'use a larger class, or split the batch',
    });
  }
  const H = Math.max(shape.heightFloor, tokensLog - shape.blocksLog);
  const nu = shape.J + H;
  return { tokensLog, H, nu, word: BigInt(tokensLog) + (BigInt(H) << 8n) + (BigInt(nu) << 16n) };
}
