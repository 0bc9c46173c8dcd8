/**
 * Protocol section 8: claims must be absorbed before the challenge that combines them; m and w_k before gamma';
 * a list equal in E only; a shifted list; dims and flags; salt and mask reused.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FIELD_MODULUS as P, frAdd, frFrom, frInv, frMul, frNeg, frSub } from '../../src/field/fr.js';
import { eqTable } from '../../src/poly/multilinear.js';
import { relationShape } from '../../src/statement/sizeClass.js';
import { listChallenge, listWords } from '../../src/statement/statement.js';
import type { PayoutMessages } from '../../src/verify/chain.js';
import { maskedValue } from '../../src/verify/rows.js';
import { verifyProof, type AttributionProof } from '../../src/verify/proof.js';
import { proveOpening } from '../../prover/stages/opening.js';
import { copy, play, rawDigest, squareRoot, STAGES, type Play } from '../support/adversary.js';
import { LOCAL_STATEMENT, OnchainVerifier } from '../support/onchain.js';
import { refusedByChainAndCircuit } from '../support/refusal.js';
import type { Scenario } from '../support/scenario.js';
import { System } from '../support/system.js';

let system: System, chain: OnchainVerifier, job: Scenario, honest: Play<PayoutMessages>;
before(async () => {
  system = await System.open();
  chain = await OnchainVerifier.start(system.cls, system.keys);
  job = await system.scenario({ seed: 3, ...LOCAL_STATEMENT });
  honest = play(job.payout.statement, await system.chainMessages(job.payout));
});
after(async () => {
  await chain.stop();
  await system.close();
});

/** A change of claims that keeps every equation under the challenges already seen: what a transcript without the absorption would accept. */
const afterChallenge = async (change: (messages: PayoutMessages, seen: Record<string, bigint>) => void, where: string): Promise<void> => {
  const messages = copy(honest.messages);
  change(messages, honest.seen);
  assert.notDeepEqual(messages, honest.messages);
  await refusedByChainAndCircuit(system, job.payout.statement, play(job.payout.statement, messages), { code: 'SUMCHECK_CLAIM', where, fault: /^(Payout|Tokens|Columns|Rows) line/ });
};

