/** Gas of every other step of the economy, in class 4x4 with real proofs: Datanets, payments, market, claims, courts. */
import { encodeFunctionData, numberToHex, parseEther, type Hex } from 'viem';
import { CONTRACTS, contractProof, type Credit, type Delivery, type ProofRequest } from '../../src/chain/index.js';
import { AUDITORS, addressOf, hashOf, Story, type Party, type Served } from '../../test/support/story.js';
import { progress } from '../report.js';

export interface ActionRow {
  group: 'Datanets' | 'inferences' | 'market' | 'claims' | 'courts';
  action: string;
  gas: bigint;
  /** Of one of the things that the action is about, where it is about many. */
  each?: bigint;
}

const OPEN = parseEther('1');

type Take = <T extends { gasUsed: bigint }>(action: string | undefined, sent: Promise<T>, count?: number) => Promise<T>;

class Bench {
  readonly rows: ActionRow[] = [];
  constructor(readonly story: Story) {}

  /** Notes what a transaction of a group used; without an action nothing is noted. @param count  things that it is about */
  of(group: ActionRow['group']): Take {
    return async (action, sent, count = 1) => {
      const done = await sent;
      if (action) this.rows.push({ group, action, gas: done.gasUsed, ...(count > 1 ? { each: done.gasUsed / BigInt(count) } : {}) });
      return done;
    };
  }
}

/** @param contributions  of a large Datanet  @param periods  of a long claim. @throws ChainError, Error */
export async function measureActions({ contributions, periods }: { contributions: number; periods: number }): Promise<ActionRow[]> {
  const story = await Story.begin();
  try {
    const bench = new Bench(story), work = await datanets(bench, contributions);
    progress('actions: Datanets');
    await inferences(bench, work);
    progress('actions: inferences');
    await market(bench, work);
    progress('actions: market');
    await claims(bench, periods);
    await courts(bench, work);
    progress('actions: claims, courts');
    return bench.rows;
  } finally {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await story.end();
  }
}

interface Work {
  bundle: ReturnType<Story['bundle']>;
  registered: Awaited<ReturnType<Story['registration']>>;
  /** Counts the blocks: seeds of their tables. */
  blocks: number;
}

async function datanets(bench: Bench, contributions: number): Promise<Work> {
  const { story } = bench, take = bench.of('Datanets'), owner = story.as('datanetOwner').datanets;
  const create = async (): Promise<bigint> => (await owner.create(hashOf('policy'), 'ipfs://policy')).result;
  const large = await create(), many: bigint[] = [];
  for (let i = 0; i < contributions; i++) many.push((await story.as('spammer').datanets.contribute(large, hashOf(`row ${i}`), 1, 'ipfs://row')).result);
  await take(`accept ${contributions} contributions`, owner.accept(many), contributions);
  await take(`snapshot of ${contributions} contributions`, owner.createSnapshot(large), contributions);

  const small = (await take('create a Datanet', owner.create(hashOf('policy'), 'ipfs://policy'))).result;
  const one = await take('contribute one item', story.as('contributor0').datanets.contribute(small, hashOf('item'), 3, 'ipfs://item'));
  const items = Array.from({ length: 100 }, (_, i) => ({ contentHash: hashOf(`item ${i}`), rows: i < 4 ? 1 : 0 }));
  const batch = await take('contribute 100 items in a batch', story.as('contributor1').datanets.contributeBatch(small, items, 'ipfs://items'), 100);
  const last = await story.as('contributor2').datanets.contribute(small, hashOf('last'), 1, '');
  await take('accept 1 contribution', owner.accept([one.result]));
  await owner.accept([batch.result, last.result]);
  const { result: snapshotId } = await take('snapshot of 3 contributions', owner.createSnapshot(small), 3);
  const snapshot = (await owner.snapshot(snapshotId))!, bundle = story.bundle(snapshot), registered = await story.registration(bundle, snapshot);
  const { registration: { adapter, training, g, mask: m, proof } } = registered;
  await story.as('deployer').models.registerModel(adapter.modelHash, '');
  await story.as('trainer').stakes.deposit('adapter', 5n * OPEN);
  await take('register an adapter', story.as('trainer').registerAdapter(adapter));
  await story.as('trainer').registerFeatures({ adapter, training, contributors: snapshot.contributors, g, m, ...contractProof(proof) });
  return { bundle, registered, blocks: 0 };
}

