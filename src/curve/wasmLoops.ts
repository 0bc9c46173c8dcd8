/**
 * Loops that are added to wasmcurves' bn128 module, so that a whole vector costs one call from JavaScript.
 * Field elements are 32 bytes, little endian, Montgomery. Each function's plain equation stands beside its assembly.
 * "Lanes": a sum of (field element x small integer) kept unreduced as eight signed 64-bit sums of 32-bit limbs,
 *   value = sum_k lane_k 2^(32 k); |integer| < 2^16, so LANE_TERMS products fit in a lane.
 */
import type { Code, CodeBuilder, FunctionBuilder, ModuleBuilder } from 'ffjavascript';

/** Products of a 32-bit limb with an integer below 2^16 that a signed 64-bit lane takes: 2^63 / 2^48. */
export const LANE_TERMS = 1 << 15;
/** Bytes of one accumulator of lanes. */
export const LANES_BYTES = 64;

const LIMBS = [0, 1, 2, 3, 4, 5, 6, 7];

/** do n times { body; each pointer += its step }; falls through at once for n = 0. */
function repeat(c: CodeBuilder, steps: Record<string, number>, body: Code): Code {
  return c.block(
    c.loop(
      c.br_if(1, c.i32_eqz(c.getLocal('n'))),
      body,
      ...Object.entries(steps).map(([name, step]) => c.setLocal(name, c.i32_add(c.getLocal(name), c.i32_const(step)))),
      c.setLocal('n', c.i32_sub(c.getLocal('n'), c.i32_const(1))),
      c.br(0),
    ),
  );
}

function define(builder: ModuleBuilder, name: string, params: readonly string[], locals: Record<string, 'i32' | 'i64'>, body: (c: CodeBuilder) => Code[]): void {
  const f: FunctionBuilder = builder.addFunction(name);
  for (const param of params) f.addParam(param, 'i32');
  for (const [local, type] of Object.entries(locals)) f.addLocal(local, type);
  f.addCode(...body(f.getCodeBuilder()));
  builder.exportFunction(name);
}

function addVectors(builder: ModuleBuilder): void {
  const temp = builder.alloc(32);
  const vector = (name: string, moving: readonly string[], fixed: readonly string[], body: (c: CodeBuilder, T: Code, p: (name: string) => Code) => Code): void =>
    define(builder, name, [...moving, ...fixed, 'n'], {}, (c) => [
      repeat(c, Object.fromEntries(moving.map((pointer) => [pointer, 32])), body(c, c.i32_const(temp), (pointer) => c.getLocal(pointer))),
    ]);
  // out = a + b; out = a - b
  vector('frm_vecAdd', ['a', 'b', 'out'], [], (c, _T, p) => c.call('frm_add', p('a'), p('b'), p('out')));
  vector('frm_vecSub', ['a', 'b', 'out'], [], (c, _T, p) => c.call('frm_sub', p('a'), p('b'), p('out')));
  // out = k a
  vector('frm_vecScale', ['a', 'out'], ['k'], (c, _T, p) => c.call('frm_mul', p('a'), p('k'), p('out')));
  // out += k a
  vector('frm_vecAxpy', ['a', 'out'], ['k'], (c, T, p) => [...c.call('frm_mul', p('a'), p('k'), T), ...c.call('frm_add', p('out'), T, p('out'))]);
  // out = lo + r (hi - lo); ascending, so out may be lo
  vector('frm_vecFold', ['lo', 'hi', 'out'], ['r'], (c, T, p) => [
    ...c.call('frm_sub', p('hi'), p('lo'), T),
    ...c.call('frm_mul', T, p('r'), T),
    ...c.call('frm_add', p('lo'), T, p('out')),
  ]);
  // sum += a; sum += a b; sum += a b c
  vector('frm_vecSum', ['a'], ['sum'], (c, _T, p) => c.call('frm_add', p('sum'), p('a'), p('sum')));
  vector('frm_vecDot', ['a', 'b'], ['sum'], (c, T, p) => [...c.call('frm_mul', p('a'), p('b'), T), ...c.call('frm_add', p('sum'), T, p('sum'))]);
  vector('frm_vecDot3', ['a', 'b', 'c'], ['sum'], (c, T, p) => [
    ...c.call('frm_mul', p('a'), p('b'), T),
    ...c.call('frm_mul', T, p('c'), T),
    ...c.call('frm_add', p('sum'), T, p('sum')),
  ]);
  // Horner, from the last coefficient down: q[i] = acc; acc = f[i] + z acc. f and q point at the last entries.
  define(builder, 'frm_horner', ['f', 'q', 'z', 'acc', 'n'], {}, (c) => [
    repeat(c, { f: -32, q: -32 }, [
      ...c.call('frm_copy', c.getLocal('acc'), c.getLocal('q')),
      ...c.call('frm_mul', c.getLocal('acc'), c.getLocal('z'), c.getLocal('acc')),
      ...c.call('frm_add', c.getLocal('acc'), c.getLocal('f'), c.getLocal('acc')),
    ]),
  ]);
}

