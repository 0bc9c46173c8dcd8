import type { Command } from 'commander';
import { CONTRACT_KEYS } from '../../chain/index.js';
import { sizeClass } from '../../statement/classes.js';
import { withChain } from '../command.js';
import { folder, keysOption, type ChainOptions } from '../options.js';
import { consoleProgress, openKeys, Workspace } from '../workspace.js';
import { configFrom, deploy, readConfig, verifyManifest } from './handler.js';

interface Options extends ChainOptions { class: string; keys?: string; config?: string; verify?: boolean }

export function deployCommand(program: Command): void {
  withChain(program.command('deploy').description('deploy the economy with the keys of a size class, hand it over to the timelock, write its manifest: deployment.json'))
    .option('-c, --class <name>', 'size class', '16x16').option(...keysOption)
    .option('--config <file>', 'JSON with what differs from the defaults of a local chain or of production, such as {"guardian": "0x..", "periodSeconds": 86400}', folder)
    .option('--verify', 'deploy nothing: hold deployment.json against the chain')
    .action(async ({ dir, rpc, chainId, class: className, keys: keysDir, config: file, verify }: Options) => {
      const progress = consoleProgress(), workspace = new Workspace(dir), access = { rpcUrl: rpc, chainId };
      if (verify) {
        const mismatches = await verifyManifest(workspace, access);
        for (const { check, where, expected, got } of mismatches) console.log(`FAIL ${check} ${where}\n  expected ${expected}\n  got      ${got}`);
        if (mismatches.length > 0) process.exitCode = 1;
        else console.log(`ok   ${workspace.deploymentFile} is what chain ${chainId} has: code, wiring, owners, roles, keys, numbers`);
        return;
      }
      const config = file ? await readConfig(access, file) : configFrom(access), cls = sizeClass(className);
      const { keys } = await openKeys(cls, keysDir, progress);
      const manifest = await deploy(workspace, access, cls, keys, progress, config);
      for (const key of CONTRACT_KEYS) console.log(`${manifest.contracts[key].name.padEnd(22)} ${manifest.contracts[key].address}`);
      console.log(`manifest in ${workspace.deploymentFile}, verified against the chain`);
    });
}