/** A block with so many inferences of one payer, of fee 0.001 each; paid and committed. */
async function committed(bench: Bench, work: Work, count = 1): Promise<Served> {
  const { story } = bench, served = await story.serve('node', work.registered.registration.adapterId, 1000 + work.blocks++, Array.from({ length: count }, () => ({ payer: 'payer' as Party, fee: OPEN / 1000n })));
  await story.as('payer').pay(story.payments([served], 'payer'));
  await story.as('node').commitBlock({ ...served.commitment, validUntil: undefined });
  return served;
}

async function inferences(bench: Bench, work: Work): Promise<void> {
  const { story } = bench, take = bench.of('inferences'), { adapterId } = work.registered.registration, payer = story.as('payer');
  await story.as('node').stakes.deposit('node', 50n * OPEN);
  await take('register a node', story.as('node').inferences.registerNode(addressOf('coordinator'), 'https://node.example'));
  const payments = (name: string, count: number) => Array.from({ length: count }, (_, i) => ({ node: addressOf('node'), adapterId, requestHash: hashOf(`${name} ${i}`), nonce: 0n, fee: OPEN / 1000n }));
  await payer.pay(payments('warm', 1));
  await take('pay 1 inference', payer.pay(payments('one', 1)));
  await take('pay 16 inferences', payer.pay(payments('sixteen', 16)), 16);
  await payer.token.wrap(OPEN);
  const list = payments('permit', 1), { token, inferences: registry } = payer;
  await take('pay 1 inference with a permit', registry.payWithPermit(list, await token.signPermit(registry.address, OPEN / 1000n, await story.now() + 600n)));
  for (const [count, signed] of [[1, false], [4, false], [1, true]] as const) {
    const served = await story.serve('node', adapterId, 900 + 10 * count + Number(signed), Array.from({ length: count }, () => ({ payer: 'payer' as Party, fee: OPEN / 1000n })));
    await payer.pay(story.payments([served], 'payer'));
    if (signed) await take('commit a signed block of 1, by a relayer', story.as('relayer').inferences.commitSigned([{ commitment: served.commitment, signature: await story.as('node').inferences.signCommitment(served.commitment) }]));
    else await take(`commit a block of ${count}`, story.as('node').commitBlock(served.commitment), count);
  }
}

async function market(bench: Bench, work: Work): Promise<void> {
  const { story } = bench, take = bench.of('market'), prover = story.as('prover'), coordinator = story.as('coordinator').market, { recordId } = work.registered.registration;
  let nonce = 0n;
  const proved = async (served: Served) => story.prove(work.bundle, work.registered, [story.batch(served, recordId, 1, 6000n)]);
  const idOf = (served: Served): Hex => story.batch(served, recordId, 1, 6000n).blockId;
  const request = async (served: Served): Promise<ProofRequest> => {
    const start = await story.now();
    return {
      requester: addressOf('coordinator'), recordId, blockIds: [idOf(served)], minPrice: OPEN / 10n, maxPrice: OPEN / 2n, collateral: OPEN, biddingStart: start, rampSeconds: 100, lockSeconds: 600, deadline: start + 3000n, nonce: nonce++,
    };
  };
  const delivery = async (r: ProofRequest, served: Served): Promise<Delivery> => {
    const { settle: { job, settlement, opening, proof } } = await proved(served);
    return { request: r, job, settlement, opening, proof, gasLimit: 3_000_000n };
  };
  await coordinator.deposit(10n * OPEN);
  await take('add to a deposit', coordinator.deposit(10n * OPEN));
  await prover.stakes.deposit('prover', 10n * OPEN);
  // Credits of both ways are there before they are measured.
  await prover.settle((await proved(await committed(bench, work))).settle);
  await take('settle a job of 1 without the market', prover.settle((await proved(await committed(bench, work))).settle));
  for (const measured of [false, true]) {
    const named = (action: string): string | undefined => (measured ? action : undefined), served = await committed(bench, work), r = await request(served);
    await take(named('submit a request'), coordinator.submit(r));
    await take(named('lock a request'), prover.market.lock(r));
    await take(named('deliver a job of 1, locked'), prover.market.deliver(await delivery(r, served)));
  }
  const served = await committed(bench, work), r = await request(served);
  await take('lock a signed request', prover.market.lockSigned(r, await coordinator.sign(r)));
  await story.advanceTo(r.deadline + 1n);
  await take('expire a locked request, with slash', story.as('rival').market.expire(r));
}