const INTEGERS = { Int8: 1, Int16: 2, Uint8: 1 } as const;

function addLanes(builder: ModuleBuilder): void {
  for (const [kind, bytes] of Object.entries(INTEGERS)) {
    const load = (c: CodeBuilder): Code =>
      kind === 'Int8' ? c.i64_load8_s(c.getLocal('t'), 0, 0) : kind === 'Uint8' ? c.i64_load8_u(c.getLocal('t'), 0, 0) : c.i64_load16_s(c.getLocal('t'), 0, 0);
    const lanes = Object.fromEntries(LIMBS.map((k) => [`l${k}`, 'i64' as const]));
    // lanes += sum_i t[i] w[i]
    define(builder, `frm_lanesDot${kind}`, ['t', 'w', 'lanes', 'n'], { v: 'i64', ...lanes }, (c) => [
      ...LIMBS.map((k) => c.setLocal(`l${k}`, c.i64_load(c.getLocal('lanes'), 8 * k, 3))),
      repeat(c, { t: bytes, w: 32 }, [
        ...c.setLocal('v', load(c)),
        ...LIMBS.flatMap((k) => c.setLocal(`l${k}`, c.i64_add(c.getLocal(`l${k}`), c.i64_mul(c.getLocal('v'), c.i64_load32_u(c.getLocal('w'), 4 * k, 2))))),
      ]),
      ...LIMBS.map((k) => c.i64_store(c.getLocal('lanes'), 8 * k, 3, c.getLocal(`l${k}`))),
    ]);
    // lanes[i] += t[i] w, for one w
    define(builder, `frm_lanesAxpy${kind}`, ['t', 'lanes', 'w', 'n'], { v: 'i64', ...lanes }, (c) => [
      ...LIMBS.map((k) => c.setLocal(`l${k}`, c.i64_load32_u(c.getLocal('w'), 4 * k, 2))),
      repeat(c, { t: bytes, lanes: LANES_BYTES }, [
        ...c.setLocal('v', load(c)),
        ...LIMBS.flatMap((k) =>
          c.i64_store(c.getLocal('lanes'), 8 * k, 3, c.i64_add(c.i64_load(c.getLocal('lanes'), 8 * k, 3), c.i64_mul(c.getLocal('v'), c.getLocal(`l${k}`)))),
        ),
      ]),
    ]);
  }
  // out[i] = lanes[i] mod p. Carries give low + carry 2^256, low < 2^256 < 6p, and carry 2^256 mod p is carry in Montgomery form.
  const low = builder.alloc(32);
  const high = builder.alloc(32);
  const modulus = builder.modules.frm.pq;
  define(builder, 'frm_lanesReduce', ['lanes', 'out', 'n'], { carry: 'i64', negative: 'i32' }, (c) => [
    repeat(c, { lanes: LANES_BYTES, out: 32 }, [
      ...c.setLocal('carry', c.i64_const(0)),
      ...LIMBS.flatMap((k) => [
        ...c.setLocal('carry', c.i64_add(c.getLocal('carry'), c.i64_load(c.getLocal('lanes'), 8 * k, 3))),
        ...c.i64_store32(c.i32_const(low), 4 * k, 2, c.getLocal('carry')),
        ...c.setLocal('carry', c.i64_shr_s(c.getLocal('carry'), c.i64_const(32))),
      ]),
      ...c.block(
        c.loop(
          c.br_if(1, c.i32_eqz(c.call('int_gte', c.i32_const(low), c.i32_const(modulus)))),
          [...c.call('int_sub', c.i32_const(low), c.i32_const(modulus), c.i32_const(low)), ...DROP],
          c.br(0),
        ),
      ),
      ...c.setLocal('negative', c.i64_lt_s(c.getLocal('carry'), c.i64_const(0))),
      ...c.if(c.getLocal('negative'), c.setLocal('carry', c.i64_sub(c.i64_const(0), c.getLocal('carry')))),
      ...c.call('frm_zero', c.i32_const(high)),
      ...c.i64_store(c.i32_const(high), 0, 3, c.getLocal('carry')),
      ...c.call('frm_toMontgomery', c.i32_const(high), c.i32_const(high)),
      ...c.if(
        c.getLocal('negative'),
        c.call('frm_sub', c.i32_const(low), c.i32_const(high), c.getLocal('out')),
        c.call('frm_add', c.i32_const(low), c.i32_const(high), c.getLocal('out')),
      ),
    ]),
  ]);
}
/** The opcode `drop`: int_sub returns its borrow. */
const DROP: Code = [0x1a];

