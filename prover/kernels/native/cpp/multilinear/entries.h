/**
 * Weighted sums of table entries, for every kind of entry: sum_i w_i x_i, w_i in Fr and x_i in Fr or a small integer.
 * Integers are never made field elements. With w = sum_k l_k 2^(BITS k) and s_k = sum_i x_i l_(i,k) in 64 bits each,
 *   sum_i w_i x_i = sum_k s_k 2^(BITS k),  made one value for up to MOST_TERMS entries.
 * Entries are made non-negative first, u = x + OFFSET, and OFFSET sum_i l_(i,k) is taken off s_k: sums are exact modulo 2^64
 * (2^128 where N = 1) and small at the end, so what overflows in between does not matter.
 *
 * Where N = 8: one vpmadd52luq a limb, which keeps the low 52 bits: u l_k < 2^52 is what decides BITS.
 *   kind    u      BITS  LIMBS   u l_k    |s_k| for 1024 entries
 *   bit     2^8    43    6       2^51     2^61        (bits are read as unsigned bytes)
 *   int8    2^8    43    6       2^51     2^60
 *   int16   2^16   32    8       2^48     2^57
 * Where N = 1: 64 x 64 -> 128 bits, BITS = 64, LIMBS = 4.
 */
#pragma once
#include <type_traits>
#include "../field/productSum.h"

namespace zkattr {

using FrRaw = RawLanes<FrModulus>;
using FrMont = MontLanes<FrModulus>;
using FrSum = ProductSum<FrModulus>;
inline constexpr size_t LANES = FrRaw::N;
inline constexpr size_t FR_BYTES = 32;
/** Entries of a sum, over all its lanes, before it is made one value. */
inline constexpr size_t MOST_TERMS = 1024;

inline FrRaw loadFr(const uint8_t* from) { return load<FrModulus>(from); }

template <class T>
struct SmallEntry {
  static constexpr size_t BYTES = sizeof(T);
  static constexpr uint64_t OFFSET = std::is_signed_v<T> ? uint64_t(1) << (8 * sizeof(T) - 1) : 0;
  static constexpr size_t ROW_TERMS = MOST_TERMS;
#if defined(ZKATTR_ISA_IFMA)
  static constexpr int BITS = sizeof(T) == 1 ? 43 : 32, LIMBS = sizeof(T) == 1 ? 6 : 8;
  static constexpr uint64_t MASK = (uint64_t(1) << BITS) - 1;
  /** Vectors of sums that fit in 32 registers beside their entries and one weight. */
  static constexpr size_t TILE = sizeof(T) == 1 ? 4 : 3;
  using Values = __m512i;
  struct Sums {
    __m512i s[LIMBS];
    static ZKATTR_INLINE Sums zero() {
      Sums out;
      for (auto& s : out.s) s = _mm512_setzero_si512();
      return out;
    }
    /** Lane i of the result: all lanes of sums[i], added. */
    static Sums across(const Sums sums[8]) {
      Sums out;
      for (int k = 0; k < LIMBS; k++) {
        __m512i limb[8];
        for (int i = 0; i < 8; i++) limb[i] = sums[i].s[k];
        out.s[k] = ifma::addAcross(limb);
      }
      return out;
    }
  };
  using WeightLanes = Sums;

