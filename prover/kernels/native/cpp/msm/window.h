/**
 * Signed digits of scalars:
 *   k = sum_w d_w 2^(c w),   -2^(c-1) <= d_w < 2^(c-1)
 * so c bits need 2^(c-1) buckets. Scalars are below r < 2^254: the top digit cannot overflow (tops).
 */
#pragma once
#include <algorithm>
#include "../field/lanes.h"
#include "msm.h"

namespace zkattr {

inline constexpr unsigned SCALAR_BITS = 254;
/** Digits are kept in 16 bits. */
inline constexpr unsigned MAX_WINDOW = 16;

/** Windows of c bits; one more where the top digit and its carry would not fit (r's leading bits are 11.0). */
inline unsigned windowCount(unsigned c) {
  const unsigned rest = SCALAR_BITS % c;
  return SCALAR_BITS / c + 1 + (rest == c - 1 && c < 5 ? 1 : 0);
}

/**
 * The window that costs least: an addition for every point and window, a reduction step for every bucket.
 * @param ratio  cost of a bucket over that of an addition: 2 projective additions, 23 products, against some 8
 */
inline unsigned chooseWindow(size_t n, double ratio = 2.2) {
  unsigned best = 2;
  double least = 1e300;
  for (unsigned c = 2; c <= MAX_WINDOW; c++) {
    const double cost = windowCount(c) * (double(n) + ratio * double(size_t(1) << (c - 1)) + 400);
    if (cost < least) least = cost, best = c;
  }
  return best;
}

/** digits[w * n + i] of scalar i, for i in [from, to). */
inline void signedDigits(const uint8_t* scalars, ScalarForm form, size_t n, size_t from, size_t to, unsigned c, unsigned windows, int16_t* digits) {
  using Raw = RawLanes<FrModulus>;
  constexpr size_t N = Raw::N;
  // x 2^256 times 16, over 2^260 (one lane: times 1, over 2^256).
  const MontLanes<FrModulus> unit = asMont(Raw::broadcast(Fr{{N == 1 ? uint64_t(1) : uint64_t(16), 0, 0, 0}}));
  for (size_t i = from; i < to; i += N) {
    const size_t count = std::min(N, to - i);
    Raw values = count == N ? load<FrModulus>(scalars + 32 * i) : loadPart<FrModulus>(scalars + 32 * i, count);
    if (form == ScalarForm::Montgomery) values = canonical<2>(mul(unit, values));
#if defined(ZKATTR_ISA_IFMA)
    // Eight scalars in step; per scalar as below.
    __m512i v[5];
    ifma::join(values, v);
    v[4] = _mm512_setzero_si512();
    const __m512i mask = _mm512_set1_epi64((1ll << c) - 1), half = _mm512_set1_epi64(1ll << (c - 1)), full = _mm512_set1_epi64(1ll << c);
    __m512i carry = _mm512_setzero_si512();
    const __mmask8 used = (__mmask8)((1u << count) - 1);
    for (unsigned w = 0; w < windows; w++) {
      const unsigned bit = w * c, word = bit >> 6, shift = bit & 63;
      __m512i d = carry;
      if (word < 4) d = _mm512_add_epi64(d, _mm512_and_si512(mask, _mm512_shrdv_epi64(v[word], v[word + 1], _mm512_set1_epi64(shift))));
      const __mmask8 negative = _mm512_cmpge_epi64_mask(d, half);
      carry = _mm512_maskz_set1_epi64(negative, 1);
      d = _mm512_mask_sub_epi64(d, negative, d, full);
      _mm512_mask_cvtepi64_storeu_epi16(digits + size_t(w) * n + i, used, d);
    }
#else
    const uint64_t* v = values.e.v;
    const uint64_t mask = (uint64_t(1) << c) - 1;
    const int64_t half = int64_t(1) << (c - 1);
    int64_t carry = 0;
    for (unsigned w = 0; w < windows; w++) {
      const unsigned bit = w * c, word = bit >> 6, shift = bit & 63;
      uint64_t raw = 0;
      if (word < 4) {
        raw = v[word] >> shift;
        if (shift + c > 64 && word < 3) raw |= v[word + 1] << (64 - shift);
      }
      int64_t d = int64_t(raw & mask) + carry;
      carry = d >= half;
      d -= carry << c;
      digits[size_t(w) * n + i] = (int16_t)d;
    }
#endif
  }
}

/**
 * Sorts points by the bucket of their digit, |d| - 1, by counting; those with digit 0 come before bucket 0. No branch on a
 * digit: its sign is a coin toss.
 * @param entries  n words out: firstPoint + i, the top bit set for a negative digit
 * @param starts   2^(c-1) + 2 words out: bucket k has [starts[k], starts[k + 1])
 */
inline void sortByBucket(const int16_t* digits, size_t n, size_t buckets, uint32_t firstPoint, uint32_t* entries, uint32_t* starts) {
  const auto magnitude = [](int d) { return (uint32_t)((d ^ (d >> 31)) - (d >> 31)); };
  std::fill(starts, starts + buckets + 2, 0);
  for (size_t i = 0; i < n; i++) starts[magnitude(digits[i]) + 1]++;
  for (size_t k = 1; k < buckets + 2; k++) starts[k] += starts[k - 1];
  // starts[m] is where magnitude m begins; filling moves it to its end, which is where bucket m begins.
  for (size_t i = 0; i < n; i++) {
    const int d = digits[i];
    entries[starts[magnitude(d)]++] = (firstPoint + (uint32_t)i) | ((uint32_t)d & 0x80000000u);
  }
}

}  // namespace zkattr
