/** Every refusal in one shape, with a code and what to do. */
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { FastifyError } from 'fastify';
import { BaseError } from 'viem';
import { AttributionError } from '../../src/errors/base.js';
import { ChainError } from '../../src/errors/chain.js';
import type { ApiError } from '../../src/protocol/network/index.js';

/** HTTP statuses of codes; 422 for others of this project. 5xx and 429 are tried again by clients, others are for a person. */
const STATUS: Readonly<Record<string, number>> = {
  ARTIFACT_UNKNOWN: 404, RECORD_UNKNOWN: 404, BLOCK_UNKNOWN: 404, JOB_UNKNOWN: 404, ARTIFACT_HASH: 422, ARTIFACT_SIZE: 413, ARTIFACT_SPACE: 507,
  BLOCK_SPLIT: 409, BLOCK_RECORD: 409, BLOCK_SETTLED: 409, BLOCK_REJECTED: 409, BLOCK_TAKEN: 409, RECORD_NOT_PROVED: 409, RECORD_REVOKED: 409, PAYMENT_STATUS: 409, REQUEST_TAKEN: 409, REQUEST_OVER: 409, JOB_NOT_DEAD: 409, ENVELOPE_REPLAYED: 409,
  UPLOAD_AUTH: 401, ENVELOPE_FORMAT: 400, ENVELOPE_BODY: 400, ENVELOPE_CHAIN: 403, ENVELOPE_RECEIVER: 403, ENVELOPE_CLOCK: 403, ENVELOPE_SIGNATURE: 403, UPLOADER: 403, NOT_THE_NODE: 403, NOT_AN_OPERATOR: 403, NODE_INACTIVE: 403,
  COMMITMENT_SIGNATURE: 403, REQUEST_SIGNATURE: 403, REQUEST_REQUESTER: 403, UPLOAD_QUOTA: 429, BUSY: 503, STREAMS: 503, DRAINING: 503, STORE_CLOSED: 503, STORE_RACE: 503, STORE_UNREACHABLE: 503, STORE_SPACE: 507,
};
/** The framework's own refusals. */
const FRAMEWORK: Readonly<Record<string, readonly [code: string, hint: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'large things are artifacts: PUT /v1/artifacts'], FST_ERR_CTP_INVALID_MEDIA_TYPE: ['MEDIA_TYPE', 'send application/json; artifacts are application/octet-stream'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['BODY_JSON', 'send a JSON body'], FST_ERR_CTP_INVALID_JSON_BODY: ['BODY_JSON', 'the body is not JSON'], FST_ERR_BAD_URL: ['URL', 'see /openapi.json'], FST_ERR_MAX_PARAM_LENGTH: ['URL', 'see /openapi.json'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['BODY_LENGTH', 'the body is not as long as its header says'],
};

const reply = (status: number, code: string, message: string, { hint, where }: { hint?: string; where?: string } = {}): { status: number; body: ApiError } =>
  ({ status, body: { error: { code, message: message.slice(0, 1000), ...(hint !== undefined && { hint }), ...(where !== undefined && { where: where.slice(0, 200) }) } } });

/** Status and body of any failure. What is not ours is INTERNAL without its text, which may name files. */
export function errorReply(error: unknown): { status: number; body: ApiError } {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [{ instancePath, message }] = error.validation, field = instancePath.replace(/^\//, '').replaceAll('/', '.'), where = field || error.validationContext || 'request';
    return reply(400, 'REQUEST_FORMAT', `${where}: ${message ?? 'not as expected'}`, { where, hint: 'see /openapi.json' });
  }
  if (error instanceof ChainError || error instanceof BaseError) return reply(503, error instanceof ChainError ? error.code : 'CHAIN_CALL', 'the chain does not answer', { hint: 'ask again later' });
  if (error instanceof AttributionError) {
    if (/^(FILE_|ARTIFACT_STORE|STORE$|STORE_VERSION|STORE_LOCKED|STORE_SETTINGS|INTERNAL)/.test(error.code)) return reply(500, error.code, 'the coordinator failed', { hint: 'its operator finds the cause in its log' });
    const got = error.expected === undefined && error.got === undefined ? '' : `: ${[error.expected !== undefined && `expected ${text(error.expected)}`, error.got !== undefined && `got ${text(error.got)}`].filter(Boolean).join(', ')}`;
    return reply(STATUS[error.code] ?? 422, error.code, `${error.shortMessage}${got}`, { hint: error.hint, where: error.where });
  }
  const { code = '', statusCode = 500, message } = (error ?? {}) as Partial<FastifyError>;
  if (Object.hasOwn(FRAMEWORK, code)) return reply(statusCode, FRAMEWORK[code][0], message ?? code, { hint: FRAMEWORK[code][1] });
  if (statusCode === 429) return reply(429, 'RATE_LIMIT', message ?? 'too many requests', { hint: 'ask more slowly' });
  if (statusCode >= 400 && statusCode < 500) return reply(statusCode, 'REQUEST', message ?? 'refused', { hint: 'see /openapi.json' });
  if (statusCode === 503) return reply(503, 'DRAINING', 'the coordinator is shutting down', { hint: 'try again in some seconds' });
  return reply(500, 'INTERNAL', 'the coordinator failed', { hint: 'its operator finds the cause in its log' });
}

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)));
