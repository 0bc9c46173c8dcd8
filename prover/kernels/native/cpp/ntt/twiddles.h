/**
 * Constants of the butterflies of one transform of size 2^log, natural order in, bit-reversed order out.
 * Level l splits each of its 2^l blocks in two; block i stands for the polynomial modulo X^m - c^m, m = 2^(log - l), and
 *   X^m - c^m = (X^(m/2) - t)(X^(m/2) + t),   t = shift^(m/2) w^reverse(i),   w of order 2^log, reverse of log - 1 bits
 * so one constant serves a whole block. Without a shift t does not depend on the level: one table of 2^(log-1) for all.
 */
#pragma once
#include "../field/lanes.h"
#include "roots.h"

namespace zkattr {
namespace ntt_detail {

/** A constant factor, to be multiplied with every lane: 40 bytes in the vector build. */
struct Twiddle {
#if defined(ZKATTR_ISA_IFMA)
  Limbs5 limbs;
  static Twiddle of(const Fr& x) {
    const Fr mont = twice(twice(twice(twice(x))));
    return {modulus_detail::split52({mont.v[0], mont.v[1], mont.v[2], mont.v[3]})};
  }
  ZKATTR_INLINE MontLanes<FrModulus> lanes() const {
    return {{_mm512_set1_epi64(limbs[0]), _mm512_set1_epi64(limbs[1]), _mm512_set1_epi64(limbs[2]), _mm512_set1_epi64(limbs[3]), _mm512_set1_epi64(limbs[4])}};
  }
#else
  Fr element;
  static Twiddle of(const Fr& x) { return {x}; }
  MontLanes<FrModulus> lanes() const { return {element}; }
#endif
};

inline std::vector<Twiddle> twiddlesOf(const std::vector<Fr>& elements) {
  std::vector<Twiddle> out(elements.size());
  for (size_t i = 0; i < out.size(); i++) out[i] = Twiddle::of(elements[i]);
  return out;
}

class Twiddles {
 public:
  /**
   * @param root  of order 2^log: w_log, or its inverse for an inverse transform
   * @param shift of the coset on which the polynomial is evaluated, or null for none
   */
  Twiddles(unsigned log, const Fr& root, const Fr* shift) : log_(log), shifted_(shift != nullptr), order_(reversedIndices(log)) {
    const size_t half = order_.size() / 2;
    const std::vector<Fr> roots = powers(Fr::one(), root, half);
    if (!shift) {
      for (size_t i = 0; i < half; i++) table_.push_back(Twiddle::of(roots[order_[i] / 2]));
      return;
    }
    table_.resize(2 * half);
    Fr factor = *shift;
    for (size_t blocks = half; blocks > 0; blocks /= 2, factor = square(factor))
      for (size_t i = 0; i < blocks; i++) table_[blocks + i] = Twiddle::of(mul(factor, roots[order_[i] / 2]));
  }

  unsigned log() const { return log_; }
  /** Constants of the 2^l blocks of level l. */
  const Twiddle* level(unsigned l) const { return table_.data() + (shifted_ ? size_t(1) << l : 0); }
  /** Is the constant of block 0 one? */
  bool startsWithOne() const { return !shifted_; }
  /** Where the value at w^k stands in the output. */
  uint32_t position(size_t k) const { return order_[k]; }

 private:
  unsigned log_;
  bool shifted_;
  std::vector<uint32_t> order_;
  std::vector<Twiddle> table_;
};

}  // namespace ntt_detail
}  // namespace zkattr
