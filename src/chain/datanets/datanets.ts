import type { Address, Hex } from 'viem';
import { ContractActions, type EconomyContext } from '../context.js';
import { readEvents } from '../events.js';
import type { Sent } from '../send.js';
import { CONTRIBUTION_STATUS, type ContributionStatus } from '../types.js';
import { merkleProof, merkleRoot, type BatchItem } from './batch.js';
import { snapshotOrder } from './snapshot.js';

export interface Contribution {
  datanetId: bigint;
  contributor: Address;
  rows: number;
  items: number;
  status: ContributionStatus;
  consent: boolean;
  contentHash: Hex;
}

export interface Datanet {
  owner: Address;
  activeContributions: number;
  snapshots: number;
  /** 0 before the first. */
  latestSnapshot: Hex;
}

export interface Snapshot {
  snapshotId: Hex;
  datanetId: bigint;
  version: bigint;
  contributionIds: readonly bigint[];
  /** In address order; contributor c owns the next rows[c] rows. */
  contributors: readonly Address[];
  rows: readonly number[];
}

/** Datanets: contributed data, curated, frozen in snapshots. */
export class Datanets extends ContractActions<'datanets'> {
  constructor(context: EconomyContext) { super(context, 'datanets'); }

  create(policyHash: Hex, uri: string): Promise<Sent<bigint>> { return this.write('createDatanet', [policyHash, uri]); }
  update(datanetId: bigint, policyHash: Hex, uri: string): Promise<Sent<void>> { return this.write('updateDatanet', [datanetId, policyHash, uri]); }
  transfer(datanetId: bigint, owner: Address): Promise<Sent<void>> { return this.write('transferDatanet', [datanetId, owner]); }
  acceptTransfer(datanetId: bigint): Promise<Sent<void>> { return this.write('acceptDatanet', [datanetId]); }
  setCurator(datanetId: bigint, curator: Address, enabled: boolean): Promise<Sent<void>> { return this.write('setCurator', [datanetId, curator, enabled]); }

  contribute(datanetId: bigint, contentHash: Hex, rows: number, uri: string): Promise<Sent<bigint>> { return this.write('contribute', [datanetId, contentHash, rows, uri]); }
  /** Contributes all items under one Merkle root. */
  contributeBatch(datanetId: bigint, items: readonly BatchItem[], uri: string): Promise<Sent<bigint>> {
    return this.write('contributeBatch', [datanetId, merkleRoot(items), items.length, items.reduce((n, i) => n + i.rows, 0), uri]);
  }
  accept(contributionIds: readonly bigint[]): Promise<Sent<void>> { return this.write('accept', [contributionIds]); }
  reject(contributionId: bigint, reason: string): Promise<Sent<void>> { return this.write('reject', [contributionId, reason]); }
  setConsent(contributionId: bigint, consent: boolean): Promise<Sent<void>> { return this.write('setConsent', [contributionId, consent]); }

  /** Freezes every accepted, consented contribution, in the order that the contract requires. @returns the snapshot id */
  async createSnapshot(datanetId: bigint): Promise<Sent<Hex>> {
    return this.write('createSnapshot', [datanetId, snapshotOrder(await this.includable(datanetId))]);
  }

  /** Accepted contributions with consent, as they are now. */
  async includable(datanetId: bigint): Promise<{ id: bigint; contributor: Address }[]> {
    const accepted = await readEvents(this.context, 'datanets', 'Accepted', { args: { datanetId } });
    const all = await Promise.all(accepted.map(async ({ args: { contributionId: id } }) => ({ id, ...await this.contribution(id) })));
    return all.filter((c) => c.status === 'accepted' && c.consent).map(({ id, contributor }) => ({ id, contributor }));
  }

  async contribution(id: bigint): Promise<Contribution> {
    const { status, ...rest } = await this.read('contribution', [id]);
    return { ...rest, status: CONTRIBUTION_STATUS[status] };
  }
  /** The pending or accepted contribution of this content, 0 without one. */
  contributionOf(datanetId: bigint, contentHash: Hex): Promise<bigint> { return this.read('contributionOf', [datanetId, contentHash]); }
  async datanet(id: bigint): Promise<Datanet> {
    const [owner, activeContributions, snapshots, latestSnapshot] = await this.read('datanet', [id]);
    return { owner, activeContributions, snapshots, latestSnapshot };
  }
  isCurator(datanetId: bigint, account: Address): Promise<boolean> { return this.read('isCurator', [datanetId, account]); }
  snapshotExists(snapshotId: Hex): Promise<boolean> { return this.read('snapshotExists', [snapshotId]); }

  /** A snapshot from its event; undefined when there is none. */
  async snapshot(snapshotId: Hex): Promise<Snapshot | undefined> {
    const [event] = await readEvents(this.context, 'datanets', 'SnapshotCreated', { args: { snapshotId } });
    return event?.args;
  }

  /** Whether a batch holds the item at `index`. */
  verifyItem(contributionId: bigint, items: readonly BatchItem[], index: number): Promise<boolean> {
    const { contentHash, rows } = items[index];
    return this.read('verifyItem', [contributionId, index, contentHash, rows, merkleProof(items, index)]);
  }
}
