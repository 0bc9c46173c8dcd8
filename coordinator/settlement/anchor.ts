/**
 * Root of the coordinator's assignment log, on chain. No contract has a slot for it, so it is the end of the calldata of the transactions
 * that settle: 64 bytes behind the arguments, which the ABI decoder of Solidity never reads.
 *   "zkattrlg", 24 zero bytes | root
 * The sender of the transaction vouches for it, nobody else: readers check `from` and `to` before they believe a root.
 */
import { concatHex, isHex, size, slice, type Address, type Hex } from 'viem';

const MAGIC: Hex = `0x${Buffer.from('zkattrlg').toString('hex')}${'0'.repeat(48)}`;
export const ANCHOR_BYTES = 64;

export const anchorBytes = (root: Hex): Hex => {
  if (!isHex(root) || size(root) !== 32) throw new RangeError(`anchor: root: expected 32 bytes, got ${String(root)}`);
  return concatHex([MAGIC, root]);
};

/** @returns the root that a transaction carries; undefined without one, or when somebody else sent it */
export function anchorOf(transaction: { input: Hex; from?: Address }, by?: Address): Hex | undefined {
  const { input, from } = transaction, bytes = size(input);
  if (by !== undefined && from?.toLowerCase() !== by.toLowerCase()) return undefined;
  if (bytes < ANCHOR_BYTES || slice(input, bytes - ANCHOR_BYTES, bytes - 32).toLowerCase() !== MAGIC) return undefined;
  return slice(input, bytes - 32);
}
