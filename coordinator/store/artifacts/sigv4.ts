import { createHash, createHmac, type BinaryLike } from 'node:crypto';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary credentials. */
  sessionToken?: string;
}

export interface SigningInput {
  method: string;
  /** Path as it is sent: each segment encoded once, which is what S3 signs. */
  url: URL;
  /** Lower-case names; all of them are signed, and host with them. */
  headers: Record<string, string>;
  /** SHA-256 of the body, hex. */
  payloadHash: string;
  credentials: Credentials;
  region: string;
  service: string;
  /** yyyymmddThhmmssZ, also the header x-amz-date. */
  date: string;
}

export const sha256 = (data: BinaryLike): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: BinaryLike, data: string): Buffer => createHmac('sha256', key).update(data).digest();
const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** yyyymmddThhmmssZ. */
export const amzDate = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '');

/**
 * Authorization header of AWS Signature Version 4.
 *   key = HMAC(HMAC(HMAC(HMAC("AWS4" + secret, day), region), service), "aws4_request")
 *   signature = HMAC(key, "AWS4-HMAC-SHA256\n" date "\n" scope "\n" sha256(canonical request))
 * Source: AWS, "Create a signed AWS API request"; the test holds it to AWS's published vector.
 */
export function authorization({ method, url, headers, payloadHash, credentials, region, service, date }: SigningInput): string {
  const all = Object.entries({ host: url.host, 'x-amz-date': date, ...headers }).map(([name, value]) => [name, value.trim().replace(/ +/g, ' ')]).sort(([a], [b]) => (a < b ? -1 : 1));
  const signed = all.map(([name]) => name).join(';'), day = date.slice(0, 8), scope = `${day}/${region}/${service}/aws4_request`;
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort().join('&');
  const canonical = [method, url.pathname, query, ...all.map(([name, value]) => `${name}:${value}`), '', signed, payloadHash].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<BinaryLike>(hmac, `AWS4${credentials.secretAccessKey}`);
  return `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString('hex')}`;
}
