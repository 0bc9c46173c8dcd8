/** An API with fixed data for the dashboard: every answer passes the schema that the coordinator answers by. */
import Fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';
import { rewardsSchema } from '../../coordinator/api/index.js';
import { registerDashboard } from '../../coordinator/dashboard/index.js';
import { apiErrorSchema, BLOCK_PHASES, blockViewSchema, JOB_PHASES, jobCreditsSchema, jobQuerySchema, jobViewSchema, logEntrySchema, proverViewSchema, statsSchema, type BlockView, type JobCredits, type JobView, type ProverView } from '../../src/protocol/network/index.js';
import type { Address, Hex } from 'viem';

export const word = (n: number): Hex => `0x${(BigInt(n + 1) * 0x9e3779b97f4a7c15f39cc0605cedc8341082276bf3a27251f86c6a11d0c18e95n % 2n ** 256n).toString(16).padStart(64, '0')}`;
export const account = (n: number): Address => `0x${word(n + 1000).slice(2, 42)}`;
const OPEN = 10n ** 18n, MINUTE = 60_000;
/** Strings of strangers: prover messages, reasons, hardware. */
export const HOSTILE = '<script>globalThis.pwned=1</script><img src=x onerror="globalThis.pwned=1"> \u202egnp.exe';

type Attempt = JobView['attempts'][number];

export class DashboardApi {
  readonly app: FastifyInstance = Fastify({ forceCloseConnections: true });
  readonly jobs: JobView[] = [];
  readonly provers: ProverView[];
  readonly asked: string[] = [];
  /** Answers every request with 503. */
  down = false;
  readonly #streams = new Map<string, Set<(text: string) => void>>();
  readonly #lastIds: (string | undefined)[] = [];
  url = '';

  constructor(readonly now = Date.now(), { empty = false } = {}) {
    this.provers = empty ? [] : [0, 1, 2].map((n) => proverViewSchema.parse({
      address: account(n), online: n < 2, lastSeen: now - n * 40 * MINUTE, version: '0.1.0', backend: ['cuda', 'native', 'portable'][n], cpu: ['AMD EPYC 9654', `Xeon ${HOSTILE}`, 'Apple M3'][n], cores: [96, 16, 8][n], memoryBytes: [128, 64, 16][n] * 2 ** 30, parallel: [4, 2, 1][n],
      transport: n === 1 ? 'http' : 'libp2p', running: n === 0 ? [word(2)] : [], classes: [{ className: '16x16', relation: 'payout', seconds: [1.8, 6.2, 14][n], peakBytes: 2.2e8 }, ...(n === 0 ? [{ className: '64x64', relation: 'payout', seconds: 31, peakBytes: 4.1e9 }] : [])],
      completed: [412, 96, 3][n], failed: [3, 7, 0][n], timedOut: [0, 2, 1][n], falseProofs: n === 1 ? 1 : 0,
    }));
    if (!empty) this.#fill();
    registerDashboard(this.app);
    this.#routes();
  }

  async listen(): Promise<this> {
    this.url = await this.app.listen({ host: '127.0.0.1', port: 0 });
    return this;
  }

  job(change: Partial<JobView> & { jobId: Hex }): JobView {
    return jobViewSchema.parse({
      phase: 'waiting', className: '16x16', recordId: word(900), blockIds: [word(500), word(501)], queries: 12, fees: String(OPEN * 12n / 100n), deadline: Math.floor(this.now / 1000) + 6 * 3600, createdAt: this.now - 10 * MINUTE, updatedAt: this.now - MINUTE, attempts: [],
      timeline: [{ at: this.now - 10 * MINUTE, event: 'formed', detail: '2 blocks, round 1' }], ...change,
    });
  }

  /** Replaces a job and tells its streams. */
  change(change: Partial<JobView> & { jobId: Hex }): void {
    const at = this.jobs.findIndex((j) => j.jobId === change.jobId);
    this.jobs[at] = jobViewSchema.parse({ ...this.jobs[at], ...change });
    this.tell(this.jobs[at]);
  }

