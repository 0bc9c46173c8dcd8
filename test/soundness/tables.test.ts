/**
 * Protocol section 8: what a commitment hides beyond its nominal shape must not count. Hidden rows of G and junk rows above
 * a block's height are accepted, and change no payout.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Kernels, Table } from '../../prover/kernels/types.js';
import { proveOpening } from '../../prover/stages/opening.js';
import { drawMask } from '../../prover/prove.js';
import { commit } from '../../src/commitment/kzg.js';
import { frBuffer, frCount, type FrBuffer } from '../../src/field/buffer.js';
import { dimsOf, relationShape, type Relation } from '../../src/statement/sizeClass.js';
import type { Statement } from '../../src/statement/statement.js';
import { verifyProof, type AttributionProof } from '../../src/verify/proof.js';
import { fieldTable } from '../../prover/witness/witness.js';
import { play } from '../support/adversary.js';
import { LOCAL_STATEMENT, OnchainVerifier } from '../support/onchain.js';
import { loadClass, System } from '../support/system.js';
import type { Scenario } from '../support/scenario.js';

let system: System, chain: OnchainVerifier, job: Scenario;
before(async () => {
  system = await System.open();
  chain = await OnchainVerifier.start(system.cls, system.keys);
  job = await system.scenario({ seed: 3, ...LOCAL_STATEMENT });
});
after(async () => {
  await chain.stop();
  await system.close();
});

/** The prover's kernels, but rows beyond the weights do not stop a sum: what a prover with an overlong table runs. */
const lenient = (): Kernels => Object.assign(Object.create(system.kernels) as Kernels, {
  combineRows: (weights: FrBuffer, table: Table, rowLength: number) =>
    system.kernels.combineRows(weights, { kind: table.kind, data: table.data.subarray(0, (table.kind === 'fr' ? 32 : 1) * frCount(weights) * rowLength) } as Table, rowLength),
});
/** prove(), without its check of shapes. */
const proofOf = async (scenario: Scenario, relation: Relation): Promise<AttributionProof> => {
  const job = scenario[relation];
  const { claim, input, gammaList } = play(job.statement, await system.chainMessages(job, lenient()));
  const { table, rho, y } = await system.openedTable(job, claim);
  assert.equal(y, claim.y);
  const { nu } = dimsOf(relationShape(system.cls, relation), job.statement.tokensLog);
  return { ...claim, rho, opening: await proveOpening(system.kernels, system.srs, table, claim.point.slice(0, nu), gammaList, rho), groth16: await system.groth16Proof(relation, input) };
};
async function accepted(scenario: Scenario, relation: Relation): Promise<void> {
  const proof = await proofOf(scenario, relation);
  assert.deepEqual(verifyProof(scenario[relation].statement, proof, system.vk[relation]), { ok: true });
  assert.equal(await chain.verdict(scenario[relation].statement, proof), 'accepted');
}

describe('tables longer than their shape', () => {
  it('junk rows above a block\'s height are accepted with unchanged payouts', async () => {
    const { blocks } = job.payout.witness;
    const junked = await Promise.all(blocks.map(async (block) => {
      const { delta, x } = block!;
      const longDelta = new Int16Array(2 * delta.table.data.length).fill(31000), longX = new Int8Array(2 * x.table.data.length).fill(-99);
      longDelta.set(delta.table.data);
      longX.set(x.table.data);
      return {
        delta: await commit(system.kernels, system.srs, { kind: 'int16' as const, data: longDelta }, delta.rho),
        x: await commit(system.kernels, system.srs, { kind: 'int8' as const, data: longX }, x.rho),
      };
    }));
    const { statement, witness } = job.payout;
    const next: Statement = { ...statement, commitments: { ...statement.commitments, delta: junked.map((b) => b.delta.commitment), x: junked.map((b) => b.x.commitment) } };
    assert.notDeepEqual(next.commitments, statement.commitments);
    assert.deepEqual(next.lists, statement.lists);
    await accepted({ ...job, payout: { ...job.payout, statement: next, witness: { ...witness, blocks: junked } } }, 'payout');
  });

  it('a G with hidden rows proves and pays as the G without them, and only in its own class', async () => {
    const shape = relationShape(system.cls, 'features');
    const visible = job.features.witness.g.table.data;
    // Rows of contributors 4 to 7, who do not exist in the class: a fortune, if anyone ever opens G under 8 contributors.
    const table = frBuffer(2 * 2 ** shape.nuG);
    table.set(visible);
    table.set(fieldTable(new Array<bigint>(2 ** shape.nuG).fill(1n << 79n)), visible.length);
    const g = await commit(system.kernels, system.srs, { kind: 'fr' as const, data: table }, 77n);
    const withG = <R extends Scenario['features'] | Scenario['payout']>(r: R): R => ({ ...r, statement: { ...r.statement, commitments: { ...r.statement.commitments, g: g.commitment } }, witness: { ...r.witness, g } });
    const hidden: Scenario = { ...job, features: withG(job.features), payout: withG(job.payout) };
    await accepted(hidden, 'features');
    await accepted(hidden, 'payout');
    // Under a larger class: another domain, digest and shape (the registry holds the class with the record: ModelRegistry.t.sol).
    const proof = await proofOf(hidden, 'features');
    const cls = await loadClass('16x16');
    const { statement } = hidden.features;
    const larger: Statement = { ...statement, cls, commitments: { ...statement.commitments, delta: [...statement.commitments.delta, ...statement.commitments.delta], x: [...statement.commitments.x, ...statement.commitments.x] }, lists: { ...statement.lists, boundaries: new Array<bigint>(16).fill(64n) } };
    for (const s of [larger, { ...statement, cls: { ...system.cls, id: 2 } }]) {
      assert.equal(verifyProof(s, proof, system.vk.features).ok, false);
      assert.notEqual(await chain.verdict(s, proof), 'accepted');
    }
    // The contract takes the shape from its own entry, so a class that lies about its contributors can only be tried off chain.
    const wide: Statement = { ...statement, cls: { ...system.cls, contributorsLog: 3 }, lists: { ...statement.lists, boundaries: [...statement.lists.boundaries, 64n, 64n, 64n, 64n] } };
    assert.equal(verifyProof(wide, proof, system.vk.features).ok, false);
  });

  it('a mask may be any committed table: what else it holds changes no payout', async () => {
    const { mask, statement } = job.payout;
    const other = await drawMask(system.kernels, system.srs, system.cls, 'payout', statement.tokensLog, () => 1n);
    assert.notDeepEqual(other.commitment, mask.commitment);
    const next = { ...job, payout: { ...job.payout, mask: other, statement: { ...statement, commitments: { ...statement.commitments, mask: other.commitment } } } };
    await accepted(next, 'payout');
  });
});
