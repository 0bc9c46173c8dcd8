import { encodeAbiParameters, isAddressEqual, keccak256, stringToHex, type Address, type Hex } from 'viem';
import type { Economy, Manifest } from '../../chain/index.js';
import { CliError } from '../../errors/cli.js';
import { contributedContent, rowsHash, type ModelBundle } from '../../models/index.js';
import { economyAs, fundedAs, type ChainAccess } from '../accounts.js';
import type { Progress } from '../workspace.js';

/** A snapshot that holds exactly the training rows of a bundle. */
export interface TrainingSnapshot {
  datanetId: bigint;
  snapshotId: Hex;
  contributionIds: readonly bigint[];
  /** In address order: contributor c of the bundle is the c-th. */
  contributors: readonly Address[];
}

/**
 * The snapshot of the bundle's training rows, made as far as it is missing: the owner's Datanet, one contribution of each
 * contributor, accepted by the owner as curator, frozen. Local chains only: every key is known there.
 */
export async function localSnapshot(access: ChainAccess, manifest: Manifest, bundle: ModelBundle, progress: Progress): Promise<TrainingSnapshot> {
  const owner = await economyAs(access, manifest, 'owner');
  const contents = contributedContent(bundle);
  const datanetId = await localDatanet(owner, contents);
  const { contributors } = bundle.manifest;
  progress(`Datanet ${datanetId}: ${contributors.length} contributions`);
  const ids: bigint[] = [];
  for (const [c, { name, rows }] of contributors.entries()) {
    const known = await owner.datanets.contributionOf(datanetId, contents[c]);
    if (known !== 0n) ids.push(known);
    else ids.push((await (await fundedAs(access, manifest, 'contributor', c)).datanets.contribute(datanetId, contents[c], rows, `local:${name}`)).result);
  }
  const states = await Promise.all(ids.map((id) => owner.datanets.contribution(id)));
  const pending = ids.filter((_, i) => states[i].status === 'pending');
  if (pending.length > 0) await owner.datanets.accept(pending);
  const { latestSnapshot } = await owner.datanets.datanet(datanetId);
  const latest = BigInt(latestSnapshot) === 0n ? undefined : await owner.datanets.snapshot(latestSnapshot);
  const same = latest && latest.contributionIds.length === ids.length && ids.every((id) => latest.contributionIds.includes(id));
  progress(`Datanet ${datanetId}: ${same ? 'snapshot is there' : 'freeze a snapshot'}`);
  return trainingSnapshot(owner, bundle, same ? latestSnapshot : (await owner.datanets.createSnapshot(datanetId)).result);
}

/** The owner's Datanet for these contents: its policy hash names them, so that another run finds it. */
async function localDatanet(owner: Economy, contents: readonly Hex[]): Promise<bigint> {
  const policy = keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'bytes32[]' }], [keccak256(stringToHex('zkattr.datanet.local.v1')), contents]));
  const created = await owner.events('datanets', 'DatanetCreated', { args: { owner: owner.client.account!.address } });
  return created.find(({ args }) => args.policyHash === policy)?.args.datanetId ?? (await owner.datanets.create(policy, 'local: contributions of the demonstration')).result;
}

/**
 * A snapshot whose layout and contents are the bundle's training rows.
 * @throws CliError SNAPSHOT: there is none; its contributors, rows or contents are not the bundle's, in address order
 */
export async function trainingSnapshot(economy: Economy, bundle: ModelBundle, snapshotId: Hex): Promise<TrainingSnapshot> {
  const snapshot = await economy.datanets.snapshot(snapshotId);
  if (!snapshot) throw new CliError('there is no such snapshot', { code: 'SNAPSHOT', where: snapshotId, hint: 'zkattr datanet snapshot' });
  const order = 'a snapshot has its contributors in address order: sort them by address before training, each with all its rows side by side';
  const { manifest } = bundle, rows = manifest.contributors.map((c) => c.rows);
  if (snapshot.rows.length !== rows.length || snapshot.rows.some((n, c) => n !== rows[c])) {
    throw new CliError('rows of the training plan are not those of the snapshot', { code: 'SNAPSHOT', where: `snapshot ${snapshotId}`, expected: snapshot.rows.join(' '), got: rows.join(' '), hint: order });
  }
  let from = 0;
  for (const id of snapshot.contributionIds) {
    const { rows: count, items, contentHash, contributor } = await economy.datanets.contribution(id);
    const own = rowsHash(bundle, from, from + count);
    // Of a batch, the contract keeps a root over items that only its contributor has.
    if (items === 1 && own !== contentHash) {
      throw new CliError('training rows are not what was contributed', { code: 'SNAPSHOT', where: `rows ${from} to ${from + count - 1}, contribution ${id} of ${contributor}`, expected: contentHash, got: own, hint: order });
    }
    from += count;
  }
  return { datanetId: snapshot.datanetId, snapshotId, contributionIds: snapshot.contributionIds, contributors: snapshot.contributors };
}

/** @throws CliError CONTRIBUTOR_ORDER, CONTRIBUTORS */
export function requireContributors(list: readonly Address[], snapshot: TrainingSnapshot, where: string): void {
  const fall = list.findIndex((address, c) => c > 0 && BigInt(list[c - 1]) >= BigInt(address));
  if (fall > 0) {
    throw new CliError('contributors are not in ascending order of their addresses', { code: 'CONTRIBUTOR_ORDER', where: `${where}[${fall}]`, expected: `an address above ${list[fall - 1]}`, got: list[fall], hint: 'sort the contributors of the training plan by address, each with its rows, and train again: a snapshot has no other order' });
  }
  const wrong = snapshot.contributors.findIndex((address, c) => c >= list.length || !isAddressEqual(address, list[c]));
  if (wrong >= 0 || list.length !== snapshot.contributors.length) {
    throw new CliError('contributors are not those of the snapshot', { code: 'CONTRIBUTORS', where: `${where}[${wrong < 0 ? snapshot.contributors.length : wrong}]`, expected: snapshot.contributors[wrong] ?? 'no more', got: list[wrong] ?? list.at(-1) });
  }
}

/** Content hash and rows of one contributor of a bundle. */
export function contentOf(bundle: ModelBundle, contributor: number): { contentHash: Hex; rows: number } {
  const entry = bundle.manifest.contributors[contributor];
  if (!entry) throw new CliError('the model has no such contributor', { code: 'CONTRIBUTORS', where: `contributor ${contributor}`, expected: `below ${bundle.manifest.contributors.length}` });
  return { contentHash: contributedContent(bundle)[contributor], rows: entry.rows };
}

