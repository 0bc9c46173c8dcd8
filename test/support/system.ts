/** Keys, reference string and kernels of a class, a proof of a random job, and the circuit without its Groth16 proof. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SnarkjsBackend } from '../../prover/backends/groth16.js';
import { calculateWitness, compileGenerator, type CircuitInput, type WitnessGenerator } from '../../prover/backends/witness.js';
import { selectKernels, type Kernels } from '../../prover/kernels/index.js';
import { prove, type ProveResult } from '../../prover/prove.js';
import { developmentKeys } from '../../prover/setup/developmentKeys.js';
import type { SetupKeys } from '../../prover/setup/keys.js';
import { combineBlocks } from '../../prover/stages/activations.js';
import { StageClock } from '../../prover/stages/clock.js';
import { proveFeaturesChain } from '../../prover/stages/features.js';
import { maskedTable } from '../../prover/stages/opening.js';
import { provePayoutChain } from '../../prover/stages/payout.js';
import { combinedBlinding } from '../../prover/witness/witness.js';
import { scoreBits, splitRewards, type RewardSplit } from '../../src/attribution/index.js';
import { commit, type Table } from '../../src/commitment/kzg.js';
import { readSrs, type Srs } from '../../src/commitment/srs.js';
import { WitnessError } from '../../src/errors/setup.js';
import { packageRoot } from '../../src/files/paths.js';
import { frGet, type FrBuffer } from '../../src/field/buffer.js';
import { frAdd, frMul } from '../../src/field/fr.js';
import { eqTable } from '../../src/poly/multilinear.js';
import { checkStatement, type OpeningClaim } from '../../src/statement/statement.js';
import { relationShape, type Relation, type SizeClass } from '../../src/statement/sizeClass.js';
import type { FeaturesMessages, PayoutMessages } from '../../src/verify/chain.js';
import { g2FromWords, verifierKey } from '../../src/verify/key.js';
import type { AttributionProof, Groth16Points, VerifierKey } from '../../src/verify/proof.js';
import { copy } from './adversary.js';
import { makeScenario, type Scenario, type ScenarioOptions } from './scenario.js';

export async function loadClass(name: string): Promise<SizeClass> {
  const { classes } = JSON.parse(await readFile(join(packageRoot(), 'circuits', 'circuits.json'), 'utf8')) as { classes: SizeClass[] };
  return classes.find((c) => c.name === name)!;
}

export interface Proven<M = FeaturesMessages | PayoutMessages> {
  proof: AttributionProof;
  messages: M;
}

type MessagesOf<R> = R extends Scenario['payout'] ? PayoutMessages : FeaturesMessages;

/** One class with development keys. Close it, or threads keep the process alive. */
export class System {
  readonly groth16 = new SnarkjsBackend();
  readonly vk: Record<Relation, VerifierKey>;
  readonly #generators = new Map<Relation, Promise<WitnessGenerator>>();

  private constructor(readonly cls: SizeClass, readonly kernels: Kernels, readonly keys: SetupKeys, readonly srs: Srs) {
    this.vk = { features: verifierKey(keys.features.vk), payout: verifierKey(keys.payout.vk) };
  }

  static async open(name = '4x4', kernelName: 'reference' | 'portable' = 'portable'): Promise<System> {
    const cls = await loadClass(name);
    const [kernels, keys] = await Promise.all([selectKernels(kernelName), developmentKeys(cls)]);
    return new System(cls, kernels, keys, await readSrs(keys.srs));
  }

  scenario(options: ScenarioOptions = {}): Promise<Scenario> {
    return makeScenario(this.kernels, this.srs, this.cls, options);
  }

  async provePayout({ payout }: Scenario): Promise<Proven<PayoutMessages>> {
    return (await this.#prove(payout, 'payout')) as Proven<PayoutMessages>;
  }
  async proveFeatures({ features }: Scenario): Promise<Proven<FeaturesMessages>> {
    return this.#prove(features, 'features');
  }
  #prove({ statement, witness, mask }: Scenario['features'] | Scenario['payout'], relation: Relation): Promise<ProveResult> {
    return prove(statement, witness, mask, { kernels: this.kernels, groth16: this.groth16, srs: this.srs, keys: this.keys[relation] });
  }

