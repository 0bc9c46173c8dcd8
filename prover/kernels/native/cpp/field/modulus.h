/**
 * The two prime fields of BN254 and every constant derived from their moduli, at compile time.
 *   q = 21888242871839275222246405745257275088696311157297823662689037894645226208583   (coordinates)
 *   r = 21888242871839275222246405745257275088548364400416034343698204186575808495617   (scalars)
 * Source of the moduli: EIP-196.
 */
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace zkattr {

using Limbs4 = std::array<uint64_t, 4>;
/** 5 limbs of 52 bits. */
using Limbs5 = std::array<uint64_t, 5>;
inline constexpr uint64_t MASK52 = (uint64_t(1) << 52) - 1;

namespace modulus_detail {

constexpr bool less(const Limbs4& a, const Limbs4& b) {
  for (int i = 3; i >= 0; i--)
    if (a[i] != b[i]) return a[i] < b[i];
  return false;
}
constexpr Limbs4 subtract(const Limbs4& a, const Limbs4& b) {
  Limbs4 out{};
  uint64_t borrow = 0;
  for (int i = 0; i < 4; i++) {
    const uint64_t t = a[i] - b[i];
    out[i] = t - borrow;
    borrow = (a[i] < b[i]) | (t < borrow);
  }
  return out;
}
/** 2a mod p; a < p < 2^254. */
constexpr Limbs4 twice(const Limbs4& a, const Limbs4& p) {
  const Limbs4 d{a[0] << 1, (a[1] << 1) | (a[0] >> 63), (a[2] << 1) | (a[1] >> 63), (a[3] << 1) | (a[2] >> 63)};
  return less(d, p) ? d : subtract(d, p);
}
/** 2^bits mod p. */
constexpr Limbs4 powerOfTwo(unsigned bits, const Limbs4& p) {
  Limbs4 x{1, 0, 0, 0};
  for (unsigned i = 0; i < bits; i++) x = twice(x, p);
  return x;
}
/** -p^(-1) mod 2^64, by Newton's iteration. */
constexpr uint64_t negativeInverse(uint64_t p0) {
  uint64_t x = 1;
  for (int i = 0; i < 6; i++) x *= 2 - p0 * x;
  return ~x + 1;
}
constexpr Limbs5 split52(const Limbs4& a) {
  return {a[0] & MASK52, ((a[0] >> 52) | (a[1] << 12)) & MASK52, ((a[1] >> 40) | (a[2] << 24)) & MASK52, ((a[2] >> 28) | (a[3] << 36)) & MASK52, a[3] >> 16};
}
/** k a in 52-bit limbs; k <= 84, so that it stays below 2^260. */
constexpr Limbs5 multiple52(const Limbs5& a, uint64_t k) {
  Limbs5 out{};
  uint64_t carry = 0;
  for (int i = 0; i < 5; i++) {
    const uint64_t low = (a[i] & 0x3ffffff) * k, high = (a[i] >> 26) * k;
    const uint64_t t = low + ((high & 0x3ffffff) << 26) + carry;
    out[i] = t & MASK52;
    carry = (t >> 52) + (high >> 26);
  }
  return out;
}

/** Everything that follows from the modulus. */
template <class Field>
struct Derived {
  /** 2^256 mod p: one in Montgomery form; 2^512, 2^768 mod p. */
  static constexpr Limbs4 R = powerOfTwo(256, Field::P), R2 = powerOfTwo(512, Field::P), R3 = powerOfTwo(768, Field::P);
  static constexpr uint64_t NEGATIVE_INVERSE = negativeInverse(Field::P[0]);
  static constexpr Limbs5 P52 = split52(Field::P);
  /** k p, for the vector code. */
  static constexpr Limbs5 multiple(uint64_t k) { return multiple52(P52, k); }
};

}  // namespace modulus_detail

struct FqModulus {
  static constexpr Limbs4 P{0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029};
};
struct FrModulus {
  static constexpr Limbs4 P{0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029};
};
template <class Field>
using Constants = modulus_detail::Derived<Field>;

}  // namespace zkattr
