/** One kernel at one size on some threads: the answers first, then the times in turns. */
import { alternate, type Contender } from '../measure.js';
import { assertSame, resultOf, type KernelCase, type Run } from './case.js';
import type { Engine } from './engines.js';
import { floorOf, type Floor, type IsaLabel } from './floors.js';
import { PEER_NAMES, type Peers } from './peer.js';
import type { Rates } from './rates.js';

export interface Row {
  kernel: string;
  log: number;
  threads: number;
  isa: IsaLabel;
  /** Medians of one call. */
  seconds: number;
  cpuSeconds: number;
  repetitions: number;
  calls: number;
  perSecond: number;
  floor: Floor;
  distance: number;
  peer?: string;
  peerSeconds?: number;
  peerCpuSeconds?: number;
  peerRepetitions?: number;
  /** Peer over ours: how many times faster, and by CPU time. */
  ratio?: number;
  cpuRatio?: number;
}

export interface CompareOptions {
  repetitions: number;
  peerRepetitions: (log: number) => number;
  peerMax: number;
  sampleSeconds: number;
}

/** Floor and distance of a row at rates measured since. */
export function floored({ kernel, log, threads, isa, seconds }: Row, cases: readonly KernelCase[], rates: Readonly<Record<string, Rates>>): Pick<Row, 'floor' | 'distance'> {
  const { work } = cases.find(({ name }) => name === kernel) as KernelCase;
  const floor = floorOf(work(2 ** log), isa, rates[`${isa} ${threads}`]);
  return { floor, distance: seconds / floor.seconds };
}

/** @throws Error for a wrong answer */
export async function compare(kernelCase: KernelCase, log: number, engines: readonly Engine[], peers: Peers, rates: Readonly<Record<string, Rates>>, options: CompareOptions): Promise<Row[]> {
  const { name, peer, work } = kernelCase;
  const prepared = await kernelCase.prepare(log);
  const ours = engines.flatMap((engine): { engine: Engine; run: Run }[] => {
    const run = prepared.ours(engine);
    return run ? [{ engine, run }] : [];
  });
  const timePeer = log <= options.peerMax && !(kernelCase.peerSingle && peers.threads > 1);
  // Not timed, it still answers where no answer is known.
  const theirs = timePeer || !prepared.expected ? await prepared.peer?.(peers) : undefined;

  const answers = [
    ...(prepared.expected ? [{ from: 'the known answer', result: await prepared.expected() }] : []),
    ...(theirs ? [{ from: PEER_NAMES[peer as keyof typeof PEER_NAMES], result: await resultOf(theirs) }] : []),
    ...(await Promise.all(ours.map(async ({ engine, run }) => ({ from: engine.isa, result: await resultOf(run) })))),
  ];
  if (ours.length > 0 && answers.length < 2) throw new Error(`${name} 2^${log}: nothing to compare the answer with`);
  for (const { from, result } of answers.slice(1)) assertSame(`${name} 2^${log}: ${from} against ${answers[0].from}`, result, answers[0].result);

  const contenders: Contender[] = [
    ...ours.map(({ engine, run }) => ({ name: engine.isa, run: run.run })),
    ...(theirs && timePeer ? [{ name: 'peer', run: theirs.run, repetitions: options.peerRepetitions(log) }] : []),
  ];
  const timings = await alternate(contenders, options);
  const { peer: other } = timings;
  return ours.map(({ engine: { isa, threads } }) => {
    const { wall, cpu, repetitions, calls } = timings[isa], floor = floorOf(work(2 ** log), isa, rates[`${isa} ${threads}`]);
    return {
      kernel: name, log, threads, isa, seconds: wall, cpuSeconds: cpu, repetitions, calls, perSecond: 2 ** log / wall, floor, distance: wall / floor.seconds,
      ...(other && peer && {
        peer: PEER_NAMES[peer], peerSeconds: other.wall, peerCpuSeconds: other.cpu, peerRepetitions: other.repetitions, ratio: other.wall / wall, cpuRatio: other.cpu / cpu,
      }),
    };
  });
}
