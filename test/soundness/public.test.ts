/**
 * Protocol section 8 at the border: everything a verifier is handed. Each attack against the TypeScript verifier and the contract.
 * One real proof of each relation.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { bn254 } from '@noble/curves/bn254.js';
import { hexToBytes, toHex } from 'viem';
import { DEVELOPMENT_ALPHA, DEVELOPMENT_BETA } from '../../prover/setup/developmentZkey.js';
import { readZkeyHeader } from '../../prover/setup/zkey.js';
import { DEVELOPMENT_TAU } from '../../src/commitment/srs.js';
import { BASE_MODULUS, g1Add, g1Combine, g1Mul, g1Neg, G1_GENERATOR, G1_INFINITY, G2_GENERATOR, G2_INFINITY, g2Mul, pairingProductIsOne, g1Get, type G1Affine, type G2Affine } from '../../src/curve/bn254.js';
import { FIELD_MODULUS as P, frAdd, frInv, frMul } from '../../src/field/fr.js';
import { keccakScalar } from '../../src/hash/keccak.js';
import type { Relation } from '../../src/statement/sizeClass.js';
import { listChallenge, pointWords, statementDigest, statementList, type Statement } from '../../src/statement/statement.js';
import { verifyOpening } from '../../src/verify/opening.js';
import { combinedCommitment, verifyProof, type AttributionProof, type VerifierKey } from '../../src/verify/proof.js';
import { changed, copy, scalarPaths } from '../support/adversary.js';
import { calldata, LOCAL_STATEMENT, OnchainVerifier } from '../support/onchain.js';
import { loadClass, System } from '../support/system.js';
import { Random, type Scenario } from '../support/scenario.js';

interface Case { statement: Statement; proof: AttributionProof; vk: VerifierKey }
let system: System, chain: OnchainVerifier, job: Scenario;
const real = {} as Record<Relation, Case>;
before(async () => {
  system = await System.open();
  chain = await OnchainVerifier.start(system.cls, system.keys);
  job = await system.scenario({ seed: 3, contributorEnds: [9, 30, 41, 64], queryEnds: [3, 8, 12, 16], ...LOCAL_STATEMENT });
  real.payout = { statement: job.payout.statement, proof: (await system.provePayout(job)).proof, vk: system.vk.payout };
  real.features = { statement: job.features.statement, proof: (await system.proveFeatures(job)).proof, vk: system.vk.features };
});
after(async () => {
  await chain.stop();
  await system.close();
});

const RELATIONS: Relation[] = ['payout', 'features'];
const both = async (run: (relation: Relation, c: Case) => Promise<void>): Promise<void> => { for (const relation of RELATIONS) await run(relation, real[relation]); };

/** Both verifiers refuse; `onchain: false` where the contract's types cannot even hold the value. */
async function refused({ vk }: Case, statement: Statement, proof: AttributionProof, label: string, { onchain = true, code }: { onchain?: boolean; code?: string } = {}): Promise<void> {
  const verdict = verifyProof(statement, proof, vk);
  assert.ok(!verdict.ok, `${label}: accepted`);
  if (code) assert.equal(verdict.error.code, code, `${label}: ${verdict.error.message}`);
  if (onchain) assert.notEqual(await chain.verdict(statement, proof), 'accepted', `${label}: accepted on chain`);
}
const OFF_CURVE: G1Affine = { x: 1n, y: 3n };
const PROOF_POINTS = ['ch', 'cq', 'cg', 'cs', 'cd', 'wz', 'wi', 'wa'] as const;
const withOpening = (proof: AttributionProof, change: Partial<AttributionProof['opening']>): AttributionProof => ({ ...proof, opening: { ...proof.opening, ...change } });
const withCommitments = (statement: Statement, change: Partial<Statement['commitments']>): Statement => ({ ...statement, commitments: { ...statement.commitments, ...change } });

