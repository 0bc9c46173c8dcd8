/** Protocol section 8: wrong S, G, Phi, any round coefficient, any claim. Challenges and public inputs follow from the false messages. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { proveOpening } from '../../prover/stages/opening.js';
import { G1_GENERATOR, g1Add, g1Combine } from '../../src/curve/bn254.js';
import { frAdd, frFrom, frInv, frMul } from '../../src/field/fr.js';
import { dimsOf, relationShape } from '../../src/statement/sizeClass.js';
import { verifyProof, type AttributionProof } from '../../src/verify/proof.js';
import type { FeaturesMessages, PayoutMessages } from '../../src/verify/chain.js';
import { changed, play, scalarPaths, STAGES, type Stage } from '../support/adversary.js';
import { LOCAL_STATEMENT, OnchainVerifier } from '../support/onchain.js';
import { acceptedByChainAndCircuit, refusedByChainAndCircuit } from '../support/refusal.js';
import { fieldTable } from '../../prover/witness/witness.js';
import { System } from '../support/system.js';
import type { Scenario } from '../support/scenario.js';

let system: System, chain: OnchainVerifier, job: Scenario, payout: PayoutMessages, features: FeaturesMessages;
before(async () => {
  system = await System.open();
  chain = await OnchainVerifier.start(system.cls, system.keys);
  job = await system.scenario({ seed: 3, ...LOCAL_STATEMENT });
  payout = await system.chainMessages(job.payout);
  features = await system.chainMessages(job.features);
});
after(async () => {
  await chain.stop();
  await system.close();
});

const TAIL = ['salt', 'phi', 'tokensMessage', 'u', 'z', 'columnsMessage', 'v', 'rowsMessage', 'w'] as const;
const PAYOUT_ONLY = ['sigma', 'scoresMessage', 'magnitude', 'sign', 'bitsMessage', 'bt', 'influenceMessage', 'g'] as const;

describe('a changed message', () => {
  it('is not there in the honest chain, which verifier and circuit accept with the same claim', async () => {
    await acceptedByChainAndCircuit(system, job.payout.statement, play(job.payout.statement, payout));
    await acceptedByChainAndCircuit(system, job.features.statement, play(job.features.statement, features));
  });

  for (const field of [...PAYOUT_ONLY, ...TAIL]) {
    it(`in ${field} of the payout relation breaks a final claim, entry by entry`, async () => {
      for (const path of scalarPaths({ [field]: payout[field] })) {
        await refusedByChainAndCircuit(system, job.payout.statement, play(job.payout.statement, changed(payout, path, (x) => frAdd(x, 1n))), { code: 'SUMCHECK_CLAIM', fault: /^(Payout|Tokens|Columns|Rows) line/ }, path.join('.'));
      }
    });
  }
  for (const field of TAIL) {
    it(`in ${field} of the features relation breaks a final claim, entry by entry`, async () => {
      for (const path of scalarPaths({ [field]: features[field] })) {
        await refusedByChainAndCircuit(system, job.features.statement, play(job.features.statement, changed(features, path, (x) => frAdd(x, 1n))), { code: 'SUMCHECK_CLAIM', fault: /^(Tokens|Columns|Rows) line/ }, path.join('.'));
      }
    });
  }

  const first: [string, Stage][] = [['sigma', 'scores'], ['magnitude', 'scores'], ['sign', 'scores'], ['bt', 'bits'], ['g', 'influence'], ['phi', 'influence'], ['u', 'tokens'], ['z', 'tokens'], ['v', 'columns'], ['w', 'rows']];
  for (const [field, stage] of first) {
    it(`in ${field} shows first in the ${stage} stage`, async () => {
      const path = scalarPaths({ [field]: payout[field as 'v'] })[0];
      const fault = stage === 'tokens' || stage === 'columns' || stage === 'rows' ? new RegExp(`^${stage[0].toUpperCase()}${stage.slice(1)} line`) : /^Payout line/;
      await refusedByChainAndCircuit(system, job.payout.statement, play(job.payout.statement, changed(payout, path, (x) => frAdd(x, 1n))), { code: 'SUMCHECK_CLAIM', where: stage, fault });
    });
  }

  it('moves on to the next stage when the final claim is repaired, and breaks each stage that is not', async () => {
    for (let i = 0; i < STAGES.length; i++) {
      const lie = play(job.payout.statement, changed(payout, ['sigma'], (x) => frAdd(x, 1n)), { repair: STAGES.filter((_, k) => k !== i) });
      await refusedByChainAndCircuit(system, job.payout.statement, lie, { code: 'SUMCHECK_CLAIM', where: STAGES[i], fault: /^(Payout|Tokens|Columns|Rows) line/ }, STAGES[i]);
    }
  });
});

describe('a lie pushed through every stage', () => {
  it('satisfies the circuit, and leaves a claim that the committed tables do not have', async () => {
    for (const field of [...PAYOUT_ONLY, ...TAIL, 'm' as const]) {
      if (field === 'salt' || field === 'w') continue; // salt: no lie; w: repaired back
      const path = scalarPaths({ [field]: payout[field] })[0];
      const lie = play(job.payout.statement, changed(payout, path, (x) => frAdd(x, 1n)), { repair: STAGES });
      await acceptedByChainAndCircuit(system, job.payout.statement, lie, field);
      assert.notEqual((await system.openedTable(job.payout, lie.claim)).y, lie.claim.y, field);
    }
    const honest = play(job.payout.statement, payout);
    assert.equal((await system.openedTable(job.payout, honest.claim)).y, honest.claim.y);
  });

  it('has a valid Groth16 proof and no opening: every way to close the gap is refused, off chain and on it', async () => {
    // All fees to contributor 1: a canonical split of invented scores, whose bits are committed by the liar.
    const lie = await system.withScores(job.payout, job.scores.map((row) => row.map((_, c) => (c === 1 ? 1n : 0n))));
    const { statement } = lie;
    const attack = play(statement, await system.chainMessages(lie), { repair: STAGES });
    await acceptedByChainAndCircuit(system, statement, attack);
    const groth16 = await system.groth16Proof('payout', attack.input);
    const { table, rho, y } = await system.openedTable(lie, attack.claim);
    const { nu } = dimsOf(relationShape(system.cls, 'payout'), statement.tokensLog);
    const point = attack.claim.point.slice(0, nu);
    const honest = await proveOpening(system.kernels, system.srs, table, point, attack.gammaList, rho);
    const base: AttributionProof = { ...attack.claim, rho, opening: honest, groth16 };

    // 1. The true opening of the true tables: its identity has another y.
    assert.notEqual(y, attack.claim.y);
    await refused(statement, base, 'OPENING_IDENTITY', 'OpeningIdentity');
    // 2. Another polynomial with the claimed value: identity holds, commitment does not.
    const difference = frFrom(attack.claim.y - y);
    const eq0 = point.reduce((product, r) => frMul(product, frFrom(1n - r)), 1n);
    const shifted = await system.kernels.linearCombination([1n, frMul(difference, frInv(eq0))], [{ kind: 'fr', data: table }, { kind: 'fr', data: fieldTable([1n]) }], 2 ** nu);
    await refused(statement, { ...base, opening: await proveOpening(system.kernels, system.srs, shifted, point, attack.gammaList, rho) }, 'PAIRING', 'PairingRejected');
    // 3. The opening of the true tables with another y in calldata: the list is another one.
    await refused(statement, { ...base, y }, /./, /./);
    // 4. Another blinding factor moves C' along H only.
    await refused(statement, { ...base, rho: frAdd(rho, 1n) }, /./, /./);
    // 5. Commitments are in the digest: moving M to fit the other polynomial changes gamma'.
    const moved = { ...statement, commitments: { ...statement.commitments, mask: g1Add(statement.commitments.mask, g1Combine([G1_GENERATOR], [frMul(difference, frInv(eq0))])) } };
    await refused(moved, { ...base, opening: await proveOpening(system.kernels, system.srs, shifted, point, attack.gammaList, rho) }, /./, /./);
  });

  async function refused(statement: Scenario['payout']['statement'], proof: AttributionProof, code: string | RegExp, error: string | RegExp): Promise<void> {
    const verdict = verifyProof(statement, proof, system.vk.payout);
    assert.ok(!verdict.ok);
    assert.match(verdict.error.code, new RegExp(code));
    const onchain = await chain.verdict(statement, proof);
    assert.notEqual(onchain, 'accepted');
    assert.match(onchain, new RegExp(error));
  }
});
