/** One class on a fresh deployment, and proved jobs in it: registered, paid, committed, proved, ready to settle or to deliver. */
import { keccak256, numberToHex, parseEther, stringToHex, zeroAddress, type Address, type Hex } from 'viem';
import { mnemonicToAccount, type HDAccount } from 'viem/accounts';
import {
  adapterId, blockId, blockRecord, connectChain, contractKey, contractProof, CONTRACTS, CREDIT_KINDS, deployEconomy, deploymentOf, Economy, featureRecord, featuresContext, jobId, payoutContext, recordId,
  type AdapterData, type BlockRecord, type ChainClient, type ClassKey, type Delivery, type ProofRequest, type SettleInput, type TrainingData,
} from '../../src/chain/index.js';
import { readSrs, type Srs } from '../../src/commitment/srs.js';
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
export const hashOf = (text: string): Hex => keccak256(stringToHex(text));
const RECEIPT = hashOf('receipt');

/** Accounts of anvil: 0 owner, 1 payer, 2 node, 3 prover. */
export const clientOf = (rpcUrl: string, chainId: number, index: number): Promise<ChainClient> => connectChain({ rpcUrl, chainId, account: mnemonicToAccount(MNEMONIC, { addressIndex: index }) });

export interface Machine {
  kernels: Kernels;
  groth16: Groth16Backend;
  chainId: number;
  rpcUrl: string;
}

export interface ProvedJob {
  input: SettleInput & { settlement: { selector: Hex } };
  jobId: Hex;
  recordId: Hex;
  records: BlockRecord[];
  statement: Statement;
  result: ProveResult;
  registerFeatures: bigint;
  /** Mean of one block. */
  commitBlock: bigint;
}

/** A Datanet with these rows of these accounts, in address order, and its snapshot. */
async function snapshot(owner: Economy, accounts: readonly HDAccount[], rows: readonly number[], name: string): Promise<Hex> {
  const { client: { rpcUrl, chainId, publicClient }, deployment } = owner;
  const { result: datanetId } = await owner.datanets.create(hashOf('policy'), '');
  const ids: bigint[] = [];
  for (const [c, account] of accounts.entries()) {
    await publicClient.request({ method: 'anvil_setBalance' as never, params: [account.address, numberToHex(parseEther('1'))] as never });
    const contributor = await Economy.connect(await connectChain({ rpcUrl, chainId, account }), deployment);
    ids.push((await contributor.datanets.contribute(datanetId, hashOf(`${name} ${c}`), rows[c], '')).result);
  }
  await owner.datanets.accept(ids);
  return (await owner.datanets.createSnapshot(datanetId)).result;
}

export class ClassBench {
  private round = 0;
  private constructor(
    private readonly machine: Machine, readonly cls: SizeClass, readonly keys: SetupKeys, readonly srs: Srs, readonly owner: Economy, readonly payer: Economy, readonly node: Economy,
    readonly prover: Economy, private readonly share: bigint,
  ) {}

  /** A fresh deployment: no credit of another class is warm. */
  static async open(machine: Machine, cls: SizeClass): Promise<ClassBench> {
    const { rpcUrl, chainId } = machine;
    const clients = await Promise.all([0, 1, 2, 3].map((index) => clientOf(rpcUrl, chainId, index)));
    const keys = await developmentKeys(cls, { progress });
    const classes = (['features', 'payout'] as const).map((relation): ClassKey => ({ cls, relation, key: contractKey(keys[relation].vk), development: true }));
    const deployment = deploymentOf(await deployEconomy(clients[0], { classes }));
    const [owner, payer, node, prover] = await Promise.all(clients.map((client) => Economy.connect(client, deployment)));
    await owner.models.registerModel(hashOf('model'), '');
    await owner.stakes.deposit('adapter', parseEther('5'));
    await node.stakes.deposit('node', parseEther('20'));
    await node.inferences.registerNode(zeroAddress, '');
    await prover.stakes.deposit('prover', parseEther('2'));
    return new ClassBench(machine, cls, keys, await readSrs(keys.srs), owner, payer, node, prover, BigInt((await owner.parameters.split(1)).contributors));
  }

