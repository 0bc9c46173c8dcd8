/** One whole economy on a local chain, with simulated proofs (trapdoor.ts): class 4x4, three contributors, blocks of paid inferences. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keccak256, parseEther, stringToHex, zeroAddress, type Address, type Hex } from 'viem';
import { mnemonicToAccount, type HDAccount } from 'viem/accounts';
import { packageRoot } from '../../src/files/paths.js';
import type { SizeClass } from '../../src/statement/sizeClass.js';
import {
  adapterId, blockId, blockRecord, connectChain, deployEconomy, deploymentOf, Economy, featureRecord, featuresContext, jobBoundaries, jobId, localConfig, payoutContext, recordId, snapshotOrder,
  trainingBoundaries, type AdapterData, type BlockRecord, type ChainClient, type ClassKey, type ConfigOverrides, type Deployment, type FeatureRecord, type FeaturesInput, type Inference, type Job,
  type Keeper, type Manifest, type Settlement, type SettleInput, type TrainingData,
} from '../../src/chain/index.js';
import { randomTable, seeded, simulateFeatures, simulatePayout, trapdoorKey, type Table, type Trapdoor } from './trapdoor.js';

const MNEMONIC = 'test test test test test test test test test test test junk';
export const actor = (index: number): HDAccount => mnemonicToAccount(MNEMONIC, { addressIndex: index });
/** Contributors' accounts. */
export const CONTRIBUTORS = [4, 5, 6] as const;
const GUARDIAN = 8, TREASURY = 9;
export const hashOf = (text: string): Hex => keccak256(stringToHex(text));

export async function loadClass(name: string): Promise<SizeClass> {
  const { classes } = JSON.parse(await readFile(join(packageRoot(), 'circuits', 'circuits.json'), 'utf8')) as { classes: SizeClass[] };
  return classes.find((c) => c.name === name)!;
}

export interface World {
  cls: SizeClass;
  manifest: Manifest;
  deployment: Deployment;
  /** Adapter owner = deployer, payer, node, prover. */
  owner: Economy;
  payer: Economy;
  node: Economy;
  prover: Economy;
  /** The view of any other account. */
  as: (index: number) => Promise<Economy>;
  treasury: Address;
  guardian: Address;
  features: Trapdoor;
  payout: Trapdoor;
  models: Keeper;
  inferences: Keeper;
}

/** Keys of a class whose trapdoor is known. */
export function trapdoorKeys(cls: SizeClass, development = true): { features: Trapdoor; payout: Trapdoor; classes: ClassKey[] } {
  const features = trapdoorKey('setup', 'features'), payout = trapdoorKey('setup', 'payout');
  return { features, payout, classes: [{ cls, relation: 'features', key: features.key, development }, { cls, relation: 'payout', key: payout.key, development }] };
}

export async function world(rpcUrl: string, chainId: number, overrides: Partial<ConfigOverrides> = {}): Promise<World> {
  const cls = await loadClass('4x4');
  const connect = (index: number): Promise<ChainClient> => connectChain({ rpcUrl, chainId, account: actor(index), pollingIntervalMs: 20 });
  const clients = await Promise.all([0, 1, 2, 3].map(connect));
  const treasury = actor(TREASURY).address, guardian = actor(GUARDIAN).address;
  const { features, payout, classes } = trapdoorKeys(cls);
  const manifest = await deployEconomy(clients[0], { config: localConfig({ guardian, treasury, ...overrides }), classes });
  const deployment = deploymentOf(manifest);
  const [owner, payer, node, prover] = await Promise.all(clients.map((client) => Economy.connect(client, deployment)));
  const as = async (index: number): Promise<Economy> => Economy.connect(await connect(index), deployment);
  return {
    cls, manifest, deployment, owner, payer, node, prover, as, treasury, guardian, features, payout,
    models: { chainId, address: deployment.models }, inferences: { chainId, address: deployment.inferences },
  };
}

/** Seconds of the chain pass. */
export async function advance({ client: { publicClient } }: Economy, seconds: number | bigint): Promise<void> {
  await publicClient.request({ method: 'evm_increaseTime' as never, params: [Number(seconds)] as never });
  await publicClient.request({ method: 'evm_mine' as never, params: [] as never });
}
export const advanceTo = async (economy: Economy, timestamp: bigint): Promise<void> => advance(economy, timestamp - (await economy.client.publicClient.getBlock()).timestamp);

