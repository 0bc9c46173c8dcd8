/** A real small workspace: class 16x16, the demonstration's bundle, three batches (the last one not full), one job, settled on a local chain. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAnvil, type Economy } from '../../src/chain/index.js';
import { economyAs, type ChainAccess } from '../../src/cli/accounts.js';
import { deploy } from '../../src/cli/deploy/handler.js';
import { infer } from '../../src/cli/infer/handler.js';
import { provePayout } from '../../src/cli/prove/handler.js';
import { withProving } from '../../src/cli/proving.js';
import { register } from '../../src/cli/register/handler.js';
import { Workspace } from '../../src/cli/workspace.js';
import type { Srs } from '../../src/commitment/srs.js';
import { buildDemoBundle, writeBundle } from '../../src/models/index.js';
import { sizeClass } from '../../src/statement/classes.js';
import { verifierKey } from '../../src/verify/key.js';
import type { VerifierKey } from '../../src/verify/proof.js';

export const WORKSPACE_CLASS = '16x16';

export interface TestWorkspace {
  /** Holds `clean`, the workspace, and room for altered copies. */
  root: string;
  dir: string;
  srs: Srs;
  keys: { features: VerifierKey; payout: VerifierKey };
  economy: Economy;
  access: ChainAccess;
  /** Ends the chain and removes the folder. */
  close(): Promise<void>;
}

/** Takes some 30 seconds, most of it two proofs. */
export async function makeWorkspace(): Promise<TestWorkspace> {
  const root = await mkdtemp(join(tmpdir(), 'zkattr-audit-')), dir = join(root, 'clean');
  const workspace = new Workspace(dir), cls = sizeClass(WORKSPACE_CLASS);
  const anvil = await startAnvil({ args: ['--accounts', '10'] });
  const close = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await anvil.stop();
    await rm(root, { recursive: true, force: true });
  };
  try {
    const access: ChainAccess = { rpcUrl: anvil.rpcUrl, chainId: anvil.chainId };
    await writeBundle(workspace.model, await buildDemoBundle({ sizeClass: cls }));
    const silent = (): void => undefined;
    return await withProving(cls, undefined, silent, async (context) => {
      const deployment = await deploy(workspace, access, cls, context.keys, silent);
      await register(workspace, access, context);
      await infer(workspace, access, context.srs, { from: 0, count: 10, batchSize: 4, fee: (query) => 10n ** 15n + BigInt(query) }, silent);
      await provePayout(workspace, context, access, { settle: true });
      return {
        root, dir, srs: context.srs, access, close, economy: await economyAs(access, deployment, 'owner'),
        keys: { features: verifierKey(context.keys.features.vk), payout: verifierKey(context.keys.payout.vk) },
      };
    });
  } catch (error) {
    await close();
    throw error;
  }
}
