/**
 * What a coordinator remembers, behind interfaces with a file database and Redis as adapters. A write that returned is on disk
 * (embedded: WAL with full sync; Redis: as its appendonly says).
 */
import type { Hex } from 'viem';

/** One document. version counts its writes, from 1. */
export interface Doc<T> {
  id: string;
  value: T;
  state: string;
  /** Documents of a state are listed by it, then by id. */
  order: number;
  version: number;
}

export interface PutOptions {
  state: string;
  order: number;
  /** Version that is replaced: 0 for none. Another one there: nothing is written. */
  expected: number;
}

/** Lowest order first, or highest. */
export type Direction = 'rising' | 'falling';

/** Documents of named collections, by id and by state. Values are JSON. */
export interface Records {
  get<T>(collection: string, id: string): Promise<Doc<T> | undefined>;
  /** Compare and set. @returns false when another version is there */
  put<T>(collection: string, id: string, value: T, options: PutOptions): Promise<boolean>;
  delete(collection: string, id: string, expected: number): Promise<boolean>;
  /** @param after  the place behind which to go on, whether a document is there or not; with `falling` those before it come */
  list<T>(collection: string, state: string, limit: number, after?: { order: number; id: string }, direction?: Direction): Promise<Doc<T>[]>;
  counts(collection: string): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export interface ChainedEntry {
  /** From 0. */
  sequence: number;
  /** JSON text. */
  body: string;
  previous: Hex;
  /** keccak256(previous, keccak256(body)) */
  hash: Hex;
}

/** Append-only log; entry n holds the hash of entry n - 1, the first one 0. */
export interface ChainedLog {
  append(body: string): Promise<ChainedEntry>;
  head(): Promise<{ entries: number; hash: Hex }>;
  read(from: number, limit: number): Promise<ChainedEntry[]>;
}

/** Bytes by their keccak256. */
export interface ArtifactStore {
  /** Complete on disk, or not at all; known ones are not written again. @throws NetworkError ARTIFACT_HASH, ARTIFACT_SIZE, ARTIFACT_SPACE */
  put(hash: Hex, data: Uint8Array): Promise<void>;
  /** Checked against the name. @returns undefined for an unknown one @throws NetworkError ARTIFACT_HASH when it was damaged where it lies */
  get(hash: Hex): Promise<Uint8Array | undefined>;
  has(hash: Hex): Promise<boolean>;
  /** An unknown one is no error: to be repeated after a crash. @throws NetworkError ARTIFACT_HASH for what is no name */
  delete(hash: Hex): Promise<void>;
}

/** Who of several coordinators does what only one may do (settle, batch). The term rises with every change of leader. */
export interface Leadership {
  /** Tries to become or stay leader for ttlMs. @returns the term, or undefined when another one leads */
  acquire(ttlMs: number): Promise<number | undefined>;
  release(): Promise<void>;
}
