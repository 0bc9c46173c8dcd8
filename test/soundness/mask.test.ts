/**
 * Protocol section 4: everything the opening reveals spans 12 linear functionals of F', and the 64 mask coefficients reach
 * rank 12, so that the opening messages are uniform whatever the tables hold.
 *
 * Revealed at fixed challenges: y, gz, gi, hz, hi, ha, Sz, Si as field elements, and of C', C_h, C_q, C_g, C_S, C_D,
 * W_z, W_i, W_a the exponents: values at tau of the polynomials. 17 functionals with 5 relations.
 */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createReferenceKernels } from '../../prover/kernels/reference/index.js';
import { proveOpening } from '../../prover/stages/opening.js';
import { developmentSrs } from '../../prover/setup/developmentKeys.js';
import { lowLength, maskIndices } from '../../src/commitment/mask.js';
import { DEVELOPMENT_TAU, type Srs } from '../../src/commitment/srs.js';
import { G1_GENERATOR, g1Mul } from '../../src/curve/bn254.js';
import { frBufferFrom } from '../../src/field/buffer.js';
import { frAdd, frFrom, frInv, frMul, frPow, frSub } from '../../src/field/fr.js';
import { eqTable } from '../../src/poly/multilinear.js';
import { OpeningTranscript } from '../../src/verify/opening.js';
import { Random } from '../support/scenario.js';

interface Challenges { point: bigint[]; alpha: bigint; gamma: bigint; z: bigint; beta: bigint; tau: bigint }
const NAMES = ['y', 'C', 'h', 'q', 'g', 'S', 'D', 'gz', 'gi', 'hz', 'hi', 'ha', 'sz', 'si', 'wz', 'wi', 'wa'] as const;
type Revealed = Record<(typeof NAMES)[number], bigint>;
/** Sparse F': [index, value]. */
type Sparse = (readonly [number, bigint])[];

/** The opening's messages on any F', written from the formulas of section 4 and not from the prover's code. */
function openingMap(nu: number, { point, alpha, gamma, z, beta, tau }: Challenges): (f: Sparse) => Revealed {
  const blo = lowLength(nu), bhi = 2 ** nu / blo, zi = frInv(z);
  const eqLow = eqTable(point.slice(0, Math.ceil(nu / 2))), eqHigh = eqTable(point.slice(Math.ceil(nu / 2)));
  const powers = (x: bigint, n: number): bigint[] => { const out = [1n]; for (let i = 1; i < n; i++) out.push(frMul(out[i - 1], x)); return out; };
  const alphaHigh = powers(alpha, bhi);
  const at = new Map([z, zi, alpha, tau].map((x) => [x, powers(x, blo)]));
  const tauBlo = frPow(tau, BigInt(blo)), tauHigh = powers(tauBlo, bhi);
  /** s_i(x): what coefficient i of a contributes to S(x), from a(X) P(1/X) + a(1/X) P(X) without its constant, divided by X. */
  const correlation = (P: bigint[], x: bigint): bigint[] => {
    const xs = at.get(x)!;
    return P.map((_, i) => {
      let sum = 0n;
      P.forEach((p, k) => { if (k !== i) sum += p * xs[Math.abs(i - k) - 1]; });
      return frFrom(sum);
    });
  };
  const s = new Map([z, zi, tau].map((x) => [x, { low: correlation(eqLow, x), high: correlation(eqHigh, x).map((v) => frMul(gamma, v)) }]));
  const b2 = frMul(beta, beta), b3 = frMul(b2, beta), b4 = frMul(b3, beta);

  return (f) => {
    const g = new Map<number, bigint>(), h = new Map<number, bigint>();
    const add = (map: Map<number, bigint>, i: number, v: bigint): void => { map.set(i, frAdd(map.get(i) ?? 0n, v)); };
    let y = 0n, C = 0n;
    for (const [index, value] of f) {
      const lo = index % blo, hi = Math.floor(index / blo);
      add(g, lo, frMul(value, alphaHigh[hi]));
      add(h, hi, frMul(value, eqLow[lo]));
      y += value * frMul(eqLow[lo], eqHigh[hi]);
      C += value * frMul(at.get(tau)![lo], tauHigh[hi]);
    }
    [y, C] = [frFrom(y), frFrom(C)];
    const evaluate = (a: Map<number, bigint>, weights: readonly bigint[]): bigint => { let sum = 0n; for (const [i, v] of a) sum += v * weights[i]; return frFrom(sum); };
    const S = (x: bigint): bigint => frAdd(evaluate(g, s.get(x)!.low), evaluate(h, s.get(x)!.high));
    const D = (x: bigint): bigint => { let sum = 0n; for (const [i, v] of g) sum += v * at.get(x)![blo - 1 - i]; return frFrom(sum); };
    const [gz, gi, gt] = [z, zi, tau].map((x) => evaluate(g, at.get(x)!));
    const [hz, hi, ha, ht] = [z, zi, alpha, tau].map((x) => evaluate(h, at.get(x)!));
    const [sz, si, St] = [z, zi, tau].map(S);
    const q = frMul(frSub(C, gt), frInv(frSub(tauBlo, alpha)));
    const mTau = frFrom(C - frSub(frPow(z, BigInt(blo)), alpha) * q + beta * gt + b2 * ht + b3 * St + b4 * D(tau));
    const mZ = frFrom(gz * (1n + beta) + b2 * hz + b3 * sz + b4 * D(z));
    const wz = frMul(frSub(mTau, mZ), frInv(frSub(tau, z)));
    const wi = frMul(frFrom(gt + beta * ht + b2 * St - gi - beta * hi - b2 * si), frInv(frSub(tau, zi)));
    const wa = frMul(frSub(ht, ha), frInv(frSub(tau, alpha)));
    return { y, C, h: ht, q, g: gt, S: St, D: D(tau), gz, gi, hz, hi, ha, sz, si, wz, wi, wa };
  };
}

