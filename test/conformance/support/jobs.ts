import { getAddress, numberToHex, type Address, type Hex } from 'viem';
import type { EnqueueInput } from '../../../coordinator/queue/types.js';

export const id = (n: number): Hex => numberToHex(n, { size: 32 });
export const prover = (n: number): Address => getAddress(numberToHex(n + 1, { size: 20 }));
export const input = (n: number, change: Partial<EnqueueInput> = {}): EnqueueInput =>
  ({ id: id(n), lane: 'lane', priority: 0, deadline: 1_000_000, memoryBytes: 100, payload: JSON.stringify({ n }), ...change });
