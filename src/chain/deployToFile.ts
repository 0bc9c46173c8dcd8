import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { keccak256, stringToHex } from 'viem';
import { ChainError } from '../errors/chain.js';
import { readFileChecked, writeFileAtomic } from '../files/atomic.js';
import type { ChainClient } from './client.js';
import { configJson } from './config.js';
import { deployEconomy, type DeployOptions } from './deploy.js';
import { writeManifest, type Manifest } from './manifest.js';
import { vkHashOf } from './verifyingKey.js';

/** What an interrupted deployment must go on with: written before its first transaction, removed after its manifest. */
interface Journal {
  chainId: number;
  deployer: string;
  firstNonce: number;
  /** Hash of configuration and keys. */
  plan: string;
}

/**
 * Deploys an economy and writes its manifest at the end. A run that was interrupted left `<path>.partial`: the next one with the same
 * account, configuration and keys goes on where it stopped, any other is refused.
 * @throws ChainError DEPLOYMENT_EXISTS, DEPLOYMENT_INTERRUPTED, and those of deployEconomy
 */
export async function deployToFile(client: ChainClient, path: string, options: Omit<DeployOptions, 'firstNonce'> = {}): Promise<Manifest> {
  const { account, chainId } = client;
  if (!account) throw new ChainError('client has no account', { code: 'READ_ONLY_CLIENT', where: 'deployToFile', hint: 'pass an account to connectChain' });
  if (existsSync(path)) throw new ChainError('there is a deployment already', { code: 'DEPLOYMENT_EXISTS', where: path, hint: 'use it, or name another file' });
  const journalPath = `${path}.partial`;
  const present = { chainId, deployer: account.address, plan: planHash(options) };
  let journal: Journal;
  if (existsSync(journalPath)) {
    journal = JSON.parse((await readFileChecked(journalPath)).toString('utf8')) as Journal;
    for (const name of ['chainId', 'deployer', 'plan'] as const) {
      if (journal[name] !== present[name]) {
        throw new ChainError('an interrupted deployment was another one', { code: 'DEPLOYMENT_INTERRUPTED', where: `${journalPath}: ${name}`, expected: journal[name], got: present[name], hint: 'go on with the same account, configuration and keys, or remove the file to deploy anew' });
      }
    }
  } else {
    journal = { ...present, firstNonce: await client.publicClient.getTransactionCount({ address: account.address }) };
    await writeFileAtomic(journalPath, `${JSON.stringify(journal, null, 1)}\n`);
  }
  const manifest = await deployEconomy(client, { ...options, firstNonce: journal.firstNonce });
  await writeManifest(path, manifest);
  await rm(journalPath, { force: true });
  return manifest;
}

const planHash = ({ config, classes = [], developmentTauHash }: DeployOptions): string =>
  keccak256(stringToHex(JSON.stringify([config ? configJson(config) : null, classes.map(({ cls, relation, key }) => [cls.id, relation, vkHashOf(key)]), developmentTauHash ?? null])));
