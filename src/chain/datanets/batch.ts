/**
 * Merkle tree over the items of one contribution, in the form of OpenZeppelin's MerkleProof:
 *   leaf(i) = keccak(keccak(abi.encode(i, content hash, rows)));   node = keccak(min(a, b), max(a, b))
 * Leaves stay in item order; the last one of an odd level moves up unpaired.
 */
import { concatHex, encodeAbiParameters, keccak256, type Hex } from 'viem';
import { ChainError } from '../../errors/chain.js';

export interface BatchItem {
  contentHash: Hex;
  rows: number;
}

const LEAF = [{ type: 'uint32' }, { type: 'bytes32' }, { type: 'uint32' }] as const;
export const batchLeaf = (index: number, { contentHash, rows }: BatchItem): Hex => keccak256(keccak256(encodeAbiParameters(LEAF, [index, contentHash, rows])));
const parent = (a: Hex, b: Hex): Hex => keccak256(a.toLowerCase() < b.toLowerCase() ? concatHex([a, b]) : concatHex([b, a]));

/** Levels of the tree, leaves first. @throws ChainError EMPTY_BATCH */
function levels(items: readonly BatchItem[]): Hex[][] {
  if (items.length === 0) throw new ChainError('a batch has at least one item', { code: 'EMPTY_BATCH', where: 'contributeBatch' });
  const all = [items.map((item, i) => batchLeaf(i, item))];
  for (let level = all[0]; level.length > 1;) {
    const next: Hex[] = [];
    for (let i = 0; i < level.length; i += 2) next.push(i + 1 < level.length ? parent(level[i], level[i + 1]) : level[i]);
    all.push((level = next));
  }
  return all;
}

export const merkleRoot = (items: readonly BatchItem[]): Hex => levels(items).at(-1)![0];

/** Siblings from the leaf of `index` to the root. */
export function merkleProof(items: readonly BatchItem[], index: number): Hex[] {
  const proof: Hex[] = [];
  for (const level of levels(items).slice(0, -1)) {
    const sibling = index ^ 1;
    if (sibling < level.length) proof.push(level[sibling]);
    index >>= 1;
  }
  return proof;
}
