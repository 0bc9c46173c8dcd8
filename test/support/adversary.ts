/**
 * A prover that may lie. It walks the transcript over any messages, computes every challenge and public input that
 * follows from them, and can repair the final claim of a stage by choosing a value of that stage: the round
 * polynomials travel without their linear coefficient, so a lie only ever shows in a final claim, and a repaired
 * lie moves on to the next stage. Whoever repairs them all satisfies the circuit with a false opening claim.
 * Nothing is checked here; twin of src/verify/chain.ts without its checks.
 */
import { Field } from '@noble/curves/abstract/modular.js';
import type { CircuitInput } from '../../prover/backends/witness.js';
import { FIELD_MODULUS as P, frFrom, frInv, frMul } from '../../src/field/fr.js';
import { keccakScalar, keccakWords } from '../../src/hash/keccak.js';
import { bitWeights, eqPoint, eqTable, innerProduct, roundValue, segmentWeight } from '../../src/poly/multilinear.js';
import { BIT_AXIS_LOG, dimsOf, relationShape, SPLIT_SHIFT } from '../../src/statement/sizeClass.js';
import { listChallenge, listWords, orderedCommitments, pointWords, type OpeningClaim, type Statement } from '../../src/statement/statement.js';
import { DuplexTranscript } from '../../src/transcript/duplex.js';
import type { FeaturesMessages, PayoutMessages } from '../../src/verify/chain.js';
import { maskedValue } from '../../src/verify/rows.js';
import { lowPoint } from '../../src/verify/columns.js';

const field = Field(P);
/** A root of x, if it is a square. */
export function squareRoot(x: bigint): bigint | undefined {
  try {
    return field.sqrt(x);
  } catch {
    return undefined;
  }
}

export type Stage = 'scores' | 'bits' | 'influence' | 'tokens' | 'columns' | 'rows';
export const STAGES: readonly Stage[] = ['scores', 'bits', 'influence', 'tokens', 'columns', 'rows'];

export interface PlayOptions {
  /** Stages whose final claim is made true. */
  repair?: readonly Stage[];
  /** Private dims word and activity flags, where they are to differ from the statement's. */
  dimsWord?: bigint;
  tokenActive?: bigint[];
}

export interface Play<M> {
  messages: M;
  claim: OpeningClaim;
  /** The circuit's whole input, public challenges included: E is over the list that the circuit itself holds. */
  input: CircuitInput;
  list: bigint[];
  gammaList: bigint;
  evaluation: bigint;
  /** What the prover saw on the way. */
  seen: Record<string, bigint>;
  vectors: Record<string, bigint[]>;
}

/** The digest of any statement, also of one that no verifier takes. */
export function rawDigest(statement: Statement, dimsWord: bigint): bigint {
  const { domain } = relationShape(statement.cls, statement.relation);
  return keccakScalar([statement.chainId, statement.verifier, domain, statement.context, dimsWord,
    keccakWords(orderedCommitments(statement.commitments).flatMap(pointWords)), keccakWords(listWords(statement))]);
}

/** Z as the circuit derives it. */
const derivedZeroQueries = (totals: readonly bigint[]): bigint => totals.reduce((z, total, q) => (total === 0n ? z | (1n << BigInt(q)) : z), 0n);

/** Copies messages deeply, so that a test may change them. */
export const copy = <T>(value: T): T => (Array.isArray(value) ? value.map(copy) : value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copy(v)])) : value) as T;

export function play<M extends FeaturesMessages | PayoutMessages>(statement: Statement, original: M, options: PlayOptions = {}): Play<M> {
  const messages = copy(original);
  for (let attempt = 0; attempt < 64; attempt++) {
    const result = walk(statement, messages, options);
    if (result) return result;
    // The quadratic of the bits stage had no root: another last round message, another challenge.
    const bits = (messages as PayoutMessages).bitsMessage;
    bits[0][0] = frFrom(bits[0][0] + 1n);
  }
  throw new Error('no root in 64 attempts');
}