  static ZKATTR_INLINE Values load(const uint8_t* from) {
    if constexpr (sizeof(T) == 2) {
      const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      return _mm512_cvtepu16_epi64(_mm_xor_si128(x, _mm_set1_epi16(short(OFFSET))));
    } else {
      const __m128i x = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
      return _mm512_cvtepu8_epi64(_mm_xor_si128(x, _mm_set1_epi8(char(OFFSET))));
    }
  }
  /**
   * sums[t] += x[t] w. Each limb goes to a register first: a multiply-add that reads memory takes twice as long on Zen 4, and
   * loops are unrolled here since sums stay in memory otherwise.
   */
  template <size_t COUNT>
  static ZKATTR_INLINE void add(Sums* sums, const Values* x, const WeightLanes& w) {
#pragma GCC unroll 8
    for (int k = 0; k < LIMBS; k++) {
      __m512i limb = w.s[k];
      asm("" : "+v"(limb));
#pragma GCC unroll 8
      for (size_t t = 0; t < COUNT; t++) sums[t].s[k] = ifma::low(sums[t].s[k], x[t], limb);
    }
  }
  /** Limbs of the weights, one in each lane. */
  static ZKATTR_INLINE WeightLanes split(const FrRaw& w) {
    WeightLanes out;
    const __m512i mask = _mm512_set1_epi64(MASK);
    for (int k = 0; k < LIMBS; k++) {
      const int from = BITS * k, limb = from / 52, shift = from % 52;
      __m512i x = _mm512_srli_epi64(w.l[limb], shift);
      if (shift + BITS > 52 && limb < 4) x = _mm512_or_si512(x, _mm512_slli_epi64(w.l[limb + 1], 52 - shift));
      out.s[k] = _mm512_and_si512(x, mask);
    }
    return out;
  }
  /** sums -= OFFSET w, for a weight that had an entry. */
  static ZKATTR_INLINE void takeOffset(Sums& sums, const WeightLanes& w) {
    if constexpr (OFFSET != 0)
      for (int k = 0; k < LIMBS; k++) sums.s[k] = _mm512_sub_epi64(sums.s[k], _mm512_slli_epi64(w.s[k], 8 * sizeof(T) - 1));
  }
  static ZKATTR_INLINE Sums plus(Sums a, const Sums& b) {
    for (int k = 0; k < LIMBS; k++) a.s[k] = _mm512_add_epi64(a.s[k], b.s[k]);
    return a;
  }
  /** sum += sum_k s_k 2^(BITS k), to its bound 2^253 / p < 0.67 and next to nothing. */
  static ZKATTR_INLINE void into(FrSum& sum, Sums a) {
    // M p with M p >= 2^(BITS (LIMBS - 1) + 61 or 57) >= |value|: makes it non-negative, and below 2^62 in the top limb.
    constexpr int LOG_M = sizeof(T) == 1 ? 23 : 28;
    static constexpr auto MULTIPLE = multipleInLimbs(LOG_M);
    const __m512i mask = _mm512_set1_epi64(MASK), mask52 = ifma::mask52();
    for (int k = 0; k < LIMBS; k++) a.s[k] = _mm512_add_epi64(a.s[k], _mm512_set1_epi64(MULTIPLE[k]));
    for (int k = 0; k + 1 < LIMBS; k++) {
      a.s[k + 1] = _mm512_add_epi64(a.s[k + 1], _mm512_srai_epi64(a.s[k], BITS));
      a.s[k] = _mm512_and_si512(a.s[k], mask);
    }
    // To 52-bit limbs: the value is below 2^(224 + 60), so the sixth has at most 24 bits.
    __m512i l[6];
    for (int m = 0; m < 6; m++) {
      l[m] = _mm512_setzero_si512();
      for (int k = 0; k < LIMBS; k++) {
        const int shift = BITS * k - 52 * m, width = k + 1 < LIMBS ? BITS : 64;
        if (shift >= 52 || shift <= -width) continue;
        l[m] = _mm512_or_si512(l[m], shift >= 0 ? _mm512_slli_epi64(a.s[k], shift) : _mm512_srli_epi64(a.s[k], -shift));
      }
      l[m] = _mm512_and_si512(l[m], mask52);
    }
    // low + 2^253 high, low < 2^253 < p as it is, high < 2^31 times 2^(253 + 260) / 2^260.
    static constexpr Limbs5 UNIT = modulus_detail::split52(modulus_detail::powerOfTwo(253 + 260, FrModulus::P));
    const __m512i high = _mm512_or_si512(_mm512_srli_epi64(l[4], 45), _mm512_slli_epi64(l[5], 7));
    l[4] = _mm512_and_si512(l[4], _mm512_set1_epi64((uint64_t(1) << 45) - 1));
    sum.addWhole(FrRaw{{l[0], l[1], l[2], l[3], l[4]}});
    for (int k = 0; k < 5; k++) {
      sum.t.c[k] = ifma::low(sum.t.c[k], high, _mm512_set1_epi64(UNIT[k]));
      sum.t.c[k + 1] = ifma::high(sum.t.c[k + 1], high, _mm512_set1_epi64(UNIT[k]));
    }
  }

 private:
  /** 2^log p in limbs of BITS bits; the top one takes what is left. */
  static constexpr std::array<uint64_t, 8> multipleInLimbs(int log) {
    std::array<uint64_t, 8> out{};
    for (int bit = 0; bit < 256; bit++) {
      if (!((FrModulus::P[bit / 64] >> (bit % 64)) & 1)) continue;
      const int at = bit + log, limb = at / BITS < LIMBS ? at / BITS : LIMBS - 1;
      out[limb] += uint64_t(1) << (at - BITS * limb);
    }
    return out;
  }

