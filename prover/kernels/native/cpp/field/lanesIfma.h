/**
 * Eight lanes in AVX-512 IFMA: limb k of lane i is bits 52 k .. of its integer. Interface and bounds: lanes.h.
 * vpmadd52 reads the low 52 bits of each operand, so every value is carried to plain limbs before it is used.
 * A product takes 50 multiply-adds, its reduction 55 (5 of them for the quotient digits); at one a cycle that is 105
 * cycles for 8 products, and what else there is runs beside them on the other ports.
 * Source of the method: Gueron, Krasnov 2016 (vpmadd52 Montgomery); Montgomery with R = 2^260.
 */
#pragma once
// GCC 12 warns inside its own intrinsics ("__Y is used uninitialized", GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#include "lanes.h"

namespace zkattr {

#define ZKATTR_INLINE inline __attribute__((always_inline))

template <class F, Form form = Form::Mont>
struct Lanes {
  static constexpr size_t N = 8;
  using Field = F;
  __m512i l[5];

  static ZKATTR_INLINE Lanes zero() {
    const __m512i z = _mm512_setzero_si512();
    return {{z, z, z, z, z}};
  }
  /** The same element in every lane. */
  static ZKATTR_INLINE Lanes broadcast(const Element<F>& x);
  static ZKATTR_INLINE Lanes one() { return broadcast(Element<F>::one()); }
};
using LaneMask = __mmask8;

template <class F> using RawLanes = Lanes<F, Form::Raw>;
template <class F> using MontLanes = Lanes<F, Form::Mont>;

namespace ifma {

ZKATTR_INLINE __m512i mask52() { return _mm512_set1_epi64(MASK52); }
ZKATTR_INLINE __m512i low(__m512i acc, __m512i a, __m512i b) { return _mm512_madd52lo_epu64(acc, a, b); }
ZKATTR_INLINE __m512i high(__m512i acc, __m512i a, __m512i b) { return _mm512_madd52hi_epu64(acc, a, b); }
/** k p as vectors. */
template <class F, unsigned K>
ZKATTR_INLINE __m512i multiple(int limb) {
  static constexpr Limbs5 m = Constants<F>::multiple(K);
  return _mm512_set1_epi64(m[limb]);
}

/** Carries signed limbs to plain ones; the value is in [0, 2^260). */
template <class L>
ZKATTR_INLINE void carry(L& a) {
  for (int k = 0; k < 4; k++) {
    a.l[k + 1] = _mm512_add_epi64(a.l[k + 1], _mm512_srai_epi64(a.l[k], 52));
    a.l[k] = _mm512_and_si512(a.l[k], mask52());
  }
}

/** Columns of a double-width product, unreduced. */
struct Columns {
  __m512i c[10];
};
ZKATTR_INLINE Columns zeroColumns() {
  const __m512i z = _mm512_setzero_si512();
  return {{z, z, z, z, z, z, z, z, z, z}};
}
/** t += a b. */
template <class A, class B>
ZKATTR_INLINE void accumulate(Columns& t, const A& a, const B& b) {
  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 5; j++) t.c[i + j] = low(t.c[i + j], a.l[i], b.l[j]);
  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 5; j++) t.c[i + j + 1] = high(t.c[i + j + 1], a.l[i], b.l[j]);
}
/** t <- t / 2^260 mod p, below p + t / 2^260, in columns 5 to 9, not carried. What was in these counts as a summand of the result; it may be signed. */
template <class F>
ZKATTR_INLINE void reduceColumns(Columns& t) {
  const __m512i negativeInverse = _mm512_set1_epi64(Constants<F>::NEGATIVE_INVERSE & MASK52);
  const __m512i z = _mm512_setzero_si512();
  for (int i = 0; i < 5; i++) {
    const __m512i m = low(z, t.c[i], negativeInverse);
    // Only the carry of column i is needed, the rest of it cancels.
    t.c[i] = low(t.c[i], m, multiple<F, 1>(0));
    for (int j = 1; j < 5; j++) t.c[i + j] = low(t.c[i + j], m, multiple<F, 1>(j));
    for (int j = 0; j < 5; j++) t.c[i + j + 1] = high(t.c[i + j + 1], m, multiple<F, 1>(j));
    t.c[i + 1] = _mm512_add_epi64(t.c[i + 1], _mm512_srli_epi64(t.c[i], 52));
  }
}
/** t / 2^260 mod p, below p + t / 2^260. */
template <class F, Form form>
ZKATTR_INLINE Lanes<F, form> reduce(Columns& t) {
  reduceColumns<F>(t);
  Lanes<F, form> out{{t.c[5], t.c[6], t.c[7], t.c[8], t.c[9]}};
  carry(out);
  return out;
}

