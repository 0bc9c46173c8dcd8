/**
 * The two groups of BN254, as one interface for points of either:
 *   G1  y^2 = x^3 + 3            over Fq      64 bytes a point
 *   G2  y^2 = x^3 + 3 / (9 + u)  over Fq2    128 bytes a point
 * Points in memory: affine, Montgomery (2^256), all zeros = infinity. Neither group has points with y = 0 (odd order).
 * plus / minus<K> / times<K> name the arithmetic of elements and of lanes alike; K bounds the second operand (lanes.h).
 */
#pragma once
#include "../field/quadratic.h"

namespace zkattr {

/** Lane i from (to) the address in pointer i. */
template <class F>
inline void scatter(const Lanes<F, Form::Raw>& canonicalValue, uint8_t* const to[]) {
#if defined(ZKATTR_ISA_IFMA)
  __m512i w[4], r[4];
  ifma::join(canonicalValue, w);
  ifma::wordsToRows(w, r);
  for (int k = 0; k < 4; k++) {
    _mm256_storeu_si256((__m256i*)to[2 * k], _mm512_castsi512_si256(r[k]));
    _mm256_storeu_si256((__m256i*)to[2 * k + 1], _mm512_extracti64x4_epi64(r[k], 1));
  }
#else
  canonicalValue.e.store(to[0]);
#endif
}

/** at[i] = base + (indices[i] without its top bit) x BYTES; returns the top bits. */
template <size_t BYTES>
inline LaneMask locate(const uint8_t* base, const uint32_t* indices, const uint8_t* at[]) {
#if defined(ZKATTR_ISA_IFMA)
  static_assert(BYTES == 64 || BYTES == 128, "a shift");
  const __m256i index = _mm256_loadu_si256((const __m256i*)indices);
  const __m512i offset = _mm512_slli_epi64(_mm512_cvtepu32_epi64(_mm256_and_si256(index, _mm256_set1_epi32(0x7fffffff))), BYTES == 64 ? 6 : 7);
  _mm512_storeu_si512(at, _mm512_add_epi64(offset, _mm512_set1_epi64((long long)base)));
  return _mm256_movepi32_mask(index);
#else
  at[0] = base + size_t(indices[0] & 0x7fffffff) * BYTES;
  return indices[0] >> 31;
#endif
}

template <class E> inline E plus(const E& a, const E& b) { return add(a, b); }
template <unsigned K> inline Fq minus(const Fq& a, const Fq& b) { return sub(a, b); }
template <unsigned K> inline Fq2 minus(const Fq2& a, const Fq2& b) { return sub(a, b); }
template <unsigned K, Form f> inline Lanes<FqModulus, f> minus(const Lanes<FqModulus, f>& a, const Lanes<FqModulus, f>& b) { return sub<K>(a, b); }
template <unsigned K, Form f> inline Lanes2<f> minus(const Lanes2<f>& a, const Lanes2<f>& b) { return sub<K>(a, b); }
/** a - b - c, b + c < K p. */
template <unsigned K> inline Fq minus2(const Fq& a, const Fq& b, const Fq& c) { return sub(sub(a, b), c); }
template <unsigned K> inline Fq2 minus2(const Fq2& a, const Fq2& b, const Fq2& c) { return sub(sub(a, b), c); }
template <unsigned K, Form f> inline Lanes<FqModulus, f> minus2(const Lanes<FqModulus, f>& a, const Lanes<FqModulus, f>& b, const Lanes<FqModulus, f>& c) { return sub2<K>(a, b, c); }
template <unsigned K, Form f> inline Lanes2<f> minus2(const Lanes2<f>& a, const Lanes2<f>& b, const Lanes2<f>& c) { return sub2<K>(a, b, c); }
/** a - b - c - d, b + c + d < K p. */
template <unsigned K, Form f> inline Lanes<FqModulus, f> minus3(const Lanes<FqModulus, f>& a, const Lanes<FqModulus, f>& b, const Lanes<FqModulus, f>& c, const Lanes<FqModulus, f>& d) { return sub3<K>(a, b, c, d); }
template <unsigned K, Form f> inline Lanes2<f> minus3(const Lanes2<f>& a, const Lanes2<f>& b, const Lanes2<f>& c, const Lanes2<f>& d) { return sub3<K>(a, b, c, d); }
inline Fq triple(const Fq& a) { return add(twice(a), a); }
inline Fq2 triple(const Fq2& a) { return add(twice(a), a); }
template <unsigned K> inline Fq times(const Fq& a, const Fq& b) { return mul(a, b); }
template <unsigned K> inline Fq2 times(const Fq2& a, const Fq2& b) { return mul(a, b); }
// Out of line: in long functions the compiler spills more around an inlined product than a call costs.
template <unsigned K, Form f> __attribute__((noinline)) Lanes<FqModulus, f> times(const MontLanes<FqModulus>& a, const Lanes<FqModulus, f>& b) { return mul(a, b); }
template <unsigned K, Form f> __attribute__((noinline)) Lanes2<f> times(const Lanes2<Form::Mont>& a, const Lanes2<f>& b) { return mul<K>(a, b); }

/** The canonical form of what negateIf returned; infinity's y stays 0. */
template <class V>
inline V settle(const V& y) {
  return canonical<2>(minus<0>(y, V::zero()));
}

struct G1 {
  using Element = Fq;
  template <Form f> using Vector = Lanes<FqModulus, f>;
  static constexpr size_t COORDINATE_BYTES = 32, POINT_BYTES = 64;
  /** Base field products of one coordinate product, for cost estimates. */
  static constexpr double PRODUCTS = 1;
  static Element b3() {
    Fq nine = Fq::zero();
    for (int i = 0; i < 9; i++) nine = add(nine, Fq::one());
    return nine;
  }
  /** Bound of x3 = lambda^2 - x1 - x2 + 2 p, and the affine operand of a projective addition. */
  static constexpr unsigned X_BOUND = 4;
  static Vector<Form::Mont> operand(const Vector<Form::Raw>& v) { return toMont(v); }
  /** Lane i is the coordinate at from[i]. */
  static Vector<Form::Raw> gatherAt(const uint8_t* const from[], size_t offset) {
    const uint8_t* at[Vector<Form::Raw>::N];
    for (size_t i = 0; i < Vector<Form::Raw>::N; i++) at[i] = from[i] + offset;
    return gather<FqModulus>(at);
  }
  static void scatterAt(const Vector<Form::Raw>& v, uint8_t* const to[], size_t offset) {
    uint8_t* at[Vector<Form::Raw>::N];
    for (size_t i = 0; i < Vector<Form::Raw>::N; i++) at[i] = to[i] + offset;
    scatter(v, at);
  }
};

struct G2 {
  using Element = Fq2;
  template <Form f> using Vector = Lanes2<f>;
  static constexpr size_t COORDINATE_BYTES = 64, POINT_BYTES = 128;
  static constexpr double PRODUCTS = 3;
  static constexpr unsigned X_BOUND = 8;
  static Vector<Form::Mont> operand(const Vector<Form::Raw>& v) { return canonical<16>(toMont(v)); }
  /** 9 / (9 + u). */
  static Element b3() {
    const Fq nine = G1::b3();
    return mul(Fq2{nine, Fq::zero()}, inverse(Fq2{nine, Fq::one()}));
  }
  static Vector<Form::Raw> gatherAt(const uint8_t* const from[], size_t offset) { return {G1::gatherAt(from, offset), G1::gatherAt(from, offset + 32)}; }
  static void scatterAt(const Vector<Form::Raw>& v, uint8_t* const to[], size_t offset) {
    G1::scatterAt(v.c0, to, offset);
    G1::scatterAt(v.c1, to, offset + 32);
  }
};

}  // namespace zkattr