describe('a claim changed after its challenge', () => {
  it('a and sg: the other root of scores and bits under the old b1, b2', async () => {
    await afterChallenge((m, { b1, b2, signed, positive }) => {
      // b1 a + b2 s = k1, a (A - s B) = k2 with A = signed + positive, B = 2 signed + positive: two solutions, the other one by Vieta
      const A = frAdd(signed, positive), B = frFrom(2n * signed + positive);
      const k1 = frFrom(b1 * m.magnitude + b2 * m.sign), k2 = frFrom(m.magnitude * (A - m.sign * B));
      // a (A - (k1 - b1 a) B / b2) = k2:  (b1 B / b2) a^2 + (A - k1 B / b2) a - k2 = 0; the product of the roots is -k2 b2 / (b1 B)
      m.magnitude = frMul(frNeg(frMul(k2, frMul(b2, frInv(frMul(b1, B))))), frInv(m.magnitude));
      m.sign = frMul(frFrom(k1 - b1 * m.magnitude), frInv(b2));
      assert.equal(frFrom(m.magnitude * (A - m.sign * B)), k2);
      assert.equal(frFrom(b1 * m.magnitude + b2 * m.sign), k1);
    }, 'bits');
  });

  it('u and z: swapped about the old mu', async () => {
    await afterChallenge((m, { mu }) => {
      const { u, z } = m;
      m.u = frMul(mu, z);
      m.z = frMul(u, frInv(mu));
      assert.equal(frMul(m.u, m.z), frMul(u, z));
      assert.equal(frFrom(m.u + mu * m.z), frFrom(u + mu * z));
    }, 'columns');
  });

  /** Moves the product of g and phi, and what it and a change of bt add to the next starts, into u and z: all under the old rounds and mu. */
  function hide(m: PayoutMessages, { mu, tokensFinal }: Record<string, bigint>, bt: bigint): void {
    // A final claim is linear in its start, with slope the product of the rounds' challenges.
    const slope = honest.vectors.tokens.filter((r) => r !== 0n).reduce(frMul, 1n);
    const { g, phi, u, z } = m;
    const start = (x: PayoutMessages): bigint => frFrom(x.u + mu * x.z + mu * mu * x.g + mu ** 3n * x.bt);
    const before = start(m);
    m.bt = bt;
    for (let t = 2n; ; t++) {
      [m.g, m.phi] = [frMul(g, t), frMul(phi, frInv(t))];
      // u' z' = k2 and u' + mu z' = k1:  mu z'^2 - k1 z' + k2 = 0
      const k1 = frFrom(before - mu * mu * m.g - mu ** 3n * bt);
      const k2 = frMul(frMul(u, z), frMul(frFrom(tokensFinal + slope * (m.phi - phi)), frInv(tokensFinal)));
      const root = squareRoot(frFrom(k1 * k1 - 4n * mu * k2));
      if (root === undefined) continue;
      m.z = frMul(frAdd(k1, root), frInv(frMul(2n, mu)));
      m.u = frFrom(k1 - mu * m.z);
      assert.equal(frMul(m.u, m.z), k2);
      assert.equal(frMul(m.g, m.phi), frMul(g, phi));
      assert.equal(start(m), before);
      return;
    }
  }
  it('g and phi: the same product, the rest hidden in u and z', () => afterChallenge((m, seen) => hide(m, seen, m.bt), 'tokens'));

  it('bt: the other root of bits, the rest hidden in g, phi, u and z', async () => {
    await afterChallenge((m, seen) => {
      // bitsSquare bt^2 + bitsLinear bt = final: the roots add up to - bitsLinear / bitsSquare
      const other = frSub(frNeg(frMul(seen.bitsLinear, frInv(seen.bitsSquare))), m.bt);
      const value = (bt: bigint): bigint => frFrom(seen.bitsSquare * bt * bt + seen.bitsLinear * bt);
      assert.equal(value(other), value(m.bt));
      assert.equal(value(other), seen.bitsFinal);
      hide(m, seen, other);
    }, 'influence');
  });

  it('v: the kernel of columns and of the rows\' start under the old gamma', async () => {
    await afterChallenge((m, { layer, atG, atB, gamma }) => {
      // eq vB dD + atG dG + atB dB = 0 and gam dD + gam^5 dG + gam^6 dB = 0
      const a = frMul(layer, m.v[2]), g4 = frMul(frMul(gamma, gamma), frMul(gamma, gamma)), g5 = frMul(g4, gamma);
      const cross = [frFrom(atG * g5 - atB * g4), frFrom(atB - a * g5), frFrom(a * g4 - atG)];
      assert.equal(frFrom(cross[0] + g4 * cross[1] + g5 * cross[2]), 0n);
      assert.equal(frFrom(a * cross[0] + atG * cross[1] + atB * cross[2]), 0n);
      [0, 4, 5].forEach((k, i) => { m.v[k] = frAdd(m.v[k], cross[i]); });
    }, 'rows');
  });

  it('m and w: the same y and the same final claim under the old gamma\'', async () => {
    const messages = copy(honest.messages);
    const { gammaPrime } = honest.claim;
    const [weightD, weightX] = honest.vectors.rowWeights;
    // weightD dD + weightX dX = 0; m takes the rest
    messages.w[0] = frAdd(messages.w[0], weightX);
    messages.w[1] = frSub(messages.w[1], weightD);
    messages.m = frSub(messages.m, frFrom(gammaPrime * weightX - frMul(gammaPrime, gammaPrime) * weightD));
    assert.equal(maskedValue(messages.m, messages.w, gammaPrime), honest.claim.y);
    // With the old challenge there is no witness, with the new one another y.
    const attack = play(job.payout.statement, messages);
    assert.match(await system.circuitFault('payout', { ...attack.input, gammaPrime, gammaList: honest.gammaList, listEvaluation: honest.evaluation }) ?? '', /^Payout line/);
    assert.notEqual(attack.claim.gammaPrime, gammaPrime);
    assert.notEqual(attack.claim.y, honest.claim.y);
    assert.notEqual((await system.openedTable(job.payout, attack.claim)).y, attack.claim.y);
  });

  it('m alone: whatever y it gives under the old gamma\', the circuit takes only its own', async () => {
    const messages = { ...copy(honest.messages), m: frAdd(honest.messages.m, 1n) };
    const attack = play(job.payout.statement, messages);
    const y = frAdd(honest.claim.y, 1n);
    const list = honest.list.map((word, i) => (i === 2 ? y : word));
    const { gammaList, evaluation } = listChallenge(honest.claim.gammaPrime, list);
    assert.match(await system.circuitFault('payout', { ...attack.input, gammaPrime: honest.claim.gammaPrime, gammaList, listEvaluation: evaluation }) ?? '', /^Payout line/);
    assert.equal(await system.circuitFault('payout', attack.input), undefined);
    assert.notEqual((await system.openedTable(job.payout, attack.claim)).y, attack.claim.y);
  });
});

