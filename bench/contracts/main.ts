/**
 * Gas with the real verifier and real proofs on a local chain (anvil), every figure a mined transaction: verifyPayout and settlement for
 * R = 1, 4, 16, 64 blocks; 1 to 128 inferences that share a proof, with and without the market; every other step of the economy.
 * Run: node dist/bench/main.js gas [--quick] [--out file]      --quick: R = 1 and 4; 1 and 8 inferences
 * Results: bench/results/gas.json
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startAnvil } from '../../src/chain/index.js';
import { packageRoot } from '../../src/files/paths.js';
import { dimsOf, relationShape, type SizeClass } from '../../src/statement/sizeClass.js';
import { SnarkjsBackend } from '../../prover/backends/groth16.js';
import { selectKernels } from '../../prover/kernels/index.js';
import { printTable, progress, writeReport } from '../report.js';
import { measureActions } from './actions.js';
import { measureClass, type GasRow } from './flow.js';
import { clientOf, type Machine } from './job.js';
import { PUBLISHED } from './published.js';
import { measureScale, SCALE, type ScaleRow } from './scale.js';
import { snarkjsVerifierGas } from './snarkjsVerifier.js';

/** Classes from this id on are measured by their inferences, not by their blocks. */
const FIRST_SCALE_CLASS = 106;

const { values: args } = parseArgs({ options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } } });
const { classes } = JSON.parse(await readFile(join(packageRoot(), 'bench', 'contracts', 'classes.json'), 'utf8')) as { classes: SizeClass[] };
const kernels = await selectKernels(), groth16 = new SnarkjsBackend(), anvil = await startAnvil();
try {
  const machine: Machine = { kernels, groth16, chainId: anvil.chainId, rpcUrl: anvil.rpcUrl }, client = await clientOf(anvil.rpcUrl, anvil.chainId, 0);
  const actions = await measureActions(args.quick ? { contributions: 8, periods: 4 } : { contributions: 64, periods: 32 });
  const scale: ScaleRow[] = [], rows: GasRow[] = [];
  for (const { className, queries, jobs } of SCALE) {
    if (!args.quick || queries <= 8) scale.push(...await measureScale(machine, classes.find(({ name }) => name === className)!, queries, jobs));
  }
  let snarkjs = 0n;
  for (const cls of classes.filter(({ id, blocksLog }) => id < FIRST_SCALE_CLASS && (!args.quick || blocksLog < 3))) {
    const row = await measureClass(machine, cls, async (keys, result, statement) => { if (snarkjs === 0n) snarkjs = await snarkjsVerifierGas(client, keys, result, statement); });
    rows.push({ ...row, nu: dimsOf(relationShape(cls, 'payout'), cls.tokensLog).nu });
  }
  const first = rows[0];
  printTable('Gas, mined transactions with real proofs (calldata and base fee included)',
    ['class', 'R', 'Q', 'K', 'nu', 'verifyPayout', 'bytes', 'a block more', 'settle, new credits', 'settle again', 'bytes', 'commitBlock', 'registerFeatures', 'x snarkjs'],
    rows.map((r) => [r.className, r.blocks, r.queries, r.contributors, r.nu, r.verifyPayout, r.verifyCalldataBytes,
      r.queries === first.queries && r.blocks > 1 ? Math.round(Number(r.verifyPayout - first.verifyPayout) / (r.blocks - 1)) : '-',
      r.settle ?? '-', r.settleAgain ?? '-', r.settleCalldataBytes ?? '-', r.commitBlock ?? '-', r.registerFeatures ?? '-', (Number(r.verifyPayout) / Number(snarkjs)).toFixed(2)]));
  printTable('Inferences that share a proof: one block, credits present', ['inferences', 'class', 'jobs', 'verifyPayout', 'settle', 'each', 'deliver', 'each', 'commitBlock', 'lockSigned'],
    scale.map((r) => [r.inferences.toString(), r.className, r.jobs, r.verifyPayout, r.settle ?? '-', r.settleEach ?? '-', r.deliver, r.deliverEach, r.commitBlock, r.lockSigned]));
  printTable('Every other step, class 4x4', ['step', 'of', 'gas', 'each'], actions.map((a) => [a.action, a.group, a.gas, a.each ?? '-']));
  printTable('Beside it', ['verifier', 'gas', 'source'], [
    ["snarkjs' verifier on our Groth16 proof alone (3 public inputs)", snarkjs, 'this run'], ...PUBLISHED.map(({ what, gas, source }) => [what, gas, source]),
  ]);
  await writeReport({ bench: 'gas', command: `node dist/bench/main.js gas${args.quick ? ' --quick' : ''}`, classes: rows, scale, actions, snarkjsVerifierSameRun: snarkjs, published: PUBLISHED }, args.out);
  progress('done');
} finally {
  await groth16.close();
  await kernels.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await anvil.stop();
}
