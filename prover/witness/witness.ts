/**
 * What a prover holds: the committed tables with their blinding factors. Shapes are those of the size class
 * (src/statement/sizeClass.ts); index order as in section 2 of the protocol.
 */
import { CommitmentError } from '../../src/errors/commitment.js';
import { frBuffer, frCount, frSet } from '../../src/field/buffer.js';
import { frAdd, frFrom, frMul } from '../../src/field/fr.js';
import type { Committed, IntTable } from '../../src/commitment/kzg.js';
import type { Dims, RelationShape } from '../../src/statement/sizeClass.js';
import type { FrBuffer } from '../../src/field/buffer.js';

/** One row block of activations, (t, l, j) with 2^(tl - lR) rows; rows above it are ignored by the relation. */
export interface ActivationBlock {
  delta: Committed<Extract<IntTable, { kind: 'int16' }>>;
  x: Committed<Extract<IntTable, { kind: 'int8' }>>;
}

export interface RelationWitness {
  /** R blocks; undefined = absent (zero rows). */
  blocks: (ActivationBlock | undefined)[];
  /** A and B (features) or A*, B* (payout): (a, l, j), B transposed. */
  a: Committed<Extract<IntTable, { kind: 'int8' }>>;
  b: Committed<Extract<IntTable, { kind: 'int8' }>>;
  /** G, (c, l, a, b). */
  g: Committed<{ kind: 'fr'; data: FrBuffer }>;
}

/** Integers of any sign -> table of field elements, zero-extended to `length`. */
export function fieldTable(values: readonly bigint[], length = values.length): FrBuffer {
  const table = frBuffer(length);
  values.forEach((value, i) => { if (value !== 0n) frSet(table, i, frFrom(value)); });
  return table;
}

/** rho_X = sum_k eq(k, tau_hi) rho_X,k for the blocks that are present. */
export const combinedBlinding = (blocks: RelationWitness['blocks'], weights: readonly bigint[], side: 'delta' | 'x'): bigint =>
  blocks.reduce((sum, block, k) => (block ? frAdd(sum, frMul(weights[k], block[side].rho)) : sum), 0n);

/** @throws CommitmentError when a table does not have the class's shape */
export function checkWitness(witness: RelationWitness, shape: RelationShape, dims: Dims): void {
  const rows = 2 ** (dims.tokensLog - shape.blocksLog), width = 2 ** shape.J;
  const wrong = (where: string, expected: number, got: number): void => {
    throw new CommitmentError('table does not have the shape of the size class', { code: 'WITNESS_SHAPE', where, expected, got, hint: 'pad with zeros to the class of the record' });
  };
  if (witness.blocks.length !== shape.blocks) wrong('blocks', shape.blocks, witness.blocks.length);
  witness.blocks.forEach((block, k) => {
    // A committed block may hold more rows than its height: they do not count (the opening carries them along).
    if (block && (block.delta.table.data.length < rows * width || block.x.table.data.length !== block.delta.table.data.length)) wrong(`block ${k}`, rows * width, block.delta.table.data.length);
    if (block && block.delta.table.data.length > width * 2 ** dims.H) wrong(`block ${k}`, width * 2 ** dims.H, block.delta.table.data.length);
  });
  const adapter = width * 2 ** shape.cls.rankLog;
  if (witness.a.table.data.length !== adapter) wrong('adapter A', adapter, witness.a.table.data.length);
  if (witness.b.table.data.length !== adapter) wrong('adapter B', adapter, witness.b.table.data.length);
  const features = 2 ** (shape.cls.contributorsLog + shape.cls.layersLog + 2 * shape.cls.rankLog);
  if (frCount(witness.g.table.data) !== features) wrong('G', features, frCount(witness.g.table.data));
}
