/**
 * Scalar field of BN254 for witness generators.
 *   p = 21888242871839275222246405745257275088548364400416034343698204186575808495617, 254 bits
 * A value has one of three forms, told by `type`; equal values may differ in form:
 *   SHORT       shortVal, -2^31 <= v < 2^31; negative ones stand for p + v    loop counters, bits, small constants
 *               (constants carry their Montgomery form too, tagged by bit 30, which nothing here looks at)
 *   LONG        longVal, canonical, four limbs, lowest first
 *   MONTGOMERY  longVal = v 2^256 mod p                                       whatever went through a product
 * Layout and tags are those of the constants in circom's .dat files, which are used in place.
 * Not constant-time.
 */
#pragma once
#include <cstdint>

enum : uint32_t { SHORT = 0, LONG = 0x80000000u, MONTGOMERY = 0xC0000000u };

struct Limbs {
  uint64_t w[4];
};

struct FrElement {
  int32_t shortVal;
  uint32_t type;
  Limbs longVal;
};
inline bool isShort(const FrElement &a) { return (a.type & LONG) == 0; }
static_assert(sizeof(FrElement) == 40, "as in the .dat file");

constexpr Limbs MODULUS = {{0x43e1f593f0000001u, 0x2833e84879b97091u, 0xb85045b68181585du, 0x30644e72e131a029u}};
/** (p - 1) / 2: values above it compare as negative ones. */
constexpr Limbs HALF = {{0xa1f0fac9f8000000u, 0x9419f4243cdcb848u, 0xdc2822db40c0ac2eu, 0x183227397098d014u}};
/** 2^512 mod p: a product by it enters Montgomery form. */
constexpr Limbs R_SQUARED = {{0x1bb8e645ae216da7u, 0x53fe3ab1e35c59e3u, 0x8c49833d53bb8085u, 0x0216d0b17f4e44a5u}};
/** -1 / p mod 2^64 */
constexpr uint64_t NEGATED_INVERSE = 0xc2e1f593efffffffu;

inline bool atLeast(const Limbs &a, const Limbs &b) {
  for (int i = 3; i >= 0; i--)
    if (a.w[i] != b.w[i]) return a.w[i] > b.w[i];
  return true;
}
inline bool same(const Limbs &a, const Limbs &b) {
  return ((a.w[0] ^ b.w[0]) | (a.w[1] ^ b.w[1]) | (a.w[2] ^ b.w[2]) | (a.w[3] ^ b.w[3])) == 0;
}
inline bool isZero(const Limbs &a) { return (a.w[0] | a.w[1] | a.w[2] | a.w[3]) == 0; }

/** a - b mod 2^256; `borrow` tells whether a < b. */
inline Limbs difference(const Limbs &a, const Limbs &b, bool &borrow) {
  Limbs r;
  uint64_t carry = 0;
  for (int i = 0; i < 4; i++) {
    unsigned __int128 d = (unsigned __int128)a.w[i] - b.w[i] - carry;
    r.w[i] = (uint64_t)d;
    carry = (uint64_t)(d >> 64) & 1;
  }
  borrow = carry != 0;
  return r;
}
/** a + b; no overflow for a, b < 2^255. */
inline Limbs sum(const Limbs &a, const Limbs &b) {
  Limbs r;
  unsigned __int128 carry = 0;
  for (int i = 0; i < 4; i++) {
    carry += (unsigned __int128)a.w[i] + b.w[i];
    r.w[i] = (uint64_t)carry;
    carry >>= 64;
  }
  return r;
}
/** a mod p for a < 2p */
inline Limbs reduced(const Limbs &a) {
  bool borrow;
  Limbs r = difference(a, MODULUS, borrow);
  return borrow ? a : r;
}
inline Limbs addMod(const Limbs &a, const Limbs &b) { return reduced(sum(a, b)); }
inline Limbs subMod(const Limbs &a, const Limbs &b) {
  bool borrow;
  Limbs r = difference(a, b, borrow);
  return borrow ? sum(r, MODULUS) : r;
}
inline Limbs negMod(const Limbs &a) { return isZero(a) ? a : subMod(MODULUS, a); }

/** a b / 2^256 mod p for a, b < p. Word by word; p's top bit is clear, so the running sum fits four words and a carry. */
inline Limbs productMont(const Limbs &a, const Limbs &b) {
  using Wide = unsigned __int128;
  uint64_t t0 = 0, t1 = 0, t2 = 0, t3 = 0;
  for (int i = 0; i < 4; i++) {
    const uint64_t x = a.w[i];
    Wide c = (Wide)x * b.w[0] + t0;
    const uint64_t m = (uint64_t)c * NEGATED_INVERSE;
    Wide d = (Wide)m * MODULUS.w[0] + (uint64_t)c;
    c = (Wide)x * b.w[1] + t1 + (uint64_t)(c >> 64);
    d = (Wide)m * MODULUS.w[1] + (uint64_t)c + (uint64_t)(d >> 64);
    t0 = (uint64_t)d;
    c = (Wide)x * b.w[2] + t2 + (uint64_t)(c >> 64);
    d = (Wide)m * MODULUS.w[2] + (uint64_t)c + (uint64_t)(d >> 64);
    t1 = (uint64_t)d;
    c = (Wide)x * b.w[3] + t3 + (uint64_t)(c >> 64);
    d = (Wide)m * MODULUS.w[3] + (uint64_t)c + (uint64_t)(d >> 64);
    t2 = (uint64_t)d;
    t3 = (uint64_t)(c >> 64) + (uint64_t)(d >> 64);
  }
  return reduced({{t0, t1, t2, t3}});
}

inline Limbs fromShort(int32_t v) {
  if (v >= 0) return {{(uint64_t)v, 0, 0, 0}};
  return subMod(MODULUS, {{(uint64_t)(-(int64_t)v), 0, 0, 0}});
}
/** The value in [0, p). */
inline Limbs canonical(const FrElement &a) {
  if (isShort(a)) return fromShort(a.shortVal);
  return a.type == LONG ? a.longVal : productMont(a.longVal, {{1, 0, 0, 0}});
}
inline Limbs montgomery(const FrElement &a) {
  return a.type == MONTGOMERY ? a.longVal : productMont(isShort(a) ? fromShort(a.shortVal) : a.longVal, R_SQUARED);
}

// Results are written field by field: a whole element put together first is stored in small pieces and loaded in large
// ones, which processors cannot forward. The limbs of a SHORT keep what they held.
inline void setShort(FrElement *r, int32_t v) {
  r->shortVal = v;
  r->type = SHORT;
}
inline void setLong(FrElement *r, const Limbs &v, uint32_t type = LONG) {
  r->longVal = v;
  r->type = type;
}
inline void setMontgomery(FrElement *r, const Limbs &v) { setLong(r, v, MONTGOMERY); }
/** An integer of any sign, |v| < 2^63. */
inline void setInteger(FrElement *r, int64_t v) {
  if (v == (int32_t)v) return setShort(r, (int32_t)v);
  const Limbs magnitude = {{v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 0, 0, 0}};
  setLong(r, v < 0 ? subMod(MODULUS, magnitude) : magnitude);
}
