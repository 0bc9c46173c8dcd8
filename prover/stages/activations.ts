/**
 * The activations as the stages see them. Rows: t = t_lo + (T/R) k. Binding a table's row variables to tau is
 *   X~(tau, y) = sum_k eq(k, tau_hi) sum_{t_lo} eq(tau_lo, t_lo) X_k(t_lo, y)
 */
import { frBuffer, type FrBuffer } from '../../src/field/buffer.js';
import type { IntTable } from '../../src/commitment/kzg.js';
import type { Kernels } from '../kernels/types.js';
import type { ActivationBlock } from '../witness/witness.js';

/** Concatenates per-block results of `rows` entries each; absent blocks are zero. */
async function perBlock(blocks: readonly (ActivationBlock | undefined)[], side: 'delta' | 'x', entries: number, compute: (table: IntTable) => Promise<FrBuffer>): Promise<FrBuffer> {
  const out = frBuffer(entries * blocks.length);
  for (const [k, block] of blocks.entries()) if (block) out.set((await compute(block[side].table)).subarray(0, 32 * entries), 32 * entries * k);
  return out;
}

/** The rows of a table that count: the first `rows` of `width`. */
const nominal = (table: IntTable, length: number): IntTable => ({ kind: table.kind, data: table.data.subarray(0, length) } as IntTable);

/** out[t L + l] = sum_j table(t,l,j) adapterRow(l,j): U~(t,l,alpha) or Z~(t,l,beta); adapterRow = adapter bound at its rank point. */
export const projectTokens = (kernels: Kernels, blocks: readonly (ActivationBlock | undefined)[], side: 'delta' | 'x', adapterRow: FrBuffer, width: number, layers: number, rows: number): Promise<FrBuffer> =>
  perBlock(blocks, side, rows * layers, (table) => kernels.dotRows(nominal(table, rows * layers * width), adapterRow, width, layers));

/** sum_k weights_k table_k: the block-combined table, as long as the longest block. */
export async function combineBlocks(kernels: Kernels, blocks: readonly (ActivationBlock | undefined)[], side: 'delta' | 'x', weights: readonly bigint[]): Promise<FrBuffer> {
  const present = blocks.flatMap((block, k) => (block ? [{ table: block[side].table, weight: weights[k] }] : []));
  const length = Math.max(1, ...present.map(({ table }) => table.data.length));
  return kernels.linearCombination(present.map(({ weight }) => weight), present.map(({ table }) => table), length);
}
