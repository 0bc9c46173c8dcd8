import { CliError } from '../../errors/cli.js';

export interface Bucket {
  endpoint: string;
  bucket: string;
  prefix?: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * A folder, or a bucket: s3+https://host/bucket/prefix, its keys from the environment, never from the command line.
 * @throws CliError ARTIFACTS_PLACE
 */
export function artifactsAt(place: string, env: NodeJS.ProcessEnv = process.env): string | Bucket {
  if (!place.startsWith('s3+')) return place;
  const fail = (got: string, hint: string): CliError => new CliError('bucket for artifacts cannot be used', { code: 'ARTIFACTS_PLACE', where: '--artifacts', expected: 's3+https://host/bucket or s3+https://host/bucket/prefix', got, hint });
  const url = URL.canParse(place.slice(3)) ? new URL(place.slice(3)) : undefined, [bucket, ...prefix] = url?.pathname.split('/').filter(Boolean) ?? [];
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || !bucket) throw fail(place, 'keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the region from AWS_REGION');
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region = 'us-east-1' } = env;
  if (!accessKeyId || !secretAccessKey) throw fail('no keys', 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
  return { endpoint: url.origin, bucket, region, accessKeyId, secretAccessKey, ...(prefix.length > 0 && { prefix: `${prefix.join('/')}/` }) };
}
