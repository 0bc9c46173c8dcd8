/** The prover's own faults are typed errors before any work is wasted. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { drawMask, prove } from '../../../prover/prove.js';
import { StageClock } from '../../../prover/stages/clock.js';
import { proveSumcheck } from '../../../prover/stages/sumcheck.js';
import { circuitInput } from '../../../prover/witness/circuitInput.js';
import { combinedBlinding, fieldTable } from '../../../prover/witness/witness.js';
import { evaluateMask, maskIndices } from '../../../src/commitment/mask.js';
import { developmentSrs } from '../../../prover/setup/developmentKeys.js';
import type { AttributionError } from '../../../src/errors/base.js';
import { frBuffer, frBufferFrom, frBufferToBigints, frGet } from '../../../src/field/buffer.js';
import { FIELD_MODULUS as P } from '../../../src/field/fr.js';
import { evaluateMultilinear } from '../../../src/poly/multilinear.js';
import { DuplexTranscript } from '../../../src/transcript/duplex.js';
import { verifySumcheck } from '../../../src/verify/sumcheck.js';
import { Random, type Scenario } from '../../support/scenario.js';
import { System } from '../../support/system.js';

let system: System, job: Scenario;
before(async () => {
  system = await System.open();
  job = await system.scenario({ seed: 3 });
});
after(() => system.close());

const options = () => ({ kernels: system.kernels, groth16: system.groth16, srs: system.srs, keys: system.keys.payout });
const rejects = (work: Promise<unknown>, code: string, where?: RegExp): Promise<void> =>
  assert.rejects(work, (e: AttributionError) => { assert.equal(e.code, code, e.message); if (where) assert.match(e.where ?? '', where); return true; });

describe('prove', () => {
  it('refuses tables that do not have the shape of the class', async () => {
    const { statement, witness, mask } = job.payout;
    const block = witness.blocks[0]!;
    const short = { ...block, delta: { ...block.delta, table: { kind: 'int16' as const, data: block.delta.table.data.subarray(0, 32) } } };
    const tall = { delta: { ...block.delta, table: { kind: 'int16' as const, data: new Int16Array(32 * 2 ** 7) } }, x: { ...block.x, table: { kind: 'int8' as const, data: new Int8Array(32 * 2 ** 7) } } };
    const changes: [Partial<typeof witness>, RegExp][] = [      [{ blocks: witness.blocks.slice(1) }, /blocks/], [{ blocks: [short, witness.blocks[1]] }, /block 0/], [{ blocks: [witness.blocks[0], tall] }, /block 1/],
      [{ a: { ...witness.a, table: { kind: 'int8' as const, data: new Int8Array(3) } } }, /adapter A/], [{ b: { ...witness.b, table: { kind: 'int8' as const, data: new Int8Array(3) } } }, /adapter B/],
      [{ g: { ...witness.g, table: { kind: 'fr' as const, data: frBuffer(3) } } }, /G/],
    ];
    for (const [change, where] of changes) await rejects(prove(statement, { ...witness, ...change }, mask, options()), 'WITNESS_SHAPE', where);
  });

  it('refuses a reference string that is too short for the class', async () => {
    const srs = await developmentSrs(8);
    await rejects(drawMask(system.kernels, srs, system.cls, 'payout', 4), 'SRS_TOO_SHORT');
    const { statement, witness, mask } = job.payout;
    await rejects(prove(statement, witness, mask, { ...options(), srs }), 'SRS_TOO_SHORT');
  });

  it('refuses a statement out of bounds before it computes anything', async () => {
    const { statement, witness, mask } = job.payout;
    const stages: string[] = [];
    await rejects(prove({ ...statement, tokensLog: 99 }, witness, mask, { ...options(), progress: (s) => stages.push(s) }), 'DIMS');
    assert.deepEqual(stages, []);
  });

  it('cannot prove payouts that are not the split: the circuit has no witness, by template', async () => {
    const { statement, witness, mask } = job.payout;
    const payouts = statement.lists.payouts.map((x, c) => (c === 2 ? x + 1n : x));
    await rejects(prove({ ...statement, lists: { ...statement.lists, payouts } }, witness, mask, options()), 'WITNESS', /line \d+/);
  });

  it('reports stages in order, with their seconds', async () => {
    const stages: string[] = [];
    const { statement, witness, mask } = job.payout;
    const result = await prove(statement, witness, mask, { ...options(), progress: (s) => stages.push(s) });
    assert.deepEqual(stages, ['scores', 'bits', 'influence', 'tokens', 'columns', 'rows', 'opening', 'groth16']);
    for (const stage of [...stages, 'witness']) assert.ok(result.stages[stage] >= 0, stage);
  });
});

describe('the mask', () => {
  it('evaluates as the table it stands for', () => {
    const random = new Random(1);
    for (const nu of [6, 7, 10, 11]) {
      const values = Array.from({ length: 64 }, random.scalar), point = Array.from({ length: nu }, random.scalar);
      const table = new Array<bigint>(2 ** nu).fill(0n);
      maskIndices(nu).forEach((index, i) => { table[index] = values[i]; });
      assert.equal(evaluateMask(values, nu, [...point, 0n, 0n]), evaluateMultilinear(table, point));
    }
  });
  it('is fresh at every draw', async () => {
    const [one, two] = [await drawMask(system.kernels, system.srs, system.cls, 'payout', 4), await drawMask(system.kernels, system.srs, system.cls, 'payout', 4)];
    assert.notDeepEqual(one.commitment, two.commitment);
    assert.notEqual(one.salt, two.salt);
    assert.notEqual(one.rho, two.rho);
  });
});

describe('stages and witness', () => {
  it('prove a sumcheck that the verifier follows, inactive rounds included', async () => {
    const random = new Random(2);
    const [a, b] = [0, 1].map(() => Array.from({ length: 8 }, random.scalar));
    const claim = a.reduce((sum, x, i) => (sum + x * b[i]) % P, 0n);
    const proved = await proveSumcheck(system.kernels, new DuplexTranscript(), 'x', [frBufferFrom(a), frBufferFrom(b)], [{ sign: 1, factors: [0, 1] }], 2, 5);
    const verified = verifySumcheck(new DuplexTranscript(), 'x', claim, proved.messages, 2, [true, true, true, false, false]);
    assert.deepEqual(verified.point, proved.point);
    assert.equal(verified.claim, (proved.values[0] * proved.values[1]) % P);
    assert.deepEqual(proved.values, [evaluateMultilinear(a, proved.point.slice(0, 3)), evaluateMultilinear(b, proved.point.slice(0, 3))]);
  });
  it('embed signed integers and zero-extend', () => {
    assert.deepEqual(frBufferToBigints(fieldTable([-1n, 0n, 2n], 5)), [P - 1n, 0n, 2n, 0n, 0n]);
    assert.equal(frGet(fieldTable([7n]), 0), 7n);
  });
  it('combine the blinding of the blocks that are present', () => {
    const block = (rho: bigint) => ({ delta: { rho }, x: { rho: rho + 1n } }) as never;
    assert.equal(combinedBlinding([block(3n), undefined, block(5n)], [10n, 20n, 30n], 'delta'), 180n);
    assert.equal(combinedBlinding([block(3n), undefined, block(5n)], [10n, 20n, 30n], 'x'), 220n);
  });
  it('name every input signal of the circuit', async () => {
    const messages = await system.chainMessages(job.features);
    const input = circuitInput(job.features.statement, messages, { gammaPrime: 1n, gammaList: 2n, listEvaluation: 3n });
    assert.ok(!('fees' in input));
    assert.deepEqual(input.tokenActive, new Array<bigint>(6).fill(1n));
    assert.match(await system.circuitFault('features', input) ?? '', /Features|ListEvaluation/);
  });
  it('add up the seconds of a stage that runs twice, also when it fails', async () => {
    const clock = new StageClock();
    await clock.time('a', async () => undefined);
    await assert.rejects(clock.time('a', () => Promise.reject(new Error('x'))));
    assert.deepEqual(Object.keys(clock.seconds), ['a']);
  });
});