describe('a proof', () => {
  it('is accepted as it was made, off chain and on it', () => both(async (_, { statement, proof, vk }) => {
    assert.deepEqual(verifyProof(statement, proof, vk), { ok: true });
    assert.equal(await chain.verdict(statement, proof), 'accepted');
  }));

  it('is refused with one changed word, each in turn', () => both(async (relation, c) => {
    for (const path of scalarPaths(c.proof)) await refused(c, c.statement, changed(c.proof, path, (x) => x ^ 1n), `${relation} ${path.join('.')}`);
  }));

  it('is refused with one changed word of its statement, each in turn', () => both(async (relation, c) => {
    const { commitments, lists } = c.statement;
    for (const path of scalarPaths({ commitments, lists, context: c.statement.context })) {
      if (relation === 'features' && path[1] === 'zeroQueries') continue; // checked to be 0, not a word of this relation
      const statement = { ...c.statement, ...changed({ commitments, lists, context: c.statement.context }, path, (x) => x ^ 1n) };
      await refused(c, statement, c.proof, `${relation} ${path.join('.')}`);
    }
  }));

  it('is refused by the contract with any one byte of the calldata changed', () => both(async (relation, { statement, proof }) => {
    const bytes = hexToBytes(calldata(statement, proof));
    const random = new Random(17);
    const verdicts = new Map<string, number>();
    for (let from = 4; from < bytes.length; from += 64) {
      await Promise.all(Array.from({ length: Math.min(64, bytes.length - from) }, async (_, i) => {
        const at = from + i;
        const bit = random.int(0, 7);
        const damaged = bytes.slice();
        damaged[at] ^= 1 << bit;
        const verdict = await chain.call(toHex(damaged));
        assert.notEqual(verdict, 'accepted', `${relation}: byte ${at}, bit ${bit}`);
        verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      }));
    }
    assert.ok(verdicts.size > 4, [...verdicts].join());
  }));

  it('is refused for a word more or less in its lists', () => both(async (_, c) => {
    const { proof, statement } = c;
    await refused(c, statement, { ...proof, point: [...proof.point, 0n] }, 'longer point', { code: 'LIST_LENGTH' });
    await refused(c, statement, { ...proof, point: proof.point.slice(0, -1) }, 'shorter point', { code: 'LIST_LENGTH' });
    await refused(c, statement, { ...proof, tauHigh: [] }, 'no tau_hi', { code: 'LIST_LENGTH' });
    await refused(c, statement, { ...proof, point: [...proof.point, ...proof.tauHigh], tauHigh: [] }, 'tau_hi moved into the point', { code: 'LIST_LENGTH' });
    await refused(c, statement, { ...proof, tauHigh: [...proof.tauHigh, 0n] }, 'longer tau_hi', { code: 'LIST_LENGTH' });
  }));
});

