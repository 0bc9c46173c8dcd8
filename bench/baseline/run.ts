/**
 * Ours against the plain circuit at the same sizes and on the same job: constraints by compiling both, proving time by snarkjs with
 * development keys, both proofs verified. What is too large to compile comes from the model and is labelled `model`.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { groth16 as snarkjs } from 'snarkjs';
import { cacheRoot } from '../../src/files/paths.js';
import { readSrs } from '../../src/commitment/srs.js';
import type { SizeClass } from '../../src/statement/sizeClass.js';
import { verifierKey } from '../../src/verify/key.js';
import { verifyProof } from '../../src/verify/proof.js';
import { SnarkjsBackend, toSnarkjsProof } from '../../prover/backends/groth16.js';
import type { Kernels } from '../../prover/kernels/types.js';
import { prove } from '../../prover/prove.js';
import { developmentKeys, exportVerificationKey, toSnarkjsKey, writeDevelopmentZkey } from '../../prover/setup/index.js';
import { makeScenario } from '../../test/support/scenario.js';
import { median, progress, timed } from '../report.js';
import { compilePlain, countConstraints, plainInput, plainModel } from './circuit.js';

export interface BaselineRow {
  axis: string;
  value: string;
  queries: number;
  contributors: number;
  tokens: number;
  width: number;
  rank: number;
  layers: number;
  plain: number;
  plainFrom: 'compiled' | 'model';
  ours: number;
  /** plain / ours. */
  ratio: number;
  modelError?: number;
  /** Whole proving time, s. */
  plainSeconds?: number;
  oursSeconds?: number;
  speedup?: number;
}

/** 4 x 4, 16 tokens, 2 layers, rank 4, width 16, one block. */
const BASE: SizeClass = { id: 300, name: 'baseline', queriesLog: 2, contributorsLog: 2, layersLog: 1, rankLog: 2, widthLog: 4, tokensLog: 4, blocksLog: 0, trainTokensLog: 4, trainBlocksLog: 0 };
const named = (change: Partial<SizeClass>): SizeClass => {
  const cls = { ...BASE, ...change };
  return { ...cls, name: `baseline-${cls.queriesLog}-${cls.contributorsLog}-${cls.layersLog}-${cls.rankLog}-${cls.widthLog}-${cls.tokensLog}` };
};

const describe = (axis: string, value: string, cls: SizeClass, plain: number, plainFrom: BaselineRow['plainFrom'], ours: number): BaselineRow => ({
  axis, value, queries: 2 ** cls.queriesLog, contributors: 2 ** cls.contributorsLog, tokens: 2 ** cls.tokensLog, width: 2 ** cls.widthLog, rank: 2 ** cls.rankLog, layers: 2 ** cls.layersLog,
  plain, plainFrom, ours, ratio: plain / ours,
});

/** Medians of proving the same job both ways. @throws Error when a proof is not accepted */
async function proveBoth(kernels: Kernels, cls: SizeClass, repetitions: number): Promise<{ plainSeconds: number; oursSeconds: number }> {
  const keys = await developmentKeys(cls, { progress });
  const srs = await readSrs(keys.srs);
  const scenario = await makeScenario(kernels, srs, cls, { tokensLog: cls.tokensLog });
  const circuit = await compilePlain(cls, progress);
  const zkey = join(cacheRoot(), 'bench', 'baseline', 'keys', `${circuit.key}.zkey`);
  if (!existsSync(zkey)) {
    progress(`development key of the plain circuit, ${cls.name}`);
    await mkdir(join(zkey, '..'), { recursive: true });
    await writeDevelopmentZkey(circuit.r1cs, zkey);
  }
  const vk = toSnarkjsKey(await exportVerificationKey(zkey, srs.tauG2Words));
  const backend = new SnarkjsBackend();
  const plain: number[] = [], ours: number[] = [];
  try {
    const input = plainInput(scenario), { statement, witness, mask } = scenario.payout;
    for (let run = 0; run <= repetitions; run++) {
      const a = await timed(() => backend.prove(zkey, circuit.wasm, input));
      if (!await snarkjs.verify(vk, a.value.publicSignals, toSnarkjsProof(a.value.proof))) throw new Error(`${cls.name}: plain proof is not accepted`);
      const b = await timed(() => prove(statement, witness, mask, { kernels, groth16: backend, srs, keys: keys.payout }));
      const check = verifyProof(statement, b.value.proof, verifierKey(keys.payout.vk));
      if (!check.ok) throw new Error(`${cls.name}: proof is not accepted: ${check.error.message}`);
      if (run > 0) {
        plain.push(a.seconds);
        ours.push(b.seconds);
      }
    }
  } finally {
    await backend.close();
  }
  return { plainSeconds: median(plain), oursSeconds: median(ours) };
}

/** @param pinned  classes of circuits.json, for the rows by model */
export async function benchBaseline(kernels: Kernels, pinned: readonly SizeClass[], ourConstraints: (cls: SizeClass) => Promise<number>, quick: boolean): Promise<BaselineRow[]> {
  const log = (values: readonly number[]): readonly number[] => (quick ? values.slice(0, 2) : values);
  const points: { axis: string; value: string; cls: SizeClass; prove?: boolean }[] = [
    ...log([1, 2, 3, 4]).map((n) => ({ axis: 'Q x K', value: `${2 ** n} x ${2 ** n}`, cls: named({ queriesLog: n, contributorsLog: n }), prove: n < 3 })),
    ...log([5, 6, 7, 8]).map((n) => ({ axis: 'T', value: `${2 ** n}`, cls: named({ tokensLog: n }), prove: n === 6 || (!quick && n === 8) })),
    ...log([5, 6, 7]).map((n) => ({ axis: 'd', value: `${2 ** n}`, cls: named({ widthLog: n }) })),
    ...log([3, 4]).map((n) => ({ axis: 'K', value: `${2 ** n}`, cls: named({ contributorsLog: n }) })),
    ...log([3, 4]).map((n) => ({ axis: 'Q', value: `${2 ** n}`, cls: named({ queriesLog: n }) })),
  ];
  const rows: BaselineRow[] = [];
  for (const { axis, value, cls, prove: proven } of points) {
    const { plain, ours } = await countConstraints(cls, progress);
    const row = { ...describe(axis, value, cls, plain, 'compiled', ours), modelError: plainModel(cls) / plain - 1 };
    progress(`plain circuit, ${axis} ${value}: ${plain} constraints, ours ${ours}`);
    if (proven) {
      const seconds = await proveBoth(kernels, cls, quick ? 1 : 3);
      Object.assign(row, seconds, { speedup: seconds.plainSeconds / seconds.oursSeconds });
      progress(`plain circuit, ${axis} ${value}: proved in ${seconds.plainSeconds.toFixed(2)} s, ours ${seconds.oursSeconds.toFixed(2)} s`);
    }
    rows.push(row);
  }
  for (const cls of pinned) rows.push(describe('class', cls.name, cls, plainModel(cls), 'model', await ourConstraints(cls)));
  return rows;
}
