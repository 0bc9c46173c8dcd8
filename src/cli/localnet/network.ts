/** network.json: where the parts of a local network are, for the commands that use it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../../errors/cli.js';
import { readArtifact, writeArtifact } from '../../protocol/artifacts.js';
import { address } from '../../protocol/words.js';

export const networkSchema = z.strictObject({
  format: z.literal('zkattr-network'), chainId: z.int().positive(), rpc: z.string(), coordinator: z.string(), coordinatorAddress: address, peer: z.string(), node: z.string(),
  /** Process ids, by the names of the parts. */
  processes: z.record(z.string(), z.int().positive()),
});
export type LocalNetwork = z.infer<typeof networkSchema>;

const fileOf = (dir: string): string => join(dir, 'network.json');
export const writeNetwork = (dir: string, network: LocalNetwork): Promise<void> => writeArtifact(fileOf(dir), network);

/** @throws CliError NO_NETWORK */
export function readNetwork(dir: string): Promise<LocalNetwork> {
  if (!existsSync(fileOf(dir))) throw new CliError('there is no local network', { code: 'NO_NETWORK', where: fileOf(dir), hint: 'start one with `npm run localnet`, or name a node with --node and a chain with --rpc' });
  return readArtifact(fileOf(dir), networkSchema);
}
