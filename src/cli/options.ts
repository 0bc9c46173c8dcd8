import { InvalidArgumentError } from 'commander';
import { parseUnits } from 'viem';
import { resolve as resolvePath } from 'node:path';

/** Path relative to where the command was called. */
export const folder = (text: string): string => resolvePath(text);

export const DEFAULT_DIR = 'zkattr-data';
export const DEFAULT_RPC = 'http://127.0.0.1:8545';

export const dirOption = ['-d, --dir <folder>', 'folder of artifacts', folder, folder(DEFAULT_DIR)] as const;
export const rpcOption = ['--rpc <url>', 'JSON-RPC of the chain', DEFAULT_RPC] as const;
export const keysOption = ['--keys <folder>', 'keys made by `zkattr setup`; development keys without it'] as const;

export function integer(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('expected a non-negative integer');
  return value;
}

/** "0.01" -> base units. */
export function open(text: string): bigint {
  if (!/^\d+(\.\d{1,18})?$/.test(text)) throw new InvalidArgumentError('expected an amount of OPEN, such as 0.01');
  return parseUnits(text, 18);
}
export const chainIdOption = ['--chain-id <id>', 'chain that is meant; another one behind the URL is refused', integer, 31337] as const;