function rank(vectors: readonly (readonly bigint[])[]): number {
  const rows = vectors.map((v) => [...v]);
  let found = 0;
  for (let c = 0; c < NAMES.length && found < rows.length; c++) {
    const pivot = rows.findIndex((row, i) => i >= found && row[c] !== 0n);
    if (pivot < 0) continue;
    [rows[found], rows[pivot]] = [rows[pivot], rows[found]];
    const inverse = frInv(rows[found][c]);
    for (let i = found + 1; i < rows.length; i++) {
      const k = frMul(rows[i][c], inverse);
      if (k !== 0n) rows[i] = rows[i].map((x, j) => frSub(x, frMul(k, rows[found][j])));
    }
    found++;
  }
  return found;
}
const vector = (r: Revealed): bigint[] => NAMES.map((name) => r[name]);
const draw = (nu: number, random: Random): Challenges =>
  ({ point: Array.from({ length: nu }, random.scalar), alpha: random.scalar(), gamma: random.scalar(), z: random.scalar(), beta: random.scalar(), tau: random.scalar() });

describe('the mask', () => {
  const kernels = createReferenceKernels();
  let srs: Srs;
  before(async () => { srs = await developmentSrs(12); });

  it('hides what the prover really sends: the map below is the prover\'s opening', async () => {
    for (const nu of [7, 10]) {
      const random = new Random(nu);
      const values = Array.from({ length: 2 ** nu }, random.scalar), point = Array.from({ length: nu }, random.scalar);
      const proof = await proveOpening(kernels, srs, frBufferFrom(values), point, 5n, 9n);
      const transcript = new OpeningTranscript(5n, 9n, nu);
      const alpha = transcript.points(proof.ch), gamma = transcript.points(proof.cq, proof.cg), z = transcript.points(proof.cs, proof.cd);
      const { gz, gi, hz, hi, ha, sz, si } = proof;
      const beta = transcript.words(gz, gi, hz, hi, ha, sz, si);
      const expected = openingMap(nu, { point, alpha, gamma, z, beta, tau: DEVELOPMENT_TAU })(values.map((v, i) => [i, v] as const));
      assert.deepEqual({ gz, gi, hz, hi, ha, sz, si }, Object.fromEntries((['gz', 'gi', 'hz', 'hi', 'ha', 'sz', 'si'] as const).map((name) => [name, expected[name]])));
      for (const [point1, exponent] of [[proof.ch, 'h'], [proof.cq, 'q'], [proof.cg, 'g'], [proof.cs, 'S'], [proof.cd, 'D'], [proof.wz, 'wz'], [proof.wi, 'wi'], [proof.wa, 'wa']] as const) {
        assert.deepEqual(point1, g1Mul(G1_GENERATOR, expected[exponent]), exponent);
      }
    }
  });

  for (const nu of [10, 11, 12, 15]) {
    it(`reaches rank 12, the rank on all of 2^${nu} coefficients, at every draw of challenges`, () => {
      const random = new Random(100 + nu);
      for (let i = 0; i < (nu > 12 ? 2 : 5); i++) {
        const map = openingMap(nu, draw(nu, random));
        const masks = maskIndices(nu).map((index) => vector(map([[index, 1n]])));
        // The rank of a linear map is its rank on random inputs, but for a chance below 2^-250.
        const anything = Array.from({ length: 14 }, () => vector(map(Array.from({ length: 2 ** nu }, (_, k) => [k, random.scalar()] as const))));
        assert.equal(rank(masks), 12);
        assert.equal(rank(anything), 12);
        assert.equal(rank([...masks, ...anything]), 12);
      }
    });
  }

  it('reaches rank 12 at points of zeros and ones too, as in inactive rounds', () => {
    const random = new Random(5);
    for (const nu of [10, 11, 12]) {
      for (const zeros of [1, 2, 3]) {
        const c = draw(nu, random);
        const map = openingMap(nu, { ...c, point: c.point.map((r, i) => (i >= nu - zeros ? 0n : r)) });
        const masks = maskIndices(nu).map((index) => vector(map([[index, 1n]])));
        const anything = Array.from({ length: 14 }, () => vector(map(Array.from({ length: 2 ** nu }, (_, k) => [k, random.scalar()] as const))));
        assert.equal(rank([...masks, ...anything]), rank(masks));
      }
    }
  });

  it('needs its size: 8 coefficients would not do', () => {
    const map = openingMap(10, draw(10, new Random(6)));
    assert.ok(rank(maskIndices(10).slice(0, 8).map((index) => vector(map([[index, 1n]])))) < 12);
  });
});
