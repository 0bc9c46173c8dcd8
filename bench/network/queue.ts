/**
 * Jobs a second through the coordinator's queue, by phase: enqueued, leased, completed. Contenders take turns on the same machine, the
 * Redis ones on the same server (appendonly, fsync every second): the embedded queue, ours on BullMQ, and BullMQ alone doing the same work
 * (add with a priority, getNextJob, moveToCompleted). Each round checks that every job came out once, then counts. Beside the rates, which
 * a busy machine halves at will: processor time a job, of client and Redis together; the floors on it hold on any machine.
 * Writes bench/results/queue.json; exits with 1 beyond the floors.
 *   node dist/bench/main.js queue [--quick] [--jobs 2000] [--rounds 5] [--callers 8] [--out file]
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Queue, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { numberToHex, type Hex } from 'viem';
import { openEmbedded, openRedis, type Backend } from '../../coordinator/backend.js';
import { NO_REDIS, startRedis } from '../../test/support/redisServer.js';
import { median, printTable, progress, writeReport } from '../report.js';

/** Most processor time a job that ours may take, as a multiple of BullMQ alone: it chooses by order, memory and prover, and keeps attempts. */
const FLOORS = { cpuOfPlain: { enqueued: 1.3, leased: 1.6, completed: 1.3 } };

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, jobs: { type: 'string' }, rounds: { type: 'string' }, callers: { type: 'string', default: '8' }, out: { type: 'string' } } });
const jobs = Number(values.jobs ?? (values.quick ? 300 : 2000)), rounds = Number(values.rounds ?? (values.quick ? 3 : 5)), callers = Number(values.callers);
const PHASES = ['enqueued', 'leased', 'completed'] as const;
type Phase = (typeof PHASES)[number];
const LANE = 'payout/64x64/0x12', PROVER = '0x000000000000000000000000000000000000dEaD', LEASE_MS = 60_000, RESULT = `0x${'ab'.repeat(32)}`;
const id = (n: number): Hex => numberToHex(n + 1, { size: 32 });
/** As long as a real one: references of a job of 16 blocks. */
const payload = JSON.stringify({ format: 'zkattr-proof-job', blocks: Array.from({ length: 16 }, (_, n) => ({ blockId: id(n), package: id(n), fees: ['1000000'] })) });

/** One caller's way through a queue. */
interface Contender {
  add(n: number): Promise<unknown>;
  /** @returns id, and how to complete it */
  take(): Promise<{ id: string; complete: () => Promise<unknown> } | undefined>;
  close(): Promise<void>;
}

const ours = ({ queue, close }: Backend): Contender => ({
  add: (n) => queue.enqueue({ id: id(n), lane: LANE, priority: 1, deadline: 1_900_000_000_000, memoryBytes: 2 ** 30, payload }),
  take: async () => {
    const job = await queue.lease({ prover: PROVER, lanes: [LANE], memoryBytes: 2 ** 32, leaseMs: LEASE_MS });
    return job && { id: job.id, complete: async () => assert.equal(await queue.complete(job.id, job.token, RESULT), 'ok') };
  },
  close,
});

async function plain(url: string, prefix: string): Promise<Contender> {
  const connection = { url, maxRetriesPerRequest: null }, data = JSON.parse(payload) as object;
  const queue = new Queue('plain', { connection, prefix }), worker = new Worker('plain', null, { connection, prefix, lockDuration: LEASE_MS });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
  return {
    add: (n) => queue.add('proof', data, { jobId: id(n), priority: 1 }),
    take: async () => {
      const job = await worker.getNextJob(PROVER, { block: false }) as Job | undefined;
      return job && { id: job.id!, complete: () => job.moveToCompleted(RESULT, PROVER, false) };
    },
    close: async () => {
      await worker.close(true);
      await queue.close();
    },
  };
}

interface Figures {
  perSecond: number;
  /** Processor microseconds a job. */
  cpu: number;
}

/** Processor seconds of this process and of Redis. */
async function cpuSeconds(): Promise<number> {
  const { user, system } = process.cpuUsage(), info = await control?.info('cpu') ?? '';
  return (user + system) / 1e6 + [...info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)].reduce((sum, [, seconds]) => sum + Number(seconds), 0);
}