/**
 * g1m_addPairs(pairs, out, d, prefix, n): out[i] = P_i + Q_i, affine, by one shared inversion (Montgomery's trick).
 *   pairs   2n addresses of affine points, bit 0 set for the point's negative
 *   d, prefix  scratch of n and n + 1 field elements
 *   lambda = (yQ - yP) / (xQ - xP), or 3 x^2 / 2y for P = Q;  x3 = lambda^2 - xP - xQ;  y3 = lambda (xP - x3) - yP
 * Six products an addition instead of the eleven of a mixed one. Infinity, equal and opposite points are exact.
 */
function addPairs(builder: ModuleBuilder): void {
  const [yP, yQ, inverse, lambda, temp] = LIMBS.slice(0, 5).map(() => builder.alloc(32));
  const one = builder.alloc(32);
  // a, b := bare addresses; ya, yb := addresses of the signed y, a negated one in `yP` or `yQ`
  const operand = (c: CodeBuilder): Code => [...signedY(c, 'a', 'ya', 0, yP), ...signedY(c, 'b', 'yb', 4, yQ)];
  const signedY = (c: CodeBuilder, name: string, y: string, at: number, negated: number): Code => [
    ...c.setLocal(name, c.i32_load(c.getLocal('pairs'), at, 2)),
    ...c.if(
      c.i32_and(c.getLocal(name), c.i32_const(1)),
      [
        ...c.setLocal(name, c.i32_sub(c.getLocal(name), c.i32_const(1))),
        ...c.call('f1m_neg', c.i32_add(c.getLocal(name), c.i32_const(32)), c.i32_const(negated)),
        ...c.setLocal(y, c.i32_const(negated)),
      ],
      c.setLocal(y, c.i32_add(c.getLocal(name), c.i32_const(32))),
    ),
  ];
  const K = (c: CodeBuilder, address: number): Code => c.i32_const(address);
  const advance = (c: CodeBuilder, steps: Record<string, number>): Code =>
    Object.entries(steps).flatMap(([name, step]) => c.setLocal(name, c.i32_add(c.getLocal(name), c.i32_const(step))));

  define(builder, 'g1m_addPairs', ['pairs', 'out', 'd', 'prefix', 'n'], { a: 'i32', b: 'i32', ya: 'i32', yb: 'i32', count: 'i32' }, (c) => {
    const [a, b, ya, yb, d, prefix, out] = ['a', 'b', 'ya', 'yb', 'd', 'prefix', 'out'].map((name) => c.getLocal(name));
    const next = c.i32_add(prefix, c.i32_const(32));
    const outY = c.i32_add(out, c.i32_const(32));
    return [
      c.setLocal('count', c.getLocal('n')),
      c.call('f1m_one', K(c, one)),
      c.call('f1m_one', prefix),
      // forward: denominators and their running products
      repeat(c, { pairs: 8, d: 32, prefix: 32, out: 64 }, [
        ...operand(c),
        ...c.call('f1m_sub', b, a, d),
        ...c.if(c.call('g1m_isZeroAffine', a), c.call('f1m_copy', K(c, one), d)),
        ...c.if(c.call('g1m_isZeroAffine', b), c.call('f1m_copy', K(c, one), d)),
        ...c.if(
          c.call('f1m_isZero', d),
          c.if(c.call('f1m_eq', ya, yb), c.call('f1m_add', ya, ya, d), c.call('f1m_copy', K(c, one), d)),
        ),
        ...c.call('f1m_mul', prefix, d, next),
      ]),
      c.call('f1m_inverse', prefix, K(c, inverse)),
      // backward: `inverse` is 1 / (d_0 .. d_i)
      c.setLocal('n', c.getLocal('count')),
      c.block(
        c.loop(
          c.br_if(1, c.i32_eqz(c.getLocal('n'))),
          advance(c, { pairs: -8, d: -32, prefix: -32, out: -64, n: -1 }),
          operand(c),
          c.call('f1m_mul', K(c, inverse), prefix, K(c, lambda)),
          c.call('f1m_mul', K(c, inverse), d, K(c, inverse)),
          c.if(
            c.call('g1m_isZeroAffine', a),
            [...c.call('f1m_copy', b, out), ...c.call('f1m_copy', yb, outY)],
            c.if(
              c.call('g1m_isZeroAffine', b),
              [...c.call('f1m_copy', a, out), ...c.call('f1m_copy', ya, outY)],
              [
                ...c.if(
                  c.call('f1m_eq', a, b),
                  [
                    ...c.call('f1m_square', a, K(c, temp)),
                    ...c.call('f1m_mul', K(c, temp), K(c, lambda), K(c, lambda)),
                    ...c.call('f1m_add', K(c, lambda), K(c, lambda), K(c, temp)),
                    ...c.call('f1m_add', K(c, temp), K(c, lambda), K(c, lambda)),
                  ],
                  [...c.call('f1m_sub', yb, ya, K(c, temp)), ...c.call('f1m_mul', K(c, temp), K(c, lambda), K(c, lambda))],
                ),
                ...c.call('f1m_square', K(c, lambda), out),
                ...c.call('f1m_sub', out, a, out),
                ...c.call('f1m_sub', out, b, out),
                ...c.call('f1m_sub', a, out, K(c, temp)),
                ...c.call('f1m_mul', K(c, temp), K(c, lambda), outY),
                ...c.call('f1m_sub', outY, ya, outY),
                // opposite points: the sum is infinity
                ...c.if(
                  c.call('f1m_eq', a, b),
                  c.if(c.i32_eqz(c.call('f1m_eq', ya, yb)), [...c.call('f1m_zero', out), ...c.call('f1m_zero', outY)]),
                ),
              ],
            ),
          ),
          c.br(0),
        ),
      ),
    ];
  });
}

/** Adds every loop of this file to a bn128 module under construction. */
export function addWasmLoops(builder: ModuleBuilder): void {
  addVectors(builder);
  addLanes(builder);
  addPairs(builder);
}
