/**
 * One class on a local chain, with real proofs: registerAdapter, registerFeatures, payMany, commitBlock, verifyPayout, settle.
 * Every figure is the gas of a mined transaction.
 */
import { encodeFunctionData, keccak256, stringToHex, type Address, type Hex } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import {
  adapterId, addClass, blockId, blockRecord, connectChain, contractKey, contractPayoutStatement, contractProof, deployContracts, Economy, featureRecord, featuresContext, jobId, payoutContext, recordId,
  type AdapterData, type ChainClient, type TrainingData,
} from '../../src/chain/index.js';
import { attributionVerifierAbi } from '../../src/chain/generated/contracts.js';
import { readSrs } from '../../src/commitment/srs.js';
import type { SizeClass } from '../../src/statement/sizeClass.js';
import type { Statement } from '../../src/statement/statement.js';
import { verifierKey } from '../../src/verify/key.js';
import { verifyProof } from '../../src/verify/proof.js';
import type { Groth16Backend } from '../../prover/backends/groth16.js';
import type { Kernels } from '../../prover/kernels/types.js';
import { prove, type ProveResult } from '../../prover/prove.js';
import { developmentKeys, type SetupKeys } from '../../prover/setup/index.js';
import { makeScenario, type Scenario } from '../../test/support/scenario.js';
import { progress } from '../report.js';

const MNEMONIC = 'test test test test test test test test test test test junk';
const hashOf = (text: string): Hex => keccak256(stringToHex(text));
const RECEIPT = hashOf('receipt');

/** Accounts of anvil: 0 owner, 1 payer, 2 node, 3 prover. */
export const clientOf = (rpcUrl: string, chainId: number, index: number): Promise<ChainClient> => connectChain({ rpcUrl, chainId, account: mnemonicToAccount(MNEMONIC, { addressIndex: index }) });

/**
 * Mines a transaction with this calldata. Gas to spare, no estimate: a verifier that does not revert runs out of gas inside its
 * pairing call and returns false, and the estimate finds just that. @throws Error when it fails
 */
export async function mined(client: ChainClient, to: Address, data: Hex): Promise<bigint> {
  const hash = await client.walletClient!.sendTransaction({ to, data, gas: 5_000_000n });
  const { status, gasUsed } = await client.publicClient.waitForTransactionReceipt({ hash });
  if (status !== 'success') throw new Error(`transaction ${hash} failed`);
  return gasUsed;
}

export interface GasRow {
  className: string;
  blocks: number;
  queries: number;
  contributors: number;
  nu: number;
  /** verifyPayout called directly by an account: calldata and base fee included. */
  verifyPayout: bigint;
  verifyCalldataBytes: number;
  /** Full settlement; undefined where the class cannot hold a query in every block. `settleAgain`: credits were non-zero before. */
  settle?: bigint;
  settleAgain?: bigint;
  settleCalldataBytes?: number;
  /** Mean of one block. */
  commitBlock?: bigint;
  registerFeatures?: bigint;
}

interface Bench {
  kernels: Kernels;
  groth16: Groth16Backend;
  chainId: number;
  rpcUrl: string;
  cls: SizeClass;
  /** What comes out of the last payout proof, for other verifiers. */
  onProof?: (keys: SetupKeys, result: ProveResult, statement: Statement) => Promise<void>;
}

