/** An economy on a local chain with real proofs of class 4x4, each party with an account of its own, and gas that costs nothing. */
import { keccak256, parseEther, stringToHex, type Address, type Hex } from 'viem';
import { mnemonicToAccount, type HDAccount } from 'viem/accounts';
import { SnarkjsBackend } from '../../prover/backends/groth16.js';
import { selectKernels, type Kernels } from '../../prover/kernels/index.js';
import { developmentKeys, type SetupKeys } from '../../prover/setup/index.js';
import { buildPayout, type JobBatch, type PayoutOutput } from '../../prover/workflow/payout.js';
import { buildRegistration, type RegistrationOutput } from '../../prover/workflow/register.js';
import {
  blockId, blockRecord, connectChain, contractKey, contractProof, deployEconomy, deploymentOf, Economy, featureRecord, localConfig, startAnvil, type Anvil, type BlockCommitment, type ClassKey,
  type Deployment, type Inference, type Manifest, type SettleInput, type Snapshot,
} from '../../src/chain/index.js';
import { commitIntegers } from '../../src/commitment/kzg.js';
import { readSrs, type Srs } from '../../src/commitment/srs.js';
import type { ModelBundle } from '../../src/models/index.js';
import { sizeClass } from '../../src/statement/classes.js';
import { Random } from './scenario.js';

/** Accounts of the parties. */
export const PARTIES = {
  deployer: 0, curator: 1, trainer: 2, node: 3, secondNode: 4, payer: 5, secondPayer: 6, prover: 7, rival: 8, relayer: 9, coordinator: 10, challenger: 11, holder: 12, treasury: 13, guardian: 14,
  auditor0: 15, auditor1: 16, auditor2: 17, auditor3: 18, auditor4: 19, contributor0: 20, contributor1: 21, contributor2: 22, spammer: 23, datanetOwner: 24,
} as const;
export type Party = keyof typeof PARTIES;
export const AUDITORS = ['auditor0', 'auditor1', 'auditor2', 'auditor3', 'auditor4'] as const;

const MNEMONIC = 'test test test test test test test test test test test junk';
const ACCOUNTS = 30;
const actor = (index: number): HDAccount => mnemonicToAccount(MNEMONIC, { addressIndex: index });
export const addressOf = (party: Party): Address => actor(PARTIES[party]).address;
export const hashOf = (text: string): Hex => keccak256(stringToHex(text));

export const cls = sizeClass('4x4');
const ROW = 1 << (cls.layersLog + cls.widthLog), HEIGHT_LOG = 2, TRAIN_ROWS = 16;

export interface Query {
  payer: Party;
  fee: bigint;
  /** No activation at all: no contributor has a positive score. Not for the last of a block, which has all rows that are left. */
  empty?: boolean;
}

/** A block as its node holds it before it is committed: content, tables, blinding. */
export interface Served {
  node: Party;
  queries: readonly Query[];
  commitment: BlockCommitment;
  tables: JobBatch['tables'];
  secrets: JobBatch['secrets'];
}

export class Story {
  readonly accounts = Array.from({ length: ACCOUNTS }, (_, index) => actor(index).address);
  /** Native OPEN of the accounts when the chain started. */
  readonly initialSupply = BigInt(ACCOUNTS) * parseEther('10000');

  private constructor(
    readonly anvil: Anvil, readonly manifest: Manifest, readonly deployment: Deployment, private readonly keys: SetupKeys, private readonly srs: Srs, private readonly kernels: Kernels,
    private readonly groth16: SnarkjsBackend, private readonly parties: ReadonlyMap<Party, Economy>,
  ) {}

  static async begin(): Promise<Story> {
    const keys = await developmentKeys(cls), srs = await readSrs(keys.srs), kernels = await selectKernels(), groth16 = new SnarkjsBackend();
    const anvil = await startAnvil({ args: ['--accounts', String(ACCOUNTS), '--block-base-fee-per-gas', '0', '--gas-price', '0'] });
    const connect = (party: Party) => connectChain({ rpcUrl: anvil.rpcUrl, chainId: anvil.chainId, account: actor(PARTIES[party]), pollingIntervalMs: 20 });
    const classes = (['features', 'payout'] as const).map((relation): ClassKey => ({ cls, relation, key: contractKey(keys[relation].vk), development: true }));
    const manifest = await deployEconomy(await connect('deployer'), { config: localConfig({ guardian: addressOf('guardian'), treasury: addressOf('treasury') }), classes });
    const deployment = deploymentOf(manifest), parties = new Map<Party, Economy>();
    for (const party of Object.keys(PARTIES) as Party[]) parties.set(party, await Economy.connect(await connect(party), deployment));
    return new Story(anvil, manifest, deployment, keys, srs, kernels, groth16, parties);
  }

  async end(): Promise<void> {
    await this.groth16.close();
    await this.kernels.close();
    await this.anvil.stop();
  }

  as(party: Party): Economy {
    return this.parties.get(party)!;
  }
  partyOf(address: Address): Party {
    return (Object.keys(PARTIES) as Party[]).find((party) => addressOf(party) === address)!;
  }

  rpc<T = unknown>(method: string, ...params: unknown[]): Promise<T> {
    return this.as('deployer').client.publicClient.request({ method: method as never, params: params as never }) as Promise<T>;
  }
  async now(): Promise<bigint> {
    return (await this.as('deployer').client.publicClient.getBlock()).timestamp;
  }
  async advance(seconds: bigint): Promise<void> {
    if (seconds > 0n) await this.rpc('evm_increaseTime', Number(seconds));
    await this.rpc('evm_mine');
  }
  async advanceTo(timestamp: bigint): Promise<void> {
    await this.advance(timestamp - await this.now());
  }

