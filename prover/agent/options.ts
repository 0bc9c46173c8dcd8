/** What the command line gives an agent, and what it gets back. */
import type { Address, Hex } from 'viem';
import type { MessageSigner } from '../../src/protocol/network/envelope.js';
import type { ProverProfile } from '../../src/protocol/network/prover.js';
import type { AgentLogger } from './logs.js';
import type { MarketOptions } from './orders.js';
import type { TransportTimes } from './transport/index.js';

export interface AgentOptions {
  /** http(s)://host:port, or a multiaddr that ends with /p2p/<peer id of the coordinator>. */
  coordinator: string;
  /** HTTP address that is used while libp2p fails; also asked who the coordinator is. */
  httpFallback?: string;
  /** Account that signs as the coordinator, and its chain; over HTTP they are asked for where they are not given, and then trusted. */
  coordinatorAddress?: Address;
  chainId?: number;
  /** Payout key: signs all messages, and is who gets paid. A viem local account. */
  account: MessageSigner;
  /** Chain on which signed requests of jobs are locked, with the stake of `account`, which must be a local account. Without it jobs are paid by their fees alone. */
  market?: MarketOptions;
  /** Journal, packages, orders, peer key, benchmark. */
  dataDir: string;
  /** Jobs at once; default 1. */
  parallel?: number;
  /** That all workers may use together; default four fifths of what is free. */
  memoryBytes?: number;
  /** Names of size classes; default: those whose keys are there. */
  classes?: readonly string[];
  /** Folder of ceremony keys, or of several such folders. Without it development keys, on local chains only. */
  keysDir?: string;
  /** Log in, say what would be offered, take nothing. */
  dryRun?: boolean;
  /** Take measurements of earlier runs; a class without one is left out. */
  skipBenchmark?: boolean;
  /** Packages that are kept on disk; default 4 GiB. */
  cacheBytes?: number;
  /** SIGTERM and SIGINT stop the agent. drain: jobs are finished first, otherwise handed back. A second signal hands back. */
  handleSignals?: boolean;
  drain?: boolean;
  logger?: AgentLogger;
  /** Gives up the start: connecting is tried for ever otherwise. */
  signal?: AbortSignal;
  tuning?: AgentTuning;
}

export interface AgentTuning {
  times?: TransportTimes;
  /** First and longest pause after a failure, milliseconds. */
  firstPauseMs?: number;
  longestPauseMs?: number;
  clockSkewMs?: number;
  /** Module of the worker process, and how often its memory is looked at. */
  worker?: URL;
  watchMs?: number;
  heapMiB?: number;
}

export interface RunningJob {
  jobId: Hex;
  token: number;
  className: string;
  stage: string;
  /** Of the time that the benchmark took; 0 to 1. */
  progress: number;
  seconds: number;
}

export interface AgentHandle {
  readonly address: Address;
  readonly coordinator: Address;
  readonly chainId: number;
  readonly profile: ProverProfile;
  /** With dryRun: what the coordinator says to a prover that takes nothing. */
  readonly dryRun?: { why: string; waitMs: number };
  /** Ends with the agent; rejects when the coordinator refuses it for good. */
  readonly done: Promise<void>;
  running(): RunningJob[];
  /** Process ids of workers that prove. */
  workers(): number[];
  /** Hands jobs back, or with `drain` finishes them, and ends. */
  stop(options?: { drain?: boolean }): Promise<void>;
}
