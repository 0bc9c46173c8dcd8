import type { Address } from 'viem';

/** Contribution ids as createSnapshot takes them: ascending by (contributor, id), so that each contributor's rows lie side by side. */
export const snapshotOrder = (contributions: readonly { id: bigint; contributor: Address }[]): bigint[] =>
  contributions.map(({ id, contributor }) => ({ id, key: BigInt(contributor) })).sort((a, b) => (a.key === b.key ? (a.id < b.id ? -1 : 1) : a.key < b.key ? -1 : 1)).map(({ id }) => id);
