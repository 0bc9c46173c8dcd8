/**
 * tokens, columns, rows: the stages both relations share, from the claim phi to the opening claim.
 * Twins: src/verify/{tokens,columns,rows}.ts, circuits/attribution/stages.circom.
 */
import { evaluateMask } from '../../src/commitment/mask.js';
import { tableLength, type Table } from '../../src/commitment/kzg.js';
import { frBuffer, frBufferFrom, frCount, frGet, type FrBuffer } from '../../src/field/buffer.js';
import { frMul } from '../../src/field/fr.js';
import { eqTable } from '../../src/poly/multilinear.js';
import type { Dims, RelationShape } from '../../src/statement/sizeClass.js';
import type { OpeningClaim } from '../../src/statement/statement.js';
import { LABELS } from '../../src/transcript/labels.js';
import type { DuplexTranscript } from '../../src/transcript/duplex.js';
import type { TailMessages } from '../../src/verify/chain.js';
import { maskedValue } from '../../src/verify/rows.js';
import { lowPoint } from '../../src/verify/columns.js';
import type { Kernels } from '../kernels/types.js';
import type { RelationWitness } from '../witness/witness.js';
import { combineBlocks, projectTokens } from './activations.js';
import { proveSumcheck } from './sumcheck.js';
import type { StageClock } from './clock.js';

export interface TailInput {
  witness: RelationWitness;
  shape: RelationShape;
  dims: Dims;
  /** b_1 .. b_S. */
  boundaries: readonly bigint[];
  /** Segment point, and pG = (beta, alpha, lam, rho_c). */
  rho: readonly bigint[];
  pG: readonly bigint[];
  salt: bigint;
  phi: bigint;
  mask: readonly bigint[];
  bits?: { table: Extract<Table, { kind: 'bit' }>; point: readonly bigint[] };
}

export interface TailOutput {
  messages: TailMessages;
  claim: OpeningClaim;
  /** F_k in the order Dlt, X, B, A, G(, Bt), without the mask: coefficients of the opened polynomial. */
  opened: Table[];
  /** eq(k, tau_hi). */
  blockWeights: bigint[];
}

const resized = (table: FrBuffer, entries: number): FrBuffer => {
  if (frCount(table) === entries) return table;
  const out = frBuffer(entries);
  out.set(table.subarray(0, 32 * entries));
  return out;
};

/** weight[t] = sum_s eq(rho,s) [b_s <= t < b_(s+1)]: one field element for each token, 0 above b_S. */
function segmentTable(rho: readonly bigint[], boundaries: readonly bigint[], tokens: number): FrBuffer {
  const weights = eqTable(rho);
  const out = frBuffer(tokens);
  let from = 0;
  boundaries.forEach((b, s) => {
    const value = frBufferFrom([weights[s]]);
    for (; from < Number(b); from++) out.set(value, 32 * from);
  });
  return out;
}