/** Measures one class. @throws ChainError, Error when a proof is refused by the pure verifier or the contract */
export async function measureClass({ kernels, groth16, chainId, rpcUrl, cls, onProof }: Bench): Promise<GasRow> {
  const clients = await Promise.all([0, 1, 2, 3].map((index) => clientOf(rpcUrl, chainId, index)));
  const deployment = await deployContracts(clients[0]); // fresh: no credit of another class is warm
  const [owner, payer, node, prover] = await Promise.all(clients.map((client) => Economy.connect(client, deployment)));
  const [ownerAddress, , nodeAddress, proverAddress] = clients.map((client) => client.account!.address);

  const keys = await developmentKeys(cls, { progress });
  const srs = await readSrs(keys.srs);
  for (const relation of ['features', 'payout'] as const) await addClass(clients[0], deployment.verifier, cls, relation, contractKey(keys[relation].vk), true);
  const blocks = 2 ** cls.blocksLog, queries = 2 ** cls.queriesLog, heightLog = cls.tokensLog - cls.blocksLog;
  const proveChecked = async (statement: Statement, witness: Parameters<typeof prove>[1], mask: Parameters<typeof prove>[2]): Promise<ProveResult> => {
    const relation = statement.relation;
    const result = await prove(statement, witness, mask, { kernels, groth16, srs, keys: keys[relation] });
    const check = verifyProof(statement, result.proof, verifierKey(keys[relation].vk));
    if (!check.ok) throw new Error(`${cls.name} ${relation}: proof is not accepted: ${check.error.message}`);
    return result;
  };
  const bound = (statement: Statement, context: Hex): Statement => ({ ...statement, chainId: BigInt(chainId), verifier: BigInt(deployment.verifier), context: BigInt(context) });
  const row: GasRow = { className: cls.name, blocks, queries, contributors: 2 ** cls.contributorsLog, nu: 0, verifyPayout: 0n, verifyCalldataBytes: 0 };

  const verifyGas = async (statement: Statement, result: ProveResult): Promise<void> => {
    const { opening, proof } = contractProof(result.proof);
    const data = encodeFunctionData({ abi: attributionVerifierAbi, functionName: 'verifyPayout', args: [contractPayoutStatement(statement), opening, proof] });
    row.verifyPayout = await mined(clients[3], deployment.verifier, data);
    row.verifyCalldataBytes = data.length / 2 - 1;
    await onProof?.(keys, result, statement);
  };

  if (blocks > queries) {
    // No settlement can fill these blocks: the verifier alone.
    const { payout } = await makeScenario(kernels, srs, cls, { tokensLog: cls.tokensLog });
    const statement = bound(payout.statement, hashOf('context'));
    await verifyGas(statement, await proveChecked(statement, payout.witness, payout.mask));
    progress(`${cls.name}: verifyPayout ${row.verifyPayout}`);
    return row;
  }

  for (const [round, name] of (['settle', 'settleAgain'] as const).entries()) {
    const scenario: Scenario = await makeScenario(kernels, srs, cls, { tokensLog: cls.tokensLog, seed: 1 + round });
    const { features, payout } = scenario;
    const f = features.statement.commitments, p = payout.statement.commitments;
    const data: AdapterData = { owner: ownerAddress, classId: cls.id, a: f.a, b: f.b, aStar: p.a, bStar: p.b, modelHash: hashOf('model'), quantisationHash: hashOf('quantisation') };
    const rows = features.statement.lists.boundaries.map((b, i, all) => Number(b - (all[i - 1] ?? 0n)));
    const training: TrainingData = { heightLog: cls.trainTokensLog - cls.trainBlocksLog, dlt: f.delta, x: f.x, rows };
    const contributors = rows.map((_, c) => mnemonicToAccount(MNEMONIC, { addressIndex: 20 + c }).address);
    const registry = { chainId, address: deployment.registry }, escrow = { chainId, address: deployment.escrow };
    const record = featureRecord(registry, data, training, contributors, f.g), record1 = recordId(registry, record), adapter = adapterId(registry, data);
    await owner.registerAdapter(data);
    const featuresStatement = bound(features.statement, featuresContext(registry.address, record1, ownerAddress));
    const features1 = await proveChecked(featuresStatement, features.witness, features.mask);
    const registered = await owner.registerFeatures({ adapter: data, training, contributors, g: f.g, m: f.mask, ...contractProof(features1.proof) });

    const each = queries / blocks, fees = payout.statement.lists.fees;
    const inferences = fees.map((_, q) => ({ requestHash: hashOf(`${cls.name} ${round} ${q}`), nonce: BigInt(q), rows: 2 ** heightLog / each, outputHash: hashOf('output') }));
    await payer.payMany(inferences.map((i, q) => ({ node: nodeAddress, adapterId: adapter, requestHash: i.requestHash, nonce: i.nonce, fee: fees[q] })));
    let committed = 0n;
    const records = [];
    for (let k = 0; k < blocks; k++) {
      const own = inferences.slice(k * each, (k + 1) * each);
      committed += (await node.commitBlock({ adapterId: adapter, heightLog, dlt: p.delta[k], x: p.x[k], inferences: own, receiptHash: RECEIPT })).gasUsed;
      records.push(blockRecord(nodeAddress, adapter, heightLog, p.delta[k], p.x[k], own, RECEIPT));
    }
    const job = jobId(record1, records.map((block) => blockId(escrow, record1, block)));
    const inferenceIds = records.flatMap((block) => block.inferences.map((i) => i.key));
    const statement = bound(payout.statement, payoutContext(escrow.address, job, inferenceIds, record1, proverAddress));
    const result = await proveChecked(statement, payout.witness, payout.mask);
    if (round === 0) {
      await verifyGas(statement, result);
      row.registerFeatures = registered.gasUsed;
      row.commitBlock = committed / BigInt(blocks);
    }
    const { payouts, zeroQueries } = statement.lists;
    const settled = await prover.settle({ job: { record, blocks: records, prover: proverAddress }, settlement: { bt: p.bits!, m: p.mask, payouts, zeroQueries }, ...contractProof(result.proof) });
    if (settled.result !== job) throw new Error(`${cls.name}: settled another job`);
    row[name] = settled.gasUsed;
    row.settleCalldataBytes = (await clients[3].publicClient.getTransaction({ hash: settled.receipt.transactionHash })).input.length / 2 - 1;
    progress(`${cls.name}: verifyPayout ${row.verifyPayout}, ${name} ${settled.gasUsed}`);
  }
  return row;
}