describe('the digest', () => {
  it('binds job, prover and inferences: all of them are in the context', () => both((_, c) => refused(c, { ...c.statement, context: c.statement.context + 1n }, c.proof, 'context')));
  it('binds the chain', () => both((_, c) => refused(c, { ...c.statement, chainId: 1n }, c.proof, 'chain', { onchain: false })));
  it('binds the chain on the contract\'s side, which asks the chain itself', async () => {
    const foreign = await system.scenario({ seed: 3, ...LOCAL_STATEMENT, chainId: 1n });
    const { proof } = await system.proveFeatures(foreign);
    assert.ok(verifyProof(foreign.features.statement, proof, system.vk.features).ok);
    assert.notEqual(await chain.verdict(foreign.features.statement, proof), 'accepted');
  });
  it('binds the verifier: the same keys at another address refuse', () => both(async (_, c) => {
    await refused(c, { ...c.statement, verifier: c.statement.verifier + 1n }, c.proof, 'verifier', { onchain: false });
    assert.notEqual(await chain.verdict(c.statement, c.proof, await chain.another(system.cls, system.keys)), 'accepted');
  }));
  it('binds the class, and unknown classes have no key', () => both(async (_, c) => {
    await refused(c, { ...c.statement, cls: { ...c.statement.cls, id: 2 } }, c.proof, 'class id');
    await refused(c, { ...c.statement, cls: await loadClass('16x16') }, c.proof, 'class');
  }));
  it('binds the relation', async () => {
    const { a, b, delta, x, g, mask } = job.payout.statement.commitments;
    const asFeatures: Statement = { ...job.payout.statement, relation: 'features', commitments: { a, b, delta, x, g, mask }, lists: { ...job.payout.statement.lists, fees: [], payouts: [], zeroQueries: 0n } };
    for (const vk of [system.vk.features, system.vk.payout]) await refused({ ...real.payout, vk }, asFeatures, real.payout.proof, 'payout as features');
  });
  it('binds dims: another token count is refused, also where nu stays the same', () => both(async (relation, c) => {
    for (const tokensLog of relation === 'payout' ? [1, 3, 5, 6, 8] : [1, 4, 5]) await refused(c, { ...c.statement, tokensLog }, c.proof, `tokens 2^${tokensLog}`);
    for (const tokensLog of [0, 9, 255]) await refused(c, { ...c.statement, tokensLog }, c.proof, `tokens 2^${tokensLog}`, { code: 'DIMS' });
  }));
  it('binds roles: any two swapped commitments are refused', () => both(async (relation, c) => {
    const { commitments: k } = c.statement;
    const roles = ['a', 'b', 'g', 'mask', ...(relation === 'payout' ? ['bits' as const] : [])] as const;
    for (const [i, one] of roles.entries()) {
      for (const two of roles.slice(i + 1)) await refused(c, withCommitments(c.statement, { [one]: k[two], [two]: k[one] }), c.proof, `${one} and ${two}`, { code: 'INVERSE_HINT' });
      await refused(c, withCommitments(c.statement, { [one]: k.delta[0], delta: [k[one]!, k.delta[1]] }), c.proof, `${one} and Dlt`);
    }
    await refused(c, withCommitments(c.statement, { delta: k.x, x: k.delta }), c.proof, 'Dlt and X');
  }));
  it('binds the order of blocks, and each block to its place', () => both(async (_, c) => {
    const { delta, x } = c.statement.commitments;
    await refused(c, withCommitments(c.statement, { delta: [delta[1], delta[0]], x: [x[1], x[0]] }), c.proof, 'blocks');
    await refused(c, withCommitments(c.statement, { delta: [delta[1], delta[0]] }), c.proof, 'Dlt only');
    await refused(c, withCommitments(c.statement, { delta: [delta[0], delta[0]], x: [x[0], x[0]] }), c.proof, 'one block twice');
    await refused(c, withCommitments(c.statement, { delta: [delta[0], G1_INFINITY], x: [x[0], G1_INFINITY] }), c.proof, 'a block left out');
  }));
  it('binds a commitment to itself: C + D and C - D in two places are refused', () => both((_, c) => {
    const { a, b } = c.statement.commitments;
    return refused(c, withCommitments(c.statement, { a: g1Add(a, G1_GENERATOR), b: g1Add(b, g1Neg(G1_GENERATOR)) }), c.proof, 'shifted');
  }));
});