  /** Chain messages for any statement and witness: every sumcheck is computed honestly over what is handed in, also over lies. */
  async chainMessages<R extends Scenario['features'] | Scenario['payout']>({ statement, witness, mask }: R, kernels = this.kernels): Promise<MessagesOf<R>> {
    const secrets = { salt: mask.salt, mask: mask.values };
    const { messages } = 'bits' in witness
      ? await provePayoutChain(kernels, statement, witness, secrets, new StageClock())
      : await proveFeaturesChain(kernels, statement, witness, secrets, new StageClock());
    return copy(messages) as MessagesOf<R>; // the split is the witness's own
  }

  /**
   * The same job with other scores: statement, committed bits and canonical split agree with them, the activations do not.
   * `bits` replaces the bits table, `split` is applied to the canonical split.
   */
  async withScores(job: Scenario['payout'], scores: bigint[][], change: { bits?: Uint8Array; split?: (split: RewardSplit) => RewardSplit } = {}): Promise<Scenario['payout']> {
    const shape = relationShape(this.cls, 'payout');
    const split = (change.split ?? ((s) => s))(splitRewards(scores, job.statement.lists.fees, shape));
    const bits = await commit(this.kernels, this.srs, { kind: 'bit' as const, data: change.bits ?? scoreBits(scores, shape) }, 5n);
    const { statement, witness } = job;
    return {
      ...job,
      statement: { ...statement, commitments: { ...statement.commitments, bits: bits.commitment }, lists: { ...statement.lists, payouts: split.payouts, zeroQueries: split.zeroQueries } },
      witness: { ...witness, scores, split, bits: bits.table, bitsRho: bits.rho },
    };
  }

  /** F' of a claim, from the true tables: what an opening can be made for. */
  async openedTable({ statement, witness, mask }: Scenario['features'] | Scenario['payout'], claim: OpeningClaim): Promise<{ table: FrBuffer; rho: bigint; y: bigint }> {
    const { dims } = checkStatement(statement);
    const weights = eqTable(claim.tauHigh);
    const opened: Table[] = [
      ...await Promise.all((['delta', 'x'] as const).map(async (side): Promise<Table> => ({ kind: 'fr', data: await combineBlocks(this.kernels, witness.blocks, side, weights) }))),
      witness.b.table, witness.a.table, witness.g.table, ...('bits' in witness ? [witness.bits] : []),
    ];
    const table = await maskedTable(this.kernels, opened, claim.gammaPrime, mask.values, mask.indices, dims.nu);
    const rhos = [
      combinedBlinding(witness.blocks, weights, 'delta'), combinedBlinding(witness.blocks, weights, 'x'), witness.b.rho, witness.a.rho, witness.g.rho,
      ...('bitsRho' in witness ? [witness.bitsRho] : []),
    ];
    const rho = frAdd(mask.rho, rhos.reduceRight((acc, value) => frMul(frAdd(acc, value), claim.gammaPrime), 0n));
    const eq = await this.kernels.eqTable(claim.point.slice(0, dims.nu));
    return { table, rho, y: frGet(await this.kernels.dotRows({ kind: 'fr', data: table }, eq, 2 ** dims.nu, 1), 0) };
  }

  /** A Groth16 proof for an input that has a witness. */
  async groth16Proof(relation: Relation, input: CircuitInput): Promise<Groth16Points> {
    const { a, b, c } = (await this.groth16.prove(this.keys[relation].zkey, this.keys[relation].wasm, input)).proof;
    return { a: { x: a[0], y: a[1] }, b: g2FromWords(b), c: { x: c[0], y: c[1] } };
  }

  /** Undefined when a witness exists, else the innermost templates of the failing constraint. */
  async circuitFault(relation: Relation, input: CircuitInput): Promise<string | undefined> {
    const { wasm } = this.keys[relation];
    if (!this.#generators.has(relation)) this.#generators.set(relation, readFile(wasm).then(compileGenerator));
    try {
      await calculateWitness(await this.#generators.get(relation)!, input, wasm);
      return undefined;
    } catch (error) {
      if (error instanceof WitnessError && error.shortMessage === 'assertion failed') return error.trace.join(' < ');
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.groth16.close();
    await this.kernels.close();
  }
}
