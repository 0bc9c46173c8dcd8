/** Tables as canonical bigints. */
import { frBufferToBigints } from '../../../src/field/buffer.js';
import { frFrom } from '../../../src/field/fr.js';
import type { Table } from '../types.js';

/** Entries of any table as canonical field elements; negative integers become p - |x|. */
export const toBigints = (table: Table): bigint[] =>
  table.kind === 'fr' ? frBufferToBigints(table.data) : Array.from(table.data, (x) => frFrom(x));
