/** Gas of an inference by how many share one proof: one block with all of them, settled directly and delivered through the market. */
import type { SizeClass } from '../../src/statement/sizeClass.js';
import { progress } from '../report.js';
import { verifyGas } from './flow.js';
import { ClassBench, type Machine } from './job.js';

export interface ScaleRow {
  className: string;
  inferences: number;
  /** Jobs in one transaction: deliverMany from 2 on. */
  jobs: number;
  /** Of one job, beside it: proof and lists alone. */
  verifyPayout: bigint;
  /** Credits of earlier jobs present, as in every settlement but the first. Undefined for many jobs: they are delivered. */
  settle?: bigint;
  deliver: bigint;
  settleEach?: bigint;
  deliverEach: bigint;
  /** Before it, by another transaction: the block is committed, the request is locked. */
  commitBlock: bigint;
  lockSigned: bigint;
}

/** Which class, and how many of its queries are used. */
export const SCALE: readonly { className: string; queries: number; jobs: number }[] = [
  { className: 'gas-r1-q4', queries: 1, jobs: 1 }, { className: 'gas-r1-q8', queries: 8, jobs: 1 }, { className: 'gas-r1-q32', queries: 32, jobs: 1 }, { className: 'gas-r1-q64', queries: 64, jobs: 2 },
];

/** @throws ChainError, Error when a proof is refused */
export async function measureScale(machine: Machine, cls: SizeClass, queries: number, jobs: number): Promise<ScaleRow[]> {
  const bench = await ClassBench.open(machine, cls);
  await bench.settle(await bench.job(queries)); // from here on every credit is there already
  await bench.warmMarket();
  const direct = await bench.job(queries), { gas: verifyPayout } = await verifyGas(bench, direct.statement, direct.result), { gas: settle } = await bench.settle(direct);
  const rows: ScaleRow[] = [], counts = jobs > 1 ? [1, jobs] : [1];
  for (const count of counts) {
    const proved = [];
    for (let i = 0; i < count; i++) proved.push(await bench.job(queries));
    const { deliveries, lockSigned } = await bench.lock(proved), inferences = queries * count;
    const { gasUsed: deliver, result } = count === 1 ? await bench.prover.market.deliver(deliveries[0]) : await bench.prover.market.deliverMany(deliveries);
    if (Array.isArray(result) && result.includes(false)) throw new Error(`${cls.name}: a delivery failed`);
    const each = (gas: bigint): bigint => gas / BigInt(inferences);
    rows.push({
      className: cls.name, inferences, jobs: count, verifyPayout, deliver, deliverEach: each(deliver), commitBlock: proved[0].commitBlock, lockSigned,
      ...(count === 1 ? { settle, settleEach: each(settle) } : {}),
    });
    progress(`${cls.name}: ${inferences} inferences, settle ${count === 1 ? settle : '-'}, deliver ${deliver}`);
  }
  return rows;
}