describe('the public list', () => {
  it('binds every word: one changed word and its own E have no witness', async () => {
    const features = play(job.features.statement, await system.chainMessages(job.features));
    for (const [relation, { list, claim, input }] of [['payout', honest], ['features', features]] as const) {
      assert.equal(await system.circuitFault(relation, input), undefined);
      for (let i = 0; i < list.length; i++) {
        const { gammaList, evaluation } = listChallenge(claim.gammaPrime, list.map((word, k) => (k === i ? frAdd(word, 1n) : word)));
        assert.match(await system.circuitFault(relation, { ...input, gammaList, listEvaluation: evaluation }) ?? '', /^(Payout|Features) line/, `${relation} word ${i}`);
      }
    }
  });

  it('shifted by one position has no witness', async () => {
    for (const list of [[0n, ...honest.list.slice(0, -1)], [...honest.list.slice(1), 0n], [...honest.list.slice(1), honest.list[0]]]) {
      const { gammaList, evaluation } = listChallenge(honest.claim.gammaPrime, list);
      assert.match(await system.circuitFault('payout', { ...honest.input, gammaList, listEvaluation: evaluation }) ?? '', /^Payout line/);
    }
  });

  it('equal in E only is refused: gamma_L is the verifier\'s, not the prover\'s', async () => {
    // The thief's statement: 1000 units from contributor 0 to contributor 2. E agrees where the difference of the lists vanishes.
    const { statement } = job.payout;
    const theft = { ...statement, lists: { ...statement.lists, payouts: statement.lists.payouts.map((x, c) => (c === 0 ? x - 1000n : c === 2 ? x + 1000n : x)) } };
    const words = listWords(theft);
    const list = [rawDigest(theft, honest.list[1]), ...honest.list.slice(1, honest.list.length - words.length), ...words];
    const gammaList = rootOf(list.map((word, i) => frSub(word, honest.list[i])));
    const evaluation = (l: readonly bigint[]): bigint => l.reduceRight((acc, word) => frAdd(frMul(acc, gammaList), word), 0n);
    assert.equal(evaluation(list), evaluation(honest.list));
    const input = { ...honest.input, gammaList, listEvaluation: evaluation(list) };
    assert.equal(await system.circuitFault('payout', input), undefined); // the circuit alone cannot tell
    const groth16 = await system.groth16Proof('payout', input);
    const { table, rho } = await system.openedTable(job.payout, honest.claim);
    const nu = Number(honest.list[1] >> 16n);
    const own = listChallenge(honest.claim.gammaPrime, list).gammaList;
    assert.notEqual(own, gammaList);
    for (const seed of [own, gammaList]) {
      const opening = await proveOpening(system.kernels, system.srs, table, honest.claim.point.slice(0, nu), seed, rho);
      const proof: AttributionProof = { ...honest.claim, rho, opening, groth16 };
      const verdict = verifyProof(theft, proof, system.vk.payout);
      assert.ok(!verdict.ok);
      assert.equal(verdict.error.code, seed === own ? 'PAIRING' : 'INVERSE_HINT');
      assert.equal(await chain.verdict(theft, proof), seed === own ? 'PairingRejected' : 'InverseHintWrong');
    }
  });
});

