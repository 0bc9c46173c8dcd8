/** A whole economy with real proofs of class 4x4 on a local chain: one block of two absent, a query without influence, attacks on settlement. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { keccak256, stringToHex, type Address, type Hex } from 'viem';
import { SnarkjsBackend } from '../../prover/backends/groth16.js';
import { selectKernels, type Kernels } from '../../prover/kernels/index.js';
import type { ProveOptions } from '../../prover/prove.js';
import { developmentKeys, type SetupKeys } from '../../prover/setup/index.js';
import { buildPayout, type JobBatch, type PayoutOutput } from '../../prover/workflow/payout.js';
import { buildRegistration, type RegistrationOutput } from '../../prover/workflow/register.js';
import { account, connectAs, economyAs, type ChainAccess } from '../../src/cli/accounts.js';
import { addClass, blockId, blockRecord, contractKey, contractProof, deployContracts, featureRecord, startAnvil, type Anvil, type Economy, type Inference, type SettleInput } from '../../src/chain/index.js';
import { commitIntegers } from '../../src/commitment/kzg.js';
import { readSrs } from '../../src/commitment/srs.js';
import type { AttributionError } from '../../src/errors/base.js';
import type { ModelBundle } from '../../src/models/index.js';
import type { DeploymentFile } from '../../src/protocol/artifacts.js';
import { sizeClass } from '../../src/statement/classes.js';
import { Random } from '../support/scenario.js';

const cls = sizeClass('4x4');
const ROWS = [3, 1, 4];
const FEES = [10n ** 15n, 2n * 10n ** 15n + 1n, 777n];
const row = 1 << (cls.layersLog + cls.widthLog);

/** Tables of a model that nobody trained: the proof does not care, and 4x4 stays fast. */
function randomBundle(random: Random): ModelBundle {
  const int8 = (length: number): Int8Array => Int8Array.from({ length }, () => random.int(-127, 127));
  const table = row << cls.rankLog, trainHeight = 16;
  const bundle = {
    adapter: { A: int8(table), B: int8(table), queryA: int8(table), queryB: int8(table) },
    train: { X: int8(trainHeight * row), Delta: Int16Array.from({ length: trainHeight * row }, () => random.int(-32767, 32767)), inputs: new Float32Array(), labels: new Int32Array() },
    manifest: {
      modelHash: keccak256(stringToHex('model')), adapterId: keccak256(stringToHex('adapter')), trainHeight,
      contributors: ROWS.map((rows, index) => ({ index, rows, name: `c${index}`, kind: 'honest', identity: `c${index}` })), boundaries: [3, 4, 8],
    },
  };
  return bundle as unknown as ModelBundle;
}