/** One round, by phase. */
async function measure({ add, take }: Contender): Promise<Record<Phase, Figures>> {
  let next = 0;
  const taken: NonNullable<Awaited<ReturnType<Contender['take']>>>[] = [];
  const phase = async (step: () => Promise<boolean>): Promise<Figures> => {
    const cpu = await cpuSeconds(), start = performance.now();
    await Promise.all(Array.from({ length: callers }, async () => { while (await step()); }));
    const seconds = (performance.now() - start) / 1000;
    return { perSecond: jobs / seconds, cpu: (await cpuSeconds() - cpu) * 1e6 / jobs };
  };
  const enqueued = await phase(async () => {
    if (next >= jobs) return false;
    await add(next++);
    return true;
  });
  let asked = 0;
  const leased = await phase(async () => {
    if (asked++ >= jobs) return false;
    taken.push((await take())!);
    return true;
  });
  assert.deepEqual(new Set(taken.map((job) => job.id)), new Set(Array.from({ length: jobs }, (_, n) => id(n))), 'a job was lost or handed out twice');
  let done = 0;
  const completed = await phase(async () => {
    if (done >= jobs) return false;
    await taken[done++].complete();
    return true;
  });
  assert.equal(await take(), undefined);
  return { enqueued, leased, completed };
}

if (NO_REDIS) console.log(`${NO_REDIS}; the embedded queue alone is measured`);
const server = NO_REDIS ? undefined : await startRedis(), control = server && new Redis(server.url), dir = mkdtempSync(join(tmpdir(), 'zkattr-bench-'));
const contenders: Record<string, (round: number) => Promise<Contender>> = {
  embedded: async (round) => ours(openEmbedded(join(dir, `${round}`))),
  ...(server && {
    'ours on BullMQ': async (round: number) => ours(await openRedis(server.url, { prefix: `ours${round}` })),
    'BullMQ alone': (round: number) => plain(server.url, `plain${round}`),
  }),
};
const samples: Record<string, Record<Phase, Figures>[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
try {
  for (let round = 0; round <= rounds; round++) {
    const order = Object.entries(contenders);
    for (const [name, open] of round % 2 ? order.reverse() : order) {
      const contender = await open(round);
      const rates = await measure(contender);
      await contender.close();
      if (round > 0) samples[name].push(rates); // the first warms up
      progress(`${round === 0 ? 'warm-up' : `round ${round}`}: ${name} ${PHASES.map((phase) => `${phase} ${rates[phase].perSecond.toFixed(0)}/s ${rates[phase].cpu.toFixed(0)} us`).join(', ')}`);
    }
  }
} finally {
  control?.disconnect();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
}

const medians = (key: keyof Figures): Record<string, Record<Phase, number>> => Object.fromEntries(Object.entries(samples).map(([name, list]) =>
  [name, Object.fromEntries(PHASES.map((phase) => [phase, median(list.map((sample) => sample[phase][key]))])) as Record<Phase, number>]));
const jobsPerSecond = medians('perSecond'), cpuMicros = medians('cpu');
const ofPlain = (of: Record<string, Record<Phase, number>>): Record<Phase, number> | undefined =>
  server && Object.fromEntries(PHASES.map((phase) => [phase, of['ours on BullMQ'][phase] / of['BullMQ alone'][phase]])) as Record<Phase, number>;
const rateOfPlain = ofPlain(jobsPerSecond), cpuOfPlain = ofPlain(cpuMicros);
for (const [title, of, ratio] of [['jobs a second', jobsPerSecond, rateOfPlain], ['processor microseconds a job, with Redis', cpuMicros, cpuOfPlain]] as const) {
  printTable(`${title}: ${jobs} jobs, ${callers} callers at once, median of ${rounds} rounds`, ['', ...PHASES], [
    ...Object.entries(of).map(([name, figures]) => [name, ...PHASES.map((phase) => Math.round(figures[phase]))]),
    ...(ratio ? [['ours / BullMQ alone', ...PHASES.map((phase) => ratio[phase])]] : []),
  ]);
}
await writeReport({
  bench: 'queue', command: `node dist/bench/main.js queue${process.argv.slice(2).map((arg) => ` ${arg}`).join('')}`, jobs, rounds, callers, payloadBytes: payload.length,
  jobsPerSecond, cpuMicros, ...(server && { rateOfPlain, cpuOfPlain }), floors: FLOORS,
}, values.out);

const beyond = PHASES.filter((phase) => cpuOfPlain && cpuOfPlain[phase] > FLOORS.cpuOfPlain[phase]);
if (beyond.length > 0) {
  console.error(`beyond the floor:\n${beyond.map((phase) => `  ${phase}: ${cpuOfPlain![phase].toFixed(2)} times the processor time of BullMQ alone, at most ${FLOORS.cpuOfPlain[phase]}`).join('\n')}`);
  process.exitCode = 1;
}
