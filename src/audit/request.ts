/** The proof request of a job that goes through the market: its id is the hash of its content, its blocks are the batches'. */
import { existsSync } from 'node:fs';
import { proofRequestId } from '../chain/index.js';
import { readArtifact, requestSchema, type JobFile, type RequestFile } from '../protocol/artifacts.js';
import type { AuditedBatch } from './batch.js';
import { assertSame, assertSameList, assertSameWord } from './compare.js';
import { artifactPath, type AuditContext } from './context.js';
import type { AuditedRegistration } from './registration.js';

export const requestFile = (folder: string): string => `jobs/${folder}/request.json`;
export const hasRequest = (context: AuditContext, folder: string): boolean => existsSync(artifactPath(context, requestFile(folder)));

/** @param job  undefined while the job is not proved */
export function auditRequest(
  context: AuditContext, folder: string, { registration: r }: AuditedRegistration, batches: ReadonlyMap<string, AuditedBatch>, job: JobFile | undefined,
): Promise<RequestFile | undefined> {
  const { list, deployment } = context, file = requestFile(folder);
  return list.value(`job ${folder}: proof request`, async () => {
    const read = await readArtifact(artifactPath(context, file), requestSchema), { request } = read;
    assertSame(file, 'chainId', r.chainId, read.chainId);
    if (deployment) assertSameWord(file, 'market', deployment.contracts.market.address, read.market);
    assertSameWord(file, 'requestId', proofRequestId(read, request), read.requestId);
    assertSameWord(file, 'request.recordId', r.recordId, request.recordId);
    assertSame(file, 'request.blockIds: length', read.batches.length, request.blockIds.length);
    read.batches.forEach((name, i) => {
      const batch = batches.get(name);
      if (batch) assertSameWord(file, `request.blockIds[${i}]`, batch.batch.blockId, request.blockIds[i]);
    });
    if (job) {
      assertSameList(file, 'batches', job.batches, read.batches);
      if (job.requestId) assertSameWord(`jobs/${folder}/job.json`, 'requestId', read.requestId, job.requestId);
    }
    return read;
  }, ({ requestId, request }) => `${requestId} of ${request.requester}, ${request.minPrice} to ${request.maxPrice} for ${request.blockIds.length} blocks${job ? '' : '; not proved yet'}`);
}