export interface Contributed {
  snapshotId: Hex;
  /** In the order of the snapshot. */
  contributors: Address[];
  rows: number[];
}

/** A Datanet of the owner with one contribution of each contributor, accepted and frozen. @param rows  of CONTRIBUTORS[c] */
export async function datanet(w: World, rows: readonly number[] = [20, 30, 14]): Promise<Contributed & { datanetId: bigint }> {
  const { result: datanetId } = await w.owner.datanets.create(hashOf('policy'), 'ipfs://policy');
  await w.owner.datanets.setCurator(datanetId, actor(0).address, true);
  const ids: bigint[] = [];
  for (const [c, index] of CONTRIBUTORS.entries()) ids.push((await (await w.as(index)).datanets.contribute(datanetId, hashOf(`content ${c}`), rows[c], `ipfs://content/${c}`)).result);
  await w.owner.datanets.accept(ids);
  const { result: snapshotId } = await w.owner.datanets.createSnapshot(datanetId);
  const order = snapshotOrder(ids.map((id, c) => ({ id, contributor: actor(CONTRIBUTORS[c]).address }))).map((id) => ids.indexOf(id));
  return { datanetId, snapshotId, contributors: order.map((c) => actor(CONTRIBUTORS[c]).address), rows: order.map((c) => rows[c]) };
}

export interface AdapterTables {
  a: Table;
  b: Table;
  aStar: Table;
  bStar: Table;
  data: AdapterData;
}

export const MODEL = hashOf('model');

export function adapter(w: World, snapshotId: Hex, name = 'adapter'): AdapterTables {
  const draw = seeded(`${name} tables`);
  const [a, b, aStar, bStar] = Array.from({ length: 4 }, () => randomTable(w.payout, draw, 64, false));
  return {
    a, b, aStar, bStar,
    data: {
      owner: w.owner.client.account!.address, classId: w.cls.id, a: a.point, b: b.point, aStar: aStar.point, bStar: bStar.point, modelHash: MODEL, quantisationHash: hashOf('quantisation'), snapshotId,
    },
  };
}

/** Features of the snapshot's contributors over two blocks. */
export function featuresInput(w: World, tables: AdapterTables, { contributors, rows }: Omit<Contributed, 'snapshotId'>): { input: FeaturesInput; record: FeatureRecord; g: Table } {
  const draw = seeded('training');
  const heightLog = w.cls.trainTokensLog - w.cls.trainBlocksLog;
  const dlt = [randomTable(w.features, draw, 64), randomTable(w.features, draw, 64)];
  const x = [randomTable(w.features, draw, 64), randomTable(w.features, draw, 64)];
  const [g, m] = [randomTable(w.features, draw, 64), randomTable(w.features, draw, 64)];
  const training: TrainingData = { heightLog, dlt: dlt.map((t) => t.point), x: x.map((t) => t.point), rows };
  const record = featureRecord(w.models, tables.data, training, contributors, g.point);
  const { opening, proof } = simulateFeatures({
    trap: w.features, cls: w.cls, context: featuresContext(w.models.address, recordId(w.models, record), tables.data.owner), chainId: w.deployment.chainId,
    verifier: w.deployment.verifier, tokensLog: heightLog + w.cls.trainBlocksLog, tables: { dlt, x, b: tables.b, a: tables.a, g, m },
    lists: { boundaries: trainingBoundaries(rows).map(BigInt) }, seed: 'features proof',
  });
  return { record, g, input: { adapter: tables.data, training, contributors, g: g.point, m: m.point, opening, proof } };
}

/** What serves inferences: registered adapter and features, node and its stake. */
export interface Served {
  tables: AdapterTables;
  record: FeatureRecord;
  recordId: Hex;
  adapterId: Hex;
  g: Table;
  contributed: Contributed & { datanetId: bigint };
}

/** All that comes before the first payment. @param operator  of the node */
export async function serve(w: World, operator: Address = zeroAddress): Promise<Served> {
  const contributed = await datanet(w);
  const tables = adapter(w, contributed.snapshotId);
  await w.owner.models.registerModel(MODEL, 'ipfs://model');
  await w.owner.stakes.deposit('adapter', parseEther('5'));
  await w.owner.registerAdapter(tables.data);
  const { input, record, g } = featuresInput(w, tables, contributed);
  const { result } = await w.owner.registerFeatures(input);
  await w.node.stakes.deposit('node', parseEther('20'));
  await w.node.inferences.registerNode(operator, 'https://node.example');
  return { tables, record, recordId: result, adapterId: adapterId(w.models, tables.data), g, contributed };
}

