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
import { account, connectAs, economyAs, fundedAs, type ChainAccess } from '../../src/cli/accounts.js';
import { configFrom } from '../../src/cli/deploy/handler.js';
import { ensureStake } from '../../src/cli/stake/handler.js';
import {
  blockId, blockRecord, contractKey, contractProof, deployEconomy, featureRecord, startAnvil, type Anvil, type ClassKey, type Economy, type Inference, type Manifest, type SettleInput,
} from '../../src/chain/index.js';
import { commitIntegers } from '../../src/commitment/kzg.js';
import { readSrs } from '../../src/commitment/srs.js';
import type { AttributionError } from '../../src/errors/base.js';
import type { ModelBundle } from '../../src/models/index.js';
import { sizeClass } from '../../src/statement/classes.js';
import { Random } from '../support/scenario.js';
import { advanceTo } from '../../src/cli/demo/chainTime.js';

const cls = sizeClass('4x4');
const ROWS = [3, 1, 4];
const FEES = [10n ** 15n, 2n * 10n ** 15n + 1n, 777n];
/** Parts of a fee under the default split. */
const part = (fee: bigint, bps: bigint): bigint => (fee * bps) / 10_000n;
const total = (list: readonly bigint[]): bigint => list.reduce((a, b) => a + b, 0n);
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
  let anvil: Anvil, access: ChainAccess, kernels: Kernels, keys: SetupKeys, groth16: SnarkjsBackend, manifest: Manifest;
  let options: Omit<ProveOptions, 'keys'>, registered: RegistrationOutput, payout: PayoutOutput, batch: JobBatch, settle: SettleInput;
  let owner: Economy, node: Economy, payer: Economy, prover: Economy;
  const contributors: Address[] = [0, 1, 2].map((i) => account(31337, 'contributor', i).address);
  const bundle = randomBundle(new Random(5));
  const rejected = (code: string) => (error: unknown): boolean => {
    assert.equal((error as AttributionError).code, code, (error as Error).message);
    return true;
  };
  const credit = async (address: Address): Promise<bigint> => total((await owner.rewards.claimable(address)).map((p) => p.amount));

  /** Contributed, accepted and frozen: three contributors with their rows. */
  async function snapshot(): Promise<{ datanetId: bigint; snapshotId: Hex; contributionIds: bigint[] }> {
    const { result: datanetId } = await owner.datanets.create(keccak256(stringToHex('policy')), '');
    const contributionIds: bigint[] = [];
    for (const [c, rows] of ROWS.entries()) contributionIds.push((await (await fundedAs(access, manifest, 'contributor', c)).datanets.contribute(datanetId, keccak256(stringToHex(`rows ${c}`)), rows, '')).result);
    await owner.datanets.accept(contributionIds);
    return { datanetId, contributionIds, snapshotId: (await owner.datanets.createSnapshot(datanetId)).result };
  }

  before(async () => {
    keys = await developmentKeys(cls);
    const srs = await readSrs(keys.srs);
    kernels = await selectKernels();
    groth16 = new SnarkjsBackend();
    options = { kernels, groth16, srs };
    anvil = await startAnvil();
    access = { rpcUrl: anvil.rpcUrl, chainId: anvil.chainId };
    const classes = (['features', 'payout'] as const).map((relation): ClassKey => ({ cls, relation, key: contractKey(keys[relation].vk), development: true }));
    manifest = await deployEconomy(await connectAs(access, 'owner'), { config: configFrom(access), classes });
    [owner, node, payer, prover] = await Promise.all((['owner', 'node', 'payer', 'prover'] as const).map((role) => economyAs(access, manifest, role)));
    const { deployment } = owner, { stakes } = manifest.config;
    await ensureStake(owner, 'adapter', stakes.adapter);
    await ensureStake(node, 'node', stakes.node);
    await node.inferences.registerNode(node.client.account!.address, '');

    registered = await buildRegistration({
      bundle, cls, deployment, owner: owner.client.account!.address, snapshot: await snapshot(), selector: await owner.gateway.liveSelector('features', cls.id), payoutAddresses: contributors,
    }, { ...options, keys: keys.features });
    const { registration: r } = registered;
    await owner.models.registerModel(r.adapter.modelHash, '');
    await owner.registerAdapter(r.adapter);
    await owner.registerFeatures({ adapter: r.adapter, training: r.training, contributors, g: r.g, m: r.mask, ...contractProof(r.proof) });

    // One block of four rows: query 0 has row 0, query 1 a zero delta (row 1), query 2 the rest.
    const random = new Random(6), heightLog = 2;
    const X = Int8Array.from({ length: 4 * row }, () => random.int(-127, 127)), Delta = Int16Array.from({ length: 4 * row }, () => random.int(-32767, 32767));
    Delta.fill(0, row, 2 * row);
    const inferences: Inference[] = [1, 1, 1].map((rows, i) => ({ requestHash: keccak256(stringToHex(`request ${i}`)), nonce: BigInt(i), rows, outputHash: keccak256(stringToHex(`output ${i}`)) }));
    const nodeAddress = node.client.account!.address;
    await payer.pay(inferences.map((i, q) => ({ node: nodeAddress, adapterId: r.adapterId, requestHash: i.requestHash, nonce: i.nonce, fee: FEES[q] })));
    const secrets = { format: 'zkattr-batch-secrets' as const, blockId: '0x' as Hex, delta: random.scalar(), x: random.scalar() };
    const dlt = await commitIntegers(srs, Delta, secrets.delta), x = await commitIntegers(srs, X, secrets.x);
    const content = { node: nodeAddress, adapterId: r.adapterId, heightLog, dlt, x, inferences, receiptHash: keccak256(stringToHex('receipt')) };
    const record = blockRecord(content, 1), id = blockId({ chainId: 31337, address: deployment.inferences }, r.recordId, record);
    assert.equal((await node.commitBlock(content)).result, id);
    batch = { folder: '0', blockId: id, record, fees: FEES.map((fee) => part(fee, 6000n)), tables: { rows: 4, X, Delta }, secrets: { ...secrets, blockId: id } };
    payout = await buildPayout({
      bundle, cls, deployment, registration: r, secrets: registered.secrets, batches: [batch], prover: prover.client.account!.address, selector: await owner.gateway.liveSelector('payout', cls.id),
    }, { ...options, keys: keys.payout });
    settle = {
      job: { record: featureRecord({ chainId: 31337, address: deployment.models }, r.adapter, r.training, contributors, r.g), blocks: [record], prover: prover.client.account!.address },
      settlement: { bt: payout.job.bits, m: payout.job.mask, payouts: payout.job.payouts, zeroQueries: payout.job.zeroQueries }, ...contractProof(payout.job.proof),
    };
  });
  after(async () => {
    await groth16?.close();
    await kernels?.close();
    await anvil?.stop();
  });

  it('marks the query without influence, and pays nothing to the place that no contributor has', () => {
    assert.equal(payout.job.zeroQueries & 0b111n, 0b010n);
    assert.equal(payout.job.payouts[3], 0n);
  });

  it('refuses a stolen proof: another prover named, nobody credited', async () => {
    const thief = account(31337, 'payer', 3).address;
    await assert.rejects(owner.settle({ ...settle, job: { ...settle.job, prover: thief } }), rejected('REVERT_InverseHintWrong'));
    assert.equal(await credit(thief), 0n);
    assert.equal((await owner.inferences.payment(batch.record.inferences[0].key)).status, 'committed');
  });

  it('refuses payouts, zero queries, record, split and blocks other than those proved', async () => {
    const { payouts, zeroQueries } = settle.settlement;
    const shifted = [payouts[0] + 1n, ...payouts.slice(1)];
    for (const settlement of [{ ...settle.settlement, payouts: shifted }, { ...settle.settlement, zeroQueries: zeroQueries ^ 1n }, { ...settle.settlement, bt: settle.settlement.m }]) {
      await assert.rejects(prover.settle({ ...settle, settlement }));
    }
    const record = { ...settle.job.record, contributors: [...settle.job.record.contributors].reverse() };
    await assert.rejects(prover.settle({ ...settle, job: { ...settle.job, record } }));
    await assert.rejects(prover.settle({ ...settle, job: { ...settle.job, blocks: [{ ...batch.record, splitId: 2 }] } }), rejected('REVERT_WrongBlockStatus'));
    await assert.rejects(prover.settle({ ...settle, job: { ...settle.job, blocks: [batch.record, batch.record] } }), rejected('REVERT_WrongBlockStatus'));
  });

  it('refuses a verifier of another relation, and one that nobody named', async () => {
    const other = await owner.gateway.liveSelector('features', cls.id);
    await assert.rejects(prover.settle({ ...settle, settlement: { ...settle.settlement, selector: other } }));
    await assert.rejects(prover.settle({ ...settle, settlement: { ...settle.settlement, selector: keccak256(stringToHex('nobody')) } }));
  });

  it('pays exactly what was proved, every role its part, the contributors\' part of the zero query back; the treasury gets the rest', async () => {
    const { deployment } = owner;
    assert.equal(await owner.token.balanceOf(deployment.inferences), total(FEES));
    await prover.settle(settle);
    const credits = await Promise.all(contributors.map(credit));
    assert.deepEqual(credits, payout.job.payouts.slice(0, 3));
    assert.equal(await credit(payer.client.account!.address), part(FEES[1], 6000n));
    const roles: [Address, bigint][] = [[node.client.account!.address, 2000n], [prover.client.account!.address, 1000n], [deployment.court, 500n]];
    for (const [address, bps] of roles) assert.equal(await credit(address), total(FEES.map((fee) => part(fee, bps))));
    const treasury = await credit(await owner.parameters.treasury());
    const given = total([...credits, part(FEES[1], 6000n), ...await Promise.all(roles.map(([address]) => credit(address)))]);
    assert.equal(given + treasury, total(FEES));
    const dust = total([FEES[0], FEES[2]].map((fee) => part(fee, 6000n))) - total(credits);
    assert.ok(dust < BigInt(ROWS.length) + 2n);
    assert.equal(treasury, total(FEES.map((fee) => fee - part(fee, 6000n) - part(fee, 2000n) - part(fee, 1000n) - part(fee, 500n))) + dust);
    assert.equal(await owner.rewards.owed(), total(FEES));
  });

  it('pays once: the same settlement again is refused, and so is a refund of what was paid', async () => {
    await assert.rejects(prover.settle(settle), rejected('REVERT_WrongBlockStatus'));
    for (const { key } of batch.record.inferences) await assert.rejects(owner.refund([key]), rejected('REVERT_NotRefundable'));
  });

  it('refuses the features of an unproved record: the same proof for other rows', async () => {
    const { registration: r } = registered;
    const training = { ...r.training, rows: [4, 1, 3] };
    await assert.rejects(owner.registerFeatures({ adapter: r.adapter, training, contributors, g: r.g, m: r.mask, ...contractProof(r.proof) }), rejected('REVERT_LayoutMismatch'));
  });

  it('pays nobody before the period opens, then everybody, and nothing is left', async () => {
    const { period } = await owner.rewards.job(payout.job.jobId), opensAt = await owner.rewards.opensAt(period);
    const contributor = await economyAs(access, manifest, 'contributor', 0);
    await assert.rejects(contributor.claim({ periods: [period] }), rejected('REVERT_PeriodClosed'));
    await advanceTo(owner, opensAt);
    for (const [role, index] of [['contributor', 0], ['contributor', 1], ['contributor', 2], ['node', 0], ['prover', 0], ['payer', 0], ['treasury', 0]] as const) {
      const economy = await economyAs(access, manifest, role, index);
      if ((await credit(economy.client.account!.address)) > 0n) await economy.claim();
    }
    await owner.court.collect([period]);
    assert.equal(await owner.court.auditFund(), total(FEES.map((fee) => part(fee, 500n))));
    assert.equal(await owner.rewards.owed(), 0n);
    for (const contract of ['vault', 'inferences'] as const) assert.equal(await owner.token.balanceOf(owner.deployment[contract]), 0n);
  });
});
