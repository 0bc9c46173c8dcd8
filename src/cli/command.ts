/** Options that commands of a deployment share. */
import type { Command } from 'commander';
import type { Economy } from '../chain/index.js';
import { fundedAs, type Role } from './accounts.js';
import { asOption, chainIdOption, dirOption, rpcOption, type ActorOptions } from './options.js';
import { Workspace } from './workspace.js';

export const withChain = (command: Command): Command => command.option(...dirOption).option(...rpcOption).option(...chainIdOption);
export const withActor = (command: Command, role: Role): Command => withChain(command).option(...asOption(role));

/** The deployment of the folder as the named account sees it. @param spends  OPEN that the account is about to send */
export async function economyFor({ dir, rpc, chainId, as }: ActorOptions, spends = 0n): Promise<Economy> {
  return fundedAs({ rpcUrl: rpc, chainId }, await new Workspace(dir).deployment(), as.role, as.index, spends);
}
