/**
 * Proofs that the contract must accept, made without a circuit: whoever knows alpha, beta, delta and tau can
 * simulate Groth16 for any public inputs, and open any table honestly. A second, naive implementation of
 * docs/PROTOCOL.md sections 4, 5 and 9: tables are values at tau, a commitment is one multiplication
 * beside its blinding.
 */
import { bn254 } from '@noble/curves/bn254.js';
import { blindingGenerator, g1Add, g1Mul } from '../../src/curve/bn254.js';
import { concatHex, keccak256, numberToHex, type Address, type Hex } from 'viem';
import { dimsOf, relationShape, type Relation, type SizeClass } from '../../src/statement/sizeClass.js';
import type { FeaturesStatement, G1Point, Groth16Proof, OpeningProof, PayoutStatement, VerifyingKey } from '../../src/chain/index.js';

const p = bn254.fields.Fr.ORDER;
const mod = (a: bigint): bigint => ((a % p) + p) % p;
const inv = (a: bigint): bigint => bn254.fields.Fr.inv(mod(a));

/** Deterministic scalars. */
export function seeded(seed: string): () => bigint {
  let state = keccak256(concatHex([numberToHex(BigInt(seed.length), { size: 32 }), `0x${Buffer.from(seed).toString('hex')}`]));
  return () => mod(BigInt((state = keccak256(state))));
}

export function g1(log: bigint): G1Point {
  if (mod(log) === 0n) return { x: 0n, y: 0n };
  const { x, y } = bn254.G1.Point.BASE.multiply(mod(log)).toAffine();
  return { x, y };
}

type Words4 = readonly [bigint, bigint, bigint, bigint];
export function g2(log: bigint): Words4 {
  const { x, y } = bn254.G2.Point.BASE.multiply(mod(log)).toAffine();
  return [x.c1, x.c0, y.c1, y.c0];
}

export const words = (...values: (bigint | Hex | G1Point | readonly bigint[])[]): Hex =>
  concatHex(values.flatMap((v) => {
    if (typeof v === 'bigint') return [numberToHex(v, { size: 32 })];
    if (typeof v === 'string') return [numberToHex(BigInt(v), { size: 32 })];
    if (Array.isArray(v)) return (v as bigint[]).map((w) => numberToHex(w, { size: 32 }));
    const point = v as G1Point;
    return [numberToHex(point.x, { size: 32 }), numberToHex(point.y, { size: 32 })];
  }));
const challenge = (state: Hex): bigint => mod(BigInt(state));

export interface Trapdoor {
  tau: bigint;
  alpha: bigint;
  beta: bigint;
  delta: bigint;
  ic: bigint[];
  key: VerifyingKey;
}

/** tau is shared by both relations of a class, the rest is per relation. */
export function trapdoorKey(setupSeed: string, keySeed: string): Trapdoor {
  const tau = seeded(setupSeed)();
  const draw = seeded(keySeed);
  const [alpha, beta, delta] = [draw(), draw(), draw()];
  const ic = [draw(), draw(), draw(), draw()];
  const points = ic.map(g1);
  return {
    tau, alpha, beta, delta, ic,
    key: { alpha: g1(alpha), beta: g2(beta), gamma: g2(1n), delta: g2(delta), ic: [points[0], points[1], points[2], points[3]], tauG2: g2(tau), blinding: blindingGenerator() },
  };
}

/** A committed table. */
export interface Table {
  f: bigint[];
  rho: bigint;
  point: G1Point;
}
const evaluate = (f: readonly bigint[], x: bigint): bigint => f.reduceRight((acc, c) => mod(acc * x + c), 0n);

export function commitTable(trap: Trapdoor, f: bigint[], rho: bigint): Table {
  return { f, rho, point: g1Add(g1(evaluate(f, trap.tau)), g1Mul(blindingGenerator(), rho)) };
}
export const randomTable = (trap: Trapdoor, draw: () => bigint, length: number, hiding = true): Table =>
  commitTable(trap, Array.from({ length }, draw), hiding ? draw() : 0n);

const eqTable = (u: readonly bigint[]): bigint[] =>
  u.reduce<bigint[]>((t, r) => [...t.map((v) => mod(v * (1n - r))), ...t.map((v) => mod(v * r))], [1n]);