export const inference = (index: number, rows: number): Inference =>
  ({ requestHash: hashOf(`request ${index}`), nonce: BigInt(index), rows, outputHash: hashOf(`output ${index}`) });

export interface CommittedBlock {
  dlt: Table;
  x: Table;
  inferences: Inference[];
  record: BlockRecord;
}
export const RECEIPT = hashOf('receipt');

/** A block as it is committed while the first split is in force. */
export function block(w: World, tables: AdapterTables, heightLog: number, inferences: Inference[], seed: string): CommittedBlock {
  const draw = seeded(seed);
  const [dlt, x] = [randomTable(w.payout, draw, 64), randomTable(w.payout, draw, 64)];
  return { dlt, x, inferences, record: blockRecord({ node: w.node.client.account!.address, adapterId: adapterId(w.models, tables.data), heightLog, dlt: dlt.point, x: x.point, inferences, receiptHash: RECEIPT }, 1) };
}

export const commitInput = ({ adapterId: id }: Pick<Served, 'adapterId'>, { record: { heightLog }, dlt, x, inferences }: CommittedBlock): Parameters<Economy['commitBlock']>[0] =>
  ({ adapterId: id, heightLog, dlt: dlt.point, x: x.point, inferences, receiptHash: RECEIPT });

/** Pays for inferences and commits them in blocks of 2^7 rows. @returns the blocks, in order */
export async function paidBlocks(w: World, served: Served, first: number, fees: readonly (readonly bigint[])[], rows = 40): Promise<CommittedBlock[]> {
  const node = w.node.client.account!.address;
  let index = first;
  const lists = fees.map((own) => own.map((fee) => ({ fee, inference: inference(index++, rows) })));
  await w.payer.pay(lists.flat().map(({ fee, inference: { requestHash, nonce } }) => ({ node, adapterId: served.adapterId, requestHash, nonce, fee })));
  const blocks = lists.map((own, k) => block(w, served.tables, 7, own.map((i) => i.inference), `block ${first} ${k}`));
  for (const b of blocks) await w.node.commitBlock(commitInput(served, b));
  return blocks;
}

export interface Split {
  /** Contributors' parts of the fees: what R2 divides. */
  fees: bigint[];
  payouts: bigint[];
  zeroQueries: bigint;
}

/** Contributors' part of a fee under the default split. */
export const contributorsPart = (fee: bigint): bigint => (fee * 6000n) / 10_000n;

export type JobInput = SettleInput & { settlement: Omit<Settlement, 'selector'>; jobId: Hex };

export function settleInput(w: World, { tables, record, g }: Pick<Served, 'tables' | 'record' | 'g'>, blocks: CommittedBlock[], split: Split, prover?: Address): JobInput {
  const draw = seeded('payout tables');
  const [bt, m] = [randomTable(w.payout, draw, 1024), randomTable(w.payout, draw, 1024)];
  const id = recordId(w.models, record);
  const job: Job = { record, blocks: blocks.map((b) => b.record), prover: prover ?? w.prover.client.account!.address };
  const jid = jobId(id, job.blocks.map((b) => blockId(w.inferences, id, b)));
  const keys = job.blocks.flatMap((b) => b.inferences.map((i) => i.key));
  const heightLog = job.blocks[0].heightLog;
  const { opening, proof } = simulatePayout({
    trap: w.payout, cls: w.cls, context: payoutContext(w.deployment.settlement, jid, keys, id, job.prover), chainId: w.deployment.chainId, verifier: w.deployment.verifier,
    tokensLog: heightLog + w.cls.blocksLog,
    tables: { dlt: blocks.map((b) => b.dlt), x: blocks.map((b) => b.x), b: tables.bStar, a: tables.aStar, g, bt, m },
    lists: { boundaries: jobBoundaries(heightLog, job.blocks).map(BigInt), ...split }, seed: 'payout proof',
  });
  return { jobId: jid, job, settlement: { bt: bt.point, m: m.point, payouts: split.payouts, zeroQueries: split.zeroQueries }, opening, proof };
}

export { zeroAddress };
