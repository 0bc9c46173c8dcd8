/** HTTP side of a coordinator: schemas in, views and coded errors out. Routes: src/protocol/network/api.ts. */
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync, type FastifyReply, type FastifyRequest } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Address } from 'viem';
import { z } from 'zod';
import { NetworkError } from '../../src/errors/network.js';
import {
  apiErrorSchema, apiJson, BLOCK_PHASES, blockViewSchema, envelopeSchema, JOB_PHASES, jobCreditsSchema, jobQuerySchema, jobViewSchema, logEntrySchema, proverTermsSchema, proverViewSchema, statsSchema, submitBlockSchema, submitRecordSchema,
  submitRequestSchema, type ApiError, type JobPhase, type LogEntry, type ProverTerms, type Stats,
} from '../../src/protocol/network/index.js';
import { blockView, NETWORK_ACCOUNT, phaseOf, unknownBlock, type Documents, type Intake, type IntakeMetrics, type JobEntry, type JobEvents, type JobViews } from '../intake/index.js';
import type { JobQueue } from '../queue/types.js';
import type { ProverService } from '../scheduler/index.js';
import type { ChainedEntry, ChainedLog, Direction } from '../store/types.js';
import { errorReply } from './errors.js';
import { streamEvents } from './eventStream.js';
import type { Operators } from './operators.js';
import { acceptedSchema, accountParams, artifactParams, blockParams, jobParams, jsonSchemaTransform, listQuery, logQuery, rewardsSchema } from './schemas.js';
import type { Uploads } from './uploads.js';

export interface ApiOptions {
  intake: Intake;
  documents: Documents;
  events: JobEvents;
  views: JobViews;
  uploads: Uploads;
  operators: Operators;
  queue: JobQueue;
  log: ChainedLog;
  provers: Pick<ProverService, 'knownProvers' | 'provers' | 'proverCounts'>;
  terms: ProverTerms;
  /** Prover messages over HTTP, and whatever else is mounted: the dashboard. */
  plugins: readonly FastifyPluginAsync[];
  chainId: number;
  coordinator: Address;
  contracts: Readonly<Record<string, Address>>;
  registry: Registry;
  metrics: IntakeMetrics;
  logger: Logger;
  /** @throws why it should get no requests now */
  ready: () => Promise<void>;
  limits: { bodyBytes: number; perMinute: number; eventStreams: number };
  trustProxy: boolean;
  /** Aborted at shutdown: ends event streams. */
  signal: AbortSignal;
}

const SCAN = 200, CREDITS_SHOWN = 100, DRAINED_BYTES = 1 << 20;

