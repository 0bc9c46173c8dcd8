/** HTTP side of a node: schemas in, coded errors out. Routes: api.ts. */
import { timingSafeEqual } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import fastify, { LogController, type FastifyBaseLogger, type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors, jsonSchemaTransform, serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { BaseError, type Hex } from 'viem';
import { z } from 'zod';
import { AttributionError } from '../../errors/base.js';
import { ChainError } from '../../errors/chain.js';
import { NetworkError } from '../../errors/network.js';
import { apiErrorSchema, type ApiError } from '../../protocol/network/api.js';
import type { AdapterPool } from './adapters.js';
import { adaptersSchema, addAdapterSchema, answerSchema, inferenceViewSchema, inferRequestSchema, quoteRequestSchema, quoteSchema } from './api.js';
import type { NodeLogger, NodeMetrics } from './metrics.js';
import type { InferenceService } from './service.js';

export interface ServerOptions {
  service: InferenceService;
  pool: AdapterPool;
  /** Opens the admin routes; without it there are none. */
  adminToken?: string;
  /** Largest body. */
  bodyBytes?: number;
  /** Requests of one address in a minute. */
  perMinute?: number;
  /** Whether new requests are taken, and the chain answers. @throws why not */
  ready: () => Promise<void>;
  onAdapter: () => void;
  /** Whether new requests are turned away. */
  draining: () => boolean;
  logger: NodeLogger;
  metrics: NodeMetrics;
}

/** HTTP statuses of the codes; 400 for others of this project. */
const STATUS: Record<string, number> = {
  PAYMENT_MISSING: 402, PAYMENT_TOO_LOW: 402, PAYER_MISMATCH: 403, SIGNATURE: 403, ADMIN_TOKEN: 401, PAYMENT_EXPIRED: 410, PAYMENT_REFUNDED: 410, PAYMENT_USED: 409, ADAPTER_TWICE: 409, ADAPTER_UNKNOWN: 404,
  INFERENCE_UNKNOWN: 404, ADAPTER_REFUSED: 503, ADAPTER_TOO_LARGE: 503, OVERLOADED: 503, DRAINING: 503, INPUT_WIDTH: 422, INPUT_NOT_FINITE: 422, NON_FINITE: 422, TAP_CONTRACT: 500, INFERENCE: 500, RECEIPT: 500,
};
/** Codes of the framework's own refusals. */
const FRAMEWORK: Record<string, [code: string, hint: string]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'one row of inputs a request'], FST_ERR_CTP_INVALID_MEDIA_TYPE: ['MEDIA_TYPE', 'send application/json'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['BODY_JSON', 'send a JSON body'], FST_ERR_CTP_INVALID_JSON_BODY: ['BODY_JSON', 'the body is not JSON'], FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['BODY_LENGTH', 'the body is not as long as its header says'],
};

/** Status and body of any failure. What is not ours is told as INTERNAL: its text may name files. */
export function errorReply(error: unknown): { status: number; body: ApiError } {
  const reply = (status: number, code: string, message: string, more: { hint?: string; where?: string } = {}): { status: number; body: ApiError } =>
    ({ status, body: { error: { code, message, ...Object.fromEntries(Object.entries(more).filter(([, v]) => v !== undefined)) } } });
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [{ instancePath, message }] = error.validation, where = instancePath.replace(/^\//, '').replaceAll('/', '.') || 'body';
    return reply(400, /^inputs\.\d/.test(where) ? 'INPUT_NOT_FINITE' : 'REQUEST_FORMAT', `${where}: ${message ?? 'not as expected'}`.slice(0, 500), { where, hint: 'see /openapi.json' });
  }
  if (error instanceof ChainError || error instanceof BaseError) return reply(503, error instanceof ChainError ? error.code : 'CHAIN_CALL', 'the chain does not answer', { hint: 'ask again later; a payment stays good' });
  if (error instanceof AttributionError) {
    const status = STATUS[error.code] ?? (/^(FILE|ARTIFACT)_/.test(error.code) ? 500 : 400);
    return status === 500 ? reply(500, error.code, 'the node failed', { hint: 'its operator finds the cause in its log' }) : reply(status, error.code, error.message, { hint: error.hint, where: error.where });
  }
  const { code = '', statusCode = 500, message } = error as Partial<FastifyError>;
  if (FRAMEWORK[code]) return reply(statusCode, FRAMEWORK[code][0], message ?? code, { hint: FRAMEWORK[code][1] });
  if (statusCode === 429) return reply(429, 'RATE_LIMIT', message ?? 'too many requests', { hint: 'ask more slowly' });
  if (statusCode >= 400 && statusCode < 500) return reply(statusCode, 'REQUEST', message ?? 'refused');
  return reply(500, 'INTERNAL', 'the node failed', { hint: 'its operator finds the cause in its log' });
}

