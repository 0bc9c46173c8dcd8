/** What agent and worker process say to each other, by Node's channel between parent and child. */
import type { Address, Hex } from 'viem';
import type { ProofJob } from '../../src/protocol/network/job.js';

export interface WorkerKeys {
  className: string;
  zkey: string;
  wasm: string;
  vkPath: string;
  srs: string;
}

export type WorkerTask =
  | { kind: 'prove'; keys: WorkerKeys; job: ProofJob; record: string; blocks: string[]; prover: Address }
  | { kind: 'benchmark'; keys: WorkerKeys }
  | { kind: 'describe' };

export interface WorkerResult {
  /** Text of the job artifact; of `prove` only. */
  job?: string;
  /** Calldata that delivers it to the market, of a job with an order. */
  delivery?: Hex;
  /** Names of kernels and Groth16 backend. */
  backend: string;
  seconds: number;
  peakBytes: number;
}

export type WorkerMessage =
  | { kind: 'stage'; stage: string }
  | { kind: 'done'; result: WorkerResult }
  | { kind: 'failed'; code: string; message: string };