  /** Tells the streams of a job, and nobody else. */
  tell(job: JobView): void { for (const send of this.#streams.get(job.jobId) ?? []) send(`id: 7\ndata: ${JSON.stringify(jobViewSchema.parse(job))}\n\n`); }

  following(jobId: Hex): number { return this.#streams.get(jobId)?.size ?? 0; }
  get lastIds(): readonly (string | undefined)[] { return this.#lastIds; }
  /** Ends the streams of a job, as a restart would. */
  cut(jobId: Hex): void { for (const send of [...this.#streams.get(jobId) ?? []]) send(''); }

  #fill(): void {
    const { now } = this;
    const attempt = (token: number, prover: number, from: number, took: number | undefined, outcome: Attempt['outcome'], more: Partial<Attempt> = {}): Attempt => ({ token, prover: account(prover), leasedAt: now - from, ...(took !== undefined && { endedAt: now - from + took }), outcome, ...more });
    this.jobs.push(
      this.job({ jobId: word(1), timeline: [...this.job({ jobId: word(1) }).timeline, { at: now - 2 * MINUTE, event: 'skipped', detail: `${account(1)}: memory: it needs 4.1 GB, 2.0 GB are free` }] }),
      this.job({ jobId: word(2), phase: 'leased', attempts: [attempt(1, 1, 8 * MINUTE, 2 * MINUTE, 'timedOut', { code: 'LEASE', message: 'no heartbeat for 120 s' }), attempt(2, 1, 5 * MINUTE, 30_000, 'failed', { code: 'WITNESS', message: HOSTILE }), attempt(3, 0, 3 * MINUTE, undefined, 'running')],
        timeline: [{ at: now - 10 * MINUTE, event: 'formed', detail: '2 blocks, round 1' }, { at: now - 8 * MINUTE, event: 'leased', detail: `${account(1)}, token 1` }, { at: now - 6 * MINUTE, event: 'timedOut', detail: `${account(1)}, token 1: LEASE` }, { at: now - 5 * MINUTE, event: 'failed', detail: HOSTILE }, { at: now - 3 * MINUTE, event: 'leased', detail: `${account(0)}, token 3` }] }),
      this.job({ jobId: word(3), phase: 'dead', deadline: Math.floor(now / 1000) - 60, attempts: [attempt(1, 1, 9 * MINUTE, 20_000, 'outOfMemory', { code: 'MEMORY', message: 'the prover ran out of memory' }), attempt(2, 1, 8 * MINUTE, 20_000, 'falseProof', { code: 'FALSE_PROOF', message: HOSTILE })], timeline: [{ at: now - 7 * MINUTE, event: 'dead', detail: HOSTILE }] }),
      this.job({ jobId: word(4), phase: 'settling', transaction: { hash: word(700), block: '19204411', confirmations: 3 } }),
    );
    for (let n = 0; n < 60; n++) {
      const at = now - (60 - n) * 17 * MINUTE;
      this.jobs.push(this.job({ jobId: word(10 + n), phase: 'settled', createdAt: at, updatedAt: at + MINUTE, queries: 6 + (n * 7) % 23, fees: String(OPEN * BigInt(6 + (n * 7) % 23) / 97n), attempts: [attempt(1, n % 2, now - at, 4000 + n * 31, 'completed')], transaction: { hash: word(800 + n), block: String(19_200_000 + n), confirmations: 12 } }));
    }
    this.jobs.sort((a, b) => a.createdAt - b.createdAt);
  }

  credits(jobId: Hex): JobCredits {
    const contributors = [41, 23, 17, 9, 4, 2, 1].map((share, n) => ({ account: account(50 + n), kind: 'contributor' as const, amount: String(OPEN * BigInt(share) / 1217n) }));
    return jobCreditsSchema.parse({ jobId, credits: [...contributors, { account: account(60), kind: 'node', amount: String(OPEN * 12n / 1000n) }, { account: account(0), kind: 'prover', amount: String(OPEN * 9n / 1000n) }, { account: account(61), kind: 'auditors', amount: String(OPEN * 2n / 1000n) }, { account: account(62), kind: 'treasury', amount: String(OPEN * 3n / 1000n) }, { account: account(63), kind: 'zeroQuery', amount: '7' }] });
  }

  #block(blockId: Hex): BlockView {
    return blockViewSchema.parse({ blockId, recordId: word(900), adapterId: word(901), node: account(60), phase: blockId === word(501) ? 'refused' : 'settled', queries: 6, fees: String(OPEN * 6n / 100n), deadline: Math.floor(this.now / 1000) + 3600, receivedAt: this.now - 20 * MINUTE, jobId: word(10), ...(blockId === word(501) && { reason: HOSTILE }) });
  }

  #routes(): void {
    const { app } = this, unknown = { error: { code: 'JOB_UNKNOWN', message: 'no such job here' } };
    app.addHook('onRequest', async (request, reply) => {
      this.asked.push(request.url);
      if (this.down && request.url.startsWith('/v1/')) return reply.code(503).send(apiErrorSchema.parse({ error: { code: 'DRAINING', message: 'the coordinator is shutting down', hint: 'try again in some seconds' } }));
    });
    const counted = <N extends string>(names: readonly N[], of: (name: N) => number): Record<string, number> => Object.fromEntries(names.map((name) => [name, of(name)]));
    app.get('/v1/stats', () => {
      const settled = this.jobs.filter((j) => j.phase === 'settled');
      return statsSchema.parse({
        chainId: 31337, coordinator: account(90), contracts: { verifier: account(91), settlement: account(92), vault: account(93) }, jobs: counted(JOB_PHASES, (p) => this.jobs.filter((j) => j.phase === p).length), blocks: counted(BLOCK_PHASES, (p) => (this.jobs.length === 0 ? 0 : { settled: 120, assigned: 6, committed: 3, refused: 1 }[p as string] ?? 0)),
        provers: { online: this.provers.filter((p) => p.online).length, known: this.provers.length }, settled: { jobs: settled.length, inferences: settled.reduce((sum, j) => sum + j.queries, 0), fees: String(settled.reduce((sum, j) => sum + BigInt(j.fees), 0n)) }, log: { entries: this.jobs.length === 0 ? 0 : 2, root: word(999) },
      });
    });
    app.get('/v1/jobs', (request, reply) => {
      const query = jobQuerySchema.safeParse(request.query);
      if (!query.success) return reply.code(400).send({ error: { code: 'REQUEST_FORMAT', message: 'query' } });
      const { phase, order, limit, after } = query.data, listed = this.jobs.filter((j) => phase === undefined || j.phase === phase), all = order === 'newest' ? listed.reverse() : listed, from = after === undefined ? 0 : all.findIndex((j) => j.jobId === after) + 1;
      return z.array(jobViewSchema).parse(all.slice(from, from + limit).map((j) => ({ ...j, timeline: [] })));
    });
    app.get<{ Params: { id: Hex } }>('/v1/jobs/:id', ({ params: { id } }, reply) => this.jobs.find((j) => j.jobId === id) ?? reply.code(404).send(unknown));
    app.get<{ Params: { id: Hex } }>('/v1/jobs/:id/credits', ({ params: { id } }, reply) => (this.jobs.some((j) => j.jobId === id) ? this.credits(id) : reply.code(404).send(unknown)));
    app.get<{ Params: { id: Hex } }>('/v1/jobs/:id/events', (request, reply) => {
      const { id } = request.params, streams = this.#streams.get(id) ?? new Set();
      this.#streams.set(id, streams);
      this.#lastIds.push(request.headers['last-event-id'] as string | undefined);
      reply.hijack();
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      reply.raw.write('retry: 1000\n\n');
      const send = (text: string): void => { if (text === '') reply.raw.end(); else reply.raw.write(text); };
      streams.add(send);
      reply.raw.on('close', () => streams.delete(send));
    });
    app.get<{ Params: { id: Hex } }>('/v1/blocks/:id', ({ params: { id } }, reply) => ([word(500), word(501)].includes(id) ? this.#block(id) : reply.code(404).send({ error: { code: 'BLOCK_UNKNOWN', message: 'no such block here' } })));
    app.get('/v1/provers', () => z.array(proverViewSchema).parse(this.provers));
    app.get<{ Params: { id: Address } }>('/v1/rewards/:id', ({ params: { id } }) => rewardsSchema.parse(id.toLowerCase() === account(50)
      ? { account: id, total: String(OPEN * 3n), byKind: { contributor: String(OPEN * 2n), node: String(OPEN) }, credits: [{ jobId: word(10), kind: 'contributor', amount: String(OPEN * 2n), at: this.now - MINUTE }, { jobId: word(11), kind: 'node', amount: String(OPEN), at: this.now - 2 * MINUTE }] }
      : { account: id, total: '0', byKind: {}, credits: [] }));
    app.get('/v1/log', () => z.array(logEntrySchema).parse(this.jobs.length === 0 ? [] : [{ sequence: 0, at: this.now - MINUTE, kind: 'offer', jobId: word(2), prover: account(0), detail: 'token 3, lease 15000 ms', previous: word(997), hash: word(998) }, { sequence: 1, at: this.now, kind: 'result', jobId: word(2), prover: account(1), detail: HOSTILE, previous: word(998), hash: word(999) }]));
  }
}