describe('public lists', () => {
  const withLists = (c: Case, lists: Partial<Statement['lists']>): Statement => ({ ...c.statement, lists: { ...c.statement.lists, ...lists } });
  it('refuse payouts, fees and flags of the thief', async () => {
    const c = real.payout;
    const { payouts, fees } = c.statement.lists;
    const rich = payouts.findIndex((p) => p > 0n);
    await refused(c, withLists(c, { payouts: payouts.map((p, i) => (i === rich ? p - 1n : i === (rich + 1) % 4 ? p + 1n : p)) }), c.proof, 'moved payout');
    await refused(c, withLists(c, { payouts: [...payouts].reverse() }), c.proof, 'permuted payouts');
    await refused(c, withLists(c, { fees: fees.map((f) => 2n * f), payouts: payouts.map((p) => 2n * p) }), c.proof, 'scaled');
    await refused(c, withLists(c, { fees: [...fees.slice(1), payouts[0]], payouts: [...payouts.slice(1), 0n] }), c.proof, 'shifted by one');
    await refused(c, withLists(c, { boundaries: [...c.statement.lists.boundaries.slice(1), fees[0] % 16n], fees: [...fees.slice(1), payouts[0]] }), c.proof, 'shifted from boundaries on');
    for (const bit of [0, 1, 2, 3]) await refused(c, withLists(c, { zeroQueries: 1n << BigInt(bit) }), c.proof, `zero query ${bit}`);
  });
  it('refuse values out of range before anything else', async () => {
    const c = real.payout;
    const { payouts, fees } = c.statement.lists;
    await refused(c, withLists(c, { fees: [1n << 80n, ...fees.slice(1)] }), c.proof, 'fee', { code: 'LIST_RANGE' });
    await refused(c, withLists(c, { payouts: [1n << 86n, ...payouts.slice(1)] }), c.proof, 'payout', { code: 'LIST_RANGE' });
    await refused(c, withLists(c, { zeroQueries: 16n }), c.proof, 'zero queries', { code: 'LIST_RANGE' });
    await refused(c, withLists(c, { fees: [...fees, 0n] }), c.proof, 'one fee more', { code: 'LIST_LENGTH' });
    await refused(c, withLists(c, { payouts: [...payouts, 0n] }), c.proof, 'one payout more', { code: 'LIST_LENGTH' });
  });
  it('refuse boundaries that differ, fall or pass the end', () => both(async (relation, c) => {
    const end = relation === 'payout' ? 16n : 64n;
    const { boundaries: b } = c.statement.lists;
    await refused(c, withLists(c, { boundaries: b.map((x, i) => (i === 1 ? x + 1n : x)) }), c.proof, 'moved');
    await refused(c, withLists(c, { boundaries: [b[1], b[0], b[2], b[3]] }), c.proof, 'fall', { code: 'BOUNDARIES' });
    await refused(c, withLists(c, { boundaries: [b[0], b[1], b[2], end + 1n] }), c.proof, 'beyond the tokens', { code: 'BOUNDARIES' });
    await refused(c, withLists(c, { boundaries: [...b, end] }), c.proof, 'one more', { code: 'LIST_LENGTH' });
    await refused(c, withLists(c, { boundaries: [b[0], b[1], b[2], 0n] }), c.proof, 'fall to zero', { code: 'BOUNDARIES' });
  }));
  it('refuse a point that reaches beyond nu', async () => {
    // Features has inactive rows in no class; payout of 2^4 tokens opens 11 of 12 variables.
    const c = real.payout;
    assert.equal(c.proof.point[11], 0n);
    await refused(c, c.statement, { ...c.proof, point: c.proof.point.map((x, i) => (i === 11 ? 1n : x)) }, 'beyond', { code: 'POINT_BEYOND_VARIABLES' });
  });
});

