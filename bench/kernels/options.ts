/** Options of the kernels bench. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { CompareOptions } from './compare.js';

export interface KernelBenchOptions extends CompareOptions {
  quick: boolean;
  sizes: number[];
  threads: number[];
  isa?: string;
  only?: string;
  memory: boolean;
  probeMs: number;
  out?: string;
  command: string;
}

export const USAGE = `kernels bench: [--quick] [--large] [--repetitions 7] [--sizes 12,14,...] [--threads 1,2] [--isa ifma,adx,portable,wasm]
  [--only <part of a kernel's name>] [--peer-max 20] [--no-memory] [--out file]`;

/** Peers take tens of seconds a run from here on: fewer repetitions, as the results say. */
const PEER_SLOW_FROM = 19;
const PEER_SLOW_REPETITIONS = 3;

const integers = (text: string): number[] => text.split(',').map(Number);
const steps = (from: number, to: number): number[] => Array.from({ length: (to - from) / 2 + 1 }, (_, i) => from + 2 * i);

/** @returns undefined when they make no sense */
export function readOptions(): KernelBenchOptions | undefined {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false }, large: { type: 'boolean', default: false }, repetitions: { type: 'string' }, sizes: { type: 'string' }, threads: { type: 'string' },
      isa: { type: 'string' }, only: { type: 'string' }, 'peer-max': { type: 'string' }, 'no-memory': { type: 'boolean', default: false }, out: { type: 'string' },
    },
  });
  const { quick, large } = values;
  const repetitions = Number(values.repetitions ?? (quick ? 3 : 7));
  const sizes = values.sizes ? integers(values.sizes) : quick ? [12, 14] : steps(12, large ? 22 : 20);
  const threads = values.threads ? integers(values.threads) : [1, 2].filter((n) => n <= Math.max(2, availableParallelism()));
  const peerMax = Number(values['peer-max'] ?? 28);
  if (![repetitions, peerMax, ...sizes, ...threads].every((x) => Number.isInteger(x) && x >= 1) || sizes.some((log) => log < 8 || log > 24)) return undefined;
  return {
    quick, repetitions, sizes, threads, peerMax, isa: values.isa, only: values.only, memory: !values['no-memory'], out: values.out,
    peerRepetitions: (log) => (log < PEER_SLOW_FROM ? repetitions : Math.min(repetitions, PEER_SLOW_REPETITIONS)),
    sampleSeconds: quick ? 0.005 : 0.02, probeMs: quick ? 10 : 50,
    command: ['node dist/bench/main.js kernels', ...process.argv.slice(2)].join(' '),
  };
}
