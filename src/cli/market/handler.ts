/** Proof requests: made by a node for blocks of its own, locked and delivered by provers. */
import { jobId, priceAt, proofRequestId, type Economy, type MarketRules, type ProofRequest, type RequestState } from '../../chain/index.js';
import { CliError } from '../../errors/cli.js';
import { writeArtifact, type RequestFile } from '../../protocol/artifacts.js';
import { ensureStake } from '../stake/handler.js';
import type { Workspace } from '../workspace.js';

/** What a requester chooses. Times in seconds. */
export interface RequestTerms {
  minPrice: bigint;
  maxPrice: bigint;
  collateral: bigint;
  rampSeconds: number;
  lockSeconds: number;
  /** From now until the deadline. */
  seconds: number;
}

/** Reaches its highest price in a minute; lock and deadline as long as the market and the payments allow. */
export function defaultTerms(rules: MarketRules): RequestTerms {
  const clamp = (value: bigint): bigint => (value < rules.minPrice ? rules.minPrice : value > rules.maxPrice ? rules.maxPrice : value);
  const OPEN = 10n ** 18n;
  return {
    minPrice: clamp(OPEN / 2000n), maxPrice: clamp(OPEN / 500n), collateral: rules.minCollateral > OPEN / 100n ? rules.minCollateral : OPEN / 100n,
    rampSeconds: 60, lockSeconds: Math.max(rules.minLockSeconds, 1800), seconds: Math.min(rules.maxRequestSeconds, 3600),
  };
}

/** Writes jobs/<folder>/request.json for these blocks; the request is sent by `submitRequest`. @throws CliError REQUEST_LATE */
export async function writeRequest(workspace: Workspace, folder: string, node: Economy, batches: readonly { folder: string; blockId: `0x${string}` }[], terms?: RequestTerms): Promise<RequestFile> {
  const rules = await node.parameters.market(), { minPrice, maxPrice, collateral, rampSeconds, lockSeconds, seconds } = terms ?? defaultTerms(rules);
  const { timestamp: now } = await node.client.publicClient.getBlock();
  const refundable = Math.min(...await Promise.all(batches.map(async ({ blockId }) => (await node.inferences.block(blockId)).refundableFrom)));
  // Blocks are reserved until the deadline, which ends before the first fee can be refunded.
  const deadline = BigInt(Math.min(Number(now) + seconds, refundable - 1));
  if (deadline <= now) throw new CliError('fees of these blocks can be refunded already', { code: 'REQUEST_LATE', where: `jobs/${folder}`, hint: 'settle them without the market: `zkattr prove`' });
  const request: ProofRequest = {
    requester: node.client.account!.address, recordId: (await workspace.registration()).recordId, blockIds: batches.map((b) => b.blockId), minPrice, maxPrice, collateral,
    biddingStart: now, rampSeconds, lockSeconds, deadline, nonce: BigInt(Date.now()),
  };
  const file: RequestFile = {
    format: 'zkattr-request', chainId: node.deployment.chainId, market: node.deployment.market, requestId: proofRequestId(node.deployment, request), batches: batches.map((b) => b.folder),
    request: { ...request, blockIds: [...request.blockIds] },
  };
  await writeArtifact(workspace.path('jobs', folder, 'request.json'), file);
  return file;
}

/** Opens a written request with the deposit that it lacks. One that was sent is left as it is. */
export async function submitRequest(node: Economy, { requestId, request }: RequestFile): Promise<RequestState> {
  const state = await node.market.request(requestId);
  if (state.status !== 'none') return state;
  const deposit = await node.market.depositOf(request.requester);
  await node.market.submit(request, deposit < request.maxPrice ? request.maxPrice - deposit : 0n);
  return node.market.request(requestId);
}

/** Locks an open request for the client's account, with the stake that it lacks. */
export async function lockRequest(prover: Economy, requestId: `0x${string}`, request: ProofRequest): Promise<RequestState> {
  const { active, free } = await prover.stakes.state('prover', prover.client.account!.address);
  if (free < request.collateral) await ensureStake(prover, 'prover', active - free + request.collateral);
  await prover.market.lock(request);
  return prover.market.request(requestId);
}

export interface ListedRequest {
  requestId: `0x${string}`;
  request: ProofRequest;
  jobId: `0x${string}`;
  state: RequestState;
  /** Now; of a locked one, that of its lock. */
  price: bigint;
}

/** Requests of the market, oldest first. @param all  with those that have ended */
export async function listRequests(economy: Economy, all = false): Promise<ListedRequest[]> {
  const [opened, head] = await Promise.all([economy.events('market', 'RequestOpened'), economy.client.publicClient.getBlock()]);
  const listed = await Promise.all(opened.map(async ({ args: { requestId, request } }): Promise<ListedRequest> => {
    const state = await economy.market.request(requestId);
    return { requestId, request, jobId: jobId(request.recordId, request.blockIds), state, price: state.status === 'open' ? priceAt(request, head.timestamp) : state.price };
  }));
  return listed.filter(({ state }) => all || state.status === 'open' || state.status === 'locked');
}

/** @throws CliError REQUEST */
export async function findRequest(economy: Economy, requestId: `0x${string}`): Promise<ProofRequest> {
  const [opened] = await economy.events('market', 'RequestOpened', { args: { requestId } });
  if (!opened) throw new CliError('no such request was opened', { code: 'REQUEST', where: requestId, hint: 'zkattr market list' });
  return opened.args.request;
}