export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const { intake, documents, events, views, uploads, operators, queue, log, provers, registry, metrics, logger, limits, signal } = options;
  const app = fastify({
    loggerInstance: logger as unknown as FastifyBaseLogger, bodyLimit: limits.bodyBytes, logController: new LogController({ disableRequestLogging: true }), routerOptions: { maxParamLength: 100 }, return503OnClosing: true, requestTimeout: 120_000, trustProxy: options.trustProxy,
    forceCloseConnections: 'idle', frameworkErrors: (error, request, reply) => { refuse(error, request as FastifyRequest, reply as unknown as FastifyReply); }, onProtoPoisoning: 'error', onConstructorPoisoning: 'error',
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  // Views are made here, by type; integers that do not fit JSON are text already.
  app.setSerializerCompiler(() => (data) => JSON.stringify(JSON.parse(apiJson(data))));
  app.setErrorHandler((error, request, reply) => refuse(error, request, reply));
  app.setNotFoundHandler((request, reply) => reply.code(404).send({ error: { code: 'ROUTE', message: `no ${request.method} here`, hint: 'see /openapi.json' } } satisfies ApiError));
  app.addHook('onResponse', (request, reply, done) => {
    metrics.requests.inc({ route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) });
    done();
  });
  const open = new Set(['/healthz', '/readyz', '/metrics']);
  // Provers have bounds of their own, by session.
  await app.register(rateLimit, { max: limits.perMinute, timeWindow: 60_000, allowList: (request) => open.has(request.url) || request.url.startsWith('/v1/prover/') });
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'zkattr coordinator', version: '1', description: 'Takes in signed inferences, has them proved, settles them. Amounts are decimal base units, times milliseconds since 1970 unless they say seconds.' } }, transform: jsonSchemaTransform,
  });
  const errors = { '4xx': apiErrorSchema, '5xx': apiErrorSchema };

  // ---- in ----
  await app.register(async (raw) => {
    // The body is not read before its envelope was.
    raw.addContentTypeParser('application/octet-stream', (_request, payload, done) => { done(null, payload); });
    raw.withTypeProvider<ZodTypeProvider>().put('/v1/artifacts/:hash', {
      bodyLimit: Number.MAX_SAFE_INTEGER,
      schema: { description: 'Bytes under their keccak256. Authorization: zkattr <base64url JSON of an envelope `upload`>.', consumes: ['application/octet-stream'], params: artifactParams, response: { 200: acceptedSchema, ...errors } },
    }, async (request, reply) => {
      try {
        if (!request.body) throw new NetworkError('upload without bytes', { code: 'ARTIFACT_SIZE', where: request.params.hash, hint: 'send application/octet-stream' });
        metrics.uploadedBytes.inc(await uploads.take(request.params.hash, request.headers.authorization, request.body as AsyncIterable<Uint8Array>));
        metrics.uploads.inc({ code: 'ok' });
        discard(request, reply);
        return { ok: true as const };
      } catch (error) {
        metrics.uploads.inc({ code: errorReply(error).body.error.code });
        discard(request, reply);
        throw error;
      }
    });
  });
  app.post('/v1/records', { schema: { body: submitRecordSchema, response: { 200: acceptedSchema, ...errors } } }, async ({ body }) => {
    await intake.record(body);
    return { ok: true as const };
  });
  app.post('/v1/blocks', { schema: { body: submitBlockSchema, response: { 200: blockViewSchema, ...errors } } }, async ({ body }) => blockView(await intake.block(body)));
  app.post('/v1/requests', { schema: { body: submitRequestSchema, response: { 200: jobViewSchema, ...errors } } }, async ({ body }) => views.of(await intake.request(body)));
  app.post('/v1/blocks/:blockId/cancel', { schema: { params: blockParams, body: envelopeSchema, response: { 200: blockViewSchema, ...errors } } }, async ({ params, body }) => blockView(await intake.cancel(params.blockId, body)));
  app.post('/v1/jobs/:jobId/revive', { schema: { description: 'A dead job goes on: envelope `revive` of the coordinator or an operator.', params: jobParams, body: envelopeSchema, response: { 200: jobViewSchema, ...errors } } }, async ({ params, body }) => views.of(await operators.revive(params.jobId, body)));

  // ---- out ----
  app.get('/v1/blocks/:blockId', { schema: { params: blockParams, response: { 200: blockViewSchema, ...errors } } }, async ({ params: { blockId } }) => {
    const block = await documents.blocks.get(blockId);
    if (!block) throw unknownBlock(blockId);
    return blockView(block);
  });
  app.get('/v1/jobs/:jobId', { schema: { params: jobParams, response: { 200: jobViewSchema, ...errors } } }, async ({ params: { jobId } }) => (await views.get(jobId)) ?? unknownJob(jobId));
  app.get('/v1/jobs/:jobId/credits', { schema: { params: jobParams, response: { 200: jobCreditsSchema, ...errors } } }, async ({ params: { jobId } }) => (await views.credits(jobId)) ?? unknownJob(jobId));
  app.get('/v1/jobs', { schema: { querystring: jobQuerySchema, response: { 200: z.array(jobViewSchema), ...errors } } }, async ({ query: { phase, order, limit, after } }) => {
    const previous = after && await documents.jobs.get(after), found: JobEntry[] = [];
    if (after && !previous) unknownJob(after);
    const phases: readonly JobPhase[] = phase ? [phase] : JOB_PHASES;
    for (const state of new Set(phases.flatMap((p) => (p === 'waiting' ? ['requested', 'forming', 'waiting'] : p === 'leased' ? ['waiting'] : [p])))) {
      found.push(...await pageOf(state, limit, previous || undefined, phase, order === 'newest' ? 'falling' : 'rising'));
    }
    found.sort((a, b) => (a.createdAt - b.createdAt || (a.jobId < b.jobId ? -1 : 1)) * (order === 'newest' ? -1 : 1));
    return Promise.all(found.slice(0, limit).map((job) => views.of(job, { brief: true })));
  });
  async function pageOf(state: string, limit: number, previous: JobEntry | undefined, phase: JobPhase | undefined, direction: Direction): Promise<JobEntry[]> {
    const page: JobEntry[] = [];
    for (let after = previous && { order: previous.createdAt, id: previous.jobId as string }; page.length < limit;) {
      const docs = await documents.jobs.page(state, SCAN, after, direction);
      for (const { value } of docs) if (phase === undefined || state !== 'waiting' || phaseOf(value, (await queue.get(value.jobId))?.state) === phase) page.push(value);
      if (docs.length < SCAN) break;
      after = { order: docs[SCAN - 1].order, id: docs[SCAN - 1].id };
    }
    return page;
  }
  let streams = 0;
  app.get('/v1/jobs/:jobId/events', {
    schema: { description: 'Server-sent events: the job after each change. Last-Event-ID resumes.', params: jobParams, headers: z.looseObject({ 'last-event-id': z.string().regex(/^\d{1,9}$/).optional() }), response: { 200: z.string(), ...errors } },
  }, async (request, reply) => {
    const { jobId } = request.params;
    if (!await documents.jobs.get(jobId)) unknownJob(jobId);
    if (streams >= limits.eventStreams || signal.aborted) throw new NetworkError('no room for another stream', { code: 'STREAMS', where: jobId, hint: 'poll the job, or try again later' });
    streams++;
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    try {
      await streamEvents(reply.raw, jobId, Number(request.headers['last-event-id'] ?? 0), { events, views, signal });
    } catch (error) {
      logger.warn({ err: error, jobId }, 'event stream broke');
      reply.raw.destroy();
    } finally {
      streams--;
    }
  });
  app.get('/v1/provers', { schema: { querystring: listQuery, response: { 200: z.array(proverViewSchema), ...errors } } }, async ({ query: { limit } }) => {
    const known = await provers.knownProvers(limit), seen = new Set(known.map((p) => p.address));
    return [...known, ...provers.provers().filter((p) => !seen.has(p.address))].slice(0, limit);
  });
  app.get('/v1/prover', { schema: { description: 'Under what terms a prover may log in.', response: { 200: proverTermsSchema, ...errors } } }, () => options.terms);
  app.get('/v1/dead-letters', { schema: { querystring: listQuery, response: { 200: z.array(jobViewSchema), ...errors } } }, async ({ query: { limit } }) =>
    Promise.all((await documents.jobs.page('dead', limit)).map(({ value }) => views.of(value))));
  app.get('/v1/log', { schema: { querystring: logQuery, response: { 200: z.array(logEntrySchema), ...errors } } }, async ({ query: { from, limit } }) => (await log.read(from, limit)).map(logEntry));
  app.get('/v1/stats', { schema: { response: { 200: statsSchema, ...errors } } }, () => stats(options));
  app.get('/v1/rewards/:account', { schema: { params: accountParams, response: { 200: rewardsSchema, ...errors } } }, async ({ params: { account } }) => {
    const known = account === NETWORK_ACCOUNT ? undefined : await documents.accounts.get(account);
    return { account, total: known?.total ?? '0', byKind: known?.byKind ?? {}, credits: (known?.credits ?? []).slice(-CREDITS_SHOWN).reverse() };
  });

  // ---- for operators ----
  const plain = { config: { rateLimit: false as const } };
  app.get('/healthz', { ...plain, schema: { response: { 200: acceptedSchema } } }, () => ({ ok: true as const }));
  app.get('/readyz', { ...plain, schema: { response: { 200: acceptedSchema, ...errors } } }, async (_request, reply) => {
    try {
      await options.ready();
      return { ok: true as const };
    } catch (error) {
      return reply.code(503).send(errorReply(error).body as never);
    }
  });
  app.get('/metrics', { ...plain, schema: { produces: ['text/plain'], response: { 200: z.string() } }, serializerCompiler: () => (text) => text as string }, async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  app.get('/openapi.json', { schema: { response: { 200: z.record(z.string(), z.unknown()) } } }, () => app.swagger() as never);
  for (const plugin of options.plugins) await app.register(plugin);
  await app.ready();
  return app as unknown as FastifyInstance;

  function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { status, body } = errorReply(error);
    logger[status >= 500 && status !== 503 ? 'error' : 'debug']({ err: error, code: body.error.code, route: request.routeOptions.url }, 'refused');
    if (status === 429 || status === 503) void reply.header('retry-after', reply.getHeader('retry-after') ?? '1');
    return reply.code(status).type('application/json; charset=utf-8').serializer(JSON.stringify).send(body);
  }
}

