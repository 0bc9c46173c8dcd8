/**
 * Gas of verifyPayout and of a whole settlement for R = 1, 4, 16, 64 blocks, with real proofs on a local chain (anvil).
 * Run: node dist/bench/main.js gas [--quick] [--out file]      --quick: R = 1 and 4
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
import { clientOf, measureClass, type GasRow } from './flow.js';
import { snarkjsVerifierGas } from './snarkjsVerifier.js';

/** Figures of others and of the prototype; see `source`. */
const PUBLISHED = [
  { what: "snarkjs' Solidity verifier, 1 public input", gas: 214_546, source: 'measured for this project: snarkjs 0.7.6 template, solc 0.8, transaction on anvil' },
  { what: "snarkjs' Solidity verifier, 4 public inputs", gas: 236_106, source: 'same' },
  { what: "snarkjs' Solidity verifier, 16 public inputs", gas: 321_943, source: 'same' },
  { what: 'prototype, whole verification (4 x 4, two blocks)', gas: 508_000, source: 'docs/PROTOCOL.md section 5' },
];

const { values: args } = parseArgs({ options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } } });
const { classes } = JSON.parse(await readFile(join(packageRoot(), 'bench', 'contracts', 'classes.json'), 'utf8')) as { classes: SizeClass[] };
const kernels = await selectKernels(), groth16 = new SnarkjsBackend(), anvil = await startAnvil();
try {
  const client = await clientOf(anvil.rpcUrl, anvil.chainId, 0);
  const rows: GasRow[] = [];
  let snarkjs = 0n;
  for (const cls of args.quick ? classes.filter(({ blocksLog }) => blocksLog < 3) : classes) {
    const row = await measureClass({
      kernels, groth16, chainId: anvil.chainId, rpcUrl: anvil.rpcUrl, cls,
      onProof: async (keys, result, statement) => { if (snarkjs === 0n) snarkjs = await snarkjsVerifierGas(client, keys, result, statement); },
    });
    rows.push({ ...row, nu: dimsOf(relationShape(cls, 'payout'), cls.tokensLog).nu });
  }
  const first = rows[0];
  printTable('Gas, mined transactions with real proofs (calldata and base fee included)',
    ['class', 'R', 'Q', 'K', 'nu', 'verifyPayout', 'bytes', 'a block more', 'settle, new credits', 'settle again', 'bytes', 'commitBlock', 'registerFeatures', 'x snarkjs'],
    rows.map((r) => [r.className, r.blocks, r.queries, r.contributors, r.nu, r.verifyPayout, r.verifyCalldataBytes,
      r.queries === first.queries && r.blocks > 1 ? Math.round(Number(r.verifyPayout - first.verifyPayout) / (r.blocks - 1)) : '-',
      r.settle ?? '-', r.settleAgain ?? '-', r.settleCalldataBytes ?? '-', r.commitBlock ?? '-', r.registerFeatures ?? '-', (Number(r.verifyPayout) / Number(snarkjs)).toFixed(2)]));
  printTable('Beside it', ['verifier', 'gas', 'source'], [
    ["snarkjs' verifier on our Groth16 proof alone (3 public inputs)", snarkjs, 'this run'], ...PUBLISHED.map(({ what, gas, source }) => [what, gas, source]),
  ]);
  await writeReport({ bench: 'gas', command: `node dist/bench/main.js gas${args.quick ? ' --quick' : ''}`, classes: rows, snarkjsVerifierSameRun: snarkjs, published: PUBLISHED }, args.out);
  progress('done');
} finally {
  await groth16.close();
  await kernels.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await anvil.stop();
}