/** Tables by role; the last entry of `singles` before the mask is Bt for payout. */
export interface Tables {
  dlt: Table[];
  x: Table[];
  b: Table;
  a: Table;
  g: Table;
  bt?: Table;
  m: Table;
}
export interface Lists {
  boundaries: bigint[];
  fees?: bigint[];
  payouts?: bigint[];
  zeroQueries?: bigint;
}
export interface Simulated<S> {
  statement: S;
  opening: OpeningProof;
  proof: Groth16Proof;
}

interface Input {
  trap: Trapdoor;
  cls: SizeClass;
  relation: Relation;
  context: Hex;
  chainId: number;
  verifier: Address;
  tokensLog: number;
  tables: Tables;
  lists: Lists;
  seed: string;
}

const padded = (values: readonly bigint[], length: number, filler = 0n): bigint[] => [...values, ...Array<bigint>(length - values.length).fill(filler)];

export function simulatePayout(input: Omit<Input, 'relation'>): Simulated<PayoutStatement> {
  const { tables, lists, opening, proof } = simulate({ ...input, relation: 'payout' });
  return {
    opening, proof,
    statement: { ...head(input), bt: tables.bt!.point, fees: lists.fees!, payouts: lists.payouts!, zeroQueries: lists.zeroQueries! },
  };
}
export function simulateFeatures(input: Omit<Input, 'relation'>): Simulated<FeaturesStatement> {
  const { opening, proof } = simulate({ ...input, relation: 'features' });
  return { opening, proof, statement: head(input) };
}
const head = ({ cls, context, tokensLog, tables: t, lists }: Omit<Input, 'relation'>): FeaturesStatement => ({
  classId: cls.id, context, tokensLog, dlt: t.dlt.map((d) => d.point), x: t.x.map((d) => d.point), b: t.b.point, a: t.a.point, g: t.g.point, m: t.m.point,
  boundaries: lists.boundaries,
});

function simulate(input: Input): Input & { opening: OpeningProof; proof: Groth16Proof } {
  const { trap, cls, relation, tables, lists } = input;
  const draw = seeded(input.seed);
  const shape = relationShape(cls, relation);
  const dims = dimsOf(shape, input.tokensLog);
  const N = 2 ** dims.nu;
  const absent: G1Point = { x: 0n, y: 0n };
  const blocks = (list: Table[]): G1Point[] => [...list.map((t) => t.point), ...Array<G1Point>(shape.blocks - list.length).fill(absent)];

  // Digest and list.
  const listWords = [
    ...padded(lists.boundaries, shape.segments, lists.boundaries.at(-1) ?? 0n),
    ...(relation === 'payout' ? [...padded(lists.fees!, shape.queries), ...padded(lists.payouts!, shape.contributors), lists.zeroQueries!] : []),
  ];
  const singles = [tables.b, tables.a, tables.g, ...(tables.bt ? [tables.bt] : [])];
  const commitments = words(...blocks(tables.dlt), ...blocks(tables.x), ...singles.map((t) => t.point), tables.m.point);
  const digest = challenge(keccak256(words(BigInt(input.chainId), input.verifier, shape.domain, input.context, dims.word, keccak256(commitments), keccak256(words(listWords)))));
  const pStar = padded(Array.from({ length: dims.nu }, draw), shape.J + shape.heightMax);
  const tauHi = Array.from({ length: shape.blocksLog }, draw);
  const gammaPrime = draw();

  // F' and its claim.
  const F = padded(tables.m.f, N);
  let rho = tables.m.rho;
  const weights = eqTable(tauHi);
  const opened: { table: Table; weight: bigint; power: number }[] = [
    ...tables.dlt.map((table, k) => ({ table, weight: weights[k], power: 1 })),
    ...tables.x.map((table, k) => ({ table, weight: weights[k], power: 2 })),
    ...singles.map((table, i) => ({ table, weight: 1n, power: 3 + i })),
  ];
  for (const { table, weight, power } of opened) {
    const scale = mod(weight * gammaPrime ** BigInt(power));
    table.f.forEach((c, i) => { F[i] = mod(F[i] + scale * c); });
    rho = mod(rho + scale * table.rho);
  }
  const lo = Math.ceil(dims.nu / 2);
  const u = pStar.slice(0, dims.nu);
  const eqFull = eqTable(u);
  const y = F.reduce((sum, c, i) => mod(sum + c * eqFull[i]), 0n);

  const list = [digest, dims.word, y, ...pStar, ...tauHi, ...listWords];
  const gammaList = challenge(keccak256(words(gammaPrime, list)));
  const E = evaluate(list, gammaList);
  const opening = openMercury(trap, F, u, lo, rho, gammaList);

  // Both equations hold on their own, so s needs no work here. Groth16: A = a, B = b, C = (ab - alpha beta - vk_x) / delta.
  const [a, b] = [draw(), draw()];
  const vkX = mod(trap.ic[0] + gammaPrime * trap.ic[1] + gammaList * trap.ic[2] + E * trap.ic[3]);
  const c = mod((a * b - trap.alpha * trap.beta - vkX) * inv(trap.delta));
  return { ...input, opening: { y, pStar, tauHi, gammaPrime, ...opening }, proof: { a: g1(a), b: g2(b), c: g1(c) } };
}