/** What is left of a body nobody wants: read when it is little, so that the sender sees the answer; otherwise the connection ends. */
function discard({ raw, headers }: FastifyRequest, reply: FastifyReply): void {
  if (raw.readableEnded) return;
  if (Number(headers['content-length'] ?? Infinity) <= DRAINED_BYTES) raw.resume();
  else void reply.header('connection', 'close');
}

function unknownJob(jobId: string): never {
  throw new NetworkError('no such job here', { code: 'JOB_UNKNOWN', where: jobId, hint: 'jobs that are over are removed after some time; what they paid stays on chain' });
}

function logEntry({ sequence, body, previous, hash }: ChainedEntry): LogEntry {
  const { at, kind, jobId, prover, detail } = JSON.parse(body) as LogEntry;
  return { sequence, at, kind, ...(jobId && { jobId }), ...(prover && { prover }), detail, previous, hash };
}

async function stats({ documents, queue, log, provers, chainId, coordinator, contracts }: ApiOptions): Promise<Stats> {
  const [jobs, blocks, queued, head, online, network] = await Promise.all([documents.jobs.counts(), documents.blocks.counts(), queue.counts(), log.head(), provers.proverCounts(), documents.accounts.get(NETWORK_ACCOUNT)]);
  const waiting = (jobs.requested ?? 0) + (jobs.forming ?? 0) + (jobs.waiting ?? 0), leased = Math.min(queued.leased, jobs.waiting ?? 0);
  const counts = <N extends string>(names: readonly N[], found: Record<string, number>): Record<N, number> => Object.fromEntries(names.map((name) => [name, found[name] ?? 0])) as Record<N, number>;
  return {
    chainId, coordinator, contracts: { ...contracts }, jobs: { ...counts(JOB_PHASES, jobs), waiting: waiting - leased, leased }, blocks: counts(BLOCK_PHASES, blocks), provers: online,
    settled: { jobs: Number(network?.byKind.jobs ?? 0), inferences: Number(network?.byKind.inferences ?? 0), fees: network?.byKind.fees ?? '0' }, log: { entries: head.entries, root: head.hash },
  };
}
