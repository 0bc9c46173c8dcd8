/**
 * Sums of products that are reduced once: 50 multiply-adds a product instead of 105 where N = 8.
 *   reduce() = sum a_i b_i / 2^260        (2^256 where N = 1)
 * so Mont x Raw gives Raw, as mul does. Raw x Raw gives 1/16 of it where N = 8: undone by timesLost once at the end.
 *
 * Bounds, for N = 8, of k products of a < A p and b < B p since the last carry (columns) and the last reduction (value):
 *   columns  at most 9 parts below 2^52 each, and as many again in the reduction, signed 64 bits:  k <= MOST_PRODUCTS = 200
 *   value    the result is below (1 + k A B / 84) p, which must stay below 84 p (lanes.h)
 * A carry leaves plain limbs in all columns but the last, and the value as it is.
 */
#pragma once
#include "lanes.h"

namespace zkattr {

/** 9 x 2^52 (MOST_PRODUCTS + 1) + the carries of a sum that was carried before < 2^63. */
inline constexpr size_t MOST_PRODUCTS = 200;
/** log2 of what a product Raw x Raw loses. */
inline constexpr unsigned LOST_LOG = RawLanes<FrModulus>::N == 8 ? 4 : 0;

#if defined(ZKATTR_ISA_IFMA)

namespace ifma {
/** Lane i: the sum of the lanes of v[i]. Halves are added as they are brought together: pairs, lanes of 128 bits, halves. */
ZKATTR_INLINE __m512i addAcross(const __m512i v[8]) {
  __m512i pairs[4], quads[2];
  for (int i = 0; i < 4; i++) pairs[i] = _mm512_add_epi64(_mm512_unpacklo_epi64(v[2 * i], v[2 * i + 1]), _mm512_unpackhi_epi64(v[2 * i], v[2 * i + 1]));
  const auto halve = [](__m512i a, __m512i b) { return _mm512_add_epi64(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xdd)); };
  for (int i = 0; i < 2; i++) quads[i] = halve(pairs[2 * i], pairs[2 * i + 1]);
  return halve(quads[0], quads[1]);
}
}  // namespace ifma

template <class F>
struct ProductSum {
  ifma::Columns t;

  static ZKATTR_INLINE ProductSum zero() { return {ifma::zeroColumns()}; }
  template <class A, class B>
  ZKATTR_INLINE void add(const A& a, const B& b) {
    ifma::accumulate(t, a, b);
  }
  /** Adds a itself to the result, its bound to the result's. In the columns it counts as one product. */
  ZKATTR_INLINE void addWhole(const RawLanes<F>& a) {
    for (int k = 0; k < 5; k++) t.c[5 + k] = _mm512_add_epi64(t.c[5 + k], a.l[k]);
  }
  /** Adds b: products, columns and bounds of both. */
  ZKATTR_INLINE void addSum(const ProductSum& b) {
    for (int k = 0; k < 10; k++) t.c[k] = _mm512_add_epi64(t.c[k], b.t.c[k]);
  }
  ZKATTR_INLINE void carry() {
    for (int k = 0; k < 9; k++) {
      t.c[k + 1] = _mm512_add_epi64(t.c[k + 1], _mm512_srli_epi64(t.c[k], 52));
      t.c[k] = _mm512_and_si512(t.c[k], ifma::mask52());
    }
  }
  ZKATTR_INLINE RawLanes<F> reduce() const {
    ifma::Columns copy = t;
    return ifma::reduce<F, Form::Raw>(copy);
  }
  /** Lane i of the result: all lanes of sums[i], added. Carried before. */
  static ProductSum across(const ProductSum sums[8]) {
    ProductSum out;
    for (int k = 0; k < 10; k++) {
      __m512i column[8];
      for (int i = 0; i < 8; i++) column[i] = sums[i].t.c[k];
      out.t.c[k] = ifma::addAcross(column);
    }
    return out;
  }
};

#else

template <class F>
struct ProductSum {
  Element<F> sum;

  static ProductSum zero() { return {Element<F>::zero()}; }
  template <class A, class B>
  void add(const A& a, const B& b) {
    sum = zkattr::add(sum, mul(a.e, b.e));
  }
  void addWhole(const RawLanes<F>& a) { sum = zkattr::add(sum, a.e); }
  void addSum(const ProductSum& b) { sum = zkattr::add(sum, b.sum); }
  void carry() {}
  RawLanes<F> reduce() const { return {sum}; }
  static ProductSum across(const ProductSum sums[1]) { return sums[0]; }
};

#endif

/** 2^LOST_LOG a: bound 16 times a's. */
template <class F>
inline RawLanes<F> timesLost(const RawLanes<F>& a) {
  return asRaw(toMont(a));
}

}  // namespace zkattr
