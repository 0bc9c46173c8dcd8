/** Prover messages over HTTP, for networks that let nothing else out: POST /v1/prover/:kind, an envelope as JSON. */
import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify';
import { MESSAGE_MAX, REFUSED, type Refusal } from '../../src/protocol/network/index.js';
import { refuse, type Channel, type ProverService } from '../scheduler/index.js';

const STATUS: Readonly<Record<string, number>> = {
  [REFUSED.session]: 401, NOT_ADMITTED: 403, ARTIFACT_UNKNOWN: 404, KIND: 404, [REFUSED.lease]: 409, [REFUSED.sequence]: 409, HELLO_REPLAYED: 409, SIZE: 413, CONTENT_TYPE: 415,
  RATE: 429, INTERNAL: 500, BUSY: 503,
};
const CHANNEL: Channel = { transport: 'http' };

const send = (reply: FastifyReply, answer: { ok: true } | Refusal): FastifyReply => {
  if (answer.ok) return reply.send(answer);
  if (answer.code === 'RATE' || answer.code === 'BUSY') void reply.header('retry-after', '1');
  return reply.code(STATUS[answer.code] ?? 422).send(answer);
};

/** Fastify plugin. Answers and refusals are those of the protocol; the status repeats them for proxies. */
export const proverRoutes = (service: ProverService): FastifyPluginAsync => async (app: FastifyInstance) => {
  app.setErrorHandler((error: { code?: string; statusCode?: number; message: string }, _request, reply) => {
    const { code, statusCode = 500 } = error;
    if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return send(reply, refuse('SIZE', `a message has at most ${MESSAGE_MAX} bytes`));
    if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return send(reply, refuse('CONTENT_TYPE', 'an envelope is sent as application/json'));
    return send(reply, statusCode < 500 ? refuse('ENVELOPE_FORMAT', 'body is not JSON') : refuse('INTERNAL', 'the coordinator could not answer', { retry: true }));
  });
  app.post<{ Params: { kind: string } }>('/v1/prover/:kind', { bodyLimit: MESSAGE_MAX }, async (request, reply) => {
    const { kind } = request.params;
    if (kind !== 'artifact') return send(reply, await service.handle(kind, request.body, CHANNEL));
    const answer = await service.artifact(request.body, CHANNEL);
    return answer.ok ? reply.type('application/octet-stream').send(Buffer.from(answer.data.buffer, answer.data.byteOffset, answer.data.byteLength)) : send(reply, answer);
  });
};