describe("gamma'", () => {
  for (const relation of ['payout', 'features'] as const) {
    it(`of the prover's choice has no witness: the ${relation} circuit compares it with its own transcript`, async () => {
      const { statement } = job[relation];
      const honestPlay = relation === 'payout' ? honest : play(job.features.statement, await system.chainMessages(job.features));
      assert.equal(await system.circuitFault(relation, honestPlay.input), undefined);
      for (const gammaPrime of [0n, 1n, frAdd(honestPlay.claim.gammaPrime, 1n)]) {
        // Everything else consistent: gamma_L and E as the contract would compute them for this gamma'.
        const { gammaList, evaluation } = listChallenge(gammaPrime, honestPlay.list);
        const fault = await system.circuitFault(relation, { ...honestPlay.input, gammaPrime, gammaList, listEvaluation: evaluation });
        assert.match(String(fault), relation === 'payout' ? /Payout line/ : /Features line/, `${statement.relation} ${gammaPrime}`);
      }
    });
  }
});

describe('dims and flags', () => {
  const shape = () => relationShape(system.cls, 'payout');
  const flags = (tl: number): bigint[] => Array.from({ length: shape().tokensLogMax }, (_, i) => (i < tl ? 1n : 0n));
  const word = (tl: number, H: number, nu: number): bigint => BigInt(tl) + (BigInt(H) << 8n) + (BigInt(nu) << 16n);
  const cases: [string, { tokenActive?: (f: bigint[]) => bigint[]; dimsWord?: bigint }][] = [
    ['one round dropped', { tokenActive: () => flags(3) }],
    ['one round added', { tokenActive: () => flags(5) }],
    ['flags that do not fall', { tokenActive: (f) => f.map((_, i) => ([0, 1, 3, 5].includes(i) ? 1n : 0n)) }],
    ['flags that are not boolean but add up', { tokenActive: (f) => f.map((_, i) => [1n, 1n, 2n][i] ?? 0n) }],
    ['flags of half a round', { tokenActive: (f) => f.map((_, i) => (i < 3 ? 1n : i < 5 ? frInv(2n) : 0n)) }],
    ['no block round', { tokenActive: (f) => f.map((_, i) => (i > 0 && i < 5 ? 1n : 0n)) }],
    ['tl of one less in dims', { dimsWord: word(3, 6, 11) }],
    ['H of one more', { dimsWord: word(4, 7, 11) }],
    ['nu of one more', { dimsWord: word(4, 6, 12) }],
    ['H and nu of one more', { dimsWord: word(4, 7, 12) }],
    ['a carry from tl into H', { dimsWord: word(4 + 256, 5, 11) - 1n }],
  ];
  for (const [name, { tokenActive, dimsWord }] of cases) {
    it(`must agree: ${name} has no witness`, async () => {
      const attack = play(job.payout.statement, honest.messages, { repair: STAGES, dimsWord, tokenActive: tokenActive?.(flags(4)) });
      assert.match(await system.circuitFault('payout', attack.input) ?? '', /^Activity/);
    });
  }

  it('of a shorter job are another statement: nobody proves 8 rows for 16', async () => {
    const short = { ...job.payout.statement, tokensLog: 3, lists: { ...job.payout.statement.lists, boundaries: [2n, 4n, 6n, 8n] } };
    const attack = play(short, honest.messages, { repair: STAGES });
    assert.equal(await system.circuitFault('payout', attack.input), undefined);
    const list = attack.list.map((w, i) => (i === 1 ? honest.list[1] : w));
    const { gammaList, evaluation } = listChallenge(attack.claim.gammaPrime, list);
    assert.match(await system.circuitFault('payout', { ...attack.input, gammaList, listEvaluation: evaluation }) ?? '', /^Payout line/);
  });

  const boundaries: [string, bigint[], RegExp][] = [
    ['fall', [4n, 12n, 8n, 16n], /BOUNDARIES/],
    ['fall by one at the end', [4n, 8n, 12n, 11n], /BOUNDARIES/],
    ['end above the tokens', [4n, 8n, 12n, 17n], /BOUNDARIES/],
    ['end far above the tokens', [4n, 8n, 12n, 512n], /BOUNDARIES/],
    ['are negative mod p', [P - 4n, 8n, 12n, 16n], /BOUNDARIES/],
  ];
  for (const [name, list, code] of boundaries) {
    it(`refuses boundaries that ${name}, whoever repairs the rest`, async () => {
      const lie = { ...job.payout.statement, lists: { ...job.payout.statement.lists, boundaries: list } };
      await refusedByChainAndCircuit(system, lie, play(lie, honest.messages, { repair: STAGES }), { code, fault: /Num2Bits.*SegmentWeight/ });
      const features = { ...job.features.statement, lists: { ...job.features.statement.lists, boundaries: list.map((b) => (b > 16n ? b * 4n : b)) } };
      await refusedByChainAndCircuit(system, features, play(features, await system.chainMessages(job.features), { repair: STAGES }), { code, fault: /Num2Bits.*SegmentWeight/ });
    });
  }
});

