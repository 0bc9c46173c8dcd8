/** The plain circuit of bench/baseline/plain.circom: source, inputs from the same job as ours, model of its size. */
import { join } from 'node:path';
import { cacheRoot, packageRoot } from '../../src/files/paths.js';
import { frCount, frGet } from '../../src/field/buffer.js';
import { FIELD_MODULUS } from '../../src/field/fr.js';
import type { SizeClass } from '../../src/statement/sizeClass.js';
import { compileSource, mainSource, type CompiledCircuit } from '../../prover/setup/circuit.js';
import { readR1cs } from '../../prover/setup/qap.js';
import type { CircuitInput } from '../../prover/backends/witness.js';
import { stacked, type Scenario } from '../../test/support/scenario.js';

const cache = join(cacheRoot(), 'bench', 'baseline');

export const compilePlain = (cls: SizeClass, progress?: (message: string) => void): Promise<CompiledCircuit> => {
  const { queriesLog, contributorsLog, layersLog, rankLog, widthLog, tokensLog } = cls;
  const source = `pragma circom 2.2.0;\ninclude "plain.circom";\ncomponent main = Plain(${[queriesLog, contributorsLog, layersLog, rankLog, widthLog, tokensLog].join(', ')});\n`;
  return compileSource(source, [join(packageRoot(), 'circuits'), join(packageRoot(), 'bench', 'baseline')], cache, { progress });
};

/** Constraints of both circuits at the same sizes (payout relation, all tokens of the class). */
export async function countConstraints(cls: SizeClass, progress?: (message: string) => void): Promise<{ plain: number; ours: number }> {
  const plain = await compilePlain(cls, progress);
  const ours = await compileSource(mainSource(cls, 'payout'), [join(packageRoot(), 'circuits')], cache, { progress });
  return { plain: readR1cs(plain.r1cs).nConstraints, ours: readR1cs(ours.r1cs).nConstraints };
}

/**
 * Model of the plain circuit, for sizes that cannot be compiled. 612 constraints a permutation of 16 words.
 * The bench prints model / measured wherever both exist.
 */
export function plainModel(cls: SizeClass): number {
  const Q = 2 ** cls.queriesLog, K = 2 ** cls.contributorsLog, L = 2 ** cls.layersLog, r = 2 ** cls.rankLog, d = 2 ** cls.widthLog, T = 2 ** cls.tokensLog;
  const DB = 120 + cls.contributorsLog;
  const hash = (words: number): number => (612 * words) / 16;
  const products = 2 * T * L * r * d + T * L * r * r + Q * K * L * r * r + Q * K;
  const bits = Q * K * (120 + 3);
  // ShareRate: IsZero, DB + 7 + (DB - 1) + (241 - DB) + 2 DB bits, powers, products; PayoutValue: 86 + 160 bits.
  const split = Q * (3 * DB + 265) + K * 246;
  const ranges = 24 * T * L * d + 16 * r * L * d;
  return Math.round(products + bits + split + ranges + hash((T * L * d) / 31 + (T * L * d) / 15 + (2 * r * L * d) / 31 + K * L * r * r + 6 + Q + K));
}

const signed = (data: ArrayLike<number>): bigint[] => Array.from(data, (value) => (value < 0 ? FIELD_MODULUS + BigInt(value) : BigInt(value)));

/** Inputs of the plain circuit for the job of a scenario (one block, all tokens, even segments). */
export function plainInput({ cls, payout: { statement, witness } }: Scenario): CircuitInput {
  const width = 2 ** (cls.layersLog + cls.widthLog);
  const rows = stacked(witness.blocks, width * 2 ** (statement.tokensLog - cls.blocksLog));
  const g = Array.from({ length: 2 ** (cls.contributorsLog + cls.layersLog + 2 * cls.rankLog) }, (_, i) => (i < frCount(witness.g.table.data) ? frGet(witness.g.table.data, i) : 0n));
  const { shifts, lambdas, queryRemainders, payouts, payoutRemainders } = witness.split;
  return {
    x: signed(rows.x), delta: signed(rows.delta), a: signed(witness.a.table.data), b: signed(witness.b.table.data), g,
    fees: statement.lists.fees, payouts, shifts, lambdas, feeRemainders: queryRemainders, payoutRemainders,
  };
}
