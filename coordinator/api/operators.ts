/** What only who runs the coordinator may ask, each order signed and taken once. */
import { isAddressEqual, type Address, type Hex } from 'viem';
import { NetworkError } from '../../src/errors/network.js';
import { NO_SESSION, openEnvelope, reviveSchema } from '../../src/protocol/network/index.js';
import type { Documents, JobEntry, Jobs } from '../intake/index.js';

export interface OperatorOptions {
  jobs: Pick<Jobs, 'revive'>;
  documents: Documents;
  chainId: number;
  coordinator: Address;
  /** Beside the coordinator's own account. */
  operators: readonly Address[];
  clockSkewMs: number;
  now: () => number;
}

export class Operators {
  constructor(private readonly options: OperatorOptions) {}

  /**
   * A dead job goes on. An order that was signed before the latest one that was taken for this job is refused: it may be a copy.
   * @throws NetworkError ENVELOPE_*, NOT_AN_OPERATOR, JOB_UNKNOWN, JOB_NOT_DEAD, ENVELOPE_REPLAYED
   */
  async revive(jobId: Hex, envelope: unknown): Promise<JobEntry> {
    const { jobs, documents, chainId, coordinator, operators, clockSkewMs, now } = this.options;
    const opened = await openEnvelope(envelope, { schema: reviveSchema, chainId, to: coordinator, now: now(), clockSkewMs });
    if (!opened.ok) throw new NetworkError(opened.message, { code: opened.code, where: 'revive' });
    const { from, body, envelope: { kind, session, sentAt } } = opened;
    if (kind !== 'revive' || session !== NO_SESSION || body.jobId !== jobId) throw new NetworkError('envelope says something else', { code: 'ENVELOPE_BODY', where: 'revive', expected: `revive ${jobId}`, got: `${kind} ${body.jobId}` });
    if (![coordinator, ...operators].some((account) => isAddressEqual(account, from))) throw new NetworkError('signer does not run this coordinator', { code: 'NOT_AN_OPERATOR', where: 'revive', got: from, hint: 'sign with the account of the coordinator, or one of its setting `operators`' });
    const job = await documents.jobs.get(jobId);
    if (!job) throw new NetworkError('no such job here', { code: 'JOB_UNKNOWN', where: jobId });
    if (job.phase === 'dead' && sentAt <= (job.revivedAt ?? 0)) throw new NetworkError('order was taken before', { code: 'ENVELOPE_REPLAYED', where: 'revive', expected: `signed after ${job.revivedAt}`, got: sentAt, hint: 'sign a new one' });
    if (job.phase !== 'dead' || !await jobs.revive(jobId, sentAt, `by ${from}`)) throw new NetworkError('job is not dead', { code: 'JOB_NOT_DEAD', where: jobId, got: (await documents.jobs.get(jobId))?.phase ?? 'unknown', hint: 'only a dead job is revived: GET /v1/dead-letters' });
    return (await documents.jobs.get(jobId))!;
  }
}