describe('reuse', () => {
  it('of a mask reveals the blinding factors: they are linear in rho\', nine proofs are enough', async () => {
    // rho' = rho_M + sum_k gamma'^k rho_k, with the activations' factors combined by eq(k, tau_hi): 1 + 4 + 4 unknowns
    const rows: bigint[][] = [], rhos: bigint[] = [];
    for (let i = 0; i < 9; i++) {
      const again = { ...job.payout, mask: { ...job.payout.mask, salt: BigInt(i) } }; // fresh salt, the same mask
      const { claim } = play(again.statement, await system.chainMessages(again));
      const g = claim.gammaPrime, g2 = frMul(g, g), powers = [g2];
      for (let k = 3; k <= 6; k++) powers.push(frMul(powers[powers.length - 1], g));
      const weights = eqTable(claim.tauHigh);
      rows.push([1n, ...weights.map((w) => frMul(w, g)), ...weights.map((w) => frMul(w, g2)), ...powers.slice(1)]);
      rhos.push((await system.openedTable(again, claim)).rho);
    }
    const { blocks, b, a, g, bitsRho } = job.payout.witness;
    assert.deepEqual(solve(rows, rhos), [job.payout.mask.rho, ...blocks.map((k) => k!.delta.rho), ...blocks.map((k) => k!.x.rho), b.rho, a.rho, g.rho, bitsRho]);
  });

  it('of a mask reveals linear relations of the data: two openings at one claim differ by the tables alone', async () => {
    const plays = await Promise.all([1n, 2n].map(async (salt) => {
      const again = { ...job.payout, mask: { ...job.payout.mask, salt } };
      return play(again.statement, await system.chainMessages(again)).claim;
    }));
    const tables = await Promise.all(plays.map((claim) => system.openedTable(job.payout, claim)));
    // F'_1 - F'_2 does not depend on the mask: with another mask it is the same.
    const other = { ...job.payout, mask: { ...job.payout.mask, values: job.payout.mask.values.map((v) => frAdd(v, 7n)) } };
    const others = await Promise.all(plays.map((claim) => system.openedTable(other, claim)));
    const minus = (x: { table: Uint8Array }, y: { table: Uint8Array }): Promise<Uint8Array> =>
      system.kernels.linearCombination([1n, P - 1n], [{ kind: 'fr', data: x.table }, { kind: 'fr', data: y.table }], 2 ** 11);
    assert.deepEqual(Buffer.from(await minus(tables[0], tables[1])), Buffer.from(await minus(others[0], others[1])));
    assert.notDeepEqual(Buffer.from(tables[0].table), Buffer.from(others[0].table));
  });

  it('of a salt confirms a guess of the data: gamma\' is a function of data, mask and salt', async () => {
    const again = play(job.payout.statement, await system.chainMessages(job.payout));
    assert.equal(again.claim.gammaPrime, honest.claim.gammaPrime);
    const fresh = { ...job.payout, mask: { ...job.payout.mask, salt: frAdd(job.payout.mask.salt, 1n) } };
    assert.notEqual(play(fresh.statement, await system.chainMessages(fresh)).claim.gammaPrime, honest.claim.gammaPrime);
  });
});