/** The vault is told of jobs by the settlement's own account, taken over on the local chain: what is measured is the claim. */
async function claims(bench: Bench, periods: number): Promise<void> {
  const { story } = bench, take = bench.of('claims'), { settlement, vault } = story.deployment, { publicClient } = story.as('deployer').client;
  await story.as('holder').token.wrap(OPEN);
  await story.as('holder').token.transfer(vault, OPEN);
  await story.rpc('anvil_impersonateAccount', settlement);
  await story.rpc('anvil_setBalance', settlement, numberToHex(OPEN));
  const book = async (account: Party, name: string): Promise<bigint> => {
    const credits: Credit[] = [{ account: addressOf(account), amount: OPEN / 1000n, kind: 0 }];
    const hash = await story.rpc<Hex>('eth_sendTransaction', { from: settlement, to: vault, data: encodeFunctionData({ abi: CONTRACTS.vault.abi, functionName: 'creditJob', args: [hashOf(name), credits] }) });
    const { status } = await publicClient.waitForTransactionReceipt({ hash });
    if (status !== 'success') throw new Error('the vault refused a job');
    return story.as(account).rewards.currentPeriod();
  };
  const one = await book('guardian', 'one'), list: bigint[] = [];
  for (let i = 0; i < periods; i++) {
    list.push(await book('secondNode', `job ${i}`));
    await story.advance(3600n);
  }
  await story.advanceTo(await story.as('secondNode').rewards.opensAt(list.at(-1)!));
  await take('claim 1 period', story.as('guardian').claim({ periods: [one] }));
  await take(`claim ${periods} periods`, story.as('secondNode').claim({ periods: list }), periods);
}

async function courts(bench: Bench, work: Work): Promise<void> {
  const { story } = bench, take = bench.of('courts'), challenger = story.as('challenger').court, { recordId } = work.registered.registration;
  for (const party of AUDITORS) {
    await story.as(party).stakes.deposit('auditor', 20n * OPEN);
    await story.as(party).court.join();
  }
  await story.advance(2n);
  /** Draws, votes, reveals. Votes are alike but for the first reveal, which writes a new word: the second is noted. */
  const vote = async (caseId: bigint, upheld: boolean, measured: boolean): Promise<void> => {
    await story.rpc('anvil_mine', '0x3');
    await take(measured ? 'draw a committee of 3' : undefined, challenger.draw(caseId));
    const { committee, commitUntil } = await challenger.case(caseId);
    for (const [i, account] of committee.entries()) await take(measured && i === 1 ? 'commit a vote' : undefined, story.as(story.partyOf(account)).court.commitVote(caseId, upheld, hashOf('salt')));
    await story.advanceTo(commitUntil + 1n);
    for (const [i, account] of committee.entries()) await take(measured && i === 1 ? 'reveal a vote' : undefined, story.as(story.partyOf(account)).court.revealVote(caseId, upheld, hashOf('salt')));
  };
  const idOf = (served: Served): Hex => story.batch(served, recordId, 1, 6000n).blockId;
  const block = idOf(await committed(bench, work)), { result: blockCase } = await take('challenge a block', challenger.challengeBlock(block, hashOf('bundle'), OPEN));
  await vote(blockCase, true, true);
  await take('close it, upheld by 3 of 3', challenger.close(blockCase));

  const served = await committed(bench, work), { settle } = await story.prove(work.bundle, work.registered, [story.batch(served, recordId, 1, 6000n)]);
  const { result: jobId } = await story.as('prover').settle(settle), evidence = await challenger.evidence(jobId);
  const { result: jobCase } = await take('challenge a job of 1', challenger.challengeJob(evidence, 0, hashOf('bundle'), OPEN));
  await vote(jobCase, true, false);
  await take('close it, reversed', challenger.closeJob(jobCase, evidence));
}
