/** The pure TypeScript verifier and the naive implementation behind the contract's fixtures agree. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeFunctionData, decodeAbiParameters, type AbiParameter } from 'viem';
import { attributionVerifierAbi } from '../../src/chain/generated/contracts.js';
import { contractFeaturesStatement, contractPayoutStatement, contractProof, type FeaturesStatement, type Groth16Proof, type OpeningProof, type PayoutStatement, type VerifyingKey } from '../../src/chain/index.js';
import { G1_INFINITY, type G1Affine, type G2Affine } from '../../src/curve/bn254.js';
import { relationShape, type Relation } from '../../src/statement/sizeClass.js';
import type { Statement } from '../../src/statement/statement.js';
import { verifyProof, type AttributionProof } from '../../src/verify/proof.js';
import { FIXTURE_CHAIN_ID, FIXTURE_VERIFIER, simulatedFixture } from './fixture.js';
import { loadClass } from './scenario.js';

const g2 = ([x1, x0, y1, y0]: readonly bigint[]): G2Affine => ({ x: [x0, x1], y: [y0, y1] });
const fill = <T>(list: readonly T[], length: number, filler: T): T[] => [...list, ...Array<T>(length - list.length).fill(filler)];
const entryTypes = (attributionVerifierAbi.find((item) => item.type === 'function' && item.name === 'addClass')!.inputs as readonly AbiParameter[]).slice(2, 4);

for (const relation of ['payout', 'features'] as Relation[]) {
  describe(`${relation} fixture`, () => {
    it('is accepted by the pure verifier, and a changed context is not', async () => {
      const cls = await loadClass('4x4');
      const shape = relationShape(cls, relation);
      const fixture = simulatedFixture(cls, relation);
      const [s, o, p] = decodeFunctionData({ abi: attributionVerifierAbi, data: fixture.calldata }).args as unknown as [PayoutStatement & FeaturesStatement, OpeningProof, Groth16Proof];
      const key = (decodeAbiParameters(entryTypes, fixture.entry) as unknown[])[1] as VerifyingKey;
      const payout = relation === 'payout';
      const statement: Statement = {
        relation, cls, chainId: BigInt(FIXTURE_CHAIN_ID), verifier: BigInt(FIXTURE_VERIFIER), context: BigInt(s.context), tokensLog: s.tokensLog,
        commitments: { delta: fill<G1Affine>(s.dlt, shape.blocks, G1_INFINITY), x: fill<G1Affine>(s.x, shape.blocks, G1_INFINITY), b: s.b, a: s.a, g: s.g, ...(payout ? { bits: s.bt } : {}), mask: s.m },
        lists: {
          boundaries: fill(s.boundaries, shape.segments, s.boundaries.at(-1)!), fees: payout ? fill(s.fees, shape.queries, 0n) : [],
          payouts: payout ? fill(s.payouts, shape.contributors, 0n) : [], zeroQueries: payout ? s.zeroQueries : 0n,
        },
      };
      const { y, pStar, tauHi, gammaPrime, rho, ...opening } = o;
      const proof: AttributionProof = { y, point: [...pStar], tauHigh: [...tauHi], gammaPrime, rho, opening, groth16: { a: p.a, b: g2(p.b), c: p.c } };
      const vk = { alpha: key.alpha, beta: g2(key.beta), gamma: g2(key.gamma), delta: g2(key.delta), ic: [...key.ic], tauG2: g2(key.tauG2) };
      assert.deepEqual(verifyProof(statement, proof, vk), { ok: true });
      assert.equal(verifyProof({ ...statement, context: 1n }, proof, vk).ok, false);
      // Back to the contract's structs, lists padded.
      const back = payout ? contractPayoutStatement(statement) : contractFeaturesStatement(statement);
      assert.equal(back.context, s.context);
      assert.deepEqual(contractProof(proof), { opening: o, proof: p });
    });
  });
}
