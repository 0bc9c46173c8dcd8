/**
 * Public side of a proof: statement, digest, list (protocol sections 5 and 9); twin of verifier-contracts/src/libraries/ListHash.sol.
 * All scalars canonical, points affine; an absent block is infinity (0, 0) in both activation tables.
 */
import { g1IsInfinity, type G1Affine } from '../curve/bn254.js';
import { StatementError } from '../errors/statement.js';
import { assertCanonical, frAdd, frMul } from '../field/fr.js';
import { keccakScalar, keccakWords } from '../hash/keccak.js';
import { dimsOf, FEE_BITS, PAYOUT_BITS, relationShape, type Dims, type Relation, type RelationShape, type SizeClass } from './sizeClass.js';

/** Commitments by role. `a`, `b` are A*, B* for payout; `bits` exists for payout only. */
export interface Commitments {
  delta: G1Affine[];
  x: G1Affine[];
  b: G1Affine;
  a: G1Affine;
  g: G1Affine;
  bits?: G1Affine;
  mask: G1Affine;
}

/** Public lists, already padded to the class maximum. */
export interface PublicLists {
  boundaries: bigint[];
  fees: bigint[];
  payouts: bigint[];
  zeroQueries: bigint;
}

export interface Statement {
  relation: Relation;
  cls: SizeClass;
  chainId: bigint;
  /** Address of the verifier contract, as an integer. */
  verifier: bigint;
  /** keccak256 by the calling contract over its address and what the proof is for. */
  context: bigint;
  tokensLog: number;
  commitments: Commitments;
  lists: PublicLists;
}

export const pointWords = ({ x, y }: G1Affine): bigint[] => [x, y];

/** Commitments in the fixed order Dlt.., X.., B, A, G, (Bt,) M. */
export const orderedCommitments = ({ delta, x, b, a, g, bits, mask }: Commitments): G1Affine[] => [...delta, ...x, b, a, g, ...(bits ? [bits] : []), mask];

export const listWords = ({ relation, lists }: Statement): bigint[] =>
  relation === 'payout' ? [...lists.boundaries, ...lists.fees, ...lists.payouts, lists.zeroQueries] : [...lists.boundaries];

/** digest = keccak(chain id, verifier, domain, context, dims, keccak(commitments), keccak(lists)) mod p */
export function statementDigest(statement: Statement): bigint {
  const { shape, dims } = checkStatement(statement);
  return keccakScalar([
    statement.chainId, statement.verifier, shape.domain, statement.context, dims.word,
    keccakWords(orderedCommitments(statement.commitments).flatMap(pointWords)), keccakWords(listWords(statement)),
  ]);
}

/** What the circuit computes and the contract receives beside the statement. */
export interface OpeningClaim {
  gammaPrime: bigint;
  y: bigint;
  /** J + Hmax coordinates, 0 beyond nu. */
  point: bigint[];
  tauHigh: bigint[];
}

/** list = digest, dims, y, p*, tau_hi, lists: the full-length list of section 5. */
export function statementList(statement: Statement, digest: bigint, claim: OpeningClaim): bigint[] {
  const { shape, dims } = checkStatement(statement);
  const list = [digest, dims.word, claim.y, ...claim.point, ...claim.tauHigh, ...listWords(statement)];
  if (claim.point.length !== shape.J + shape.heightMax || list.length !== shape.listLength) {
    throw new StatementError('list has the wrong length', { code: 'LIST_LENGTH', where: shape.relation, expected: shape.listLength, got: list.length });
  }
  list.forEach((word, i) => assertCanonical(word, `list[${i}]`));
  for (let i = dims.nu; i < claim.point.length; i++) {
    if (claim.point[i] !== 0n) throw new StatementError('point reaches beyond nu', { code: 'POINT_BEYOND_VARIABLES', where: `point[${i}]`, expected: 0n, got: claim.point[i] });
  }
  return list;
}

/** gamma_L = keccak(gamma', list) mod p and E = sum_i gamma_L^i list_i. */
export function listChallenge(gammaPrime: bigint, list: readonly bigint[]): { gammaList: bigint; evaluation: bigint } {
  const gammaList = keccakScalar([gammaPrime, ...list]);
  return { gammaList, evaluation: list.reduceRight((acc, word) => frAdd(frMul(acc, gammaList), word), 0n) };
}

const bounded = (values: readonly bigint[], bits: number, where: string): void =>
  values.forEach((value, i) => {
    if (value < 0n || value >> BigInt(bits) !== 0n) throw new StatementError('value is out of range', { code: 'LIST_RANGE', where: `${where}[${i}]`, expected: `0 <= value < 2^${bits}`, got: value });
  });

/**
 * Checks every bound that the contract checks: list lengths, fees < 2^80, payouts < 2^86, boundaries monotone and <= 2^tl,
 * infinity only for blocks absent in both tables. @throws StatementError
 */
export function checkStatement(statement: Statement): { shape: RelationShape; dims: Dims } {
  const { relation, cls, commitments, lists } = statement;
  const shape = relationShape(cls, relation);
  const dims = dimsOf(shape, statement.tokensLog);
  const payout = relation === 'payout';
  const length = (got: number, expected: number, where: string): void => {
    if (got !== expected) throw new StatementError('list has the wrong length', { code: 'LIST_LENGTH', where, expected, got, hint: 'pad to the class maximum' });
  };
  length(lists.boundaries.length, shape.segments, 'boundaries');
  length(lists.fees.length, payout ? shape.queries : 0, 'fees');
  length(lists.payouts.length, payout ? shape.contributors : 0, 'payouts');
  length(commitments.delta.length, shape.blocks, 'commitments.delta');
  length(commitments.x.length, shape.blocks, 'commitments.x');
  bounded(lists.fees, FEE_BITS, 'fees');
  bounded(lists.payouts, PAYOUT_BITS, 'payouts');
  bounded([lists.zeroQueries], payout ? shape.queries : 0, 'zeroQueries');
  let last = 0n;
  lists.boundaries.forEach((b, i) => {
    if (b < last || b > 1n << BigInt(dims.tokensLog)) throw new StatementError('boundaries are not monotone', { code: 'BOUNDARIES', where: `boundaries[${i}]`, expected: `${last} <= b <= 2^${dims.tokensLog}`, got: b });
    last = b;
  });
  if (payout !== (commitments.bits !== undefined)) throw new StatementError('commitment to the bits', { code: 'COMMITMENTS', where: relation, expected: payout ? 'present' : 'absent' });
  commitments.delta.forEach((point, k) => {
    if (g1IsInfinity(point) !== g1IsInfinity(commitments.x[k])) throw new StatementError('block is absent in one table only', { code: 'COMMITMENTS', where: `block ${k}` });
  });
  for (const point of [commitments.b, commitments.a, commitments.g, commitments.mask, ...(commitments.bits ? [commitments.bits] : [])]) {
    if (g1IsInfinity(point)) throw new StatementError('commitment at infinity', { code: 'COMMITMENTS', where: relation, hint: 'commit with a blinding factor' });
  }
  if (statement.context < 0n || statement.context >= 1n << 256n || statement.verifier >> 160n !== 0n) throw new StatementError('context or verifier address is out of range', { code: 'CONTEXT', where: relation });
  return { shape, dims };
}