describe('settlement with real proofs', () => {
  let anvil: Anvil, access: ChainAccess, kernels: Kernels, keys: SetupKeys, groth16: SnarkjsBackend, deployment: DeploymentFile;
  let options: Omit<ProveOptions, 'keys'>, registered: RegistrationOutput, payout: PayoutOutput, batch: JobBatch, settle: SettleInput;
  let owner: Economy, node: Economy, payer: Economy, prover: Economy;
  const contributors: Address[] = [0, 1, 2].map((i) => account(31337, 'contributor', i).address);
  const bundle = randomBundle(new Random(5));
  const rejected = (code: string) => (error: unknown): boolean => (error as AttributionError).code === code;

  before(async () => {
    keys = await developmentKeys(cls);
    const srs = await readSrs(keys.srs);
    kernels = await selectKernels();
    groth16 = new SnarkjsBackend();
    options = { kernels, groth16, srs };
    anvil = await startAnvil({ args: ['--accounts', '48'] });
    access = { rpcUrl: anvil.rpcUrl, chainId: anvil.chainId };
    const client = await connectAs(access, 'owner');
    const treasury = account(31337, 'treasury').address;
    const contracts = await deployContracts(client, { treasury });
    for (const relation of ['features', 'payout'] as const) await addClass(client, contracts.verifier, cls, relation, contractKey(keys[relation].vk), true);
    deployment = { format: 'zkattr-deployment', ...contracts, treasury, classes: [] };
    [owner, node, payer, prover] = await Promise.all((['owner', 'node', 'payer', 'prover'] as const).map((role) => economyAs(access, contracts, role)));

    registered = await buildRegistration({ bundle, cls, deployment, owner: client.account!.address, payoutAddresses: contributors }, { ...options, keys: keys.features });
    const { registration: r } = registered;
    await owner.registerAdapter(r.adapter);
    const features = { adapter: r.adapter, training: r.training, contributors, g: r.g, m: r.mask, ...contractProof(r.proof) };
    await owner.registerFeatures(features);

    // One block of four rows: query 0 has row 0, query 1 a zero delta (row 1), query 2 the rest.
    const random = new Random(6), heightLog = 2;
    const X = Int8Array.from({ length: 4 * row }, () => random.int(-127, 127)), Delta = Int16Array.from({ length: 4 * row }, () => random.int(-32767, 32767));
    Delta.fill(0, row, 2 * row);
    const inferences: Inference[] = [1, 1, 1].map((rows, i) => ({ requestHash: keccak256(stringToHex(`request ${i}`)), nonce: BigInt(i), rows, outputHash: keccak256(stringToHex(`output ${i}`)) }));
    const nodeAddress = node.client.account!.address;
    await payer.payMany(inferences.map((i, q) => ({ node: nodeAddress, adapterId: r.adapterId, requestHash: i.requestHash, nonce: i.nonce, fee: FEES[q] })));
    const secrets = { format: 'zkattr-batch-secrets' as const, blockId: '0x' as Hex, delta: random.scalar(), x: random.scalar() };
    const dlt = await commitIntegers(srs, Delta, secrets.delta), x = await commitIntegers(srs, X, secrets.x);
    const receiptHash = keccak256(stringToHex('receipt'));
    const record = blockRecord(nodeAddress, r.adapterId, heightLog, dlt, x, inferences, receiptHash);
    const id = blockId({ chainId: 31337, address: deployment.escrow }, r.recordId, record);
    assert.equal((await node.commitBlock({ adapterId: r.adapterId, heightLog, dlt, x, inferences, receiptHash })).result, id);
    batch = { folder: '0', blockId: id, record, fees: FEES, tables: { rows: 4, X, Delta }, secrets: { ...secrets, blockId: id } };
    payout = await buildPayout({ bundle, cls, deployment, registration: r, secrets: registered.secrets, batches: [batch], prover: prover.client.account!.address }, { ...options, keys: keys.payout });
    const keeper = { chainId: 31337, address: deployment.registry };
    settle = {
      job: { record: featureRecord(keeper, r.adapter, r.training, contributors, r.g), blocks: [record], prover: prover.client.account!.address },
      settlement: { bt: payout.job.bits, m: payout.job.mask, payouts: payout.job.payouts, zeroQueries: payout.job.zeroQueries }, ...contractProof(payout.job.proof),
    };
  });
  after(async () => {
    await groth16.close();
    await kernels.close();
    await anvil.stop();
  });

  it('marks the query without influence, and pays nothing to the place that no contributor has', () => {
    assert.equal(payout.job.zeroQueries & 0b111n, 0b010n);
    assert.equal(payout.job.payouts[3], 0n);
  });

  it('refuses a stolen proof: another prover named, nobody credited', async () => {
    const thief = account(31337, 'payer', 3).address;
    await assert.rejects(owner.settle({ ...settle, job: { ...settle.job, prover: thief } }), rejected('REVERT_InverseHintWrong'));
    assert.equal(await owner.credits(thief), 0n);
    assert.equal((await owner.payment(batch.record.inferences[0].key)).status, 'committed');
  });

  it('refuses payouts, zero queries, record and blocks other than those proved', async () => {
    const { payouts, zeroQueries } = settle.settlement;
    const shifted = [payouts[0] + 1n, ...payouts.slice(1)];
    for (const settlement of [{ ...settle.settlement, payouts: shifted }, { ...settle.settlement, zeroQueries: zeroQueries ^ 1n }, { ...settle.settlement, bt: settle.settlement.m }]) {
      await assert.rejects(prover.settle({ ...settle, settlement }));
    }
    const record = { ...settle.job.record, contributors: [...settle.job.record.contributors].reverse() };
    await assert.rejects(prover.settle({ ...settle, job: { ...settle.job, record } }), rejected('REVERT_UnknownBlock'));
    await assert.rejects(prover.settle({ ...settle, job: { ...settle.job, blocks: [batch.record, batch.record] } }), rejected('REVERT_BlockSettled'));
  });

  it('pays exactly what was proved, sends the fee of the zero query back, keeps dust only', async () => {
    const before = await owner.client.publicClient.getBalance({ address: deployment.escrow });
    assert.equal(before, FEES.reduce((a, b) => a + b, 0n));
    await prover.settle(settle);
    const credits = await Promise.all(contributors.map((address) => owner.credits(address)));
    assert.deepEqual(credits, payout.job.payouts.slice(0, 3));
    assert.equal(await owner.credits(payer.client.account!.address), FEES[1]);
    const dust = await owner.credits(deployment.treasury);
    assert.ok(dust < BigInt(ROWS.length) + 2n);
    assert.equal(credits.reduce((a, b) => a + b, 0n) + FEES[1] + dust, before);
  });

  it('pays once: the same settlement again is refused, and so is a refund of what was paid', async () => {
    await assert.rejects(prover.settle(settle), rejected('REVERT_BlockSettled'));
    for (const { key } of batch.record.inferences) await assert.rejects(owner.refund(key), rejected('REVERT_NotRefundable'));
  });

  it('refuses the features of an unproved record: the same proof for other rows', async () => {
    const { registration: r } = registered;
    const training = { ...r.training, rows: [4, 1, 3] };
    await assert.rejects(owner.registerFeatures({ adapter: r.adapter, training, contributors, g: r.g, m: r.mask, ...contractProof(r.proof) }));
  });

  it('stays within the claims: every credit is claimed and the escrow is empty', async () => {
    for (const [role, index] of [['contributor', 0], ['contributor', 1], ['contributor', 2], ['payer', 0], ['treasury', 0]] as const) {
      const economy = await economyAs(access, deployment, role, index);
      if ((await economy.credits(economy.client.account!.address)) > 0n) await economy.claim();
    }
    assert.equal(await owner.client.publicClient.getBalance({ address: deployment.escrow }), 0n);
  });
});