type Opening = Omit<OpeningProof, 'y' | 'pStar' | 'tauHi' | 'gammaPrime'>;

/** Mercury with a known tau: quotients are divisions of values at tau. */
function openMercury(trap: Trapdoor, F: bigint[], u: bigint[], lo: number, rho: bigint, gammaList: bigint): Opening {
  const { tau } = trap;
  const bLo = 2 ** lo;
  const bHi = F.length / bLo;
  const eqLo = eqTable(u.slice(0, lo));
  const eqHi = eqTable(u.slice(lo));
  let st = keccak256(words(gammaList, rho, BigInt(u.length)));

  const h = Array.from({ length: bHi }, (_, hi) => eqLo.reduce((s, e, i) => mod(s + e * F[i + bLo * hi]), 0n));
  const ch = g1(evaluate(h, tau));
  st = keccak256(words(st, ch));
  const alpha = challenge(st);

  const g = Array.from({ length: bLo }, (_, i) => evaluate(Array.from({ length: bHi }, (_unused, hi) => F[i + bLo * hi]), alpha));
  const [fTau, gTau, hTau] = [evaluate(F, tau), evaluate(g, tau), evaluate(h, tau)];
  const pow = (x: bigint, e: number): bigint => bn254.fields.Fr.pow(x, BigInt(e));
  const qTau = mod((fTau - gTau) * inv(pow(tau, bLo) - alpha));
  const [cq, cg] = [g1(qTau), g1(gTau)];
  st = keccak256(words(st, cq, cg));
  const gamma = challenge(st);

  const S = Array<bigint>(Math.max(bLo, bHi) - 1).fill(0n);
  const correlate = (a: bigint[], b: bigint[], scale: bigint): void => {
    a.forEach((ai, i) => b.forEach((bj, j) => { if (i !== j) S[Math.abs(i - j) - 1] = mod(S[Math.abs(i - j) - 1] + scale * ai * bj); }));
  };
  correlate(g, eqLo, 1n);
  correlate(h, eqHi, gamma);
  const D = [...g].reverse();
  const [sTau, dTau] = [evaluate(S, tau), evaluate(D, tau)];
  const [cs, cd] = [g1(sTau), g1(dTau)];
  st = keccak256(words(st, cs, cd));
  const z = challenge(st);
  const zi = inv(z);

  const [gz, gi, hz, hi, ha, sz, si] = [evaluate(g, z), evaluate(g, zi), evaluate(h, z), evaluate(h, zi), evaluate(h, alpha), evaluate(S, z), evaluate(S, zi)];
  st = keccak256(words(st, [gz, gi, hz, hi, ha, sz, si]));
  const beta = challenge(st);
  const [b2, b3, b4] = [beta ** 2n, beta ** 3n, beta ** 4n].map(mod);
  const mTau = fTau - (pow(z, bLo) - alpha) * qTau + beta * gTau + b2 * hTau + b3 * sTau + b4 * dTau;
  const mZ = gz * (1n + beta) + b2 * hz + b3 * sz + b4 * evaluate(D, z);
  const wz = g1((mTau - mZ) * inv(tau - z));
  const wi = g1((gTau + beta * hTau + b2 * sTau - (gi + beta * hi + b2 * si)) * inv(tau - zi));
  const wa = g1((hTau - ha) * inv(tau - alpha));
  return { rho, ch, cq, cg, cs, cd, gz, gi, hz, hi, ha, sz, si, zi, wz, wi, wa };
}