/** Solves a regular system mod p. */
function solve(matrix: bigint[][], right: bigint[]): bigint[] {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  for (let c = 0; c < rows.length; c++) {
    const pivot = rows.findIndex((row, i) => i >= c && row[c] !== 0n);
    assert.ok(pivot >= 0, 'singular');
    [rows[c], rows[pivot]] = [rows[pivot], rows[c]];
    const inverse = frInv(rows[c][c]);
    rows[c] = rows[c].map((x) => frMul(x, inverse));
    rows.forEach((row, i) => { if (i !== c && row[c] !== 0n) { const k = row[c]; rows[i] = row.map((x, j) => frSub(x, frMul(k, rows[c][j]))); } });
  }
  return rows.map((row) => row[row.length - 1]);
}

// ---- a root of a polynomial over F, low coefficient first (Cantor and Zassenhaus) ----

const trim = (f: bigint[]): bigint[] => { const g = [...f]; while (g.length > 0 && g[g.length - 1] === 0n) g.pop(); return g; };
function remainder(f: bigint[], g: bigint[]): bigint[] {
  const out = trim(f), inverse = frInv(g[g.length - 1]);
  while (out.length >= g.length) {
    const k = frMul(out[out.length - 1], inverse), shift = out.length - g.length;
    g.forEach((c, i) => { out[shift + i] = frSub(out[shift + i], frMul(k, c)); });
    while (out.length > 0 && out[out.length - 1] === 0n) out.pop();
  }
  return out;
}
const times = (f: bigint[], g: bigint[], modulus: bigint[]): bigint[] => {
  const out = new Array<bigint>(Math.max(1, f.length + g.length - 1)).fill(0n);
  f.forEach((a, i) => g.forEach((b, j) => { out[i + j] += a * b; }));
  return remainder(out.map(frFrom), modulus);
};
const power = (base: bigint[], e: bigint, modulus: bigint[]): bigint[] => {
  let result = [1n];
  for (const bit of e.toString(2)) { result = times(result, result, modulus); if (bit === '1') result = times(result, base, modulus); }
  return result;
};
const gcd = (f: bigint[], g: bigint[]): bigint[] => (trim(g).length === 0 ? trim(f) : gcd(trim(g), remainder(f, trim(g))));
const sub = (f: bigint[], g: bigint[]): bigint[] => trim(Array.from({ length: Math.max(f.length, g.length) }, (_, i) => frSub(f[i] ?? 0n, g[i] ?? 0n)));

function rootOf(f: bigint[]): bigint {
  const g = trim(f);
  let linear = gcd(g, sub(power([0n, 1n], P, g), [0n, 1n])); // product of (X - root)
  assert.ok(linear.length > 1, 'no root: choose another theft');
  for (let a = 1n; linear.length > 2; a++) {
    const factor = gcd(linear, sub(power([a, 1n], (P - 1n) / 2n, linear), [1n]));
    if (factor.length > 1 && factor.length < linear.length) linear = factor;
  }
  return frMul(frNeg(linear[0]), frInv(linear[1]));
}
