/**
 * How chain and opening of the payout relation grow when T, d, K or Q doubles. No circuit: size classes made up here, a
 * development SRS of the power they need. The chain is checked by verifyPayoutChain, the opening by its pairing equation.
 */
import { maskIndices } from '../../src/commitment/mask.js';
import type { Srs } from '../../src/commitment/srs.js';
import { G2_GENERATOR, g1Neg, pairingProductIsOne } from '../../src/curve/bn254.js';
import { frAdd, frMul } from '../../src/field/fr.js';
import type { SizeClass } from '../../src/statement/sizeClass.js';
import { listChallenge, statementDigest, statementList } from '../../src/statement/statement.js';
import { verifyPayoutChain } from '../../src/verify/chain.js';
import { verifyOpening } from '../../src/verify/opening.js';
import { combinedCommitment } from '../../src/verify/proof.js';
import type { Kernels } from '../../prover/kernels/types.js';
import { StageClock } from '../../prover/stages/clock.js';
import { maskedTable, proveOpening } from '../../prover/stages/opening.js';
import { provePayoutChain } from '../../prover/stages/payout.js';
import { combinedBlinding } from '../../prover/witness/witness.js';
import { makeScenario, type Scenario } from '../../test/support/scenario.js';
import { median, progress } from '../report.js';

export type Axis = 'T' | 'd' | 'K' | 'Q';
const FIELD = { T: 'tokensLog', d: 'widthLog', K: 'contributorsLog', Q: 'queriesLog' } as const;

/** The point from which each axis grows alone: 16 x 16, 2 layers, rank 8, width 64, 2^10 tokens, one block. */
export const BASE: SizeClass = { id: 200, name: 'growth', queriesLog: 4, contributorsLog: 4, layersLog: 1, rankLog: 3, widthLog: 6, tokensLog: 10, blocksLog: 0, trainTokensLog: 6, trainBlocksLog: 0 };
export const AXES: Record<Axis, readonly number[]> = { T: [8, 9, 10, 11, 12, 13], d: [5, 6, 7, 8, 9], K: [2, 3, 4, 5, 6], Q: [2, 3, 4, 5, 6] };
export const QUICK_AXES: Record<Axis, readonly number[]> = { T: [8, 9, 10], d: [5, 6, 7], K: [3, 4, 5], Q: [3, 4, 5] };

export interface GrowthPoint {
  axis: Axis;
  value: number;
  nu: number;
  seconds: Record<string, number>;
  chainAndOpening: number;
}

export const growthClass = (axis: Axis, log: number): SizeClass => ({ ...BASE, [FIELD[axis]]: log });

/** One chain with opening, checked. @returns seconds by stage */
async function proveOnce(kernels: Kernels, srs: Srs, { payout: { statement, witness, mask } }: Scenario, nu: number): Promise<Record<string, number>> {
  const clock = new StageClock();
  const chain = await provePayoutChain(kernels, statement, witness, { salt: mask.salt, mask: mask.values }, clock);
  const { claim } = chain;
  const rhos = [combinedBlinding(witness.blocks, chain.blockWeights, 'delta'), combinedBlinding(witness.blocks, chain.blockWeights, 'x'), witness.b.rho, witness.a.rho, witness.g.rho, witness.bitsRho];
  const rho = frAdd(mask.rho, rhos.reduceRight((acc, value) => frMul(frAdd(acc, value), claim.gammaPrime), 0n));
  const { gammaList } = listChallenge(claim.gammaPrime, statementList(statement, statementDigest(statement), claim));
  const point = claim.point.slice(0, nu);
  const opening = await clock.time('opening', async () =>
    proveOpening(kernels, srs, await maskedTable(kernels, chain.opened, claim.gammaPrime, mask.values, maskIndices(nu), nu), point, gammaList, rho));

  const checked = verifyPayoutChain(statement, chain.messages);
  if (!checked.ok) throw new Error(`chain is not accepted: ${checked.error.message}`);
  if (checked.claim.y !== claim.y || checked.claim.gammaPrime !== claim.gammaPrime) throw new Error('prover and verifier claim different openings');
  const { left, right } = verifyOpening(combinedCommitment(statement.commitments, claim, rho), point, claim.y, gammaList, rho, opening);
  if (!pairingProductIsOne([{ g1: left, g2: G2_GENERATOR }, { g1: g1Neg(right), g2: srs.tauG2 }])) throw new Error('opening is not accepted');
  return clock.seconds;
}

/** @param srs  at least 2^nu powers for every point */
export async function benchGrowth(kernels: Kernels, srs: Srs, axes: Record<Axis, readonly number[]>, nuOf: (cls: SizeClass) => number, repetitions: number): Promise<GrowthPoint[]> {
  const out: GrowthPoint[] = [];
  for (const axis of Object.keys(axes) as Axis[]) {
    for (const log of axes[axis]) {
      const cls = growthClass(axis, log), nu = nuOf(cls);
      const scenario = await makeScenario(kernels, srs, cls, { tokensLog: cls.tokensLog });
      const runs: Record<string, number>[] = [];
      // Same mask each time: these proofs are checked and thrown away.
      for (let run = 0; run <= repetitions; run++) {
        const seconds = await proveOnce(kernels, srs, scenario, nu);
        if (run > 0) runs.push(seconds);
      }
      const seconds = Object.fromEntries(Object.keys(runs[0]).map((stage) => [stage, median(runs.map((r) => r[stage]))]));
      const chainAndOpening = Object.values(seconds).reduce((a, b) => a + b, 0);
      progress(`${axis} = ${2 ** log}: ${chainAndOpening.toFixed(2)} s`);
      out.push({ axis, value: 2 ** log, nu, seconds, chainAndOpening });
    }
  }
  return out;
}
