/** One whole economy on a local chain, with simulated proofs (trapdoor.ts): class 4x4, two blocks, three queries. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keccak256, stringToHex, zeroAddress, type Address, type Hex } from 'viem';
import { mnemonicToAccount, type HDAccount } from 'viem/accounts';
import { packageRoot } from '../../src/files/paths.js';
import type { SizeClass } from '../../src/statement/sizeClass.js';
import {
  addClass, adapterId, blockId, blockRecord, connectChain, deployContracts, Economy, featureRecord, featuresContext, jobBoundaries, jobId, payoutContext, recordId,
  trainingBoundaries, type AdapterData, type BlockRecord, type ChainClient, type Deployment, type FeatureRecord, type FeaturesInput, type Inference, type Job,
  type SettleInput, type TrainingData,
} from '../../src/chain/index.js';
import { randomTable, seeded, simulateFeatures, simulatePayout, trapdoorKey, type Table, type Trapdoor } from './trapdoor.js';

const MNEMONIC = 'test test test test test test test test test test test junk';
export const actor = (index: number): HDAccount => mnemonicToAccount(MNEMONIC, { addressIndex: index });
const hashOf = (text: string): Hex => keccak256(stringToHex(text));

export async function loadClass(name: string): Promise<SizeClass> {
  const { classes } = JSON.parse(await readFile(join(packageRoot(), 'circuits', 'circuits.json'), 'utf8')) as { classes: SizeClass[] };
  return classes.find((c) => c.name === name)!;
}

export interface World {
  cls: SizeClass;
  deployment: Deployment;
  /** Adapter owner = deployer, payer, node, prover. */
  owner: Economy;
  payer: Economy;
  node: Economy;
  prover: Economy;
  treasury: Address;
  features: Trapdoor;
  payout: Trapdoor;
}

export async function world(rpcUrl: string, chainId: number, className = '4x4'): Promise<World> {
  const cls = await loadClass(className);
  const connect = (index: number): Promise<ChainClient> => connectChain({ rpcUrl, chainId, account: actor(index) });
  const clients = await Promise.all([0, 1, 2, 3].map(connect));
  const treasury = actor(9).address;
  const deployment = await deployContracts(clients[0], { treasury, settlementWindowSeconds: 3600n });
  const features = trapdoorKey('setup', 'features');
  const payout = trapdoorKey('setup', 'payout');
  await addClass(clients[0], deployment.verifier, cls, 'features', features.key, true);
  await addClass(clients[0], deployment.verifier, cls, 'payout', payout.key, true);
  const [owner, payer, node, prover] = await Promise.all(clients.map((client) => Economy.connect(client, deployment)));
  return { cls, deployment, owner, payer, node, prover, treasury, features, payout };
}

export interface AdapterTables {
  a: Table;
  b: Table;
  aStar: Table;
  bStar: Table;
  data: AdapterData;
}

export function adapter(w: World, name = 'adapter'): AdapterTables {
  const draw = seeded(`${name} tables`);
  const [a, b, aStar, bStar] = Array.from({ length: 4 }, () => randomTable(w.payout, draw, 64, false));
  return {
    a, b, aStar, bStar,
    data: {
      owner: w.owner.client.account!.address, classId: w.cls.id, a: a.point, b: b.point, aStar: aStar.point, bStar: bStar.point,
      modelHash: hashOf('model'), quantisationHash: hashOf('quantisation'),
    },
  };
}

/** Features of three contributors over two blocks. */
export function featuresInput(w: World, tables: AdapterTables, contributors: Address[], rows: number[]): { input: FeaturesInput; record: FeatureRecord; g: Table } {
  const draw = seeded('training');
  const heightLog = w.cls.trainTokensLog - w.cls.trainBlocksLog;
  const dlt = [randomTable(w.features, draw, 64), randomTable(w.features, draw, 64)];
  const x = [randomTable(w.features, draw, 64), randomTable(w.features, draw, 64)];
  const [g, m] = [randomTable(w.features, draw, 64), randomTable(w.features, draw, 64)];
  const training: TrainingData = { heightLog, dlt: dlt.map((t) => t.point), x: x.map((t) => t.point), rows };
  const keeper = { chainId: w.deployment.chainId, address: w.deployment.registry };
  const record = featureRecord(keeper, tables.data, training, contributors, g.point);
  const { opening, proof } = simulateFeatures({
    trap: w.features, cls: w.cls, context: featuresContext(keeper.address, recordId(keeper, record), tables.data.owner), chainId: keeper.chainId,
    verifier: w.deployment.verifier, tokensLog: heightLog + w.cls.trainBlocksLog, tables: { dlt, x, b: tables.b, a: tables.a, g, m },
    lists: { boundaries: trainingBoundaries(rows).map(BigInt) }, seed: 'features proof',
  });
  return { record, g, input: { adapter: tables.data, training, contributors, g: g.point, m: m.point, opening, proof } };
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

export function block(w: World, tables: AdapterTables, heightLog: number, inferences: Inference[], seed: string): CommittedBlock {
  const draw = seeded(seed);
  const [dlt, x] = [randomTable(w.payout, draw, 64), randomTable(w.payout, draw, 64)];
  const id = adapterId({ chainId: w.deployment.chainId, address: w.deployment.registry }, tables.data);
  return { dlt, x, inferences, record: blockRecord(w.node.client.account!.address, id, heightLog, dlt.point, x.point, inferences, RECEIPT) };
}

export interface Split {
  fees: bigint[];
  payouts: bigint[];
  zeroQueries: bigint;
}

export function settleInput(w: World, tables: AdapterTables, record: FeatureRecord, g: Table, blocks: CommittedBlock[], split: Split, prover?: Address): SettleInput & { jobId: Hex } {
  const draw = seeded('payout tables');
  const [bt, m] = [randomTable(w.payout, draw, 1024), randomTable(w.payout, draw, 1024)];
  const escrow = { chainId: w.deployment.chainId, address: w.deployment.escrow };
  const id = recordId({ ...escrow, address: w.deployment.registry }, record);
  const job: Job = { record, blocks: blocks.map((b) => b.record), prover: prover ?? w.prover.client.account!.address };
  const jid = jobId(id, job.blocks.map((b) => blockId(escrow, id, b)));
  const keys = job.blocks.flatMap((b) => b.inferences.map((i) => i.key));
  const heightLog = job.blocks[0].heightLog;
  const { opening, proof } = simulatePayout({
    trap: w.payout, cls: w.cls, context: payoutContext(escrow.address, jid, keys, id, job.prover), chainId: escrow.chainId, verifier: w.deployment.verifier,
    tokensLog: heightLog + w.cls.blocksLog,
    tables: { dlt: blocks.map((b) => b.dlt), x: blocks.map((b) => b.x), b: tables.bStar, a: tables.aStar, g, bt, m },
    lists: { boundaries: jobBoundaries(heightLog, job.blocks).map(BigInt), ...split }, seed: 'payout proof',
  });
  return { jobId: jid, job, settlement: { bt: bt.point, m: m.point, payouts: split.payouts, zeroQueries: split.zeroQueries }, opening, proof };
}

export { hashOf, zeroAddress };
