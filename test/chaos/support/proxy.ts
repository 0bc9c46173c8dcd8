/** A hop of HTTP that loses, delays, repeats and reorders what goes through it, for as long as it is told to. */
import { createServer, request as send, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Parts of 1 of the requests; delays in milliseconds, drawn anew for each copy, so that copies overtake each other. */
export interface Weather {
  /** Never arrives. */
  lose?: number;
  /** Arrives and has its effect, but nobody hears the answer. */
  loseAnswer?: number;
  /** Arrives twice. */
  repeat?: number;
  delay?: readonly [least: number, most: number];
}

export interface ChaosProxy {
  url: string;
  /** Where requests go, from now on. */
  target: string;
  weather: Weather;
  counts: { requests: number; lost: number; answersLost: number; repeated: number; delayed: number };
  stop(): Promise<void>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);
const endToEnd = (headers: IncomingHttpHeaders): IncomingHttpHeaders => Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.has(name)));

/** The same faults for the same seed and order of requests (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

/** @param target  URL without path */
export async function startProxy(target: string, seed: number): Promise<ChaosProxy> {
  const random = generator(seed), happens = (part = 0): boolean => part > 0 && random() < part;
  const forward = (request: IncomingMessage, body: Buffer): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> => new Promise((resolve, reject) => {
    const to = new URL(proxy.target);
    const out = send({ host: to.hostname, port: to.port, method: request.method, path: request.url, headers: { ...endToEnd(request.headers), host: to.host, 'content-length': body.length } }, (answer) => {
      bytesOf(answer).then((data) => resolve({ status: answer.statusCode!, headers: answer.headers, body: data }), reject);
    });
    out.once('error', reject).end(body);
  });
  const server = createServer((request, response) => {
    void (async () => {
      const { weather, counts } = proxy, { lose, loseAnswer, repeat, delay } = weather;
      counts.requests++;
      const body = await bytesOf(request);
      if (happens(lose)) {
        counts.lost++;
        return request.socket.destroy();
      }
      const wait = async (): Promise<void> => {
        if (!delay) return;
        counts.delayed++;
        await sleep(delay[0] + random() * (delay[1] - delay[0]));
      };
      const copies = happens(repeat) ? 2 : 1;
      counts.repeated += copies - 1;
      // Of two answers the sender hears either one.
      const answers = await Promise.all(Array.from({ length: copies }, async () => {
        await wait();
        const answer = await forward(request, body);
        await wait();
        return answer;
      }));
      if (happens(loseAnswer)) {
        counts.answersLost++;
        return request.socket.destroy();
      }
      const answer = answers[Math.floor(random() * answers.length)];
      response.writeHead(answer.status, { ...endToEnd(answer.headers), 'content-length': answer.body.length }).end(request.method === 'HEAD' ? undefined : answer.body);
    })().catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: ChaosProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, target, weather: {}, counts: { requests: 0, lost: 0, answersLost: 0, repeated: 0, delayed: 0 },
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
  return proxy;
}