/** 4 x 64 bits -> 5 x 52 bits. */
template <class F>
ZKATTR_INLINE RawLanes<F> split(__m512i w0, __m512i w1, __m512i w2, __m512i w3) {
  const __m512i m = mask52();
  return {{_mm512_and_si512(w0, m), _mm512_and_si512(_mm512_shrdi_epi64(w0, w1, 52), m), _mm512_and_si512(_mm512_shrdi_epi64(w1, w2, 40), m),
           _mm512_and_si512(_mm512_shrdi_epi64(w2, w3, 28), m), _mm512_srli_epi64(w3, 16)}};
}
/** 5 x 52 bits -> 4 x 64 bits; the value is below 2^256. */
template <class L>
ZKATTR_INLINE void join(const L& a, __m512i w[4]) {
  w[0] = _mm512_or_si512(a.l[0], _mm512_slli_epi64(a.l[1], 52));
  w[1] = _mm512_or_si512(_mm512_srli_epi64(a.l[1], 12), _mm512_slli_epi64(a.l[2], 40));
  w[2] = _mm512_or_si512(_mm512_srli_epi64(a.l[2], 24), _mm512_slli_epi64(a.l[3], 28));
  w[3] = _mm512_or_si512(_mm512_srli_epi64(a.l[3], 36), _mm512_slli_epi64(a.l[4], 16));
}

/** Rows of two elements (lanes 2k, 2k + 1) <-> words of eight lanes: 8 elements of 4 words, transposed. */
ZKATTR_INLINE void rowsToWords(const __m512i r[4], __m512i w[4]) {
  // r[k] = (e_2k words 0..3, e_2k+1 words 0..3)
  const __m512i even = _mm512_setr_epi64(0, 4, 8, 12, 2, 6, 10, 14), odd = _mm512_setr_epi64(1, 5, 9, 13, 3, 7, 11, 15);
  const __m512i a02 = _mm512_permutex2var_epi64(r[0], even, r[1]);  // w0 of lanes 0..3, w2 of lanes 0..3
  const __m512i a13 = _mm512_permutex2var_epi64(r[0], odd, r[1]);
  const __m512i b02 = _mm512_permutex2var_epi64(r[2], even, r[3]);
  const __m512i b13 = _mm512_permutex2var_epi64(r[2], odd, r[3]);
  w[0] = _mm512_shuffle_i64x2(a02, b02, 0x44);
  w[2] = _mm512_shuffle_i64x2(a02, b02, 0xee);
  w[1] = _mm512_shuffle_i64x2(a13, b13, 0x44);
  w[3] = _mm512_shuffle_i64x2(a13, b13, 0xee);
}
ZKATTR_INLINE void wordsToRows(const __m512i w[4], __m512i r[4]) {
  const __m512i a02 = _mm512_shuffle_i64x2(w[0], w[2], 0x44), b02 = _mm512_shuffle_i64x2(w[0], w[2], 0xee);
  const __m512i a13 = _mm512_shuffle_i64x2(w[1], w[3], 0x44), b13 = _mm512_shuffle_i64x2(w[1], w[3], 0xee);
  const __m512i first = _mm512_setr_epi64(0, 8, 4, 12, 1, 9, 5, 13), second = _mm512_setr_epi64(2, 10, 6, 14, 3, 11, 7, 15);
  r[0] = _mm512_permutex2var_epi64(a02, first, a13);
  r[1] = _mm512_permutex2var_epi64(a02, second, a13);
  r[2] = _mm512_permutex2var_epi64(b02, first, b13);
  r[3] = _mm512_permutex2var_epi64(b02, second, b13);
}

/** Limb i of k p, k < 8. */
struct alignas(64) Multiples {
  uint64_t limb[5][8];
};
template <class F>
constexpr Multiples makeMultiples() {
  Multiples out{};
  for (int k = 0; k < 8; k++) {
    const Limbs5 m = Constants<F>::multiple(k);
    for (int i = 0; i < 5; i++) out.limb[i][k] = m[i];
  }
  return out;
}
template <class F>
inline constexpr Multiples MULTIPLES = makeMultiples<F>();