  /** Tables of a model that nobody trained, on the rows of a snapshot: the proof does not care. */
  bundle({ rows }: Snapshot): ModelBundle {
    const random = new Random(5), int8 = (length: number): Int8Array => Int8Array.from({ length }, () => random.int(-127, 127));
    let end = 0;
    return {
      adapter: { A: int8(ROW << cls.rankLog), B: int8(ROW << cls.rankLog), queryA: int8(ROW << cls.rankLog), queryB: int8(ROW << cls.rankLog) },
      train: { X: int8(TRAIN_ROWS * ROW), Delta: Int16Array.from({ length: TRAIN_ROWS * ROW }, () => random.int(-32767, 32767)), inputs: new Float32Array(), labels: new Int32Array() },
      manifest: {
        modelHash: hashOf('model'), adapterId: hashOf('quantisation'), trainHeight: TRAIN_ROWS, boundaries: rows.map((count) => (end += count)),
        contributors: rows.map((count, index) => ({ index, rows: count, name: `c${index}`, kind: 'honest', identity: `c${index}` })),
      },
    } as unknown as ModelBundle;
  }

  /** R1: features of the snapshot's rows, proved. */
  async registration(bundle: ModelBundle, { datanetId, snapshotId, contributionIds, contributors }: Snapshot): Promise<RegistrationOutput> {
    return buildRegistration({
      bundle, cls, deployment: this.deployment, owner: addressOf('trainer'), snapshot: { datanetId, snapshotId, contributionIds },
      selector: await this.as('trainer').gateway.liveSelector('features', cls.id), payoutAddresses: contributors,
    }, { kernels: this.kernels, groth16: this.groth16, srs: this.srs, keys: this.keys.features });
  }

  /** Inferences of one block, one row each; the block is not committed yet. @param seed  also makes the requests' hashes */
  async serve(node: Party, adapterId: Hex, seed: number, queries: readonly Query[]): Promise<Served> {
    const random = new Random(seed), height = 1 << HEIGHT_LOG;
    const X = Int8Array.from({ length: height * ROW }, () => random.int(-127, 127)), Delta = Int16Array.from({ length: height * ROW }, () => random.int(-32767, 32767));
    queries.forEach(({ empty }, q) => { if (empty) Delta.fill(0, q * ROW, (q + 1) * ROW); });
    const secrets = { format: 'zkattr-batch-secrets' as const, blockId: '0x' as Hex, delta: random.scalar(), x: random.scalar() };
    const inferences = queries.map((_, q): Inference => ({ requestHash: hashOf(`request ${seed} ${q}`), nonce: BigInt(q), rows: 1, outputHash: hashOf(`output ${seed} ${q}`) }));
    const commitment: BlockCommitment = {
      node: addressOf(node), adapterId, heightLog: HEIGHT_LOG, dlt: await commitIntegers(this.srs, Delta, secrets.delta), x: await commitIntegers(this.srs, X, secrets.x), inferences,
      receiptHash: hashOf(`receipt ${seed}`), validUntil: await this.now() + 7200n,
    };
    return { node, queries, commitment, tables: { rows: height, X, Delta }, secrets };
  }

  /** What the payer of each query of these blocks has to pay, by payer. */
  payments(blocks: readonly Served[], payer: Party) {
    return blocks.flatMap(({ node, commitment: { adapterId, inferences }, queries }) => queries.map(({ payer: who, fee }, q) => ({ who, payment: { node: addressOf(node), adapterId, requestHash: inferences[q].requestHash, nonce: inferences[q].nonce, fee } })))
      .filter(({ who }) => who === payer).map(({ payment }) => payment);
  }

  batch({ commitment, tables, secrets, queries }: Served, recordId: Hex, splitId: number, contributorsBps: bigint): JobBatch {
    const record = blockRecord(commitment, splitId), id = blockId({ chainId: this.deployment.chainId, address: this.deployment.inferences }, recordId, record);
    return { folder: id, blockId: id, record, tables, secrets: { ...secrets, blockId: id }, fees: queries.map(({ fee }) => (fee * contributorsBps) / 10_000n) };
  }

  /** R2: the payout of a job, proved for the prover. */
  async prove(bundle: ModelBundle, { registration: r, secrets }: RegistrationOutput, batches: readonly JobBatch[]): Promise<{ payout: PayoutOutput; settle: SettleInput & { settlement: { selector: Hex } } }> {
    const prover = addressOf('prover'), selector = await this.as('prover').gateway.liveSelector('payout', cls.id);
    const payout = await buildPayout({ bundle, cls, deployment: this.deployment, registration: r, secrets, batches, prover, selector }, { kernels: this.kernels, groth16: this.groth16, srs: this.srs, keys: this.keys.payout });
    const { job } = payout;
    const record = featureRecord({ chainId: this.deployment.chainId, address: this.deployment.models }, r.adapter, r.training, r.contributors.map((c) => c.address), r.g);
    return {
      payout,
      settle: { job: { record, blocks: batches.map((b) => b.record), prover }, settlement: { selector, bt: job.bits, m: job.mask, payouts: job.payouts, zeroQueries: job.zeroQueries }, ...contractProof(job.proof) },
    };
  }
}