 public:
#else
  static constexpr int LIMBS = 4;
  static constexpr size_t TILE = 1;
  using Values = uint64_t;
  using Wide = unsigned __int128;
  struct WeightLanes {
    uint64_t s[LIMBS];
  };
  struct Sums {
    Wide s[LIMBS];
    static Sums zero() { return {{0, 0, 0, 0}}; }
    static Sums across(const Sums sums[1]) { return sums[0]; }
  };

  static Values load(const uint8_t* from) {
    T x;
    std::memcpy(&x, from, sizeof x);
    return uint64_t(int64_t(x) + int64_t(OFFSET));
  }
  template <size_t COUNT>
  static void add(Sums* sums, const Values* x, const WeightLanes& w) {
    for (size_t t = 0; t < COUNT; t++)
      for (int k = 0; k < LIMBS; k++) sums[t].s[k] += Wide(w.s[k]) * x[t];
  }
  static WeightLanes split(const FrRaw& w) { return {{w.e.v[0], w.e.v[1], w.e.v[2], w.e.v[3]}}; }
  static void takeOffset(Sums& sums, const WeightLanes& w) {
    for (int k = 0; k < LIMBS; k++) sums.s[k] -= Wide(w.s[k]) * OFFSET;
  }
  static Sums plus(Sums a, const Sums& b) {
    for (int k = 0; k < LIMBS; k++) a.s[k] += b.s[k];
    return a;
  }
  /** sum += low + 2^253 high, low < 2^253 < p, high signed and below 2^31. */
  static void into(FrSum& sum, const Sums& a) {
    uint64_t v[5];
    __int128 carry = 0;
    for (int k = 0; k < LIMBS; k++) {
      // Both below 2^92: their sum keeps its sign.
      carry += (__int128)a.s[k];
      v[k] = uint64_t(carry);
      carry >>= 64;
    }
    const int64_t high = int64_t(carry) * 8 + int64_t(v[3] >> 61);
    v[3] &= (uint64_t(1) << 61) - 1;
    static constexpr Limbs4 UNIT = modulus_detail::powerOfTwo(253 + 256, FrModulus::P);
    const Fr top = mul(Fr{{uint64_t(high < 0 ? -high : high), 0, 0, 0}}, Fr::of(UNIT)), low{{v[0], v[1], v[2], v[3]}};
    sum.addWhole({high < 0 ? zkattr::sub(low, top) : zkattr::add(low, top)});
  }
#endif

  /** The same weight in every lane. */
  using Weight = WeightLanes;
  static Weight everywhere(const Fr& w) { return split(FrRaw::broadcast(w)); }
  static void carry(Sums&) {}
  /** Sum of lanes (Sums::across), canonical. */
  static FrRaw finishLanes(const Sums& sums) {
    FrSum sum = FrSum::zero();
    into(sum, sums);
    return canonical<2>(sum.reduce());
  }
};

/** Field elements: weights Mont and the same in all lanes (rows), or Raw (lanes), 1/16 of the sum then. */
struct FrEntry {
  static constexpr size_t BYTES = FR_BYTES, TILE = 1;
  /** Products of canonical elements that raise a sum's bound by less than 3p. */
  static constexpr size_t ROW_TERMS = 248;
  using Values = FrRaw;
  using Sums = FrSum;
  using WeightLanes = FrRaw;
  using Weight = FrMont;

  static FrRaw load(const uint8_t* from) { return loadFr(from); }
  /** sums[t] += x[t] w */
  template <size_t COUNT, class W>
  static void add(Sums* sums, const FrRaw* x, const W& w) {
    for (size_t t = 0; t < COUNT; t++) sums[t].add(w, x[t]);
  }
  static WeightLanes split(const FrRaw& w) { return w; }
  static Weight everywhere(const Fr& w) { return FrMont::broadcast(w); }
  template <class W>
  static void takeOffset(Sums&, const W&) {}
  static Sums plus(const Sums& a, const Sums&) { return a; }
  static void carry(Sums& sums) { sums.carry(); }
  static void into(FrSum& sum, const Sums& sums) { sum.addSum(sums); }
  /** MOST_TERMS products: below (1 + 1024 / 84) p < 16 p. */
  static FrRaw finishLanes(const Sums& sums) { return canonical<16>(timesLost(canonical<16>(sums.reduce()))); }
};

}  // namespace zkattr