/** a - k p where that is not negative. */
template <class F, unsigned K, Form form>
ZKATTR_INLINE Lanes<F, form> subtractIf(const Lanes<F, form>& a) {
  Lanes<F, form> d;
  for (int k = 0; k < 5; k++) d.l[k] = _mm512_sub_epi64(a.l[k], multiple<F, K>(k));
  carry(d);
  const __mmask8 negative = _mm512_movepi64_mask(d.l[4]);
  for (int k = 0; k < 5; k++) d.l[k] = _mm512_mask_mov_epi64(d.l[k], negative, a.l[k]);
  return d;
}

}  // namespace ifma

template <class F, Form f>
ZKATTR_INLINE Lanes<F, f> add(const Lanes<F, f>& a, const Lanes<F, f>& b) {
  Lanes<F, f> out;
  for (int k = 0; k < 5; k++) out.l[k] = _mm512_add_epi64(a.l[k], b.l[k]);
  ifma::carry(out);
  return out;
}
template <unsigned K, class F, Form f>
ZKATTR_INLINE Lanes<F, f> sub(const Lanes<F, f>& a, const Lanes<F, f>& b) {
  Lanes<F, f> out;
  for (int k = 0; k < 5; k++) out.l[k] = _mm512_add_epi64(_mm512_sub_epi64(a.l[k], b.l[k]), ifma::multiple<F, K>(k));
  ifma::carry(out);
  return out;
}
/** a - b - c + K p, carried once; b + c < K p. */
template <unsigned K, class F, Form f>
ZKATTR_INLINE Lanes<F, f> sub2(const Lanes<F, f>& a, const Lanes<F, f>& b, const Lanes<F, f>& c) {
  Lanes<F, f> out;
  for (int k = 0; k < 5; k++) out.l[k] = _mm512_sub_epi64(_mm512_add_epi64(a.l[k], ifma::multiple<F, K>(k)), _mm512_add_epi64(b.l[k], c.l[k]));
  ifma::carry(out);
  return out;
}
/** a - b - c - d + K p, carried once; b + c + d < K p. */
template <unsigned K, class F, Form f>
ZKATTR_INLINE Lanes<F, f> sub3(const Lanes<F, f>& a, const Lanes<F, f>& b, const Lanes<F, f>& c, const Lanes<F, f>& d) {
  Lanes<F, f> out;
  for (int k = 0; k < 5; k++) out.l[k] = _mm512_sub_epi64(_mm512_sub_epi64(_mm512_add_epi64(a.l[k], ifma::multiple<F, K>(k)), d.l[k]), _mm512_add_epi64(b.l[k], c.l[k]));
  ifma::carry(out);
  return out;
}
/** 3 a. */
template <class F, Form f>
ZKATTR_INLINE Lanes<F, f> triple(const Lanes<F, f>& a) {
  Lanes<F, f> out;
  for (int k = 0; k < 5; k++) out.l[k] = _mm512_add_epi64(_mm512_add_epi64(a.l[k], a.l[k]), a.l[k]);
  ifma::carry(out);
  return out;
}
/** mask ? p - a : a, a <= p, NOT carried: only as an operand of sub and sub2. */
template <class F, Form f>
ZKATTR_INLINE Lanes<F, f> negateIf(LaneMask mask, const Lanes<F, f>& a) {
  Lanes<F, f> out;
  for (int k = 0; k < 5; k++) out.l[k] = _mm512_mask_sub_epi64(a.l[k], mask, ifma::multiple<F, 1>(k), a.l[k]);
  return out;
}
template <class F, Form f>
ZKATTR_INLINE Lanes<F, f> mul(const MontLanes<F>& a, const Lanes<F, f>& b) {
  ifma::Columns t = ifma::zeroColumns();
  ifma::accumulate(t, a, b);
  return ifma::reduce<F, f>(t);
}
/** a b + c d, one reduction; bound 1 + (A B + C D) / 84. */
template <class F, Form f>
ZKATTR_INLINE Lanes<F, f> mulAdd(const MontLanes<F>& a, const Lanes<F, f>& b, const MontLanes<F>& c, const Lanes<F, f>& d) {
  ifma::Columns t = ifma::zeroColumns();
  ifma::accumulate(t, a, b);
  ifma::accumulate(t, c, d);
  return ifma::reduce<F, f>(t);
}
/** Mixed products are taken once and doubled: 30 multiply-adds instead of 50. */
template <class F>
ZKATTR_INLINE MontLanes<F> square(const MontLanes<F>& a) {
  ifma::Columns t = ifma::zeroColumns();
  for (int i = 0; i < 5; i++)
    for (int j = i + 1; j < 5; j++) {
      t.c[i + j] = ifma::low(t.c[i + j], a.l[i], a.l[j]);
      t.c[i + j + 1] = ifma::high(t.c[i + j + 1], a.l[i], a.l[j]);
    }
  for (int k = 1; k < 9; k++) t.c[k] = _mm512_add_epi64(t.c[k], t.c[k]);
  for (int i = 0; i < 5; i++) {
    t.c[2 * i] = ifma::low(t.c[2 * i], a.l[i], a.l[i]);
    t.c[2 * i + 1] = ifma::high(t.c[2 * i + 1], a.l[i], a.l[i]);
  }
  return ifma::reduce<F, Form::Mont>(t);
}
/** 16 a. */
template <class F>
ZKATTR_INLINE MontLanes<F> toMont(const RawLanes<F>& a) {
  const __m512i m = ifma::mask52();
  MontLanes<F> out;
  out.l[0] = _mm512_and_si512(_mm512_slli_epi64(a.l[0], 4), m);
  // (a_k << 4) | (a_(k-1) >> 48): a funnel shift of (a_(k-1) << 12, a_k).
  for (int k = 1; k < 5; k++) out.l[k] = _mm512_and_si512(_mm512_or_si512(_mm512_slli_epi64(a.l[k], 4), _mm512_srli_epi64(a.l[k - 1], 48)), m);
  return out;
}
/** (a + m p) / 16 with m = -a / p mod 16. */
template <class F>
ZKATTR_INLINE RawLanes<F> toRaw(const MontLanes<F>& a) {
  const __m512i z = _mm512_setzero_si512(), m52 = ifma::mask52();
  const __m512i m = _mm512_and_si512(ifma::low(z, a.l[0], _mm512_set1_epi64(Constants<F>::NEGATIVE_INVERSE & MASK52)), _mm512_set1_epi64(15));
  RawLanes<F> t;
  for (int k = 0; k < 5; k++) t.l[k] = ifma::low(a.l[k], m, ifma::multiple<F, 1>(k));
  for (int k = 0; k < 4; k++) t.l[k + 1] = ifma::high(t.l[k + 1], m, ifma::multiple<F, 1>(k));
  ifma::carry(t);
  RawLanes<F> out;
  for (int k = 0; k < 4; k++) out.l[k] = _mm512_and_si512(_mm512_or_si512(_mm512_srli_epi64(t.l[k], 4), _mm512_slli_epi64(t.l[k + 1], 48)), m52);
  out.l[4] = _mm512_srli_epi64(t.l[4], 4);
  return out;
}
template <class F>
ZKATTR_INLINE MontLanes<F> asMont(const RawLanes<F>& a) {
  return {{a.l[0], a.l[1], a.l[2], a.l[3], a.l[4]}};
}
template <class F>
ZKATTR_INLINE RawLanes<F> asRaw(const MontLanes<F>& a) {
  return {{a.l[0], a.l[1], a.l[2], a.l[3], a.l[4]}};
}
template <unsigned B, class F, Form f>
ZKATTR_INLINE Lanes<F, f> canonical(const Lanes<F, f>& a) {
  static_assert(B == 1 || B == 2 || B == 4 || B == 8 || B == 16 || B == 32, "bound");
  if constexpr (B == 1) {
    return a;
  } else if constexpr (B == 2) {
    return ifma::subtractIf<F, 1>(a);
  } else if constexpr (B > 8) {
    return canonical<B / 2>(ifma::subtractIf<F, B / 2>(a));
  } else {
    // k = floor(a / p), or one less: from the top limb, rounded down.
    static constexpr double reciprocal = 1.0 / double(Constants<F>::P52[4] + 1);
    const __m512i k = _mm512_cvttpd_epi64(_mm512_mul_pd(_mm512_cvtepi64_pd(a.l[4]), _mm512_set1_pd(reciprocal)));
    Lanes<F, f> d;
    for (int i = 0; i < 5; i++) d.l[i] = _mm512_sub_epi64(a.l[i], _mm512_permutexvar_epi64(k, _mm512_load_si512(ifma::MULTIPLES<F>.limb[i])));
    ifma::carry(d);
    // One less only if a lies within 2^208 of a multiple of p: 2^-46 of all values.
    if (__builtin_expect(_mm512_cmpge_epu64_mask(d.l[4], _mm512_set1_epi64(Constants<F>::P52[4])) != 0, 0)) return ifma::subtractIf<F, 1>(d);
    return d;
  }
}
template <class F, Form f>
ZKATTR_INLINE LaneMask isZero(const Lanes<F, f>& a) {
  const __m512i any = _mm512_or_si512(_mm512_or_si512(_mm512_or_si512(a.l[0], a.l[1]), _mm512_or_si512(a.l[2], a.l[3])), a.l[4]);
  return _mm512_testn_epi64_mask(any, any);
}
/** Lanes whose low limbs are zero, or equal: a cheap filter for isZero and isEqual. */
template <class F, Form f>
ZKATTR_INLINE LaneMask lowZero(const Lanes<F, f>& a) {
  return _mm512_testn_epi64_mask(a.l[0], a.l[0]);
}
template <class F, Form f>
ZKATTR_INLINE LaneMask lowEqual(const Lanes<F, f>& a, const Lanes<F, f>& b) {
  return _mm512_cmpeq_epi64_mask(a.l[0], b.l[0]);
}
template <class F, Form f>
ZKATTR_INLINE LaneMask isEqual(const Lanes<F, f>& a, const Lanes<F, f>& b) {
  LaneMask mask = 0xff;
  for (int k = 0; k < 5; k++) mask = _mm512_mask_cmpeq_epi64_mask(mask, a.l[k], b.l[k]);
  return mask;
}
template <class F, Form f>
ZKATTR_INLINE Lanes<F, f> select(LaneMask mask, const Lanes<F, f>& a, const Lanes<F, f>& b) {
  Lanes<F, f> out;
  for (int k = 0; k < 5; k++) out.l[k] = _mm512_mask_mov_epi64(a.l[k], mask, b.l[k]);
  return out;
}

