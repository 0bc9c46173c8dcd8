/**
 * Roots of unity of Fr and tables made of them. All in Montgomery form.
 *   w_log = 5^((r - 1) / 2^log), log <= 28; 5 generates the multiplicative group, so w_log has order 2^log and w_log^2 = w_(log-1).
 * Source: the root that circom's tools use for BN254.
 */
#pragma once
#include <vector>
#include "../field/inverse.h"

namespace zkattr {
namespace ntt_detail {

/** r - 1 = 2^28 x odd. */
inline constexpr unsigned TWO_ADICITY = 28;

/** 5^((r - 1) / 2^28). */
inline Fr largestRoot() {
  Fr five = Fr::zero();
  for (int i = 0; i < 5; i++) five = add(five, Fr::one());
  Fr out = Fr::one();
  for (int bit = 255; bit >= int(TWO_ADICITY); bit--) {
    out = square(out);
    if ((FrModulus::P[bit >> 6] >> (bit & 63)) & 1) out = mul(out, five);
  }
  return out;
}
/** A root of order 2^log. */
inline Fr rootOfUnity(unsigned log) {
  static const Fr largest = largestRoot();
  Fr w = largest;
  for (unsigned i = log; i < TWO_ADICITY; i++) w = square(w);
  return w;
}
/** 1 / 2^log. */
inline Fr inverseOfSize(unsigned log) {
  Fr n = Fr::one();
  for (unsigned i = 0; i < log; i++) n = twice(n);
  return inverse(n);
}
/** first x base^i, i < count. */
inline std::vector<Fr> powers(const Fr& first, const Fr& base, size_t count) {
  std::vector<Fr> out(count);
  Fr x = first;
  for (Fr& e : out) {
    e = x;
    x = mul(x, base);
  }
  return out;
}
/** out[i]: the bits of i < 2^log in reverse. */
inline std::vector<uint32_t> reversedIndices(unsigned log) {
  std::vector<uint32_t> out(size_t(1) << log, 0);
  for (size_t i = 1; i < out.size(); i++) out[i] = (out[i >> 1] >> 1) | uint32_t((i & 1) << (log - 1));
  return out;
}

}  // namespace ntt_detail
}  // namespace zkattr