  address(of: Economy): Address {
    return of.client.account!.address;
  }
  bound(statement: Statement, context: Hex): Statement {
    return { ...statement, chainId: BigInt(this.machine.chainId), verifier: BigInt(this.owner.deployment.verifier), context: BigInt(context) };
  }

  /** @throws Error when the pure verifier refuses the proof */
  async prove(statement: Statement, witness: Parameters<typeof prove>[1], mask: Parameters<typeof prove>[2]): Promise<ProveResult> {
    const { kernels, groth16 } = this.machine, { relation } = statement;
    const result = await prove(statement, witness, mask, { kernels, groth16, srs: this.srs, keys: this.keys[relation] });
    const check = verifyProof(statement, result.proof, verifierKey(this.keys[relation].vk));
    if (!check.ok) throw new Error(`${this.cls.name} ${relation}: proof is not accepted: ${check.error.message}`);
    return result;
  }

  scenario(queries = 2 ** this.cls.queriesLog, seed = 1): Promise<Scenario> {
    const tokens = 2 ** this.cls.tokensLog;
    return makeScenario(this.machine.kernels, this.srs, this.cls, {
      tokensLog: this.cls.tokensLog, seed, queryEnds: Array.from({ length: queries }, (_, q) => ((q + 1) * tokens) / queries), fees: Array.from({ length: queries }, (_, q) => 10n ** 15n + BigInt(q)),
    });
  }

  /** @param queries  in all blocks of the class, evenly: the class's without it. @throws ChainError */
  async job(queries = 2 ** this.cls.queriesLog): Promise<ProvedJob> {
    const { cls, owner, payer, node, machine: { chainId } } = this, { deployment } = owner;
    const round = this.round++, scenario = await this.scenario(queries, 1 + round), blocks = 2 ** cls.blocksLog, heightLog = cls.tokensLog - cls.blocksLog;
    const { features, payout } = scenario, f = features.statement.commitments, p = payout.statement.commitments;
    const rows = features.statement.lists.boundaries.map((b, i, all) => Number(b - (all[i - 1] ?? 0n)));
    const accounts = rows.map((_, c) => mnemonicToAccount(MNEMONIC, { addressIndex: 20 + c })).sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
    const snapshotId = await snapshot(owner, accounts, rows, `${cls.name} ${round}`);
    const data: AdapterData = { owner: this.address(owner), classId: cls.id, a: f.a, b: f.b, aStar: p.a, bStar: p.b, modelHash: hashOf('model'), quantisationHash: hashOf('quantisation'), snapshotId };
    const training: TrainingData = { heightLog: cls.trainTokensLog - cls.trainBlocksLog, dlt: f.delta, x: f.x, rows };
    const contributors = accounts.map(({ address }) => address);
    const models = { chainId, address: deployment.models }, registry = { chainId, address: deployment.inferences };
    const record = featureRecord(models, data, training, contributors, f.g), id = recordId(models, record), adapter = adapterId(models, data);
    await owner.registerAdapter(data);
    const proved = await this.prove(this.bound(features.statement, featuresContext(models.address, id, this.address(owner))), features.witness, features.mask);
    const registered = await owner.registerFeatures({ adapter: data, training, contributors, g: f.g, m: f.mask, ...contractProof(proved.proof) });

    const each = queries / blocks, fees = payout.statement.lists.fees;
    const inferences = Array.from({ length: queries }, (_, q) => ({ requestHash: hashOf(`${cls.name} ${round} ${q}`), nonce: BigInt(q), rows: 2 ** heightLog / each, outputHash: hashOf('output') }));
    // R2 divides the contributors' parts: fees of which these are the parts, rounded down.
    const whole = (fee: bigint): bigint => (fee * 10_000n + this.share - 1n) / this.share;
    await payer.pay(inferences.map((i, q) => ({ node: this.address(node), adapterId: adapter, requestHash: i.requestHash, nonce: i.nonce, fee: whole(fees[q]) })));
    let committed = 0n;
    const records: BlockRecord[] = [];
    for (let k = 0; k < blocks; k++) {
      const content = { adapterId: adapter, heightLog, dlt: p.delta[k], x: p.x[k], inferences: inferences.slice(k * each, (k + 1) * each), receiptHash: RECEIPT };
      committed += (await node.commitBlock(content)).gasUsed;
      records.push(blockRecord({ ...content, node: this.address(node) }, 1));
    }
    const prover = this.address(this.prover), job = jobId(id, records.map((block) => blockId(registry, id, block)));
    const context = payoutContext(deployment.settlement, job, records.flatMap((block) => block.inferences.map((i) => i.key)), id, prover);
    const statement = this.bound(payout.statement, context), result = await this.prove(statement, payout.witness, payout.mask);
    const { payouts, zeroQueries } = statement.lists;
    return {
      input: { job: { record, blocks: records, prover }, settlement: { selector: await owner.gateway.liveSelector('payout', cls.id), bt: p.bits!, m: p.mask, payouts, zeroQueries }, ...contractProof(result.proof) },
      jobId: job, recordId: id, records, statement, result, registerFeatures: registered.gasUsed, commitBlock: committed / BigInt(blocks),
    };
  }

