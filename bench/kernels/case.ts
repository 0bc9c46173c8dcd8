/** One kernel of the bench: how to run it here and at the peer, what it must give, what it must at least cost. */
import type { Engine } from './engines.js';
import type { Work } from './floors.js';
import type { PEER_NAMES, Peers } from './peer.js';

export type Result = readonly Uint8Array[];

export interface Run {
  /** Timed. */
  run(): Promise<unknown>;
  /** What run computes, for comparison; default: run's own result, a list of buffers. */
  result?(): Promise<Result>;
}

/** A kernel at one size, with its inputs. */
export interface Prepared {
  /** Undefined: this engine does not have it. */
  ours(engine: Engine): Run | undefined;
  peer?(peers: Peers): Promise<Run>;
  /** The answer from elsewhere, where no peer runs or where it is cheap. */
  expected?(): Promise<Result>;
}

export interface KernelCase {
  name: string;
  /** What n = 2^log counts, for the table. */
  of: string;
  peer?: keyof typeof PEER_NAMES;
  /** The peer has one thread only. */
  peerSingle?: boolean;
  /** Also measured in a child process, for its memory. */
  memory?: boolean;
  /** Sizes beyond cost minutes and show nothing new. */
  maxLog?: number;
  work(n: number): Work;
  prepare(log: number): Promise<Prepared>;
}

export const resultOf = async ({ run, result }: Run): Promise<Result> => (result ? result() : ((await run()) as Result));

/** @throws Error naming the first difference */
export function assertSame(what: string, got: Result, want: Result): void {
  if (got.length !== want.length) throw new Error(`${what}: ${got.length} buffers, expected ${want.length}`);
  got.forEach((buffer, i) => {
    if (Buffer.compare(buffer, want[i]) === 0) return;
    const at = buffer.findIndex((byte, k) => byte !== want[i][k]);
    throw new Error(`${what}: wrong answer, buffer ${i} differs from byte ${at} of ${want[i].length}`);
  });
}