describe('encodings', () => {
  it('an aliased scalar (x + p) is refused in every scalar of the proof', () => both(async (relation, c) => {
    const { opening, groth16, ...claim } = c.proof;
    assert.ok(groth16);
    const { gz, gi, hz, hi, ha, sz, si, zi } = opening;
    const scalars = { ...claim, opening: { gz, gi, hz, hi, ha, sz, si, zi } };
    for (const path of scalarPaths(scalars)) await refused(c, c.statement, changed(c.proof, path, (x) => x + P), `${relation} ${path.join('.')}`, { code: path[0] === 'point' && c.proof.point[path[1] as number] === 0n ? undefined : 'INVALID_SCALAR' });
  }));
  it('an aliased scalar is refused in every list of the statement', async () => {
    const c = real.payout;
    for (const path of scalarPaths(c.statement.lists)) await refused(c, { ...c.statement, lists: changed(c.statement.lists, path, (x) => x + P) }, c.proof, path.join('.'));
  });
  it('an aliased coordinate (x + q) is refused in every point', () => both(async (relation, c) => {
    for (const path of scalarPaths({ opening: Object.fromEntries(PROOF_POINTS.map((name) => [name, c.proof.opening[name]])), groth16: c.proof.groth16 })) {
      await refused(c, c.statement, changed(c.proof, path, (x) => x + BASE_MODULUS), `${relation} ${path.join('.')}`, { code: 'INVALID_POINT' });
    }
    for (const path of scalarPaths(c.statement.commitments)) {
      await refused(c, { ...c.statement, commitments: changed(c.statement.commitments, path, (x) => x + BASE_MODULUS) }, c.proof, `${relation} commitments.${path.join('.')}`, { code: 'INVALID_POINT' });
    }
  }));
  it('a point off the curve, at infinity or negated is refused in every place', () => both(async (relation, c) => {
    for (const name of PROOF_POINTS) {
      await refused(c, c.statement, withOpening(c.proof, { [name]: OFF_CURVE }), `${relation} ${name}`, { code: 'INVALID_POINT' });
      await refused(c, c.statement, withOpening(c.proof, { [name]: G1_INFINITY }), `${relation} ${name} infinity`, { code: 'INVALID_POINT' });
      await refused(c, c.statement, withOpening(c.proof, { [name]: g1Neg(c.proof.opening[name]) }), `${relation} ${name} negated`);
    }
    const groth = (change: Partial<AttributionProof['groth16']>): AttributionProof => ({ ...c.proof, groth16: { ...c.proof.groth16, ...change } });
    for (const [name, point] of [['off', OFF_CURVE], ['infinity', G1_INFINITY]] as const) {
      await refused(c, c.statement, groth({ a: point }), `A ${name}`, { code: 'INVALID_POINT' });
      await refused(c, c.statement, groth({ c: point }), `C ${name}`, { code: 'INVALID_POINT' });
      for (const role of ['a', 'b', 'g', 'mask', ...(relation === 'payout' ? ['bits' as const] : [])] as const) {
        await refused(c, withCommitments(c.statement, { [role]: point }), c.proof, `${role} ${name}`);
      }
      for (const side of ['delta', 'x'] as const) {
        await refused(c, withCommitments(c.statement, { [side]: [c.statement.commitments[side][0], point] }), c.proof, `${side} ${name}`);
      }
    }
    await refused(c, c.statement, groth({ b: G2_INFINITY }), 'B infinity', { code: 'INVALID_POINT' });
    await refused(c, c.statement, groth({ b: { x: [1n, 0n], y: [2n, 0n] } }), 'B off the twist', { code: 'INVALID_POINT' });
    await refused(c, c.statement, groth({ b: outsideSubgroup() }), 'B outside the subgroup', { code: 'INVALID_POINT' });
  }));
});

