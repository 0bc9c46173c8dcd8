import { InvalidArgumentError } from 'commander';
import { getAddress, isAddress, parseUnits, type Address, type Hex } from 'viem';
import { resolve as resolvePath } from 'node:path';
import { ROLES, type Actor, type Role } from './accounts.js';

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

export function id(text: string): bigint {
  if (!/^\d{1,78}$/.test(text)) throw new InvalidArgumentError('expected a number');
  return BigInt(text);
}

/** "0.01" -> base units. */
export function open(text: string): bigint {
  if (!/^\d+(\.\d{1,18})?$/.test(text)) throw new InvalidArgumentError('expected an amount of OPEN, such as 0.01');
  return parseUnits(text, 18);
}

export function word(text: string): Hex {
  if (!/^0x[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError('expected 0x and 64 hex digits');
  return text.toLowerCase() as Hex;
}

export function address(text: string): Address {
  if (!isAddress(text, { strict: false })) throw new InvalidArgumentError('expected an address');
  return getAddress(text);
}

/** "payer:2": the third payer of a local chain. */
export function actor(text: string): Actor {
  const [name, index = '0'] = text.split(':');
  if (!Object.hasOwn(ROLES, name) || !/^\d{1,3}$/.test(index)) throw new InvalidArgumentError(`expected one of ${Object.keys(ROLES).join(', ')}, or such as payer:2`);
  return { role: name as Role, index: Number(index) };
}

export const chainIdOption = ['--chain-id <id>', 'chain that is meant; another one behind the URL is refused', integer, 31337] as const;
export const asOption = (role: Role) => ['--as <role>', 'whose account of a local chain signs; elsewhere it is ZKATTR_PRIVATE_KEY', actor, { role, index: 0 } satisfies Actor as Actor] as const;

/** What every command that speaks to a deployment is given. */
export interface ChainOptions {
  dir: string;
  rpc: string;
  chainId: number;
}
export interface ActorOptions extends ChainOptions {
  as: Actor;
}
