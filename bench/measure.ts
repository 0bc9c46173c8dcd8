/** Timing of contenders that take turns, so that a machine that slows down slows all of them; peak memory of a stretch of work. */
import { readFileSync, writeFileSync } from 'node:fs';
import { median } from './report.js';

export interface Contender {
  name: string;
  run(): Promise<unknown>;
  /** Samples; default: those of the comparison. */
  repetitions?: number;
}

/** Medians, in seconds a call. */
export interface Timing {
  wall: number;
  /** User and system time of the whole process: all threads. */
  cpu: number;
  /** Samples, and calls in each. */
  repetitions: number;
  calls: number;
}

export interface AlternateOptions {
  repetitions: number;
  /** Shortest sample: shorter calls are repeated within one, so that clocks and handing over do not blur it. */
  sampleSeconds?: number;
}

const MAX_CALLS = 4096;

/**
 * Warms up each contender, then takes samples of all in turns, forwards and backwards.
 * @returns timings by name
 */
export async function alternate(contenders: readonly Contender[], { repetitions, sampleSeconds = 0.02 }: AlternateOptions): Promise<Record<string, Timing>> {
  const states = [];
  for (const contender of contenders) {
    const first = await sample(contender, 1);
    // The first call may compile, allocate, start threads: only a second one says how long a call takes.
    const call = first.wall > sampleSeconds * 4 ? first : await sample(contender, 1);
    const calls = Math.min(MAX_CALLS, Math.max(1, Math.ceil(sampleSeconds / Math.max(call.wall, 1e-7))));
    states.push({ contender, calls, wanted: contender.repetitions ?? repetitions, samples: [] as { wall: number; cpu: number }[] });
  }
  for (let round = 0; states.some(({ samples, wanted }) => samples.length < wanted); round++) {
    for (const state of round % 2 === 0 ? states : [...states].reverse()) {
      if (state.samples.length < state.wanted) state.samples.push(await sample(state.contender, state.calls));
    }
  }
  return Object.fromEntries(states.map(({ contender, calls, samples }) => [
    contender.name, { wall: median(samples.map(({ wall }) => wall)), cpu: median(samples.map(({ cpu }) => cpu)), repetitions: samples.length, calls },
  ]));
}

async function sample({ run }: Contender, calls: number): Promise<{ wall: number; cpu: number }> {
  const before = process.cpuUsage(), start = performance.now();
  for (let i = 0; i < calls; i++) await run();
  const wall = (performance.now() - start) / 1000, { user, system } = process.cpuUsage(before);
  return { wall: wall / calls, cpu: (user + system) / 1e6 / calls };
}

const MIB = 1 / 1024;
const kib = (name: string): number | undefined => {
  try {
    const line = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'));
    return line ? Number(line[1]) : undefined;
  } catch {
    return undefined; // not Linux
  }
};

/** Resident memory now, MiB. */
export const residentMiB = (): number => process.memoryUsage.rss() / 2 ** 20;
/** Highest resident memory since the start, or since forgetPeak where the system can forget it; MiB. */
export const peakMiB = (): number => (kib('VmHWM') ?? process.resourceUsage().maxRSS) * MIB;
/** Starts the measurement of the peak anew (Linux). */
export function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere the peak counts from the start of the process: a child for each case keeps it meaningful.
  }
}
