/** Which classes this prover has keys for. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { LOCAL_CHAIN_IDS } from '../../src/chain/deploy.js';
import { verifierSelector } from '../../src/chain/ids.js';
import { NetworkError } from '../../src/errors/network.js';
import { cacheRoot } from '../../src/files/paths.js';
import { sizeClass, sizeClasses } from '../../src/statement/classes.js';
import type { SizeClass } from '../../src/statement/sizeClass.js';
import { developmentKeys, openSetup, type SetupKeys } from '../setup/index.js';

/** Versions of one key that are looked for: governance counts them up. */
const VERSIONS = 64;

export interface KeysOptions {
  chainId: number;
  /** Folder of keys (openSetup), or of such folders. Without it: development keys, on local chains only. */
  keysDir?: string;
  /** Names; default: all whose keys are there. */
  classes?: readonly string[];
  progress?: (message: string) => void;
}

/** Folders of ceremony keys by class. */
async function setupsIn(dir: string): Promise<SetupKeys[]> {
  const dirs = existsSync(join(dir, 'setup.json')) ? [dir] : existsSync(dir) ? readdirSync(dir).map((name) => join(dir, name)).filter((path) => existsSync(join(path, 'setup.json'))) : [];
  return Promise.all(dirs.map(openSetup));
}

const hasDevelopmentKeys = ({ name }: SizeClass): boolean => {
  const dir = join(cacheRoot(), 'keys', 'development', name);
  return existsSync(dir) && readdirSync(dir).some((key) => existsSync(join(dir, key, 'setup.json')));
};

/**
 * Keys of the classes that are enabled; development keys that were named and are not there are made.
 * @throws NetworkError KEYS_CLASS, KEYS_DEVELOPMENT, NO_CLASSES; what openSetup and developmentKeys throw
 */
export async function openClasses({ chainId, keysDir, classes, progress }: KeysOptions): Promise<{ cls: SizeClass; keys: SetupKeys }[]> {
  const none = (hint: string): NetworkError => new NetworkError('no class to prove', { code: 'NO_CLASSES', where: '--classes', hint });
  if (keysDir !== undefined) {
    const setups = await setupsIn(keysDir);
    const wanted = classes ?? setups.map(({ className }) => className);
    if (wanted.length === 0) throw none(`there are no keys in ${keysDir}: make them with \`zkattr setup\``);
    return wanted.map((name) => {
      const keys = setups.find(({ className }) => className === name);
      if (!keys) throw new NetworkError('no keys of a class', { code: 'KEYS_CLASS', where: keysDir, expected: name, got: setups.map(({ className }) => className).join(', ') || 'none' });
      if (keys.provenance === 'development') requireLocal(chainId, keys.dir);
      return { cls: sizeClass(name), keys };
    });
  }
  requireLocal(chainId, 'development keys');
  const chosen = classes?.map(sizeClass) ?? sizeClasses().filter(hasDevelopmentKeys);
  if (chosen.length === 0) throw none('name the classes: their development keys are made then');
  const out = [];
  for (const cls of chosen) out.push({ cls, keys: await developmentKeys(cls, { progress }) });
  return out;
}

function requireLocal(chainId: number, where: string): void {
  if (!LOCAL_CHAIN_IDS.includes(chainId)) throw new NetworkError('development keys prove nothing off local chains', { code: 'KEYS_DEVELOPMENT', where, got: `chain ${chainId}`, hint: 'give the ceremony\'s keys with --keys' });
}

/** Whether a selector names a payout verifier with this key. */
export function namesKey(selector: Hex, classId: number, vkHash: Hex): boolean {
  for (let version = 1; version <= VERSIONS; version++) if (verifierSelector('payout', classId, version, vkHash) === selector) return true;
  return false;
}
