/** The circuits' gadgets one by one: equal to the TypeScript reference, and no witness for what they must refuse. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { FIELD_MODULUS as P, frAdd, frFrom, frInv, frMul } from '../../../src/field/fr.js';
import { bitWeights, eqPoint, eqTable, innerProduct, lessThan, segmentWeight } from '../../../src/poly/multilinear.js';
import { listChallenge } from '../../../src/statement/statement.js';
import { DuplexTranscript } from '../../../src/transcript/duplex.js';
import { verifySumcheck } from '../../../src/verify/sumcheck.js';
import { Gadget } from '../../support/gadget.js';
import { Random } from '../../support/scenario.js';

const ROUNDS = 25;
const scalars = (random: Random, n: number): bigint[] => Array.from({ length: n }, random.scalar);
const bitsOf = (x: number, n: number): bigint[] => Array.from({ length: n }, (_, i) => BigInt((x >> i) & 1));

describe('multilinear gadgets', () => {
  const source = `
template All() {
    signal input a[5];
    signal input b[5];
    signal input v[16];
    signal input w[16];
    signal input r[7];
    signal input gamma;
    signal input tau[4];
    signal input bits[5];
    signal output eq;
    signal output table[16];
    signal output inner;
    signal output power;
    signal output sign;
    signal output list;
    signal output less;
    eq <== EqPoint(5)(a, b);
    component t = EqTable(4);
    for (var i = 0; i < 4; i++) t.point[i] <== a[i];
    table <== t.out;
    inner <== InnerProduct(16)(v, w);
    (power, sign) <== BitWeights()(r);
    component l = ListEvaluation(16);
    l.gamma <== gamma;
    l.list <== v;
    list <== l.out;
    less <== LessThanExtension(4)(tau, bits);
}`;
  let gadget: Gadget;
  before(async () => { gadget = await Gadget.compile('All()', ['lib/multilinear.circom', 'lib/list.circom', 'lib/segments.circom'], source); });
  interface Input { a: bigint[]; b: bigint[]; v: bigint[]; w: bigint[]; r: bigint[]; gamma: bigint; tau: bigint[]; bits: bigint[] }
  const zero = (): Input => ({ a: bitsOf(0, 5), b: bitsOf(0, 5), v: bitsOf(0, 16), w: bitsOf(0, 16), r: bitsOf(0, 7), gamma: 0n, tau: bitsOf(0, 4), bits: bitsOf(0, 5) });
  async function check(input: Input): Promise<void> {
    const [eq, ...rest] = await gadget.outputs({ ...input }, 22);
    assert.equal(eq, eqPoint(input.a, input.b), 'EqPoint');
    assert.deepEqual(rest.slice(0, 16), eqTable(input.a.slice(0, 4)), 'EqTable');
    assert.equal(rest[16], innerProduct(input.v, input.w), 'InnerProduct');
    const { power, sign } = bitWeights(input.r);
    assert.deepEqual(rest.slice(17, 19), [power, sign], 'BitWeights');
    assert.equal(rest[19], input.v.reduceRight((acc, x) => frAdd(frMul(acc, input.gamma), x), 0n), 'ListEvaluation');
    const b = input.bits.reduce((x, bit, i) => x + (bit << BigInt(i)), 0n);
    assert.equal(rest[20], lessThan(input.tau, b), 'LessThanExtension');
  }

  it('equal the reference on random inputs and at 0, 1 and p - 1', async () => {
    const random = new Random(1);
    const sources = [random.scalar, () => 0n, () => 1n, () => P - 1n, () => BigInt(random.int(0, 1))];
    for (let i = 0; i < ROUNDS; i++) {
      const next = sources[i % sources.length];
      const take = (n: number): bigint[] => Array.from({ length: n }, next);
      await check({ a: take(5), b: take(5), v: take(16), w: take(16), r: take(7), gamma: next(), tau: take(4), bits: bitsOf(random.int(0, 31), 5) });
    }
  });

  it('weigh every bit position exactly: 2^k below 120, 1 at 127, else 0', async () => {
    for (let k = 0; k < 128; k++) {
      const [power, sign] = (await gadget.outputs({ ...zero(), r: bitsOf(k, 7) }, 20)).slice(18);
      assert.deepEqual([power, sign], [k < 120 ? 1n << BigInt(k) : 0n, k === 127 ? 1n : 0n], `position ${k}`);
    }
  });

  it('compare exactly on all integers: t < b for 0 <= t < 16, 0 <= b <= 16', async () => {
    for (let t = 0; t < 16; t++) {
      for (let b = 0; b <= 16; b++) assert.equal((await gadget.outputs({ ...zero(), tau: bitsOf(t, 4), bits: bitsOf(b, 5) }, 22))[21], t < b ? 1n : 0n, `${t} < ${b}`);
    }
  });

  it('evaluate the list that the verifier hashes', async () => {
    const random = new Random(2);
    const list = scalars(random, 16), { gammaList, evaluation } = listChallenge(random.scalar(), list);
    assert.equal((await gadget.outputs({ ...zero(), v: list, gamma: gammaList }, 21))[20], evaluation);
  });
});

describe('SegmentWeight', () => {
  let gadget: Gadget;
  before(async () => { gadget = await Gadget.compile('SegmentWeight(2, 4)', ['lib/segments.circom']); });

  it('equals the reference on random points and monotone boundaries, and counts rows at integers', async () => {
    const random = new Random(3);
    for (let i = 0; i < ROUNDS; i++) {
      const tokens = [1n, 2n, 8n, 16n][i % 4];
      const boundaries = scalars(random, 4).map((x) => x % (tokens + 1n)).sort((x, y) => (x < y ? -1 : 1));
      const rho = scalars(random, 2), tau = scalars(random, 4);
      assert.deepEqual(await gadget.outputs({ rho, tau, boundaries, tokens }, 1), [segmentWeight(rho, tau, boundaries)]);
      const [t, s] = [random.int(0, 15), random.int(0, 3)];
      const inside = BigInt(t) < boundaries[s] && (s === 0 || BigInt(t) >= boundaries[s - 1]);
      assert.deepEqual(await gadget.outputs({ rho: bitsOf(s, 2), tau: bitsOf(t, 4), boundaries, tokens }, 1), [inside ? 1n : 0n]);
    }
  });

  it('has no witness for boundaries that fall, pass the tokens or wrap', async () => {
    const input = { rho: [1n, 2n], tau: [1n, 2n, 3n, 4n], tokens: 8n };
    assert.equal(await gadget.fault({ ...input, boundaries: [0n, 0n, 8n, 8n] }), undefined);
    for (const boundaries of [[3n, 2n, 8n, 8n], [0n, 0n, 8n, 7n], [0n, 0n, 0n, 9n], [0n, 0n, 0n, 32n], [P - 1n, 0n, 0n, 8n], [0n, 0n, 0n, P - 1n], [8n, 40n, 40n, 8n], [0n, 33n, 33n, 33n]]) {
      assert.match(await gadget.fault({ ...input, boundaries }) ?? '', /SegmentWeight/, boundaries.join());
    }
    assert.match(await gadget.fault({ ...input, tokens: 7n, boundaries: [0n, 0n, 8n, 8n] }) ?? '', /SegmentWeight/);
  });
});

describe('ShareRate', () => {
  const DB = 122;
  let gadget: Gadget;
  before(async () => { gadget = await Gadget.compile(`ShareRate(${DB})`, ['lib/split.circom']); });
  interface Rate { total: bigint; shift: bigint; lambda: bigint; remainder: bigint; fee: bigint }
  const rate = (total: bigint, fee: bigint): Rate => {
    if (total === 0n) return { total, shift: 0n, lambda: 0n, remainder: 0n, fee };
    const shift = BigInt(DB - total.toString(2).length), D = total << shift;
    return { total, shift, lambda: (fee << 160n) / D, remainder: (fee << 160n) % D, fee };
  };
  const totals = (random: Random): bigint[] => [1n, 2n, 3n, (1n << 122n) - 1n, 1n << 121n, (1n << 121n) - 1n, ...Array.from({ length: 20 }, () => random.scalar() >> BigInt(random.int(132, 252)))];

  it('gives mu = lambda 2^shift and flags a total of zero', async () => {
    const random = new Random(4);
    for (const total of [0n, ...totals(random)]) {
      for (const fee of [0n, 1n, 10n ** 18n, (1n << 80n) - 1n]) {
        const r = rate(total, fee);
        assert.deepEqual(await gadget.outputs({ ...r }, 2), [r.lambda << r.shift, total === 0n ? 1n : 0n]);
      }
    }
  });

  it('has one witness for a total and a fee: every other shift, lambda and remainder is refused', async () => {
    const random = new Random(5);
    for (const total of totals(random)) {
      const r = rate(total, 10n ** 18n + 7n), D = r.total << r.shift;
      const others: Partial<Rate>[] = [
        { lambda: r.lambda + 1n }, { remainder: r.remainder + 1n }, { shift: r.shift + 1n }, { shift: r.shift + 128n },
        { lambda: r.lambda - 1n, remainder: r.remainder + D }, { lambda: r.lambda + 1n, remainder: frFrom(r.remainder - D) }, { lambda: 0n, remainder: r.fee << 160n },
        { lambda: frMul(frFrom(r.fee << 160n), frInv(frFrom(D))), remainder: 0n }, { total: r.total + (1n << 122n) }, { total: P - r.total }, { total: 0n },
        { remainder: P - 1n }, { lambda: P - 1n }, { fee: r.fee + 1n },
        ...(r.shift > 0n ? [{ shift: r.shift - 1n, lambda: (r.fee << 161n) / D, remainder: ((r.fee << 161n) % D) >> 1n }] : []),
      ];
      for (const change of others) {
        if (Object.entries(change).every(([k, v]) => r[k as keyof Rate] === v)) continue;
        assert.match(await gadget.fault({ ...r, ...change }) ?? '', /ShareRate/, `${total} ${JSON.stringify(Object.keys(change))}`);
      }
    }
  });

  it('leaves nothing beside a total of zero', async () => {
    const zero = rate(0n, 10n ** 18n);
    for (const change of [{ shift: 1n }, { shift: 127n }, { lambda: 1n }, { remainder: 1n }, { remainder: P - 1n }, { remainder: zero.fee << 160n }]) {
      assert.match(await gadget.fault({ ...zero, ...change }) ?? '', /ShareRate/);
    }
  });
});

describe('PayoutValue', () => {
  it('is payout 2^160 + remainder within 86 and 160 bits, and nothing beyond', async () => {
    const gadget = await Gadget.compile('PayoutValue()', ['lib/split.circom']);
    const [top, max] = [1n << 160n, 1n << 86n];
    for (const [payout, remainder] of [[0n, 0n], [1n, 0n], [max - 1n, top - 1n], [5n, top - 1n], [max >> 1n, 1n]]) {
      assert.deepEqual(await gadget.outputs({ payout, remainder }, 1), [payout * top + remainder]);
    }
    for (const [payout, remainder] of [[max, 0n], [0n, top], [1n, P - top], [P - 1n, 0n], [0n, P - 1n], [max + 1n, top]]) {
      assert.match(await gadget.fault({ payout, remainder }) ?? '', /PayoutValue/);
    }
  });
});

describe('Activity', () => {
  // J 5, H floor 2, H max 7, up to 2^8 tokens, 2 blocks
  const [J, floor, heightMax, n, lR] = [5, 2, 7, 8, 1];
  let gadget: Gadget;
  before(async () => { gadget = await Gadget.compile(`Activity(${J}, ${floor}, ${heightMax}, ${n}, ${lR})`, ['attribution/activity.circom']); });
  const height = (tl: number): number => Math.max(floor, tl - lR);
  const word = (tl: number, H: number, nu: number): bigint => BigInt(tl + 256 * H + 65536 * nu);

  it('derives flags and token count for every tl', async () => {
    for (let tl = lR; tl <= n; tl++) {
      const H = height(tl);
      const out = await gadget.outputs({ dims: word(tl, H, J + H), tokenActive: bitsOf(2 ** tl - 1, n) }, heightMax + 1);
      assert.deepEqual(out, [...bitsOf(2 ** H - 1, heightMax), BigInt(2 ** tl)]);
    }
  });

  it('has no witness for flags that do not fall, for all 256 of them', async () => {
    for (let flags = 0; flags < 256; flags++) {
      const tl = bitsOf(flags, n).filter((x) => x === 1n).length;
      const falling = flags === 2 ** tl - 1 && tl >= lR;
      // H as the circuit counts it from these flags, so that only the flags' order is wrong.
      const H = floor + bitsOf(flags, n).slice(floor + lR).filter((x) => x === 1n).length;
      assert.equal(await gadget.fault({ dims: word(tl, H, J + H), tokenActive: bitsOf(flags, n) }) === undefined, falling, flags.toString(2));
    }
  });

  it('has no witness for a dims word of another tl, H or nu', async () => {
    for (let tl = lR; tl <= n; tl++) {
      const H = height(tl), flags = bitsOf(2 ** tl - 1, n);
      for (const dims of [word(tl + 1, H, J + H), word(tl - 1, H, J + H), word(tl, H + 1, J + H), word(tl, H, J + H + 1), word(tl, H - 1, J + H - 1), word(tl, H, J + H) + (1n << 24n), P - 1n]) {
        assert.match(await gadget.fault({ dims, tokenActive: flags }) ?? '', /Activity/);
      }
    }
  });

  it('has no witness for flags that are not boolean', async () => {
    for (const tokenActive of [[1n, 2n, 0n, 0n], [1n, 1n, P - 1n, 2n], [2n, 1n, 0n, 0n], [1n, frInv(2n), frInv(2n), 1n]]) {
      assert.match(await gadget.fault({ dims: word(3, 2, 7), tokenActive: [...tokenActive, 0n, 0n, 0n, 0n] }) ?? '', /Activity/);
    }
  });
});

describe('BlockCoordinates', () => {
  it('splits tau at tl - lR for every tl, with zeros above', async () => {
    const random = new Random(6);
    for (const [n, lR] of [[8, 1], [6, 2], [4, 4], [3, 0]]) {
      const gadget = await Gadget.compile(`BlockCoordinates(${n}, ${lR})`, ['attribution/activity.circom']);
      for (let tl = lR; tl <= n; tl++) {
        const tau = Array.from({ length: n }, (_, i) => (i < tl ? random.scalar() : 0n));
        const low = Array.from({ length: n - lR }, (_, i) => (i < tl - lR ? tau[i] : 0n));
        assert.deepEqual(await gadget.outputs({ tokenActive: bitsOf(2 ** tl - 1, n), tau }, n), [...low, ...tau.slice(tl - lR, tl)]);
      }
    }
  });
});

describe('Sumcheck', () => {
  const source = `
template Both() {
    signal input state;
    signal input claim;
    signal input active[4];
    signal input quadratic[4][2];
    signal input cubic[4][3];
    signal output out2[5];
    signal output out3[5];
    component s2 = Sumcheck(4, 2);
    component s3 = Sumcheck(4, 3);
    s2.state <== state;
    s2.claim <== claim;
    s3.claim <== claim;
    s2.active <== active;
    s3.active <== active;
    s2.message <== quadratic;
    s3.state <== s2.next;
    s3.message <== cubic;
    out2[0] <== s2.final;
    out3[0] <== s3.final;
    for (var i = 0; i < 4; i++) { out2[i + 1] <== s2.point[i]; out3[i + 1] <== s3.point[i]; }
}`;
  it('follows the verifier through active and inactive rounds of both degrees', async () => {
    const gadget = await Gadget.compile('Both()', ['lib/sumcheck.circom'], source);
    const random = new Random(7);
    for (let i = 0; i < ROUNDS; i++) {
      const active = bitsOf(i % 16, 4), claim = random.scalar();
      const quadratic = Array.from({ length: 4 }, () => scalars(random, 2)), cubic = Array.from({ length: 4 }, () => scalars(random, 3));
      const transcript = new DuplexTranscript(), flags = active.map((x) => x === 1n);
      const two = verifySumcheck(transcript, 'a', claim, quadratic, 2, flags), three = verifySumcheck(transcript, 'b', claim, cubic, 3, flags);
      assert.deepEqual(await gadget.outputs({ state: 0n, claim, active, quadratic, cubic }, 10), [two.claim, ...two.point, three.claim, ...three.point]);
    }
  });
});
