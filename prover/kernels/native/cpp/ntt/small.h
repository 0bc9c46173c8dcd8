/** Transforms too small for rows and columns of eight, one element at a time. */
#pragma once
#include <utility>
#include "roots.h"

namespace zkattr {
namespace ntt_detail {

/** values[j] <- after^j scale sum_i before^i values[i] root^(ij), root of order 2^log, in place. */
inline void transformSmall(uint8_t* values, unsigned log, const Fr& root, const Fr& before, const Fr& after, const Fr& scale) {
  const std::vector<uint32_t> order = reversedIndices(log);
  const size_t n = order.size();
  std::vector<Fr> x(n);
  Fr factor = scale;
  for (size_t i = 0; i < n; i++, factor = mul(factor, before)) x[order[i]] = mul(factor, Fr::load(values + 32 * i));
  const std::vector<Fr> roots = powers(Fr::one(), root, n);
  for (size_t half = 1; half < n; half *= 2)
    for (size_t block = 0; block < n; block += 2 * half)
      for (size_t j = 0; j < half; j++) {
        Fr &u = x[block + j], &v = x[block + j + half];
        const Fr t = mul(roots[j * (n / (2 * half))], v);
        v = sub(u, t);
        u = add(u, t);
      }
  factor = Fr::one();
  for (size_t j = 0; j < n; j++, factor = mul(factor, after)) mul(factor, x[j]).store(values + 32 * j);
}

}  // namespace ntt_detail
}  // namespace zkattr
