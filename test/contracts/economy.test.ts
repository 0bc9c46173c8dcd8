import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseEther, type Hex } from 'viem';
import {
  adapterId, addClass, blockId, connectChain, deployContracts, Economy, jobId, paymentKey, recordId, startAnvil, type Anvil, type FeatureRecord, type SettleInput,
} from '../../src/chain/index.js';
import { ChainError } from '../../src/errors/chain.js';
import { actor, adapter, block, featuresInput, inference, RECEIPT, settleInput, world, type AdapterTables, type CommittedBlock, type World } from './scenario.js';
import type { Table } from './trapdoor.js';

const rejectsWith = (code: string) => (error: unknown): boolean => {
  assert.ok(error instanceof ChainError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

describe('economy on a local chain, with proofs simulated from the trapdoor', () => {
  let anvil: Anvil;
  let w: World;
  let tables: AdapterTables;
  let record: FeatureRecord;
  let g: Table;
  let blocks: CommittedBlock[];
  let input: SettleInput & { jobId: Hex };
  const heightLog = 7;
  const contributors = [4, 5, 6].map((i) => actor(i).address);
  const fees = [1000n, 2000n, 3000n].map((f) => f * 10n ** 12n);
  const payouts = [700n, 300n, 1999n].map((f) => f * 10n ** 12n);

  before(async () => {
    anvil = await startAnvil();
    w = await world(anvil.rpcUrl, anvil.chainId);
    tables = adapter(w);
  });
  after(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await anvil?.stop();
  });

  const adapterKey = (): Hex => adapterId({ chainId: w.deployment.chainId, address: w.deployment.registry }, tables.data);
  const balances = async (): Promise<bigint> => w.owner.client.publicClient.getBalance({ address: w.deployment.escrow });

  it('registers an adapter under the id that TypeScript computes', async () => {
    const { result, gasUsed } = await w.owner.registerAdapter(tables.data);
    assert.equal(result, adapterKey());
    console.log(`registerAdapter gas ${gasUsed}`);
    await assert.rejects(w.payer.registerAdapter(tables.data), rejectsWith('REVERT_NotAdapterOwner'));
  });

  it('registers features that R1 proves, and refuses any other proof', async () => {
    const made = featuresInput(w, tables, contributors, [20, 30, 14]);
    ({ record, g } = made);
    const bad = { ...made.input, training: { ...made.input.training, rows: [21, 29, 14] } };
    await assert.rejects(w.owner.registerFeatures(bad), rejectsWith('REVERT_InverseHintWrong'));
    await assert.rejects(w.payer.registerFeatures(made.input), rejectsWith('REVERT_NotAdapterOwner'));
    const { result, gasUsed } = await w.owner.registerFeatures(made.input);
    console.log(`registerFeatures gas ${gasUsed}`);
    assert.equal(result, recordId({ chainId: w.deployment.chainId, address: w.deployment.registry }, record));
    assert.equal(await w.owner.currentRecord(adapterKey()), result);
  });

  it('takes fees and commits blocks of funded inferences only', async () => {
    const node = w.node.client.account!.address;
    const inferences = [inference(0, 50), inference(1, 60), inference(2, 100)];
    const payments = inferences.map((i, q) => ({ node, adapterId: adapterKey(), requestHash: i.requestHash, nonce: i.nonce, fee: fees[q] }));
    const { result: keys } = await w.payer.payMany(payments);
    assert.deepEqual(keys, inferences.map((i) => paymentKey(node, adapterKey(), i.requestHash, i.nonce)));
    blocks = [block(w, tables, heightLog, inferences.slice(0, 2), 'block 0'), block(w, tables, heightLog, inferences.slice(2), 'block 1')];
    const escrow = { chainId: w.deployment.chainId, address: w.deployment.escrow };
    const rid = await w.owner.currentRecord(adapterKey());
    for (const b of blocks) {
      const call = { adapterId: adapterKey(), heightLog, dlt: b.dlt.point, x: b.x.point, inferences: b.inferences, receiptHash: RECEIPT };
      await assert.rejects(w.prover.commitBlock(call), rejectsWith('REVERT_NotFunded'));
      const { result, gasUsed } = await w.node.commitBlock(call);
      console.log(`commitBlock gas ${gasUsed}`);
      assert.equal(result, blockId(escrow, rid, b.record));
      await assert.rejects(w.node.commitBlock(call), rejectsWith('REVERT_NotFunded'));
    }
    assert.equal((await w.payer.payment(keys[0])).status, 'committed');
    const events = await w.prover.escrowEvents('BlockCommitted');
    assert.deepEqual(events.map((e) => e.args.data), blocks.map((b) => b.record));
    const [features] = await w.prover.registryEvents('FeaturesRegistered');
    assert.deepEqual(features.args.record, record);
  });

  it('refuses a false settlement and changes nothing', async () => {
    const split = { fees, payouts, zeroQueries: 0b1000n };
    input = settleInput(w, tables, record, g, blocks, split);
    const stolen = { ...input, job: { ...input.job, prover: actor(8).address } };
    await assert.rejects(w.prover.settle(stolen), rejectsWith('REVERT_InverseHintWrong'));
    const greedy = { ...input, settlement: { ...input.settlement, payouts: [701n * 10n ** 12n, ...payouts.slice(1)] } };
    await assert.rejects(w.prover.settle(greedy), rejectsWith('REVERT_InverseHintWrong'));
    const forged = { ...input, proof: { ...input.proof, c: input.proof.a } };
    await assert.rejects(w.prover.settle(forged), rejectsWith('REVERT_PairingRejected'));
    const overdrawn = { ...input, settlement: { ...input.settlement, payouts: [10n ** 20n] } };
    await assert.rejects(w.prover.settle(overdrawn), rejectsWith('REVERT_PayoutsExceedFees'));
    const beyond = { ...input, settlement: { ...input.settlement, payouts: [0n, 0n, 0n, 1n] } };
    await assert.rejects(w.prover.settle(beyond), rejectsWith('REVERT_PayoutBeyondRecord'));
    const twice = { ...input, job: { ...input.job, blocks: [input.job.blocks[0], input.job.blocks[0]] } };
    await assert.rejects(w.prover.settle(twice), rejectsWith('REVERT_BlockSettled'));
    assert.equal(await w.prover.credits(contributors[0]), 0n);
  });

  it('settles, credits, returns the fee of zero queries, and pays out on claim', async () => {
    const zero = { fees, payouts: [700n, 300n, 1999n].map((f) => f * 10n ** 12n), zeroQueries: 0b1010n };
    await assert.rejects(w.prover.settle({ ...input, settlement: { ...input.settlement, zeroQueries: 0b1010n } }), rejectsWith('REVERT_InverseHintWrong'));
    input = settleInput(w, tables, record, g, blocks, zero);
    const { result, gasUsed, receipt } = await w.prover.settle(input);
    console.log(`settle gas ${gasUsed} (first credits), calldata ${(await w.prover.client.publicClient.getTransaction({ hash: receipt.transactionHash })).input.length / 2 - 1} bytes`);
    assert.equal(result, input.jobId);
    assert.deepEqual(await Promise.all(contributors.map((c) => w.prover.credits(c))), payouts);
    assert.equal(await w.prover.credits(w.payer.client.account!.address), fees[1]);
    assert.equal(await w.prover.credits(w.treasury), fees[0] + fees[2] - payouts.reduce((a, b) => a + b));
    assert.equal(await balances(), fees.reduce((a, b) => a + b));
    await assert.rejects(w.prover.settle(input), rejectsWith('REVERT_BlockSettled'));
    const claimant = await Economy.connect(await connectChain({ rpcUrl: anvil.rpcUrl, chainId: anvil.chainId, account: actor(4) }), w.deployment);
    assert.equal((await claimant.claim()).result, payouts[0]);
    await assert.rejects(claimant.claim(), rejectsWith('REVERT_NothingToClaim'));
  });

  it('settles a second job with warm credits, near the gas target', async () => {
    const node = w.node.client.account!.address;
    const inferences = [10, 11, 12, 13].map((i) => inference(i, 40));
    await w.payer.payMany(inferences.map((i) => ({ node, adapterId: adapterKey(), requestHash: i.requestHash, nonce: i.nonce, fee: parseEther('1') })));
    const more = [block(w, tables, heightLog, inferences.slice(0, 2), 'block 2'), block(w, tables, heightLog, inferences.slice(2), 'block 3')];
    for (const b of more) await w.node.commitBlock({ adapterId: adapterKey(), heightLog, dlt: b.dlt.point, x: b.x.point, inferences: b.inferences, receiptHash: RECEIPT });
    const split = { fees: inferences.map(() => parseEther('1')), payouts: [parseEther('1'), parseEther('1'), parseEther('1.9')], zeroQueries: 0n };
    const second = settleInput(w, tables, record, g, more, split);
    const { gasUsed } = await w.prover.settle(second);
    console.log(`settle gas ${gasUsed} (4 queries, 3 contributors, warm credits)`);
    assert.equal(second.jobId, jobId(await w.owner.currentRecord(adapterKey()), second.job.blocks.map((b) => blockId({ chainId: anvil.chainId, address: w.deployment.escrow }, (recordId({ chainId: anvil.chainId, address: w.deployment.registry }, record)), b))));
    assert.ok(gasUsed < 640_000n);
  });

  it('refunds after the deadline, to the payer', async () => {
    const node = w.node.client.account!.address;
    const late = inference(99, 1);
    const { result: key } = await w.payer.payFee(node, adapterKey(), late.requestHash, late.nonce, 5n);
    await assert.rejects(w.prover.refund(key), rejectsWith('REVERT_BeforeDeadline'));
    await w.prover.client.publicClient.request({ method: 'evm_increaseTime' as never, params: [3601] as never });
    await w.prover.client.publicClient.request({ method: 'evm_mine' as never, params: [] as never });
    await w.prover.refund(key);
    assert.equal((await w.prover.payment(key)).status, 'refunded');
    await assert.rejects(w.prover.refund(key), rejectsWith('REVERT_NotRefundable'));
  });

  it('tells a wrong chain, a missing contract and a taken port apart', async () => {
    await assert.rejects(connectChain({ rpcUrl: anvil.rpcUrl, chainId: 1 }), rejectsWith('CHAIN_ID_MISMATCH'));
    await assert.rejects(connectChain({ rpcUrl: 'http://127.0.0.1:1', chainId: 1 }), rejectsWith('CHAIN_UNREACHABLE'));
    await assert.rejects(Economy.connect(w.owner.client, { ...w.deployment, escrow: actor(7).address }), rejectsWith('CONTRACT_MISSING'));
    await assert.rejects(startAnvil({ port: anvil.port }), rejectsWith('PORT_IN_USE'));
  });

  it('refuses development keys off local chains', async () => {
    const other = await startAnvil({ chainId: 8453 });
    try {
      const client = await connectChain({ rpcUrl: other.rpcUrl, chainId: 8453, account: actor(0) });
      const deployment = await deployContracts(client);
      await assert.rejects(addClass(client, deployment.verifier, w.cls, 'payout', w.payout.key, true), rejectsWith('REVERT_DevelopmentKey'));
      await addClass(client, deployment.verifier, w.cls, 'payout', w.payout.key, false);
    } finally {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await other.stop();
    }
  });
});
