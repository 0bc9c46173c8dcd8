/** Chain verifier = circuit, reference kernels = portable kernels, pure verifier = contract: over jobs of several shapes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createReferenceKernels } from '../../prover/kernels/reference/index.js';
import { drawMask } from '../../prover/prove.js';
import { proveOpening } from '../../prover/stages/opening.js';
import { dimsOf, relationShape, type Relation } from '../../src/statement/sizeClass.js';
import { verifyProof } from '../../src/verify/proof.js';
import { frAdd } from '../../src/field/fr.js';
import { changed, play, scalarPaths } from '../support/adversary.js';
import { LOCAL_STATEMENT, OnchainVerifier } from '../support/onchain.js';
import { acceptedByChainAndCircuit, verifyChain } from '../support/refusal.js';
import { Random, type Scenario, type ScenarioOptions } from '../support/scenario.js';
import { System } from '../support/system.js';

/** Active and inactive rounds, absent blocks, fewer queries and contributors, empty segments, one row a block. */
const JOBS: Record<string, ScenarioOptions> = {
  'a typical job': { seed: 3 },
  'all rounds active': { seed: 4, tokensLog: 8, trainTokensLog: 6 },
  'one row a block': { seed: 5, tokensLog: 1, trainTokensLog: 1, queryEnds: [1, 2, 2, 2], contributorEnds: [1, 2, 2, 2] },
  'an absent block': { seed: 6, tokensLog: 5, presentBlocks: 1 },
  'two queries of unequal length': { seed: 7, tokensLog: 4, queryEnds: [1, 16, 16, 16], fees: [5n, 7n] },
  'empty segments in between': { seed: 8, tokensLog: 3, queryEnds: [0, 5, 5, 8], contributorEnds: [20, 20, 60, 60] },
  'rows that belong to nobody': { seed: 9, tokensLog: 4, queryEnds: [2, 3, 3, 9], contributorEnds: [1, 2, 3, 4] },
  'fees of zero and of 80 bits': { seed: 10, tokensLog: 4, fees: [0n, (1n << 80n) - 1n, 1n, 2n] },
};
const RELATIONS: Relation[] = ['features', 'payout'];

let system: System, chain: OnchainVerifier;
const jobs: Record<string, Scenario> = {};
before(async () => {
  system = await System.open();
  chain = await OnchainVerifier.start(system.cls, system.keys);
  for (const [name, options] of Object.entries(JOBS)) jobs[name] = await system.scenario({ ...options, ...LOCAL_STATEMENT });
});
after(async () => {
  await chain.stop();
  await system.close();
});

describe('chain verifier and circuit', () => {
  for (const name of Object.keys(JOBS)) {
    it(`accept ${name} with the same claim`, async () => {
      for (const relation of RELATIONS) {
        const { statement } = jobs[name][relation];
        await acceptedByChainAndCircuit(system, statement, play(statement, await system.chainMessages(jobs[name][relation])), relation);
      }
    });
    it(`reject ${name} together, for random changes`, async () => {
      const random = new Random(21);
      for (const relation of RELATIONS) {
        const { statement } = jobs[name][relation];
        const messages = await system.chainMessages(jobs[name][relation]);
        const paths = scalarPaths(messages);
        for (let i = 0; i < 12; i++) {
          const path = paths[random.int(0, paths.length - 1)];
          const attack = play(statement, changed(messages, path, (x) => frAdd(x, random.scalar())));
          const verdict = verifyChain(statement, attack.messages);
          assert.equal(verdict.ok, await system.circuitFault(relation, attack.input) === undefined, `${relation} ${path.join('.')}`);
          // m is checked by the opening alone.
          assert.equal(verdict.ok, path[0] === 'm', `${relation} ${path.join('.')}`);
        }
      }
    });
  }
});

describe('reference and portable kernels', () => {
  for (const name of Object.keys(JOBS)) {
    it(`make the same messages and opening of ${name}`, async () => {
      const reference = await System.open('4x4', 'reference');
      try {
        for (const relation of RELATIONS) {
          const job = jobs[name][relation];
          const messages = await system.chainMessages(job);
          assert.deepEqual(await reference.chainMessages(job), messages);
          const { claim, gammaList } = play(job.statement, messages);
          const { nu } = dimsOf(relationShape(system.cls, relation), job.statement.tokensLog);
          const [one, two] = [await system.openedTable(job, claim), await reference.openedTable(job, claim)];
          assert.deepEqual(Buffer.from(one.table), Buffer.from(two.table));
          assert.equal(one.y, claim.y);
          if (nu > 10 && name !== 'a typical job') continue; // the reference is slow; one large opening is enough
          const point = claim.point.slice(0, nu);
          assert.deepEqual(
            await proveOpening(system.kernels, system.srs, one.table, point, gammaList, one.rho), await proveOpening(reference.kernels, system.srs, two.table, point, gammaList, two.rho));
        }
      } finally {
        await reference.close();
      }
    });
  }

  it('draw the same mask from the same randomness', async () => {
    const kernels = createReferenceKernels();
    const mask = (k: typeof kernels) => drawMask(k, system.srs, system.cls, 'payout', 4, new Random(31).scalar);
    assert.deepEqual(await mask(system.kernels), await mask(kernels));
    await kernels.close();
  });
});

describe('pure verifier and contract', () => {
  for (const name of ['all rounds active', 'one row a block', 'an absent block', 'fees of zero and of 80 bits']) {
    it(`accept the proofs of ${name}`, async () => {
      for (const relation of RELATIONS) {
        const { statement } = jobs[name][relation];
        const { proof } = relation === 'payout' ? await system.provePayout(jobs[name]) : await system.proveFeatures(jobs[name]);
        assert.deepEqual(verifyProof(statement, proof, system.vk[relation]), { ok: true }, relation);
        assert.equal(await chain.verdict(statement, proof), 'accepted', relation);
      }
    });
  }
});