  /** Calldata of a settlement, in bytes, and its gas. @throws ChainError, Error when it is another job's */
  async settle({ input, jobId: job }: ProvedJob): Promise<{ gas: bigint; bytes: number }> {
    const { result, gasUsed, receipt } = await this.prover.settle(input);
    if (result !== job) throw new Error(`${this.cls.name}: settled another job`);
    return { gas: gasUsed, bytes: (await this.prover.client.publicClient.getTransaction({ hash: receipt.transactionHash })).input.length / 2 - 1 };
  }

  /** The prover has an open balance, as after its first delivery: what follows writes to words that are not zero. */
  async warmMarket(): Promise<void> {
    const { payer: { client: { walletClient, publicClient }, token, deployment: { vault } } } = this;
    await this.node.market.deposit(parseEther('1'));
    await token.wrap(1n);
    await token.approve(vault, 1n);
    const hash = await walletClient!.writeContract({ abi: CONTRACTS.vault.abi, address: vault, functionName: 'creditNow', args: [this.address(this.prover), 1n, CREDIT_KINDS.indexOf('proofPrice'), hashOf('warm')] });
    await publicClient.waitForTransactionReceipt({ hash });
  }

  /** The node asks for a proof of these jobs off chain; the prover locks each request. @returns deliveries, not sent; gas of the last lock. After warmMarket */
  async lock(jobs: readonly ProvedJob[]): Promise<{ deliveries: Delivery[]; lockSigned: bigint }> {
    const { node, prover } = this, price = parseEther('0.001');
    const deliveries: Delivery[] = [];
    let lockSigned = 0n;
    for (const { input: { job, settlement, opening, proof }, recordId: id, records } of jobs) {
      const start = (await node.client.publicClient.getBlock()).timestamp, registry = { chainId: this.machine.chainId, address: node.deployment.inferences };
      const request: ProofRequest = {
        requester: this.address(node), recordId: id, blockIds: records.map((block) => blockId(registry, id, block)), minPrice: price / 2n, maxPrice: price, collateral: parseEther('0.5'), biddingStart: start,
        rampSeconds: 100, lockSeconds: 600, deadline: start + 1800n, nonce: BigInt(deliveries.length),
      };
      lockSigned = (await prover.market.lockSigned(request, await node.market.sign(request))).gasUsed;
      deliveries.push({ request, job, settlement, opening, proof, gasLimit: 8_000_000n });
    }
    return { deliveries, lockSigned };
  }
}
