import { TapError } from '../errors/inference.js';
import type { ActivationTables } from './pack.js';

/** Cuts tables into blocks of `height` rows along t; the last is padded with zeros. Views where possible. */
export function splitBlocks(tables: ActivationTables, height: number): ActivationTables[] {
  if (!Number.isInteger(height) || height < 1) throw new TapError('block height is not a positive integer', { where: 'blocks', got: height });
  const row = tables.X.length / tables.rows, out: ActivationTables[] = [];
  for (let t = 0; t < tables.rows; t += height) {
    const X = tables.X.subarray(t * row, (t + height) * row), Delta = tables.Delta.subarray(t * row, (t + height) * row);
    if (X.length === height * row) out.push({ rows: height, X, Delta });
    else {
      const block = { rows: height, X: new Int8Array(height * row), Delta: new Int16Array(height * row) };
      block.X.set(X);
      block.Delta.set(Delta);
      out.push(block);
    }
  }
  return out;
}

/** Stacks blocks of one width along t, in order. */
export function stackBlocks(blocks: readonly ActivationTables[]): ActivationTables {
  const total = blocks.reduce((n, b) => n + b.X.length, 0);
  const out = { rows: blocks.reduce((n, b) => n + b.rows, 0), X: new Int8Array(total), Delta: new Int16Array(total) };
  let at = 0;
  for (const block of blocks) {
    if (block.X.length / block.rows !== blocks[0].X.length / blocks[0].rows) {
      throw new TapError('blocks have different row widths', { where: 'blocks', expected: blocks[0].X.length / blocks[0].rows, got: block.X.length / block.rows });
    }
    out.X.set(block.X, at);
    out.Delta.set(block.Delta, at);
    at += block.X.length;
  }
  return out;
}
