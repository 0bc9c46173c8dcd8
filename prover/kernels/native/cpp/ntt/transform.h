/**
 * A transform of n = 2^log, planned: everything that depends on size, direction, shift and scale, about 4 sqrt(n) constants.
 * n = R C, element i = c + C r, value j = k + R l:
 *   w^(ij) = w_R^(r k)  w^(c k)  w_C^(c l)
 * first  columns: for each c the transform over r, then times w^(c k); eight columns at a time
 * then   rows:    for each k the transform over c; eight rows at a time, as lanes, and written as eight columns
 * Data passes through memory twice, natural order in and out, and no bit reversal is left over. Runs are of 256 bytes or
 * more. What else multiplies (shift^i before or after, a constant) is folded into the constants in between.
 * Source: Bailey, FFTs in external or hierarchical memory (1990), the four-step method.
 */
#pragma once
#include <memory>
#include <optional>
#include "../parallel/context.h"
#include "butterflies.h"

namespace zkattr {

class Transform {
 public:
  /**
   * Forward: out[j] = scale sum_i shift^i a[i] w^(ij). Inverse: out[j] = scale / n shift^(-j) sum_i a[i] w^(-ij).
   * @param log   at most 28
   * @param shift Montgomery, not 0; nothing for 1
   * @param scale Montgomery; FR_ONE_CANONICAL makes the results of Montgomery inputs canonical integers
   * @throws std::invalid_argument
   */
  Transform(unsigned log, bool inverse, const std::optional<Fr>& shift, const Fr& scale = Fr::one());
  ~Transform();
  Transform(Transform&&) noexcept;

  /**
   * @param values  n x 32 bytes, in and out; any alignment. Undefined when it throws.
   * @param scratch n x 32 bytes, does not overlap; left undefined. Not used for n < 64: may be null.
   */
  void run(Context& context, uint8_t* values, uint8_t* scratch) const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

/** 1 as an integer: a factor of 2^-256. */
inline constexpr Fr FR_ONE_CANONICAL{{1, 0, 0, 0}};

}  // namespace zkattr
