/** Proof requests of a job: opened for these blocks, priced by the auction, ended once. */
import type { Hex } from 'viem';
import { CREDIT_KINDS, jobId as hashJob, priceAt, proofRequestId, REQUEST_STATUS } from '../../chain/index.js';
import { AuditMismatchError } from '../../errors/audit.js';
import { assertOnChain } from '../compare.js';
import type { AuditContext } from '../context.js';
import type { AuditedJob } from '../job.js';
import { requestFile } from '../request.js';
import { sumOf, type ChainView } from './view.js';

const PROOF_PRICE = CREDIT_KINDS.indexOf('proofPrice');

export async function auditRequests({ list }: AuditContext, view: ChainView, { folder, job, request: stated }: AuditedJob): Promise<void> {
  const file = `jobs/${folder}/job.json`;
  await list.check(`chain: proof requests of job ${folder}`, async () => {
    const opened = await view.events('market', 'RequestOpened', { jobId: job.jobId });
    if (stated) {
      const own = opened.find((e) => e.args.requestId === stated.requestId);
      // An order that a requester signs off chain is opened by the prover's lock.
      if (!own && job.transaction && job.requestId) throw new AuditMismatchError(requestFile(folder), 'requestId', `${stated.requestId} was not opened on chain`);
      if (own) assertOnChain(requestFile(folder), 'request', own.args.request, stated.request);
    }
    if (opened.length === 0) return stated ? `${stated.requestId} is not opened yet` : 'none';
    const notes: string[] = [];
    const paidFor: Hex[] = [];
    for (const { args: { requestId, requester, request } } of opened) {
      const artifact = `proof request ${requestId}`;
      assertOnChain(artifact, 'id', requestId, proofRequestId(view.economy.deployment, request));
      assertOnChain(artifact, 'job', hashJob(request.recordId, request.blockIds), job.jobId);
      const [locks, paid, refunded, state] = await Promise.all([
        view.events('market', 'RequestLocked', { requestId }), view.events('market', 'RequestPaid', { requestId }), view.events('market', 'RequestRefunded', { requestId }), view.read('market', 'request', [requestId]),
      ]);
      const status = REQUEST_STATUS[state.status], ended = status === 'paid' || status === 'refunded';
      assertOnChain(artifact, 'number of times that it ended', paid.length + refunded.length, ended ? 1 : 0);
      if (locks.length > 1) throw new AuditMismatchError(artifact, 'locks', `locked ${locks.length} times, expected once at most`);
      const [lock] = locks;
      if (lock) {
        assertOnChain(artifact, 'lock', { prover: lock.args.prover, price: lock.args.price, collateral: lock.args.collateral }, { prover: state.prover, price: state.price, collateral: request.collateral });
        assertOnChain(artifact, 'price of the lock', lock.args.price, priceAt(request, await view.timestamp(lock.blockNumber)));
      }
      if (refunded.length > 0) assertOnChain(artifact, 'refund', { requester: refunded[0].args.requester, amount: refunded[0].args.amount }, { requester, amount: request.maxPrice });
      if (paid.length > 0) {
        const [{ args, blockNumber, transactionHash }] = paid;
        const price = lock ? lock.args.price : priceAt(request, await view.timestamp(blockNumber));
        assertOnChain(artifact, 'payment', { jobId: args.jobId, prover: args.prover, price: args.price }, { jobId: job.jobId, prover: job.prover, price });
        const credited = await view.events('vault', 'Credited', { source: view.economy.deployment.market, account: args.prover });
        assertOnChain('reward vault', `price of ${artifact}`, sumOf(credited.filter((e) => e.args.ref === requestId && e.args.kind === PROOF_PRICE).map((e) => e.args.amount)), price);
        if (job.transaction) assertOnChain(file, 'transaction.hash', transactionHash, job.transaction.hash);
        paidFor.push(requestId);
      }
      notes.push(`${requestId} of ${requester} ${status}${paid.length > 0 ? ` ${paid[0].args.price} to ${paid[0].args.prover}${paid[0].args.late ? ', late' : ''}` : ''}`);
    }
    if (paidFor.length > 1) throw new AuditMismatchError(file, 'jobId', `${paidFor.length} requests were paid for one job`);
    if (job.transaction && paidFor[0] !== job.requestId) throw new AuditMismatchError(file, 'requestId', `chain has paid ${paidFor[0] ?? 'none'}, artifact has ${job.requestId ?? 'none'}`);
    return notes.join('; ');
  });
}