function walk<M extends FeaturesMessages | PayoutMessages>(statement: Statement, messages: M, options: PlayOptions): Play<M> | undefined {
  const { relation, lists } = statement;
  const shape = relationShape(statement.cls, relation), dims = dimsOf(shape, statement.tokensLog);
  const { queriesLog, contributorsLog, layersLog, rankLog, widthLog } = shape.cls;
  const dimsWord = options.dimsWord ?? dims.word;
  const repairs = (stage: Stage): boolean => options.repair?.includes(stage) ?? false;
  const transcript = new DuplexTranscript();
  const seen: Record<string, bigint> = {};
  const vectors: Record<string, bigint[]> = {};
  const digest = rawDigest(statement, dims.word);

  const rounds = (label: string, start: bigint, message: bigint[][], active?: readonly boolean[]): { claim: bigint; point: bigint[] } => {
    let claim = start;
    const point = new Array<bigint>(message.length).fill(0n);
    for (let i = message.length - 1; i >= 0; i--) {
      const [r] = transcript.absorb(`${label} round ${i}`, message[i], 1);
      if (active && !active[i]) continue;
      claim = roundValue(message[i], claim, r);
      point[i] = r;
    }
    seen[`${label}Start`] = start;
    seen[`${label}Final`] = claim;
    vectors[label] = point;
    return { claim, point };
  };

  let pG: bigint[], segmentPoint: bigint[], g: bigint;
  let pB: bigint[] | undefined;
  let zeroQueries = lists.zeroQueries;
  if (relation === 'payout') {
    const m = messages as PayoutMessages;
    const mus = m.lambdas.map((lambda, q) => frFrom(lambda << m.shifts[q]));
    const values = lists.payouts.map((payout, c) => frFrom((payout << BigInt(SPLIT_SHIFT)) + m.payoutRemainders[c]));
    zeroQueries = derivedZeroQueries(m.totals);
    const rho = transcript.absorb('statement', [
      shape.domain, dimsWord, digest, m.salt, ...lists.boundaries, ...lists.fees, ...lists.payouts, zeroQueries, ...m.totals, ...mus, ...m.payoutRemainders,
    ].map(frFrom), queriesLog + contributorsLog);
    const rhoQ = rho.slice(0, queriesLog), rhoC = rho.slice(queriesLog);
    const [chi] = transcript.absorb('sigma', [m.sigma], 1);
    const chi2 = frMul(chi, chi);

    const scores = rounds('scores', frFrom(m.sigma + chi * innerProduct(eqTable(rhoQ), m.totals) + chi2 * innerProduct(eqTable(rhoC), values)), m.scoresMessage);
    const atC = eqPoint(rhoC, scores.point.slice(0, contributorsLog)), atQ = eqPoint(rhoQ, scores.point.slice(contributorsLog));
    const signed = frMul(atQ, atC);
    const positive = frFrom(chi * atQ + frMul(chi2, atC) * innerProduct(eqTable(scores.point.slice(contributorsLog)), mus));
    const weight = (sign: bigint): bigint => frFrom(signed + positive - sign * (2n * signed + positive));
    if (repairs('scores')) m.magnitude = frMul(scores.claim, frInv(weight(m.sign)));
    Object.assign(seen, { chi, signed, positive });

    const n = BIT_AXIS_LOG + contributorsLog + queriesLog;
    const drawn = transcript.absorb('magnitude', [m.magnitude, m.sign], n + 2);
    const omega = drawn.slice(0, n), [b1, b2] = drawn.slice(n);
    Object.assign(seen, { b1, b2 });
    const bits = rounds('bits', frFrom(b1 * m.magnitude + b2 * m.sign), m.bitsMessage);
    const axisWeights = bitWeights(bits.point.slice(0, BIT_AXIS_LOG));
    const axis = frMul(eqPoint(scores.point, bits.point.slice(BIT_AXIS_LOG)), frFrom(b1 * axisWeights.power + b2 * axisWeights.sign));
    // e bt^2 + (axis - e) bt - claim = 0
    const e = eqPoint(omega, bits.point), b = frFrom(axis - e);
    Object.assign(seen, { bitsSquare: e, bitsLinear: b });
    if (repairs('bits')) {
      const root = squareRoot(frFrom(b * b + 4n * e * bits.claim));
      if (root === undefined) return undefined;
      m.bt = frMul(frFrom(root - b), frInv(frMul(2n, e)));
    }
    transcript.absorb('bit', [m.bt]);
    pB = bits.point;

    const influence = rounds('influence', m.sigma, m.influenceMessage);
    if (repairs('influence')) m.phi = frMul(influence.claim, frInv(m.g));
    transcript.absorb('features', [m.g, m.phi]);
    pG = [...influence.point, ...rhoC];
    segmentPoint = rhoQ;
    g = m.g;
  } else {
    pG = transcript.absorb('statement', [shape.domain, dimsWord, digest, messages.salt, ...lists.boundaries].map(frFrom), contributorsLog + layersLog + 2 * rankLog);
    transcript.absorb('phi', [messages.phi]);
    segmentPoint = pG.slice(2 * rankLog + layersLog);
    g = messages.phi;
  }

  const beta = pG.slice(0, rankLog), alpha = pG.slice(rankLog, 2 * rankLog), lam = pG.slice(2 * rankLog, 2 * rankLog + layersLog);
  const tokens = rounds('tokens', messages.phi, messages.tokensMessage, Array.from({ length: layersLog + shape.tokensLogMax }, (_, i) => i < layersLog + dims.tokensLog));
  const layerPoint = tokens.point.slice(0, layersLog), tau = tokens.point.slice(layersLog);
  const tokenWeight = frMul(eqPoint(lam, layerPoint), segmentWeight(segmentPoint, tau, lists.boundaries));
  if (repairs('tokens')) messages.u = frMul(tokens.claim, frInv(frMul(tokenWeight, messages.z)));
  const [mu] = transcript.absorb('activations', [messages.u, messages.z], 1);
  const mu2 = frMul(mu, mu), mu3 = frMul(mu2, mu);
  const bt = pB ? (messages as PayoutMessages).bt : 0n;

  const columns = rounds('columns', frFrom(messages.u + mu * messages.z + mu2 * g + mu3 * bt), messages.columnsMessage);
  const layer = eqPoint(layerPoint, columns.point.slice(widthLog));
  const atG = frMul(mu2, eqPoint(lowPoint(pG, shape.J), columns.point)), atB = pB ? frMul(mu3, eqPoint(lowPoint(pB, shape.J), columns.point)) : 0n;
  if (repairs('columns')) {
    const [, vX, vB, vA, vG, vBt] = messages.v;
    const rest = frFrom(layer * mu % P * frMul(vX, vA) + atG * vG + atB * (vBt ?? 0n));
    messages.v[0] = frMul(frFrom(columns.claim - rest), frInv(frMul(layer, vB)));
  }
  const [gamma] = transcript.absorb('values', messages.v, 1);
  Object.assign(seen, { mu, layer, atG, atB, gamma });

  const start = messages.v.reduceRight((acc, value) => frMul(frFrom(acc + value), gamma), 0n);
  const rows = rounds('rows', start, messages.rowsMessage, Array.from({ length: shape.heightMax }, (_, i) => i < dims.H));
  const tauLow = tau.slice(0, dims.tokensLog - shape.blocksLog), tauHigh = tau.slice(dims.tokensLog - shape.blocksLog, dims.tokensLog);
  const points = [tauLow, tauLow, alpha, beta, pG.slice(shape.J), ...(pB ? [pB.slice(shape.J)] : [])];
  let power = 1n;
  const weights = points.map((q) => { power = frMul(power, gamma); return frMul(power, eqPoint(q, rows.point)); });
  if (repairs('rows')) messages.w[0] = frMul(frFrom(rows.claim - innerProduct(weights.slice(1), messages.w.slice(1))), frInv(weights[0]));
  vectors.rowWeights = weights;
  const [gammaPrime] = transcript.absorb('openings', [messages.m, ...messages.w], 1);
  const claim: OpeningClaim = { gammaPrime, y: maskedValue(messages.m, messages.w, gammaPrime), point: [...columns.point, ...rows.point], tauHigh };

  const list = [digest, dimsWord, claim.y, ...claim.point, ...claim.tauHigh, ...listWords({ ...statement, lists: { ...lists, zeroQueries } })].map(frFrom);
  const { gammaList, evaluation } = listChallenge(gammaPrime, list);
  const input: CircuitInput = {
    gammaPrime, gammaList, listEvaluation: evaluation, digest, dims: dimsWord,
    tokenActive: options.tokenActive ?? Array.from({ length: shape.tokensLogMax }, (_, i) => (i < dims.tokensLog ? 1n : 0n)),
    boundaries: lists.boundaries, ...(relation === 'payout' ? { fees: lists.fees, payouts: lists.payouts } : {}), ...messages,
  };
  return { messages, claim, input, list, gammaList, evaluation, seen, vectors };
}

/** Paths of all scalars in messages, e.g. ['v', 3]. */
export function scalarPaths(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value === 'bigint') return [path];
  if (Array.isArray(value)) return value.flatMap((v, i) => scalarPaths(v, [...path, i]));
  if (value !== null && typeof value === 'object') return Object.entries(value).flatMap(([k, v]) => scalarPaths(v, [...path, k]));
  return [];
}

/** A copy with the scalar at `path` replaced. */
export function changed<T>(value: T, path: readonly (string | number)[], change: (old: bigint) => bigint): T {
  const out = copy(value);
  let at = out as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  const last = path[path.length - 1];
  at[last] = change(at[last] as bigint);
  return out;
}
