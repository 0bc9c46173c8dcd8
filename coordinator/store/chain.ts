import { concat, keccak256, toBytes, zeroHash, type Hex } from 'viem';
import type { ChainedEntry } from './types.js';

export const EMPTY_HEAD = { entries: 0, hash: zeroHash as Hex };

/** The entry that follows `head`: hash = keccak256(previous, keccak256(body)). */
export function nextEntry(head: { entries: number; hash: Hex }, body: string): ChainedEntry {
  return { sequence: head.entries, body, previous: head.hash, hash: keccak256(concat([head.hash, keccak256(toBytes(body))])) };
}

/** @returns sequence of the first entry whose hash or predecessor is not what the ones before it say, or undefined */
export function firstBroken(entries: readonly ChainedEntry[], head: { entries: number; hash: Hex } = EMPTY_HEAD): number | undefined {
  let at = head;
  for (const entry of entries) {
    const expected = nextEntry(at, entry.body);
    if (entry.sequence !== expected.sequence || entry.previous !== expected.previous || entry.hash !== expected.hash) return entry.sequence;
    at = { entries: at.entries + 1, hash: entry.hash };
  }
  return undefined;
}
