/** The Datanet snapshot that the adapter names: its layout is the record's, and its contents are the training rows. */
import type { Address, Hex } from 'viem';
import { CONTRIBUTION_STATUS, layoutHash, snapshotId } from '../../chain/index.js';
import { AuditMismatchError } from '../../errors/audit.js';
import { rowsHash } from '../../models/content.js';
import type { Registration } from '../../protocol/artifacts.js';
import { assertOnChain, mismatch } from '../compare.js';
import type { AuditContext, AuditedModel } from '../context.js';
import type { AuditedRegistration } from '../registration.js';
import { isBefore, type ChainView } from './view.js';

const FILE = 'registration/registration.json';

/** One contribution of the snapshot: the training rows [from, to). */
export interface SnapshotPart {
  contributionId: bigint;
  contributor: Address;
  contentHash: Hex;
  items: number;
  from: number;
  to: number;
}

export async function auditSnapshot({ list }: AuditContext, view: ChainView, model: AuditedModel | undefined, { registration: r }: AuditedRegistration): Promise<void> {
  const snapshot = await list.value('chain: Datanet snapshot', () => readSnapshot(view, r),
    ({ parts, version, note }) => `snapshot ${version} of Datanet ${r.datanetId}: ${parts.length} accepted contributions, layout equals the record's${note}`);
  const title = 'chain: contents of the training rows';
  if (!snapshot) return list.skip(title, 'there is no such snapshot');
  if (!model) return list.skip(title, 'the model bundle is not usable');
  await list.check(title, () => {
    for (const { contributionId, contentHash, items, from, to } of snapshot.parts) {
      if (items > 1) throw new AuditMismatchError(`contribution ${contributionId}`, 'items', `rows ${from} to ${to - 1} are ${items} items under one root: without the list of items it cannot be recomputed`);
      const own = rowsHash(model.bundle, from, to);
      if (own !== contentHash) throw mismatch('model/train.inputs.f32, train.labels.i32', `rows ${from} to ${to - 1}`, contentHash, own, ` (content hash of contribution ${contributionId})`, 'chain has');
    }
    return `content hashes of ${snapshot.parts.length} contributions equal those of the ${snapshot.parts.at(-1)!.to} rows that the adapter was trained on`;
  });
}

async function readSnapshot(view: ChainView, r: Registration): Promise<{ parts: SnapshotPart[]; version: bigint; note: string }> {
  const id = r.adapter.snapshotId;
  const [created] = await view.events('datanets', 'SnapshotCreated', { snapshotId: id });
  if (!created) throw new AuditMismatchError(FILE, 'adapter.snapshotId', `${id} is no snapshot on chain`);
  const { datanetId, version, contributionIds } = created.args;
  assertOnChain(FILE, 'datanetId', datanetId, r.datanetId);
  assertOnChain(FILE, 'contributionIds', contributionIds, r.contributionIds);
  const [contributed, accepted] = await Promise.all([view.events('datanets', 'Contributed', { contributionId: [...contributionIds] }), view.events('datanets', 'Accepted', { contributionId: [...contributionIds] })]);
  let from = 0;
  const withdrawn: bigint[] = [];
  const parts: SnapshotPart[] = [];
  for (const contributionId of contributionIds) {
    const artifact = `contribution ${contributionId}`, event = contributed.find((e) => e.args.contributionId === contributionId);
    if (!event || !isBefore(event, created)) throw new AuditMismatchError(artifact, 'event', 'the snapshot holds it, but it was not contributed before');
    if (!accepted.some((e) => e.args.contributionId === contributionId && isBefore(e, created))) throw new AuditMismatchError(artifact, 'status', 'the snapshot holds it, but it was not accepted before');
    const { contributor, contentHash, rows: count, items } = event.args, now = await view.read('datanets', 'contribution', [contributionId]);
    assertOnChain(artifact, 'state', { datanetId: now.datanetId, contributor: now.contributor, rows: now.rows, items: now.items, contentHash: now.contentHash }, { datanetId, contributor, rows: count, items, contentHash });
    if (!now.consent || CONTRIBUTION_STATUS[now.status] !== 'accepted') withdrawn.push(contributionId);
    parts.push({ contributionId, contributor, contentHash, items, from, to: (from += count) });
  }
  // Contributors in the snapshot's order, each with the rows of all its contributions.
  const owners = [...new Map(parts.map((p) => [p.contributor.toLowerCase(), p.contributor])).values()];
  const owned = owners.map((owner) => parts.filter((p) => p.contributor === owner).reduce((n, p) => n + p.to - p.from, 0));
  const own = snapshotId({ chainId: view.economy.deployment.chainId, address: view.economy.deployment.datanets }, datanetId, version, layoutHash(owners, owned), { ids: contributionIds, contentHashes: parts.map((p) => p.contentHash) });
  assertOnChain('Datanet', 'snapshot id', id, own);
  assertOnChain(FILE, 'contributors', owners, r.contributors.map((c) => c.address));
  assertOnChain(FILE, 'training.rows', owned, r.training.rows);
  return { parts, version, note: withdrawn.length > 0 ? `; without consent or rejected since: ${withdrawn.join(', ')}` : '' };
}