describe('Groth16', () => {
  it('is malleable: (-A, -B, C) and (r A, B / r, C) are proofs of the same statement and no other; job state stops replays', () => both(async (_, c) => {
    const { a, b, c: last } = c.proof.groth16;
    const r = 12345n;
    for (const groth16 of [{ a: g1Neg(a), b: g2Mul(b, P - 1n), c: last }, { a: g1Mul(a, r), b: g2Mul(b, frInv(r)), c: last }]) {
      const twin = { ...c.proof, groth16 };
      assert.deepEqual(verifyProof(c.statement, twin, c.vk), { ok: true });
      assert.equal(await chain.verdict(c.statement, twin), 'accepted');
      await refused(c, { ...c.statement, context: 1n }, twin, 'another job');
      await refused(c, c.statement, { ...twin, y: frAdd(twin.y, 1n) }, 'another y');
    }
    await refused(c, c.statement, { ...c.proof, groth16: { a: g1Neg(a), b, c: last } }, '-A alone', { code: 'PAIRING' });
    await refused(c, c.statement, { ...c.proof, groth16: { a: g1Mul(a, r), b, c: g1Mul(last, r) } }, 'r A, B, r C', { code: 'PAIRING' });
  }));

  it('does not lend its slack to the opening: A, B, C are in s, so none can be fitted to a false opening', async () => {
    // Whoever fixes s first adds s times the opening's error to another term. With s drawn over A, B, C the error stays.
    const c = real.payout;
    const { statement, vk } = c;
    const claim = c.proof;
    const list = statementList(statement, statementDigest(statement), claim);
    const { gammaList, evaluation } = listChallenge(claim.gammaPrime, list);
    const challenge = (state: bigint, { a, b, c: last }: AttributionProof['groth16']): bigint =>
      keccakScalar([state, ...pointWords(a), b.x[1], b.x[0], b.y[1], b.y[0], ...pointWords(last), claim.gammaPrime, gammaList, evaluation]);
    // False opening: W_z moved by a multiple t of the generator moves L by z t and R by t.
    const opening = { ...c.proof.opening, wz: g1Add(c.proof.opening.wz, G1_GENERATOR) };
    const { left, right, state } = verifyOpening(combinedCommitment(statement.commitments, claim, c.proof.rho), claim.point.slice(0, 11), claim.y, gammaList, c.proof.rho, opening);
    const s = challenge(state, c.proof.groth16);
    const sides = (groth16: AttributionProof['groth16'], merger: bigint): { g1: G1Affine; g2: G2Affine }[] => [
      { g1: g1Neg(groth16.a), g2: groth16.b }, { g1: vk.alpha, g2: vk.beta },
      { g1: g1Add(g1Combine(vk.ic, [1n, claim.gammaPrime, gammaList, evaluation]), g1Mul(left, merger)), g2: G2_GENERATOR },
      { g1: groth16.c, g2: vk.delta }, { g1: g1Neg(g1Mul(right, merger)), g2: vk.tauG2 },
    ];
    // The error of the opening is e(left,[1]) e(-right,[tau]) = e(E,[1]), E = left - tau right. The public secrets of development keys make
    // it and the fitting A a sum: 7 A = alpha beta G + vk_x + s E + delta G for B = [7]_2, C = G.
    const error = g1Add(left, g1Neg(g1Mul(right, DEVELOPMENT_TAU)));
    assert.notDeepEqual(error, G1_INFINITY);
    const sum = g1Combine(
      [G1_GENERATOR, ...vk.ic, error, g1Get(readZkeyHeader(system.keys.payout.zkey).delta1)],
      [frMul(DEVELOPMENT_ALPHA, DEVELOPMENT_BETA), 1n, claim.gammaPrime, gammaList, evaluation, s, 1n],
    );
    const fitted = { a: g1Mul(sum, frInv(7n)), b: g2Mul(G2_GENERATOR, 7n), c: G1_GENERATOR };
    assert.equal(pairingProductIsOne(sides(fitted, s)), true, 'the forgery is real under the old s');
    assert.notEqual(challenge(state, fitted), s);
    await refused(c, statement, { ...c.proof, opening, groth16: fitted }, 'fitted A', { code: 'PAIRING' });
    await refused(c, statement, { ...c.proof, opening }, 'false W_z', { code: 'PAIRING' });
  });

  it('refuses keys that anyone forges under: delta = gamma, gamma other than the generator', () => both(async (_, c) => {
    for (const [change, code] of [[{ delta: G2_GENERATOR }, 'KEY_UNCONTRIBUTED'], [{ gamma: c.vk.delta }, 'KEY_GAMMA']] as const) {
      const verdict = verifyProof(c.statement, c.proof, { ...c.vk, ...change });
      assert.ok(!verdict.ok);
      assert.equal(verdict.error.code, code);
    }
  }));

  it('refuses the proof of one relation under the key of the other', async () => {
    await refused({ ...real.payout, vk: system.vk.features }, real.payout.statement, real.payout.proof, 'key', { onchain: false, code: 'PAIRING' });
    await refused({ ...real.features, vk: system.vk.payout }, real.features.statement, real.features.proof, 'key', { onchain: false, code: 'PAIRING' });
  });

  it('refuses A, B, C of another proof', async () => {
    await refused(real.payout, real.payout.statement, { ...real.payout.proof, groth16: real.features.proof.groth16 }, 'other proof', { code: 'PAIRING' });
    const again = copy(real.payout.proof.groth16);
    await refused(real.payout, real.payout.statement, { ...real.payout.proof, groth16: { ...again, c: again.a } }, 'C = A', { code: 'PAIRING' });
  });
});

/** On the twist, of another order than p: the first x = k in Fq with a root is. */
function outsideSubgroup(): G2Affine {
  const { Fp2 } = bn254.fields;
  const b = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));
  for (let k = 1n; ; k++) {
    const x = Fp2.fromBigTuple([k, 0n]);
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
      return { x: [x.c0, x.c1], y: [y.c0, y.c1] };
    } catch {
      // not a square
    }
  }
}
