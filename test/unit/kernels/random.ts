/** Seeded inputs for kernel tests. */
import { g1BufferFrom, g1Mul, g1Neg, g1Set, G1_GENERATOR, G1_INFINITY, g1Get } from '../../../src/curve/bn254.js';
import { frBufferFrom, G1_BYTES, type FrBuffer, type G1Buffer } from '../../../src/field/buffer.js';
import { FIELD_MODULUS } from '../../../src/field/fr.js';
import type { Table } from '../../../prover/kernels/types.js';

export class Random {
  private state: number;
  constructor(seed: number) {
    this.state = seed >>> 0;
  }
  /** mulberry32: 32 uniform bits. */
  u32(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
  below(n: number): number {
    return this.u32() % n;
  }
  fr(): bigint {
    let x = 0n;
    for (let i = 0; i < 9; i++) x = (x << 32n) | BigInt(this.u32());
    return x % FIELD_MODULUS;
  }
  frs(n: number): bigint[] {
    return Array.from({ length: n }, () => this.fr());
  }
  /** Field elements, every fourth one an edge: 0, 1, p - 1. */
  edgy(n: number): bigint[] {
    return Array.from({ length: n }, () => (this.below(4) === 0 ? [0n, 1n, FIELD_MODULUS - 1n][this.below(3)] : this.fr()));
  }
  frBuffer(n: number): FrBuffer {
    return frBufferFrom(this.edgy(n));
  }
  /** A table of `kind`, with the extremes and a good share of zeros. */
  table(kind: Table['kind'], n: number): Table {
    if (kind === 'fr') return { kind, data: this.frBuffer(n) };
    if (kind === 'bit') return { kind, data: Uint8Array.from({ length: n }, () => this.below(2)) };
    const bits = kind === 'int8' ? 8 : 16;
    const int = (): number => {
      const edge = this.below(8);
      if (edge === 0) return 0;
      if (edge === 1) return -(2 ** (bits - 1));
      if (edge === 2) return 2 ** (bits - 1) - 1;
      return this.below(2 ** bits) - 2 ** (bits - 1);
    };
    return kind === 'int8' ? { kind, data: Int8Array.from({ length: n }, int) } : { kind, data: Int16Array.from({ length: n }, int) };
  }
}

/** n multiples of the generator in a walk; cheap, distinct. */
export function pointWalk(n: number, seed = 7): G1Buffer {
  const buffer = new Uint8Array(n * G1_BYTES);
  const distinct = Math.min(n, 64);
  for (let i = 0; i < distinct; i++) g1Set(buffer, i, g1Mul(G1_GENERATOR, BigInt(seed + 1) * BigInt(i * i + 3 * i + 1)));
  for (let i = distinct; i < n; i++) buffer.copyWithin(i * G1_BYTES, ((i * 17) % distinct) * G1_BYTES, ((i * 17) % distinct) * G1_BYTES + G1_BYTES);
  return buffer;
}

/** Points with infinity, repetitions and opposites among them. */
export function awkwardPoints(n: number): G1Buffer {
  const buffer = pointWalk(n);
  for (let i = 0; i < n; i++) {
    if (i % 7 === 3) g1Set(buffer, i, G1_INFINITY);
    if (i % 5 === 4) buffer.copyWithin(i * G1_BYTES, 0, G1_BYTES);
    if (i % 11 === 2) buffer.set(g1BufferFrom([g1Neg(g1Get(buffer, 0))]), i * G1_BYTES);
  }
  return buffer;
}
