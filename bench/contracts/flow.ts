/** Gas of one class by its blocks: verifyPayout alone, a whole settlement with new credits and again, commitBlock, registerFeatures. */
import { encodeFunctionData, type Address, type Hex } from 'viem';
import { contractPayoutStatement, contractProof, type ChainClient } from '../../src/chain/index.js';
import { attributionVerifierAbi } from '../../src/chain/generated/contracts.js';
import type { SizeClass } from '../../src/statement/sizeClass.js';
import type { Statement } from '../../src/statement/statement.js';
import type { ProveResult } from '../../prover/prove.js';
import type { SetupKeys } from '../../prover/setup/index.js';
import { progress } from '../report.js';
import { ClassBench, hashOf, type Machine } from './job.js';

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

/** What comes out of the last payout proof, for other verifiers. */
export type OnProof = (keys: SetupKeys, result: ProveResult, statement: Statement) => Promise<void>;

/** @throws ChainError, Error when the pure verifier or the contract refuses a proof */
export async function verifyGas(bench: ClassBench, statement: Statement, { proof }: ProveResult): Promise<{ gas: bigint; bytes: number }> {
  const data = encodeFunctionData({ abi: attributionVerifierAbi, functionName: 'verifyPayout', args: [contractPayoutStatement(statement), ...Object.values(contractProof(proof)) as [never, never]] });
  return { gas: await mined(bench.prover.client, bench.prover.deployment.verifier, data), bytes: data.length / 2 - 1 };
}

/** Measures one class. @throws ChainError, Error when a proof is refused by the pure verifier or the contract */
export async function measureClass(machine: Machine, cls: SizeClass, onProof: OnProof): Promise<GasRow> {
  const bench = await ClassBench.open(machine, cls), blocks = 2 ** cls.blocksLog, queries = 2 ** cls.queriesLog;
  const row: GasRow = { className: cls.name, blocks, queries, contributors: 2 ** cls.contributorsLog, nu: 0, verifyPayout: 0n, verifyCalldataBytes: 0 };
  const verify = async (statement: Statement, result: ProveResult): Promise<void> => {
    ({ gas: row.verifyPayout, bytes: row.verifyCalldataBytes } = await verifyGas(bench, statement, result));
    await onProof(bench.keys, result, statement);
  };
  if (blocks > queries) {
    // No settlement can fill these blocks: the verifier alone.
    const { payout } = await bench.scenario(), statement = bench.bound(payout.statement, hashOf('context'));
    await verify(statement, await bench.prove(statement, payout.witness, payout.mask));
    progress(`${cls.name}: verifyPayout ${row.verifyPayout}`);
    return row;
  }
  for (const name of ['settle', 'settleAgain'] as const) {
    const job = await bench.job();
    if (name === 'settle') {
      await verify(job.statement, job.result);
      ({ registerFeatures: row.registerFeatures, commitBlock: row.commitBlock } = job);
    }
    ({ gas: row[name], bytes: row.settleCalldataBytes } = await bench.settle(job));
    progress(`${cls.name}: verifyPayout ${row.verifyPayout}, ${name} ${row[name]}`);
  }
  return row;
}