template <class F>
ZKATTR_INLINE RawLanes<F> load(const void* from) {
  const auto* p = static_cast<const uint8_t*>(from);
  __m512i r[4], w[4];
  for (int k = 0; k < 4; k++) r[k] = _mm512_loadu_si512(p + 64 * k);
  ifma::rowsToWords(r, w);
  return ifma::split<F>(w[0], w[1], w[2], w[3]);
}
template <class F>
inline RawLanes<F> loadPart(const void* from, size_t count) {
  alignas(64) uint8_t part[256] = {};
  std::memcpy(part, from, 32 * count);
  return load<F>(part);
}
template <unsigned B, class F>
ZKATTR_INLINE void store(const RawLanes<F>& a, void* to) {
  auto* p = static_cast<uint8_t*>(to);
  __m512i r[4], w[4];
  ifma::join(canonical<B>(a), w);
  ifma::wordsToRows(w, r);
  for (int k = 0; k < 4; k++) _mm512_storeu_si512(p + 64 * k, r[k]);
}
template <unsigned B, class F>
inline void storePart(const RawLanes<F>& a, void* to, size_t count) {
  alignas(64) uint8_t part[256];
  store<B>(a, part);
  std::memcpy(to, part, 32 * count);
}
template <class F>
ZKATTR_INLINE RawLanes<F> gather(const uint8_t* const from[8]) {
  __m512i r[4], w[4];
  for (int k = 0; k < 4; k++) r[k] = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i*)from[2 * k])), _mm256_loadu_si256((const __m256i*)from[2 * k + 1]), 1);
  ifma::rowsToWords(r, w);
  return ifma::split<F>(w[0], w[1], w[2], w[3]);
}
template <unsigned B, class F>
ZKATTR_INLINE void scatter(const RawLanes<F>& a, uint8_t* const to[8]) {
  __m512i r[4], w[4];
  ifma::join(canonical<B>(a), w);
  ifma::wordsToRows(w, r);
  for (int k = 0; k < 4; k++) {
    _mm256_storeu_si256((__m256i*)to[2 * k], _mm512_castsi512_si256(r[k]));
    _mm256_storeu_si256((__m256i*)to[2 * k + 1], _mm512_extracti64x4_epi64(r[k], 1));
  }
}
template <unsigned B, class F>
inline Element<F> sumLanes(const RawLanes<F>& a) {
  alignas(64) Element<F> e[8];
  store<B>(a, e);
  Element<F> sum = e[0];
  for (int k = 1; k < 8; k++) sum = add(sum, e[k]);
  return sum;
}

template <class F, Form form>
ZKATTR_INLINE Lanes<F, form> Lanes<F, form>::broadcast(const Element<F>& x) {
  const RawLanes<F> raw = ifma::split<F>(_mm512_set1_epi64(x.v[0]), _mm512_set1_epi64(x.v[1]), _mm512_set1_epi64(x.v[2]), _mm512_set1_epi64(x.v[3]));
  if constexpr (form == Form::Raw) {
    return raw;
  } else {
    // 16 x, reduced: constants are multiplied by anything.
    return canonical<16>(toMont(raw));
  }
}

}  // namespace zkattr
