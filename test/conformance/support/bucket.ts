/** A bucket in memory behind HTTP: GET, PUT, HEAD, DELETE. It takes no request whose Signature Version 4 is not what it computes itself. */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Bucket {
  endpoint: string;
  /** By path, as it was sent. */
  objects: Map<string, Buffer>;
  /** Statuses of the next answers, whatever is asked. */
  failNext(...statuses: number[]): void;
  stop(): Promise<void>;
}

/** Written from the specification alone: shares nothing with what it checks. */
export function independentSignature({ secret, date, region, service, canonical }: { secret: string; date: string; region: string; service: string; canonical: string }): string {
  let key: Buffer = Buffer.from('AWS4' + secret, 'utf8');
  for (const part of [date.substring(0, 8), region, service, 'aws4_request']) key = createHmac('sha256', key).update(part, 'utf8').digest();
  const digest = createHash('sha256').update(canonical, 'utf8').digest('hex');
  const text = 'AWS4-HMAC-SHA256' + '\n' + date + '\n' + date.substring(0, 8) + '/' + region + '/' + service + '/aws4_request' + '\n' + digest;
  return createHmac('sha256', key).update(text, 'utf8').digest('hex');
}

export async function startBucket({ accessKeyId, secretAccessKey, region }: { accessKeyId: string; secretAccessKey: string; region: string }): Promise<Bucket> {
  const objects = new Map<string, Buffer>(), failures: number[] = [];
  const mayPass = (request: IncomingMessage, body: Buffer): boolean => {
    const header = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/.exec(request.headers.authorization ?? '');
    const date = String(request.headers['x-amz-date']), bodyHash = createHash('sha256').update(body).digest('hex');
    if (!header || header[1] !== accessKeyId || header[2] !== date.slice(0, 8) || header[3] !== region || request.headers['x-amz-content-sha256'] !== bodyHash) return false;
    const names = header[4].split(';');
    if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.includes(name))) return false;
    const canonical = `${request.method}\n${request.url}\n\n${names.map((name) => `${name}:${String(request.headers[name])}\n`).join('')}\n${header[4]}\n${bodyHash}`;
    return header[5] === independentSignature({ secret: secretAccessKey, date, region, service: 's3', canonical });
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      const body = Buffer.concat(parts), path = request.url!, failure = failures.shift(), found = objects.get(path);
      const answer = (status: number, content: Buffer | string = ''): void => { response.writeHead(status, { 'content-length': Buffer.byteLength(content) }).end(request.method === 'HEAD' ? undefined : content); };
      if (failure !== undefined) answer(failure);
      else if (!mayPass(request, body)) answer(403, '<Error><Code>SignatureDoesNotMatch</Code></Error>');
      else if (request.method === 'PUT') {
        objects.set(path, body);
        answer(200);
      } else if (request.method === 'DELETE') {
        objects.delete(path);
        answer(204);
      } else if (found) answer(200, found);
      else answer(404, '<Error><Code>NoSuchKey</Code></Error>');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, objects, failNext: (...statuses) => failures.push(...statuses),
    stop: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