export async function buildServer({ service, pool, adminToken, bodyBytes = 1 << 20, perMinute = 600, ready, onAdapter, draining, logger, metrics }: ServerOptions): Promise<FastifyInstance> {
  const app = fastify({ loggerInstance: logger as unknown as FastifyBaseLogger, bodyLimit: bodyBytes, logController: new LogController({ disableRequestLogging: true }), routerOptions: { maxParamLength: 100 }, return503OnClosing: false, requestTimeout: 60_000 }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply: FastifyReply) => {
    const { status, body } = errorReply(error), log = request.log as unknown as NodeLogger;
    log[status >= 500 ? 'error' : 'debug']({ err: error, code: body.error.code, route: request.routeOptions.url }, 'refused');
    return reply.code(status).header('content-type', 'application/json; charset=utf-8').serializer(JSON.stringify).send(body);
  });
  app.setNotFoundHandler((request, reply) => reply.code(404).send({ error: { code: 'ROUTE', message: `no ${request.method} here`, hint: 'see /openapi.json' } } satisfies ApiError));
  app.addHook('onRequest', (request, _, done) => {
    if (draining() && request.url.startsWith('/v1/')) done(new NetworkError('node is shutting down', { code: 'DRAINING', hint: 'ask again later; a payment stays good' }) as never);
    else done();
  });
  await app.register(rateLimit, { max: perMinute, timeWindow: 60_000, allowList: (request) => ['/healthz', '/readyz', '/metrics'].includes(request.url) });
  await app.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'zkattr inference node', version: '1', description: 'Paid inferences with signed receipts. Amounts are decimal base units.' } }, transform: jsonSchemaTransform });

  const errors = { '4xx': apiErrorSchema, '5xx': apiErrorSchema }, key = z.strictObject({ paymentKey: z.string().regex(/^0x[0-9a-f]{64}$/) });
  app.get('/v1/adapters', { schema: { response: { 200: adaptersSchema, ...errors } } }, () => ({ adapters: service.adapters(), refused: pool.refused() }));
  app.post('/v1/quote', { schema: { body: quoteRequestSchema, response: { 200: quoteSchema, ...errors } } }, ({ body }) => service.quote(body));
  app.post('/v1/infer', { schema: { body: inferRequestSchema, response: { 200: answerSchema, ...errors } } }, async ({ body }) => service.infer(body, logger.child({ paymentKey: service.keyOf(body) })));
  app.get('/v1/inferences/:paymentKey', { schema: { params: key, response: { 200: inferenceViewSchema, ...errors } } }, ({ params }) => service.status(params.paymentKey as Hex));
  if (adminToken) {
    const token = Buffer.from(`Bearer ${adminToken}`);
    app.post('/v1/admin/adapters', {
      schema: { body: addAdapterSchema, response: { 200: z.strictObject({ adapterId: z.string(), name: z.string() }), ...errors } },
      onRequest: (request, _, done) => {
        const given = Buffer.from(request.headers.authorization ?? '');
        if (given.length === token.length && timingSafeEqual(given, token)) return done();
        done(new NetworkError('not the admin token', { code: 'ADMIN_TOKEN', where: 'Authorization', hint: 'Authorization: Bearer <token of the node>' }) as never);
      },
    }, async ({ body: { folder } }) => {
      const { id, name } = await pool.add(folder);
      onAdapter();
      return { adapterId: id, name };
    });
  }

  const plain = { config: { rateLimit: false as const }, schema: { hide: true } };
  app.get('/healthz', plain, () => ({ ok: true }));
  app.get('/readyz', plain, async (_, reply) => {
    try {
      await ready();
      return { ready: true };
    } catch (error) {
      return reply.code(503).send(errorReply(error).body);
    }
  });
  app.get('/metrics', plain, async (_, reply) => reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()));
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.ready();
  return app as unknown as FastifyInstance;
}