export async function proveTail(kernels: Kernels, transcript: DuplexTranscript, input: TailInput, clock: StageClock): Promise<TailOutput> {
  const { witness, shape, dims, pG, bits } = input;
  const { rankLog, layersLog, widthLog } = shape.cls;
  const { J, blocksLog } = shape;
  const beta = pG.slice(0, rankLog), alpha = pG.slice(rankLog, 2 * rankLog), lam = pG.slice(2 * rankLog, 2 * rankLog + layersLog);
  const L = 1 << layersLog, d = 1 << widthLog, columnsCount = 1 << J;
  const rows = 2 ** (dims.tokensLog - blocksLog);

  const tokens = await clock.time(LABELS.tokens, async () => {
    const adapterB = await kernels.combineRows(await kernels.eqTable(alpha), witness.b.table, columnsCount);
    const adapterA = await kernels.combineRows(await kernels.eqTable(beta), witness.a.table, columnsCount);
    const U = await projectTokens(kernels, witness.blocks, 'delta', adapterB, d, L, rows);
    const Z = await projectTokens(kernels, witness.blocks, 'x', adapterA, d, L, rows);
    const weight = await kernels.outer(segmentTable(input.rho, input.boundaries, 2 ** dims.tokensLog), await kernels.eqTable(lam));
    const sumcheck = await proveSumcheck(kernels, transcript, LABELS.tokens, [weight, U, Z], [{ sign: 1, factors: [0, 1, 2] }], 3, layersLog + shape.tokensLogMax);
    return { ...sumcheck, adapterA, adapterB };
  });
  const [, u, z] = tokens.values;
  const layerPoint = tokens.point.slice(0, layersLog);
  const tau = tokens.point.slice(layersLog);
  const tauLow = tau.slice(0, dims.tokensLog - blocksLog), tauHigh = tau.slice(dims.tokensLog - blocksLog, dims.tokensLog);
  const [mu] = transcript.absorb(LABELS.activations, [u, z], 1);

  // Opened tables F_k, activations block-combined.
  const blockWeights = eqTable(tauHigh);
  const columns = await clock.time(LABELS.columns, async () => {
    const delta = await combineBlocks(kernels, witness.blocks, 'delta', blockWeights);
    const x = await combineBlocks(kernels, witness.blocks, 'x', blockWeights);
    const rowWeights = await kernels.eqTable(tauLow);
    const mu2 = frMul(mu, mu), mu3 = frMul(mu2, mu);
    const scaled = (table: FrBuffer, k: bigint): Promise<FrBuffer> => kernels.linearCombination([k], [{ kind: 'fr', data: table }], columnsCount);
    const bindRows = async (table: Table, point: readonly bigint[]): Promise<FrBuffer> =>
      resized(await kernels.combineRows(await kernels.eqTable(point), table, Math.min(columnsCount, tableLength(table))), columnsCount);
    const layers = await kernels.outer(await kernels.eqTable(layerPoint), frBufferFrom(new Array<bigint>(d).fill(1n)));
    const tables = [
      layers,
      resized(await kernels.combineRows(rowWeights, { kind: 'fr', data: delta.subarray(0, 32 * rows * columnsCount) }, columnsCount), columnsCount),
      tokens.adapterB,
      resized(await kernels.combineRows(rowWeights, { kind: 'fr', data: x.subarray(0, 32 * rows * columnsCount) }, columnsCount), columnsCount),
      await scaled(tokens.adapterA, mu),
      await scaled(await kernels.eqTable(lowPoint(pG, J)), mu2),
      await bindRows(witness.g.table, pG.slice(J)),
    ];
    const terms = [{ sign: 1 as const, factors: [0, 1, 2] }, { sign: 1 as const, factors: [0, 3, 4] }, { sign: 1 as const, factors: [5, 6] }];
    if (bits) {
      tables.push(await scaled(await kernels.eqTable(lowPoint(bits.point, J)), mu3), await bindRows(bits.table, bits.point.slice(J)));
      terms.push({ sign: 1, factors: [7, 8] });
    }
    const sumcheck = await proveSumcheck(kernels, transcript, LABELS.columns, tables, terms, 3, J);
    return { ...sumcheck, delta, x };
  });
  // v = (Dlt, X, B, A, G, Bt): A was scaled by mu, so its value is bound again from the unscaled table.
  const eqColumns = await kernels.eqTable(columns.point);
  const vA = frGet(await kernels.dotRows({ kind: 'fr', data: tokens.adapterA }, eqColumns, columnsCount, 1), 0);
  const v = [columns.values[1], columns.values[3], columns.values[2], vA, columns.values[6], ...(bits ? [columns.values[8]] : [])];
  const [gamma] = transcript.absorb(LABELS.values, v, 1);

  const opened: Table[] = [
    { kind: 'fr', data: columns.delta }, { kind: 'fr', data: columns.x }, witness.b.table, witness.a.table, witness.g.table, ...(bits ? [bits.table] : []),
  ];
  const rowsOut = await clock.time(LABELS.rows, async () => {
    const points = [tauLow, tauLow, alpha, beta, pG.slice(J), ...(bits ? [bits.point.slice(J)] : [])];
    const tables: FrBuffer[] = [];
    let power = 1n;
    for (const [k, table] of opened.entries()) {
      power = frMul(power, gamma);
      const bound = resized(await kernels.dotRows(paddedRow(table, columnsCount), eqColumns, columnsCount, 1), 2 ** dims.H);
      const padded = Array.from({ length: dims.H }, (_, i) => points[k][i] ?? 0n);
      tables.push(await kernels.linearCombination([power], [{ kind: 'fr', data: await kernels.eqTable(padded) }], 2 ** dims.H), bound);
    }
    const terms = opened.map((_, k) => ({ sign: 1 as const, factors: [2 * k, 2 * k + 1] }));
    return proveSumcheck(kernels, transcript, LABELS.rows, tables, terms, 2, shape.heightMax);
  });
  const w = opened.map((_, k) => rowsOut.values[2 * k + 1]);
  const point = [...columns.point, ...rowsOut.point];
  const m = evaluateMask(input.mask, dims.nu, point);
  const [gammaPrime] = transcript.absorb(LABELS.openings, [m, ...w], 1);
  return {
    messages: { salt: input.salt, phi: input.phi, tokensMessage: tokens.messages, u, z, columnsMessage: columns.messages, v, rowsMessage: rowsOut.messages, m, w },
    claim: { gammaPrime, y: maskedValue(m, w, gammaPrime), point, tauHigh },
    opened, blockWeights,
  };
}

/** A table shorter than one row is zero-extended to it. */
function paddedRow(table: Table, entries: number): Table {
  if (tableLength(table) >= entries) return table;
  if (table.kind === 'fr') return { kind: 'fr', data: resized(table.data, entries) };
  const data = new (table.data.constructor as new (n: number) => Int8Array)(entries);
  data.set(table.data as Int8Array);
  return { kind: table.kind, data } as Table;
}
